"""A sheet of paper measured in points: one bare Axes, everything placed by hand.

Automatic layout draws each figure twice and puts labels where it can; our figures have a fixed
width, so their margins are known. The origin is the top left corner.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Final, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from qpvkit.show.chart import BASE_SIZE

WIDTH: Final = 400.0
POINTS_PER_INCH: Final = 72.0
SMALL: Final = 8.2
PHONE: Final = 1.4  # a page on a phone enlarges the words of a figure by so much

INK: Final = "#1F2933"
GREY: Final = "#5B6570"
LINE: Final = "#9AA3AE"
BAND: Final = "#E4E8EC"
BAND_DARK: Final = "#C6CDD5"
PALE: Final = "#F4F6F8"
PAPER: Final = "#FFFFFF"
WORSE: Final = "#B8480A"
BETTER: Final = "#1F5F99"
UNSAID: Final = BAND_DARK  # a difference that the margin of error does not allow to say
DEMO_MARK: Final = "Données inventées (démonstration)"
Align = Literal["left", "center", "right"]


class _Line(Text):
    """One line of words, whose place is known: in an SVG nothing has to be measured.

    matplotlib measures every word each time that a figure is saved, which was half of its cost.
    Other formats draw it as any text.
    """

    def draw(self, renderer: RendererBase) -> None:
        """Write the words at their anchor; the browser lays them out."""
        real = getattr(renderer, "_renderer", renderer)
        if not isinstance(real, RendererSVG) or mpl.rcParams["svg.fonttype"] != "none":
            super().draw(renderer)
            return
        words = self.get_text()
        if not self.get_visible() or not words:
            return
        x, y = self.get_transform().transform(self.get_unitless_position())
        gc = renderer.new_gc()
        gc.set_foreground(self.get_color())
        gc.set_alpha(self.get_alpha())  # type: ignore[arg-type]
        font = self.get_fontproperties()
        renderer.draw_text(
            gc, float(x), real.height - float(y), words, font, 0.0, ismath=False, mtext=self
        )
        gc.restore()
        self.stale = False


class _NoTicks:
    """An axis that is never shown: no tick is made, which is half the cost of an Axes."""

    def set_clip_path(self, *_arguments: object, **_options: object) -> None:
        """Do nothing: there is nothing to clip."""

    def set_tick_params(self, *_arguments: object, **_options: object) -> None:
        """Do nothing: there is no tick."""


class _Across(_NoTicks, XAxis):
    """The horizontal axis of a sheet."""


class _Down(_NoTicks, YAxis):
    """The vertical axis of a sheet."""


class _Sheet(Axes):
    """A bare Axes: limits and artists, neither ticks nor grid."""

    def _init_axis(self) -> None:
        self.xaxis = _Across(self, clear=False)
        self.yaxis = _Down(self, clear=False)
        for name, axis in (("bottom", self.xaxis), ("top", self.xaxis), ("left", self.yaxis),
                           ("right", self.yaxis)):  # fmt: skip
            self.spines[name].register_axis(axis)

    def grid(self, *_arguments: object, **_options: object) -> None:
        """Do nothing: there is no grid."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """A figure and its only Axes, whose unit is the point."""

    figure: Figure
    axes: Axes
    height: float

    def text(
        self, x: float, y: float, words: str, *, size: float = BASE_SIZE, color: str = INK,
        align: Align = "left", bold: bool = False,
    ) -> None:  # fmt: skip
        """Write one line; `y` is its baseline."""
        weight = "bold" if bold else "normal"
        line = _Line(
            x, y, words, fontsize=size, color=color, ha=align, va="baseline", weight=weight,
            clip_on=False, parse_math=False, transform=self.axes.transData,
        )  # fmt: skip
        self.axes.add_artist(line)

    def box(
        self, x: float, y: float, width: float, height: float, *, color: str, hatch: str = ""
    ) -> None:
        """Fill a rectangle, or hatch it."""
        patch = Rectangle((x, y), width, height, facecolor=color, linewidth=0, clip_on=False)
        if hatch:
            patch.set(hatch=hatch, edgecolor=LINE)
        self.axes.add_artist(patch)  # the limits are ours: nothing to measure

    def lines(
        self, segments: Sequence[tuple[tuple[float, float], tuple[float, float]]], *,
        color: str = LINE, width: float = 0.8,
    ) -> None:  # fmt: skip
        """Draw straight segments of one colour."""
        if segments:
            drawn = LineCollection(segments, colors=color, linewidths=width, clip_on=False)
            self.axes.add_collection(drawn, autolim=False)

    def mark(
        self, x: float, y: float, *, shape: Literal["o", "D"], color: str, hollow: bool = False
    ) -> None:
        """Put a dot or a diamond."""
        self.axes.plot(
            [x], [y], marker=shape, markersize=8 if shape == "o" else 6.4, linestyle="",
            markerfacecolor=PAPER if hollow else color,
            markeredgecolor=color if hollow else PAPER,
            markeredgewidth=1.6 if hollow else 1.0, clip_on=False, scalex=False, scaley=False,
        )  # fmt: skip

    def marks(
        self, places: Sequence[tuple[float, float]], *, shape: str, color: str, size: float = 7.0,
        hollow: bool = False,
    ) -> None:  # fmt: skip
        """Put dots of one kind, all at once."""
        if places:
            x, y = zip(*places, strict=True)
            self.axes.plot(
                x, y, marker=shape, markersize=size, linestyle="", clip_on=False,
                markerfacecolor=PAPER if hollow else color,
                markeredgecolor=color if hollow else PAPER,
                markeredgewidth=1.4 if hollow else 0.9, scalex=False, scaley=False,
            )  # fmt: skip

    def boxes(self, corners: Sequence[tuple[float, float, float, float]], *, color: str) -> None:
        """Fill rectangles of one colour, all at once: left, top, width, height."""
        if corners:
            shapes = [[(x, y), (x + w, y), (x + w, y + h), (x, y + h)] for x, y, w, h in corners]
            drawn = PolyCollection(shapes, facecolors=color, linewidths=0, clip_on=False)
            self.axes.add_collection(drawn, autolim=False)


def new_canvas(height: float) -> Canvas:
    """Return a blank sheet of our width; call it inside `house_style`."""
    figure = Figure(figsize=(WIDTH / POINTS_PER_INCH, height / POINTS_PER_INCH))
    axes = _Sheet(figure, (0, 0, 1, 1))
    figure.add_axes(axes)
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    return Canvas(figure=figure, axes=axes, height=height)


@functools.lru_cache(maxsize=4096)
def text_width(words: str, *, size: float = BASE_SIZE, bold: bool = False) -> float:
    """Return the width of a line, in points, as large as a phone will show it."""
    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(words, font, ismath=False)
    return float(width) * PHONE


def fit(words: str, room: float, *, size: float = BASE_SIZE) -> str:
    """Shorten a line to the room that it has, even on a phone.

    Examples
    --------
    >>> fit("Taux de pauvreté", 400)
    'Taux de pauvreté'
    """
    if text_width(words, size=size) <= room:
        return words
    kept = words
    while kept and text_width(f"{kept}…", size=size) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"
