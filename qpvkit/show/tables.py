"""Tables of one quartier: identity, profile, gaps, references, coverage, sources, method."""

from __future__ import annotations

import collections
import math
import re
from typing import Any, Final, Literal

import pandas as pd

from qpvkit.codes import KIND_LABELS, Kind
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import DASH, number, quantity, vintage_label
from qpvkit.show.blocks import Note, Table, text_frame
from qpvkit.show.comparison import SAID
from qpvkit.show.select import (
    main_gaps,
    read,
    reference_title,
    rows_of,
    significant,
    source_line,
    theme_label,
    theme_profile,
)
from qpvkit.show.words import (
    REFERENCE_KINDS,
    capital,
    french,
    gap_text,
    interval_text,
    people_text,
    reference_name,
    reference_rate,
    value_text,
)

NO_REFERENCE: Final = f"{DASH} pas de valeur du même millésime"
THIRD_PARTY: Final = "tierce"
_PLURALS: Final[dict[str, str]] = {
    "commune": "Communes", "epci": "Intercommunalités", "departement": "Départements",
    "region": "Régions", "contrat": "Contrats de ville",
}  # fmt: skip
_MISSING_ORDER: Final = (
    "masked", "unavailable", "absent", "not_loaded", "other_zoning", "not_at_qp",
)  # fmt: skip
_FEW: Final = 3  # names are listed up to so many, counted by theme beyond
_QUANTILES: Final = {
    "médian": "une médiane", "quartile de": "un quartile", "écile de": "un décile",
}  # fmt: skip
_NO_REST: Final = {
    "outside": "le quartier n'y est pas tout entier",
    "no_base": "effectif du territoire non publié",
    "no_error": "marge d'erreur inconnue",
    "whole": "le quartier en est presque la totalité",
    "inconsistent": "les effectifs publiés ne s'accordent pas",
}
_PLACES: Final = ("commune", "epci", "departement", "region", "contrat")


def identity_table(d: Diagnostic) -> Table:
    """Return who the quartier is: code, map, places that hold it, inhabitants."""
    place = d.territory
    rows = [("Nom", place.label), ("Code", place.code)]
    if place.zoning:
        rows.append(("Géographie prioritaire", str(place.zoning)))
    for kind in _PLACES:
        held = [row for row in read(d).places if row.kind == kind]
        if held:
            head = _PLURALS[kind] if len(held) > 1 else capital(KIND_LABELS[kind])
            rows.append((head, " ; ".join(map(_place_text, held))))
    if not math.isnan(place.population):
        vintage = vintage_label(place.population_vintage)
        rows.append(("Habitants", f"{number(place.population)} (millésime {vintage})"))
    heads, texts = zip(*rows, strict=True)
    frame = text_frame({"Rubrique": heads, "Valeur": texts})
    return Table(frame=frame, caption="Carte d’identité du quartier", name="tableau-identite")


def _place_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write a place with its code and, when the quartier straddles, its share of the surface."""
    part = ""
    if row.share_basis == "surface" and not math.isnan(row.share):
        part = f", {quantity(100 * row.share, '%')} de la surface"
    return f"{row.label} ({row.code}{part})"


def profile_table(d: Diagnostic, *, theme: str) -> Table | Note:
    """Return what is published on a theme: value, base, vintage, other quartiers, source."""
    rows = theme_profile(d, theme)
    label = theme_label(theme)
    if not rows:
        return Note(text=french(f"{label} : aucun indicateur n'est publié pour ce quartier."))
    frame = text_frame(
        {
            "Indicateur": [row.label for row in rows],
            "Quartier": [value_text(row.value, row.unit, status=row.status) for row in rows],
            "Effectif": [_base_text(row) for row in rows],
            "Millésime": [vintage_label(row.vintage) for row in rows],
            "Autres quartiers (médiane)": [_peers_text(row) for row in rows],
            "Mieux placés": [_position_text(row.position) for row in rows],
        }
    )
    return Table(
        frame=frame,
        caption=french(f"{label} : valeurs publiées pour le quartier"),
        name=f"tableau-profil-{theme}",
        numeric=("Quartier", "Effectif", "Millésime", "Autres quartiers (médiane)", "Mieux placés"),
        source=source_line(d, [row.source for row in rows]),
    )


def _base_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if math.isnan(row.base):
        return DASH
    dated = pd.isna(row.base_vintage) or pd.isna(row.vintage) or row.base_vintage == row.vintage
    return number(row.base) if dated else f"{number(row.base)} ({vintage_label(row.base_vintage)})"


def _peers_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if pd.isna(row.peers_median):
        return DASH
    return f"{value_text(row.peers_median, row.unit)} ({number(row.peers)})"


def _position_text(position: float) -> str:
    return DASH if math.isnan(position) else quantity(100 * position, "%")


def gaps_table(
    d: Diagnostic, *, unit_kind: Literal["pct", "other"] = "pct", limit: int | None = None,
    reference: Kind | Literal["peers"] | None = None,
) -> Table | Note:  # fmt: skip
    """Return the gaps with a reference, their margins, and what is left of the territory.

    Grouped by what may be said: unfavourable first, then favourable, similar, not conclusive,
    without a margin of error, then context; the largest first within a unit.
    """
    points = unit_kind == "pct"
    found = [row for row in main_gaps(d, reference) if row.in_points == points]
    title = reference_title(d, reference)
    kind = "en points" if points else "dans une autre unité"
    if not found:
        return Note(text=french(f"Pas de tableau des écarts {kind}, faute de valeur comparable."))
    rows = _by_sense(found)[:limit]
    rest = french(f"Reste {reference_rate(reference or d.reference)} (quartier déduit)")
    head, margin = french(_heading(title)), french("Marge d'erreur")
    columns = {
        "Indicateur": [row.label for row in rows],
        "Quartier": [value_text(row.value, row.unit, status=row.status) for row in rows],
        head: [value_text(row.reference_value, row.unit) for row in rows],
        "Écart": [gap_text(row.gap, row.unit) for row in rows],
        margin: [interval_text(row.gap_low, row.gap_high, row.unit) for row in rows],
        rest: [rest_text(row) for row in rows],
        "Personnes concernées": [_people(row) for row in rows],
        "Millésime": [vintage_label(row.vintage) for row in rows],
        "Source": ["officielle" if row.official else THIRD_PARTY for row in rows],
    }
    for silent in ("Personnes concernées", rest):
        if set(columns[silent]) == {DASH}:
            del columns[silent]
    return Table(
        frame=text_frame(columns),
        caption=french(f"Détail des écarts avec {title}, {kind}"),
        name=f"tableau-ecarts-{unit_kind}" + (f"-{reference}" if reference else ""),
        numeric=("Quartier", head, "Écart", margin, "Millésime"),
        groups=tuple(french(_GROUPS[_sense(row)]) for row in rows),
        toned="Écart",
        tones=tuple(row.tone if row.judgement in SAID else "neutral" for row in rows),
        stacked=True,
        source=source_line(
            d, [name for row in rows for name in (row.source, row.reference_source)]
        ),
    )


_GROUPS: Final[dict[str, str]] = {
    "worse": "Plus défavorable dans le quartier",
    "better": "Plus favorable dans le quartier",
    "similar": "Similaire : la différence est trop petite pour compter",
    "inconclusive": "Non conclusif : la marge d’erreur ne permet pas de trancher",
    "no_interval": "Sans marge d’erreur connue : un ordre de grandeur",
    "neutral": "Éléments de contexte, ni favorables ni défavorables",
}


def _by_sense(rows: list[Any]) -> list[Any]:
    """Sort by what may be said, then unit, then size of the gap."""
    order = list(_GROUPS)

    def key(row: Any) -> tuple[int, str, float]:  # noqa: ANN401 - a row of itertuples
        size = math.inf if math.isnan(row.gap) else -abs(row.gap)  # not known comes last
        return order.index(_sense(row)), row.unit, size

    return sorted(rows, key=key)


def _sense(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if row.direction == "neutral":
        return "neutral"
    if row.judgement in SAID:
        return str(row.tone)
    return "inconclusive" if row.judgement == "multiple" else str(row.judgement)


def rest_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write the value of the territory without the quartier, or why it is out of reach.

    Examples
    --------
    >>> import types
    >>> row = types.SimpleNamespace(comparison="rest", comparison_reason="", rest_value=24.9,
    ...     rest_gap=21.4, unit="pct", label="Taux de pauvreté", reference_kind="commune")
    >>> rest_text(row)
    '24,9\u202f% (écart +21,4\u202fpoints)'
    """
    if row.comparison == "rest":
        return f"{value_text(row.rest_value, row.unit)} (écart {gap_text(row.rest_gap, row.unit)})"
    if row.reference_kind == "peers" or not isinstance(row.comparison_reason, str):
        return DASH
    if row.comparison_reason == "median":
        what = next((words for part, words in _QUANTILES.items() if part in row.label), "")
        return f"{what or 'cette mesure'} ne se soustrait pas"
    return _NO_REST.get(row.comparison_reason, DASH)


def _people(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if row.judgement in ("similar", "inconclusive", "multiple"):
        return DASH  # nobody is concerned by a difference that is not established
    text = people_text(row.people)
    return text if text == DASH else f"{text} {row.base_label}"


def references_table(d: Diagnostic, *, limit: int = 12) -> Table | Note:
    """Return the indicators with the largest gaps, beside each territory of comparison."""
    chosen = [row.indicator for row in significant(main_gaps(d))[:limit]]
    values: dict[str, dict[str, Any]] = {indicator: {} for indicator in chosen}
    labels: dict[str, str] = {}
    for row in (row for rows in read(d).gaps.values() for row in rows):
        if row.indicator in values:
            values[row.indicator].setdefault(row.reference_kind, row)
            labels.setdefault(row.reference_kind, str(row.reference_label))
    if not labels:
        return Note(text="Aucune valeur de comparaison du même millésime n’est chargée.")
    firsts = [next(iter(found.values())) for found in values.values()]
    columns: dict[str, list[str]] = {
        "Indicateur": [read(d).profile[indicator].label for indicator in chosen],
        "Millésime": [vintage_label(row.vintage) for row in firsts],
        "Quartier": [value_text(row.value, row.unit) for row in firsts],
    }
    for kind in (kind for kind in REFERENCE_KINDS if kind in labels):
        head = _heading(reference_name(kind, labels[kind]))
        columns[head] = [_reference_cell(found.get(kind)) for found in values.values()]
    origins = [row.reference_source for found in values.values() for row in found.values()]
    return Table(
        frame=text_frame(columns),
        caption=french("Les principaux indicateurs, ici et dans les territoires de comparaison"),
        name="tableau-references",
        numeric=tuple(columns)[1:],
        source=source_line(d, origins),
    )


def _heading(name: str) -> str:
    """Turn « la commune de Lille » into a heading: « Commune de Lille »."""
    return capital(re.sub(r"^(la |le |l’)", "", name))


def _reference_cell(row: Any) -> str:  # noqa: ANN401 - a row of itertuples, or nothing
    return NO_REFERENCE if row is None else value_text(float(row.reference_value), row.unit)


def coverage_table(d: Diagnostic) -> Table | Note:
    """Return what is missing, why, and whom to ask: one row per reason, grouped by state.

    Beyond a few, the indicators are counted by theme; `data_links` holds the whole list.
    """
    rows = [row for row in read(d).coverage if row.status != "published"]
    if not rows:
        return Note(text="Tous les indicateurs attendus sont publiés pour ce quartier.")
    order = {status: rank for rank, status in enumerate(_MISSING_ORDER)}
    rows.sort(key=lambda row: order.get(row.status, len(order)))
    counts = collections.Counter(row.status_label for row in rows)
    grouped: dict[tuple[str, str, str], list[Any]] = {}
    for row in rows:
        grouped.setdefault((row.status_label, row.reason, row.ask), []).append(row)
    columns = {
        "Ce qui manque": map(_missing_names, grouped.values()),
        "Pourquoi": [reason for _, reason, _ in grouped],
        "À qui le demander": [ask or DASH for _, _, ask in grouped],
    }
    return Table(
        frame=text_frame(columns),
        caption="Ce qui manque, pourquoi, et à qui le demander",
        name="tableau-couverture",
        groups=tuple(f"{capital(label)} ({counts[label]})" for label, _, _ in grouped),
        stacked=True,
    )


def _missing_names(rows: list[Any]) -> str:
    """Name what is missing, or count it by theme when the list would be long."""
    if len(rows) <= _FEW:
        return " ; ".join(row.label for row in rows)
    counts = collections.Counter(str(row.theme) for row in rows)
    return " ; ".join(f"{theme_label(theme)} ({count})" for theme, count in counts.items())


def sources_table(d: Diagnostic) -> Table | Note:
    """Return the files behind the numbers: producer, edition, vintages, licence."""
    if not len(d.sources):
        return Note(text="Aucune source n’est chargée pour ce quartier.")
    rows = d.sources
    frame = text_frame(
        {
            "Source": list(rows["title"]),
            "Producteur": [
                row.producer if row.official else f"{row.producer} (source tierce)"
                for row in rows_of(rows)
            ],
            "Édition": [edition or DASH for edition in rows["edition"]],
            "Millésimes": list(rows["vintages"]),
            "Licence": list(rows["licence"]),
            "Fichier lu": [file or DASH for file in rows["file"]],
        }
    )
    return Table(
        frame=frame,
        caption="Sources et fichiers lus",
        name="tableau-sources",
        links=tuple(str(page) for page in rows["page"]),
        stacked=True,
    )


def method_table(d: Diagnostic) -> Table:
    """Return the numbers of the method."""
    frame = text_frame(
        {
            "Règle": list(d.thresholds["label"]),
            "Valeur": [_plain_number(float(value)) for value in d.thresholds["value"]],
        }
    )
    return Table(
        frame=frame, caption="Seuils de la méthode", name="tableau-seuils", numeric=("Valeur",)
    )


def _plain_number(value: float) -> str:
    return number(value, decimals=0 if value == round(value) else 2)
