"""Write a sheet as one SVG element: light, the same bytes each time, alone or among others.

Styles are attributes, shared by the shapes that follow one another: there is no style sheet, so
two figures of a page cannot disagree. Sizes of words are in ``em`` of the size written on the
root, so that a page can enlarge them. Coordinates have one decimal.
"""

from __future__ import annotations

import functools
import html
import itertools
import math
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from qpvkit.show.canvas import (
    BASE_SIZE,
    HATCH,
    INK,
    PAPER,
    WIDTH,
    Boxes,
    Canvas,
    Marks,
    Outline,
    Point,
    Ring,
    Segments,
    Shape,
    Words,
)

_FONTS: Final = "'DejaVu Sans', Verdana, sans-serif"
_ANCHORS: Final = {"left": "", "center": "middle", "right": "end"}
_HATCH: Final = (
    '<pattern id="{}" width="6" height="6" patternUnits="userSpaceOnUse"><path stroke="{}" '
    'stroke-width=".7" d="M-1 1l2-2M0 6l6-6M5 7l2-2"/></pattern>'
)


def write_svg(canvas: Canvas, *, alt: str, name: str = "") -> str:
    """Return a sheet as an SVG element.

    Parameters
    ----------
    alt
        What the figure says, in words: its label for who does not see it.
    name
        Tells the identifiers of this figure from those of the others in a page.

    Examples
    --------
    >>> from qpvkit.show.canvas import new_canvas
    >>> sheet = new_canvas(20)
    >>> sheet.lines([((0, 10), (400, 10))], color="#9AA3AE", width=0.8)
    >>> write_svg(sheet, alt="Une ligne").splitlines()[2]
    '<path stroke="#9aa3ae" stroke-width=".8" d="M0 10h400"/>'
    """
    width, height = _tenths(WIDTH), _tenths(canvas.height)
    hatch = f"h{zlib.crc32((name + alt).encode()):x}"
    hatched = any(isinstance(shape, Boxes) and shape.hatched for shape in canvas.shapes)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}pt" height="{height}pt" role="img" aria-label="{html.escape(alt)}" '
        f'font-family="{_FONTS}" font-size="{BASE_SIZE}" fill="{_color(INK)}">',
        f'<path fill="{_color(PAPER)}" d="M0 0h{width}v{height}H0z"/>',
        *([_HATCH.format(hatch, _color(HATCH))] if hatched else []),
        *_surfaces(canvas, hatch),
        *_words(canvas),
        "</svg>",
    ]
    return "\n".join(lines)


def _surfaces(canvas: Canvas, hatch: str) -> Iterator[str]:
    """Write all but the words, in their order; neighbours of one style share it."""
    shapes = [shape for shape in canvas.painted() if not isinstance(shape, Words)]
    for (kind, style, hatched), group in itertools.groupby(shapes, key=_likeness):
        pieces = list(itertools.chain.from_iterable(map(_pieces, group)))
        path = "".join(pieces)
        if kind is Boxes or kind is Segments:
            yield f'<path{style} d="{path}"/>'
        elif len(pieces) == 1:
            yield path.replace(" ", f"{style} ", 1)
        else:
            yield f"<g{style}>{path}</g>"
        if hatched:
            filled = re.sub("#[0-9a-f]+", f"url(#{hatch})", style, count=1)
            yield f'<path{filled} d="{path}"/>'


def _likeness(shape: Shape) -> tuple[type, str, bool]:
    return type(shape), _style(shape), isinstance(shape, Boxes) and shape.hatched


def _words(canvas: Canvas) -> Iterator[str]:
    """Write the words by style: they never cover one another, any order will do."""
    alike: dict[str, list[Words]] = {}
    for shape in canvas.shapes:
        if isinstance(shape, Words):
            alike.setdefault(_style(shape), []).append(shape)
    for style, lines in alike.items():
        across = lines[0].x if len(lines) > 3 and len({line.x for line in lines}) == 1 else 0.0
        moved = f' transform="translate({_tenths(across)})"' if across else ""
        block = "".join(_text(line, across) for line in lines)
        yield f"<g{style}{moved}>{block}</g>" if style or moved else block


@functools.lru_cache(maxsize=1024)
def _font(size: float, color: str, align: str, bold: bool) -> str:
    ratio = f"{size / BASE_SIZE:.2f}".rstrip("0").rstrip(".").lstrip("0")
    anchor = _ANCHORS[align]
    return "".join(
        (
            f' font-size="{ratio}em"' if ratio != "1" else "",
            f' fill="{_color(color)}"' if color != INK else "",
            f' text-anchor="{anchor}"' if anchor else "",
            ' font-weight="bold"' if bold else "",
        )
    )


def _style(shape: Shape) -> str:
    """Return the attributes that shapes alike may share."""
    joined = ""
    match shape:
        case Words():
            return _font(shape.size, shape.color, shape.align, shape.bold)
        case Boxes():
            height = _height(shape)
            if height is None:
                return f' fill="{_color(shape.color)}"'
            return f' stroke="{_color(shape.color)}" stroke-width="{_width(height)}"'
        case Segments():
            return f' stroke="{_color(shape.color)}" stroke-width="{_width(shape.width)}"'
        case Marks():
            fill, edge, width = shape.fill, shape.edge, shape.edge_width
        case Outline():
            joined = ' stroke-linejoin="round"'
            fill, edge, width = shape.fill, shape.edge, shape.width
        case Ring():
            fill, edge, width = "none", shape.color, shape.width
    thick = f' stroke-width="{_width(width)}"' if width != 1 else ""
    return f' fill="{_color(fill)}" stroke="{_color(edge)}"{thick}{joined}'


def _text(line: Words, across: float) -> str:
    """Write one line, whose group is already so far across the sheet."""
    x = f' x="{_tenths(line.x - across)}"' if line.x != across else ""
    return f'<text{x} y="{_tenths(line.y)}">{html.escape(line.text, quote=False)}</text>'


def _pieces(shape: Shape) -> Iterable[str]:
    """Write a shape without its style: pieces of one path, or elements."""
    match shape:
        case Boxes():
            return map(_box if _height(shape) is None else _thick, shape.corners)
        case Segments():
            return itertools.starmap(_segment, shape.ends)
        case Marks():
            draw, half = (_circle, 2.0) if shape.shape == "o" else (_diamond, math.sqrt(2))
            return (draw(place, shape.size / half) for place in shape.places)
        case Outline():
            return [f'<path d="{"".join(map(_closed, shape.rings))}"/>']
        case Ring():
            return [_circle(shape.center, shape.radius)]
        case _:
            return ()


def _height(shape: Boxes) -> float | None:
    """Return the height of boxes that share it: written as thick lines, they take half the room."""
    heights = {height for _, _, _, height in shape.corners}
    return heights.pop() if len(heights) == 1 else None


def _thick(corner: tuple[float, float, float, float]) -> str:
    left, top, width, height = corner
    return _segment((left, top + height / 2), (left + width, top + height / 2))


def _box(corner: tuple[float, float, float, float]) -> str:
    left, top, width, height = corner
    x, y, right, bottom = map(_round, (left, top, left + width, top + height))
    across = _write(right - x)
    return f"M{_write(x)} {_write(y)}h{across}v{_write(bottom - y)}h{_write(x - right)}z"


def _segment(start: Point, end: Point) -> str:
    x, y, right, bottom = map(_round, (*start, *end))
    if y == bottom:
        return f"M{_write(x)} {_write(y)}h{_write(right - x)}"
    if x == right:
        return f"M{_write(x)} {_write(y)}v{_write(bottom - y)}"
    return f"M{_write(x)} {_write(y)}l{_pair(right - x, bottom - y)}"


def _circle(center: Point, radius: float) -> str:
    x, y = map(_tenths, center)
    return f'<circle cx="{x}" cy="{y}" r="{_tenths(radius)}"/>'


def _diamond(center: Point, half: float) -> str:
    x, y, arm = _round(center[0]), _round(center[1]), _round(half)
    around = _pair(arm, arm), _pair(-arm, arm), _pair(-arm, -arm)
    return f'<path d="M{_write(x)} {_write(y - arm)}l{_joined(around)}z"/>'


def _closed(ring: tuple[Point, ...]) -> str:
    """Write a ring by its steps, shorter than its places; the last point is the first."""
    places = [(_round(x), _round(y)) for x, y in ring]
    steps = [
        _pair(x - before[0], y - before[1])
        for before, (x, y) in itertools.pairwise(places[:-1] if ring[0] == ring[-1] else places)
        if (x, y) != before
    ]
    (x, y) = places[0]
    return f"M{_write(x)} {_write(y)}" + (f"l{_joined(steps)}" if steps else "") + "z"


def _joined(pairs: Iterable[str]) -> str:
    """Put a space between numbers, unless a minus sign already parts them."""
    return " ".join(pairs).replace(" -", "-")


def _pair(x: int, y: int) -> str:
    return f"{_write(x)} {_write(y)}".replace(" -", "-")


def _round(value: float) -> int:
    """Return a length in tenths of a point."""
    return round(value * 10)


@functools.lru_cache(maxsize=16384)
def _write(tenths: int) -> str:
    """Write tenths of a point: « 12.3 », « 12 », « -.5 »."""
    whole, rest = divmod(abs(tenths), 10)
    sign = "-" if tenths < 0 else ""
    if not rest:
        return f"{sign}{whole}"
    return f"{sign}{whole or ''}.{rest}"


def _tenths(value: float) -> str:
    return _write(_round(value))


def _width(value: float) -> str:
    return f"{value:g}".removeprefix("0")


@functools.lru_cache(maxsize=256)
def _color(color: str) -> str:
    """Write « #FFFFFF » as « #fff »."""
    text = color.lower()
    pairs = text[1::2], text[2::2]
    return f"#{pairs[0]}" if text.startswith("#") and pairs[0] == pairs[1] else text
