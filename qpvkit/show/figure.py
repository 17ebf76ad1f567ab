"""Paint a sheet with matplotlib, for who wants to tinker; a page does without it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch, Rectangle
from matplotlib.path import Path as Line

from qpvkit.show.canvas import HATCH, WIDTH, Boxes, Canvas, Marks, Outline, Ring, Segments, Words

_STYLE: Final = Path(__file__).with_name("qpvkit.mplstyle")
_POINTS_PER_INCH: Final = 72.0


@functools.cache
def _style() -> mpl.RcParams:
    return mpl.rc_params_from_file(_STYLE, use_default_template=False)


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Draw with `qpvkit.mplstyle`, whatever the analyst set before."""
    with mpl.rc_context():
        mpl.rcParams.update(_style())
        yield


def paint_figure(canvas: Canvas) -> Figure:
    """Return a figure with one bare Axes, whose unit is the point, as `write_svg` draws it."""
    with house_style():
        size = WIDTH / _POINTS_PER_INCH, canvas.height / _POINTS_PER_INCH
        figure = Figure(figsize=size)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(canvas.height, 0)
        for rank, shape in enumerate(canvas.painted()):
            match shape:
                case Words():
                    _words(axes, shape, rank)
                case Boxes():
                    _boxes(axes, shape, rank)
                case Segments():
                    _segments(axes, shape, rank)
                case Marks():
                    _marks(axes, shape, rank)
                case Outline():
                    _outline(axes, shape, rank)
                case Ring():
                    _ring(axes, shape, rank)
    return figure


def _words(axes: Axes, line: Words, rank: int) -> None:
    axes.text(
        line.x, line.y, line.text, fontsize=line.size, color=line.color, ha=line.align,
        va="baseline", weight="bold" if line.bold else "normal", parse_math=False, zorder=rank,
    )  # fmt: skip


def _boxes(axes: Axes, shape: Boxes, rank: int) -> None:
    """Draw one box as a patch, several as a collection."""
    if len(shape.corners) == 1:
        ((x, y, width, height),) = shape.corners
        patch = Rectangle(
            (x, y), width, height, facecolor=shape.color, linewidth=0, clip_on=False, zorder=rank
        )
        if shape.hatched:
            patch.set(hatch="////", edgecolor=HATCH)
        axes.add_artist(patch)
        return
    corners = [
        [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        for x, y, width, height in shape.corners
    ]
    drawn = PolyCollection(corners, facecolors=shape.color, linewidths=0, clip_on=False)
    drawn.set_zorder(rank)
    if shape.hatched:
        drawn.set(hatch="////", edgecolor=HATCH)
    axes.add_collection(drawn, autolim=False)


def _segments(axes: Axes, shape: Segments, rank: int) -> None:
    drawn = LineCollection(shape.ends, colors=shape.color, linewidths=shape.width, clip_on=False)
    drawn.set_zorder(rank)
    axes.add_collection(drawn, autolim=False)


def _marks(axes: Axes, shape: Marks, rank: int) -> None:
    x, y = zip(*shape.places, strict=True)
    axes.plot(
        x, y, marker=shape.shape, markersize=shape.size, linestyle="", clip_on=False,
        markerfacecolor=shape.fill, markeredgecolor=shape.edge, markeredgewidth=shape.edge_width,
        scalex=False, scaley=False, zorder=rank,
    )  # fmt: skip


def _outline(axes: Axes, shape: Outline, rank: int) -> None:
    rings = [Line(ring, closed=True) for ring in shape.rings]
    patch = PathPatch(
        Line.make_compound_path(*rings), facecolor=shape.fill, edgecolor=shape.edge,
        linewidth=shape.width, joinstyle="round", zorder=rank,
    )  # fmt: skip
    axes.add_artist(patch)


def _ring(axes: Axes, shape: Ring, rank: int) -> None:
    circle = Circle(
        shape.center, shape.radius, facecolor="none", edgecolor=shape.color,
        linewidth=shape.width, zorder=rank,
    )  # fmt: skip
    axes.add_artist(circle)
