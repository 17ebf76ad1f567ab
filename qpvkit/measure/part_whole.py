"""The part and the whole: a quartier lies inside the territory that it is compared with.

With ``s`` the quartier's share of the territory, ``gap to the whole = (1 − s) · gap to the
rest``. The quartier and the rest are disjoint, hence independent: the comparison is made there
(Newcombe's hybrid interval for the difference, Koopman's for the ratio), then scaled by
``1 − s`` to print the gap to the whole. Taking the territory as exact, or as independent of its
own part, misses the announced level as soon as the quartier counts for a tenth of it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from qpvkit.measure.scales import Floats
from qpvkit.measure.uncertainty import koopman, newcombe
from qpvkit.measure.uncertainty.vectors import critical

PART_COLUMNS: Final = (
    "comparison", "comparison_reason", "part", "rest_value", "rest_gap", "rest_low", "rest_high",
    "gap_low", "gap_high", "ratio", "ratio_low", "ratio_high", "p_value",
)  # fmt: skip
_ALMOST_ALL: Final = 0.98  # a quartier that is nearly the whole has no rest to speak of
_NEEDED: Final = ("base", "n_eff", "value_low", "value_high", "reference_base", "rounding")


def compare_parts(pairs: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Compare quartiers with the rest of their territory where counts allow.

    Parameters
    ----------
    pairs
        One row per comparison: ``value, reference_value`` (natural unit), ``share`` (whether it
        is a percentage), ``inside`` (whether the quartier lies wholly in the territory), and
        where known ``base, reference_base`` (people), ``n_eff, value_low, value_high`` (see
        `measurement_errors`), ``rounding`` (half the step to which the reference is published).
    level
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        Same index, columns `PART_COLUMNS`. ``comparison`` is ``rest`` or ``whole``, and
        ``comparison_reason`` why the rest is out of reach: ``median`` (neither a share nor a
        count: it cannot be subtracted), ``outside, no_base, no_error, whole`` (the quartier is
        nearly all of it), ``inconsistent`` (the rest would have an impossible rate). Against
        the whole, the interval holds the quartier's own uncertainty only. ``p_value`` is the
        level at which the interval would touch zero, two-sided.

    Examples
    --------
    >>> pair = pd.DataFrame({"value": [46.0], "reference_value": [30.0], "share": [True],
    ...     "inside": [True], "base": [10_000.0], "reference_base": [40_000.0],
    ...     "n_eff": [4000.0], "value_low": [44.5], "value_high": [47.5], "rounding": [0.0]})
    >>> row = compare_parts(pair).iloc[0]
    >>> row["comparison"], round(float(row["rest_value"]), 2), round(float(row["rest_gap"]), 2)
    ('rest', 24.67, 21.33)
    >>> round(float(row["gap_low"]), 2), round(float(row["gap_high"]), 2)
    (14.71, 17.29)
    """
    known = pairs.reindex(columns=[*pairs.columns, *(n for n in _NEEDED if n not in pairs)])
    value, reference = known["value"].to_numpy(float), known["reference_value"].to_numpy(float)
    base, whole = known["base"].to_numpy(float), known["reference_base"].to_numpy(float)
    n_eff = known["n_eff"].to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = base / whole
        rest = (whole * reference - base * value) / (whole - base)
    rounding = np.nan_to_num(known["rounding"].to_numpy(float))
    with np.errstate(invalid="ignore", divide="ignore"):
        widened = rounding / (1 - part)
    slack = np.nan_to_num(widened) + 1e-9
    reason = _reasons(known, part, rest, slack)
    ok = reason == ""
    rest = np.where(ok, np.clip(rest, 0, 100), np.nan)
    sides = _sides(value, rest, n_eff, base, whole)
    low, high = (100 * limit for limit in newcombe(*sides, level=level))
    gap = value - rest
    low, high = _widen(gap, low, high, np.where(ok, widened, 0.0))
    ratios = koopman(*sides, level=level)
    direct = value - reference
    own = (known["value_low"].to_numpy(float) - reference,
           known["value_high"].to_numpy(float) - reference)  # fmt: skip
    own = _widen(direct, *own, rounding)
    scaled = np.where(ok, (1 - part) * low, own[0]), np.where(ok, (1 - part) * high, own[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(ok & (rest > 0), value / rest, np.nan)
    columns = {
        "comparison": np.where(ok, "rest", "whole"),
        "comparison_reason": reason,
        "part": np.where(ok, part, np.nan),
        "rest_value": rest,
        "rest_gap": gap,
        "rest_low": low,
        "rest_high": high,
        "gap_low": scaled[0],
        "gap_high": scaled[1],
        "ratio": ratio,
        "ratio_low": np.where(np.isfinite(ratio), ratios.low, np.nan),
        "ratio_high": np.where(np.isfinite(ratio), ratios.high, np.nan),
        "p_value": _p_value(np.where(ok, (1 - part) * gap, direct), *scaled, level),
    }
    return pd.DataFrame(columns, index=pairs.index)


def _reasons(known: pd.DataFrame, part: Floats, rest: Floats, slack: Floats) -> np.ndarray:
    """Say why the rest is out of reach, or nothing."""
    impossible = (rest < -slack) | (rest > 100 + slack)
    cases = [
        ~known["share"].to_numpy(bool),
        ~known["inside"].to_numpy(bool),
        ~np.isfinite(part),
        ~(known["n_eff"].to_numpy(float) > 0),
        part >= _ALMOST_ALL,
        impossible | ~np.isfinite(rest),
    ]
    names = ["median", "outside", "no_base", "no_error", "whole", "inconsistent"]
    return np.select(cases, names, "").astype(object)


def _sides(
    value: Floats, rest: Floats, n_eff: Floats, base: Floats, whole: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return people concerned and counted on each side; the rest has the design of the part."""
    with np.errstate(invalid="ignore", divide="ignore"):
        others = (whole - base) * n_eff / base
    return value / 100 * n_eff, n_eff, rest / 100 * others, others


def _widen(gap: Floats, low: Floats, high: Floats, half_step: Floats) -> tuple[Floats, Floats]:
    """Add the rounding of the reference to an interval, side by side (squares add up)."""
    return gap - np.hypot(gap - low, half_step), gap + np.hypot(high - gap, half_step)


def _p_value(gap: Floats, low: Floats, high: Floats, level: float) -> Floats:
    """Return the two-sided level at which the interval would touch zero."""
    from scipy.special import ndtr  # noqa: PLC0415 - slow to import

    side = np.where(gap > 0, gap - low, high - gap)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.abs(gap) / side * float(critical(level))
    return np.asarray(2 * ndtr(-z), dtype=float)
