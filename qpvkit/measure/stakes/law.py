"""The law of the scores of stakes when the data alone vary, and points that fill it evenly."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Final

import numpy as np

from qpvkit.measure.scales import Floats
from qpvkit.measure.stakes.choices import Frame
from qpvkit.measure.stakes.posterior import Truth, factor_of

_JITTER: Final = 1e-9


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The normal law of the scores of some quartiers; NaN where a stake is not scored.

    Attributes
    ----------
    mean, deviation
        Quartier × stake.
    root
        Factor of the covariance: quartier × stake × stake.
    """

    mean: Floats
    deviation: Floats
    root: Floats

    def draw(self, draws: int, *, seed: int) -> Floats:
        """Draw scores: quartier × draw × stake; the next power of two of them."""
        noise = even_normal(draws, self.mean.shape[1], seed)
        return np.asarray(self.mean[:, None] + noise[None] @ self.root.transpose(0, 2, 1))


def law_of_scores(truth: Truth, frame: Frame, used: np.ndarray, *, balance: float) -> Law:
    """Return the law of the scores under the default choices.

    A score is then the mean of some true values less what is usual: as many normal dimensions as
    stakes are enough, whatever the number of indicators.

    Parameters
    ----------
    truth
        Of all the indicators.
    frame
        Of the indicators used.
    used
        Which ones.
    balance
        λ.
    """
    count = frame.members.sum(axis=2, keepdims=True)
    share = frame.members / np.maximum(count, 1)
    shift = frame.shifts[0] + (1 - balance) * frame.typical[0]
    mean = (share @ (truth.mean[:, used] - shift)[..., None])[..., 0]
    spread = share @ truth.cover[:, used]
    covariance = spread @ spread.transpose(0, 2, 1) + _JITTER * np.eye(mean.shape[1])
    scored = count[..., 0] > 0
    variances = np.diagonal(covariance, axis1=1, axis2=2)
    return Law(
        mean=np.where(scored, mean, np.nan),
        deviation=np.where(scored, np.sqrt(variances), np.nan),
        root=factor_of(covariance),
    )


@functools.lru_cache(maxsize=4)
def even_normal(draws: int, size: int, seed: int) -> Floats:
    """Return normal points that fill the space evenly: scrambled Sobol points.

    Owen (1998), J Complexity 14:466. With eight times 2 000 of them, the announced set of stakes is
    the same over five seeds for 97 real quartiers in 100; with 2 000 random points, for 88.

    Examples
    --------
    >>> points = even_normal(1000, 3, 2024)
    >>> points.shape, bool(abs(points.mean()) < 1e-3)
    ((1024, 3), True)
    """
    from scipy.special import ndtri  # noqa: PLC0415 - slow to import
    from scipy.stats import qmc  # noqa: PLC0415 - slow to import

    points = qmc.Sobol(size, rng=np.random.default_rng([seed, 0]))
    inside = points.random_base2(math.ceil(math.log2(draws)))
    result = np.asarray(ndtri(np.clip(inside, 1e-12, 1 - 1e-12)), dtype=float)
    result.flags.writeable = False
    return result
