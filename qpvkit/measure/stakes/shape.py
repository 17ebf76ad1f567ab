"""How the true values of one indicator spread over the quartiers, whatever the shape.

A normal law would pull back too far the quartiers at the end of a long tail. The law of the true
values is a mixture of normal laws with fixed centres and width, whose weights are estimated by a
few steps of EM from a normal start: g-modelling (Efron 2016, Biometrika 103:1), where stopping
early keeps the estimate smooth.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from qpvkit.measure.scales import Floats

WIDTH: Final = 0.6  # of a component and between two centres, in σ
CENTRES: Final[Floats] = np.arange(-5.4, 5.41, WIDTH)
_STEPS: Final = 25
_FEWEST: Final = 30  # below, the normal start is as good as the data


def fit_shape(z: Floats, e: Floats) -> Floats:
    """Return the weights of the components.

    Parameters
    ----------
    z, e
        Scaled values of an indicator over the quartiers, and their sampling errors.

    Examples
    --------
    >>> z = np.random.default_rng(1).standard_normal(500)
    >>> weights = fit_shape(z, np.full(500, 0.3))
    >>> round(float(weights.sum()), 6), bool(abs(weights @ CENTRES) < 0.15)
    (1.0, True)
    """
    weights = np.exp(-(CENTRES**2) / 2)
    weights /= weights.sum()
    known = np.isfinite(z) & np.isfinite(e)
    if known.sum() < _FEWEST:
        return np.asarray(weights, dtype=float)
    likelihood = _likelihood(z[known], e[known])
    for _ in range(_STEPS):
        shares = likelihood * weights
        weights = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
    return np.asarray(weights, dtype=float)


def _likelihood(z: Floats, e: Floats) -> Floats:
    """Return how likely each value is under each component (last axis), up to a constant."""
    variance = (WIDTH**2 + e**2)[..., None]
    away = np.clip(z, CENTRES[0], CENTRES[-1])[..., None] - CENTRES
    return np.asarray(np.exp(-(away**2) / variance / 2) / np.sqrt(variance), dtype=float)


def moments(z: Floats, e: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of the true values, given the published ones.

    Parameters
    ----------
    z, e
        Quartier × indicator; NaN where nothing is published, and so are the results.
    weights
        Indicator × component.

    Examples
    --------
    >>> weights = fit_shape(np.zeros(0), np.zeros(0))[None]
    >>> mean, deviation = moments(np.array([[2.0]]), np.array([[1.0]]), weights)
    >>> round(float(mean[0, 0]), 2), round(float(deviation[0, 0]), 2)
    (1.15, 0.76)
    """
    shares = _likelihood(z, e) * weights
    shares = shares / shares.sum(axis=-1, keepdims=True)
    total = WIDTH**2 + e**2
    centre = (CENTRES * (e**2)[..., None] + (z * WIDTH**2)[..., None]) / total[..., None]
    mean = (shares * centre).sum(axis=-1)
    within = WIDTH**2 * e**2 / total
    between = (shares * (centre - mean[..., None]) ** 2).sum(axis=-1)
    return mean, np.sqrt(within + between)
