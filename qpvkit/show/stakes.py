"""The stakes of a quartier as a chart: how prominent, how sure, and what is not established."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import number, plural, quantity
from qpvkit.show.blocks import Note
from qpvkit.show.canvas import (
    BAND,
    BETTER,
    DEMO_MARK,
    GREY,
    INK,
    LINE,
    PALE,
    SMALL,
    WIDTH,
    WORSE,
    Canvas,
    fit,
    new_canvas,
    text_width,
)
from qpvkit.show.chart import Chart
from qpvkit.show.select import evidence_of, rows_of, source_line
from qpvkit.show.strips import LEGEND_LINE, draw_legend
from qpvkit.show.words import chance_text, french, ordinal

_ROW: Final = 60.0
_UNSCORED: Final = 19.0
_AXIS: Final = 16.0  # the words above the scale
_SCALE: Final = (8.0, 222.0)
_BARS: Final = (250.0, 330.0)
_FOOT: Final = 14.0
NOTHING_SCORED: Final = (
    "Aucun enjeu n'est assez mesuré dans ce quartier pour être classé. Ce n'est pas une absence "
    "de problème : le tableau suivant dit ce que l'on sait, ce qui manque, et à qui le demander."
)


def plot_stakes(d: Diagnostic) -> Chart | Note:
    """Draw the stakes by rank: prominence with its margin, chances of being in the top three.

    A pale background marks the stakes that may be in the top three; those that are not measured
    enough follow, in grey, with why.
    """
    scored = d.stakes[d.stakes["scored"]]
    others = d.stakes[~d.stakes["scored"]]
    if not len(scored):
        return Note(text=french(NOTHING_SCORED))
    canvas = _draw(d, scored, others)
    used = d.evidence.loc[d.evidence["retained"], "indicator"]
    sources = d.profile.loc[d.profile["indicator"].isin(used), "source"]
    return Chart(
        canvas=canvas,
        title="Les enjeux, du plus au moins mis en évidence",
        alt=french(_in_words(d, scored, others)),
        source=source_line(d, sources),
    )


def read_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write how many indicators of a stake were read: « 3 indicateurs lus sur 4 »."""
    if not row.expected:
        return "aucun indicateur ne le mesure"
    return f"{plural(int(row.read), 'indicateur lu', 'indicateurs lus')} sur {int(row.expected)}"


def rank_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write the ranks that the data allow: « rang 1 » or « rang 1 à 3 »."""
    low, high = int(row.rank_low), int(row.rank_high)
    return f"rang {low}" if low == high else f"rang {low} à {high}"


def vintages_text(d: Diagnostic, stake: str) -> str:
    """Write the years of the indicators retained for a stake: « 2018 à 2021 »."""
    known = [row.vintage for row in evidence_of(d, stake) if row.retained]
    years = sorted({int(year) for year in known if not pd.isna(year) and year > 0})
    if not years:
        return "année non précisée"
    return str(years[0]) if years[0] == years[-1] else f"{years[0]} à {years[-1]}"


def chance_at_random(row: Any) -> float:  # noqa: ANN401 - a row of itertuples
    """Return the chance that a stake drawn at random is in the top three."""
    return min(1.0, load_catalogue().threshold("enjeux_tete") / int(row.stakes_scored))


def _legend(scored: pd.DataFrame) -> list[list[tuple[str, str]]]:
    level = quantity(100 * load_catalogue().threshold("enjeux_niveau_ensemble"), "%")
    lines = [
        [("neutral", "ampleur et marge d’erreur"), ("bar worse", "plus marqué")],
        [("bar data", "chances d’être dans le trio de tête, données seules")],
        [("bar choices", "si les choix de méthode varient aussi"), ("tick", "au hasard")],
    ]
    if scored["prominence_high"].lt(0).any():
        lines[0].append(("bar better", "moins marqué"))
    if len(scored) > 3 and not scored["in_top_set"].all():
        lines.append([("bar top", french(f"ensemble du trio de tête, sûr à {level}"))])
    return lines


def _draw(d: Diagnostic, scored: pd.DataFrame, others: pd.DataFrame) -> Canvas:
    legend = _legend(scored)
    head = LEGEND_LINE * len(legend) + _AXIS + 8
    tail = _UNSCORED * len(others) + (8 if len(others) else 0)
    canvas = new_canvas(head + _ROW * len(scored) + tail + _FOOT)
    draw_legend(canvas, legend)
    ends = scored[["prominence_low", "prominence_high"]].astype(float)
    low, high = min(-0.5, float(ends.min().min())), max(0.5, float(ends.max().max()))
    scale = (_SCALE[1] - _SCALE[0]) / (high - low)
    zero = _SCALE[0] - low * scale
    bottom = head + _ROW * len(scored)
    _write_axis(canvas, d, zero, head)
    tops = [head + _ROW * rank for rank in range(len(scored))]
    if not scored["in_top_set"].all():
        shaded = [top for top, inside in zip(tops, scored["in_top_set"], strict=True) if inside]
        canvas.boxes([(0, top, WIDTH, _ROW - 3) for top in shaded], color=BAND)
    canvas.lines([((zero, top + 17), (zero, top + 39)) for top in tops], color=INK, width=0.9)
    _draw_chances(canvas, scored, tops)
    for top, row in zip(tops, rows_of(scored), strict=True):
        _draw_stake(canvas, d, row, top, zero, scale)
    for rank, row in enumerate(rows_of(others)):
        _draw_unscored(canvas, row, bottom + 6 + _UNSCORED * rank)
    if d.dataset == "demo":
        canvas.text(
            WIDTH, canvas.height - 3, DEMO_MARK, size=SMALL - 0.7, color=GREY, align="right"
        )
    return canvas


def _write_axis(canvas: Canvas, d: Diagnostic, zero: float, head: float) -> None:
    words = french(f"0 = {_zero_words(d)}")
    half = text_width(words, size=SMALL) / 2
    canvas.text(max(zero, half), head - 5, words, size=SMALL, align="center")
    canvas.text(WIDTH - 4, head - 5, french("trio de tête"), size=SMALL, align="right", color=GREY)


def _zero_words(d: Diagnostic) -> str:
    regime = str(d.stakes["regime"].iloc[0])
    return "quartier médian" if regime == "quartiers" else "aucun écart particulier"


def _draw_stake(
    canvas: Canvas, d: Diagnostic, row: Any, top: float, zero: float, scale: float  # noqa: ANN401
) -> None:  # fmt: skip
    verdict = str(row.verdict_label)
    room = WIDTH - text_width(verdict, bold=True) - 22
    canvas.text(4, top + 12, fit(french(f"{int(row.rank)}. {row.label}"), room), bold=True)
    canvas.text(WIDTH - 4, top + 12, verdict, align="right", bold=row.verdict == "established")
    y = top + 28
    ends = (zero + row.prominence_low * scale, y), (zero + row.prominence_high * scale, y)
    color = WORSE if row.prominence_low > 0 else BETTER if row.prominence_high < 0 else GREY
    canvas.lines([ends], color=color, width=2.2)
    canvas.marks([(zero + row.prominence * scale, y)], shape="o", color=color, size=8)
    detail = f"{rank_text(row)} · {read_text(row)} · {vintages_text(d, row.stake)}"
    canvas.text(4, top + 52, french(detail), size=SMALL, color=GREY)


def _draw_chances(canvas: Canvas, scored: pd.DataFrame, tops: list[float]) -> None:
    """Draw the chances of the top three, with the data alone then with the choices too."""
    left, length = _BARS[0], _BARS[1] - _BARS[0]
    canvas.boxes([(left, top + 19, length, 20) for top in tops], color=PALE)
    for down, column, fill in ((19, "p_top3_data", INK), (31, "p_top3", LINE)):
        shares = [float(share) for share in scored[column]]
        pairs = list(zip(tops, shares, strict=True))
        canvas.boxes([(left, top + down, length * share, 8) for top, share in pairs], color=fill)
        for top, share in pairs:
            words = _short_chance(share)
            canvas.text(WIDTH - 4, top + down + 7.5, words, size=SMALL, align="right")
    random = left + length * chance_at_random(next(rows_of(scored)))
    canvas.lines([((random, top + 16), (random, top + 42)) for top in tops], color=GREY, width=1.2)


def _short_chance(share: float) -> str:
    words = chance_text(share)
    return words.replace("plus de ", "> ").replace("moins de ", "< ")


def _draw_unscored(canvas: Canvas, row: Any, top: float) -> None:  # noqa: ANN401 - a row of itertuples
    count = f"{int(row.read)} {'lus' if row.read > 1 else 'lu'} sur {int(row.expected)}"
    why = f"{row.verdict_label} : {count if row.expected else 'aucun indicateur'}"
    room = WIDTH - text_width(why, size=SMALL) - 16
    canvas.text(4, top + 12, fit(french(str(row.label)), room, size=SMALL), size=SMALL, color=GREY)
    canvas.text(WIDTH - 4, top + 12, french(why), size=SMALL, color=GREY, align="right")


def _in_words(d: Diagnostic, scored: pd.DataFrame, others: pd.DataFrame) -> str:
    parts = [
        f"{ordinal(row.rank)}, {row.label} : {row.verdict_label}, {rank_text(row)}, ampleur "
        f"{number(row.prominence, decimals=1, signed=True)} (de "
        f"{number(row.prominence_low, decimals=1, signed=True)} à "
        f"{number(row.prominence_high, decimals=1, signed=True)}), dans le trio de tête à "
        f"{chance_text(row.p_top3_data)} selon les données, {chance_text(row.p_top3)} si les choix "
        f"de méthode varient aussi"
        for row in rows_of(scored)
    ]
    missing = [f"{row.label} ({read_text(row)})" for row in rows_of(others)]
    unread = f" Non établis, faute d'indicateurs : {', '.join(missing)}." if missing else ""
    random = chance_text(chance_at_random(next(rows_of(scored))))
    return (
        f"Enjeux du quartier {d.territory.label}, du plus au moins mis en évidence. "
        f"{' ; '.join(parts)}. Au hasard, un enjeu serait dans le trio de tête à {random}.{unread}"
    )
