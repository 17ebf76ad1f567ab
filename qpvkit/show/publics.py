"""The view by public: what is published of young people, women, lone parents, older people."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Final

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import DASH, vintage_label
from qpvkit.show.blocks import Table, text_frame, without_empty
from qpvkit.show.comparison import Comparison, read_comparison
from qpvkit.show.evidence import merge_asks
from qpvkit.show.select import compared, read, source_line
from qpvkit.show.words import capital, gap_text, is_count, reference_name, value_text

PUBLICS: Final = (
    "jeunes", "femmes", "familles_monoparentales", "seniors", "enfants", "personnes_handicapees",
)  # fmt: skip
_UNKNOWN: Final = "Publics dont rien n’est publié dans ce quartier"
_MOST: Final = 5  # indicators of a public: what may be said first, context last
_ASKS: Final = 2
_ORDER: Final = {
    "different": 0, "slight": 1, "inconclusive": 2, "multiple": 2, "similar": 3, "no_interval": 4,
    "none": 5,
}  # fmt: skip


def publics_table(d: Diagnostic) -> Table:
    """Return, for each public, the indicators that concern it and what may be said of them.

    The publics of whom nothing is published close the table, with whom to ask.
    """
    found = _comparable(d)
    records: list[dict[str, str]] = []
    groups: list[str] = []
    tones: list[str] = []
    unknown: dict[str, list[str]] = {}
    for public in PUBLICS:
        label = capital(load_catalogue().publics[public].label)
        rows = [line for line in found if public in line.own.publics][:_MOST]
        for line in rows:
            records.append(_record(line))
            groups.append(label)
            tones.append(line.said.tone)
        if not rows:
            unknown.setdefault(_whom_to_ask(d, public), []).append(label)
    for whom, labels in unknown.items():
        records.append(_nothing(" ; ".join(labels), whom))
        groups.append(_UNKNOWN)
        tones.append("")
    columns = without_empty({name: [one[name] for one in records] for name in records[0]})
    shown = [line.own.source for line in found if not set(PUBLICS).isdisjoint(line.own.publics)]
    return Table(
        frame=text_frame(columns),
        caption="Ce que l’on sait de chaque public, et ce que l’on peut en dire",
        name="tableau-publics",
        numeric=tuple(name for name in ("Quartier",) if name in columns),
        groups=tuple(groups),
        toned="Ce que l’on peut en dire",
        tones=tuple(tones),
        stacked=True,
        source=source_line(d, shown),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Line:
    """An indicator, its main comparison if there is one, and what may be said of it."""

    own: Any  # a row of the profile
    gap: Any | None  # a row of the gaps
    said: Comparison

    @property
    def place(self) -> int:
        """What may be said first, context last."""
        return 9 if self.own.direction == "neutral" else _ORDER[self.said.judgement]


def _comparable(d: Diagnostic) -> list[_Line]:
    """Return the published rates and amounts, head counts left out: what may be said first."""
    gaps = compared(d)
    lines = [
        _Line(own, gap, read_comparison(gap) if gap is not None else _uncompared(own))
        for own in read(d).profile.values()
        if not math.isnan(own.value) and not is_count(own.unit)
        for gap in [gaps.get(own.indicator)]
    ]
    return sorted(lines, key=lambda line: line.place)


def _uncompared(own: Any) -> Comparison:  # noqa: ANN401 - a row of itertuples
    nothing = math.nan
    return Comparison(
        gap=nothing, low=nothing, high=nothing, reference=nothing, unit=own.unit,
        direction=own.direction,
    )  # fmt: skip


def _record(line: _Line) -> dict[str, str]:
    own = line.own
    return {
        "Indicateur": str(own.label),
        "Quartier": value_text(own.value, own.unit, status=own.status),
        "Comparé à": _reference(line.gap),
        "Ce que l’on peut en dire": _said(line),
        "Millésime": vintage_label(own.vintage),
    }


def _reference(row: Any) -> str:  # noqa: ANN401 - a row of itertuples, or nothing
    if row is None:
        return DASH
    name = capital(reference_name(row.reference_kind, row.reference_label))
    return f"{name} : {value_text(row.reference_value, row.unit)}"


def _said(line: _Line) -> str:
    found = line.said
    if found.judgement == "none":
        return "rien à quoi comparer"
    if found.direction == "neutral":
        return f"{gap_text(found.gap, found.unit)}, donnée de contexte"
    margin = "" if found.judgement == "no_interval" else f" ({found.margin})"
    return f"{gap_text(found.gap, found.unit)}{margin} : {found.words}"


def _whom_to_ask(d: Diagnostic, public: str) -> str:
    """Say whom to ask for what concerns a public of whom nothing is published."""
    catalogue = load_catalogue()
    names = {item.id for item in catalogue.indicators.values() if public in item.publics}
    asks = merge_asks(row.ask for row in read(d).coverage if row.indicator in names)[:_ASKS]
    return f"à qui le demander – {' ; '.join(asks)}" if asks else "interlocuteur non précisé"


def _nothing(labels: str, whom: str) -> dict[str, str]:
    return {
        "Indicateur": labels, "Quartier": DASH, "Comparé à": DASH,
        "Ce que l’on peut en dire": whom, "Millésime": DASH,
    }  # fmt: skip
