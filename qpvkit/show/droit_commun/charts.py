"""Charts of the droit commun: indexes with their intervals, evidence, effort per inhabitant."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pandas as pd

from qpvkit.diagnostic.droit_commun import DroitCommun
from qpvkit.formats import number, quantity
from qpvkit.measure.droit_commun.shares import GRADES
from qpvkit.show.blocks import Note
from qpvkit.show.canvas import (
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
from qpvkit.show.droit_commun.words import (
    NATURE_WORDS,
    NORM_WORDS,
    SHORT_GRADES,
    STAGE_WORDS,
    interval,
    ratio,
    sources_of,
    verdict_words,
)
from qpvkit.show.select import rows_of
from qpvkit.show.words import french

_HEAD: Final = 54.0
_FOOT: Final = 14.0
_TITLE: Final = 20.0
_TRACK: Final = 25.0
_LEFT: Final = 96.0  # room for the name of the norm
_RIGHT: Final = 62.0  # room for the index
_TICKS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0)
_FILLS: Final = {"A": BETTER, "B": "#6E9CC4", "C": "#BBD0E2", "D": LINE}
_BAR: Final = 46.0


def plot_equity(d: DroitCommun) -> Chart | Note:
    """Draw the latest index of each programme, by norm, on a logarithmic scale around 1.

    The thick line is what the data leave possible, the thin one adds the noise; grade D, which
    proves nothing, is hollow and grey.
    """
    rows = _latest(d.equity)
    if rows.empty:
        return Note(text=french(
            "Pas de graphique de l'indice d'équité : aucun service n'est compté aux deux échelles."
        ))  # fmt: skip
    groups = [group for _, group in rows.groupby("service", sort=True)]
    height = _HEAD + sum(_TITLE + _TRACK * len(group) for group in groups) + _FOOT
    scale = _Scale.over(rows)
    canvas = new_canvas(height)
    _head(canvas, scale)
    top = _HEAD
    for group in groups:
        top = _programme(canvas, group, scale, top)
    _foot(canvas, d)
    return Chart(
        canvas=canvas,
        title=french("Part reçue rapportée à la part attendue (indice d'équité, 1 : part égale)"),
        alt=french(_equity_words(rows)),
        source=sources_of(d, rows["source"]),
    )


def _latest(equity: pd.DataFrame) -> pd.DataFrame:
    """Keep the last year of each programme, people before euros, and what has an interval."""
    known = equity.loc[equity["low"].notna()]
    last = known.groupby("service")["year"].transform("max")
    known = known.loc[known["year"].eq(last)]
    people = known.loc[known["unit"].eq("personnes")]
    rest = known.loc[~known["service"].isin(people["service"])]
    return pd.concat([people, rest]).sort_values(["service", "norm"], kind="stable")


class _Scale:
    """From an index to a place across the sheet, by its logarithm."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    @classmethod
    def over(cls, rows: pd.DataFrame) -> _Scale:
        """Cover what is to be drawn, between a tenth and ten."""
        values = rows[["low", "high", "index_low", "index_high"]].to_numpy(float)
        values = values[np.isfinite(values) & (values > 0)]
        least = float(values.min()) if len(values) else 1.0
        most = float(values.max()) if len(values) else 1.0
        return cls(min(max(least / 1.15, 0.1), 0.45), max(min(most * 1.15, 10.0), 2.2))

    def place(self, value: float) -> float:
        """Return the abscissa of a value, kept on the scale."""
        inside = min(max(value, self.low), self.high)
        share = math.log(inside / self.low) / math.log(self.high / self.low)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)


def _head(canvas: Canvas, scale: _Scale) -> None:
    canvas.box(2, 3, 9, 9, color=WORSE)
    first = "moins que la part attendue"
    canvas.text(15, 11, first, size=SMALL, color=GREY)
    x = 15 + text_width(first, size=SMALL) + 14
    canvas.box(x, 3, 9, 9, color=BETTER)
    canvas.text(x + 13, 11, "plus", size=SMALL, color=GREY)
    x += 13 + text_width("plus", size=SMALL) + 14
    canvas.box(x, 3, 9, 9, color=GREY)
    canvas.text(x + 13, 11, "non conclusif", size=SMALL, color=GREY)
    canvas.mark(6.5, 24, shape="o", color=GREY, hollow=True)
    words = "niveau de preuve D : ne prouve rien"
    canvas.text(15, 27, words, size=SMALL, color=GREY)
    bottom = canvas.height - _FOOT
    for tick in _TICKS:
        if scale.low <= tick <= scale.high:
            x = scale.place(tick)
            strong = tick == 1.0
            canvas.lines([((x, _HEAD - 6), (x, bottom))], color=INK if strong else "#E4E8EC",
                         width=1.0 if strong else 0.7)  # fmt: skip
            decimals = 0 if tick >= 1 else 2 if tick == 0.25 else 1
            canvas.text(x, _HEAD - 10, number(tick, decimals=decimals), size=SMALL,
                        align="center", bold=strong)  # fmt: skip


def _programme(canvas: Canvas, group: pd.DataFrame, scale: _Scale, top: float) -> float:
    first = next(rows_of(group))
    detail = f"{first.year} · preuve {first.evidence_grade}"
    room = WIDTH - text_width(detail, size=SMALL) - 10
    canvas.box(0, top + 1, WIDTH, _TITLE - 5, color="#FFFFFF")
    canvas.text(0, top + 12, fit(french(first.label), room), bold=False)
    canvas.text(WIDTH, top + 12, detail, size=SMALL, color=GREY, align="right")
    for position, row in enumerate(rows_of(group)):
        _track(canvas, row, scale, top + _TITLE + _TRACK * position)
    return top + _TITLE + _TRACK * len(group)


def _track(canvas: Canvas, row: Any, scale: _Scale, top: float) -> None:  # noqa: ANN401
    y = top + 9
    color = _color(row)
    canvas.text(2, y + 3.5, NORM_WORDS[row.norm], size=SMALL, color=GREY)
    ends = [(scale.place(row.low), y), (scale.place(min(row.high, scale.high)), y)]
    canvas.lines([(ends[0], ends[1])], color=color, width=1.4)
    wide = row.index_high > row.index_low * 1.001
    if wide:
        bounds = [(scale.place(row.index_low), y), (scale.place(row.index_high), y)]
        canvas.lines([(bounds[0], bounds[1])], color=color, width=5.0)
    if not math.isnan(row.index):
        canvas.mark(scale.place(row.index), y, shape="o", color=color,
                    hollow=row.evidence_grade == "D")  # fmt: skip
    words = ratio(row.index) if not math.isnan(row.index) else "bornes"
    canvas.text(WIDTH, y + 3.5, words, color=color, bold=True, align="right")


def _color(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if row.evidence_grade == "D":
        return GREY
    if row.verdict in ("short_proven", "short_likely"):
        return WORSE
    return BETTER if row.verdict == "over" else GREY


def _equity_words(rows: pd.DataFrame) -> str:
    parts = [
        f"{row.label}, {NORM_WORDS[row.norm]} : "
        + (ratio(row.index) if not math.isnan(row.index) else "bornes seules")
        + f", intervalle {interval(row.low, row.high)}, {verdict_words(row.verdict)}, niveau de "
        f"preuve {row.evidence_grade}"
        for row in rows_of(rows)
    ]
    return "Indice d'équité de chaque programme, sur une échelle logarithmique. " + (
        f"{' ; '.join(parts)}."
    )


def plot_evidence(d: DroitCommun) -> Chart | Note:
    """Draw the share of the euros at each grade of evidence, ordinary and specific apart."""
    rows = _last_year(d.money)
    if rows.empty:
        return Note(text=french("Pas de niveau de preuve à dessiner : aucun crédit localisé."))
    canvas = new_canvas(40 + _BAR * len(rows) + _FOOT)
    _grade_legend(canvas)
    for position, row in enumerate(rows_of(rows)):
        _evidence_bar(canvas, row, 40 + _BAR * position)
    _foot(canvas, d)
    return Chart(
        canvas=canvas,
        title=french("Niveau de preuve des euros localisés"),
        alt=french("Part des euros à chaque niveau de preuve. " + " ; ".join(
            f"{_bar_name(row)} : {_mix_words(row)}" for row in rows_of(rows)) + "."),
        source=sources_of(d, ["partenaires_financements"]),
    )  # fmt: skip


def _last_year(money: pd.DataFrame) -> pd.DataFrame:
    last = money.loc[money["year"].eq(money["year"].max())]
    return last.sort_values(["stage", "nature"], ascending=[False, True])


def _bar_name(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    return f"{NATURE_WORDS[row.nature]}, {STAGE_WORDS[row.stage]}, {row.year}"


def _grades(row: Any) -> dict[str, float]:  # noqa: ANN401 - a row of itertuples
    return {"A": row.grade_a, "B": row.grade_b, "C": row.grade_c, "D": row.grade_d}


def _mix_words(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    found = [(name, share) for name, share in _grades(row).items() if share > 0]
    return ", ".join(f"{quantity(100 * share, '%')} de niveau {name}" for name, share in found)


def _grade_legend(canvas: Canvas) -> None:
    x = 2.0
    for name in GRADES:
        canvas.box(x, 6, 9, 9, color=_FILLS[name], hatched=name == "D")
        words = f"{name} {SHORT_GRADES[name]}"
        canvas.text(x + 12, 14, words, size=SMALL, color=GREY)
        x += 22 + text_width(words, size=SMALL)


def _evidence_bar(canvas: Canvas, row: Any, top: float) -> None:  # noqa: ANN401
    canvas.text(0, top + 10, fit(french(_bar_name(row)), WIDTH))
    x = 0.0
    for name, share in _grades(row).items():
        if share <= 0:
            continue
        width = share * WIDTH
        canvas.box(x, top + 17, width, 14, color=_FILLS[name], hatched=name == "D")
        words = french(f"{name} {quantity(100 * share, '%')}")
        if text_width(words, size=SMALL) < width - 6:
            color = INK if name in ("C", "D") else "#FFFFFF" if name == "A" else INK
            canvas.text(x + 4, top + 27.5, words, size=SMALL, color=color, bold=True)
        x += width


def plot_effort(d: DroitCommun) -> Chart | Note:
    """Draw ordinary and specific euros per inhabitant, at this scale, stage by stage."""
    rows = d.money
    if rows.empty or not rows["per_inhabitant"].gt(0).any():
        return Note(text=french("Pas d'effort par habitant à dessiner : aucun crédit localisé."))
    rows = rows.sort_values(["year", "stage", "nature"], ascending=[False, False, True]).iloc[:8]
    most = float(rows["per_inhabitant"].max())
    canvas = new_canvas(12 + _BAR * len(rows) + _FOOT)
    for position, row in enumerate(rows_of(rows)):
        _effort_bar(canvas, row, 6 + _BAR * position, most)
    _foot(canvas, d)
    return Chart(
        canvas=canvas,
        title=french("Crédits localisés par habitant : droit commun et crédits spécifiques"),
        alt=french("Barres horizontales des euros par habitant. " + " ; ".join(
            f"{_bar_name(row)} : {quantity(row.per_inhabitant, '€', decimals=2)}"
            for row in rows_of(rows)) + "."),
        source=sources_of(d, ["partenaires_financements"]),
    )  # fmt: skip


def _effort_bar(canvas: Canvas, row: Any, top: float, most: float) -> None:  # noqa: ANN401
    value = french(quantity(row.per_inhabitant, "€", decimals=2))
    detail = f"preuve au plus faible : {row.weakest}"
    room = WIDTH - text_width(detail, size=SMALL) - 8
    canvas.text(0, top + 10, fit(french(_bar_name(row)), room))
    canvas.text(WIDTH, top + 10, detail, size=SMALL, color=GREY, align="right")
    length = row.per_inhabitant / most * (WIDTH - 90)
    color = INK if row.nature == "droit_commun" else LINE
    weak = row.weakest == "D"
    canvas.box(0, top + 17, max(length, 1.0), 13, color=color, hatched=weak)
    canvas.text(length + 5, top + 27.5, value, bold=True)


def _foot(canvas: Canvas, d: DroitCommun) -> None:
    if d.dataset == "demo":
        canvas.text(WIDTH, canvas.height - 3, DEMO_MARK, size=SMALL - 0.7, color=GREY,
                    align="right")  # fmt: skip
