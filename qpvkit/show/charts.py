"""Charts of one quartier: its gaps with a reference, its place among the other quartiers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, Literal

import pandas as pd

from qpvkit.codes import Kind
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import THIN, number, vintage_label
from qpvkit.show.blocks import Note
from qpvkit.show.canvas import (
    DEMO_MARK,
    GREY,
    INK,
    SMALL,
    UNSAID,
    WIDTH,
    Align,
    Canvas,
    fit,
    new_canvas,
    text_width,
)
from qpvkit.show.chart import Chart
from qpvkit.show.comparison import SAID, read_comparison
from qpvkit.show.select import (
    main_gaps,
    reference_title,
    significant,
    source_line,
    theme_label,
    theme_profile,
)
from qpvkit.show.strips import (
    COLORS,
    LEGEND_LINE,
    TONE_WORDS,
    draw_legend,
    draw_strips,
    legend_of,
    read_strips,
    strips_in_words,
)
from qpvkit.show.words import (
    french,
    gap_text,
    is_count,
    value_text,
)

_GAP_ROW: Final = 37.0
_GAP_HEAD: Final = 42.0
_GAP_ROOM: Final = 52.0  # beside a bar, for its value
_FOOT: Final = 12.0


def plot_gaps(
    d: Diagnostic, *, reference: Kind | Literal["peers"] | None = None, limit: int = 12
) -> Chart | Note:
    """Draw the largest gaps in points with a reference, the most unfavourable first.

    Only indicators in % that have a sense: context is neither favourable nor unfavourable.

    Parameters
    ----------
    reference
        The kind of territory compared with; that of the diagnostic by default.
    limit
        The number of bars at most; the largest gaps are kept, whichever way they point.
    """
    title = reference_title(d, reference)
    found = significant(main_gaps(d, reference))
    ranks = sorted(range(len(found)), key=lambda rank: -abs(found[rank].gap))[:limit]
    rows = [found[rank]._replace(short=french(found[rank].short)) for rank in sorted(ranks)]
    if not rows:
        return Note(text=french(f"Aucun écart en points à montrer avec {title} : "
                                "pas de pourcentage comparable au même millésime."))  # fmt: skip
    canvas = _draw_gaps(d, rows, title)
    count = f"les {len(rows)} plus grands sur {len(found)}" if len(found) > len(rows) else ""
    return Chart(
        canvas=canvas,
        title=french(f"Écarts avec {title}, en points" + (f" ({count})" if count else "")),
        alt=french(_gaps_in_words(d, rows, title)),
        source=source_line(
            d, [name for row in rows for name in (row.source, row.reference_source)]
        ),
    )


def _draw_gaps(d: Diagnostic, rows: list[Any], title: str) -> Canvas:
    legend = _legend_of_gaps(rows)
    head = _GAP_HEAD + LEGEND_LINE * (len(legend) - 1)
    canvas = new_canvas(head + _GAP_ROW * len(rows) + _FOOT)
    ends = [end for row in rows for end in (row.gap, row.gap_low, row.gap_high, row.rest_gap)]
    known = [float(end) for end in ends if not pd.isna(end)]
    low, high = min(0.0, *known), max(0.0, *known)
    left = _GAP_ROOM if low < 0 else 2.0
    scale = (WIDTH - left - (_GAP_ROOM if high > 0 else 2.0)) / (high - low)
    zero = left - low * scale
    draw_legend(canvas, legend)
    _zero_line(canvas, zero, title, [row.short for row in rows], head)
    for position, row in enumerate(rows):
        _draw_gap(canvas, row, head + _GAP_ROW * position, zero, scale)
    _foot(canvas, d)
    return canvas


def _legend_of_gaps(rows: list[Any]) -> list[list[tuple[str, str]]]:
    """Return the lines of the legend; only what the chart holds."""
    lines = [[(f"bar {tone}", f"situation {TONE_WORDS[tone]}") for tone in ("worse", "better")]]
    if any(row.judgement not in SAID for row in rows):
        lines.append([("bar unsaid", "non établi, ou sans marge d’erreur connue")])
    if any(not math.isnan(row.gap_low) for row in rows):
        lines.append([("whisker", "marge d’erreur (95 chances sur 100)")])
    if any(row.comparison == "rest" for row in rows):
        lines.append([("reference", "écart avec le reste, quartier déduit")])
    return lines


def _zero_line(canvas: Canvas, zero: float, title: str, labels: list[str], head: float) -> None:
    """Draw the reference: one line, cut where it would run through the labels."""
    bottom = canvas.height - _FOOT - 4
    tops = [head + _GAP_ROW * rank for rank in range(len(labels))]
    crossed = zero < 6 + max(text_width(label) for label in labels)
    pieces = [(top + 14, top + 31) for top in tops] if crossed else [(head - 9, bottom)]
    canvas.lines([((zero, start), (zero, end)) for start, end in pieces], color=INK, width=0.9)
    words = fit(french(f"0 = {title}"), WIDTH, size=SMALL)
    half = text_width(words, size=SMALL) / 2
    place = min(max(zero, half), WIDTH - half)
    canvas.text(place, head - 13, words, size=SMALL, align="center")


def _draw_gap(canvas: Canvas, row: Any, top: float, zero: float, scale: float) -> None:  # noqa: ANN401 - a row of itertuples
    detail = _vintage_and_base(row)
    room = WIDTH - text_width(detail, size=SMALL) - 12
    canvas.text(0, top + 11, fit(row.short, room))
    canvas.text(WIDTH, top + 11, detail, size=SMALL, color=GREY, align="right")
    length, said = float(row.gap) * scale, row.judgement in SAID
    color = COLORS[row.tone] if said else UNSAID
    canvas.box(min(zero, zero + length), top + 17, abs(length), 12, color=color)
    ends = [zero + float(end) * scale for end in (row.gap_low, row.gap_high)]
    if not math.isnan(ends[0]):
        canvas.lines([((ends[0], top + 23), (ends[1], top + 23))], color=INK, width=1.3)
    far = [zero + length, *(end for end in ends if not math.isnan(end))]
    if row.comparison == "rest":
        place = zero + float(row.rest_gap) * scale
        canvas.mark(place, top + 23, shape="D", color=INK, hollow=True)
        far.append(place + math.copysign(4, length))
    value = gap_text(float(row.gap), row.unit).split(THIN)[0]
    align: Align = "left" if length > 0 else "right"
    end = (max(far) if length > 0 else min(far)) + math.copysign(4, length)
    shade = color if said else GREY
    canvas.text(end, top + 26.5, value, color=shade, bold=said, align=align)


def _vintage_and_base(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    vintage = vintage_label(row.vintage)
    return vintage if math.isnan(row.base) else f"{vintage} · effectif {number(row.base)}"


def _gaps_in_words(d: Diagnostic, rows: list[Any], title: str) -> str:
    parts = [
        f"{row.short} : {gap_text(float(row.gap), row.unit)} "
        f"({value_text(float(row.value), row.unit)} contre "
        f"{value_text(float(row.reference_value), row.unit)}, {_said_of(row)})"
        for row in rows
    ]
    return (
        f"Barres horizontales des écarts entre le quartier {d.territory.label} et {title}. "
        f"{' ; '.join(parts)}."
    )


def _said_of(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Say a margin of error and what it allows to say."""
    found = read_comparison(row)
    margin = "" if found.judgement == "no_interval" else f", marge d’erreur {found.margin}"
    rest = ""
    if row.comparison == "rest":
        rest = f", {gap_text(float(row.rest_gap), row.unit)} avec le reste, quartier déduit"
    return f"{found.words}{margin}{rest}"


def plot_profile(
    d: Diagnostic, *, theme: str, indicators: Sequence[str] | None = None
) -> Chart | Note:
    """Draw each indicator of a theme on its own scale, among the other quartiers.

    A light band from the 10th to the 90th percentile of the other quartiers of the same map and
    vintage, a darker one for the middle half, a tick for the median, a dot for this quartier, a
    diamond for the reference. Head counts are left to the table: two quartiers of different sizes
    do not compare.

    Parameters
    ----------
    theme
        Its identifier in the catalogue.
    indicators
        Keep only these; every indicator of the theme by default.
    """
    rows = drawable(d, theme)
    if indicators is not None:
        rows = [row for row in rows if row.indicator in set(indicators)]
    label = theme_label(theme)
    if not rows:
        return Note(text=french(f"{label} : aucun taux n'est publié pour ce quartier, seulement "
                                "des effectifs ou rien."))  # fmt: skip
    strips = read_strips(d, rows)
    legend = legend_of(d, strips)
    head = LEGEND_LINE * len(legend) + 10
    canvas = new_canvas(head + sum(strip.height for strip in strips) + _FOOT)
    draw_legend(canvas, legend)
    draw_strips(canvas, strips, head)
    _foot(canvas, d)
    return Chart(
        canvas=canvas,
        title=french(f"{label} : le quartier parmi les autres quartiers prioritaires"),
        alt=french(strips_in_words(d, label, strips)),
        source=source_line(d, [row.source for row in rows]),
    )


def drawable(d: Diagnostic, theme: str) -> list[Any]:
    """Return the rows of a theme that a strip can show: rates and amounts, no head count."""
    return [row for row in theme_profile(d, theme) if not is_count(row.unit)]


def _foot(canvas: Canvas, d: Diagnostic) -> None:
    if d.dataset == "demo":
        canvas.text(
            WIDTH, canvas.height - 3, DEMO_MARK, size=SMALL - 0.7, color=GREY, align="right"
        )
