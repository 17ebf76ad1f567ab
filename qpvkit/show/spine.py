"""The spine: every indicator that may be ranked on one scale, and the map of two answers."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Final

import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import number, vintage_label
from qpvkit.measure.scales import to_scale
from qpvkit.show.blocks import Note
from qpvkit.show.canvas import (
    BAND,
    BETTER,
    DEMO_MARK,
    GREY,
    INK,
    LINE,
    SMALL,
    WIDTH,
    WORSE,
    Canvas,
    fit,
    new_canvas,
    text_width,
)
from qpvkit.show.chart import Chart
from qpvkit.show.select import evidence_of, read, reference_title, source_line
from qpvkit.show.strips import LEGEND_LINE, draw_legend
from qpvkit.show.words import french, value_text

_ROW: Final = 25.0
_STAKE: Final = 20.0
_EDGE: Final = 8.0
_FOOT: Final = 14.0
_FARTHEST: Final = 6.0  # in σ: farther marks stand on the edge
_NO_SPINE: Final = (
    "Aucun indicateur de ce quartier n'a à la fois une marge d'erreur et une échelle parmi les "
    "quartiers : rien à placer sur une échelle commune."
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Vertebra:
    """One indicator on the common scale: σ between quartiers, worse to the right, 0 the median."""

    stake: str
    short: str
    detail: str
    words: str
    place: float
    low: float
    high: float
    reference: float
    band: tuple[float, float]

    @property
    def tone(self) -> str:
        """The colour: which side of the median, when the interval allows to say it."""
        return WORSE if self.low > 0 else BETTER if self.high < 0 else GREY

    @property
    def known(self) -> list[float]:
        """Every place to draw, kept on the sheet."""
        places = (self.low, self.high, self.reference, *self.band)
        return [clip(place) for place in places if not math.isnan(place)]


def clip(place: float) -> float:
    """Keep a place in σ on the sheet."""
    return max(-_FARTHEST, min(_FARTHEST, place))


def read_spine(d: Diagnostic) -> list[Vertebra]:
    """Place the retained indicators on the common scale, in the order of the stakes."""
    known = read(d)
    return [
        _vertebra(row, known.profile[row.indicator], str(stake.label))
        for stake in known.stakes
        for row in evidence_of(d, stake.stake)
        if row.retained and not math.isnan(row.z_low)
    ]


def _vertebra(row: Any, own: Any, stake: str) -> Vertebra:  # noqa: ANN401 - rows of itertuples
    """Place an indicator; `row` is one of the evidence, `own` the same one in the profile."""
    value = value_text(row.value, row.unit, status=row.status)
    year = vintage_label(row.vintage if row.vintage > 0 else None)
    dated = year if year[:1].isdigit() else f"millésime {year}"
    base = "" if math.isnan(row.base) else f" · eff. {number(row.base)}"
    ends = [_place(row, cut) for cut in (own.peers_p10, own.peers_p90)]
    others = f"médiane des autres quartiers {value_text(own.peers_median, row.unit)}"
    against = ""
    if row.reference_kind != "peers" and not pd.isna(row.reference_value):
        against = f", {row.reference_label} {value_text(row.reference_value, row.unit)}"
    return Vertebra(
        stake=stake,
        short=french(row.short),
        detail=french(f"{value} · {dated}{base}"),
        words=f"{row.short} : {value} ({others}{against})",
        place=float(row.z), low=float(row.z_low), high=float(row.z_high),
        reference=float(row.z - row.severity),
        band=(min(ends), max(ends)),
    )  # fmt: skip


def _place(row: Any, value: float) -> float:  # noqa: ANN401 - a row of itertuples
    """Place a value of the other quartiers on the scale of the indicator."""
    scale = load_catalogue().units[row.unit].scale
    sign = 1.0 if row.direction == "up_is_worse" else -1.0
    return float(sign * (to_scale(value, scale) - row.center) / row.sigma)


def plot_spine(d: Diagnostic) -> Chart | Note:
    """Draw each indicator that may be ranked on one scale, worse to the right, by stake.

    The unit is the ordinary spread between quartiers; 0 is their median. A dot and its interval
    for the quartier, a diamond for the territory of comparison, a band for eight quartiers in
    ten. Indicators that repeat another one are left to the tables.
    """
    spine = read_spine(d)
    if not spine:
        return Note(text=french(_NO_SPINE))
    canvas = _draw(d, spine)
    placed = {row.indicator for rows in read(d).evidence.values() for row in rows}
    sources = [own.source for name, own in read(d).profile.items() if name in placed]
    return Chart(
        canvas=canvas,
        title="Chaque indicateur retenu, sur une échelle commune",
        alt=french(
            f"Indicateurs du quartier {d.territory.label}, par enjeu, le plus défavorable à "
            f"droite. {' ; '.join(item.words for item in spine)}."
        ),
        source=source_line(d, sources),
    )


def _legend(d: Diagnostic, spine: list[Vertebra]) -> list[list[tuple[str, str]]]:
    lines = [[("neutral", "ce quartier"), ("whisker", "sa marge d’erreur")]]
    sides = [("worse", "plus défavorable que la médiane"), ("better", "plus favorable")]
    colors = {item.tone for item in spine}
    kept = [side for side, color in zip(sides, (WORSE, BETTER), strict=True) if color in colors]
    if kept:
        lines.append(kept)
    lines.append([("bar top", "8 autres quartiers sur 10")])
    if any(not math.isnan(item.reference) for item in spine):
        lines.append([("reference", french(reference_title(d)))])
    return lines


def _draw(d: Diagnostic, spine: list[Vertebra]) -> Canvas:
    legend = _legend(d, spine)
    head = LEGEND_LINE * len(legend) + 24
    stakes = list(dict.fromkeys(item.stake for item in spine))
    canvas = new_canvas(head + _ROW * len(spine) + _STAKE * len(stakes) + _FOOT)
    draw_legend(canvas, legend)
    known = [place for item in spine for place in item.known]
    low, high = min(-1.5, *known), max(1.5, *known)
    scale = (WIDTH - 2 * _EDGE) / (high - low)

    def across(place: float) -> float:
        return _EDGE + (clip(place) - low) * scale

    tops: list[float] = []
    top = head
    for rank, item in enumerate(spine):
        if not rank or item.stake != spine[rank - 1].stake:
            canvas.text(0, top + 14, fit(french(item.stake), WIDTH), bold=True)
            top += _STAKE
        tops.append(top)
        top += _ROW
    _draw_bones(canvas, spine, tops, across)
    half = text_width("médiane des quartiers", size=SMALL) / 2
    place = min(max(across(0), half + 70), WIDTH - half - 2)
    canvas.text(place, head - 4, "médiane des quartiers", size=SMALL, align="center")
    if d.dataset == "demo":
        canvas.text(
            WIDTH, canvas.height - 3, DEMO_MARK, size=SMALL - 0.7, color=GREY, align="right"
        )
    return canvas


def _draw_bones(
    canvas: Canvas, spine: list[Vertebra], tops: list[float], across: Any  # noqa: ANN401 - a function
) -> None:  # fmt: skip
    """Draw all the bands, then all the lines, then all the marks: few objects, quickly drawn."""
    pairs = list(zip(spine, tops, strict=True))
    for item, top in pairs:
        room = WIDTH - text_width(item.detail, size=SMALL) - 8
        canvas.text(0, top + 9, fit(item.short, room, size=SMALL + 0.4), size=SMALL + 0.4)
        canvas.text(WIDTH, top + 9, item.detail, size=SMALL, color=GREY, align="right")
    bands = [
        (across(item.band[0]), top + 13, across(item.band[1]) - across(item.band[0]), 8.0)
        for item, top in pairs
        if not math.isnan(sum(item.band))
    ]
    canvas.lines([((0, top + 17), (WIDTH, top + 17)) for top in tops], color=LINE, width=0.4)
    canvas.boxes(bands, color=BAND)
    zero = across(0)
    canvas.lines([((zero, top + 12), (zero, top + 22)) for top in tops], color=INK, width=1.2)
    diamonds = [
        (across(item.reference), top + 17) for item, top in pairs if not math.isnan(item.reference)
    ]
    canvas.marks(diamonds, shape="D", color=INK, size=5.6, hollow=True)
    for color in (WORSE, BETTER, GREY):
        kept = [(item, top + 17) for item, top in pairs if item.tone == color]
        canvas.lines(
            [((across(item.low), y), (across(item.high), y)) for item, y in kept],
            color=color, width=2.0,
        )  # fmt: skip
        canvas.marks([(across(item.place), y) for item, y in kept], shape="o", color=color)
