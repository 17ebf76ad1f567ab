"""Euros written in any way, read into whole cents: sums are exact, to the last one."""

from __future__ import annotations

from typing import Final

import pandas as pd

BLANK: Final = "sans montant"
UNREADABLE: Final = "montant illisible"
AMBIGUOUS: Final = "montant ambigu"

_SPACES: Final = "[\\s\u00a0\u202f\u2009\u2007'’]+"
_EURO: Final = r"(?i)\s*(€|euros?|eur)$"
_PLAIN: Final = r"^([+-]?)(\d+)(?:\.(\d+))?$"
_SCIENTIFIC: Final = r"^[+-]?\d+(?:\.\d+)?[eE][+-]?\d+$"


def read_cents(texts: pd.Series, *, strict: bool = False) -> pd.DataFrame:
    """Read amounts in euros into integer cents.

    Understands spaces of any kind between thousands, a decimal comma or point, both of them
    (``1.234,50``), a euro sign, a true minus, and parentheses for a negative. Digits beyond the
    cent are rounded half away from zero and counted by the caller through ``rounded``.

    Parameters
    ----------
    texts
        Cells as text.
    strict
        Refuse what could be read in two ways, such as ``1,234``: a thousand, or one euro 23?

    Returns
    -------
    pandas.DataFrame
        ``cents`` (Int64, missing where not read), ``problem`` (empty, or why), ``rounded``.

    Examples
    --------
    >>> read_cents(pd.Series(["12\\u202f500,5", "(40) €", "1.234,56", "néant"]))
         cents            problem  rounded
    0  1250050                       False
    1    -4000                       False
    2   123456                       False
    3     <NA>  montant illisible    False
    """
    trimmed = texts.astype("str").str.strip()
    blank = trimmed.isin(["", "nan", "None", "<NA>"])
    plain = trimmed.str.replace(_EURO, "", regex=True).str.replace(_SPACES, "", regex=True)
    plain = plain.str.replace("\u2212", "-").str.replace(r"^\((.+)\)$", r"-\1", regex=True)
    ambiguous = plain.str.fullmatch(r"[+-]?\d{1,3},\d{3}") if strict else blank & False
    plain = _one_mark(plain)
    scientific = plain.str.fullmatch(_SCIENTIFIC)
    if scientific.any():
        plain = plain.mask(scientific, plain[scientific].map(lambda text: f"{float(text):.6f}"))
    parts = plain.str.extract(_PLAIN)
    read = parts[1].notna() & parts[1].str.len().le(14) & ~ambiguous & ~blank
    decimals = parts[2].fillna("").str.ljust(3, "0")
    whole = pd.to_numeric(parts[1].where(read, "0")).astype("int64")
    cents = whole * 100 + pd.to_numeric(decimals.str[:2].where(read, "0")).astype("int64")
    cents += (decimals.str[2].where(read, "0") >= "5").astype("int64")
    cents = cents.where(parts[0].ne("-"), -cents).astype("Int64").where(read)
    problem = pd.Series("", index=texts.index, dtype="str")
    problem = problem.mask(~read, UNREADABLE).mask(ambiguous, AMBIGUOUS).mask(blank, BLANK)
    beyond = read & decimals.str[2:].str.strip("0").ne("")
    return pd.DataFrame({"cents": cents, "problem": problem, "rounded": beyond})


def _one_mark(plain: pd.Series) -> pd.Series:
    """Keep one decimal mark, a point; where both appear, the last one is the decimal mark."""
    comma, point = plain.str.rfind(","), plain.str.rfind(".")
    both = comma.ge(0) & point.ge(0)
    comma_last = both & comma.gt(point)
    point_last = both & point.gt(comma)
    several = (plain.str.count(r"\.") > 1) & ~both
    plain = plain.mask(comma_last | several, plain.str.replace(".", "", regex=False))
    plain = plain.mask(point_last, plain.str.replace(",", "", regex=False))
    return plain.str.replace(",", ".", regex=False)


def euros(cents: pd.Series) -> pd.Series:
    """Turn cents into euros, for reading and plotting; add up cents, not euros.

    Examples
    --------
    >>> euros(pd.Series([1250050])).tolist()
    [12500.5]
    """
    return cents.astype("float64") / 100
