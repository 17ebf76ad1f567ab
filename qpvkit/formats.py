"""French typography of numbers, percentages, euros and dates.

Narrow no-break space for thousands and before units, decimal comma, true minus sign.
"""

from __future__ import annotations

import math
import re
from typing import Final

THIN: Final = "\u202f"
MINUS: Final = "\u2212"
DASH: Final = "–"

_SIGNED: Final = re.compile(r"[+-]?[\d\s\u00a0\u202f]*[.,]?\d+(e[+-]?\d+)?", re.IGNORECASE)

STATUS_MARKS: Final[dict[str, str]] = {"secret": "s", "missing": "nd"}


def number(value: float, *, decimals: int = 0, signed: bool = False) -> str:
    """Write a number the French way; what is not a number is a dash.

    Examples
    --------
    >>> number(242231)
    '242\\u202f231'
    >>> number(-3.25, decimals=1)
    '\\u22123,2'
    >>> number(float("nan"))
    '–'
    """
    if value is None or str(value) == "<NA>" or math.isnan(value):
        return DASH
    rounded = round(value, decimals)
    if rounded == 0:
        rounded = 0.0
    text = f"{abs(rounded):,.{decimals}f}".replace(",", THIN).replace(".", ",")
    if rounded < 0:
        return MINUS + text
    return f"+{text}" if signed and rounded > 0 else text


def quantity(value: float, unit: str, *, decimals: int = 0, signed: bool = False) -> str:
    """Write a number followed by its unit.

    Examples
    --------
    >>> quantity(46.3, "%", decimals=1)
    '46,3\\u202f%'
    """
    text = number(value, decimals=decimals, signed=signed)
    return text if text == DASH or not unit else f"{text}{THIN}{unit}"


def inert(text: str) -> str:
    """Keep a spreadsheet from running a cell: what looks like a formula gets an apostrophe.

    Signed numbers are left alone.

    Examples
    --------
    >>> inert("=HYPERLINK(1)"), inert("-12,5"), inert("Les Ormeaux")
    ("'=HYPERLINK(1)", '-12,5', 'Les Ormeaux')
    """
    if text[:1] not in ("=", "+", "-", "@", "\t", "\r") or _SIGNED.fullmatch(text):
        return text
    return f"'{text}"


def listing(items: list[str]) -> str:
    """Join words with commas and a last « et ».

    Examples
    --------
    >>> listing(["Lille", "Loos", "Lezennes"])
    'Lille, Loos et Lezennes'
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} et {items[-1]}"


def plural(count: int, word: str, many: str = "") -> str:
    """Agree a noun with its number: in French, zero and one are singular.

    Examples
    --------
    >>> plural(0, "quartier"), plural(2, "quartier"), plural(2, "territoire national", "nationaux")
    ('0 quartier', '2 quartiers', '2 nationaux')
    """
    chosen = word if abs(count) < 2 else (many or f"{word}s")
    return f"{number(count)} {chosen}"


def vintage_label(vintage: float | None) -> str:
    """Write a vintage, or say that the source does not tell it.

    Examples
    --------
    >>> vintage_label(2021), vintage_label(None)
    ('2021', 'non précisé')
    """
    if vintage is None or str(vintage) in ("<NA>", "nan"):  # comparing pd.NA raises
        return "non précisé"
    return str(int(vintage))
