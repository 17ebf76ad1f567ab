"""The rows of the profile chart: one indicator on its own scale, among the other quartiers."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any, Final

import pandas as pd

from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import plural, vintage_label
from qpvkit.show.canvas import (
    BAND,
    BAND_DARK,
    BETTER,
    GREY,
    INK,
    LINE,
    PALE,
    SMALL,
    UNSAID,
    WIDTH,
    WORSE,
    Canvas,
    fit,
    text_width,
)
from qpvkit.show.comparison import Tone
from qpvkit.show.select import main_gaps, position_tone, reference_title
from qpvkit.show.words import DOUBT_WORDS, MASKED_WORDS, french, value_text

COLORS: Final[dict[Tone, str]] = {"worse": WORSE, "better": BETTER, "neutral": GREY}
TONE_WORDS: Final[dict[Tone, str]] = {
    "worse": "plus défavorable", "better": "plus favorable", "neutral": "contexte",
}  # fmt: skip
_FILLS: Final = {
    "worse": WORSE, "better": BETTER, "data": INK, "choices": LINE, "top": BAND,
}  # fmt: skip
_STRIP_ROW: Final = 55.0
_MASKED_ROW: Final = 36.0  # no scale to write below
LEGEND_LINE: Final = 17.0
_STRIP_EDGE: Final = 8.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """What one row of the profile chart draws."""

    short: str
    unit: str
    vintage: str
    value: float
    status: str
    reference: float
    peers: int
    cuts: tuple[float, ...]  # p10, p25, median, p75, p90 of the other quartiers; may be NaN
    tone: Tone

    @property
    def masked(self) -> bool:
        """Whether there is no number to show."""
        return self.status in MASKED_WORDS

    @property
    def height(self) -> float:
        """The room that the row takes."""
        return _MASKED_ROW if self.masked else _STRIP_ROW

    @property
    def dated(self) -> str:
        """The vintage, in words."""
        return self.vintage if self.vintage[:1].isdigit() else f"millésime {self.vintage}"

    @property
    def span(self) -> tuple[float, float]:
        """The smallest and largest of the values to draw."""
        known = [v for v in (self.value, self.reference, *self.cuts) if not math.isnan(v)]
        return (min(known), max(known)) if known else (math.nan, math.nan)


def read_strips(d: Diagnostic, rows: list[Any]) -> list[Strip]:
    """Gather what the rows of the chart need, in the order of the profile."""
    references = {row.indicator: row.reference_value for row in main_gaps(d)}
    return [
        Strip(
            short=french(row.short),
            unit=row.unit,
            vintage=vintage_label(row.vintage),
            value=float(row.value),
            status=row.status,
            reference=float(references.get(row.indicator, math.nan)),
            peers=0 if pd.isna(row.peers) else int(row.peers),
            cuts=tuple(
                float(cut)
                for cut in (
                    row.peers_p10, row.peers_p25, row.peers_median, row.peers_p75, row.peers_p90,
                )
            ),
            tone="neutral" if row.direction == "neutral" else position_tone(float(row.position)),
        )
        for row in rows
    ]  # fmt: skip


def legend_of(d: Diagnostic, strips: list[Strip]) -> list[list[tuple[str, str]]]:
    """Return the lines of the legend, mark and words; only marks that the chart holds."""
    shown = [strip for strip in strips if not strip.masked]
    tones = {strip.tone for strip in shown} - {"neutral"}
    lines: list[list[tuple[str, str]]] = []
    if shown:
        lines.append([("neutral", "ce quartier")])
    if any(not math.isnan(strip.reference) for strip in shown):
        lines[0].append(("reference", french(reference_title(d))))
    if any(not math.isnan(strip.cuts[0]) for strip in shown):
        lines.append([("band", "8 autres quartiers sur 10, la moitié du milieu, la médiane")])
    if tones:
        present: list[Tone] = [tone for tone in ("worse", "better") if tone in tones]
        words = [TONE_WORDS[tone] for tone in present]
        words[0] += " que la médiane"
        lines.append(list(zip(present, words, strict=True)))
    if len(shown) < len(strips):
        lines.append([("masked", "valeur masquée ou non disponible")])
    return lines


def draw_legend(canvas: Canvas, lines: list[list[tuple[str, str]]]) -> None:
    """Draw the legend at the head of the sheet."""
    for rank, line in enumerate(lines):
        x, y = 6.0, 10.0 + LEGEND_LINE * rank
        for mark, words in line:
            x = _draw_key(canvas, mark, x, y - 3)
            canvas.text(x, y, words, size=SMALL, color=GREY)
            x += text_width(words, size=SMALL) + 14


def _draw_key(canvas: Canvas, mark: str, x: float, y: float) -> float:
    """Draw the mark of a legend and return where its words begin."""
    if mark == "band":
        canvas.box(x - 4, y - 5, 30, 9, color=BAND)
        canvas.box(x + 4, y - 5, 14, 9, color=BAND_DARK)
        canvas.lines([((x + 11, y - 6), (x + 11, y + 5))], color=INK, width=1.2)
        return x + 32
    if mark == "masked":
        canvas.box(x - 4, y - 5, 30, 9, color=PALE, hatched=True)
        return x + 32
    if mark.startswith("bar "):
        canvas.box(x - 4, y - 5, 9, 9, color=_FILLS.get(mark.removeprefix("bar "), UNSAID))
        return x + 9
    if mark == "tick":
        canvas.lines([((x, y - 6), (x, y + 5))], color=GREY, width=1.2)
        return x + 6
    if mark == "whisker":
        canvas.lines([((x - 4, y), (x + 14, y))], color=INK, width=1.3)
        return x + 19
    if mark == "reference":
        canvas.mark(x, y, shape="D", color=INK, hollow=True)
    else:
        color = {"worse": WORSE, "better": BETTER}.get(mark, GREY)
        canvas.mark(x, y, shape="o", color=color)
    return x + 9


def draw_strips(canvas: Canvas, strips: list[Strip], top: float) -> None:
    """Draw the rows below `top`: label and value, strip, scale.

    All the surfaces of one colour, then all the lines, then all the marks: a page that holds
    fifteen such charts says each style once.
    """
    tops = itertools.accumulate((strip.height for strip in strips), initial=top)
    rows = list(zip(strips, tops, strict=False))
    shown = [(strip, place) for strip, place in rows if not strip.masked]
    hidden = [(strip, place) for strip, place in rows if strip.masked]
    canvas.boxes([(0, place + 18, WIDTH, 12) for _, place in shown], color=PALE)
    canvas.boxes([(0, place + 18, WIDTH, 9) for _, place in hidden], color=PALE, hatched=True)
    _draw_marks(canvas, [_Place(strip, place + 18) for strip, place in shown])
    for strip, place in rows:
        if strip.masked:
            _write_masked(canvas, strip, place)
        else:
            _write_strip(canvas, strip, place)


def _write_strip(canvas: Canvas, strip: Strip, top: float) -> None:
    value = value_text(strip.value, strip.unit, status=strip.status)
    canvas.text(0, top + 11, fit(strip.short, WIDTH - text_width(value, bold=True) - 10))
    canvas.text(WIDTH, top + 11, value, align="right", bold=True, color=COLORS[strip.tone])
    low, high = strip.span
    if not math.isnan(low):
        canvas.text(0, top + 42, value_text(low, strip.unit), size=SMALL, color=GREY)
    if high > low:
        words = value_text(high, strip.unit)
        canvas.text(WIDTH, top + 42, words, size=SMALL, color=GREY, align="right")
    note = " · ".join(part for part in (strip.dated, _peers_words(strip.peers)) if part)
    canvas.text(WIDTH / 2, top + 42, note, size=SMALL, color=GREY, align="center")


def _write_masked(canvas: Canvas, strip: Strip, top: float) -> None:
    """Say what is not known, whose strip is hatched: masked is not zero."""
    dated = f" · {strip.vintage}" if strip.vintage[:1].isdigit() else ""
    words = f"{MASKED_WORDS[strip.status]}{dated}"
    canvas.text(0, top + 11, fit(strip.short, WIDTH - text_width(words, size=SMALL) - 10))
    canvas.text(WIDTH, top + 11, words, size=SMALL, color=GREY, align="right")


class _Place:
    """From the values of a strip to places across the sheet; `top` is that of its band."""

    def __init__(self, strip: Strip, top: float) -> None:
        self.strip, self.top = strip, top
        self._low, self._high = strip.span

    def __call__(self, value: float) -> float:
        room = WIDTH - 2 * _STRIP_EDGE
        wide = self._high > self._low
        share = (value - self._low) / (self._high - self._low) if wide else 0.5
        return _STRIP_EDGE + room * share


def _draw_marks(canvas: Canvas, places: list[_Place]) -> None:
    for first, last, color in ((0, 4, BAND), (1, 3, BAND_DARK)):
        ends = [(place, place.strip.cuts[first], place.strip.cuts[last]) for place in places]
        bands = [
            (place(low), place.top, place(high) - place(low), 12.0)
            for place, low, high in ends
            if not math.isnan(low + high)
        ]
        canvas.boxes(bands, color=color)
    middles = [(place(place.strip.cuts[2]), place.top) for place in places]
    known = [(x, top) for x, top in middles if not math.isnan(x)]
    canvas.lines([((x, top - 1.5), (x, top + 13.5)) for x, top in known], color=INK, width=1.4)
    for place in places:
        if not math.isnan(place.strip.reference):
            x = place(place.strip.reference)
            canvas.mark(x, place.top + 6, shape="D", color=INK, hollow=True)
    for place in sorted(places, key=lambda place: place.strip.tone):
        if not math.isnan(place.strip.value):
            color, hollow = COLORS[place.strip.tone], place.strip.status in DOUBT_WORDS
            x = place(place.strip.value)
            canvas.mark(x, place.top + 6, shape="o", color=color, hollow=hollow)


def _peers_words(peers: int) -> str:
    return plural(peers, "autre quartier", "autres quartiers") if peers else ""


def strips_in_words(d: Diagnostic, label: str, strips: list[Strip]) -> str:
    """Say every value, for who does not see the chart."""
    parts, title = [], reference_title(d)
    for strip in strips:
        value = MASKED_WORDS.get(strip.status) or value_text(
            strip.value, strip.unit, status=strip.status
        )
        others = [
            f"{name} {value_text(known, strip.unit)}"
            for name, known in (
                ("médiane", strip.cuts[2]),
                ("référence", strip.reference),
            )
            if not math.isnan(known)
        ]
        parts.append(f"{strip.short} : {value}" + (f" ({', '.join(others)})" if others else ""))
    keys = [
        f"{name} : {meaning}"
        for name, meaning in (("médiane", "celle des autres quartiers"), ("référence", title))
        if any(f"{name} " in part for part in parts)
    ]
    key = f" ({' ; '.join(keys)})" if keys else ""
    return f"{label}, quartier {d.territory.label}{key}. {' ; '.join(parts)}."
