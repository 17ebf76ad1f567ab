"""Credits that communes receive, compared between communes with and without a quartier.

DSU, DPV, DETR and DSIL go to communes. They are compared per inhabitant between communes alike
in population and potential; they are never counted as spending in the quartier.
"""

from __future__ import annotations

import dataclasses
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.NDArray[np.float64]

_TRAITS: Final = ("population", "potential")
_FEWEST: Final = 8  # matched communes under which no interval is given
_NORMAL: Final = 1.959964  # 97.5 % quantile of the normal law


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Euros per inhabitant of communes with a quartier, against communes alike without.

    Attributes
    ----------
    groups
        All the communes, by ``has_qp``: ``communes, population, cents, per_inhabitant``,
        ``median_per_inhabitant`` and ``without`` (communes that received nothing). Not matched:
        context, not a result.
    pairs
        One row per matched commune: ``code, population, per_inhabitant, expected`` (the mean of
        its comparators, corrected for what still separates them) and ``comparators`` (how many).
    balance
        For each trait, the standardised difference between the two groups ``before`` and
        ``after`` matching; beyond 0.25 the groups are not alike.
    unmatched
        Communes with a quartier that have no commune alike without one: nothing is said of them.
    incomplete
        Communes left out for want of a population or of a potential.
    received, expected
        Euros per inhabitant of the matched communes, and of their comparators.
    difference, low, high
        ``received`` minus ``expected``, with its 95 % interval; NaN where it cannot be given.
    """

    groups: pd.DataFrame
    pairs: pd.DataFrame
    balance: pd.DataFrame
    unmatched: tuple[str, ...]
    incomplete: tuple[str, ...]
    received: float
    expected: float
    difference: float
    low: float
    high: float


def compare_communes(
    communes: pd.DataFrame,
    credits_: pd.DataFrame,
    *,
    neighbours: int = 5,
    caliper: float = 0.25,
) -> Comparison:
    """Compare what communes with and without a quartier receive per inhabitant, matched.

    Each commune with a quartier is given its nearest communes without one, in the plane of the
    logarithms of population and potential, both scaled by their standard deviation. A comparator
    may serve several times; none further than the caliper on either trait is taken (Rosenbaum and
    Rubin, 1985, take 0.25 standard deviation). What still separates a commune from its comparators
    is corrected by a regression among them (Abadie and Imbens, 2011), and the interval counts that
    one comparator may serve several times (Abadie and Imbens, 2006). Communes that received
    nothing count for zero; means are weighted by population.

    Parameters
    ----------
    communes
        ``code, population, potential, has_qp``; `potential` is the potentiel financier per
        inhabitant, or the median income where it is not at hand.
    credits_
        ``code`` and ``amount_cents``: several lines per commune are added up.
    neighbours, caliper
        How many comparators at most, and how far at most, in standard deviations.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> communes = pd.DataFrame({
    ...     "code": ["a", "b", "c", "d"], "population": [1000.0, 1000.0, 9000.0, 9000.0],
    ...     "potential": [900.0, 900.0, 700.0, 700.0], "has_qp": [True, False, True, False]})
    >>> lines = pd.DataFrame({"code": ["a", "b", "c", "d"],
    ...                       "amount_cents": [100_000, 200_000, 900_000, 450_000]})
    >>> found = compare_communes(communes, lines, neighbours=1)
    >>> round(found.received, 2), round(found.expected, 2), round(found.difference, 2)
    (1.0, 0.65, 0.35)
    """
    table = _received(communes, credits_)
    known = table[list(_TRAITS)].gt(0).all(axis=1)
    inside = table.loc[known].reset_index(drop=True)
    traits = _scaled(inside)
    treated = inside["has_qp"].to_numpy(dtype=bool)
    rates = inside["per_inhabitant"].to_numpy(dtype=np.float64)
    chosen = _nearest(traits[treated], traits[~treated], neighbours, caliper)
    expected = _expected(traits[treated], traits[~treated], rates[~treated], chosen)
    pairs = (
        inside.loc[treated, ["code", "population", "per_inhabitant"]]
        .assign(expected=expected, comparators=[len(rows) for rows in chosen])
        .reset_index(drop=True)
    )
    alike = pairs["comparators"].gt(0)
    matched = pairs.loc[alike].reset_index(drop=True)
    received, alone = _weighted(matched, "per_inhabitant"), _weighted(matched, "expected")
    error = _standard_error(matched, chosen, traits[~treated], rates[~treated])
    return Comparison(
        groups=_groups(table),
        pairs=matched,
        balance=_balance(traits[treated], traits[~treated], chosen),
        unmatched=tuple(pairs.loc[~alike, "code"]),
        incomplete=tuple(table.loc[~known, "code"]),
        received=received,
        expected=alone,
        difference=received - alone,
        low=received - alone - _NORMAL * error,
        high=received - alone + _NORMAL * error,
    )


def per_inhabitant(lines: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Divide lines of the ledger by the population of their territories.

    Parameters
    ----------
    lines
        ``code, amount_cents`` of one kind of territory.
    places
        ``code, population`` of all the territories wanted: one without a line counts zero.

    Returns
    -------
    pandas.DataFrame
        ``code, population, lines, cents, euros_per_inhabitant, lines_per_10000``; NaN where the
        population is unknown.

    Examples
    --------
    >>> lines = pd.DataFrame({"code": ["CN1", "CN1"], "amount_cents": [100_00, 50_00]})
    >>> places = pd.DataFrame({"code": ["CN1", "CN2"], "population": [1000.0, 500.0]})
    >>> per_inhabitant(lines, places)[["lines", "euros_per_inhabitant", "lines_per_10000"]]
       lines  euros_per_inhabitant  lines_per_10000
    0      2                  0.15             20.0
    1      0                  0.00              0.0
    """
    grouped = lines.groupby("code")["amount_cents"].agg(lines="size", cents="sum")
    table = places[["code", "population"]].merge(
        grouped, left_on="code", right_index=True, how="left"
    )
    table = table.fillna({"lines": 0, "cents": 0}).astype({"lines": "int64", "cents": "int64"})
    people = table["population"].where(table["population"].gt(0))
    return table.assign(
        euros_per_inhabitant=table["cents"] / 100 / people,
        lines_per_10000=table["lines"] / people * 10_000,
    ).reset_index(drop=True)


def _received(communes: pd.DataFrame, credits_: pd.DataFrame) -> pd.DataFrame:
    sums = credits_.groupby("code")["amount_cents"].sum()
    cents = communes["code"].map(sums).fillna(0).astype("int64")
    people = communes["population"].where(communes["population"].gt(0))
    table = communes[["code", *_TRAITS, "has_qp"]].assign(cents=cents)
    return table.assign(per_inhabitant=cents / 100 / people)


def _scaled(table: pd.DataFrame) -> Numbers:
    """Return the logarithms of the traits over their standard deviation."""
    logs: Numbers = np.log(table[list(_TRAITS)].to_numpy(dtype=np.float64))
    spread = logs.std(axis=0) if len(logs) else np.ones(len(_TRAITS))
    return logs / np.where(spread > 0, spread, 1.0)


def _nearest(
    treated: Numbers, others: Numbers, neighbours: int, caliper: float
) -> list[npt.NDArray[np.intp]]:
    """Return, for each commune with a quartier, the rows of its comparators within the caliper."""
    if not len(treated) or not len(others):
        return [np.empty(0, dtype=np.intp) for _ in treated]
    from scipy.spatial import KDTree  # noqa: PLC0415 - slow to import

    _, rows = KDTree(others).query(
        treated, k=min(neighbours, len(others)), p=np.inf, distance_upper_bound=caliper
    )
    return [row[row < len(others)] for row in np.asarray(rows).reshape(len(treated), -1)]


def _expected(
    treated: Numbers, others: Numbers, rates: Numbers, chosen: list[npt.NDArray[np.intp]]
) -> Numbers:
    """Return what each commune would receive as its comparators do, corrected for its traits."""
    used = np.unique(np.concatenate(chosen)) if chosen else np.empty(0, dtype=np.intp)
    slope: Numbers = np.zeros(len(_TRAITS))
    if len(used) > len(_TRAITS) + 1:
        design = np.column_stack([np.ones(len(used)), others[used]])
        slope = np.linalg.lstsq(design, rates[used], rcond=None)[0][1:].astype(np.float64)
    values = [
        float((rates[rows] + (own - others[rows]) @ slope).mean()) if len(rows) else np.nan
        for own, rows in zip(treated, chosen, strict=True)
    ]
    return np.array(values, dtype=np.float64)


def _weighted(pairs: pd.DataFrame, column: str) -> float:
    people = pairs["population"].to_numpy(dtype=np.float64)
    if not people.sum():
        return float("nan")
    return float(np.average(pairs[column].to_numpy(dtype=np.float64), weights=people))


def _standard_error(
    matched: pd.DataFrame, chosen: list[npt.NDArray[np.intp]], others: Numbers, rates: Numbers
) -> float:
    """Return the standard error of the difference (Abadie and Imbens, 2006, theorem 7).

    The first term is the spread of the gaps, the second what comes from comparators that serve
    several times; their own noise is told by their nearest likes.
    """
    if len(matched) < _FEWEST:
        return float("nan")
    weights = matched["population"].to_numpy(dtype=np.float64)
    weights = weights / weights.sum()
    gaps = (matched["per_inhabitant"] - matched["expected"]).to_numpy(dtype=np.float64)
    spread = float((weights**2 * (gaps - (weights * gaps).sum()) ** 2).sum())
    load, squares = np.zeros(len(others)), np.zeros(len(others))
    for weight, rows in zip(weights, [rows for rows in chosen if len(rows)], strict=True):
        load[rows] += weight / len(rows)
        squares[rows] += (weight / len(rows)) ** 2
    reused = float(((load**2 - squares) * _noise(others, rates)).sum())
    return float(np.sqrt(spread + max(reused, 0.0)))


def _noise(traits: Numbers, rates: Numbers) -> Numbers:
    """Return the variance of each rate among communes of the same traits."""
    from scipy.spatial import KDTree  # noqa: PLC0415 - slow to import

    count = min(5, len(traits))
    if count < 2:
        return np.zeros(len(traits))
    _, rows = KDTree(traits).query(traits, k=count, p=np.inf)
    variance: Numbers = rates[rows].var(axis=1, ddof=1)
    return variance


def _groups(table: pd.DataFrame) -> pd.DataFrame:
    grouped = table.groupby("has_qp")
    groups = grouped.agg(
        communes=("code", "size"),
        population=("population", "sum"),
        cents=("cents", "sum"),
        median_per_inhabitant=("per_inhabitant", "median"),
        without=("cents", lambda cents: int((cents == 0).sum())),
    )
    groups["per_inhabitant"] = groups["cents"] / 100 / groups["population"]
    return groups.reset_index()


def _balance(treated: Numbers, others: Numbers, chosen: list[npt.NDArray[np.intp]]) -> pd.DataFrame:
    """Return the difference of means of each trait, in standard deviations."""
    kept = [position for position, rows in enumerate(chosen) if len(rows)]
    nan = np.full(len(_TRAITS), np.nan)
    before = treated.mean(axis=0) - others.mean(axis=0) if len(treated) and len(others) else nan
    after = nan
    if kept:
        means = np.array([others[chosen[position]].mean(axis=0) for position in kept])
        after = treated[kept].mean(axis=0) - means.mean(axis=0)
    return pd.DataFrame({"trait": list(_TRAITS), "before": before, "after": after})
