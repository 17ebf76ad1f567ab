"""What a table must hold before it is measured: every refusal says what, where and what next."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from qpvkit.errors import MeasureRefusedError


def require_columns(frame: pd.DataFrame, columns: Iterable[str], *, measure: str) -> None:
    """Refuse a table in which columns are missing.

    Raises
    ------
    MeasureRefusedError

    Examples
    --------
    >>> require_columns(pd.DataFrame({"code": []}), ["code", "served"], measure="Indice d'équité")
    Traceback (most recent call last):
    qpvkit.errors.MeasureRefusedError: Indice d'équité : colonnes absentes : served. Attendu...
    """
    wanted = list(columns)
    absent = [column for column in wanted if column not in frame.columns]
    if absent:
        raise MeasureRefusedError(
            measure,
            problem=f"colonnes absentes : {', '.join(absent)}.",
            expected=f"les colonnes {', '.join(wanted)}.",
            action="complétez la table transmise à la mesure.",
        )


def refuse_rows(
    frame: pd.DataFrame, wrong: pd.Series, *, measure: str, problem: str, expected: str
) -> None:
    """Refuse a table in which some rows are wrong, and show the first of them.

    Raises
    ------
    MeasureRefusedError
    """
    if not wrong.any():
        return
    names = [name for name in ("code", "service", "year", "norm") if name in frame.columns]
    first = frame.loc[wrong, names].iloc[0].tolist()
    where = ", ".join(str(value) for value in first) or f"ligne {int(wrong.to_numpy().argmax())}"
    count = int(wrong.sum())
    others = "" if count == 1 else f" ({count} lignes en tout)"
    raise MeasureRefusedError(
        measure,
        problem=f"{problem} pour {where}{others}.",
        expected=expected,
        action="corrigez la table à la source, puis relancez la mesure.",
    )


def refuse_repeats(frame: pd.DataFrame, keys: list[str], *, measure: str) -> None:
    """Refuse a table in which a key stands twice.

    Raises
    ------
    MeasureRefusedError
    """
    refuse_rows(
        frame,
        frame.duplicated(keys),
        measure=measure,
        problem="ligne en double",
        expected=f"une seule ligne par {', '.join(keys)}.",
    )
