"""The yardstick: centre, spread, true variance, and what has no scale."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import normal_table, values

from qpvkit.measure.stakes.yardstick import (
    fit_yardstick,
    group_medians,
    group_shift,
    nearest_covariance,
    scale_values,
)


def one_series(*y, **facts):
    table = pd.DataFrame({"a": y}, index=[f"Q{rank}" for rank in range(len(y))])
    return values(table, **facts)


def facts_of(rows, indicator="a", vintage=2021):
    return fit_yardstick(rows).series.loc[(indicator, vintage)]


# --- centre and spread -------------------------------------------------------------------------


def test_the_spread_is_the_scaled_median_of_absolute_deviations():
    """Median 4; deviations 3, 2, 0, 1, 96: their median is 2."""
    found = facts_of(one_series(1, 2, 4, 5, 100))
    assert (found["peers"], found["median"]) == (5, 4)
    assert found["sigma"] == pytest.approx(1.4826 * 2)


def test_natural_units_have_their_own_centre_and_spread():
    found = facts_of(one_series(0, 1, 2, scale="log"))
    assert found["median"] == 1
    assert found["middle"] == pytest.approx(np.e)
    assert found["dispersion"] == pytest.approx(1.4826 * (np.e - 1))


def test_one_extreme_quartier_does_not_move_the_scale():
    y = np.random.default_rng(0).standard_normal(199)
    calm, wild = facts_of(one_series(*y, 0.0)), facts_of(one_series(*y, 1e4))
    assert wild["sigma"] == pytest.approx(calm["sigma"], rel=0.05)
    assert wild["tau"] < 2


def test_where_half_are_equal_the_spread_is_the_standard_deviation():
    y = [0, 0, 0, 0, 0, 0, 1, 2, 3]
    assert facts_of(one_series(*y))["sigma"] == pytest.approx(np.std(y, ddof=1))


def test_a_constant_series_has_no_scale():
    rows = one_series(7, 7, 7, 7)
    assert np.isnan(facts_of(rows)["sigma"])
    placed = scale_values(rows, fit_yardstick(rows))
    assert placed[["z", "e"]].isna().all(axis=None)


def test_a_vintage_that_few_quartiers_have_gets_no_scale():
    recent = values(normal_table(80, ["a"]))
    old = values(normal_table(19, ["a"], prefix="R"), vintage=2015)
    more = values(normal_table(20, ["a"], prefix="S"), vintage=2013)
    series = fit_yardstick(pd.concat([recent, old, more])).series
    assert series["peers"].tolist() == [20, 19, 80]
    assert series["sigma"].notna().tolist() == [True, False, True]


def test_a_vintage_that_is_not_stated_only_meets_itself():
    stated = values(normal_table(40, ["a"]))
    unstated = values(normal_table(40, ["a"], prefix="R") + 10, vintage=None)
    rows = pd.concat([stated, unstated])
    found = fit_yardstick(rows)
    assert found.series.index.tolist() == [("a", -1), ("a", 2021)]
    assert found.latest == 2021
    placed = scale_values(rows, found)
    assert placed.groupby("vintage")["z"].median().abs().max() < 1e-9


def test_context_is_not_measured():
    rows = pd.concat([one_series(1, 2, 3), one_series(1, 2, 3, sign=0.0).assign(indicator="b")])
    assert fit_yardstick(rows).series.index.get_level_values("indicator").tolist() == ["a"]


# --- true variance -----------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.0, 0.5, 1.0])
def test_the_true_variance_is_what_sampling_does_not_explain(noise):
    rng = np.random.default_rng(2)
    truth = normal_table(4_000, ["a"], seed=1)
    rows = values(truth + noise * rng.standard_normal(truth.shape), se=noise)
    found = facts_of(rows)
    assert found["tau"] * found["sigma"] == pytest.approx(1, abs=0.06)
    assert found["sampling"] * found["sigma"] == pytest.approx(noise, abs=0.02)


def test_true_differences_never_vanish():
    rows = values(normal_table(200, ["a"]), se=5.0)
    assert facts_of(rows)["tau"] ** 2 == pytest.approx(0.05)


def test_an_error_that_nobody_knows_counts_for_nothing():
    found = facts_of(values(normal_table(200, ["a"]), se=np.nan))
    assert found["sampling"] == 0


# --- links -------------------------------------------------------------------------------------


def test_correlations_are_those_of_indicators_turned_the_same_way():
    table = normal_table(300, ["a", "b"])
    table["b"] = -table["a"] + 0.1 * table["b"]
    rows = values(table)
    rows.loc[rows["indicator"].eq("b"), "sign"] = -1.0
    found = fit_yardstick(rows)
    assert found.correlation.loc["a", "b"] > 0.98
    assert found.rank_correlation.loc["a", "b"] > 0.98
    assert np.diag(found.correlation).tolist() == [1, 1]


def test_a_correlation_over_fewer_than_ten_quartiers_is_none():
    table = normal_table(40, ["a", "b"])
    table.loc[table.index[9:], "b"] = np.nan
    table["b"] = table["a"].where(table["b"].notna())
    assert fit_yardstick(values(table)).correlation.loc["a", "b"] == 0


def test_the_people_behind_an_indicator_are_a_fact_of_the_map():
    rows = values(normal_table(40, ["a", "b"]), people="filosofi")
    rows.loc[rows["indicator"].eq("b"), "people"] = ""
    assert fit_yardstick(rows).people.to_dict() == {"a": "filosofi", "b": ""}
    alone = fit_yardstick(rows.drop(columns="people"))
    assert alone.people.to_dict() == {"a": "", "b": ""}


# --- invariants --------------------------------------------------------------------------------


def test_a_local_run_does_not_change_the_scale():
    rows = values(normal_table(60, ["a", "b"]))
    yardstick = fit_yardstick(rows)
    some = rows.loc[rows["code"].isin(["Q0003", "Q0042"])]
    whole = scale_values(rows, yardstick).loc[some.index]
    pd.testing.assert_frame_equal(scale_values(some, yardstick), whole)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_the_rows_does_not_matter(seed):
    rows = values(normal_table(50, ["a", "b", "c"], seed=seed))
    first = fit_yardstick(rows)
    again = fit_yardstick(rows.sample(frac=1, random_state=seed))
    for name in ("series", "correlation", "rank_correlation"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))
    np.testing.assert_allclose(first.weights, again.weights, rtol=1e-7, atol=1e-12)


@settings(deadline=None, max_examples=15)
@given(factor=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
def test_a_change_of_unit_does_not_move_a_quartier(factor, shift):
    table = normal_table(60, ["a"])
    plain = values(table, se=0.3)
    other = values(table * factor + shift, se=0.3 * factor)
    one, two = (scale_values(rows, fit_yardstick(rows)) for rows in (plain, other))
    np.testing.assert_allclose(one["z"], two["z"], atol=1e-6)
    np.testing.assert_allclose(one["e"], two["e"], rtol=1e-6)


def test_what_was_given_is_not_changed():
    rows = values(normal_table(30, ["a"]))
    before = rows.copy()
    scale_values(rows, fit_yardstick(rows))
    pd.testing.assert_frame_equal(rows, before)


# --- groups of comparable quartiers ------------------------------------------------------------


def test_a_group_is_placed_by_its_median_and_a_small_one_is_left_out():
    rows = values(normal_table(60, ["a"]))
    placed = scale_values(rows, fit_yardstick(rows))
    groups = pd.Series(
        ["nord"] * 40 + ["sud"] * 15, index=sorted(rows["code"])[:55], dtype=object
    )  # five quartiers have no group
    medians = group_medians(placed, groups, min_peers=30)
    assert medians.index.get_level_values("group").unique().tolist() == ["nord"]
    shift = group_shift(placed, groups, medians)
    north = placed["code"].map(groups).eq("nord")
    assert shift[north].unique() == pytest.approx([placed.loc[north, "z"].median()])
    assert (shift[~north] == 0).all()


# --- covariances -------------------------------------------------------------------------------


def test_a_sound_covariance_is_left_alone():
    sound = np.array([[1.0, 0.3], [0.3, 2.0]])
    np.testing.assert_allclose(nearest_covariance(sound, np.diag(sound)), sound, atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), size=st.integers(2, 12))
def test_any_symmetric_matrix_becomes_a_covariance_with_the_given_variances(seed, size):
    rng = np.random.default_rng(seed)
    matrix = rng.uniform(-1, 1, (size, size))
    wanted = rng.uniform(0.05, 3, size)
    found = nearest_covariance(matrix + matrix.T, wanted)
    np.testing.assert_allclose(np.diag(found), wanted)
    assert np.linalg.eigvalsh(found).min() > -1e-9
