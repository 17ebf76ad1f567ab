"""One choice at a time: the base is the ranking, and each scenario is the one that it names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from planted import grid_of, names_of, normal_table, references, values

from qpvkit.measure.stakes import Rules, fit_yardstick, rank_stakes
from qpvkit.measure.stakes.sensitivity import SCENARIO_COLUMNS, vary_choices

GRID = grid_of(6)
RULES = Rules(draws=100)


def world(seed=0, **facts):
    return values(normal_table(60, names_of(GRID), seed=seed), **facts)


def vary(rows, code="Q0003", *, grid=GRID, known=None, shifts=None, rules=RULES, yardstick=None):
    mine = rows.loc[rows["code"].eq(code)]
    return vary_choices(
        mine, grid=grid, yardstick=yardstick or fit_yardstick(rows), rules=rules,
        references=None if known is None else known.loc[known["code"].eq(code)],
        shifts=None if shifts is None else {
            name: shift.loc[mine.index] for name, shift in shifts.items()
        },
    )  # fmt: skip


def scenario(found, family, detail=None):
    rows = found.scenarios.loc[found.scenarios["family"].eq(family)]
    rows = rows if detail is None else rows.loc[rows["detail"].eq(detail)]
    return rows.set_index("stake")


def test_the_base_is_the_ranking():
    rows = world()
    found = vary(rows)
    base = scenario(found, "base")
    ranked = rank_stakes(
        rows.loc[rows["code"].eq("Q0003")], grid=GRID, yardstick=fit_yardstick(rows), rules=RULES
    ).stakes.set_index("stake")
    assert list(found.scenarios.columns) == list(SCENARIO_COLUMNS)
    np.testing.assert_allclose(base["score"], ranked["prominence"])
    assert base["rank"].tolist() == ranked["rank"].tolist()
    assert base["in_top"].tolist() == ranked["rank"].le(3).tolist()


def test_every_scored_stake_is_ranked_once_in_every_scenario():
    rows = world()
    rows = rows.loc[~(rows["code"].eq("Q0003") & rows["indicator"].isin(GRID["e2"]))]
    found = vary(rows)
    for name, group in found.scenarios.groupby("scenario"):
        assert sorted(group["rank"]) == [1, 2, 3, 4, 5], name
        assert group["in_top"].sum() == 3, name
        assert "e2" not in set(group["stake"])


def test_three_stakes_that_dominate_are_in_every_trio():
    rows = world(se=0.05)
    mine = rows["code"].eq("Q0003")
    high = rows["indicator"].isin([*GRID["e0"], *GRID["e1"], *GRID["e4"]])
    for column in ("y", "value"):
        rows.loc[mine, column] = np.where(high[mine], 3.5, -0.5)
    found = vary(rows)
    assert found.stability == 1
    assert found.contested == ()


def test_stability_counts_the_other_scenarios_that_keep_the_trio():
    found = vary(world(seed=3))
    base = set(scenario(found, "base").query("in_top").index)
    others = found.scenarios.loc[found.scenarios["family"].ne("base") & found.scenarios["in_top"]]
    same = others.groupby("scenario")["stake"].agg(set).map(base.__eq__)
    assert found.stability == pytest.approx(same.mean())
    inside = found.scenarios.groupby("stake")["in_top"].agg(["any", "all"])
    assert set(found.contested) == set(inside.index[inside["any"] & ~inside["all"]])


def test_three_stakes_are_not_a_ranking():
    few = {name: GRID[name] for name in ("e0", "e1", "e2")}
    found = vary(world(), grid=few)
    assert np.isnan(found.stability)
    assert found.contested == ()


def test_nothing_published_varies_nothing():
    rows = world()
    found = vary(rows, code="Q9999")
    assert found.scenarios.empty
    assert np.isnan(found.stability)


@pytest.mark.parametrize("kinds", [2, 3, 4, 5])
def test_each_territory_is_the_one_that_the_page_names(kinds):
    """Territories at different distances: the score of each scenario tells which was used."""
    rows = world(se=1e-4)
    gaps = {f"k{rank}": float(rank + 1) for rank in range(kinds)}
    shifts = {name: pd.Series(0.0, index=rows.index) for name in ("all", "region", "size", "type")}
    found = vary(
        rows, known=references(rows, gaps), shifts=shifts, rules=Rules(draws=100, balance=1.0)
    )
    sigma = fit_yardstick(rows).series["sigma"].droplevel("vintage")
    one = (1 / sigma[GRID["e0"]]).mean()
    assert scenario(found, "base").loc["e0", "score"] == pytest.approx(one, rel=1e-3)
    named = found.scenarios.query("family == 'option'")["detail"].unique().tolist()
    assert named == list(gaps)[1:]
    for name in named:
        wanted = gaps[name] * one
        assert scenario(found, "option", name).loc["e0", "score"] == pytest.approx(
            wanted, rel=1e-3
        ), name


@pytest.mark.parametrize("partly", [False, True])
def test_each_set_of_comparable_quartiers_is_the_one_that_the_page_names(partly):
    """Also where some indicators have territories, which are then not compared with."""
    rows = world(se=1e-4)
    shifts = {name: pd.Series(float(rank), index=rows.index)
              for rank, name in enumerate(("all", "region", "size", "type"))}  # fmt: skip
    known = None
    if partly:
        known = references(rows, dict.fromkeys("abcde", 1.0))
        known = known.loc[known["indicator"].ne("i00")]
    found = vary(rows, shifts=shifts, known=known)
    base = scenario(found, "base")["score"]
    assert found.scenarios.query("family == 'option'")["detail"].unique().tolist() == [
        "region", "size", "type",
    ]  # fmt: skip
    for rank, name in enumerate(("region", "size", "type"), start=1):
        np.testing.assert_allclose(scenario(found, "option", name)["score"], base - rank)


def test_lambda_varies_only_where_territories_are_compared():
    rows = world()
    assert scenario(vary(rows), "balance").empty
    found = vary(rows, known=references(rows, {"commune": 1.0}))
    details = found.scenarios.query("family == 'balance'")["detail"].unique().tolist()
    assert details == ["0", "1"]
    other = vary(rows, known=references(rows, {"commune": 1.0}), rules=Rules(balance=0.3))
    assert other.scenarios.query("family == 'balance'")["detail"].unique().tolist() == [
        "0", "0.5", "1",
    ]  # fmt: skip


def test_each_indicator_is_left_out_in_turn_but_never_the_last_of_a_stake():
    rows = world()
    found = vary(rows)
    left = found.scenarios.query("family == 'left_out'")["detail"].unique().tolist()
    assert sorted(left) == sorted(names_of(GRID))
    base, without = scenario(found, "base"), scenario(found, "left_out", "i00")
    others = [name for name in GRID if name != "e0"]
    np.testing.assert_allclose(without.loc[others, "score"], base.loc[others, "score"])
    assert without.loc["e0", "score"] != base.loc["e0", "score"]


def test_published_values_are_further_out_than_estimates():
    found = vary(world(se=1.0))
    assert (
        scenario(found, "published")["score"].abs().sum()
        > scenario(found, "base")["score"].abs().sum()
    )


def test_redundant_indicators_come_back_without_pruning():
    table = normal_table(80, names_of(GRID), seed=4)
    table["i01"] = table["i00"] + 0.05 * table["i01"]
    table.loc["Q0003", "i01"] = table.loc["Q0003", "i00"] + 2.0
    found = vary(values(table, se=1e-3))
    base, kept = scenario(found, "base"), scenario(found, "pruning")
    assert kept.loc["e0", "score"] > base.loc["e0", "score"] + 0.5
    np.testing.assert_allclose(kept["score"].drop("e0"), base["score"].drop("e0"))
