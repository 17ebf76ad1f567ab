"""Limits of a share, joined errors, probabilities: against published values and other ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.measure.droit_commun.intervals import (
    median_share,
    probability_below,
    share_interval,
    widen,
)

# Newcombe 1998 (Stat Med 17:857) and R's binom.confint: x, n, exact limits at 95 %.
PUBLISHED = [
    (15, 148, 0.0578, 0.1617),
    (0, 20, 0.0, 0.1684),
    (1, 29, 0.0009, 0.1776),
    (18, 20, 0.6830, 0.9877),
    (4, 200, 0.0055, 0.0504),
    (190, 200, 0.9100, 0.9758),
    (30, 30, 0.8843, 1.0),
]


def limits(part, whole, *, exact_below=np.inf):
    share, size = np.array([part / whole]), np.array([float(whole)])
    low, high, exact = share_interval(share, size, confidence=0.95, exact_below=exact_below)
    return float(low[0]), float(high[0]), bool(exact[0])


@pytest.mark.parametrize(("part", "whole", "low", "high"), PUBLISHED)
def test_exact_limits_are_the_published_ones(part, whole, low, high):
    assert limits(part, whole) == pytest.approx((low, high, True), abs=6e-5)


@pytest.mark.parametrize("part", [120, 500, 880])
def test_the_two_ways_meet_for_large_counts(part):
    exact, close = limits(part, 1_000), limits(part, 1_000, exact_below=100)
    assert not close[2]
    assert close[:2] == pytest.approx(exact[:2], rel=0.02)


def test_exact_where_the_part_or_the_rest_is_small():
    assert limits(99, 5_000, exact_below=100)[2]
    assert limits(4_950, 5_000, exact_below=100)[2]


@settings(deadline=None, max_examples=30)
@given(part=st.integers(0, 2_000), rest=st.integers(0, 2_000), below=st.sampled_from([1, 100]))
def test_limits_hold_the_share_and_stay_between_zero_and_one(part, rest, below):
    if part + rest:
        low, high, _ = limits(part, part + rest, exact_below=below)
        assert 0 <= low <= part / (part + rest) + 1e-12
        assert part / (part + rest) - 1e-12 <= high <= 1


def test_an_infinite_size_is_a_share_without_noise():
    low, high, exact = share_interval(
        np.array([0.3]), np.array([np.inf]), confidence=0.95, exact_below=100
    )
    assert (low[0], high[0], exact[0]) == (0.3, 0.3, False)


@pytest.mark.parametrize(("share", "size"), [(np.nan, 10.0), (0.3, np.nan), (0.3, 0.0)])
def test_what_is_unknown_stays_unknown(share, size):
    low, high, exact = share_interval(
        np.array([share]), np.array([size]), confidence=0.95, exact_below=100
    )
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert not exact[0]


def test_joined_errors_are_those_of_a_ratio_of_log_normals():
    rng = np.random.default_rng(5)
    ratio = np.exp(rng.normal(0, 0.1, 200_000)) / np.exp(rng.normal(0, 0.2, 200_000))
    one = np.array([1.0])
    bound = np.exp(np.array([1.959964 * 0.1]))
    high = widen(bound, one, np.array([0.2]), confidence=0.95, side=1)
    assert high[0] == pytest.approx(np.quantile(ratio, 0.975), rel=0.01)
    assert widen(bound, one, np.array([0.0]), confidence=0.95, side=1)[0] == bound[0]


def test_the_median_share_of_a_null_count_is_even_odds():
    share = median_share(np.array([0.0]), np.array([30.0]))[0]
    assert (1 - share) ** 30 == pytest.approx(0.5)


def test_the_probability_is_that_of_jeffreys():
    from scipy.stats import beta

    found = probability_below(np.array([0.1]), np.array([50.0]), np.array([0.14]), np.array([0.0]))
    assert found[0] == pytest.approx(beta.cdf(0.14, 5.5, 45.5))


def test_an_uncertain_limit_is_integrated():
    from scipy.stats import beta

    rng = np.random.default_rng(3)
    limit = 0.14 * np.exp(rng.normal(0, 0.15, 200_000))
    expected = beta.cdf(limit, 5.5, 45.5).mean()
    found = probability_below(np.array([0.1]), np.array([50.0]), np.array([0.14]), np.array([0.15]))
    assert found[0] == pytest.approx(expected, abs=0.002)


def test_an_amount_without_noise_is_under_the_limit_or_not():
    shares, size = np.array([0.1, 0.2]), np.array([np.inf, np.inf])
    found = probability_below(shares, size, np.array([0.15, 0.15]), np.array([0.0, 0.0]))
    assert found.tolist() == pytest.approx([1.0, 0.0])
