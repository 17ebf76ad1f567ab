"""Producers' marks become a status, French numbers become numbers, in that order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from qpvkit.errors import FileRefusedError

_SPACES: Final = "[\\s\u00a0\u202f\u2009]+"


def read_values(
    texts: pd.Series, marks: Mapping[str, str], *, path: Path | str = "table"
) -> pd.DataFrame:
    """Split a column of text into numbers and statuses.

    Accepts a decimal comma or point, plain, no-break and narrow no-break spaces between
    thousands, a percent sign and a true minus. A secret is never a zero: what the source marks
    has no value, only a status.

    Parameters
    ----------
    texts
        Cells as published, indexed by line.
    marks
        Producer's mark → status, for instance ``{"s": "secret", "": "missing"}``.
    path
        The file, for the message.

    Returns
    -------
    pandas.DataFrame
        Columns ``value`` (float, NaN where not published) and ``status``.

    Raises
    ------
    FileRefusedError
        A cell is neither a number nor a declared mark; names the line and the column.

    Examples
    --------
    >>> read_values(pd.Series(["10\\u202f690", "s", "4,8"]), {"s": "secret"})
         value  status
    0  10690.0      ok
    1      NaN  secret
    2      4.8      ok
    """
    trimmed = texts.astype("str").str.strip()
    status = pd.Series("ok", index=texts.index, dtype=object)
    for mark, meaning in marks.items():
        status.loc[trimmed.eq(mark)] = meaning
    masked = status.ne("ok")
    plain = (
        trimmed.str.replace(_SPACES, "", regex=True)
        .str.replace("\u2212", "-")
        .str.replace(",", ".")
        .str.removesuffix("%")
    )
    value = pd.to_numeric(plain.mask(masked, ""), errors="coerce")
    wrong = ~masked & ~value.abs().lt(float("inf"))
    if wrong.any():
        line = texts.index[wrong.to_numpy()][0]
        known = ", ".join(f"« {mark} »" if mark else "cellule vide" for mark in marks) or "aucune"
        raise FileRefusedError(
            path,
            where=f"ligne {line}, colonne {texts.name}",
            problem=f"« {trimmed.loc[line]} » n'est ni un nombre ni une marque connue.",
            expected=f"un nombre, ou l'une des marques du producteur ({known}).",
            action="corrigez la cellule, ou déclarez la marque dans le catalogue (missing).",
        )
    return pd.DataFrame(
        {"value": value.astype("float64"), "status": status.astype("str")},
        index=texts.index,
    )
