"""How the droit commun is said in French, with fixed sentences for what cannot be said."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic.droit_commun import DroitCommun
from qpvkit.diagnostic.droit_commun.sheet import BACKED
from qpvkit.formats import listing, number, plural, quantity
from qpvkit.measure.droit_commun.verdicts import VERDICT_LABELS, Verdict
from qpvkit.show.blocks import Fragment, render
from qpvkit.show.facts import Stated
from qpvkit.show.select import rows_of
from qpvkit.show.words import capital, french

NORM_WORDS: Final = {"N0": "par habitant", "N1": "selon le besoin", "N2": "besoin pondéré"}
NATURE_WORDS: Final = {"droit_commun": "droit commun", "specifique": "crédits spécifiques"}
STAGE_WORDS: Final = {"cp": "payé", "ae": "engagé"}
GRADE_WORDS: Final = {
    "A": "A, localisé à l'adresse", "B": "B, coût unitaire × nombre compté",
    "C": "C, localisation indirecte", "D": "D, clé de population",
}  # fmt: skip
SHORT_GRADES: Final = {"A": "adresse", "B": "compté", "C": "indirect", "D": "clé"}
_EFFORT_WORDS: Final = {
    "short": "l'effort de droit commun y est inférieur à la part attendue",
    "disputed": "l'effort de droit commun y est jugé selon la norme : suffisant par habitant ou "
    "selon le besoin, pas les deux",
    "unknown": "l'effort de droit commun n'y est pas connu",
}
_FEW: Final = 2


def verdict_words(verdict: str) -> str:
    """Return a verdict in French."""
    labels: dict[str, str] = {str(name): label for name, label in VERDICT_LABELS.items()}
    return labels[verdict]


def ratio(value: float) -> str:
    """Write an index or a ratio; what cannot be computed is a dash.

    Examples
    --------
    >>> ratio(0.5), ratio(float("inf"))
    ('0,50', 'sans limite')
    """
    return "sans limite" if math.isinf(value) else number(value, decimals=2)


def interval(low: float, high: float) -> str:
    """Write an interval: ``de 0,34 à 0,71``."""
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"de {ratio(low)} à {ratio(high)}"


def place_words(d: DroitCommun) -> str:
    """Return « du quartier » or « du contrat »."""
    return "du quartier" if d.scope.kind == "qp" else "des quartiers du contrat"


def not_measurable(service: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write the fixed sentence of a service without a verdict.

    Parameters
    ----------
    service
        A row of `DroitCommun.services`.
    """
    return (
        f"Non mesurable à l'échelle du QPV : {service.known} ; détenteur : {service.holder} ; "
        f"action : {service.action} ; échéance : {service.deadline}."
    )


def inconclusive(row: Any, *, unlocated: float = math.nan) -> str:  # noqa: ANN401
    """Write the fixed sentence of an index that does not conclude.

    Parameters
    ----------
    row
        A row of `DroitCommun.equity`.
    unlocated
        Share of the beneficiaries whose address is not known, 0 to 1; told from the row when it
        says that only a total is known.
    """
    part = 1.0 if row.known == "total" else unlocated
    span = f"l'indice va {interval(row.index_low, row.index_high)}"
    if row.reason == "bounds" and not math.isnan(part):
        return (
            f"Non conclusif : {quantity(100 * part, '%')} des bénéficiaires sans adresse ; selon "
            f"qu'ils résident ou non dans le QPV {span}."
        )
    if row.reason == "bounds":
        return f"Non conclusif : selon ce que les données ne disent pas, {span}."
    return (
        "Non conclusif : les effectifs sont trop petits pour départager un écart du hasard ; "
        f"l'intervalle va {interval(row.low, row.high)}."
    )


def conclusion(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write the conclusion of one row of the table of indexes."""
    if row.verdict == "inconclusive" or (row.verdict == "not_measurable" and row.known == "total"):
        return inconclusive(row)
    if row.verdict == "not_measurable" and row.reason == "grade_d":
        return "Non mesurable : réparti au prorata de la population, ce qui suppose le résultat."
    if row.verdict == "not_measurable" and row.reason == "no_base":
        return "Non mesurable : la population visée n'est pas publiée aux deux échelles."
    return capital(verdict_words(row.verdict))


def droit_commun_title(d: DroitCommun) -> Stated:
    """Return the heading of the page, and what it tells the index of the reports."""
    label = d.scope.label if d.scope.kind == "qp" else f"contrat de ville, {d.scope.label}"
    markup = render(
        "droit_commun_title.html.j2", title=french(f"Droit commun : {label}"), code=d.scope.code
    )
    departement = d.scope.whole("departement")
    first = d.sheet.loc[d.sheet["alert"].astype(bool)]
    facts = {
        "code": d.scope.code,
        "label": french(d.scope.label),
        "departement": "" if departement is None else str(departement["code"]),
        "contrat": next(iter(d.scope.contrats["label"]), ""),
        "stakes": [
            {"id": row.stake, "label": french(row.label), "verdict": row.verdict}
            for row in rows_of(first)
        ],
    }
    return Stated(markup=markup, facts=facts)


def describe_droit_commun(d: DroitCommun) -> Fragment:
    """Say in French what is proven, bounded and unknown; the first line is what to act on first.

    Examples
    --------
    >>> import qpvkit as qk
    >>> text = describe_droit_commun(qk.diagnose_droit_commun("QN09901M", dataset="demo")).markup
    >>> "Taux de mesurabilité" in text
    True
    """
    facts = [_services(d), _money(d), _posts(d), _access(d), _communes(d)]
    return Fragment(
        markup=render(
            "droit_commun_story.html.j2",
            alerts=[french(text) for text in _alerts(d)],
            rate=french(_rate(d)),
            facts=[french(text) for text in facts if text],
        )
    )


def _alerts(d: DroitCommun) -> list[str]:
    """Write the first lines: stakes that are backed, where ordinary effort is not enough."""
    first = d.sheet.loc[d.sheet["alert"].astype(bool)]
    if len(first):
        return [
            f"{row.label} : enjeu {_backed(d, row)}, et {_EFFORT_WORDS[row.effort]}."
            for row in rows_of(first)
        ]
    if d.sheet["verdict"].isin(BACKED).any():
        return ["Aucun enjeu établi ou probable ne manque ici d'un effort de droit commun connu."]
    return [
        "Aucun enjeu n'est établi ni probable ici, faute d'indicateurs publiés ou parce que la "
        "méthode ne départage pas : l'absence de conclusion n'est pas une absence de problème."
    ]


def _backed(d: DroitCommun, row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    if d.scope.kind == "qp":
        return load_catalogue().verdicts[row.verdict].label
    quartiers = plural(int(row.quartiers), "quartier")
    return f"établi ou probable dans {quartiers} sur {number(row.of)}"


def _rate(d: DroitCommun) -> str:
    named, measured = len(d.services), int(d.services["measured"].sum())
    return (
        f"Taux de mesurabilité : {quantity(100 * d.measurability, '%')}, soit "
        f"{plural(measured, 'service')} avec un verdict sur {number(named)} que le contrat devrait "
        "nommer."
    )


def _services(d: DroitCommun) -> str:
    """Name the services by verdict."""
    parts = []
    for verdict in ("short_proven", "short_likely", "depends_on_norm", "inconclusive", "fair",
                    "over"):  # fmt: skip
        found = d.services.loc[d.services["verdict"].eq(verdict), "label"]
        if len(found):
            parts.append(f"{_agree(verdict, len(found))} : {listing(list(found))}")
    return f"{capital(' ; '.join(parts))}." if parts else (
        "Aucun bénéficiaire ni crédit de droit commun n'est localisé à cette échelle dans les "
        "fichiers chargés : aucun indice d'équité n'est calculé."
    )  # fmt: skip


def _agree(verdict: Verdict | str, count: int) -> str:
    words = verdict_words(verdict)
    if count < 2:
        return words
    return {"short_proven": "sous-dotés démontrés", "short_likely": "sous-dotés probables",
            "depends_on_norm": "dépendent de la norme", "inconclusive": "non conclusifs",
            "fair": "conformes", "over": "sur-représentés"}[verdict]  # fmt: skip


def _money(d: DroitCommun) -> str:
    if d.money.empty:
        return ""
    latest = d.money.loc[d.money["year"].eq(d.money["year"].max())]
    parts = [
        f"{quantity(row.per_inhabitant, '€')} de {NATURE_WORDS[row.nature]} "
        f"({STAGE_WORDS[row.stage]})"
        for row in rows_of(latest)
    ]
    return (
        f"Par habitant {place_words(d)} en {int(latest['year'].iloc[0])}, ce qui est localisé : "
        f"{listing(parts)}. Ce sont les seules lignes connues, pas tout ce qui est dépensé."
    )


def _posts(d: DroitCommun) -> str:
    if d.posts.empty:
        return ""
    latest = d.posts.loc[d.posts["year"].eq(d.posts["year"].max())]
    names = {"anct_adultes_relais": "adultes-relais", "anct_postes_fonjep": "postes Fonjep"}
    parts = [
        f"{number(row.posts)} {names.get(row.source, 'postes')} "
        f"({number(row.posts_per_10000, decimals=1)} pour 10 000 habitants)"
        for row in rows_of(latest)
    ]
    return (
        f"Postes de la politique de la ville rattachés au contrat en "
        f"{int(latest['year'].iloc[0])} : {listing(parts)}, sur "
        f"{number(latest['population'].iloc[0])} habitants de ses quartiers. Des postes comptés, "
        "pas des crédits versés."
    )


def _access(d: DroitCommun) -> str:
    if d.reach is None:
        return ""
    rows = d.reach.access.loc[d.reach.access["service"].eq("france_services")]
    if rows.empty:
        return ""
    row = rows.iloc[0]
    beside = ""
    if d.reach.around[0] and not math.isnan(row["reference_within"]):
        beside = f", {quantity(100 * row['reference_within'], '%')} (sous-estimés) dans le reste " \
                 f"de l'intercommunalité"  # fmt: skip
    return (
        f"{quantity(100 * row['within'], '%')} des habitants sont à dix minutes à pied d'un espace "
        f"France services{beside} (population répartie, niveau de preuve "
        f"{row['evidence_grade']})."
    )


def _communes(d: DroitCommun) -> str:
    if not d.perequation:
        return ""
    last = d.perequation[-1]
    found = last.comparison
    if math.isnan(found.difference):
        return (
            "DETR et DSIL sont versées aux communes, jamais comptées au quartier ; aucune commune "
            "assez semblable ne permet de comparer."
        )
    proven = "n'est pas établi" if found.low <= 0 <= found.high else "est établi"
    return (
        f"DETR et DSIL {last.year}, versées aux communes et jamais comptées au quartier : les "
        f"communes de la région qui ont un quartier reçoivent "
        f"{quantity(found.received, '€', decimals=2)} par habitant, contre "
        f"{quantity(found.expected, '€', decimals=2)} attendus d'après les communes semblables ; "
        f"l'écart {proven} (intervalle de {quantity(found.low, '€', decimals=2)} à "
        f"{quantity(found.high, '€', decimals=2)})."
    )


def substitution_words(d: DroitCommun) -> str:
    """Say whether specific credits stand in for ordinary means."""
    rows = d.substitution
    if len(rows) < 2:
        return (
            "Substitution : rien ne peut en être dit. Il faut deux exercices où les mêmes "
            "programmes sont localisés, et les crédits spécifiques à la même étape."
        )
    last, before = rows.iloc[-1], rows.iloc[-2]
    shares = (
        f"la part des crédits spécifiques passe de {quantity(100 * before['specific_share'], '%')} "
        f"en {before['year']} à {quantity(100 * last['specific_share'], '%')} en {last['year']}, "
        f"l'indice d'équité du droit commun de {ratio(before['index'])} à {ratio(last['index'])}"
    )
    if pd.isna(last["alert"]):
        return f"Substitution : {shares} ; rien n'est conclu (niveau de preuve D)."
    if bool(last["alert"]):
        proven = "" if bool(last["proven"]) else ", sans que le manque soit démontré"
        return (
            f"Alerte de substitution : {shares}. Les crédits spécifiques augmentent pendant que le "
            f"droit commun, sous la part attendue, recule{proven}."
        )
    return f"Pas d'alerte de substitution : {shares}."


def sources_of(d: DroitCommun, sources: Iterable[object]) -> str:
    """Write the sources of a figure with their years: titles when few, producers otherwise."""
    wanted = {name for text in sources for name in str(text).split()}
    rows = d.sources.loc[d.sources["source"].isin(wanted)]
    titles = [
        f"{row.producer}, {row.title}" + (f", {row.vintages}" if row.vintages else "")
        for row in rows_of(rows)
    ]
    if len(titles) <= _FEW:
        return french(" ; ".join(dict.fromkeys(titles)))
    producers = list(dict.fromkeys(str(name) for name in rows["producer"]))
    return french(f"{listing(producers)} (détail à la rubrique Sources)")
