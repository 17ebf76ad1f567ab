"""Intervals of a share whose part is inside its whole, and of what is derived from it.

Given the total, the part is binomial. The exact interval is Clopper and Pearson's (1934), through
the incomplete beta function, which also takes the non-integer counts of shared posts. Two errors
are joined by the method of variance estimates recovery (MOVER; Donner and Zou, 2012) on
logarithms, which keeps the asymmetry of small counts where a delta method loses it.

A share known without sampling (an amount in the accounts) has an infinite `size`: its interval is
the share itself.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def share_interval(
    share: Floats, size: Floats, *, confidence: float, exact_below: float
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return the interval of a share, and where it is exact.

    Exact when the part ``share · size``, or what is left of the whole, is below `exact_below`;
    otherwise ``exp(ln p ± z·√(1/part − 1/whole))``. A null part has a finite upper bound.

    Parameters
    ----------
    share
        From 0 to 1; NaN gives NaN.
    size
        The total of which it is a share, as a number of independent cases.
    confidence
        Level, such as 0.95.
    exact_below
        Count under which the approximation is not used.

    Examples
    --------
    >>> low, high, exact = share_interval(np.array([0.0, 0.24]), np.array([20.0, 1000.0]),
    ...     confidence=0.95, exact_below=100)
    >>> low.round(3).tolist(), high.round(3).tolist(), exact.tolist()
    ([0.0, 0.215], [0.168, 0.268], [True, False])
    """
    from scipy.special import betaincinv, ndtri  # noqa: PLC0415 - slow to import

    tail = (1 - confidence) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(np.isinf(size), np.inf, share * size)
        rest = np.where(np.isinf(size), np.inf, size - part)
        exact = np.minimum(part, rest) < exact_below
        spread = np.exp(ndtri(1 - tail) * np.sqrt(1 / part - 1 / size))
        low, high = share / spread, np.minimum(share * spread, 1.0)
        some = np.where(exact, part, 1.0)
        left = np.where(exact, rest, 1.0)
        exact_low = np.where(some > 0, betaincinv(np.maximum(some, 1e-9), left + 1, tail), 0.0)
        exact_high = np.where(left > 0, betaincinv(some + 1, np.maximum(left, 1e-9), 1 - tail), 1.0)
    unknown = np.isnan(part) | ~(size > 0)
    low = np.where(unknown, np.nan, np.where(exact, exact_low, low))
    high = np.where(unknown, np.nan, np.where(exact, exact_high, high))
    return low, high, exact & ~unknown


def median_share(share: Floats, size: Floats) -> Floats:
    """Return the share, or its median-unbiased estimate where it is null.

    A null share has no logarithm; ``1 − 0.5^(1/size)`` is the value for which a null count is as
    likely as not.

    Examples
    --------
    >>> median_share(np.array([0.0, 0.5]), np.array([10.0, 10.0])).round(3).tolist()
    [0.067, 0.5]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(share > 0, share, 1 - 0.5 ** (1 / size))


def widen(
    bound: Floats, centre: Floats, error: Floats, *, confidence: float, side: Literal[-1, 1]
) -> Floats:
    """Move a bound away from its centre by an independent relative error (MOVER on logarithms).

    Parameters
    ----------
    bound, centre
        A limit of an interval and its point, both ratios; a null bound stays null.
    error
        Standard error of the logarithm of what the ratio is multiplied or divided by.
    confidence
        Level, such as 0.95.
    side
        −1 for a lower bound, 1 for an upper one.

    Examples
    --------
    >>> one, ten_percent = np.array([1.0]), np.array([0.1])
    >>> widen(np.array([0.8]), one, ten_percent, confidence=0.95, side=-1).round(3).tolist()
    [0.743]
    """
    from scipy.special import ndtri  # noqa: PLC0415 - slow to import

    reach = ndtri((1 + confidence) / 2) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = centre * np.exp(side * np.hypot(np.log(bound / centre), reach))
    return np.where((bound > 0) & np.isfinite(bound) & (error > 0), moved, bound)


def probability_below(share: Floats, size: Floats, limit: Floats, error: Floats) -> Floats:
    """Return the probability that a share is under an uncertain limit.

    The share has Jeffreys' distribution, Beta(part + ½, rest + ½); the limit is log-normal with
    standard error `error`, over which nine Gauss-Hermite points integrate.

    Examples
    --------
    >>> probability_below(np.array([0.02]), np.array([100.0]), np.array([0.1]), np.array([0.0])
    ...     ).round(3).tolist()
    [0.999]
    """
    from scipy.special import betainc  # noqa: PLC0415 - slow to import

    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    limits = np.clip(limit[:, None] * np.exp(error[:, None] * nodes), 0.0, 1.0)
    known = np.where(np.isinf(size), 1.0, size)[:, None]
    part = share[:, None] * known
    chances = betainc(part + 0.5, known - part + 0.5, limits)
    sure = np.where(np.isnan(limits), np.nan, (share[:, None] < limits).astype(float))
    chances = np.where(np.isinf(size)[:, None], sure, chances)
    result: Floats = chances @ weights / weights.sum()
    return result
