"""`Chart`: a figure that shows itself, with its title, its alternative text and its source."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import html
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

SVG_MIME: Final = "image/svg+xml"
_STYLE: Final = Path(__file__).with_name("qpvkit.mplstyle")
_NO_METADATA: Final[dict[str, str | None]] = {
    "Date": None, "Creator": None, "Format": None, "Type": None,
}  # fmt: skip
BASE_SIZE: Final = 9.5  # points, as in qpvkit.mplstyle
_FONTS: Final = "'DejaVu Sans', Verdana, sans-serif"


@functools.cache
def _style() -> mpl.RcParams:
    return mpl.rc_params_from_file(_STYLE, use_default_template=False)


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Draw with `qpvkit.mplstyle`, whatever the analyst set before."""
    with mpl.rc_context():
        mpl.rcParams.update(_style())
        yield


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A figure that shows itself in a notebook and in a report.

    Attributes
    ----------
    figure
        The matplotlib figure, for who wants to tinker.
    alt
        What the figure says, in words, for who does not see it.
    source
        Where the numbers come from, in one line.
    title
        What the figure shows.
    """

    figure: Figure
    alt: str
    source: str
    title: str

    def svg(self) -> str:
        """Return the figure as an SVG element: the same bytes at each call."""
        buffer = io.StringIO()
        with house_style(), mpl.rc_context({"svg.hashsalt": self.title + self.alt}):
            self.figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
        return _lighten(buffer.getvalue(), self.alt)

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


def _lighten(svg: str, alt: str) -> str:
    """Keep what a reader needs of matplotlib's SVG: two thirds of the bytes are habits.

    Coordinates to one decimal, fonts named once on the root, no group identifiers, no metadata.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, flags=re.DOTALL)
    body = re.sub(r"<[^>]+>", _round_tag, body)
    body = re.sub(r"font-family: [^;\"]+;?\s*", "", body)
    body = re.sub(r"font-size: ([\d.]+)px;?", _relative, body)
    body = re.sub(r' transform="rotate\(-?0 [^"]*\)"', "", body)
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", body))
    body = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in used else "", body)
    if "<g " not in body:  # groups that hold neither a clip nor a shift hold nothing
        body = re.sub(r"</?g>", "", body)
    body = re.sub(r"\s*\n\s*", "\n", body)
    body = re.sub(r"(?<=[\dz])\n(?=[MLCQz\"])", " ", body).replace(' "', '"')
    body = re.sub(r' d="[^"]+"', _shorten_path, body)
    body = re.sub(r' style="[^"]+"', _shorten_style, body)
    body, rules = _classes(body)
    opening = functools.partial(_open_tag, alt, rules)
    return re.sub(r"<svg[^>]*>", opening, body, count=1).strip()


def _classes(body: str) -> tuple[str, str]:
    """Name the styles that come back; a name is that of a style, so figures never disagree."""
    counts = collections.Counter(re.findall(r' style="([^"]+)"', body))
    names = {
        style: f"s{zlib.crc32(style.encode()):x}"
        for style, count in counts.items()
        if count > 1 and len(style) > len("sffffffff")
    }
    for style, name in names.items():
        body = body.replace(f' style="{style}"', f' class="{name}"')
    rules = "".join(f".{name}{{{style}}}" for style, name in sorted(names.items()))
    return body, f"<style>{rules}</style>" if rules else ""


def _shorten_path(found: re.Match[str]) -> str:
    """Write « M 0 4 L 1 4 » as « M0 4L1 4 »."""
    return re.sub(r" ?([MLCQz]) ?", r"\1", found[0])


def _shorten_style(found: re.Match[str]) -> str:
    """Write « fill: #ffffff; stroke: none » as « fill:#fff;stroke:none »."""
    style = re.sub(r"([:;]) ", r"\1", found[0])
    style = style.replace("text-anchor:start;", "")  # what it is anyhow
    return re.sub(r"#(.)\1(.)\2(.)\3(?=[;\"])", r"#\1\2\3", style)


def _round_tag(tag: re.Match[str]) -> str:
    rounded = re.sub(r"-?\d+\.\d{3,}(?=[\s\"),])", _one_decimal, tag[0])
    return re.sub(r"-0(?=[\s\"),])", "0", rounded)


def _one_decimal(number: re.Match[str]) -> str:
    return f"{round(float(number[0]), 1) or 0.0:g}"


def _relative(size: re.Match[str]) -> str:
    """Write a font size in ``em``, so that a page can enlarge the words of a figure."""
    ratio = float(size[1]) / BASE_SIZE
    return "" if abs(ratio - 1) < 0.01 else f"font-size: {ratio:.2f}em;"


def _open_tag(alt: str, rules: str, tag: re.Match[str]) -> str:
    box = re.search(r'viewBox="([^"]+)"', tag[0])
    view = box[1] if box else "0 0 1 1"
    width, height = view.split()[2:]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{view}" width="{width}pt" height="{height}pt" role="img" '
        f'aria-label="{html.escape(alt)}" font-family="{_FONTS}" font-size="{BASE_SIZE}" '
        f'stroke-linejoin="round">{rules}'
    )
