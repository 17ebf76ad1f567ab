"""Proportions and rates: published limits, refusals, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.measure.uncertainty import (
    byar,
    clopper_pearson,
    dobson,
    midp,
    poisson_exact,
    rate_interval,
    wilson,
)

PROPORTIONS = [wilson, clopper_pearson, midp]

PUBLISHED = [  # Newcombe 1998, Stat Med 17:857, table I
    (wilson, 15, 148, 0.0624, 0.1605),
    (wilson, 0, 20, 0.0, 0.1611),
    (wilson, 1, 29, 0.0061, 0.1718),
    (clopper_pearson, 15, 148, 0.0578, 0.1617),
    (clopper_pearson, 0, 20, 0.0, 0.1684),
    (clopper_pearson, 1, 29, 0.0009, 0.1776),
    (midp, 15, 148, 0.0601, 0.1581),
    (midp, 0, 20, 0.0, 0.1391),
    (midp, 1, 29, 0.0017, 0.1585),
]


@pytest.mark.parametrize(("method", "x", "n", "low", "high"), PUBLISHED)
def test_published_limits_of_a_proportion(method, x, n, low, high):
    found = method(x, n)
    assert found.low == pytest.approx(low, abs=0.5e-4)
    assert found.high == pytest.approx(high, abs=0.5e-4)


def test_published_limits_of_counts_and_rates():
    # PHEindicatormethods 2.1.0 (UK Health Security Agency), tests of Byar's and exact limits
    assert byar(65) == pytest.approx((50.16319, 82.84914), abs=1e-5)
    assert byar(1045, level=0.998) == pytest.approx((947.94070, 1148.80616), abs=1e-5)
    assert poisson_exact(5) == pytest.approx((1.62349, 11.66833), abs=1e-5)
    assert rate_interval(1, 100, level=0.998) == pytest.approx((1.00050e-5, 0.09233413), abs=1e-8)


def test_byar_refuses_a_negative_limit():
    low, high = byar([1, 0], level=0.998)
    assert np.isnan(low).all()
    assert high[0] == pytest.approx(9.36218, abs=1e-5)  # PHEindicatormethods, same table


def test_rates_are_exact_below_ten_events_and_byar_from_ten():
    low, high = rate_interval([0, 9, 9.5, 10, 250], 200)
    exact, approximate = poisson_exact([0, 9, 9.5]), byar([10, 250])
    np.testing.assert_allclose(low, np.r_[exact.low, approximate.low] / 200)
    np.testing.assert_allclose(high, np.r_[exact.high, approximate.high] / 200)
    assert low[0] == 0


@pytest.mark.parametrize("method", PROPORTIONS)
def test_what_is_not_a_proportion_has_no_interval(method):
    low, high = method([3, -1, 1, 1, np.nan, 1, 1, np.inf], [2, 5, 0, -4, 5, np.nan, np.inf, 5])
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_what_is_not_a_rate_has_no_interval():
    for limit in rate_interval([-1, 5, 5, np.nan, 50], [10, 0, -3, 10, np.nan]):
        assert np.isnan(limit).all()


@pytest.mark.parametrize("method", PROPORTIONS)
def test_nobody_and_everybody_touch_the_ends_exactly(method):
    low, high = method([0, 7, 0, 0.3], [7, 7, 0.3, 0.3])
    assert low[0] == low[2] == 0
    assert high[1] == high[3] == 1


def test_an_effective_size_widens_the_interval_around_the_same_share():
    full, half = wilson(30, 100), wilson(15.3, 51)
    assert half.low < full.low < 0.3 < full.high < half.high


def test_dobson_of_one_class_is_byar():
    low, high = dobson(50 / 4000, 50 / 4000**2, 50)
    assert low * 4000 == pytest.approx(byar(50).low)
    assert high * 4000 == pytest.approx(byar(50).high)


def test_dobson_by_hand():
    # rate 12 ‰, variance 4 ‰², 36 events: 12 + √(4 / 36) × (Byar − 36) = 12 + (25,21 − 36) / 3
    low, high = dobson(12, 4, 36)
    assert low == pytest.approx(12 - (36 - 25.2104) / 3, abs=1e-4)
    assert high == pytest.approx(12 + (49.8407 - 36) / 3, abs=1e-4)


def test_dobson_refuses_below_ten_events():
    low, high = dobson(0.01, 1e-6, [9, 9.99, 10, np.nan])
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, True, False, True]
    assert np.isnan(dobson(0.01, -1e-6, 50).low)


def test_clopper_pearson_is_the_widest_and_mid_p_lies_within():
    x = np.arange(0, 31)
    exact, middle = clopper_pearson(x, 30), midp(x, 30)
    assert (exact.low <= middle.low + 1e-12).all()
    assert (middle.high <= exact.high + 1e-12).all()


@pytest.mark.parametrize("method", PROPORTIONS)
@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 5000), share=st.floats(0, 1), level=st.sampled_from([0.8, 0.95, 0.998]))
def test_limits_are_ordered_bounded_symmetric_and_shrink(method, n, share, level):
    x = np.floor(share * n)
    low, high = method(x, n, level=level)
    assert 0 <= low <= x / n <= high <= 1
    mirrored = method(n - x, n, level=level)
    assert low == pytest.approx(1 - mirrored.high, abs=1e-9)
    assert high == pytest.approx(1 - mirrored.low, abs=1e-9)
    larger = method(3 * x, 3 * n, level=level)
    assert larger.high - larger.low < high - low


@given(x=st.floats(0, 1e6), level=st.sampled_from([0.8, 0.95, 0.998]))
def test_limits_of_a_count_are_ordered_and_close_from_ten_events(x, level):
    exact, approximate = poisson_exact(x, level=level), byar(x, level=level)
    assert 0 <= exact.low <= x <= exact.high
    if x >= 10:
        assert approximate.low == pytest.approx(exact.low, rel=0.02)
        assert approximate.high == pytest.approx(exact.high, rel=0.02)


def test_wilson_holds_its_level_on_average():
    rng = np.random.default_rng(20240101)
    share = rng.uniform(0.05, 0.95, 40_000)
    low, high = wilson(rng.binomial(60, share), 60)
    assert np.mean((low <= share) & (share <= high)) == pytest.approx(0.95, abs=0.006)
