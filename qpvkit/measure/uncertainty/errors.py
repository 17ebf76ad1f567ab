"""From a measurement model to the error of a published value and its interval.

Each family turns a value and its base into an effective number of independent observations:

- ``register``: exhaustive, natural variability, ``n / design_effect``;
- ``census_sample``: rolling census, ``SE² = deff · p(1 − p) / (f · n) · (1 − f)``, finite
  population included (domain: 40 % of dwellings in five years);
- ``tax_share``: exhaustive, people grouped in households, ``n / design_effect``;
- ``perturbed``: a count with a deliberate error, uniform on ± `noise`, added to the variance;
- ``tax_quantile``: order statistic of a log-normal income (Woodruff 1952), from the published
  quartiles; no interval without them;
- ``proxy`` and ``none``: no error is known, hence no interval.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from qpvkit.measure.scales import Floats, slope, to_scale
from qpvkit.measure.uncertainty.intervals import wilson
from qpvkit.measure.uncertainty.medians import quantile_log_error
from qpvkit.measure.uncertainty.vectors import critical

ERROR_COLUMNS: Final = ("y", "se", "value_low", "value_high", "n_eff", "no_interval")
_COUNTED: Final = ("register", "census_sample", "tax_share", "perturbed")


def measurement_errors(values: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Give each value its standard error and its interval.

    Parameters
    ----------
    values
        ``value`` (natural unit), ``base`` (people, NaN when not known), ``scale, family,
        fraction, design_effect, noise, quantile`` (which one, of a tax quantile), ``first_quartile,
        third_quartile`` (of the same incomes, NaN when not known).
    level
        Of the interval.

    Returns
    -------
    pandas.DataFrame
        Same index, columns `ERROR_COLUMNS`: ``y``, the value on its scale (half an observation
        added at both ends of a logit: Gart and Zweifel 1967, Biometrika 54:181), ``se`` on it,
        ``value_low, value_high`` in natural units, ``n_eff`` (effective number of observations,
        NaN for a quantile) and ``no_interval``, why there is none:
        ``masked, proxy, no_model, no_base, no_quartiles`` or an empty text.

    Examples
    --------
    >>> nan = float("nan")
    >>> row = pd.DataFrame({"value": [40.0], "base": [2000.0], "scale": ["logit"],
    ...     "family": ["census_sample"], "fraction": [0.4], "design_effect": [1.5],
    ...     "noise": [0.0], "quantile": [nan], "first_quartile": [nan], "third_quartile": [nan]})
    >>> found = measurement_errors(row).iloc[0]
    >>> round(float(found["value_low"]), 1), round(float(found["value_high"]), 1)
    (36.8, 43.3)
    """
    value, base = values["value"].to_numpy(float), values["base"].to_numpy(float)
    family = values["family"].to_numpy(object)
    n_eff = _effective(values)
    counted = np.isin(family, _COUNTED) & (n_eff > 0)
    share = np.clip(value / 100, 0.0, 1.0)
    low, high = wilson(share * n_eff, n_eff, level=level)
    quantile = family == "tax_quantile"
    log_error = _quantile_error(values)
    z = float(critical(level))
    low = np.where(quantile, value * np.exp(-z * log_error), 100 * low)
    high = np.where(quantile, value * np.exp(z * log_error), 100 * high)
    known = np.isfinite(value) & np.where(quantile, np.isfinite(log_error), counted)
    se = np.where(quantile, log_error, _share_error(share, n_eff, values["scale"]))
    reason = _reasons(value, base, family, known)
    scale = values["scale"].to_numpy(object)
    inside = np.where(counted & (scale == "logit"), _inside(share, n_eff), share)
    y = to_scale(np.where(counted & (scale == "logit"), 100 * inside, value), scale)
    columns = {
        "y": np.where(np.isfinite(value), y, np.nan),
        "se": np.where(known, se, np.nan),
        "value_low": np.where(known, low, np.nan),
        "value_high": np.where(known, high, np.nan),
        "n_eff": np.where(known & counted, n_eff, np.nan),
        "no_interval": reason,
    }
    return pd.DataFrame(columns, index=values.index)


def _effective(values: pd.DataFrame) -> Floats:
    """Return how many independent observations the base is worth."""
    base = values["base"].to_numpy(float)
    deff = values["design_effect"].to_numpy(float)
    fraction = values["fraction"].to_numpy(float)
    family = values["family"].to_numpy(object)
    with np.errstate(divide="ignore", invalid="ignore"):
        surveyed = fraction * base / (deff * (1 - fraction))
        counted = base / deff
        share = np.clip(values["value"].to_numpy(float) / 100, 1 / (base + 1), base / (base + 1))
        own = share * (1 - share) / counted
        added = values["noise"].to_numpy(float) ** 2 / 3 * (1 + share**2) / base**2
        noisy = share * (1 - share) / (own + added)
    census = (family == "census_sample") & (fraction < 1)
    effective = np.where(census, surveyed, np.where(family == "perturbed", noisy, counted))
    return np.asarray(effective, dtype=float)


def _share_error(share: Floats, n_eff: Floats, scale: pd.Series) -> Floats:
    """Return the standard error of a percentage on its scale; half an observation at the ends."""
    inside = _inside(share, n_eff)
    with np.errstate(divide="ignore", invalid="ignore"):
        natural = 100 * np.sqrt(inside * (1 - inside) / n_eff)
    return natural * slope(100 * inside, scale.to_numpy(object))


def _inside(share: Floats, n_eff: Floats) -> Floats:
    """Keep a share away from 0 and 1: half an observation more on each side."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((share * n_eff + 0.5) / (n_eff + 1))


def _quantile_error(values: pd.DataFrame) -> Floats:
    """Return the error of the logarithm of a tax quantile."""
    quartiles = values["first_quartile"].to_numpy(float), values["third_quartile"].to_numpy(float)
    result = np.full(len(values), np.nan)
    size = values["base"].to_numpy(float) / values["design_effect"].to_numpy(float)
    for share, rows in values.reset_index(drop=True).groupby("quantile").groups.items():
        found = (side[rows] for side in (*quartiles, size))
        result[rows] = quantile_log_error(*found, share=float(str(share)))
    return result


def _reasons(value: Floats, base: Floats, family: np.ndarray, known: np.ndarray) -> np.ndarray:
    cases = [
        known,
        np.isnan(value),
        family == "proxy",
        family == "none",
        ~(base > 0),
    ]
    return np.select(cases, ["", "masked", "proxy", "no_model", "no_base"], "no_quartiles")
