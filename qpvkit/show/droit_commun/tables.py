"""Tables of the droit commun: indexes, services, money, posts, communes, staff."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd

from qpvkit.diagnostic.droit_commun import DroitCommun
from qpvkit.formats import DASH, listing, number, plural, quantity
from qpvkit.load.ledger.lines import FLAG_LABELS
from qpvkit.measure.droit_commun.staff import MEASURE_LABELS
from qpvkit.show.blocks import Note, Table
from qpvkit.show.droit_commun.words import (
    GRADE_WORDS,
    NATURE_WORDS,
    NORM_WORDS,
    STAGE_WORDS,
    conclusion,
    interval,
    not_measurable,
    ratio,
    sources_of,
    substitution_words,
    verdict_words,
)
from qpvkit.show.select import rows_of
from qpvkit.show.words import capital, french

_TONES: Final = {"short_proven": "worse", "short_likely": "worse", "over": "neutral"}
_UNIT_WORDS: Final = {"personnes": "bénéficiaires", "eur": "euros"}
_KNOWN_WORDS: Final = {
    "located": "", "partial": "une partie des quartiers seulement",
    "total": "total du territoire seulement",
}  # fmt: skip
_SHARES: Final = ("vacancy", "junior", "contractual", "hours_lost")
_FEWEST: Final = 3  # comparators under which what one commune is expected to receive is not shown
_NAMED: Final = 4
_POSTS: Final = {"anct_adultes_relais": "Adultes-relais", "anct_postes_fonjep": "Postes Fonjep"}


def equity_table(d: DroitCommun) -> Table | Note:
    """Return each index, norm by norm, with its interval, its grade and its conclusion."""
    if d.equity.empty:
        return Note(text=french(
            "Aucun service n'est compté à la fois ici et dans un territoire plus large : aucun "
            "indice d'équité n'est calculé. Le tableau que remplissent les partenaires "
            "(qpvkit template funding) suffit à l'établir."
        ))  # fmt: skip
    rows = d.equity
    frame = pd.DataFrame(
        {
            "Norme": [_norm(row) for row in rows_of(rows)],
            "Ici": [_served(row) for row in rows_of(rows)],
            "Indice": [_index(row) for row in rows_of(rows)],
            "Intervalle à 95 %": [_noise(row) for row in rows_of(rows)],
            "Manque": [_shortfall(row) for row in rows_of(rows)],
            "Preuve": list(rows["evidence_grade"]),
            "Conclusion": [conclusion(row) for row in rows_of(rows)],
        }
    ).map(french)
    groups = [
        f"{row.label}, {_UNIT_WORDS[row.unit]}, {row.year} (part de {row.whole_label})"
        for row in rows_of(rows)
    ]
    return Table(
        frame=frame,
        caption=french("Indice d'équité : part reçue sur part attendue (1 : part égale)"),
        name="tableau-equite",
        groups=tuple(map(french, groups)),
        toned="Conclusion",
        tones=tuple(_TONES.get(verdict, "") for verdict in rows["verdict"]),
        stacked=True,
        source=sources_of(d, rows["source"]),
    )  # fmt: skip


def _norm(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    words = f"{row.norm}, {NORM_WORDS[row.norm]}"
    if row.norm == "N0" or not isinstance(row.need_label, str):
        return words
    return f"{words} ({row.need_label}, {number(row.vintage).replace(chr(0x202F), '')})"


def _served(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    total = _amount(row.served_total, row.unit)
    if math.isnan(row.served):
        known = _KNOWN_WORDS[row.known]
        return f"inconnu, sur {total}" + (f" ({known})" if known else "")
    return f"{_amount(row.served, row.unit)} sur {total}"


def _amount(value: float, unit: str) -> str:
    return quantity(value, "€") if unit == "eur" else number(value)


def _index(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if not math.isnan(row.index):
        return ratio(row.index)
    if math.isnan(row.index_low):
        return DASH
    return f"bornes : {interval(row.index_low, row.index_high)}"


def _noise(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if row.method == "accounts" and row.low == row.high:
        return "sans objet : des comptes, pas un tirage"
    return interval(row.low, row.high) or DASH


def _shortfall(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if math.isnan(row.shortfall) or row.evidence_grade == "D":
        return DASH
    if row.shortfall <= 0:
        return "aucun"
    unit = "€" if row.unit == "eur" else "personnes"
    return quantity(row.shortfall, unit)


def services_table(d: DroitCommun) -> Table:
    """Return every service that a contrat should name: its verdict, or why it has none.

    The sentence of a service without a verdict is fixed: what is known and at which scale, who
    holds it, what to do and by when.
    """
    rows = d.services.sort_values("measured", ascending=False, kind="stable")
    frame = pd.DataFrame(
        {
            "Service": list(rows["label"]),
            "Verdict": [capital(verdict_words(verdict)) for verdict in rows["verdict"]],
            "Mesurabilité": [f"{row.status}, {row.status_label}" for row in rows_of(rows)],
            "Ce qui est établi, ou à demander": [_said(d, row) for row in rows_of(rows)],
        }
    ).map(french)
    heads = {True: "Services qui ont un verdict", False: "Services sans verdict"}
    counts = rows["measured"].value_counts().to_dict()
    return Table(
        frame=frame,
        caption=french("Les services que le contrat devrait nommer, et ce que l'on en sait"),
        name="tableau-services",
        groups=tuple(f"{heads[bool(one)]} ({counts[one]})" for one in rows["measured"]),
        toned="Verdict",
        tones=tuple(_TONES.get(verdict, "") for verdict in rows["verdict"]),
        stacked=True,
    )


def _said(d: DroitCommun, row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if not row.measured:
        return not_measurable(row)
    same = d.equity["service"].eq(row.programme) & d.equity["year"].eq(row.year)
    found = d.equity.loc[same & d.equity["unit"].eq(row.unit)]
    parts = [
        f"{_index(one)} {NORM_WORDS[one.norm]}"
        for one in rows_of(found)
        if not math.isnan(one.index_low)
    ]
    grade = found["evidence_grade"].iloc[0] if len(found) else ""
    return (
        f"Indice {' ; '.join(parts)} ({_UNIT_WORDS[row.unit]}, {row.year}, niveau de preuve "
        f"{grade})."
    )


def money_table(d: DroitCommun) -> Table | Note:
    """Return the euros known at this scale, ordinary and specific apart, with their evidence."""
    if d.money.empty:
        return Note(text=french(
            "Aucun crédit n'est localisé à cette échelle dans les fichiers chargés. L'inventaire "
            "des partenaires (qpvkit template funding) est le seul moyen de l'établir."
        ))  # fmt: skip
    rows = d.money.sort_values(["year", "stage", "nature"], ascending=[False, False, True])
    frame = pd.DataFrame(
        {
            "Exercice": [str(year) for year in rows["year"]],
            "Étape": [STAGE_WORDS[stage] for stage in rows["stage"]],
            "Nature": [NATURE_WORDS[nature] for nature in rows["nature"]],
            "Montant": [quantity(cents / 100, "€", decimals=2) for cents in rows["cents"]],
            "Par habitant": [quantity(v, "€", decimals=2) for v in rows["per_inhabitant"]],
            "Niveau de preuve": [_mix(row) for row in rows_of(rows)],
        }
    ).map(french)
    return Table(
        frame=frame,
        caption=french("Crédits localisés à cette échelle : jamais additionnés entre étapes"),
        name="tableau-credits",
        numeric=("Montant", "Par habitant"),
        stacked=True,
        source=sources_of(d, ["partenaires_financements"]),
    )


def _mix(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    shares = {"A": row.grade_a, "B": row.grade_b, "C": row.grade_c, "D": row.grade_d}
    parts = [f"{quantity(100 * share, '%')} {name}" for name, share in shares.items() if share > 0]
    return ", ".join(parts)


def above_table(d: DroitCommun) -> Table | Note:
    """Return what is known further up only: context, never spread over the quartier."""
    if d.above.empty:
        return Note(text=french(
            "Aucun crédit de droit commun n'est connu dans les territoires plus larges, hors "
            "péréquation."
        ))  # fmt: skip
    rows = d.above.sort_values(["year", "kind", "programme"], ascending=[False, True, True])
    frame = pd.DataFrame(
        {
            "Programme": [row.programme or "Subvention" for row in rows_of(rows)],
            "Financeur": list(rows["funder_name"]),
            "Exercice, étape": [f"{row.year}, {STAGE_WORDS[row.stage]}" for row in rows_of(rows)],
            "Nature": [NATURE_WORDS[nature] for nature in rows["nature"]],
            "Montant": [quantity(cents / 100, "€") for cents in rows["cents"]],
            "Par habitant": [quantity(v, "€", decimals=2) for v in rows["per_inhabitant"]],
        }
    ).map(french)
    return Table(
        frame=frame,
        caption=french("Connu à une échelle plus large : rien n'en est réparti vers le quartier"),
        name="tableau-credits-territoire",
        groups=tuple(french(str(label)) for label in rows["label"]),
        numeric=("Montant", "Par habitant"),
        stacked=True,
    )


def posts_table(d: DroitCommun) -> Table | Note:
    """Return the posts of the contrat over the inhabitants of its quartiers, added up."""
    if d.posts.empty:
        return Note(text=french(
            "Aucun poste d'adulte-relais ni de Fonjep n'est rattaché au contrat dans les fichiers "
            "chargés, ou aucun contrat n'est rattaché au quartier par une table de codes."
        ))  # fmt: skip
    rows = d.posts.sort_values(["source", "year"])
    frame = pd.DataFrame(
        {
            "Postes": [_POSTS.get(row.source, row.source) for row in rows_of(rows)],
            "Exercice": [str(year) for year in rows["year"]],
            "Contrat": [f"{row.contrat_label} ({row.contrat})" for row in rows_of(rows)],
            "Nombre": [number(count) for count in rows["posts"]],
            "Habitants des quartiers": [number(people) for people in rows["population"]],
            "Pour 10 000 habitants": [number(rate, decimals=1) for rate in rows["posts_per_10000"]],
        }
    ).map(french)
    return Table(
        frame=frame,
        caption=french("Postes de la politique de la ville : comptés, jamais payés "
                       f"({FLAG_LABELS['nominal']})"),
        name="tableau-postes",
        numeric=("Nombre", "Habitants des quartiers", "Pour 10 000 habitants"),
        source=sources_of(d, rows["source"]),
    )  # fmt: skip


def perequation_table(d: DroitCommun) -> Table | Note:
    """Return DETR and DSIL of the communes: region as a whole, then the communes of the page."""
    if not d.perequation:
        return Note(text=french(
            "Aucun fichier de DETR ni de DSIL n'est chargé pour les communes de cette région."
        ))  # fmt: skip
    lines: list[tuple[str, str, str, str, str]] = []
    for item in d.perequation:
        lines.append(_region_line(item))
        alike = item.communes["comparators"].ge(_FEWEST) & item.communes["expected"].gt(0)
        lines += [_commune_line(row, item.year) for row in rows_of(item.communes.loc[alike])]
        alone = item.communes.loc[~alike]
        if len(alone):
            lines.append(_alone_line(alone, item.year))
    frame = pd.DataFrame(
        lines, columns=["Communes", "Exercice", "Reçu par habitant", "Communes semblables",
                        "Ce que l'on peut en dire"],
    ).map(french)  # fmt: skip
    return Table(
        frame=frame,
        caption=french("DETR et DSIL : versées aux communes, jamais comptées au quartier"),
        name="tableau-perequation",
        numeric=("Reçu par habitant", "Communes semblables"),
        stacked=True,
        source=sources_of(d, [source for source in d.sources["source"]
                              if source.startswith("dgcl_projets")]),
    )  # fmt: skip


def _region_line(item: Any) -> tuple[str, str, str, str, str]:  # noqa: ANN401
    found = item.comparison
    label = f"Région, {plural(len(found.pairs), 'commune appariée', 'communes appariées')}"
    if math.isnan(found.difference):
        said = "aucune commune assez semblable"
    else:
        gap = quantity(found.difference, "€", decimals=2, signed=True)
        span = (
            f"de {quantity(found.low, '€', decimals=2)} à {quantity(found.high, '€', decimals=2)}"
        )
        certain = "écart non établi" if found.low <= 0 <= found.high else "écart établi"
        said = f"écart {gap} ({span}) : {certain}"
        if math.isnan(found.low):
            said = f"écart {gap}, trop peu de communes pour un intervalle"
    return (
        label, str(item.year), quantity(found.received, "€", decimals=2),
        quantity(found.expected, "€", decimals=2), said,
    )  # fmt: skip


def _commune_line(row: Any, year: int) -> tuple[str, str, str, str, str]:  # noqa: ANN401
    return (
        str(row.label), str(year), quantity(row.per_inhabitant, "€", decimals=2),
        quantity(row.expected, "€", decimals=2), f"{number(row.comparators)} communes semblables",
    )  # fmt: skip


def _alone_line(rows: pd.DataFrame, year: int) -> tuple[str, str, str, str, str]:
    """Name the communes that too few others are like, with what they receive together."""
    names = listing(list(rows["label"][:_NAMED]))
    if len(rows) > _NAMED:
        names = f"{', '.join(rows['label'][:_NAMED])} et {len(rows) - _NAMED} autres"
    received = (rows["per_inhabitant"] * rows["population"]).sum() / rows["population"].sum()
    return (
        names, str(year), quantity(float(received), "€", decimals=2), DASH,
        "moins de trois communes de même taille et de mêmes ressources sans quartier",
    )  # fmt: skip


def staff_table(d: DroitCommun) -> Table | Note:
    """Return staff and quality here, beside the units of reference."""
    if d.staff.empty:
        return Note(text=french(
            "Aucun tableau de moyens humains n'est chargé (qpvkit template staff) : ni postes "
            "vacants, ni ancienneté, ni remplacements ne peuvent être comparés."
        ))  # fmt: skip
    rows = d.staff
    frame = pd.DataFrame(
        {
            "Mesure": [capital(MEASURE_LABELS[name]) for name in rows["measure"]],
            "Ici": [_staff(row.value, row.measure) for row in rows_of(rows)],
            "Unités de référence": [
                _staff(row.reference_value, row.measure) for row in rows_of(rows)
            ],
            "Rapport": [ratio(value) for value in rows["ratio"]],
            "Intervalle à 95 %": [
                interval(row.ratio_low, row.ratio_high) or "sans intervalle"
                for row in rows_of(rows)
            ],
        }
    ).map(french)
    return Table(
        frame=frame,
        caption=french("Moyens humains et qualité du service, à mission égale"),
        name="tableau-moyens",
        groups=tuple(french(f"{row.service}, {row.year}") for row in rows_of(rows)),
        numeric=("Ici", "Unités de référence", "Rapport"),
        stacked=True,
        source=sources_of(d, ["partenaires_moyens"]) or french("tableau des partenaires"),
    )


def _staff(value: float, measure: str) -> str:
    if measure in _SHARES:
        return quantity(100 * value, "%", decimals=1)
    return number(value, decimals=0 if measure == "delay_days" else 2)


def substitution_note(d: DroitCommun) -> Note:
    """Say whether specific credits stand in for ordinary means, or that nothing can be said."""
    return Note(text=french(substitution_words(d)))


def grades_note() -> Note:
    """Say what the four grades of evidence are."""
    return Note(text=french("Niveaux de preuve. " + " ; ".join(GRADE_WORDS.values())
                            + ". Un chiffre de niveau D n'appuie jamais un verdict."))  # fmt: skip
