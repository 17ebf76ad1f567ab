"""The page per stake (pour quoi, combien, avec qui, comment) and the data to download."""

from __future__ import annotations

import base64
import math
from typing import Any, Final

import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic.droit_commun import DroitCommun
from qpvkit.diagnostic.droit_commun.sheet import BACKED
from qpvkit.formats import listing, number, plural, quantity
from qpvkit.show.blocks import Fragment, Table, render
from qpvkit.show.droit_commun.words import NORM_WORDS, ratio, verdict_words
from qpvkit.show.sections import table_csv
from qpvkit.show.select import rows_of
from qpvkit.show.words import capital, french, gap_text, people_text, reference_place, value_text

_ASKED: Final = 2  # requests for data written out in the row of a stake
_ALERT: Final = "À traiter d'abord : enjeu établi ou probable, effort insuffisant ou inconnu"
_BACKED: Final = "Enjeux établis ou probables, effort au moins égal à la part attendue"
_OTHERS: Final = "Enjeux que les données ne permettent pas d'établir ici"


def stake_sheet(d: DroitCommun) -> Table:
    """Return one row per stake: pour quoi, combien, avec qui, comment.

    First the stakes that are established or probable and where ordinary effort is short, disputed
    or not known.
    """
    rows = d.sheet
    frame = pd.DataFrame(
        {
            "Enjeu": list(rows["label"]),
            "Pour quoi": [_why(d, row) for row in rows_of(rows)],
            "Combien": [_how_much(d, row) for row in rows_of(rows)],
            "Avec qui": [_with_whom(row) for row in rows_of(rows)],
            "Comment": [_how(d, row) for row in rows_of(rows)],
        }
    ).map(french)
    groups = [
        _ALERT if row.alert else _BACKED if row.verdict in BACKED else _OTHERS
        for row in rows_of(rows)
    ]
    return Table(
        frame=frame,
        caption=french("Pour quoi, combien, avec qui, comment : une ligne par enjeu"),
        name="tableau-fiches",
        groups=tuple(map(french, groups)),
        stacked=True,
    )


def _why(d: DroitCommun, row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    label = load_catalogue().verdicts[row.verdict].label
    if d.scope.kind != "qp":
        if not row.quartiers:
            return f"N'est établi ni probable dans aucun des {number(row.of)} quartiers."
        quartiers = plural(int(row.quartiers), "quartier")
        return f"Établi ou probable dans {quartiers} sur {number(row.of)}."
    chance = ""
    if not math.isnan(row.p_top3):
        chance = f", parmi les trois premiers dans {quantity(100 * row.p_top3, '%')} des tirages"
    return f"{capital(label)}{chance}.{_gap(row)}"


def _gap(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write the gap of the indicator that weighs most."""
    if not isinstance(row.indicator, str) or pd.isna(row.value):
        return ""
    words = f" {row.short} : {value_text(row.value, row.unit)}"
    if pd.notna(row.gap) and isinstance(row.reference_kind, str):
        place = reference_place(row.reference_kind, str(row.reference_label))
        words += f", écart {gap_text(row.gap, row.unit)} avec la valeur {place}"
    people = people_text(row.people) if pd.notna(row.people) else ""
    return f"{words} ({people} {row.base_label})." if people else f"{words}."


def _how_much(d: DroitCommun, row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    answers = d.services.loc[d.services["ordinary"].isin(row.services)]
    parts = [_measured(d, one) for one in rows_of(answers.loc[answers["measured"].astype(bool)])]
    silent = list(answers.loc[~answers["measured"].astype(bool), "label"])
    if silent:
        parts.append(f"Non mesurable à cette échelle : {listing(silent)}.")
    return " ".join(parts) or "Aucun service de droit commun n'est rattaché à cet enjeu."


def _measured(d: DroitCommun, one: Any) -> str:  # noqa: ANN401 - a row of itertuples
    same = d.equity["service"].eq(one.programme) & d.equity["year"].eq(one.year)
    found = d.equity.loc[same & d.equity["unit"].eq(one.unit)]
    indexes = [
        f"{ratio(row.index)} {NORM_WORDS[row.norm]}"
        for row in rows_of(found)
        if not math.isnan(row.index)
    ]
    missing = found.loc[found["norm"].eq("N1") & found["shortfall"].gt(0), "shortfall"]
    unit = "€" if one.unit == "eur" else "personnes"
    lack = f", manque {quantity(float(missing.iloc[0]), unit)} selon le besoin" if len(missing) \
        else ""  # fmt: skip
    grade = found["evidence_grade"].iloc[0]
    index = f" (indice {' ; '.join(indexes)}{lack} ; preuve {grade})" if indexes else ""
    return f"{one.label} : {verdict_words(one.verdict)}{index}."


def _with_whom(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if not row.funders:
        return "Partenaire à désigner."
    return f"{listing(list(row.funders))}. Élu et technicien référents : à renseigner au contrat."


def _how(d: DroitCommun, row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    parts = []
    if row.follow_up:
        parts.append(f"Suivre : {row.follow_up} ({row.follow_status}, {row.follow_label}).")
    answers = d.services.loc[d.services["ordinary"].isin(row.services)]
    silent = answers.loc[~answers["measured"].astype(bool)]
    shown = _ASKED if row.verdict in BACKED else 0
    parts += [
        f"{one.label} ({one.status}) : {one.action}, {one.deadline}."
        for one in rows_of(silent.iloc[:shown])
    ]
    if (left := len(silent) - shown) > 0:
        parts.append(f"{plural(left, 'demande')} de données, plus bas.")
    return " ".join(parts) or "Reconduire la mesure à la prochaine revue annuelle."


def droit_commun_data(d: DroitCommun) -> Fragment:
    """Return links that hold the tables themselves, as CSV for a French spreadsheet."""
    access = d.reach.access if d.reach else pd.DataFrame()
    files = [
        {
            "name": f"{d.scope.code}_{slug}.csv",
            "label": label,
            "rows": len(frame),
            "data": base64.b64encode(table_csv(frame).encode("utf-8")).decode("ascii"),
        }
        for slug, label, frame in (
            ("equite", "Indices d’équité", d.equity),
            ("services", "Services et mesurabilité", d.services),
            ("acces", "Accès aux services", access),
            ("credits", "Crédits localisés", d.money),
            ("postes", "Postes de la politique de la ville", d.posts),
        )
        if len(frame)
    ]
    return Fragment(markup=render("downloads.html.j2", files=files))


def droit_commun_caveats(d: DroitCommun) -> Fragment:
    """Return the sentences that must be read with the numbers."""
    texts = [french(text) for text in d.caveats["text"]]
    return Fragment(markup=render("plain_list.html.j2", texts=texts))
