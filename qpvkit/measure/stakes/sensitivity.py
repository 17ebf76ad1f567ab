"""Whether the top three survive other choices: one scenario at a time, on published values.

The Monte Carlo of `ranking` draws choices together; here each is named, so that a reader sees
which one moves the order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from qpvkit.measure.scales import Floats
from qpvkit.measure.stakes.choices import Choices, fixed_choices, score
from qpvkit.measure.stakes.frames import Arrays, build_frame
from qpvkit.measure.stakes.layout import Layout, lay_out_stakes
from qpvkit.measure.stakes.ranking import infer_arrays, rank_draws
from qpvkit.measure.stakes.rules import Rules
from qpvkit.measure.stakes.yardstick import Yardstick

SCENARIO_COLUMNS: Final = ("scenario", "family", "detail", "stake", "score", "rank", "in_top")
BASE: Final = "base"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What `vary_choices` returns.

    Attributes
    ----------
    scenarios
        One row per scenario × scored stake, columns `SCENARIO_COLUMNS`; ``family`` is one of
        ``base, balance, option, scale, aggregation, left_out, published, pruning``, ``detail``
        what is changed (a value of λ, a group or a territory, an indicator).
    stability
        Share (0 to 1) of the other scenarios that keep the same top three; NaN when nothing is
        ranked or there are three stakes or fewer.
    contested
        The stakes that are in the top three of some scenarios only.
    """

    scenarios: pd.DataFrame
    stability: float
    contested: tuple[str, ...]


def vary_choices(
    values: pd.DataFrame, *, grid: Mapping[str, Sequence[str]], yardstick: Yardstick,
    rules: Rules, references: pd.DataFrame | None = None,
    shifts: Mapping[str, pd.Series] | None = None,
) -> Sensitivity:  # fmt: skip
    """Rank the stakes of one quartier again under each other choice.

    λ at 0, 0.5 and 1 (where territories are compared); each other territory, or each other set
    of comparable quartiers; natural units; the worst indicator of a stake; each indicator left
    out in turn; values as published, without taking the luck back; redundant indicators kept.

    Parameters
    ----------
    values
        Of one quartier, as `rank_stakes` takes them.

    Examples
    --------
    >>> from qpvkit.measure.stakes.calibration import plant
    >>> from qpvkit.measure.stakes.yardstick import fit_yardstick
    >>> world = plant(quartiers=60, seed=1)
    >>> one = world.rows[world.rows["code"] == "Q00000"]
    >>> found = vary_choices(one, grid=world.grid, yardstick=fit_yardstick(world.rows),
    ...     rules=Rules())
    >>> 0 <= found.stability <= 1
    True
    """
    layout = lay_out_stakes(
        values, grid=grid, yardstick=yardstick, rules=rules, references=references, shifts=shifts
    )
    return vary_layout(layout, rules)


def vary_layout(layout: Layout, rules: Rules) -> Sensitivity:
    """Rank again, under each other choice, what `lay_out_stakes` prepared of one quartier."""
    arrays, unpruned = layout.arrays, layout.unpruned()
    if arrays is None or unpruned is None:
        return Sensitivity(
            scenarios=pd.DataFrame(columns=list(SCENARIO_COLUMNS)), stability=np.nan, contested=()
        )
    likely = infer_arrays(arrays, layout.prior).mean
    named = list(arrays.kinds[0]) if arrays.referenced[0] else list(layout.options)
    rows = list(_scenarios(arrays, likely, rules, named))
    rows.append(("pruning", "", _scores(unpruned, likely, rules)))
    return _summarise(rows, layout.stakes, rules)


def _scenarios(
    arrays: Arrays, likely: Floats, rules: Rules, options: list[str]
) -> Iterator[tuple[str, str, Floats]]:
    """Go through the scenarios: family, detail, score of each stake."""
    yield BASE, "", _scores(arrays, likely, rules)
    if arrays.referenced[0]:
        for balance in (0.0, 0.5, 1.0):
            if balance != rules.balance:
                yield "balance", f"{balance:g}", _scores(arrays, likely, rules, balance=balance)
    for rank, name in enumerate(options[1:], start=1):
        place = (rank + 0.5) / len(options)
        yield "option", name, _scores(arrays, likely, rules, option=place)
    yield "scale", "", _scores(arrays, likely, rules, natural=True)
    yield "aggregation", "", _scores(arrays, likely, rules, worst=True)
    for column in np.flatnonzero(arrays.members[0].max(axis=0) > 0):
        members = arrays.members.copy()
        members[:, :, column] = 0
        alone = arrays.members[0].sum(axis=1) * arrays.members[0][:, column] == 1
        members[0, alone, column] = 1  # the only reading of a stake stays
        without = dataclasses.replace(arrays, members=members)
        yield "left_out", arrays.names[column], _scores(without, likely, rules)
    yield "published", "", _scores(arrays, np.where(np.isfinite(arrays.z), arrays.z, likely), rules)


def _scores(
    arrays: Arrays, theta: Floats, rules: Rules, *, balance: float | None = None,
    option: float = 0.0, natural: bool = False, worst: bool = False,
) -> Floats:  # fmt: skip
    fixed = fixed_choices(1, theta.shape[1], balance=rules.balance if balance is None else balance)
    choices: Choices = dataclasses.replace(
        fixed, option=np.array([option]), natural=np.array([natural]), worst=np.array([worst])
    )
    return np.asarray(score(theta[:, None, :], build_frame(arrays), choices)[0, 0], dtype=float)


def _summarise(
    rows: list[tuple[str, str, Floats]], stakes: Sequence[str], rules: Rules
) -> Sensitivity:
    table = np.stack([scores for _, _, scores in rows])
    ranks = rank_draws(table[:, None])[:, 0]
    scored = np.isfinite(table[0])
    top = (ranks <= rules.top) & np.isfinite(table)
    families, details, _ = zip(*rows, strict=True)
    count = len(stakes)
    names = [f"{family}:{detail}" for family, detail in zip(families, details, strict=True)]
    scenarios = pd.DataFrame(
        {
            "scenario": np.repeat(names, count),
            "family": np.repeat(families, count), "detail": np.repeat(details, count),
            "stake": np.tile(stakes, len(rows)), "score": table.ravel(),
            "rank": ranks.ravel(), "in_top": top.ravel(),
        }
    )  # fmt: skip
    same = (top[1:] == top[0]).all(axis=1)
    ranked = scored.sum() > rules.top
    contested = [name for name, column in zip(stakes, top.T, strict=True)
                 if ranked and column.any() and not column.all()]  # fmt: skip
    return Sensitivity(
        scenarios=scenarios.loc[np.tile(scored, len(rows)), list(SCENARIO_COLUMNS)].reset_index(
            drop=True
        ),
        stability=float(same.mean()) if ranked else float("nan"),
        contested=tuple(contested),
    )
