"""Gaps between a quartier and what it is compared with, in natural units."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from qpvkit.measure.part_whole import PART_COLUMNS, compare_parts
from qpvkit.measure.uncertainty import benjamini_hochberg

GAP_COLUMNS: Final = (
    "indicator", "vintage", "value", "reference_kind", "reference_code", "reference_label",
    "reference_value", "reference_source", "gap", "worse", "people", *PART_COLUMNS,
    "p_adjusted", "different",
)  # fmt: skip
_OF_VALUES: Final = ("base", "n_eff", "value_low", "value_high")
_OF_REFERENCES: Final = ("reference_base", "rounding", "inside")
_SERIES: Final = ["indicator", "vintage"]


def choose_vintages(values: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """Keep one vintage per indicator: the one that best supports a comparison.

    A vintage for which some territory of comparison is known comes before one that has none;
    then an official value before a third party's; then the most recent. Two vintages are never
    mixed in one comparison.

    Parameters
    ----------
    values
        ``indicator, vintage, value, status, official``; masked rows included. One territory, or
        several told apart by ``code``.
    references
        ``indicator, vintage`` for which a territory of comparison is known.

    Returns
    -------
    pandas.DataFrame
        The chosen rows of `values`, one per territory and indicator.

    Examples
    --------
    >>> values = pd.DataFrame({"indicator": ["a", "a"], "vintage": [2018, 2021],
    ...     "value": [40.0, 42.0], "status": ["ok", "ok"], "official": [True, True]})
    >>> known = pd.DataFrame({"indicator": ["a"], "vintage": [2018]})
    >>> choose_vintages(values, known)["vintage"].tolist()
    [2018]
    """
    known = set(zip(references["indicator"], references["vintage"], strict=True))
    pairs = zip(values["indicator"], values["vintage"], strict=True)
    ranked = values.assign(
        compared=[pair in known for pair in pairs],
        published=values["value"].notna(),
        year=values["vintage"].astype("Float64").fillna(0.0),
    )
    order = ["indicator", "published", "compared", "official", "year"]
    ranked = ranked.sort_values(order, kind="stable")
    key = ["code", "indicator"] if "code" in ranked else ["indicator"]
    return ranked.drop_duplicates(key, keep="last")[list(values.columns)]


def compute_gaps(
    values: pd.DataFrame, references: pd.DataFrame, *, indicators: pd.DataFrame,
    level: float = 0.95, discovery: float = 0.10,
) -> pd.DataFrame:  # fmt: skip
    """Compare values with references of the same vintage, and with their rest where possible.

    ``gap = value − reference``. For a share, ``people = gap / 100 · base``: by how many the
    quartier exceeds (or falls short of) what it would have at the reference's rate.

    Parameters
    ----------
    values
        ``indicator, vintage, value, base``, one territory; its error where known: ``n_eff,
        value_low, value_high`` (see `measurement_errors`).
    references
        ``kind, code, label, indicator, vintage, value, source``; where known ``reference_base``
        (people), ``rounding`` (half the step of publication) and ``inside`` (whether the
        quartier lies wholly in it; no by default).
    indicators
        ``indicator, direction, share``: the sense of each, and whether it is a percentage.
    level
        Of the intervals.
    discovery
        Rate of false discoveries among the gaps said ``different``, over the indicators compared
        with one reference (Benjamini and Hochberg).

    Returns
    -------
    pandas.DataFrame
        Columns `GAP_COLUMNS`, those of `compare_parts` among them; ``worse`` is NA for a
        neutral indicator or a null gap, ``people`` is NaN where no base is published. A
        reference of another vintage gives no row. A vintage that the source does not state (NA)
        only meets itself: the quartiers of one table.

    Examples
    --------
    >>> values = pd.DataFrame({"indicator": ["tp"], "vintage": [2021], "value": [46.3],
    ...     "base": [53291.0]})
    >>> references = pd.DataFrame({"kind": ["commune"], "code": ["59350"], "label": ["Lille"],
    ...     "indicator": ["tp"], "vintage": [2021], "value": [27.0], "source": ["insee"]})
    >>> sense = pd.DataFrame({"indicator": ["tp"], "direction": ["up_is_worse"], "share": [True]})
    >>> row = compute_gaps(values, references, indicators=sense).iloc[0]
    >>> round(float(row["gap"]), 1), round(row["people"]), bool(row["worse"])
    (19.3, 10285, True)
    """
    named = references.rename(
        columns={
            "kind": "reference_kind",
            "code": "reference_code",
            "label": "reference_label",
            "value": "reference_value",
            "source": "reference_source",
        }
    )
    named = named.reindex(columns=[*named.columns, *(n for n in _OF_REFERENCES if n not in named)])
    of_reference = [name for name in map(str, named) if name.startswith("reference_")]
    keep = [*_SERIES, *of_reference, "rounding", "inside"]
    known = values.loc[values["value"].notna()]
    known = known.reindex(columns=[*_SERIES, "value", *_OF_VALUES])
    pairs = known.merge(named[keep], on=_SERIES, how="inner").merge(indicators, on="indicator")
    pairs["inside"] = pairs["inside"].eq(True)
    pairs["gap"] = pairs["value"] - pairs["reference_value"]
    counted = pairs["share"] & pairs["direction"].ne("neutral")
    pairs["people"] = (pairs["gap"] / 100 * pairs["base"]).where(counted)
    pairs["worse"] = is_worse(pairs["gap"], pairs["direction"])
    pairs = pd.concat([pairs, compare_parts(pairs, level=level)], axis=1)
    family = pairs["reference_kind"] + ":" + pairs["reference_code"]
    adjusted = benjamini_hochberg(pairs["p_value"], groups=family)
    pairs["p_adjusted"] = np.asarray(adjusted, dtype=float)
    different = pairs["p_adjusted"].le(discovery).astype("boolean")
    pairs["different"] = different.mask(pairs["p_adjusted"].isna())
    return pairs[list(GAP_COLUMNS)].reset_index(drop=True)


def is_worse(gap: pd.Series, direction: pd.Series) -> pd.Series:
    """Tell whether a gap is unfavourable: True, False, or NA when neither can be said.

    Examples
    --------
    >>> is_worse(pd.Series([2.0, 2.0, 2.0]),
    ...     pd.Series(["up_is_worse", "up_is_better", "neutral"])).tolist()
    [True, False, <NA>]
    """
    result = (gap > 0).astype("boolean")
    result = result.mask(direction.eq("up_is_better"), gap < 0)
    return result.mask(direction.eq("neutral") | gap.eq(0) | gap.isna())
