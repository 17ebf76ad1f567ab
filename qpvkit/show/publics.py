"""The view by public: what is published of young people, women, lone parents, older people."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import DASH, vintage_label
from qpvkit.show.blocks import Table
from qpvkit.show.comparison import read_comparison
from qpvkit.show.evidence import merge_asks, without_empty
from qpvkit.show.select import compared, keep, rows_of, source_line
from qpvkit.show.words import capital, french, gap_text, is_count, reference_name, value_text

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
    profile = _comparable(d)
    records: list[dict[str, str]] = []
    groups: list[str] = []
    tones: list[str] = []
    unknown: dict[str, list[str]] = {}
    for public in PUBLICS:
        label = capital(load_catalogue().publics[public].label)
        rows = _of_public(profile, public).iloc[:_MOST]
        for row in rows_of(rows):
            records.append(_record(row))
            groups.append(label)
            tones.append(read_comparison(row).tone)
        if not len(rows):
            unknown.setdefault(_whom_to_ask(d, public), []).append(label)
    for whom, labels in unknown.items():
        records.append(_nothing(" ; ".join(labels), whom))
        groups.append(_UNKNOWN)
        tones.append("")
    frame = without_empty(pd.DataFrame(records).map(french))
    shown = keep(profile, (not set(PUBLICS).isdisjoint(names) for names in profile["publics"]))
    return Table(
        frame=frame,
        caption="Ce que l’on sait de chaque public, et ce que l’on peut en dire",
        name="tableau-publics",
        numeric=tuple(name for name in ("Quartier",) if name in frame),
        groups=tuple(groups),
        toned="Ce que l’on peut en dire",
        tones=tuple(tones),
        stacked=True,
        source=source_line(d, shown["source"]),
    )


def _comparable(d: Diagnostic) -> pd.DataFrame:
    """Return the published rates and amounts with their main comparison, head counts left out."""
    facts = ["indicator", "reference_kind", "reference_label", "reference_value", "gap",
             "gap_low", "gap_high", "different"]  # fmt: skip
    published = d.profile[d.profile["value"].notna()]
    published = keep(published, (not is_count(unit) for unit in published["unit"]))
    rows = published.merge(compared(d)[facts], on="indicator", how="left")
    judged = [read_comparison(row).judgement for row in rows_of(rows)]
    return rows.assign(
        place=[
            9 if row.direction == "neutral" else _ORDER[judgement]
            for row, judgement in zip(rows_of(rows), judged, strict=True)
        ]
    )


def _of_public(profile: pd.DataFrame, public: str) -> pd.DataFrame:
    concerned = keep(profile, (public in names for names in profile["publics"]))
    return concerned.sort_values("place", kind="stable")


def _record(row: Any) -> dict[str, str]:  # noqa: ANN401 - a row of itertuples
    return {
        "Indicateur": str(row.label),
        "Quartier": value_text(row.value, row.unit, status=row.status),
        "Comparé à": _reference(row),
        "Ce que l’on peut en dire": _said(row),
        "Millésime": vintage_label(row.vintage),
    }


def _reference(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if not isinstance(row.reference_kind, str):
        return DASH
    name = capital(reference_name(row.reference_kind, row.reference_label))
    return f"{name} : {value_text(row.reference_value, row.unit)}"


def _said(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    found = read_comparison(row)
    if found.judgement == "none":
        return "rien à quoi comparer"
    if row.direction == "neutral":
        return f"{gap_text(found.gap, row.unit)}, donnée de contexte"
    margin = "" if found.judgement == "no_interval" else f" ({found.margin})"
    return f"{gap_text(found.gap, row.unit)}{margin} : {found.words}"


def _whom_to_ask(d: Diagnostic, public: str) -> str:
    """Say whom to ask for what concerns a public of whom nothing is published."""
    catalogue = load_catalogue()
    names = [item.id for item in catalogue.indicators.values() if public in item.publics]
    known = d.coverage[d.coverage["indicator"].isin(names)]
    asks = merge_asks(known["ask"])[:_ASKS]
    return f"à qui le demander – {' ; '.join(asks)}" if asks else "interlocuteur non précisé"


def _nothing(labels: str, whom: str) -> dict[str, str]:
    return {
        "Indicateur": labels, "Quartier": DASH, "Comparé à": DASH,
        "Ce que l’on peut en dire": whom, "Millésime": DASH,
    }  # fmt: skip
