"""Two proportions compared: intervals of their difference and ratio, test of their equality.

Newcombe's hybrid is built on Wilson's limits. Miettinen–Nurminen and Koopman invert the score
statistic, whose restricted estimates have closed forms; the roots are found by scipy, all rows
at once. statsmodels has these intervals for one pair at a time; up to 0.15.0 its cubic for the
difference is wrong (its issue 10269), so that it misses the published limits.

References
----------
Newcombe (1998), Stat Med 17:873, method 10. Miettinen and Nurminen (1985), Stat Med 4:213.
Koopman (1984), Biometrics 40:513.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import numpy as np

from qpvkit.errors import BadArgumentError
from qpvkit.measure.uncertainty.intervals import Interval, is_proportion, wilson
from qpvkit.measure.uncertainty.vectors import FloatArray, Vector, align, critical

Contrast: TypeAlias = Literal["difference", "ratio"]
_Spread: TypeAlias = Callable[..., tuple[FloatArray, FloatArray]]
_WIDEST_LOG_RATIO: Final = 50.0


def newcombe(x1: Vector, n1: Vector, x2: Vector, n2: Vector, *, level: float = 0.95) -> Interval:
    """Return Newcombe's hybrid interval of the difference ``x1 / n1 − x2 / n2``.

    The two samples must be independent: compare a quartier with the *rest* of its commune.

    Parameters
    ----------
    x1, n1, x2, n2
        People concerned and counted on each side; effective sizes are allowed. NaN where either
        is not a proportion.
    level
        Confidence level, between 0 and 1.

    Examples
    --------
    >>> low, high = newcombe(56, 70, 48, 80)
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    (a, m, b, n), restore = align(x1, n1, x2, n2)
    first, second = wilson(a, m, level=level), wilson(b, n, level=level)
    valid = is_proportion(a, m) & is_proportion(b, n)
    p1, p2 = (np.divide(x, size, out=np.full(x.shape, np.nan), where=valid)
              for x, size in ((a, m), (b, n)))  # fmt: skip
    low = p1 - p2 - np.hypot(p1 - first.low, second.high - p2)
    high = p1 - p2 + np.hypot(first.high - p1, p2 - second.low)
    return Interval(restore(np.maximum(low, -1.0)), restore(np.minimum(high, 1.0)))


def miettinen_nurminen(
    x1: Vector,
    n1: Vector,
    x2: Vector,
    n2: Vector,
    *,
    contrast: Contrast = "difference",
    level: float = 0.95,
) -> Interval:
    """Return the score interval of a difference or ratio, variance scaled by ``N / (N − 1)``.

    Parameters
    ----------
    x1, n1, x2, n2
        People concerned and counted on each side; effective sizes are allowed. NaN where either
        is not a proportion.
    contrast
        ``"difference"`` for ``x1 / n1 − x2 / n2``, ``"ratio"`` for their quotient.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    Interval
        A ratio lies between 0 and infinity: infinite above where nobody is concerned in the
        second sample, ``(0, ∞)`` where nobody is in either.

    Examples
    --------
    >>> low, high = miettinen_nurminen(5, 56, 0, 29)
    >>> round(low, 4), round(high, 4)
    (-0.0326, 0.1933)
    >>> low, high = miettinen_nurminen(7, 18, 1, 18, contrast="ratio")
    >>> round(low, 3), round(high, 3)
    (1.296, 42.544)
    """
    if contrast not in _LOWER:
        message = (
            f"comparaison inconnue : {contrast!r}. "
            "À faire : écrire contrast='difference' ou contrast='ratio'."
        )
        raise BadArgumentError(message, argument="contrast", value=contrast)
    return _score_interval(x1, n1, x2, n2, contrast=contrast, level=level, corrected=True)


def koopman(x1: Vector, n1: Vector, x2: Vector, n2: Vector, *, level: float = 0.95) -> Interval:
    """Return Koopman's score interval of the ratio ``(x1 / n1) / (x2 / n2)``.

    As Miettinen and Nurminen's without their correction of the variance; same limits at zero.

    Examples
    --------
    >>> low, high = koopman(8, 15, 4, 15)
    >>> round(low, 3), round(high, 3)
    (0.815, 5.336)
    """
    return _score_interval(x1, n1, x2, n2, contrast="ratio", level=level, corrected=False)


def score_test(x1: Vector, n1: Vector, x2: Vector, n2: Vector) -> Vector:
    """Return the two-sided p-value of equal proportions, variance pooled (Pearson's χ²).

    It is 1 where nobody, or everybody, is concerned on both sides.

    Examples
    --------
    >>> round(score_test(56, 70, 48, 80), 4)
    0.008
    """
    from scipy.special import ndtr  # noqa: PLC0415 - slow to import

    (a, m, b, n), restore = align(x1, n1, x2, n2)
    valid = is_proportion(a, m) & is_proportion(b, n)
    a, m, b, n = (np.where(valid, *pair) for pair in ((a, 0.0), (m, 1.0), (b, 0.0), (n, 1.0)))
    pooled = (a + b) / (m + n)
    scale = np.sqrt(pooled * (1 - pooled) * (1 / m + 1 / n))
    z = np.divide(a / m - b / n, scale, out=np.zeros_like(scale), where=scale > 0)
    result: Vector = restore(np.where(valid, 2 * ndtr(-np.abs(z)), np.nan))
    return result


def _score_interval(
    x1: Vector, n1: Vector, x2: Vector, n2: Vector,
    *, contrast: Contrast, level: float, corrected: bool,
) -> Interval:  # fmt: skip
    """Invert the score test; the upper limit is the lower one of the samples exchanged."""
    z = critical(level)
    (a, m, b, n), restore = align(x1, n1, x2, n2)
    valid = is_proportion(a, m) & is_proportion(b, n)
    a, m, b, n = (np.where(valid, *pair) for pair in ((a, 0.0), (m, 1.0), (b, 0.0), (n, 1.0)))
    if corrected:
        z_scaled = z * np.sqrt((m + n) / np.where(m + n > 1, m + n - 1, np.nan))
    else:
        z_scaled = np.full_like(m, z)
    lower = _LOWER[contrast]
    low, exchanged = lower(a, m, b, n, z_scaled), lower(b, n, a, m, z_scaled)
    if contrast == "difference":
        high = -exchanged
    else:
        high = np.divide(1.0, exchanged, out=np.full_like(exchanged, np.inf), where=exchanged != 0)
    return Interval(restore(np.where(valid, low, np.nan)), restore(np.where(valid, high, np.nan)))


def _lower_difference(
    x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray, z: FloatArray
) -> FloatArray:
    point = x1 / n1 - x2 / n2
    bottom = point <= -1
    start, end = np.full_like(point, -1.0), np.where(bottom, 0.0, point)
    root = _root(_difference_spread, start, end, x1, n1, x2, n2, z)
    return np.where(bottom, -1.0, root)


def _lower_ratio(
    x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray, z: FloatArray
) -> FloatArray:
    widest = np.full_like(x1, _WIDEST_LOG_RATIO)
    both = (x1 > 0) & (x2 > 0)
    end = np.log(np.divide(x1 * n2, x2 * n1, out=np.ones_like(x1), where=both))
    root = _root(_ratio_spread, -widest, np.where(both, end, widest), x1, n1, x2, n2, z)
    return np.where(x1 > 0, np.exp(root), 0.0)


_LOWER: Final = {"difference": _lower_difference, "ratio": _lower_ratio}


def _root(
    spread: _Spread, start: FloatArray, end: FloatArray, x1: FloatArray, n1: FloatArray,
    x2: FloatArray, n2: FloatArray, z: FloatArray,
) -> FloatArray:  # fmt: skip
    """Find where the distance to the estimate is `z` times its standard error."""
    from scipy.optimize.elementwise import find_root  # noqa: PLC0415 - slow to import

    def excess(value: FloatArray, *sample: FloatArray) -> FloatArray:
        distance, error = spread(value, *sample[:4])
        allowed = sample[4] * error
        total = distance + allowed  # bounded, and −1 at the estimate even without any error
        near = np.full_like(total, -1.0)
        return np.divide(distance - allowed, total, out=near, where=distance > 0)

    result: FloatArray = find_root(excess, (start, end), args=(x1, n1, x2, n2, z)).x
    return result


def _difference_spread(
    delta: FloatArray, x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return how far `delta` is below the difference, and its error were `delta` true.

    The restricted estimate is the root of a cubic (Miettinen and Nurminen 1985, appendix I).
    """
    total = n1 + n2
    c2 = ((n1 + 2 * n2) * delta - total - x1 - x2) / total
    c1 = ((n2 * delta - total - 2 * x2) * delta + x1 + x2) / total
    c0 = x2 * delta * (1 - delta) / total
    q = (c2 / 3) ** 3 - c1 * c2 / 6 + c0 / 2
    r = np.where(q < 0, -1.0, 1.0) * np.sqrt(np.maximum((c2 / 3) ** 2 - c1 / 3, 0.0))
    cosine = np.divide(q, r**3, out=np.zeros_like(q), where=r != 0)
    angle = (np.pi + np.arccos(np.clip(cosine, -1.0, 1.0))) / 3
    p2 = 2 * r * np.cos(angle) - c2 / 3
    p2 = np.clip(p2, np.maximum(0.0, -delta), np.minimum(1.0, 1.0 - delta))
    p1 = np.clip(p2 + delta, 0.0, 1.0)
    return x1 / n1 - x2 / n2 - delta, np.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)


def _ratio_spread(
    log_ratio: FloatArray, x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return how far a ratio is below the observed one, and its error were it true.

    The restricted estimate is the root of a quadratic (Koopman 1984), in its stable form.
    """
    ratio = np.exp(log_ratio)
    events = x1 + x2
    linear = n1 * ratio + x1 + n2 + x2 * ratio
    discriminant = np.maximum(linear**2 - 4 * (n1 + n2) * ratio * events, 0.0)
    p2 = np.minimum(2 * events / (linear + np.sqrt(discriminant)), 1.0)
    p1 = np.minimum(ratio * p2, 1.0)
    error = np.sqrt(p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2)
    return x1 / n1 - ratio * x2 / n2, error
