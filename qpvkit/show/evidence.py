"""Tables of the stakes: their ranks, what backs them, what is missing and whom to ask."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import DASH, listing, number, quantity, vintage_label
from qpvkit.show.blocks import Note, Table, text_frame, without_empty
from qpvkit.show.comparison import read_comparison
from qpvkit.show.select import evidence_of, read, source_line
from qpvkit.show.stakes import chance_at_random, rank_text
from qpvkit.show.words import (
    MASKED_WORDS,
    capital,
    chance_text,
    french,
    gap_text,
    interval_text,
    is_share,
    people_text,
    range_text,
    reference_name,
    value_text,
)

_SCORED: Final = "Enjeux classés"
_UNSCORED: Final = "Non établis : trop peu d'indicateurs lus pour en juger"
_NUMBERS: Final = ("Ampleur", "Trio de tête, données", "Trio de tête, données et choix")
_REASONS: Final = {
    "not_published": "non publié pour ce quartier",
    "too_old": "trop ancien",
    "no_error": "marge d'erreur inconnue",
    "no_scale": "pas d'échelle parmi les quartiers",
}
_RETAINED: Final = "Retenus"
_REPEATED: Final = "Non retenus : redisent un indicateur retenu"
_LEFT_OUT: Final = "Non retenus"


def stakes_table(d: Diagnostic) -> Table:
    """Return the stakes by rank: verdict, ranks, chances of the top three, what was read.

    Both ends of the balance λ are shown: what is unusual for a quartier, and the gap to the
    territory, which is « non mesurable » where no indicator of the stake is published there.

    The contract's own list and the votes stand in a table of their own: see `voices_table`.
    """
    rows = read(d).stakes
    columns: dict[str, list[str]] = {
        "Enjeu": [row.label for row in rows],
        "Verdict": [row.verdict_label for row in rows],
        "Rang": [rank_text(row) if row.scored else DASH for row in rows],
        "Ampleur": [prominence_text(row) for row in rows],
        "Inhabituel pour un quartier (λ = 0)": [_end_text(row.specificity, row) for row in rows],
        "Écart au territoire (λ = 1)": [_end_text(row.severity, row) for row in rows],
        "Trio de tête, données": [chance_text(row.p_top3_data) for row in rows],
        "Trio de tête, données et choix": [chance_text(row.p_top3) for row in rows],
        "Ensemble de tête": [_in_set(row) for row in rows],
        "Indicateurs lus": [_count_text(row) for row in rows],
    }
    if not any(row.scored for row in rows):
        columns = {name: columns[name] for name in ("Enjeu", "Verdict", "Indicateurs lus")}
    return Table(
        frame=text_frame(columns),
        caption=french(_caption(rows)),
        name="tableau-enjeux",
        numeric=tuple(name for name in _NUMBERS if name in columns),
        groups=tuple(french(_SCORED if row.scored else _UNSCORED) for row in rows),
        stacked=True,
    )


def _end_text(value: float, row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write one end of the balance λ, in σ; what no territory publishes is not null."""
    if not row.scored:
        return DASH
    return "non mesurable" if math.isnan(value) else number(value, decimals=1, signed=True)


def _caption(rows: list[Any]) -> str:
    scored = [row for row in rows if row.scored]
    if not scored:
        return "Les enjeux de la grille, et ce qui a pu en être lu"
    random = chance_text(chance_at_random(scored[0]))
    return (
        f"Les enjeux, leur rang, leurs chances d'être dans le trio de tête (au hasard : {random})"
    )


def _count_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    return f"{int(row.read)} sur {int(row.expected)}" if row.expected else "aucun ne le mesure"


def _in_set(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if not row.scored:
        return DASH
    return "oui" if row.in_top_set else "non"


def prominence_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write how prominent a stake is, with its margin: « +0,9 (de +0,7 à +1,0) »."""
    if math.isnan(row.prominence):
        return DASH
    middle, low, high = (
        number(value, decimals=1, signed=True)
        for value in (row.prominence, row.prominence_low, row.prominence_high)
    )
    return f"{middle} (de {low} à {high})"


def evidence_table(d: Diagnostic, *, stake: str) -> Table | Note:
    """Return what backs a stake: as published, with its luck taken back, and what is left out.

    Parameters
    ----------
    stake
        Its identifier in the catalogue.
    """
    order = [_RETAINED, _REPEATED, _LEFT_OUT]
    rows = sorted(evidence_of(d, stake), key=lambda row: order.index(_group(row)))
    if not rows:
        return Note(text="Aucun indicateur n’est déclaré pour cet enjeu.")
    profile = read(d).profile
    published = [profile.get(row.indicator) for row in rows]
    columns = {
        "Indicateur": [row.label for row in rows],
        "Publié": list(map(_published, rows, published)),
        "Comparé à": [_compared(row) for row in rows],
        "Écart publié": [_gap(row) for row in rows],
        "Écart corrigé de la chance": [corrected_text(row) for row in rows],
        "Personnes": [corrected_people_text(row) for row in rows],
        "Millésime": [_year(row.vintage) for row in rows],
        "Dans le classement": [capital(_standing(d, row)) for row in rows],
    }
    label = next(str(row.label) for row in read(d).stakes if row.stake == stake)
    return Table(
        frame=text_frame(without_empty(columns)),
        caption=french(f"{label} : ce qui fonde le classement"),
        name=f"tableau-preuves-{stake}",
        groups=tuple(french(_group(row)) for row in rows),
        toned="Écart corrigé de la chance",
        tones=tuple(read_comparison(row, corrected=True).tone for row in rows),
        stacked=True,
        source=source_line(d, [own.source for own in published if own is not None]),
    )


def _group(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if row.retained:
        return _RETAINED
    return _REPEATED if row.reason == "redundant" else _LEFT_OUT


def _year(vintage: float) -> str:
    if math.isnan(vintage):
        return DASH
    return vintage_label(vintage if vintage > 0 else None)


def _published(row: Any, own: Any) -> str:  # noqa: ANN401 - rows of itertuples, or nothing
    if not isinstance(row.status, str):
        return DASH
    value = value_text(row.value, row.unit, status=row.status)
    margin = DASH if own is None else range_text(own.value_low, own.value_high, row.unit)
    return value if margin == DASH else f"{value} ({margin})"


def _compared(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if not isinstance(row.reference_kind, str):
        return DASH
    name = reference_name(row.reference_kind, row.reference_label)
    return f"{capital(name)} : {value_text(row.reference_value, row.unit)}"


def _gap(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if math.isnan(row.gap):
        return DASH
    margin = interval_text(row.gap_low, row.gap_high, row.unit)
    gap = gap_text(row.gap, row.unit)
    return gap if margin == DASH else f"{gap} ({margin})"


def corrected_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write the gap once the luck of being selected is taken back, and what may be said of it."""
    found = read_comparison(row, corrected=True)
    if found.judgement == "none":
        return DASH
    return f"{gap_text(found.gap, row.unit)} ({found.margin}) : {found.words}"


def corrected_people(row: Any) -> float:  # noqa: ANN401 - a row of itertuples
    """Return by how many residents the corrected gap stands; NaN where it may not be said."""
    found = read_comparison(row, corrected=True)
    if not found.said or not is_share(row.unit) or math.isnan(row.base) or pd.isna(row.people):
        return math.nan
    return found.gap / 100 * float(row.base)


def corrected_people_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write these residents, rounded, with their base."""
    text = people_text(corrected_people(row))
    return text if text == DASH else f"{text} {row.base_label}"


def _standing(d: Diagnostic, row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Say whether an indicator counts, and why not."""
    if row.retained:
        return "retenu"
    if row.reason == "redundant":
        rho = _rho(d, row.indicator, row.stands_for)
        strength = "" if math.isnan(rho) else f" (corrélation {number(rho, decimals=2)})"
        return f"redit « {_short(d, row.stands_for)} »{strength}"
    return reason_text(row)


def reason_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Say why an indicator does not count: secret, missing, old, without error or scale."""
    masked = MASKED_WORDS.get(row.status) if isinstance(row.status, str) else None
    if row.reason == "not_published" and masked:
        return "masqué par le secret statistique" if masked == "masqué" else masked
    return _REASONS.get(str(row.reason), str(row.reason))


def _short(d: Diagnostic, indicator: str) -> str:
    rows = (row for found in read(d).evidence.values() for row in found)
    return next((str(row.short) for row in rows if row.indicator == indicator), indicator)


def _rho(d: Diagnostic, one: str, other: str) -> float:
    return read(d).correlations.get(frozenset((one, other)), math.nan)


def missing_stakes_table(d: Diagnostic) -> Table | Note:
    """Return the stakes that are not established: what is known, what is missing, whom to ask."""
    rows = [row for row in read(d).stakes if not row.scored]
    if not rows:
        return Note(text="Tous les enjeux de la grille sont assez mesurés pour être classés.")
    columns = {
        "Enjeu": [row.label for row in rows],
        "Indicateurs lus": [_count_text(row) for row in rows],
        "Ce que l'on sait": [known_text(d, row.stake) for row in rows],
        "Ce qui manque": [_missing_text(d, row.stake) for row in rows],
        "À qui le demander": [" ; ".join(asks_of(d, row.stake)) or DASH for row in rows],
    }
    kept = {french(name): texts for name, texts in without_empty(columns).items()}
    least = int(load_catalogue().threshold("enjeux_indicateurs_min"))
    share = quantity(100 * load_catalogue().threshold("enjeux_part_lue"), "%")
    return Table(
        frame=text_frame(kept),
        caption=french(
            f"Enjeux non établis : il faudrait lire {share} de leurs indicateurs, {least} au moins"
        ),
        name="tableau-enjeux-non-etablis",
        stacked=True,
    )


def _missing_text(d: Diagnostic, stake: str) -> str:
    names = [f"{name} ({why})" if why else name for name, why in missing_of(d, stake)]
    return " ; ".join(names) or DASH


def known_text(d: Diagnostic, stake: str) -> str:
    """Write the values of a stake that is not ranked; a dash when there is none."""
    parts = []
    for row in evidence_of(d, stake):
        if math.isnan(row.value):
            continue
        value = value_text(row.value, row.unit, status=row.status)
        against = ""
        if isinstance(row.reference_kind, str):
            name = reference_name(row.reference_kind, row.reference_label)
            against = f", {name} : {value_text(row.reference_value, row.unit)}"
        year = _year(row.vintage)
        dated = year if year[:1].isdigit() else f"millésime {year}"
        parts.append(f"{row.label} : {value} ({dated}{against})")
    return " ; ".join(parts) or DASH


def missing_of(d: Diagnostic, stake: str) -> list[tuple[str, str]]:
    """Name the indicators of a stake that do not count, with why unless it is plain absence."""
    plain = _REASONS["not_published"]
    return [
        (str(row.short), "" if (why := reason_text(row)) == plain else why)
        for row in evidence_of(d, stake)
        if not row.retained and row.reason != "redundant"
    ]


def asks_of(d: Diagnostic, stake: str) -> list[str]:
    """Return whom to ask for what a stake lacks, one line a request."""
    wanted = {row.indicator for row in evidence_of(d, stake) if not row.retained}
    return merge_asks(row.ask for row in read(d).coverage if row.indicator in wanted)


def merge_asks(asks: Iterable[object]) -> list[str]:
    """Put together those of whom the same thing is asked.

    Examples
    --------
    >>> merge_asks(["Insee : demander la table.", "Cnaf : demander la table.", "", "Mairie"])
    ['Insee et Cnaf : demander la table', 'Mairie']
    """
    holders: dict[str, list[str]] = {}
    for ask in dict.fromkeys(str(ask).rstrip(".") for ask in asks):
        holder, _, request = ask.rpartition(" : ")
        if ask:
            holders.setdefault(request, []).append(holder)
    return [
        f"{listing(names)} : {request}" if any(names) else request
        for request, names in holders.items()
    ]
