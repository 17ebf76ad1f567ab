"""Luck taken back: what is published pulls, noise holds, and nothing teaches nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import normal_table, values

from qpvkit.measure.stakes.posterior import Prior, factor_of, fit_prior, infer_truth
from qpvkit.measure.stakes.shape import CENTRES, fit_shape, moments
from qpvkit.measure.stakes.yardstick import fit_yardstick

NORMAL = fit_shape(np.zeros(0), np.zeros(0))


def moment(z, e, weights=NORMAL):
    mean, deviation = moments(np.array([[z]], float), np.array([[e]], float), weights[None])
    return float(mean[0, 0]), float(deviation[0, 0])


def prior(size=1, *, between=0.0, together=0.0, mean=0.0):
    """Return a prior of normal indicators, all correlated alike."""

    def equal(rho):
        return np.full((size, size), rho) + (1 - rho) * np.eye(size)

    return Prior(
        names=tuple(f"i{rank}" for rank in range(size)), mean=np.full(size, mean),
        covariance=equal(between), weights=np.tile(NORMAL, (size, 1)), together=equal(together),
    )  # fmt: skip


# --- the shape of the true values --------------------------------------------------------------


def test_with_too_few_quartiers_the_shape_is_normal():
    z = np.random.default_rng(0).gamma(1, 1, 29)
    assert fit_shape(z, np.full(29, 0.1)) == pytest.approx(NORMAL)
    assert pytest.approx(1) == NORMAL.sum()
    assert pytest.approx(0, abs=1e-9) == NORMAL @ CENTRES


@pytest.mark.parametrize("noise", [0.2, 0.8])
def test_the_shape_of_normal_values_has_their_mean_and_spread(noise):
    rng = np.random.default_rng(1)
    z = rng.standard_normal(4_000) + noise * rng.standard_normal(4_000)
    weights = fit_shape(z, np.full(4_000, noise))
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    mean = weights @ CENTRES
    spread = np.sqrt(weights @ (CENTRES - mean) ** 2 + 0.6**2)
    assert mean == pytest.approx(0, abs=0.06)
    assert spread == pytest.approx(1, abs=0.08)


def test_what_is_not_published_is_left_out_of_the_shape():
    z = np.random.default_rng(2).standard_normal(200)
    e = np.full(200, 0.3)
    holed = np.append(z, [np.nan, 5.0]), np.append(e, [0.3, np.nan])
    assert fit_shape(*holed) == pytest.approx(fit_shape(z, e))


def test_a_long_tail_holds_back_its_quartiers_less_than_a_normal_law():
    z = np.random.default_rng(3).standard_t(3, 3_000)
    weights = fit_shape(z, np.full(3_000, 0.7))
    assert moment(4.5, 0.7, weights)[0] > moment(4.5, 0.7)[0] + 0.3


# --- one indicator -----------------------------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(z=st.floats(-5, 5), e=st.floats(0.01, 10))
def test_an_estimate_lies_between_the_centre_and_what_is_published(z, e):
    mean, deviation = moment(z, e)
    assert abs(mean) <= abs(z) + 1e-9
    assert mean * z >= -1e-12
    assert 0 < deviation < 1.2


@settings(deadline=None, max_examples=60)
@given(e=st.floats(0.05, 5), low=st.floats(-5, 5), high=st.floats(-5, 5))
def test_a_larger_published_value_never_gives_a_smaller_estimate(e, low, high):
    low, high = sorted((low, high))
    assert moment(low, e)[0] <= moment(high, e)[0] + 1e-9


@settings(deadline=None, max_examples=60)
@given(z=st.floats(0.1, 4), less=st.floats(0.02, 3), factor=st.floats(1.2, 10))
def test_more_noise_means_more_shrinkage(z, less, factor):
    assert moment(z, less * factor)[0] < moment(z, less)[0]


@pytest.mark.parametrize("z", [-3.0, 0.0, 1.7, 12.0])
def test_without_noise_the_value_is_the_truth(z):
    assert moment(z, 1e-9) == (pytest.approx(z), pytest.approx(0, abs=1e-6))


@pytest.mark.parametrize("z", [-3.0, 0.0, 12.0])
def test_infinite_noise_gives_the_law_of_the_quartiers(z):
    mean, deviation = moment(z, 1e5)
    assert mean == pytest.approx(0, abs=1e-4)
    assert deviation == pytest.approx(np.sqrt(NORMAL @ CENTRES**2 + 0.6**2), rel=1e-3)


def test_the_estimate_of_a_normal_world_is_close_to_that_of_bayes():
    """Normal truths of variance 1 with noise e²: z / (1 + e²), within what the mixture smooths."""
    spread = NORMAL @ CENTRES**2 + 0.6**2
    for z, e in [(2.0, 0.5), (1.0, 1.0), (3.0, 1.0)]:
        assert moment(z, e)[0] == pytest.approx(z * spread / (spread + e**2), abs=0.02), (z, e)


# --- several indicators ------------------------------------------------------------------------


def test_what_is_not_published_teaches_nothing():
    known = prior(3, between=0.5, mean=0.25)
    z, e = np.array([[2.0, np.nan, 1.0]]), np.array([[0.4, 0.4, np.nan]])
    truth = infer_truth(z, e, known)
    alone = infer_truth(np.array([[2.0]]), np.array([[0.4]]), prior(1))
    assert truth.mean[0, 0] == pytest.approx(alone.mean[0, 0])
    assert truth.deviation[0, 0] == pytest.approx(alone.deviation[0, 0])
    assert truth.mean[0, 1:].tolist() == [0.25, 0.25]


def test_nothing_published_gives_the_law_of_the_quartiers():
    blank = np.full((1, 3), np.nan)
    truth = infer_truth(blank, blank, prior(3, between=0.5))
    cover = truth.cover[0] @ truth.cover[0].T
    np.testing.assert_allclose(cover, prior(3, between=0.5).covariance, atol=1e-6)


def test_a_secret_of_one_quartier_does_not_touch_another():
    known = prior(2, between=0.6, together=0.4)
    z, e = np.array([[1.0, 2.0], [np.nan, 2.0]]), np.full((2, 2), 0.5)
    both, first = infer_truth(z, e, known), infer_truth(z[:1], e[:1], known)
    np.testing.assert_allclose(both.mean[0], first.mean[0])
    np.testing.assert_allclose(both.cover[0], first.cover[0])


def test_errors_of_the_same_people_go_together():
    z, e = np.zeros((1, 2)), np.full((1, 2), 0.5)
    apart = infer_truth(z, e, prior(2)).cover[0]
    joined = infer_truth(z, e, prior(2, together=0.8)).cover[0]
    correlation = [(cover @ cover.T)[0, 1] / (cover @ cover.T)[0, 0] for cover in (apart, joined)]
    assert correlation[0] == pytest.approx(0, abs=1e-9)
    assert correlation[1] > 0.5


def test_draws_have_the_law_that_was_inferred():
    known = prior(3, between=0.5, together=0.3)
    truth = infer_truth(np.array([[2.0, -1.0, 0.5]]), np.full((1, 3), 0.6), known)
    noise = np.random.default_rng(0).standard_normal((200_000, 3))
    drawn = truth.draw(noise, np.array([True, True, True]))[0]
    np.testing.assert_allclose(drawn.mean(axis=0), truth.mean[0], atol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0), truth.deviation[0], rtol=0.01)
    np.testing.assert_allclose(np.cov(drawn.T), truth.cover[0] @ truth.cover[0].T, atol=0.01)


def test_drawing_some_indicators_draws_them_as_among_all():
    truth = infer_truth(np.array([[2.0, -1.0, 0.5]]), np.full((1, 3), 0.6), prior(3, between=0.5))
    noise = np.random.default_rng(0).standard_normal((10, 3))
    used = np.array([True, False, True])
    whole = truth.draw(noise, np.ones(3, dtype=bool))
    np.testing.assert_allclose(truth.draw(noise, used), whole[..., used])


def test_one_singular_covariance_leaves_the_others_alone():
    sound = np.array([[1.0, 0.2], [0.2, 1.0]])
    broken = np.array([[1.0, 1.0 + 1e-9], [1.0 + 1e-9, 1.0]])
    found = factor_of(np.stack([sound, broken]))
    np.testing.assert_array_equal(found[0], np.linalg.cholesky(sound))
    np.testing.assert_allclose(found[1] @ found[1].T, broken, atol=1e-6)


# --- the law of a map --------------------------------------------------------------------------


def test_the_covariance_between_quartiers_is_that_of_the_truth_not_of_the_noise():
    """True correlation 0.5, independent errors of variance 1: 0.25 between published values."""
    rng = np.random.default_rng(5)
    factor = np.linalg.cholesky(np.array([[1.0, 0.5], [0.5, 1.0]]))
    table = normal_table(5_000, ["a", "b"], seed=4) @ factor.T
    table.columns = ["a", "b"]
    noisy = table + rng.standard_normal(table.shape)
    found = fit_prior(fit_yardstick(values(noisy, se=1.0)))
    rho = found.covariance[0, 1] / np.sqrt(found.covariance[0, 0] * found.covariance[1, 1])
    assert rho == pytest.approx(0.5, abs=0.06)
    assert found.together[0, 1] == pytest.approx(0)


def test_people_measured_twice_have_errors_that_go_together():
    table = normal_table(500, ["a", "b"])
    table["b"] = table["a"] + 0.5 * table["b"]
    apart, shared = (
        fit_prior(fit_yardstick(values(table, people=people))) for people in ("", "caf")
    )
    assert apart.together[0, 1] == pytest.approx(0)
    assert shared.together[0, 1] > 0.8
    for found in (apart, shared):
        assert np.linalg.eigvalsh(found.covariance).min() > 0
