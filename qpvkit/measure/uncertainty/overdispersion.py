"""Unusual among peers: z-scores that allow for the differences that all peers show.

With thousands of people, nearly every quartier differs « significantly » from the mean of the
quartiers. The funnel says which differ by more than quartiers usually do: its variance is the
sampling variance plus a variance between quartiers, tau², estimated without the extremes.

Spiegelhalter's estimate brings the extremes back and does not allow for it: tau comes out 20 to
40 % too small, and 9 to 16 % of ordinary members are « unusual at 5 % » as soon as tau counts
beside sampling. Huber's estimate, of the same model, expects of each score what bringing back
leaves of a normal one: 3 to 5 %. The tests measure both.

References
----------
Spiegelhalter (2005), Funnel plots for comparing institutional performance, Stat Med 24:1185.
Spiegelhalter (2005), Handling over-dispersion of performance indicators, Qual Saf Health Care
14:347. DerSimonian and Laird (1986), Control Clin Trials 7:177, for tau². Huber (1964), Ann
Math Stat 35:73, proposal 2. Paule and Mandel (1982), J Res NBS 87:377, for errors that differ.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import pandas as pd

from qpvkit.errors import BadArgumentError
from qpvkit.measure.uncertainty.intervals import is_proportion
from qpvkit.measure.uncertainty.vectors import FloatArray, IntArray, Vector, align, grouping

WINSORISED: Final = 0.10
_NORMAL: Final = NormalDist()
Between: TypeAlias = Literal["spiegelhalter", "huber"]


class Estimate(NamedTuple):
    """A value on a scale where its error is known, and that standard error."""

    value: Any
    error: Any


class Funnel(NamedTuple):
    """Where each row stands, of the shape of what was given.

    Attributes
    ----------
    z
        Distance to the target over the square root of ``s² + tau²``.
    p
        Two-sided p-value of `z`.
    target
        What the row was compared with.
    phi
        Overdispersion of its group: mean of the squared winsorised z-scores, 1 when sampling
        explains everything.
    tau
        Standard deviation between members of the group, on the scale of the values.
    """

    z: Any
    p: Any
    target: Any
    phi: Any
    tau: Any


def arcsine(x: Vector, n: Vector) -> Estimate:
    """Return ``asin √(x / n)`` and its standard error ``1 / (2 √n)``, whatever the proportion.

    Examples
    --------
    >>> value, error = arcsine(25, 100)
    >>> round(value, 4), error
    (0.5236, 0.05)
    """
    (events, size), restore = align(x, n)
    valid = is_proportion(events, size)
    share = np.divide(events, size, out=np.full(events.shape, np.nan), where=valid)
    error = 0.5 / np.sqrt(np.where(valid, size, np.nan))
    return Estimate(restore(np.arcsin(np.sqrt(share))), restore(error))


def funnel(
    y: Vector,
    s: Vector,
    *,
    target: Vector | None = None,
    groups: object = None,
    winsorised: float = WINSORISED,
    between: Between = "spiegelhalter",
) -> Funnel:
    """Return z-scores adjusted for overdispersion, within each group.

    Parameters
    ----------
    y, s
        Values and standard errors on a scale where these do not depend on the value: arcsine for
        shares (`arcsine`), logarithm for medians and rates. NaN where either is missing, or
        ``s ≤ 0``.
    target
        What to compare with, on the same scale (the transform of the national value, say); by
        default the mean of the group weighted by ``1 / s²``.
    groups
        The family of each row, as long as `y` (the indicator, say); one family by default.
    winsorised
        Share of the z-scores brought back, at each end, before overdispersion is estimated: true
        outliers must not hide themselves. From 0 to less than 0.5.
    between
        How tau² is estimated: ``"spiegelhalter"``, as published, or ``"huber"``, whose false
        alarms keep their level.

    Returns
    -------
    Funnel
        NaN in a group of one row: nothing tells how much its members usually differ.

    Examples
    --------
    >>> y, s = arcsine([30, 40, 50, 60, 95], 100)
    >>> result = funnel(y, s)
    >>> result.z.round(1).tolist(), round(float(result.phi[0]), 1)
    ([-1.3, -0.8, -0.3, 0.1, 2.3], 14.7)
    """
    from scipy.special import ndtr  # noqa: PLC0415 - slow to import

    _check(winsorised, between)
    (value, error, wanted), restore = align(y, s, np.nan if target is None else target)
    family = grouping(groups, value.size, like=y)
    table = pd.DataFrame({"y": value.ravel(), "s": error.ravel(), "target": wanted.ravel()})
    known = table["y"].notna() & table["s"].gt(0) & np.isfinite(table["s"]) & (family >= 0)
    table = table.where(known)
    if target is None:
        weight = 1 / table["s"] ** 2
        table["target"] = _total(weight * table["y"], family) / _total(weight, family)
    adjusted = _adjust(table, family, winsorised=winsorised, between=between)
    adjusted["p"] = 2 * ndtr(-adjusted["z"].abs().to_numpy())
    columns = (adjusted[name].to_numpy(dtype="float64") for name in Funnel._fields)
    return Funnel(*(restore(column.reshape(value.shape)) for column in columns))


def _check(winsorised: float, between: str) -> None:
    if not 0 <= winsorised < 0.5:
        message = (
            f"part écrêtée impossible : {winsorised!r}. Elle est comprise entre 0 et 0.5 exclu, "
            "à chaque bout. À faire : écrire winsorised=0.10."
        )
        raise BadArgumentError(message, argument="winsorised", value=winsorised)
    if between not in get_args(Between):
        message = (
            f"estimateur inconnu : {between!r}. "
            "À faire : écrire between='spiegelhalter' ou between='huber'."
        )
        raise BadArgumentError(message, argument="between", value=between)


def _adjust(
    table: pd.DataFrame, family: IntArray, *, winsorised: float, between: Between
) -> pd.DataFrame:
    """Add to each row its z-score, and the phi and tau of its group."""
    gap = table["y"] - table["target"]
    naive = gap / table["s"]
    by_family = naive.groupby(family)
    low, high = (
        by_family.quantile(share).reindex(family).to_numpy()
        for share in (winsorised, 1 - winsorised)
    )
    counted: pd.Series = by_family.transform("count")
    phi = _total(naive.clip(low, high) ** 2, family) / counted
    if between == "huber":
        tau2 = _huber(gap, table["s"], family, winsorised=winsorised)
    else:
        tau2 = _moments(phi, table["s"], counted, family)
    tau2 = tau2.where(naive.notna() & (counted > 1))
    z: pd.Series = gap / np.sqrt(table["s"] ** 2 + tau2)
    return table.assign(z=z, phi=phi.where(naive.notna()), tau=np.sqrt(tau2))


def _moments(phi: pd.Series, s: pd.Series, counted: pd.Series, family: IntArray) -> pd.Series:
    """Return ``max(0, (k phi − (k − 1)) / (Σw − Σw² / Σw))``, with ``w = 1 / s²`` over k rows."""
    weight = (1 / s**2).where(phi.notna())
    total = _total(weight, family)
    scale = total - _total(weight**2, family) / total
    excess = counted * phi - (counted - 1)
    result: pd.Series = (excess / scale.where(counted > 1)).clip(lower=0)
    return result


def _huber(gap: pd.Series, s: pd.Series, family: IntArray, *, winsorised: float) -> pd.Series:
    """Return the tau² at which ``Σ clip(gap / √(s² + tau²), ± c)²`` is what normal scores give.

    c is the normal quantile that leaves `winsorised` beyond it; no root means tau² = 0.
    """
    from scipy.optimize.elementwise import find_root  # noqa: PLC0415 - slow to import

    known = gap.notna().to_numpy()
    groups, number = np.unique(family[known], return_inverse=True)
    square, variance = (gap.to_numpy()[known] ** 2, s.to_numpy()[known] ** 2)
    wanted = _normal_part(winsorised) * (np.bincount(number) - 1)
    ceiling = _NORMAL.inv_cdf(1 - winsorised) ** 2 if winsorised else np.inf
    tau2 = np.zeros(len(groups))

    def excess(candidate: FloatArray, place: FloatArray) -> FloatArray:
        trial, rows = tau2.copy(), place.astype(np.int64)
        trial[rows] = candidate
        scores = np.minimum(square / (variance + trial[number]), ceiling)
        result: FloatArray = (np.bincount(number, scores) - wanted)[rows]
        return result

    places = np.arange(len(groups), dtype="float64")
    widest = np.bincount(number, square) / np.where(wanted > 0, wanted, np.nan)
    solvable = np.flatnonzero((widest > 0) & (excess(tau2, places) > 0))
    ends = np.zeros(solvable.size), widest[solvable]
    tau2[solvable] = find_root(excess, ends, args=(places[solvable],)).x
    return pd.Series(tau2, index=groups).reindex(family).set_axis(gap.index)


def _normal_part(winsorised: float) -> float:
    """Return the mean square of a normal score brought back beyond `winsorised` at each end."""
    if not winsorised:
        return 1.0
    end = _NORMAL.inv_cdf(1 - winsorised)
    return 1 - 2 * winsorised - 2 * end * _NORMAL.pdf(end) + 2 * winsorised * end**2


def _total(values: pd.Series, family: IntArray) -> pd.Series:
    """Return the sum over each row's group, missing rows apart."""
    total: pd.Series = values.groupby(family).transform("sum")
    return total
