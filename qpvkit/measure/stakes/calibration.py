"""Planted truth: whether the method keeps its word when the true values are known.

A world of quartiers is drawn, its values are published with the noise of their measurement, the
stakes are ranked as for real data, and what was announced is compared with the truth.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import numpy as np
import pandas as pd

from qpvkit.measure.scales import Floats, from_scale
from qpvkit.measure.stakes.ranking import Ranking, rank_draws, rank_stakes
from qpvkit.measure.stakes.rules import Rules
from qpvkit.measure.stakes.yardstick import fit_yardstick
from qpvkit.measure.uncertainty.comparisons import newcombe
from qpvkit.measure.uncertainty.errors import measurement_errors

Tails = Literal["normal", "heavy", "skewed"]
CHECK_COLUMNS: Final = ("check", "setting", "wanted", "found", "cases")
SHARES: Final = (0.02, 0.10, 0.30, 0.50)
TOLERANCE: Final = 0.005  # around the announced rate of false alarms
LEAST_GAPS: Final = 0.94  # of the intervals at 95 % of the gaps of the three selected stakes
_STAKES: Final = 8
_BY_STAKE: Final = 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Quartiers whose true values are known.

    Attributes
    ----------
    rows
        What is published, as `rank_stakes` takes it.
    truth
        ``code, indicator, y`` (true value on its scale), ``value`` (in %).
    grid
        Stake → indicators.
    """

    rows: pd.DataFrame
    truth: pd.DataFrame
    grid: dict[str, list[str]]


def plant(
    *, quartiers: int = 400, seed: int = 0, tails: Tails = "normal", noise: float = 1.0,
    together: float = 0.6,
) -> World:  # fmt: skip
    """Draw a world of quartiers: eight stakes of three rates, true values, published values.

    Populations follow those of real quartiers (log-normal, median 2 500, from 1 000 to 60 000);
    a third of the people of a quartier is the base of each rate, a tenth for the last of each
    stake. Published rates are binomial; within a stake they share the same people, hence errors
    correlated at `together` (Gaussian copula). Small bases (under 60 people) are masked, and a
    value in thirty is missing at random.

    Parameters
    ----------
    tails
        Shape of the true values: normal, heavy (Student, 4 degrees of freedom) or skewed (gamma).
    noise
        Multiplies the sampling variance: 4 halves the effective bases twice.
    """
    rng = np.random.default_rng([seed, 7])
    grid = {f"enjeu_{s}": [f"i{s}{j}" for j in range(_BY_STAKE)] for s in range(_STAKES)}
    names = [name for members in grid.values() for name in members]
    theta = _true_values(rng, quartiers, tails)
    centre = rng.uniform(-1.2, 0.6, len(names))
    width = rng.uniform(0.25, 0.6, len(names))
    y = centre + width * theta
    people = np.clip(rng.lognormal(np.log(2500), 0.8, quartiers), 1000, 60_000)
    part = np.tile([0.35, 0.30, 0.10], _STAKES)
    base = np.floor(people[:, None] * part / noise)
    published = _publish(rng, from_scale(y, "logit") / 100, base, together)
    hidden = (base < 60) | (rng.random(base.shape) < 1 / 30)
    codes = [f"Q{rank:05d}" for rank in range(quartiers)]
    long = pd.DataFrame(
        {
            "code": np.repeat(codes, len(names)),
            "indicator": np.tile(names, quartiers),
            "vintage": 2021,
            "value": np.where(hidden, np.nan, 100 * published).ravel(),
            "base": base.ravel(),
            "sign": 1.0,
            "scale": "logit",
            "people": np.tile(np.repeat(list(grid), _BY_STAKE), quartiers),
            "family": "register", "fraction": 1.0, "design_effect": 1.0, "noise": 0.0,
            "quantile": np.nan, "first_quartile": np.nan, "third_quartile": np.nan,
        }
    )  # fmt: skip
    truth = long[["code", "indicator"]].assign(y=y.ravel(), value=from_scale(y, "logit").ravel())
    seen = long.loc[long["value"].notna()].reset_index(drop=True)
    errors = measurement_errors(seen)
    values = seen.assign(**{name: errors[name] for name in ("y", "se", "n_eff")})
    return World(rows=values, truth=truth, grid=grid)


def _true_values(rng: np.random.Generator, quartiers: int, tails: Tails) -> Floats:
    """Draw true scaled values: a common part, a part by stake, a part by indicator."""
    count = _STAKES * _BY_STAKE

    def pieces(size: int) -> Floats:
        shape = (quartiers, size)
        if tails == "heavy":
            return np.asarray(rng.standard_t(4, shape) / np.sqrt(2))
        if tails == "skewed":
            return np.asarray((rng.gamma(4.0, 1.0, shape) - 4) / 2)
        return rng.standard_normal(shape)

    by_stake = np.repeat(pieces(_STAKES), _BY_STAKE, axis=1)
    total = np.sqrt(0.15) * pieces(1) + np.sqrt(0.45) * by_stake + np.sqrt(0.40) * pieces(count)
    return np.asarray(total, dtype=float)


def _publish(rng: np.random.Generator, share: Floats, base: Floats, together: float) -> Floats:
    """Draw the published shares: binomial, correlated within a stake by a Gaussian copula."""
    import scipy.stats  # noqa: PLC0415 - slow to import

    quartiers = len(share)
    common = np.repeat(rng.standard_normal((quartiers, _STAKES)), _BY_STAKE, axis=1)
    own = rng.standard_normal(share.shape)
    position = scipy.stats.norm.cdf(np.sqrt(together) * common + np.sqrt(1 - together) * own)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(scipy.stats.binom.ppf(position, base, share) / base)


def check_false_alarms(
    *, draws: int, seed: int = 0, people: int = 20_000, rate: float = 0.3,
    shares: Iterable[float] = SHARES,
) -> pd.DataFrame:  # fmt: skip
    """Count how often a quartier equal to its territory is said different from it.

    The quartier is a share `s` of the territory; it is compared with the rest.

    Returns
    -------
    pandas.DataFrame
        Columns `CHECK_COLUMNS`: one row per share.

    Examples
    --------
    >>> found = check_false_alarms(draws=2000, shares=[0.3])["found"]
    >>> bool(found.between(0.03, 0.07).all())
    True
    """
    rows = []
    for rank, share in enumerate(shares):
        rng = np.random.default_rng([seed, 11, rank])
        inside = round(share * people)
        x = rng.binomial(inside, rate, draws)
        rest = rng.binomial(people - inside, rate, draws)
        low, high = newcombe(x, np.full(draws, inside), rest, np.full(draws, people - inside))
        found = float(((low > 0) | (high < 0)).mean())
        rows.append(("false_alarms", f"s = {share:.0%}", 0.05, found, draws))
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))


def check_ranking(
    *, worlds: int, quartiers: int, rules: Rules | None = None, seed: int = 0,
    settings: Mapping[str, Mapping[str, object]] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Compare what the ranking announces with the planted truth.

    Parameters
    ----------
    worlds, quartiers
        How many worlds a setting, how many quartiers a world.
    settings
        Name → arguments of `plant`; normal, heavy-tailed, skewed and noisy worlds by default.

    Returns
    -------
    pandas.DataFrame
        Columns `CHECK_COLUMNS`; ``check`` is one of ``rank_intervals, top_set, top_gaps,
        top_gaps_published`` (the same without taking the luck back, for comparison),
        ``established``.
    """
    rules = rules or Rules()
    rows = []
    for name, arguments in (settings or SETTINGS).items():
        counts: dict[str, list[Floats]] = {}
        for rank in range(worlds):
            world = plant(quartiers=quartiers, seed=seed + rank, **arguments)  # type: ignore[arg-type]
            for check, hits in _score_world(world, rules).items():
                counts.setdefault(check, []).append(hits)
        for check, wanted in _wanted(rules).items():
            hits = np.concatenate(counts[check])
            rows.append((check, name, wanted, float(hits.mean()), len(hits)))
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))


SETTINGS: Final[dict[str, dict[str, object]]] = {
    "normal": {},
    "heavy": {"tails": "heavy"},
    "skewed": {"tails": "skewed"},
    "noisy": {"noise": 8.0},
}


def keeps_its_word(check: str, wanted: float, found: float) -> bool:
    """Tell whether a level is held: a rate of false alarms within half a point, others at least.

    Examples
    --------
    >>> keeps_its_word("false_alarms", 0.05, 0.047), keeps_its_word("top_set", 0.90, 0.88)
    (True, False)
    """
    return abs(found - wanted) <= TOLERANCE if check == "false_alarms" else found >= wanted


def _wanted(rules: Rules) -> dict[str, float]:
    return {
        "rank_intervals": rules.interval_level,
        "top_set": rules.set_level,
        "top_gaps": LEAST_GAPS,
        "top_gaps_published": LEAST_GAPS,
        "established": rules.sure,
    }


def _score_world(world: World, rules: Rules) -> dict[str, Floats]:
    """Tell, announcement by announcement, whether it was true."""
    yardstick = fit_yardstick(world.rows)
    ranking = rank_stakes(world.rows, grid=world.grid, yardstick=yardstick, rules=rules)
    stakes = _with_true_ranks(world, ranking, yardstick.series)
    scored = stakes.loc[stakes["scored"]]
    inside = scored["true_rank"].between(scored["rank_low"], scored["rank_high"])
    true_top = scored.loc[scored["true_rank"].le(rules.top)]
    held = true_top.groupby("code")["in_top_set"].all()
    sure = scored.loc[scored["verdict"].eq("established"), "true_rank"].le(rules.top)
    chosen = scored.loc[scored["rank"].le(rules.top), ["code", "stake"]]
    detail = ranking.evidence.loc[ranking.evidence["retained"]].merge(chosen)
    detail = detail.merge(
        world.truth.rename(columns={"value": "true"}), on=["code", "indicator"]
    ).merge(world.rows[["code", "indicator", "value", "base"]], on=["code", "indicator"])
    raw = measurement_errors(
        world.rows.merge(detail[["code", "indicator"]], on=["code", "indicator"])
    )
    true = detail["true"]
    return {
        "rank_intervals": np.asarray(inside, dtype=float),
        "top_set": np.asarray(held, dtype=float),
        "top_gaps": np.asarray(
            true.between(detail["shrunk_low"], detail["shrunk_high"]), dtype=float
        ),
        "top_gaps_published": _published_hold(world, detail, raw),
        "established": np.asarray(sure, dtype=float),
    }


def _published_hold(world: World, detail: pd.DataFrame, raw: pd.DataFrame) -> Floats:
    """Tell whether the interval of the published value, as it stands, holds the truth."""
    keyed = world.rows.merge(detail[["code", "indicator"]], on=["code", "indicator"])
    keyed = pd.concat([keyed[["code", "indicator"]], raw], axis=1)
    joined = detail[["code", "indicator", "true"]].merge(keyed, on=["code", "indicator"])
    held = joined["true"].between(joined["value_low"], joined["value_high"])
    return np.asarray(held, dtype=float)


def _with_true_ranks(world: World, ranking: Ranking, series: pd.DataFrame) -> pd.DataFrame:
    """Add the rank that each scored stake has when the true values are known."""
    by_name = series.droplevel("vintage")
    used = ranking.evidence.loc[ranking.evidence["retained"], ["code", "stake", "indicator"]]
    joined = used.merge(world.truth, on=["code", "indicator"]).join(by_name, on="indicator")
    joined["true"] = (joined["y"] - joined["median"]) / joined["sigma"]
    scores = joined.groupby(["code", "stake"])["true"].mean()
    stakes = ranking.stakes.join(scores, on=["code", "stake"])
    stakes["true"] = stakes["true"].where(stakes["scored"])
    wide = stakes.pivot_table(
        index="code", columns="stake", values="true", dropna=False, sort=False
    )
    ranks = rank_draws(wide.to_numpy(float)[:, None])[:, 0].astype(float)
    frame = pd.DataFrame(ranks, index=wide.index, columns=wide.columns)
    long = frame.reset_index().melt(id_vars="code", var_name="stake", value_name="true_rank")
    return stakes.merge(long, on=["code", "stake"])
