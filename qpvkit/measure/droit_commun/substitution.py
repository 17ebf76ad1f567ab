"""Whether specific credits add to ordinary means or stand in for them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from qpvkit.measure.droit_commun.inputs import refuse_repeats, refuse_rows, require_columns
from qpvkit.measure.droit_commun.shares import GRADES

SUBSTITUTION_COLUMNS: Final = (
    "kind", "code", "year", "since", "ordinary_per_head", "specific_per_head", "effort_per_head",
    "specific_share", "share_change", "rest_per_head", "effort_ratio", "index", "index_change",
    "alert", "proven", "leverage", "evidence_grade",
)  # fmt: skip
_NEEDED: Final = (
    "kind", "code", "year", "ordinary", "specific", "population", "index", "evidence_grade",
)  # fmt: skip
_REST: Final = ("rest_ordinary", "rest_specific", "rest_population")
_NAME: Final = "Substitution"


def substitution(efforts: pd.DataFrame) -> pd.DataFrame:
    """Follow ordinary and specific means year after year, and raise the alert of substitution.

    ``S = specific / (specific + ordinary)``. The alert: specific credits per inhabitant rise
    while the indice d'équité of ordinary means is under 1 and falls. Leverage may only be claimed
    where ordinary means alone reach the fair share.

    Parameters
    ----------
    efforts
        One row per territory and year: ``kind, code, year, ordinary`` and ``specific`` (euros of
        the year), ``population, index`` (of ordinary means, see `equity_index`) and
        ``evidence_grade`` of the ordinary means. Optional: ``index_high`` (upper limit of the
        index), ``rest_ordinary, rest_specific, rest_population`` (the rest of the territory).

    Returns
    -------
    pandas.DataFrame
        Columns `SUBSTITUTION_COLUMNS`. ``since`` is the year compared with, the previous one
        known. ``effort_per_head`` is the net effort, both kinds together; ``effort_ratio`` is
        that of the quartier over that of the rest. ``alert`` and ``leverage`` are NA where there
        is no earlier year, no index, or grade D, which cannot prove anything; ``proven`` says
        that the upper limit of the index is under 1.

    Raises
    ------
    MeasureRefusedError
        A column is missing, a year stands twice, an amount is negative, a population is null.

    Examples
    --------
    >>> two = pd.DataFrame({"kind": "qp", "code": "QN09901M", "year": [2022, 2024],
    ...     "ordinary": [800e3, 780e3], "specific": [200e3, 260e3], "population": 2000,
    ...     "index": [0.95, 0.85], "evidence_grade": "A"})
    >>> row = substitution(two).iloc[1]
    >>> bool(row["alert"]), round(float(row["specific_share"]), 2), float(row["effort_per_head"])
    (True, 0.25, 520.0)
    """
    table = _check(efforts)
    heads = table["population"]
    table["ordinary_per_head"] = table["ordinary"] / heads
    table["specific_per_head"] = table["specific"] / heads
    both = table["ordinary"] + table["specific"]
    table["effort_per_head"] = both / heads
    table["specific_share"] = table["specific"] / both.where(both.gt(0))
    rest = (table["rest_ordinary"] + table["rest_specific"]) / table["rest_population"]
    table["rest_per_head"] = rest
    table["effort_ratio"] = table["effort_per_head"] / rest.where(rest.gt(0))
    before = table.groupby(["kind", "code"], sort=False)
    table["since"] = before["year"].shift().astype("Int64")
    table["share_change"] = before["specific_share"].diff()
    table["index_change"] = before["index"].diff()
    rise = before["specific_per_head"].diff()
    weak = table["evidence_grade"].eq("D")
    earlier_weak = before["evidence_grade"].shift().eq("D")
    unknown = weak | earlier_weak | rise.isna() | table["index_change"].isna()
    alert = (rise.gt(0) & table["index"].lt(1) & table["index_change"].lt(0)).astype("boolean")
    table["alert"] = alert.mask(unknown)
    table["proven"] = (alert & table["index_high"].lt(1)).mask(unknown)
    leverage = table["index"].ge(1).astype("boolean")
    table["leverage"] = leverage.mask(weak | table["index"].isna())
    return table[list(SUBSTITUTION_COLUMNS)]


def _check(efforts: pd.DataFrame) -> pd.DataFrame:
    """Refuse impossible efforts; complete the optional columns; order the years."""
    require_columns(efforts, _NEEDED, measure=_NAME)
    refuse_repeats(efforts, ["kind", "code", "year"], measure=_NAME)
    optional = ("index_high", *_REST)
    table = efforts.assign(**{name: np.nan for name in optional if name not in efforts})
    numbers = ["ordinary", "specific", "population", "index", *optional]
    table[numbers] = table[numbers].astype("float64")
    refuse_rows(
        table, table[numbers].lt(0).any(axis=1), measure=_NAME,
        problem="nombre négatif", expected="des montants, des indices et des populations positifs.",
    )  # fmt: skip
    refuse_rows(
        table, ~table["population"].gt(0), measure=_NAME,
        problem="population nulle ou inconnue", expected="la population du quartier.",
    )  # fmt: skip
    refuse_rows(
        table, ~table["evidence_grade"].isin(GRADES), measure=_NAME,
        problem="niveau de preuve inconnu", expected=f"une lettre parmi {', '.join(GRADES)}.",
    )  # fmt: skip
    return table.sort_values(["kind", "code", "year"], ignore_index=True)
