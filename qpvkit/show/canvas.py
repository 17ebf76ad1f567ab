"""A sheet of paper measured in points: a list of what to draw, everything placed by hand.

Drawing only appends to the list: `qpvkit.show.svg` writes it for a page, `qpvkit.show.figure`
paints it with matplotlib for who wants to tinker. The width is fixed, so the margins are known
and nothing has to be laid out. The origin is the top left corner.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

BASE_SIZE: Final = 9.5  # points, as in qpvkit.mplstyle
WIDTH: Final = 400.0
SMALL: Final = 8.2
PHONE: Final = 1.4  # a page on a phone enlarges the words of a figure by so much

INK: Final = "#1F2933"
GREY: Final = "#5B6570"
LINE: Final = "#9AA3AE"
BAND: Final = "#E4E8EC"
BAND_DARK: Final = "#C6CDD5"
PALE: Final = "#F4F6F8"
PAPER: Final = "#FFFFFF"
HATCH: Final = "#8A939E"  # as in qpvkit.mplstyle
WORSE: Final = "#B8480A"
BETTER: Final = "#1F5F99"
UNSAID: Final = BAND_DARK  # a difference that the margin of error does not allow to say
DEMO_MARK: Final = "Données inventées (démonstration)"
Align = Literal["left", "center", "right"]
Point = tuple[float, float]
_MEASURED: Final = 100.0  # the size at which letters are measured, in points


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """One line of text; `y` is its baseline, `size` its size in points."""

    x: float
    y: float
    text: str
    size: float
    color: str
    align: Align
    bold: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Boxes:
    """Rectangles of one colour, hatched or not: left, top, width, height."""

    corners: tuple[tuple[float, float, float, float], ...]
    color: str
    hatched: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Segments:
    """Straight lines of one colour and width."""

    ends: tuple[tuple[Point, Point], ...]
    color: str
    width: float


@dataclasses.dataclass(frozen=True, slots=True)
class Marks:
    """Dots or diamonds of one kind: `size` as matplotlib means it, `edge` the width around."""

    places: tuple[Point, ...]
    shape: Literal["o", "D"]
    size: float
    fill: str
    edge: str
    edge_width: float


@dataclasses.dataclass(frozen=True, slots=True)
class Outline:
    """A shape with its holes: closed rings of points; `fill` may be « none »."""

    rings: tuple[tuple[Point, ...], ...]
    fill: str
    edge: str
    width: float


@dataclasses.dataclass(frozen=True, slots=True)
class Ring:
    """An empty circle."""

    center: Point
    radius: float
    color: str
    width: float


Shape = Words | Boxes | Segments | Marks | Outline | Ring
_LAYERS: Final[dict[type, int]] = {Boxes: 0, Outline: 0, Ring: 0, Segments: 1, Marks: 1, Words: 2}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """What a figure draws, in the order in which it was asked."""

    height: float
    shapes: list[Shape] = dataclasses.field(default_factory=list)

    def painted(self) -> list[Shape]:
        """Return the shapes from the bottom up: surfaces, then lines and marks, then words."""
        return sorted(self.shapes, key=lambda shape: _LAYERS[type(shape)])

    def text(
        self, x: float, y: float, words: str, *, size: float = BASE_SIZE, color: str = INK,
        align: Align = "left", bold: bool = False,
    ) -> None:  # fmt: skip
        """Write one line; `y` is its baseline."""
        if words:
            self.shapes.append(Words(float(x), float(y), words, size, color, align, bold))

    def box(
        self, x: float, y: float, width: float, height: float, *, color: str, hatched: bool = False
    ) -> None:
        """Fill a rectangle, or hatch it."""
        self.boxes([(x, y, width, height)], color=color, hatched=hatched)

    def boxes(
        self, corners: Iterable[tuple[float, float, float, float]], *, color: str,
        hatched: bool = False,
    ) -> None:  # fmt: skip
        """Fill rectangles of one colour, all at once: left, top, width, height."""
        if known := tuple((float(x), float(y), float(w), float(h)) for x, y, w, h in corners):
            self.shapes.append(Boxes(known, color, hatched))

    def lines(
        self, segments: Iterable[tuple[Point, Point]], *, color: str = LINE, width: float = 0.8
    ) -> None:
        """Draw straight segments of one colour."""
        if ends := tuple((_point(start), _point(end)) for start, end in segments):
            self.shapes.append(Segments(ends, color, width))

    def mark(
        self, x: float, y: float, *, shape: Literal["o", "D"], color: str, hollow: bool = False
    ) -> None:
        """Put a dot or a diamond."""
        size = 8.0 if shape == "o" else 6.4
        edge_width = 1.6 if hollow else 1.0
        self.marks([(x, y)], shape=shape, color=color, size=size, hollow=hollow, edge=edge_width)

    def marks(
        self, places: Iterable[Point], *, shape: Literal["o", "D"], color: str, size: float = 7.0,
        hollow: bool = False, edge: float | None = None,
    ) -> None:  # fmt: skip
        """Put marks of one kind, all at once; `edge` is the width of their outline."""
        width = edge if edge is not None else 1.4 if hollow else 0.9
        fill, outline = (PAPER, color) if hollow else (color, PAPER)
        if known := tuple(map(_point, places)):
            self.shapes.append(Marks(known, shape, size, fill, outline, width))

    def outline(
        self, rings: Iterable[Sequence[Point]], *, color: str, edge: str, width: float
    ) -> None:
        """Draw a shape with its holes."""
        if closed := tuple(tuple(map(_point, ring)) for ring in rings):
            self.shapes.append(Outline(closed, color, edge, width))

    def ring(self, x: float, y: float, radius: float, *, color: str, width: float) -> None:
        """Draw an empty circle."""
        self.shapes.append(Ring((float(x), float(y)), radius, color, width))


def _point(place: Sequence[float]) -> Point:
    return float(place[0]), float(place[1])


def new_canvas(height: float) -> Canvas:
    """Return a blank sheet of our width.

    Examples
    --------
    >>> sheet = new_canvas(20)
    >>> sheet.text(0, 12, "Taux de pauvreté")
    >>> sheet.shapes[0].text
    'Taux de pauvreté'
    """
    return Canvas(height=float(height))


class _Advances(dict[tuple[str, str], float]):
    """How far a letter moves the pen after another one, in sizes of the font: read when met."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file

    @functools.cached_property
    def _font(self) -> FT2Font:
        import matplotlib as mpl  # noqa: PLC0415 - slow, and a page needs nothing else of it
        from matplotlib.ft2font import FT2Font  # noqa: PLC0415

        # from memory: processes forked from this one would share the place in an open file, and
        # read the letters of one another
        file = Path(mpl.get_data_path(), "fonts", "ttf", self._file)
        font = FT2Font(io.BytesIO(file.read_bytes()))
        font.set_size(_MEASURED, 72)
        return font

    def __missing__(self, pair: tuple[str, str]) -> float:
        from matplotlib.ft2font import Kerning  # noqa: PLC0415

        before, letter = pair
        glyph = self._font.get_char_index(ord(letter))  # 0, an empty box, where it has none
        moved = self._font.load_glyph(glyph).linearHoriAdvance / 65536
        if before:
            former = self._font.get_char_index(ord(before))
            moved += self._font.get_kerning(former, glyph, Kerning.UNFITTED) / 64
        self[pair] = advance = moved / _MEASURED
        return advance


_ADVANCES: Final = {
    False: _Advances("DejaVuSans.ttf"), True: _Advances("DejaVuSans-Bold.ttf"),
}  # fmt: skip


def text_width(words: str, *, size: float = BASE_SIZE, bold: bool = False) -> float:
    """Return the width of a line, in points, as large as a phone will show it.

    Examples
    --------
    >>> round(text_width("Taux"), 1), round(text_width("Taux", bold=True), 1)
    (30.4, 34.4)
    """
    advances = _ADVANCES[bold]
    letters = itertools.pairwise(itertools.chain([""], words))
    return sum(advances[pair] for pair in letters) * size * PHONE


def fit(words: str, room: float, *, size: float = BASE_SIZE) -> str:
    """Shorten a line to the room that it has, even on a phone.

    Examples
    --------
    >>> fit("Taux de pauvreté", 400), fit("Taux de pauvreté", 80)
    ('Taux de pauvreté', 'Taux de p…')
    """
    if text_width(words, size=size) <= room:
        return words
    advances = _ADVANCES[False]
    ends = itertools.accumulate(advances[pair] for pair in itertools.pairwise(["", *words]))
    most = room / (size * PHONE) - advances["", "…"]
    kept = sum(end <= most for end in ends)
    return f"{words[:kept].rstrip()}…"
