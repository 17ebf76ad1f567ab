"""The scales: there and back, ends, and the slope that carries an error across."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.measure.scales import from_scale, sign_of, slope, to_scale

RANGES = {
    "logit": st.floats(0.5, 99.5),
    "log": st.floats(0.01, 1e6),
    "identity": st.floats(-1e6, 1e6),
}


@pytest.mark.parametrize("scale", RANGES)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_value_comes_back_from_its_scale(scale, data):
    value = data.draw(RANGES[scale])
    assert from_scale(to_scale(value, scale), scale) == pytest.approx(value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("scale", RANGES)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_the_order_of_two_values_is_kept(scale, data):
    low, high = sorted((data.draw(RANGES[scale]), data.draw(RANGES[scale])))
    assert to_scale(low, scale) <= to_scale(high, scale), (low, high)


def test_hand_values():
    assert float(to_scale(75.0, "logit")) == pytest.approx(math.log(3))
    assert float(to_scale(20_000.0, "log")) == pytest.approx(math.log(20_000))
    assert float(from_scale(math.log(3), "logit")) == pytest.approx(75.0)


def test_a_rate_has_ends_and_a_logit_has_none():
    found = to_scale([0.0, 0.4, 99.9, 100.0], "logit")
    ends = to_scale([0.5, 99.5], "logit")
    assert found.tolist() == [ends[0], ends[0], ends[1], ends[1]]


@pytest.mark.parametrize("value", [0.0, -3.0, 1e-7])
def test_an_amount_that_is_not_positive_has_no_logarithm(value):
    assert np.isnan(to_scale(value, "log"))
    assert np.isnan(slope(value, "log"))


@pytest.mark.parametrize("scale", RANGES)
def test_nothing_stays_nothing(scale):
    assert np.isnan(to_scale(np.nan, scale))
    assert np.isnan(from_scale(np.nan, scale))


@pytest.mark.parametrize(
    ("scale", "value"), [("logit", 3.0), ("logit", 88.0), ("log", 14_000.0), ("identity", -4.0)]
)
def test_the_slope_is_the_derivative(scale, value):
    step = 1e-4 * max(abs(value), 1)
    measured = (to_scale(value + step, scale) - to_scale(value - step, scale)) / (2 * step)
    assert float(slope(value, scale)) == pytest.approx(float(measured), rel=1e-5)


def test_one_scale_a_column():
    table = np.array([[50.0, math.e, 7.0], [80.0, 1.0, -7.0]])
    kinds = ["logit", "log", "identity"]
    found = to_scale(table, kinds)
    for column, kind in enumerate(kinds):
        assert found[:, column] == pytest.approx(to_scale(table[:, column], kind)), kind
    assert from_scale(found, kinds) == pytest.approx(table)


def test_what_was_given_is_not_changed():
    table = np.array([50.0, 10.0])
    to_scale(table, "identity")[0] = 99
    from_scale(table, "identity")[0] = 99
    assert table.tolist() == [50.0, 10.0]


def test_an_extreme_value_comes_back_without_a_warning():
    assert from_scale(-1e6, "logit") == 0
    assert from_scale(1e6, "logit") == 100


def test_senses():
    words = pd.Series(["up_is_worse", "up_is_better", "neutral", "inconnu"])
    assert sign_of(words)[:3].tolist() == [1, -1, 0]
    assert np.isnan(sign_of(words)[3])
