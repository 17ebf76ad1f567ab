"""Tables for the tests of stakes: values on any scale, built from what each test plants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from qpvkit.measure.scales import from_scale

COLUMNS = ("code", "indicator", "vintage", "value", "y", "se", "n_eff", "sign", "scale", "people")


def values(
    table: pd.DataFrame, *, se: float | pd.DataFrame = 0.2, vintage: int | None = 2021,
    scale: str = "identity", sign: float = 1.0, people: str = "",
) -> pd.DataFrame:  # fmt: skip
    """Return long rows from a table quartier × indicator of values on their scale.

    NaN cells are not published. `people` is the group of all indicators.
    """
    long = (
        table.rename_axis("code").reset_index().melt("code", var_name="indicator", value_name="y")
    )
    errors = se if isinstance(se, pd.DataFrame) else table * 0 + se
    wide = errors.rename_axis("code").reset_index().melt("code", value_name="se")["se"]
    rows = long.assign(
        se=wide, vintage=pd.array([vintage] * len(long), dtype="Int64"), scale=scale, sign=sign,
        value=from_scale(long["y"].to_numpy(float), scale), n_eff=np.nan, people=people,
    )  # fmt: skip
    return rows.loc[rows["y"].notna(), list(COLUMNS)].reset_index(drop=True)


def normal_table(
    quartiers: int, names: Sequence[str], *, seed: int = 0, prefix: str = "Q"
) -> pd.DataFrame:
    """Return standard normal values, quartier × indicator."""
    rng = np.random.default_rng(seed)
    codes = [f"{prefix}{rank:04d}" for rank in range(quartiers)]
    return pd.DataFrame(rng.standard_normal((quartiers, len(names))), index=codes, columns=names)


def grid_of(stakes: int, *, each: int = 2) -> dict[str, list[str]]:
    """Return stakes of as many indicators each, all different."""
    return {f"e{s}": [f"i{s}{j}" for j in range(each)] for s in range(stakes)}


def names_of(grid: dict[str, list[str]]) -> list[str]:
    """Return the indicators of a grid."""
    return [name for members in grid.values() for name in members]


def references(
    rows: pd.DataFrame, gaps: dict[str, float], *, typical: float | None = None
) -> pd.DataFrame:
    """Return references at a given distance below each value, by kind of territory."""
    pieces = []
    for kind, gap in gaps.items():
        piece = rows[["code", "indicator"]].assign(
            option=kind, y_ref=rows["y"] - gap, typical=0.0 if typical is None else typical
        )
        pieces.append(piece)
    return pd.concat(pieces, ignore_index=True)
