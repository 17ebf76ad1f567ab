"""The grammar: one function a sentence, of plain facts; no table, no setting.

Numbers are written by the functions that write the tables, hence they are equal.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Final, Literal

from qpvkit.formats import listing, number, plural, quantity
from qpvkit.show.comparison import Comparison
from qpvkit.show.words import (
    DOUBT_WORDS,
    chance_text,
    count_word,
    gap_text,
    ordinal,
    round_people,
    value_text,
)

Regime = Literal["territory", "quartiers"]
_VERDICTS: Final = {
    "established": "enjeu établi",
    "probable": "enjeu probable",
    "uncertain": "enjeu incertain",
    "not_established": "enjeu non établi",
}
_HELD_BACK: Final = {
    "few_peers": "trop peu de quartiers comparables pour un verdict plus ferme",
    "few_stakes": "trop peu d'enjeux mesurés pour un verdict plus ferme",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A published value and what it is compared with.

    Attributes
    ----------
    label, unit, value, status, vintage
        Of the quartier; the vintage is already in words.
    reference
        The value compared with; NaN without one.
    place
        Where it holds: « dans la commune de Lille ».
    """

    label: str
    unit: str
    value: float
    status: str
    vintage: str
    reference: float
    place: str


def fact_sentence(fact: Fact) -> str:
    """Say a value, its year and what it is compared with.

    Examples
    --------
    >>> fact_sentence(Fact(label="Taux de pauvreté", unit="pct", value=48.0, status="ok",
    ...     vintage="2021", reference=21.0, place="dans la commune de Lille"))
    'Taux de pauvreté : 48,0\\u202f% (2021), contre 21,0\\u202f% dans la commune de Lille.'
    """
    year = fact.vintage if fact.vintage[:1].isdigit() else f"millésime {fact.vintage}"
    doubt = f", {DOUBT_WORDS[fact.status]}" if fact.status in DOUBT_WORDS else ""
    value = f"{fact.label} : {value_text(fact.value, fact.unit)} ({year}{doubt})"
    if math.isnan(fact.reference):
        return f"{value}."
    return f"{value}, contre {value_text(fact.reference, fact.unit)} {fact.place}."


def gap_sentence(found: Comparison, *, corrected: bool, people: str = "") -> str:
    """Say what a difference allows to say, never more; empty when there is none.

    Parameters
    ----------
    found
        The difference and its margin.
    corrected
        Whether it is the estimate with its luck taken back.
    people
        What `people_clause` says; only kept where the difference may be said.

    Examples
    --------
    >>> gap_sentence(Comparison(gap=1.0, low=-3.1, high=5.2, reference=40.0, unit="pct",
    ...     direction="up_is_worse"), corrected=True)
    "Non conclusif : l'estimation corrigée est de +1,0\\u202fpoint, mais peut aller de −3,1 à \
+5,2\\u202fpoints."
    """
    gap, margin = gap_text(found.gap, found.unit), f"marge d'erreur : {found.margin}"
    estimate = "l'estimation corrigée" if corrected else "la différence"
    if found.judgement == "none":
        return ""
    if found.judgement == "no_interval":
        return f"La différence, {gap}, est un ordre de grandeur : sa marge d'erreur est inconnue."
    if found.judgement == "similar":
        limit = gap_text(found.relevant, found.unit).lstrip("+")
        return f"C'est similaire : {estimate} est de {gap} ({margin}), sous le seuil de {limit}."
    if found.judgement == "inconclusive":
        return f"Non conclusif : {estimate} est de {gap}, mais peut aller {found.margin}."
    if found.judgement == "multiple":
        return (
            f"Non conclusif, une fois compté le nombre d'indicateurs comparés : {estimate} est de "
            f"{gap} ({margin})."
        )
    side = {"worse": "défavorable", "better": "favorable"}.get(found.tone, "")
    turn = f", dans un sens {side}" if side else ""
    small = ", mais faible" if found.judgement == "slight" else ""
    what = "L'écart est établi" if found.tested else "La différence est nette"
    way = "en estimation corrigée, " if corrected else ""
    return f"{what}{small}{turn} : {way}{gap} ({margin}){people}."


def people_clause(people: float, base_label: str, *, label: str, rate: str) -> str:
    """Say what a difference stands for, in people; empty where no base is published.

    Parameters
    ----------
    people
        By how many the quartier exceeds the reference; NaN where not known.
    base_label
        Who is counted.
    label
        Of the indicator: a « taux » or a share.
    rate
        The complement of « celui » or « celle »: « de la commune ».

    Examples
    --------
    >>> people_clause(-325.5, "personnes", label="Taux d'emploi", rate="de la commune")
    ', soit environ 330 personnes de moins que si le taux était celui de la commune'
    >>> people_clause(float("nan"), "personnes", label="Taux d'emploi", rate="de la commune")
    ''
    """
    if math.isnan(people) or not base_label or people == 0:
        return ""
    count = abs(round_people(people))
    amount = f"environ {number(count)}" if abs(people) >= 10 else "moins de 10"
    way = "de plus" if people > 0 else "de moins"
    what = "le taux était celui" if label.startswith("Taux") else "la part était celle"
    return f", soit {amount} {base_label} {way} que si {what} {rate}"


def unusual_sentence(unusual: bool | None, *, median: float, unit: str) -> str:
    """Say whether a value stands out among quartiers; empty where it was not tested.

    Examples
    --------
    >>> unusual_sentence(False, median=9.5, unit="ratio")
    "Parmi les autres quartiers (médiane : 9,5), cette valeur reste dans l'étendue habituelle."
    >>> unusual_sentence(True, median=float("nan"), unit="pct")
    "Parmi les autres quartiers, cette valeur sort de l'étendue habituelle."
    >>> unusual_sentence(None, median=45.0, unit="pct")
    ''
    """
    if unusual is None:
        return ""
    middle = "" if math.isnan(median) else f" (médiane : {value_text(median, unit)})"
    verb = "sort de" if unusual else "reste dans"
    return f"Parmi les autres quartiers{middle}, cette valeur {verb} l'étendue habituelle."


def verdict_sentence(
    verdict: str, *, reason: str, rank: float, scored: int, data: float, both: float
) -> str:  # fmt: skip
    """Say the verdict, the rank and the chances of the top three.

    Parameters
    ----------
    verdict, reason
        From the ranking.
    rank, scored
        The rank, and among how many stakes.
    data, both
        Chances of the top three when the data alone vary, then the choices of method too.

    Examples
    --------
    >>> verdict_sentence("established", reason="", rank=1, scored=8, data=1.0, both=0.97)
    'Enjeu établi, 1er sur 8 : il est dans le trio de tête dans plus de 99\u202f% des \
simulations si seules les données varient, 97\u202f% si les choix de méthode varient aussi.'
    """
    words = _VERDICTS[verdict]
    head = f"{words[:1].upper()}{words[1:]}, {ordinal(rank)} sur {number(scored)}"
    if reason == "few_stakes":
        return f"{head} : avec si peu d'enjeux mesurés, le rang ne dit rien."
    chances = (
        f"il est dans le trio de tête dans {chance_text(data)} des simulations si seules les "
        f"données varient, {chance_text(both)} si les choix de méthode varient aussi"
    )
    held = f" ({_HELD_BACK[reason]})" if reason in _HELD_BACK else ""
    return f"{head} : {chances}{held}."


def level_sentence(low: float, high: float, *, regime: Regime) -> str:
    """Say whether a stake is more marked than usual, as far as its margin allows.

    Examples
    --------
    >>> level_sentence(0.2, 0.9, regime="quartiers")
    'Il est plus marqué ici que dans la moitié des quartiers.'
    >>> level_sentence(-0.2, 0.9, regime="quartiers")
    "Rien ne permet de dire s'il est plus ou moins marqué ici que dans la moitié des quartiers."
    """
    if math.isnan(low) or math.isnan(high):
        return ""
    if regime == "territory":
        said = "il est marqué ici" if low > 0 else "il est peu marqué ici" if high < 0 else (
            "rien ne permet de dire s'il est marqué ici"
        )  # fmt: skip
        return f"Compte tenu du territoire et des autres quartiers, {said}."
    if low > 0:
        return "Il est plus marqué ici que dans la moitié des quartiers."
    if high < 0:
        return "Il est moins marqué ici que dans la moitié des quartiers."
    return (
        "Rien ne permet de dire s'il est plus ou moins marqué ici que dans la moitié des quartiers."
    )


def others_sentence(worse: list[str], better: list[str], open_: list[str]) -> str:
    """Say where the other indicators of a stake point; empty when there is none.

    Examples
    --------
    >>> others_sentence(["Emplois précaires"], [], ["Taux d'emploi"])
    "Autres indicateurs retenus : défavorable, « Emplois précaires » ; non conclusif ou similaire, \
« Taux d'emploi »."
    """
    parts = [
        f"{words}, {listing([f'« {name} »' for name in names])}"
        for words, names in (
            (_plural_word("défavorable", worse), worse),
            (_plural_word("favorable", better), better),
            ("non conclusif ou similaire", open_),
        )
        if names
    ]
    if not parts:
        return ""
    total = len(worse) + len(better) + len(open_)
    head = "Autre indicateur retenu" if total == 1 else "Autres indicateurs retenus"
    return f"{head} : {' ; '.join(parts)}."


def _plural_word(word: str, names: list[str]) -> str:
    return word if len(names) < 2 else f"{word}s"


def set_sentence(names: list[str], *, scored: int, grid: int, top: int, level: float) -> str:
    """Say which stakes may be the first ones.

    Parameters
    ----------
    names
        The stakes of the set, with their verdicts, in order.
    scored, grid
        How many stakes are ranked, and how many there are.
    top, level
        How many come first, and the probability that the set holds them all.

    Examples
    --------
    >>> set_sentence(["A", "B", "C", "D"], scored=8, grid=9, top=3, level=0.9)
    'Les trois premiers enjeux sont parmi ces quatre, avec 90\\u202f% de chances : A, B, C et D.'
    >>> set_sentence(["A", "B"], scored=2, grid=9, top=3, level=0.9)
    'Classement sans objet : deux enjeux mesurés sur neuf, A et B.'
    >>> set_sentence([], scored=0, grid=9, top=3, level=0.9)
    'Classement sans objet : aucun enjeu assez mesuré sur neuf.'
    """
    if scored <= top:
        if not scored:
            return f"Classement sans objet : aucun enjeu assez mesuré sur {count_word(grid)}."
        noun = "enjeu mesuré" if scored == 1 else "enjeux mesurés"
        measured = f"{count_word(scored)} {noun} sur {count_word(grid)}"
        return f"Classement sans objet : {measured}, {listing(names)}."
    first = f"Les {count_word(top)} premiers enjeux"
    if len(names) == scored:
        return (
            f"Aucun des {count_word(scored)} enjeux mesurés ne peut être écarté des "
            f"{count_word(top)} premiers : {listing(names)}."
        )
    sure = f"avec {quantity(100 * level, '%')} de chances"
    if len(names) == top:
        return f"{first} sont, {sure} : {listing(names)}."
    return f"{first} sont parmi ces {count_word(len(names))}, {sure} : {listing(names)}."


def none_marked_sentence(marked: int, *, regime: Regime) -> str:
    """Warn when no stake is more marked than usual; empty otherwise.

    Examples
    --------
    >>> none_marked_sentence(0, regime="quartiers")
    "Pour aucun d'eux, on ne peut affirmer qu'il est plus marqué que dans la moitié des quartiers."
    """
    if marked:
        return ""
    than = "plus marqué que dans la moitié des quartiers" if regime == "quartiers" else "marqué"
    return f"Pour aucun d'eux, on ne peut affirmer qu'il est {than}."


def regime_sentence(regime: Regime, *, place: str, peers: str, balance: float) -> str:
    """Say what the ranking compares with.

    Parameters
    ----------
    place
        The territory of comparison: « la commune de Lille ».
    peers
        The comparable quartiers: « tous les quartiers de la même géographie ».
    balance
        The weight of the territory, from 0 to 1.

    Examples
    --------
    >>> regime_sentence("quartiers", place="la commune de Lille", peers="tous les quartiers",
    ...     balance=0.5)
    "Le classement dit ce qui distingue ce quartier parmi les autres (tous les quartiers) : pour \
une partie des indicateurs, aucune valeur n'est publiée au même millésime pour la commune de Lille."
    """
    if regime == "quartiers":
        return (
            f"Le classement dit ce qui distingue ce quartier parmi les autres ({peers}) : pour une "
            f"partie des indicateurs, aucune valeur n'est publiée au même millésime pour {place}."
        )
    share, rest = (quantity(100 * part, "%") for part in (balance, 1 - balance))
    return (
        f"Le classement compte pour {share} l'écart avec {place} (quartier déduit quand les "
        f"effectifs le permettent) et pour {rest} ce qui est inhabituel parmi les autres quartiers "
        f"({peers})."
    )


def unread_sentence(label: str, *, read: int, expected: int, missing: list[tuple[str, str]]) -> str:
    """Say of a stake that it is not established, and what is missing.

    Parameters
    ----------
    missing
        The indicators that do not count, each with why when it is not plain absence.

    Examples
    --------
    >>> unread_sentence("Accès aux soins", read=0, expected=2, missing=[("C2S", "masqué")])
    'Accès aux soins : enjeu non établi, 0 indicateur lu sur 2 ; manque « C2S » (masqué).'
    """
    if not expected:
        return f"{label} : enjeu non établi, aucun indicateur de la grille ne le mesure."
    count = plural(read, "indicateur lu", "indicateurs lus")
    lacks = ""
    if missing:
        verb = "manque" if len(missing) == 1 else "manquent"
        names = [f"« {name} »" + (f" ({why})" if why else "") for name, why in missing]
        lacks = f" ; {verb} {listing(names)}"
    return f"{label} : enjeu non établi, {count} sur {expected}{lacks}."


def ask_sentence(asks: list[str]) -> str:
    """Say whom to ask; empty when nobody is known.

    Examples
    --------
    >>> ask_sentence(["Insee : demander la table"])
    'À qui le demander – Insee : demander la table.'
    """
    return f"À qui le demander – {' ; '.join(asks)}." if asks else ""
