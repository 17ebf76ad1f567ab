"""The natural variability of a median, against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from qpvkit.errors import BadArgumentError
from qpvkit.measure.uncertainty import median_interval, quantile_log_error


def log_normal(rng, shape):
    return rng.lognormal(9.5, 0.45, shape)


def gamma(rng, shape):
    return rng.gamma(4.0, 4000.0, shape)


def two_populations(rng, shape):
    centres = np.where(rng.random(shape) < 0.5, 9.2, 10.1)
    return rng.lognormal(centres, 0.2)


def compare(draw, *, size, share=0.5, repeats=2000):
    """Return the mean of the announced errors over the true one, and the errors themselves."""
    rng = np.random.default_rng(20240106)
    q1, middle, q3 = np.quantile(draw(rng, (repeats, size)), [0.25, share, 0.75], axis=1)
    announced = quantile_log_error(q1, q3, size, share=share)
    return np.mean(announced) / np.std(np.log(middle))


@pytest.mark.parametrize("size", [30, 100, 500])
@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9])
def test_it_is_right_for_log_normal_samples(size, share):
    assert compare(log_normal, size=size, share=share) == pytest.approx(1, abs=0.1)


def test_it_is_right_for_another_usual_shape_of_incomes():
    assert compare(gamma, size=400) == pytest.approx(1, abs=0.1)


def test_it_is_far_too_small_where_two_populations_leave_a_hollow():
    assert compare(two_populations, size=400) < 0.5


def test_the_interval_holds_its_level():
    rng = np.random.default_rng(20240107)
    q1, middle, q3 = np.quantile(log_normal(rng, (4000, 200)), [0.25, 0.5, 0.75], axis=1)
    low, high = median_interval(middle, q1, q3, 200)
    held = np.mean((low <= np.exp(9.5)) & (np.exp(9.5) <= high))
    assert held == pytest.approx(0.95, abs=0.015)


def test_by_hand():
    # Q1 10 000, médiane 14 000, Q3 20 000 : sigma = ln 2 / 1,349 = 0,5138
    # erreur = 1,2533 × 0,5138 / √400 = 0,0322 ; 14 000 × exp(± 1,96 × 0,0322)
    assert quantile_log_error(10_000, 20_000, 400) == pytest.approx(0.0322, abs=5e-5)
    assert median_interval(14_000, 10_000, 20_000, 400) == pytest.approx((13_144, 14_912), abs=1)


def test_a_unit_does_not_matter_and_four_times_the_people_halve_the_error():
    whole = quantile_log_error(10_000, 20_000, 100)
    assert quantile_log_error(10, 20, 100) == pytest.approx(whole)
    assert quantile_log_error(10_000, 20_000, 400) == pytest.approx(whole / 2)


def test_impossible_quartiles_have_no_error():
    assert np.isnan(quantile_log_error([0, 3, -1, np.nan, 1], [2, 2, 2, 2, np.inf], 50)).all()
    assert np.isnan(quantile_log_error(1, 2, [0, -1, np.nan])).all()
    assert np.isnan(median_interval([9, 25], 10, 20, 50).low).all()


@pytest.mark.parametrize("share", [0, 1, 50])
def test_an_impossible_quantile_is_refused(share):
    with pytest.raises(BadArgumentError, match="quantile impossible"):
        quantile_log_error(1, 2, 50, share=share)
