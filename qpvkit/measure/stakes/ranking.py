"""Rank the stakes of a quartier, and say how sure the ranking is.

Data and choices are kept apart: `p_top3_data` varies the true values that the published ones
allow, `p_top3_choices` the choices of the method, `p_top3` both.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from qpvkit.measure.scales import Floats, from_scale
from qpvkit.measure.stakes.choices import draw_choices, score
from qpvkit.measure.stakes.evidence import EVIDENCE_COLUMNS
from qpvkit.measure.stakes.frames import Arrays, build_frame, positions
from qpvkit.measure.stakes.law import Law, law_of_scores
from qpvkit.measure.stakes.layout import Layout, lay_out_stakes
from qpvkit.measure.stakes.posterior import Prior, Truth, infer_truth
from qpvkit.measure.stakes.rules import Rules
from qpvkit.measure.stakes.verdicts import give_verdicts
from qpvkit.measure.stakes.yardstick import Yardstick

STAKE_COLUMNS: Final = (
    "code", "stake", "verdict", "verdict_reason", "rank", "rank_low", "rank_high", "p_top3",
    "p_top3_data", "p_top3_choices", "p_positive", "in_top_set", "prominence", "prominence_low",
    "prominence_high", "severity", "specificity", "regime", "scored", "stakes_scored", "expected",
    "read", "independent", "coverage", "peers",
)  # fmt: skip
_MEASURES: Final = (
    "z", "z_low", "z_high", "center", "sigma", "severity", "specificity", "shrunk", "shrunk_low",
    "shrunk_high",
)  # fmt: skip
_CHUNK: Final = 48  # quartiers at a time: about 100 MB of draws
_FINER: Final = 8  # draws of the data alone for one of the data and the choices


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What `rank_stakes` returns.

    Attributes
    ----------
    stakes
        One row per quartier × stake, columns `STAKE_COLUMNS`.
    evidence
        One row per quartier × stake × indicator: ``retained, reason, stands_for`` and, for what
        is measured, ``z`` (as published, in σ) with ``z_low, z_high``, ``center, sigma`` (of the
        yardstick, on the indicator's scale), ``specificity``, ``severity`` (NaN without a
        territory of comparison), ``shrunk, shrunk_low, shrunk_high``: the value once its luck is
        taken back, in natural units, and its interval.
    pairs
        The redundant pairs: ``indicator, other, rho``.
    """

    stakes: pd.DataFrame
    evidence: pd.DataFrame
    pairs: pd.DataFrame


def rank_stakes(
    values: pd.DataFrame, *, grid: Mapping[str, Sequence[str]], yardstick: Yardstick,
    rules: Rules | None = None, references: pd.DataFrame | None = None,
    shifts: Mapping[str, pd.Series] | None = None,
) -> Ranking:  # fmt: skip
    """Rank the stakes of one quartier or of all those of a map.

    When every retained indicator of a quartier has a territory of comparison (`references`), its
    stakes are ranked on ``P(λ) = Sev − (1 − λ) · median(Sev)``; otherwise on what is unusual
    among quartiers (λ = 0): a gap that nobody publishes is not taken as null.

    Parameters
    ----------
    values
        One row per quartier × indicator: ``code, indicator, vintage, value, y, se, n_eff, sign,
        scale, people``; see `fit_yardstick`.
    grid
        Stake → its indicators, in order of preference.
    yardstick
        Of the whole map.
    references
        ``code, indicator, option, y_ref`` (reference value on the indicator's scale),
        ``typical`` (median over the quartiers of the scaled gap to their own reference).
    shifts
        Group of comparable quartiers → shift of each row of `values` (same index); all the
        quartiers (a shift of 0) by default. The first is the one used by default.

    Examples
    --------
    >>> from qpvkit.measure.stakes import Rules, fit_yardstick
    >>> from qpvkit.measure.stakes.calibration import plant
    >>> world = plant(quartiers=60, seed=1)
    >>> stakes = rank_stakes(world.rows, grid=world.grid,
    ...     yardstick=fit_yardstick(world.rows), rules=Rules(draws=200)).stakes
    >>> bool(stakes["p_top3"].dropna().between(0, 1).all())
    True
    """
    rules = rules or Rules()
    layout = lay_out_stakes(
        values, grid=grid, yardstick=yardstick, rules=rules, references=references, shifts=shifts
    )
    return rank_layout(layout, rules)


def rank_layout(layout: Layout, rules: Rules) -> Ranking:
    """Rank what `lay_out_stakes` prepared; see `rank_stakes`."""
    if layout.arrays is None:
        return _nothing(layout.pairs)
    pieces = [_rank_chunk(part, layout.prior, rules) for part in layout.arrays.chunks(_CHUNK)]
    return _assemble(pieces, layout, layout.arrays, rules)


def _nothing(pairs: pd.DataFrame) -> Ranking:
    """Return the ranking of no quartier at all."""
    evidence = pd.DataFrame(columns=[*EVIDENCE_COLUMNS, *_MEASURES])
    return Ranking(stakes=pd.DataFrame(columns=list(STAKE_COLUMNS)), evidence=evidence, pairs=pairs)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Results for some quartiers: quartier × stake, and quartier × indicator for `truth`."""

    truth: Truth
    columns: dict[str, Floats]


def _rank_chunk(arrays: Arrays, prior: Prior, rules: Rules) -> _Piece:
    truth = infer_arrays(arrays, prior)
    used = np.asarray(
        arrays.members.max(axis=(0, 1), initial=0) > 0
    )  # the others are never part of a score
    frame = build_frame(arrays).only(used)
    size = len(prior.names)
    noise = np.random.default_rng([rules.seed, 0]).standard_normal((rules.draws, size))
    varied = draw_choices(rules.draws, size, seed=rules.seed).only(used)
    theta = truth.draw(noise, used)
    by_data = law_of_scores(truth, frame, used, balance=rules.balance)
    best = truth.mean[:, None, used]
    by_choices = score(np.broadcast_to(best, theta.shape), frame, varied)
    by_both = score(theta, frame, varied)
    return _Piece(truth=truth, columns=_summaries(by_data, by_choices, by_both, rules))


def infer_arrays(arrays: Arrays, prior: Prior) -> Truth:
    """Infer twice: the error of a rate is better read at its likely level than as published.

    A rate that is low by chance has too small an error in points, and too large a one on the
    logit; the second pass takes the errors at the levels that the first one found.
    """
    first = infer_truth(arrays.z, arrays.e, prior)
    y = arrays.median + arrays.sign * arrays.sigma * first.mean
    likely = np.clip(from_scale(y, arrays.scale) / 100, 0.001, 0.999)
    counted = np.isfinite(arrays.n_eff) & (arrays.scale == "logit")
    with np.errstate(invalid="ignore", divide="ignore"):
        steady = 1 / np.sqrt(arrays.n_eff * likely * (1 - likely)) / arrays.sigma
    return infer_truth(arrays.z, np.where(counted, steady, arrays.e), prior)


def _summaries(
    by_data: Law, by_choices: Floats, by_both: Floats, rules: Rules
) -> dict[str, Floats]:
    point = by_data.mean
    ranks = rank_draws(by_data.draw(_FINER * rules.draws, seed=rules.seed))
    low, high = _rank_limits(ranks, level=rules.interval_level)
    half = _normal_quantile(rules.interval_level) * by_data.deviation
    in_top = ranks <= rules.top
    unscored = np.isnan(point)
    columns = {
        "prominence": point,
        "prominence_low": point - half,
        "prominence_high": point + half,
        "rank": rank_draws(point[:, None])[:, 0].astype(float),
        "rank_low": low,
        "rank_high": high,
        "p_top3_data": in_top.mean(axis=1),
        "p_top3_choices": (rank_draws(by_choices) <= rules.top).mean(axis=1),
        "p_top3": (rank_draws(by_both) <= rules.top).mean(axis=1),
        "p_positive": (by_both > 0).mean(axis=1),
        "p_positive_data": _normal_part(point / by_data.deviation),
        "in_top_set": top_set(in_top, level=rules.set_level).astype(float),
    }
    return {name: np.where(unscored, np.nan, values) for name, values in columns.items()}


def _rank_limits(ranks: np.ndarray, *, level: float) -> tuple[Floats, Floats]:
    """Return the first ranks that as many draws reach, at each end of an interval."""
    tail = (1 - level) / 2
    within = np.stack([(ranks <= rank).mean(axis=1) for rank in range(1, ranks.shape[2] + 1)])
    low, high = ((within < share).sum(axis=0) + 1.0 for share in (tail, 1 - tail))
    return low, high


def rank_draws(scores: Floats) -> np.ndarray:
    """Rank stakes at each draw, 1 the most prominent; what is not scored comes after the others.

    Parameters
    ----------
    scores
        Quartier × draw × stake; NaN where not scored.

    Examples
    --------
    >>> rank_draws(np.array([[[0.2, np.nan, 1.5]]])).tolist()
    [[[2, 3, 1]]]
    """
    filled = np.where(np.isnan(scores), -np.inf, scores)
    by_stake = np.ascontiguousarray(np.moveaxis(filled, 2, 0))
    ranks = np.ones(by_stake.shape, dtype=np.int16)
    for one, other in itertools.combinations(range(len(by_stake)), 2):
        ahead = by_stake[other] > by_stake[one]
        ranks[one] += ahead
        ranks[other] += ~ahead
    return np.moveaxis(ranks, 0, 2)


def top_set(in_top: np.ndarray, *, level: float) -> np.ndarray:
    """Return the smallest set of stakes that holds the whole true trio with a given probability.

    Stakes enter by decreasing probability of the trio. The set is the « τ-best » set of
    Mogstad, Romano, Shaikh and Wilhelm (2024, Rev Econ Stud 91:476), in its Bayesian form.

    Parameters
    ----------
    in_top
        Quartier × draw × stake: whether the stake is in the trio at this draw.

    Examples
    --------
    >>> draws = np.array([[[1, 1, 0]] * 9 + [[1, 0, 1]]], dtype=bool)
    >>> top_set(draws, level=0.8).tolist(), top_set(draws, level=0.95).tolist()
    ([[True, True, False]], [[True, True, True]])
    """
    order = np.argsort(-in_top.mean(axis=1), axis=1, kind="stable")
    place = np.argsort(order, axis=1)
    needed = np.where(in_top, place[:, None, :] + 1, 0).max(axis=2)
    size = np.quantile(needed, level, axis=1, method="inverted_cdf")
    return np.asarray(place < size[:, None])


def _assemble(pieces: Sequence[_Piece], layout: Layout, arrays: Arrays, rules: Rules) -> Ranking:
    names = list(pieces[0].columns)
    table = layout.coverage.copy()
    for name in names:
        table[name] = np.concatenate([piece.columns[name] for piece in pieces]).ravel()
    for name in ("severity", "specificity"):
        table[name] = arrays.stake_means(getattr(arrays, name)).ravel()
    width = len(layout.stakes)
    table["regime"] = np.repeat(np.where(arrays.referenced, "territory", "quartiers"), width)
    table["stakes_scored"] = np.repeat(arrays.members.any(axis=2).sum(axis=1), width)
    table["peers"] = np.repeat(arrays.peers, width)
    table["in_top_set"] = table["in_top_set"].eq(1)
    table = give_verdicts(table, rules)
    detail = _evidence_values(layout.evidence, arrays, pieces, rules)
    return Ranking(stakes=table[list(STAKE_COLUMNS)], evidence=detail, pairs=layout.pairs)


def _evidence_values(
    evidence: pd.DataFrame, arrays: Arrays, pieces: Sequence[_Piece], rules: Rules
) -> pd.DataFrame:
    """Add to the evidence what each indicator says, as published and with its luck taken back."""
    if not arrays.names:  # nothing has a scale in this map
        return evidence.assign(**dict.fromkeys(_MEASURES, np.nan))
    rows = positions(arrays.codes, evidence["code"])
    columns = positions(arrays.names, evidence["indicator"])
    known = columns >= 0
    columns = np.where(known, columns, 0)
    mean = np.concatenate([piece.truth.mean for piece in pieces])[rows, columns]
    deviation = np.concatenate([piece.truth.deviation for piece in pieces])[rows, columns]
    median, sigma = arrays.median[rows, columns], arrays.sigma[rows, columns]
    sign, scale = arrays.sign[columns], arrays.scale[columns]
    measured = known & np.isfinite(arrays.z[rows, columns]) & np.isfinite(arrays.e[rows, columns])
    half = _normal_quantile(rules.interval_level) * deviation * sigma
    y = median + sign * sigma * mean
    z = arrays.z[rows, columns]
    error = _normal_quantile(rules.interval_level) * arrays.e[rows, columns]
    found = {
        "z": z,
        "z_low": z - error,
        "z_high": z + error,
        "center": median,
        "sigma": sigma,
        "severity": arrays.severity[rows, columns],
        "specificity": arrays.specificity[rows, columns],
        "shrunk": from_scale(y, scale),
        "shrunk_low": from_scale(y - half, scale),
        "shrunk_high": from_scale(y + half, scale),
    }
    shown = {
        name: np.where(measured if name.startswith("shrunk") else known, values, np.nan)
        for name, values in found.items()
    }
    return evidence.assign(**shown)


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri  # noqa: PLC0415 - slow to import

    return float(ndtri(0.5 + level / 2))


def _normal_part(z: Floats) -> Floats:
    from scipy.special import ndtr  # noqa: PLC0415 - slow to import

    return np.asarray(ndtr(z), dtype=float)
