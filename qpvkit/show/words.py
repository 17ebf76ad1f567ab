"""How things are said in French: values with their status, places, references, dashes."""

from __future__ import annotations

import math
import re
from typing import Final

from qpvkit.catalogue import load_catalogue
from qpvkit.formats import DASH, STATUS_MARKS, THIN, number, quantity
from qpvkit.settings import Dataset

NBSP: Final = "\u00a0"
_ELIDED: Final = tuple("aàâäeéèêëiîïoôöuùûüœæ")
_ARTICLES: Final = {"Le ": "du ", "Les ": "des ", "La ": "de La ", "L'": "de L'", "L’": "de L’"}

MASKED_WORDS: Final = {"secret": "masqué", "missing": "non disponible"}
DOUBT_WORDS: Final = {"estimated": "estimé", "low_quality": "qualité faible"}
REFERENCE_KINDS: Final = (
    "commune", "epci", "departement", "region", "france", "ensemble_qp", "peers",
)  # fmt: skip
_COUNTS: Final = (
    "aucun", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix",
)  # fmt: skip
_DEMO_BANNER: Final = (
    "Données de démonstration : le département 99, ses communes, ses quartiers et tous leurs "
    "chiffres sont inventés."
)


def french(text: str) -> str:
    r"""Put the no-break spaces that French typography asks for.

    Examples
    --------
    >>> french("Prêt ? Oui : « 12 % ».")
    'Prêt\u202f? Oui\xa0: «\xa012\u202f%\xa0».'
    """
    text = re.sub(r"(?<=\d) (?=\d{3}\b)", THIN, text)
    for mark in (";", "!", "?", "%", "€"):
        text = text.replace(f" {mark}", f"{THIN}{mark}")
    return (
        text.replace(" :", f"{NBSP}:").replace("« ", f"«{NBSP}").replace(" »", f"{NBSP}»")
        .replace("'", "’")
    )  # fmt: skip


def is_share(unit: str) -> bool:
    """Whether a gap in this unit reads in points."""
    return load_catalogue().units[unit].gap_suffix.startswith("point")


def is_count(unit: str) -> bool:
    """Whether values in this unit are head counts: two of them are not compared."""
    return _agree(load_catalogue().units[unit].suffix, 0) != load_catalogue().units[unit].suffix


def value_text(value: float, unit: str, *, status: str = "ok") -> str:
    """Write a value with its unit and what its status says of it.

    ``s`` for a secret, ``nd`` for what is missing; an estimate and a doubt stay visible.
    """
    if status in STATUS_MARKS:
        return STATUS_MARKS[status]
    words = load_catalogue().units[unit]
    suffix = _agree(words.suffix, round(value, words.decimals))
    text = quantity(value, suffix, decimals=words.decimals)
    doubt = DOUBT_WORDS.get(status)
    return f"{text} ({doubt})" if doubt and text != DASH else text


def gap_text(gap: float, unit: str) -> str:
    """Write a gap with its sign, in points for a share: ``+19,3 points``."""
    words = load_catalogue().units[unit]
    suffix = _agree(words.gap_suffix or words.suffix, round(gap, words.decimals))
    return quantity(gap, suffix, decimals=words.decimals, signed=True)


def interval_text(low: float, high: float, unit: str) -> str:
    """Write the margin of error of a gap; a dash when it is not known.

    Examples
    --------
    >>> interval_text(14.71, 17.29, "pct"), interval_text(-0.4, 1.9, "pct")
    ('de +14,7 à +17,3\u202fpoints', 'de −0,4 à +1,9\u202fpoint')
    """
    if math.isnan(low) or math.isnan(high):
        return DASH
    words = load_catalogue().units[unit]
    largest = max(abs(round(low, words.decimals)), abs(round(high, words.decimals)))
    suffix = _agree(words.gap_suffix or words.suffix, largest)
    ends = number(low, decimals=words.decimals, signed=True)
    return f"de {ends} à {quantity(high, suffix, decimals=words.decimals, signed=True)}"


def range_text(low: float, high: float, unit: str) -> str:
    """Write the margin of error of a value; a dash when it is not known.

    Examples
    --------
    >>> range_text(45.2, 47.9, "pct")
    'de 45,2 à 47,9\u202f%'
    """
    if math.isnan(low) or math.isnan(high):
        return DASH
    start = number(low, decimals=load_catalogue().units[unit].decimals)
    return f"de {start} à {value_text(high, unit)}"


def chance_text(share: float) -> str:
    """Write a probability that was simulated: neither « 0 % » nor « 100 % ».

    Examples
    --------
    >>> chance_text(0.9675), chance_text(1.0), chance_text(0.001)
    ('97\u202f%', 'plus de 99\u202f%', 'moins de 1\u202f%')
    """
    if math.isnan(share):
        return DASH
    percent = round(100 * share)
    if percent >= 100:
        return f"plus de 99{THIN}%"
    return f"moins de 1{THIN}%" if percent < 1 else f"{percent}{THIN}%"


def _agree(suffix: str, value: float) -> str:
    """Put a word in the singular below two, as French does: « 1,9 point », « 0 logement »."""
    is_word = suffix.isalpha() and suffix.endswith("s")
    return suffix[:-1] if is_word and abs(value) < 2 else suffix


def count_word(count: int, *, feminine: bool = False) -> str:
    """Write a small number in letters, as a sentence does; figures beyond ten.

    Examples
    --------
    >>> count_word(5), count_word(1, feminine=True), count_word(12)
    ('cinq', 'une', '12')
    """
    if count == 1 and feminine:
        return "une"
    return _COUNTS[count] if count < len(_COUNTS) else number(count)


def ordinal(rank: float) -> str:
    """Write a rank: « 1er », « 2e ».

    Examples
    --------
    >>> ordinal(1), ordinal(4.0)
    ('1er', '4e')
    """
    return f"{int(rank)}{'er' if rank == 1 else 'e'}"


def is_null(gap: float, unit: str) -> bool:
    """Whether a gap is too small to be written with the decimals of its unit."""
    return math.isnan(gap) or round(gap, load_catalogue().units[unit].decimals) == 0


def round_people(people: float) -> float:
    """Round a number of residents to what the method can bear: two or three figures.

    Examples
    --------
    >>> round_people(10_347), round_people(-846), round_people(52)
    (10300.0, -850.0, 50.0)
    """
    step = 100 if abs(people) >= 1000 else 10
    return float(round(people / step) * step)


def people_text(people: float) -> str:
    """Write about how many residents a gap stands for; a dash when no base is published."""
    if math.isnan(people):
        return DASH
    if abs(people) < 10:
        return "moins de 10"
    return f"environ {number(round_people(people), signed=True)}"


def of_name(label: str) -> str:
    """Put « de » before the name of a commune: elision, contraction.

    A name in H stands in brackets: nothing in the file says whether the H is aspirated.

    Examples
    --------
    >>> of_name("Lille"), of_name("Arras"), of_name("Le Havre"), of_name("Hem")
    ('de Lille', 'd’Arras', 'du Havre', '(Hem)')
    """
    for article, contracted in _ARTICLES.items():
        if label.startswith(article):
            return contracted + label.removeprefix(article)
    first = label[:1].casefold()
    if first == "h":
        return f"({label})"
    before_vowel = first == "y" and label[1:2].casefold() not in _ELIDED
    return f"d’{label}" if first in _ELIDED or before_vowel else f"de {label}"


def reference_name(kind: str, label: str) -> str:
    """Name a territory of comparison: « la commune de Lille », « la région Bretagne »."""
    words = label.casefold()
    names = {
        "commune": f"la commune {of_name(label)}",
        "epci": f"l’intercommunalité {label}",
        "departement": f"le {_small(label)}"
        if words.startswith("département")
        else f"le département ({label})",
        "region": f"la {_small(label)}" if words.startswith("région") else f"la région {label}",
        "france": f"la {label}" if label.startswith("France") else f"la France ({label})",
        "peers": "la médiane des autres quartiers",
        "ensemble_qp": "l’ensemble des quartiers prioritaires",
    }
    return names.get(kind, label)


def reference_place(kind: str, label: str) -> str:
    """Say where a reference value holds: « dans la commune de Lille », « en France »."""
    if kind == "france":
        return f"en {label}" if label.startswith("France") else f"en France ({label})"
    if kind == "peers":
        return "en médiane dans les autres quartiers"
    return f"dans {reference_name(kind, label)}"


def reference_rate(kind: str) -> str:
    """Complete « le taux »: « de la commune », « du département »."""
    complements = {
        "commune": "de la commune",
        "epci": "de l’intercommunalité",
        "departement": "du département",
        "region": "de la région",
        "france": "de la France",
        "peers": "de la médiane des autres quartiers",
        "ensemble_qp": "de l’ensemble des quartiers prioritaires",
    }
    return complements.get(kind, "du territoire de comparaison")


def dataset_banner(dataset: Dataset | str) -> str:
    """Return what must be said of a data set on each page; nothing for official data."""
    return french(_DEMO_BANNER) if dataset == "demo" else ""


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def capital(text: str) -> str:
    """Put a capital at the head of a sentence, and leave the rest alone."""
    return text[:1].upper() + text[1:]
