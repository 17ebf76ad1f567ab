"""The scale on which differences of an indicator compare: logit, logarithm or identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
_Function = Callable[[Floats], Floats]
_LOWEST: Final = 0.5  # percent: a logit has no end, a rate has
_HIGHEST: Final = 99.5
_SMALLEST: Final = 1e-6


def to_scale(values: npt.ArrayLike, scale: npt.ArrayLike) -> Floats:
    """Put values on their scale.

    Percentages are clipped to [0.5, 99.5] before the logit; amounts must be positive, others
    become NaN.

    Parameters
    ----------
    values
        In natural units (percentages from 0 to 100).
    scale
        ``logit``, ``log`` or ``identity``, one for all or one a value (last axis).

    Examples
    --------
    >>> to_scale([50.0, 100.0, 12.0], ["logit", "log", "identity"]).round(3).tolist()
    [0.0, 4.605, 12.0]
    """
    return _by_scale(values, scale, {"logit": _logit, "log": _logarithm})


def from_scale(values: npt.ArrayLike, scale: npt.ArrayLike) -> Floats:
    """Put values back in natural units: the inverse of `to_scale`.

    Examples
    --------
    >>> from_scale([0.0, 4.605170186], ["logit", "log"]).round(6).tolist()
    [50.0, 100.0]
    """
    return _by_scale(values, scale, {"logit": _expit, "log": np.exp})


def slope(values: npt.ArrayLike, scale: npt.ArrayLike) -> Floats:
    """Return the derivative of the scale at natural values: an error times it changes scale.

    Examples
    --------
    >>> slope([50.0, 100.0, 7.0], ["logit", "log", "identity"]).tolist()
    [0.04, 0.01, 1.0]
    """
    return _by_scale(values, scale, {
        "logit": lambda x: 100 / (_inside(x) * (100 - _inside(x))),
        "log": lambda x: 1 / np.where(x > _SMALLEST, x, np.nan),
        "identity": np.ones_like,
    })  # fmt: skip


def _by_scale(
    values: npt.ArrayLike, scale: npt.ArrayLike, functions: Mapping[str, _Function]
) -> Floats:
    """Apply to each column (last axis) the function of its scale; the others stay."""
    x = np.asarray(values, dtype=float)
    kinds = np.asarray(scale, dtype=object)
    if kinds.ndim == 0:
        apply = functions.get(str(kinds))
        return x.copy() if apply is None else np.asarray(apply(x), dtype=float)
    result = x.copy()
    for kind, apply in functions.items():
        columns = kinds == kind
        if columns.all():
            return np.asarray(apply(x), dtype=float)
        if columns.any():
            result[..., columns] = apply(x[..., columns])
    return result


def _inside(x: Floats) -> Floats:
    return np.clip(x, _LOWEST, _HIGHEST)


def _logit(x: Floats) -> Floats:
    share = _inside(x)
    return np.asarray(np.log(share / (100 - share)))


def _logarithm(x: Floats) -> Floats:
    return np.asarray(np.log(np.where(x > _SMALLEST, x, np.nan)))


def _expit(y: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.asarray(100 / (1 + np.exp(-y)))


def sign_of(direction: pd.Series) -> Floats:
    """Return +1 where up is worse, −1 where up is better, 0 for context.

    Examples
    --------
    >>> sign_of(pd.Series(["up_is_worse", "up_is_better", "neutral"])).tolist()
    [1.0, -1.0, 0.0]
    """
    senses = {"up_is_worse": 1.0, "up_is_better": -1.0, "neutral": 0.0}
    return np.asarray(direction.map(senses), dtype=float)
