"""Choices drawn apart from the data: options, natural units, worst indicator, weights."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from qpvkit.measure.stakes.choices import Frame, draw_choices, fixed_choices, score


def frame(members, *, options=1, shifts=None, typical=None, scale="identity"):
    """Return the frame of one quartier."""
    members = np.array([members], dtype=float)
    size = members.shape[2]
    blank = np.zeros((options, 1, size))
    ones = np.ones((1, size))
    return Frame(
        members=members, options=np.array([options]),
        shifts=blank if shifts is None else np.array(shifts, dtype=float)[:, None],
        typical=blank if typical is None else np.array(typical, dtype=float)[:, None],
        sign=ones, median=0 * ones, sigma=ones, middle=(50 if scale == "logit" else 0) * ones,
        dispersion=(25 if scale == "logit" else 1) * ones,
        scale=np.array([scale] * size, dtype=object),
    )  # fmt: skip


def scores(theta, where, choices):
    return score(np.array(theta, dtype=float)[None, None], where, choices)[0, 0]


TWO = [[1, 1, 0], [0, 0, 1]]
PLAIN = fixed_choices(1, 3, balance=0.5)


def test_a_stake_is_the_mean_of_its_indicators():
    assert scores([1, 3, 7], frame(TWO), PLAIN).tolist() == [2, 7]


def test_a_stake_that_is_not_scored_has_no_score():
    found = scores([1, 3, 7], frame([[1, 1, 0], [0, 0, 0]]), PLAIN)
    assert found[0] == 2
    assert np.isnan(found[1])


def test_the_worst_of_a_stake():
    worst = dataclasses.replace(PLAIN, worst=np.array([True]))
    assert scores([1, 3, -7], frame(TWO), worst).tolist() == [3, -7]


def test_weights_are_those_of_a_stake():
    uneven = dataclasses.replace(PLAIN, weights=np.array([[3.0, 1.0, 0.2]]))
    assert scores([1, 3, 7], frame(TWO), uneven) == pytest.approx([1.5, 7])


@pytest.mark.parametrize(("balance", "wanted"), [(1.0, 4.0), (0.0, 1.0), (0.5, 2.5)])
def test_lambda_subtracts_what_is_usual(balance, wanted):
    where = frame([[1]], shifts=[[1.0]], typical=[[3.0]])
    assert scores([5], where, fixed_choices(1, 1, balance=balance)).tolist() == [wanted]


@pytest.mark.parametrize("options", [1, 2, 3, 5])
def test_every_option_has_the_same_odds(options):
    where = frame([[1]], options=options, shifts=[[float(k)] for k in range(options)])
    drawn = draw_choices(6_000, 1, seed=1)
    drawn = dataclasses.replace(drawn, natural=np.zeros(6_000, bool), worst=np.zeros(6_000, bool))
    found = score(np.zeros((1, 6_000, 1)), where, drawn)[0, :, 0]
    share = np.unique(found.round(6), return_counts=True)[1] / 6_000
    assert len(share) == options
    assert share == pytest.approx(np.full(options, 1 / options), abs=0.025)


def test_options_beyond_those_of_a_quartier_are_never_drawn():
    padded = frame([[1]], options=3, shifts=[[1.0], [1.0], [99.0]])
    padded = dataclasses.replace(padded, options=np.array([2]))
    found = score(np.zeros((1, 2_000, 1)), padded, draw_choices(2_000, 1, seed=1))
    assert found == pytest.approx(np.full((1, 2_000, 1), -1.0))


def test_natural_units_measure_the_distance_in_points():
    """75 % and 50 % are one spread of 25 points apart; so are 50 % and 25 %."""
    natural = dataclasses.replace(fixed_choices(1, 1, balance=0.5), natural=np.array([True]))
    where = frame([[1]], scale="logit", shifts=[[-np.log(3)]])
    assert scores([np.log(3)], where, natural) == pytest.approx([2.0])


def test_choices_are_the_same_for_a_seed_and_within_their_bounds():
    one, two = draw_choices(500, 4, seed=7), draw_choices(500, 4, seed=7)
    other = draw_choices(500, 4, seed=8)
    for item in dataclasses.fields(one):
        np.testing.assert_array_equal(getattr(one, item.name), getattr(two, item.name))
        assert not np.array_equal(getattr(one, item.name), getattr(other, item.name))
    assert 0.25 <= one.balance.min() <= one.balance.max() <= 0.75
    assert 0.4 < one.natural.mean() < 0.6
    assert one.only(np.array([True, False, True, False])).weights.shape == (500, 2)
