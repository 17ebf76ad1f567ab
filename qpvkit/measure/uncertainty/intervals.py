"""Intervals of one proportion and of one rate.

Wilson (score), Clopper and Pearson (exact) and mid-P for proportions; Byar and exact Poisson for
counts and rates; Dobson for standardised rates. Where the textbooks refuse, the limit is NaN.

References
----------
Wilson (1927), J Am Stat Assoc 22:209. Clopper and Pearson (1934), Biometrika 26:404.
Newcombe (1998), Stat Med 17:857. Byar, in Breslow and Day (1987), Statistical Methods in Cancer
Research II, IARC, p. 69. Dobson, Kuulasmaa, Eberle and Scherer (1991), Stat Med 10:457.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from qpvkit.measure.uncertainty.vectors import FloatArray, Vector, align, critical

FEWEST_EVENTS: Final = 10  # below, Byar gives way to exact Poisson, and Dobson to nothing


class Interval(NamedTuple):
    """Two limits, each of the shape of what was given: a float, an array or a Series."""

    low: Any
    high: Any


def wilson(x: Vector, n: Vector, *, level: float = 0.95) -> Interval:
    """Return the score interval of a proportion ``x / n``.

    Parameters
    ----------
    x, n
        People concerned and people counted. Fractions are allowed: with a design effect, pass
        the effective size and ``x = p · n_eff``. NaN where ``n ≤ 0``, ``x < 0`` or ``x > n``.
    level
        Confidence level, between 0 and 1.

    Examples
    --------
    >>> low, high = wilson(15, 148)
    >>> round(low, 4), round(high, 4)
    (0.0624, 0.1605)
    """
    return _proportion(x, n, level=level, method="wilson")


def clopper_pearson(x: Vector, n: Vector, *, level: float = 0.95) -> Interval:
    """Return the exact interval of a proportion: at least its level, often much more.

    Examples
    --------
    >>> low, high = clopper_pearson(15, 148)
    >>> round(low, 4), round(high, 4)
    (0.0578, 0.1617)
    """
    return _proportion(x, n, level=level, method="beta")


def _proportion(x: Vector, n: Vector, *, level: float, method: str) -> Interval:
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415 - slow to import

    critical(level)
    (events, size), restore = align(x, n)
    valid = is_proportion(events, size)
    safe_events, safe_size = np.where(valid, events, 0.0), np.where(valid, size, 1.0)
    limits = proportion_confint(
        np.atleast_1d(safe_events), np.atleast_1d(safe_size), alpha=1 - level, method=method
    )
    low, high = (np.reshape(limit, events.shape) for limit in limits)
    low = np.where(safe_events == 0, 0.0, low)
    high = np.where(safe_events == safe_size, 1.0, high)
    return Interval(restore(np.where(valid, low, np.nan)), restore(np.where(valid, high, np.nan)))


def is_proportion(x: FloatArray, n: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell where ``x`` out of ``n`` is a proportion."""
    return np.isfinite(x) & np.isfinite(n) & (n > 0) & (x >= 0) & (x <= n)


def midp(x: Vector, n: Vector, *, level: float = 0.95) -> Interval:
    """Return the mid-P interval of a proportion: the exact one without its excess of caution.

    Each limit leaves half the error beyond it, the observed count weighing one half.

    Examples
    --------
    >>> low, high = midp(15, 148)
    >>> round(low, 4), round(high, 4)
    (0.0601, 0.1581)
    """
    critical(level)
    (events, size), restore = align(x, n)
    low = _midp_low(events, size, tail=(1 - level) / 2)
    high = 1 - _midp_low(size - events, size, tail=(1 - level) / 2)
    return Interval(restore(low), restore(high))


def _midp_low(x: FloatArray, n: FloatArray, *, tail: float) -> FloatArray:
    from scipy.optimize.elementwise import find_root  # noqa: PLC0415 - slow to import
    from scipy.special import betainc  # noqa: PLC0415

    def excess(p: FloatArray, x: FloatArray, n: FloatArray) -> FloatArray:
        at_least: FloatArray = betainc(x, n - x + 1, p)
        more = np.where(x < n, betainc(x + 1, np.maximum(n - x, 1e-300), p), 0.0)
        return (at_least + more) / 2 - tail

    valid = is_proportion(x, n)
    inside = valid & (x > 0)
    safe_x, safe_n = np.where(inside, x, 1.0), np.where(inside, n, 2.0)
    root = find_root(excess, (np.zeros_like(x), np.ones_like(x)), args=(safe_x, safe_n)).x
    return np.where(inside, root, np.where(valid, 0.0, np.nan))


def poisson_exact(x: Vector, *, level: float = 0.95) -> Interval:
    """Return the exact interval of a Poisson count (Garwood's), at least its level.

    Examples
    --------
    >>> low, high = poisson_exact(5)
    >>> round(low, 4), round(high, 4)
    (1.6235, 11.6683)
    """
    from statsmodels.stats.rates import confint_poisson  # noqa: PLC0415 - slow to import

    critical(level)
    (events,), restore = align(x)
    valid = np.isfinite(events) & (events >= 0)
    positive = np.where(valid & (events > 0), events, 1.0)
    low, _ = confint_poisson(positive, 1.0, method="exact-c", alpha=1 - level)
    _, high = confint_poisson(np.where(valid, events, 1.0), 1.0, method="exact-c", alpha=1 - level)
    low = np.where(events == 0, 0.0, low)
    return Interval(restore(np.where(valid, low, np.nan)), restore(np.where(valid, high, np.nan)))


def byar(x: Vector, *, level: float = 0.95) -> Interval:
    """Return Byar's interval of a Poisson count: close to the exact one from 10 events.

    The lower limit is NaN where the formula goes below zero (1 event at 99.8 %) or has no value
    (no event): take `rate_interval`, which is exact there.

    Examples
    --------
    >>> low, high = byar(65)
    >>> round(low, 4), round(high, 4)
    (50.1632, 82.8491)
    """
    z = critical(level)
    (events,), restore = align(x)
    events = np.where(events >= 0, events, np.nan)
    low = _byar_limit(np.where(events > 0, events, np.nan), z=-z)
    return Interval(restore(low), restore(_byar_limit(events + 1, z=z)))


def _byar_limit(x: FloatArray, *, z: float) -> FloatArray:
    with np.errstate(over="ignore"):  # a tiny fraction of an event: −∞, refused below
        root = 1 - 1 / (9 * x) + z / (3 * np.sqrt(x))
    limit: FloatArray = x * np.where(root >= 0, root, np.nan) ** 3
    return limit


def rate_interval(x: Vector, n: Vector, *, level: float = 0.95) -> Interval:
    """Return the interval of a rate ``x / n``: Byar's, exact Poisson below 10 events.

    Parameters
    ----------
    x
        Events; may exceed `n`. NaN where negative.
    n
        What they are counted against (people, person-years, thousands of them). NaN where ≤ 0.
    level
        Confidence level, between 0 and 1.

    Examples
    --------
    >>> low, high = rate_interval([5, 65], 100)
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0162, 0.5016], [0.1167, 0.8285])
    """
    (events, size), restore = align(x, n)
    base = np.where(size > 0, size, np.nan)
    few = events < FEWEST_EVENTS
    many = byar(np.where(few, np.nan, events), level=level)
    exact = poisson_exact(np.where(few, events, np.nan), level=level)
    low, high = (np.where(few, *limits) / base for limits in zip(exact, many, strict=True))
    return Interval(restore(low), restore(high))


def dobson(rate: Vector, variance: Vector, x: Vector, *, level: float = 0.95) -> Interval:
    """Return Dobson's interval of a directly standardised rate; NaN below 10 events.

    ``rate + √(variance / x) · (limit(x) − x)``, with Byar's limits of the events.

    Parameters
    ----------
    rate, variance
        The standardised rate ``Σ wᵢ xᵢ / nᵢ`` and its variance ``Σ wᵢ² xᵢ / nᵢ²``, the standard
        weights summing to 1.
    x
        Events over all the classes.
    level
        Confidence level, between 0 and 1.

    Examples
    --------
    >>> low, high = dobson(0.0125, 0.0125 ** 2 / 50, [50, 9])
    >>> low.round(5).tolist(), high.round(5).tolist()
    ([0.00928, nan], [0.01648, nan])
    """
    (point, spread, events), restore = align(rate, variance, x)
    valid = (events >= FEWEST_EVENTS) & (spread >= 0)
    events = np.where(valid, events, np.nan)
    step = np.sqrt(np.where(valid, spread, np.nan) / events)
    limits = byar(events, level=level)
    return Interval(*(restore(point + step * (limit - events)) for limit in limits))
