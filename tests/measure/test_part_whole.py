"""A quartier inside its territory: the rest, the whole, and what is said when neither is there."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.measure.part_whole import PART_COLUMNS, compare_parts
from qpvkit.measure.stakes.calibration import check_false_alarms
from qpvkit.measure.uncertainty import koopman, newcombe, wilson


def pair(value=46.0, reference=30.0, base=10_000.0, whole=40_000.0, n_eff=4_000.0, **other):
    """Return one comparison; its own interval is that of Wilson."""
    low, high = wilson(value / 100 * n_eff, n_eff) if n_eff and n_eff > 0 else (math.nan, math.nan)
    row = {
        "value": value, "reference_value": reference, "share": True, "inside": True,
        "base": base, "reference_base": whole, "n_eff": n_eff,
        "value_low": 100 * low, "value_high": 100 * high, "rounding": 0.0,
    }  # fmt: skip
    return pd.DataFrame([row | other])


def compare(level=0.95, **facts):
    return compare_parts(pair(**facts), level=level).iloc[0]


# --- the rest and the whole --------------------------------------------------------------------


def test_by_hand():
    """4 600 of 10 000 here, 12 000 of 40 000 in all: 7 400 of 30 000 elsewhere."""
    row = compare()
    assert (row["comparison"], row["comparison_reason"]) == ("rest", "")
    assert row["part"] == 0.25
    assert row["rest_value"] == pytest.approx(100 * 7_400 / 30_000)
    assert row["rest_gap"] == pytest.approx(46 - 100 * 7_400 / 30_000)
    assert row["ratio"] == pytest.approx(0.46 / (7_400 / 30_000))


def test_limits_are_those_of_newcombe_and_koopman_on_the_rest():
    """4 000 observations for 10 000 people: 12 000 for the 30 000 others."""
    row, rest = compare(), 7_400 / 30_000
    sides = 0.46 * 4_000, 4_000, rest * 12_000, 12_000
    low, high = newcombe(*sides)
    ratio_low, ratio_high = koopman(*sides)
    assert row["rest_low"] == pytest.approx(100 * low)
    assert row["rest_high"] == pytest.approx(100 * high)
    assert row["gap_low"] == pytest.approx(75 * low)
    assert row["gap_high"] == pytest.approx(75 * high)
    assert row["ratio_low"] == pytest.approx(ratio_low)
    assert row["ratio_high"] == pytest.approx(ratio_high)


shares = st.floats(0.01, 0.97)
rates = st.floats(1.0, 99.0)


@settings(deadline=None, max_examples=150)
@given(value=rates, rest=rates, part=shares, people=st.integers(200, 60_000))
def test_the_gap_to_the_whole_is_the_gap_to_the_rest_scaled(value, rest, part, people):
    whole = people / part
    reference = part * value + (1 - part) * rest
    row = compare(value=value, reference=reference, base=people, whole=whole, n_eff=people / 2)
    assert row["comparison"] == "rest", row.to_dict()
    assert row["rest_value"] == pytest.approx(rest, abs=1e-6)
    assert value - reference == pytest.approx((1 - part) * row["rest_gap"], abs=1e-6)
    assert row["gap_low"] == pytest.approx((1 - part) * row["rest_low"], abs=1e-9)
    assert row["gap_high"] == pytest.approx((1 - part) * row["rest_high"], abs=1e-9)
    assert row["gap_low"] <= value - reference + 1e-6
    assert row["gap_high"] >= value - reference - 1e-6


@settings(deadline=None, max_examples=150)
@given(value=rates, reference=rates, part=shares, level=st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_the_interval_excludes_zero_exactly_when_the_p_value_says_so(value, reference, part, level):
    facts = {"value": value, "reference": reference, "base": 2_000, "whole": 2_000 / part}
    row = compare(level=level, n_eff=500, **facts)
    # on the edge of the interval, rounding decides
    if not math.isnan(row["p_value"]) and abs(row["p_value"] - (1 - level)) > 1e-9:
        excluded = row["gap_low"] > 0 or row["gap_high"] < 0
        assert excluded == (row["p_value"] < 1 - level), row.to_dict()


def test_a_reference_equal_to_the_quartier_gives_a_zero_gap():
    row = compare(value=37.0, reference=37.0)
    assert row["rest_gap"] == pytest.approx(0, abs=1e-12)
    assert row["gap_low"] < 0 < row["gap_high"]
    assert row["p_value"] == pytest.approx(1)
    assert row["ratio"] == pytest.approx(1)


def test_a_larger_part_leaves_a_narrower_gap_to_the_whole():
    """Var(part − whole) = (1 − s) Var(part) when rates are close (peers, F1)."""
    for part in (0.02, 0.3, 0.5):
        row = compare(value=30, reference=30, base=2_000, whole=2_000 / part, n_eff=2_000)
        half = (row["gap_high"] - row["gap_low"]) / 2
        alone = 1.96 * 100 * math.sqrt(0.3 * 0.7 / 2_000)
        assert half / alone == pytest.approx(math.sqrt(1 - part), rel=0.01), part


# --- rounding ----------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["rest", "outside"])
def test_rounding_of_the_reference_widens_the_interval(reason):
    inside = reason == "rest"
    exact, rounded = (compare(inside=inside, rounding=step) for step in (0.0, 0.5))
    for column in ("rest_gap", "rest_value"):
        assert exact[column] == rounded[column] or np.isnan(exact[column])
    gap = 46 - 30
    for side in ("gap_low", "gap_high"):
        wanted = math.hypot(exact[side] - gap, 0.5)
        assert abs(rounded[side] - gap) == pytest.approx(wanted), side
    assert rounded["p_value"] > exact["p_value"]


def test_a_rest_that_only_rounding_makes_impossible_is_kept_within_bounds():
    row = compare(value=40, reference=9.9, base=10_000, whole=40_000, rounding=0.5)
    assert (row["comparison"], row["rest_value"]) == ("rest", 0)
    assert math.isnan(row["ratio"])
    assert math.isnan(row["ratio_low"])


# --- reasons -----------------------------------------------------------------------------------

CASES = [
    ("median", {"share": False, "value": 14_000.0, "reference": 20_000.0, "n_eff": math.nan}),
    ("outside", {"inside": False}),
    ("no_base", {"base": math.nan}),
    ("no_base", {"whole": math.nan}),
    ("no_error", {"n_eff": math.nan}),
    ("no_error", {"n_eff": 0.0}),
    ("whole", {"whole": 10_100.0}),
    ("whole", {"whole": 9_000.0}),
    ("inconsistent", {"value": 46.0, "reference": 5.0}),
    ("inconsistent", {"value": 20.0, "reference": 90.0}),
    ("inconsistent", {"reference": math.nan}),
]


@pytest.mark.parametrize(("reason", "facts"), CASES)
def test_why_the_rest_is_out_of_reach(reason, facts):
    row = compare(**facts)
    assert (row["comparison"], row["comparison_reason"]) == ("whole", reason)
    for column in ("part", "rest_value", "rest_gap", "rest_low", "rest_high", "ratio"):
        assert math.isnan(row[column]), column


def test_against_the_whole_the_interval_is_that_of_the_value():
    row = compare(inside=False)
    low, high = wilson(0.46 * 4_000, 4_000)
    assert row["gap_low"] == pytest.approx(100 * low - 30)
    assert row["gap_high"] == pytest.approx(100 * high - 30)
    assert row["p_value"] < 1e-6


def test_without_an_error_nothing_is_tested():
    row = compare(n_eff=math.nan)
    assert math.isnan(row["gap_low"])
    assert math.isnan(row["p_value"])


def test_what_is_not_known_may_be_left_out_of_the_table():
    row = compare_parts(pair()[["value", "reference_value", "share", "inside"]]).iloc[0]
    assert row["comparison_reason"] == "no_base"


def test_index_columns_and_argument():
    pairs = pd.concat([pair(), pair(value=12.0)]).set_axis(["b", "a"])
    before = pairs.copy()
    found = compare_parts(pairs)
    assert list(found.columns) == list(PART_COLUMNS)
    assert list(found.index) == ["b", "a"]
    pd.testing.assert_frame_equal(pairs, before)


def test_no_comparison_at_all():
    assert compare_parts(pair().iloc[:0]).empty


# --- false alarms ------------------------------------------------------------------------------


def test_false_alarms_keep_their_level_whatever_the_share_of_the_quartier():
    found = check_false_alarms(draws=60_000, seed=3)
    assert found["setting"].tolist() == ["s = 2%", "s = 10%", "s = 30%", "s = 50%"]
    assert found["found"].between(0.045, 0.055).all(), found.to_string()


@pytest.mark.parametrize("part", [0.02, 0.10, 0.30, 0.50])
def test_false_alarms_of_what_reports_print(part):
    """Through `compare_parts`: a quartier and the rest are drawn, the whole is published."""
    rng, draws, people, rate = np.random.default_rng(17), 50_000, 20_000, 0.3
    inside = round(part * people)
    here, elsewhere = rng.binomial(inside, rate, draws), rng.binomial(people - inside, rate, draws)
    low, high = wilson(here, np.full(draws, inside))
    pairs = pd.DataFrame(
        {
            "value": 100 * here / inside, "reference_value": 100 * (here + elsewhere) / people,
            "share": True, "inside": True, "base": inside, "reference_base": people,
            "n_eff": inside, "value_low": 100 * low, "value_high": 100 * high, "rounding": 0.0,
        }
    )  # fmt: skip
    found = compare_parts(pairs)
    alarms = ((found["gap_low"] > 0) | (found["gap_high"] < 0)).mean()
    assert 0.045 <= alarms <= 0.055
    assert found["p_value"].lt(0.05).mean() == pytest.approx(alarms, abs=1e-3)
    # the rule that takes the territory as exact is what the part-whole correction replaces
    naive = ((pairs["value_low"] > pairs["reference_value"])
             | (pairs["value_high"] < pairs["reference_value"])).mean()  # fmt: skip
    assert naive < alarms
