"""`Chart`: a figure that shows itself, with its title, its alternative text and its source."""

from __future__ import annotations

import dataclasses
import functools
import html
from typing import TYPE_CHECKING, Any, Final

from qpvkit.show.canvas import Canvas
from qpvkit.show.svg import write_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG_MIME: Final = "image/svg+xml"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure that shows itself in a notebook and in a report.

    Attributes
    ----------
    canvas
        What is drawn.
    alt
        What the figure says, in words, for who does not see it.
    source
        Where the numbers come from, in one line.
    title
        What the figure shows.
    """

    canvas: Canvas
    alt: str
    source: str
    title: str

    @functools.cached_property
    def figure(self) -> Figure:
        """The same drawing as a matplotlib figure, for who wants to tinker and save it.

        Painted when it is first asked for; what is changed there is not in `svg`.
        """
        from qpvkit.show.figure import paint_figure  # noqa: PLC0415 - a report needs no matplotlib

        return paint_figure(self.canvas)

    def svg(self) -> str:
        """Return the figure as an SVG element: the same bytes at each call."""
        return write_svg(self.canvas, alt=self.alt, name=self.title)

    def to_html(self) -> str:
        """Return the figure as an HTML ``<figure>`` with its title and source."""
        return figure_html(self.svg(), title=self.title, source=self.source)

    def _repr_mimebundle_(
        self,
        include: Any = None,  # noqa: ANN401, ARG002 - the signature that IPython asks for
        exclude: Any = None,  # noqa: ANN401, ARG002
    ) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Return the SVG, and its words as metadata that the export finds again."""
        words = {"alt": self.alt, "source": self.source, "title": self.title}
        return {SVG_MIME: self.svg()}, {SVG_MIME: words}


def figure_html(svg: str, *, title: str = "", source: str = "") -> str:
    """Wrap an SVG element, which carries its own alternative text, into a ``<figure>``."""
    caption = f"<figcaption>{html.escape(title)}</figcaption>" if title else ""
    origin = f'<p class="source">Source : {html.escape(source)}</p>' if source else ""
    return f'<figure class="chart">{caption}{svg}{origin}</figure>'
