"""Staff and quality: shares, rates, their limits, and the ratio to the territory around."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, poisson

from qpvkit.errors import MeasureRefusedError
from qpvkit.measure.droit_commun.staff import (
    MEASURE_LABELS,
    MEASURES,
    STAFF_COLUMNS,
    compare_staff,
    effective_fte,
    staff_measures,
)

PAIRS = pd.DataFrame([{"kind": "qp", "code": "Q", "reference_kind": "epci", "reference_code": "E"}])


def unit(code="Q", **figures):
    kind = "qp" if code == "Q" else "epci"
    return {"kind": kind, "code": code, "service": "college", "year": 2024} | figures


def measure(*units):
    return staff_measures(pd.DataFrame(units), confidence=0.95).set_index(["code", "measure"])


def ratio(quartier, reference, name):
    table = staff_measures(pd.DataFrame([unit("Q", **quartier), unit("E", **reference)]),
                           confidence=0.95)  # fmt: skip
    rows = compare_staff(table, pairs=PAIRS, confidence=0.95).set_index("measure")
    return rows.loc[name, ["ratio_low", "ratio", "ratio_high"]].to_numpy(float)


# Zou and Donner; Fagerland, Lydersen and Laake: MOVER on Wilson limits (through ratesci's tests).
PUBLISHED = [
    (6, 22, 112, 842, 0.9735, 3.7295),
    (24, 73, 53, 65, 0.282, 0.563),
    (29, 55, 11, 11, 0.398, 0.761),
    (7, 18, 1, 18, 1.277, 40.751),
]


@pytest.mark.parametrize(("x", "n", "y", "m", "low", "high"), PUBLISHED)
def test_published_ratios_of_two_shares(x, n, y, m, low, high):
    found = ratio({"junior": x, "staff": n}, {"junior": y, "staff": m}, "junior")
    assert found == pytest.approx([low, x / n / (y / m), high], abs=0.0006)


def test_worked_example():
    """A college: 4 of 40 posts vacant, 14 of 40 under three years, 600 pupils for 50 FTE."""
    found = measure(
        unit(users=600, fte=50.0, posts=40, vacant=4, staff=40, junior=14, hours=10_000,
             hours_lost=800)
    )["value"]["Q"]  # fmt: skip
    assert found["vacancy"] == pytest.approx(0.10)
    assert found["junior"] == pytest.approx(0.35)
    assert found["users_per_fte"] == pytest.approx(12.0)
    assert found["users_per_effective_fte"] == pytest.approx(600 / (50 * 0.9 * 0.92))


def test_limits_are_those_of_wilson_and_poisson():
    found = measure(unit(staff=37, junior=9, left=5, users=1)).loc["Q"]
    wilson = binomtest(9, 37).proportion_ci(method="wilson")
    assert found.loc["junior", ["low", "high"]].tolist() == pytest.approx(list(wilson))
    low, high = found.loc["turnover", ["low", "high"]] * 37
    assert poisson.sf(4, low) == pytest.approx(0.025)
    assert poisson.cdf(5, high) == pytest.approx(0.025)


def test_hours_and_delays_have_no_interval():
    found = measure(unit(users=100, delay_days=30.0, hours=50, hours_lost=5)).loc["Q"]
    assert found.loc["delay_days", "value"] == 30
    assert found[["low", "high"]].isna().all(axis=None)


def test_units_are_summed_and_the_silent_ones_are_counted():
    found = measure(
        unit(staff=30, junior=10), unit(staff=10, junior=np.nan), unit(staff=10, junior=2)
    ).loc[("Q", "junior")]
    assert found["value"] == pytest.approx(12 / 40)
    assert (found["units"], found["units_known"]) == (3, 2)


def test_delays_are_weighted_by_users():
    found = measure(unit(users=300, delay_days=10), unit(users=100, delay_days=90))
    assert found.loc[("Q", "delay_days"), "value"] == 30


def test_the_experience_weight_is_off_by_default():
    one = pd.DataFrame([{"fte": 10.0, "junior": 5, "staff": 10}])
    assert effective_fte(one).tolist() == [10]
    assert effective_fte(one, junior_weight=0.8).tolist() == pytest.approx([9.0])


def test_rates_are_compared_exactly_given_their_total():
    low, middle, high = ratio({"users": 60, "fte": 3.0}, {"users": 40, "fte": 4.0}, "users_per_fte")
    limits = binomtest(60, 100).proportion_ci()
    expected = [limits.low / (1 - limits.low) * 4 / 3, 2.0, limits.high / (1 - limits.high) * 4 / 3]
    assert [low, middle, high] == pytest.approx(expected)


@settings(deadline=None, max_examples=15)
@given(x=st.integers(0, 30), y=st.integers(0, 30), more=st.integers(0, 40))
def test_the_ratio_is_inside_its_limits(x, y, more):
    assume(y > 0)
    found = ratio(
        {"junior": x, "staff": 30 + more, "left": x},
        {"junior": y, "staff": 30, "left": y},
        "junior",
    )
    assert found[0] <= found[1] + 1e-12 <= found[2] + 2e-12


def test_nobody_on_the_other_side_has_no_upper_limit():
    low, _, high = ratio({"junior": 5, "staff": 20}, {"junior": 0, "staff": 20}, "junior")
    assert low > 1
    assert high == np.inf


def test_every_measure_has_french_words():
    assert set(MEASURE_LABELS) == set(MEASURES)


def test_nothing_to_measure_gives_an_empty_table():
    found = staff_measures(pd.DataFrame([unit(staff=3)]), confidence=0.95)
    assert (len(found), tuple(found.columns)) == (0, STAFF_COLUMNS)


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"junior": 9, "staff": 8}, "junior supérieur à staff"),
        ({"vacant": -1, "posts": 8}, "nombre négatif"),
        ({"hours_lost": 9, "hours": 8}, "hours_lost supérieur à hours"),
    ],
)
def test_impossible_figures_are_refused_in_french(figures, words):
    with pytest.raises(MeasureRefusedError, match=words):
        staff_measures(pd.DataFrame([unit(**figures)]), confidence=0.95)
