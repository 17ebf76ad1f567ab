"""Indicators that say the same thing: pairs with a national correlation of 0.85 or more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import pandas as pd

PAIR_COLUMNS: Final = ("indicator", "other", "rho")


def redundant_pairs(correlation: pd.DataFrame, *, threshold: float) -> pd.DataFrame:
    """List the pairs of indicators that repeat one another.

    Parameters
    ----------
    correlation
        Spearman correlation of the scaled values (each turned so that up is worse).
    threshold
        |ρ| from which two indicators are redundant.

    Returns
    -------
    pandas.DataFrame
        ``indicator, other, rho``, the strongest first.

    Examples
    --------
    >>> rho = pd.DataFrame([[1.0, 0.98], [0.98, 1.0]], index=["a", "b"], columns=["a", "b"])
    >>> redundant_pairs(rho, threshold=0.85).to_numpy().tolist()
    [['a', 'b', 0.98]]
    """
    names = np.array(correlation.index, dtype=object)
    rows, columns = np.triu_indices(len(names), k=1)
    rho = correlation.to_numpy()[rows, columns]
    strong = np.abs(rho) >= threshold
    found = pd.DataFrame(
        {
            "indicator": names[rows[strong]],
            "other": names[columns[strong]],
            "rho": rho[strong],
        },
        columns=list(PAIR_COLUMNS),
    )
    order = found["rho"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order].reset_index(drop=True)


def clusters(names: Sequence[str], pairs: pd.DataFrame) -> dict[str, str]:
    """Group redundant indicators behind the first of each, in order of preference.

    An indicator joins the first kept indicator that it repeats; two that do not repeat one
    another stay apart even when both repeat a third.

    Examples
    --------
    >>> pairs = pd.DataFrame([("a", "b", 0.9), ("b", "c", 0.9)], columns=list(PAIR_COLUMNS))
    >>> clusters(["a", "b", "c"], pairs)
    {'a': 'a', 'b': 'a', 'c': 'c'}
    """
    linked = _links(pairs)
    heads: list[str] = []
    found: dict[str, str] = {}
    for name in names:
        head = next((kept for kept in heads if kept in linked.get(name, ())), name)
        if head == name:
            heads.append(name)
        found[name] = head
    return found


def _links(pairs: pd.DataFrame) -> dict[str, set[str]]:
    linked: dict[str, set[str]] = {}
    both: Iterable[tuple[str, str]] = zip(pairs["indicator"], pairs["other"], strict=True)
    for one, other in both:
        linked.setdefault(one, set()).add(other)
        linked.setdefault(other, set()).add(one)
    return linked
