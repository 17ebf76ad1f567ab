"""The map of two answers: how far from the territory, how unusual for a quartier."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import number, vintage_label
from qpvkit.show.blocks import Note
from qpvkit.show.canvas import (
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
from qpvkit.show.select import reference_title, rows_of, source_line
from qpvkit.show.words import french

_PLOT: Final = (6.0, 34.0, 186.0, 200.0)  # left, top, right, bottom
_NAMES: Final = 206.0  # where the names begin, right of the plot
_LINE: Final = 15.0
_FOOT: Final = 14.0


def map_severity(d: Diagnostic) -> Chart | Note:
    """Place the indicators that have both answers: severity across, specificity upwards.

    Severity is the distance to the territory of comparison, specificity what is unusual for a
    quartier, both in ordinary spreads between quartiers. Names stand in a column beside the plot,
    each tied to its point: they never overlap.
    """
    rows = d.evidence[d.evidence["severity"].notna() & d.evidence["specificity"].notna()]
    rows = rows[rows["reason"].isin(["", "redundant"])]
    title = reference_title(d)
    if not len(rows):
        return Note(
            text=french(
                "Pas de carte des deux réponses : pour les indicateurs classés, aucune valeur "
                f"n'est publiée pour {title} au même millésime."
            )
        )
    rows = rows.sort_values("specificity", ascending=False, kind="stable")
    canvas = _draw(d, rows, title)
    sources = d.profile.loc[d.profile["indicator"].isin(rows["indicator"]), "source"]
    return Chart(
        canvas=canvas,
        title=french(
            f"Deux réponses : l'écart avec {title}, et ce qui est inhabituel pour un quartier"
        ),
        alt=french(_in_words(d, rows, title)),
        source=source_line(d, sources),
    )


def _draw(d: Diagnostic, rows: pd.DataFrame, title: str) -> Canvas:
    left, top, right, bottom = _PLOT
    height = max(bottom + 34, top + _LINE * len(rows) + 20)
    canvas = new_canvas(height + _FOOT)
    x, y = rows["severity"].astype(float), rows["specificity"].astype(float)
    xs = _scale(min(0.0, *x), max(1.0, *x), left + 8, right - 8)
    ys = _scale(min(-1.0, *y), max(1.0, *y), bottom - 8, top + 8)
    canvas.box(left, top, right - left, bottom - top, color=PALE)
    canvas.lines(
        [((xs(0), top), (xs(0), bottom)), ((left, ys(0)), (right, ys(0)))], color=LINE, width=0.9
    )
    canvas.text(left, top - 18, "inhabituel pour un quartier", size=SMALL, color=GREY)
    canvas.text(left, top - 6, "(vers le haut : plus défavorable)", size=SMALL - 0.7, color=GREY)
    words = french(f"écart avec {title}")
    canvas.text(left, bottom + 13, fit(words, WIDTH, size=SMALL), size=SMALL, color=GREY)
    canvas.text(
        left, bottom + 26, "(vers la droite : plus défavorable)", size=SMALL - 0.7, color=GREY
    )
    points = [(xs(a), ys(b)) for a, b in zip(x, y, strict=True)]
    places = spread([place for _, place in points], gap=_LINE, low=top + 6, high=height - 8)
    canvas.lines(
        [
            ((point[0], point[1]), (_NAMES - 4, place - 3))
            for point, place in zip(points, places, strict=True)
        ],
        width=0.6,
    )
    for color in (WORSE, BETTER, GREY):
        kept = [
            point
            for point, low, high in zip(points, rows["z_low"], rows["z_high"], strict=True)
            if _tone(low, high) == color
        ]
        canvas.marks(kept, shape="o", color=color, size=8)
    for place, row in zip(places, rows_of(rows), strict=True):
        year = f" · {vintage_label(row.vintage if row.vintage > 0 else None)}"
        room = WIDTH - _NAMES - text_width(year, size=SMALL)
        color = INK if row.retained else GREY
        words = fit(french(row.short), room, size=SMALL) + year
        canvas.text(_NAMES, place, words, size=SMALL, color=color)
    if not rows["retained"].all():
        words = "en gris : redit un autre indicateur"
        canvas.text(_NAMES, canvas.height - _FOOT - 2, words, size=SMALL - 0.7, color=GREY)
    if d.dataset == "demo":
        canvas.text(
            WIDTH, canvas.height - 3, DEMO_MARK, size=SMALL - 0.7, color=GREY, align="right"
        )
    return canvas


def _tone(low: float, high: float) -> str:
    return WORSE if low > 0 else BETTER if high < 0 else GREY


def _scale(low: float, high: float, start: float, end: float) -> Any:  # noqa: ANN401 - a function
    return lambda value: start + (float(value) - low) / (high - low) * (end - start)


def spread(places: list[float], *, gap: float, low: float, high: float) -> list[float]:
    """Move names apart, as little as possible, keeping their order.

    Examples
    --------
    >>> spread([10.0, 11.0, 60.0], gap=12.0, low=0.0, high=100.0)
    [10.0, 22.0, 60.0]
    >>> spread([95.0, 99.0], gap=12.0, low=0.0, high=100.0)
    [88.0, 100.0]
    """
    moved: list[float] = []
    for place in places:
        moved.append(max(place, low, moved[-1] + gap if moved else low))
    for rank in reversed(range(len(moved))):
        ceiling = high if rank == len(moved) - 1 else moved[rank + 1] - gap
        moved[rank] = min(moved[rank], ceiling)
    return moved


def _in_words(d: Diagnostic, rows: pd.DataFrame, title: str) -> str:
    parts = [
        f"{row.short} : écart {number(row.severity, decimals=1, signed=True)}, inhabituel "
        f"{number(row.specificity, decimals=1, signed=True)}"
        for row in rows_of(rows)
    ]
    return (
        f"Carte des indicateurs du quartier {d.territory.label} : écart avec {title} et caractère "
        f"inhabituel parmi les quartiers, en dispersions ordinaires. {' ; '.join(parts)}."
    )
