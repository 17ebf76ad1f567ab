"""What the published values say of the true ones, once their noise is known.

The largest of twenty noisy gaps is large partly by luck (the winner's curse). An empirical Bayes
estimate takes the luck back, and selecting the largest afterwards changes neither the estimate
nor its interval (Efron 2011, J Am Stat Assoc 106:1602).

The estimate and the error of each indicator come from the law of its true values over the
quartiers, whatever its shape (`shape`). How the errors of several indicators go together comes
from the normal model of Fay and Herriot (1979, J Am Stat Assoc 74:269): with covariance ``T``
between quartiers and ``V`` of sampling, the true values have covariance ``T − T (T + V)⁻¹ T``.
"""

from __future__ import annotations

import dataclasses
from typing import Final

import numpy as np

from qpvkit.measure.scales import Floats
from qpvkit.measure.stakes.shape import moments
from qpvkit.measure.stakes.yardstick import Yardstick, nearest_covariance

_UNKNOWN: Final = 1e9  # sampling variance of what is not published: it teaches nothing
_JITTER: Final = 1e-9


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The law of the true scaled values of some quartiers.

    Attributes
    ----------
    mean
        Quartier × indicator.
    cover
        Cholesky factor of the covariance: quartier × indicator × indicator.
    """

    mean: Floats
    cover: Floats

    @property
    def deviation(self) -> Floats:
        """Standard deviation of each true value."""
        return np.asarray(np.sqrt(np.square(self.cover).sum(axis=2)), dtype=float)

    def draw(self, noise: Floats, used: np.ndarray) -> Floats:
        """Turn normal draws (draw × indicator) into true values: quartier × draw × used one."""
        cover = self.cover[:, used].transpose(0, 2, 1)
        return np.asarray(self.mean[:, None, used] + noise[None] @ cover, dtype=float)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """How the true values of the quartiers of a map spread, and how errors go together.

    Attributes
    ----------
    names
        The indicators, in the order of the arrays.
    mean, covariance
        Of the true scaled values between quartiers.
    weights
        Indicator × component: the shape of the law of the true values, see `shape`.
    together
        Correlation of the sampling errors of two indicators: that of the values themselves
        across quartiers when both are measured on the same people, otherwise 0.
    """

    names: tuple[str, ...]
    mean: Floats
    covariance: Floats
    weights: Floats
    together: Floats


def fit_prior(yardstick: Yardstick) -> Prior:
    """Separate what differs between quartiers from what is noise.

    It depends on the map only: a quartier has the same law alone or with others.
    """
    names = tuple(str(name) for name in yardstick.correlation.index)
    table = yardstick.series.assign(weight=yardstick.series["peers"])
    table = table.sort_values("weight").groupby(level="indicator").last().reindex(list(names))
    group = yardstick.people.reindex(list(names)).fillna("").to_numpy(object)
    shared = (group[:, None] == group[None, :]) & (group[:, None] != "")
    together = np.where(shared, yardstick.correlation.to_numpy(), 0.0)
    np.fill_diagonal(together, 1.0)
    together = nearest_covariance(together, np.ones(len(names)))
    tau, noise = table["tau"].fillna(1.0).to_numpy(), table["sampling"].fillna(0.0).to_numpy()
    total = np.sqrt(tau**2 + noise**2)
    between = yardstick.correlation.to_numpy() * np.outer(total, total)
    between = between - together * np.outer(noise, noise)
    return Prior(
        names=names,
        mean=table["mean"].fillna(0.0).to_numpy(float),
        covariance=nearest_covariance(between, tau**2),
        weights=yardstick.weights.reindex(list(names)).to_numpy(float),
        together=together,
    )


def infer_truth(z: Floats, e: Floats, prior: Prior) -> Truth:
    """Return the law of the true values of some quartiers.

    Parameters
    ----------
    z, e
        Quartier × indicator: scaled values and their sampling errors; NaN where nothing is
        published, and then nothing is learnt.

    Examples
    --------
    >>> from qpvkit.measure.stakes.shape import fit_shape
    >>> prior = Prior(names=("a",), mean=np.zeros(1), covariance=np.eye(1), together=np.eye(1),
    ...     weights=fit_shape(np.zeros(0), np.zeros(0))[None])
    >>> truth = infer_truth(np.array([[2.0]]), np.array([[1.0]]), prior)
    >>> truth.mean.round(2).tolist(), truth.deviation.round(2).tolist()
    ([[1.15]], [[0.76]])
    """
    seen = np.isfinite(z) & np.isfinite(e)
    error = np.where(seen, e, 0.0)
    sampling = error[:, :, None] * error[:, None, :] * prior.together
    diagonal = np.arange(z.shape[1])
    sampling[:, diagonal, diagonal] = np.where(seen, error**2 + _JITTER, _UNKNOWN)
    gain = np.linalg.solve(prior.covariance + sampling, prior.covariance[None]).transpose(0, 2, 1)
    covariance = prior.covariance - gain @ prior.covariance
    covariance = (covariance + covariance.transpose(0, 2, 1)) / 2
    covariance[:, diagonal, diagonal] += _JITTER
    mean, deviation = moments(np.where(seen, z, 0.0), error, prior.weights)
    wide = np.sqrt(covariance[:, diagonal, diagonal])
    ratio = np.where(seen, deviation / wide, 1.0)
    return Truth(
        mean=np.where(seen, mean, prior.mean), cover=factor_of(covariance) * ratio[:, :, None]
    )


def factor_of(covariance: Floats) -> Floats:
    """Return a factor L with ``L Lᵀ`` the covariance, even where one is nearly singular."""
    try:
        return np.asarray(np.linalg.cholesky(covariance), dtype=float)
    except np.linalg.LinAlgError:
        if len(covariance) > 1:  # the others keep the factor that they have alone
            return np.concatenate([factor_of(one[None]) for one in covariance])
    roots, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.clip(roots, 0.0, None))[:, None, :], dtype=float)
