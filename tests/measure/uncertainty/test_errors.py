"""From a measurement model to an error: each family against a computation by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.measure.uncertainty import wilson
from qpvkit.measure.uncertainty.errors import ERROR_COLUMNS, measurement_errors

NAN = math.nan


def row(family, value=40.0, base=2_000.0, **facts):
    """Return one value and its measurement model."""
    known = {
        "value": value, "base": base, "scale": "logit", "family": family, "fraction": 1.0,
        "design_effect": 1.0, "noise": 0.0, "quantile": NAN, "first_quartile": NAN,
        "third_quartile": NAN,
    }  # fmt: skip
    return pd.DataFrame([known | facts])


def measure(family, *, level=0.95, **facts):
    return measurement_errors(row(family, **facts), level=level).iloc[0]


def census(**facts):
    return measure("census_sample", fraction=0.4, design_effect=1.5, **facts)


def half_width(found):
    return (found["value_high"] - found["value_low"]) / 2


# --- exhaustive registers ----------------------------------------------------------------------


def test_a_register_has_the_natural_variability_of_its_people():
    found = measure("register", value=40.0, base=2_000.0)
    low, high = wilson(800, 2_000)
    assert found["n_eff"] == 2_000
    assert (found["value_low"], found["value_high"]) == (
        pytest.approx(100 * low), pytest.approx(100 * high),
    )  # fmt: skip
    share = 800.5 / 2_001
    assert found["y"] == pytest.approx(math.log(share / (1 - share)))
    assert found["se"] == pytest.approx(1 / math.sqrt(2_000 * share * (1 - share)))
    assert found["no_interval"] == ""


def test_people_grouped_in_households_count_for_less():
    found = measure("tax_share", base=2_400.0, design_effect=2.4)
    assert found["n_eff"] == pytest.approx(1_000)
    assert half_width(found) == pytest.approx(half_width(measure("register", base=1_000.0)))


def test_on_the_natural_scale_the_error_is_in_points():
    found = measure("register", value=40.0, base=1_000.0, scale="identity")
    share = 400.5 / 1_001
    assert found["y"] == 40.0
    assert found["se"] == pytest.approx(100 * math.sqrt(share * (1 - share) / 1_000))


@pytest.mark.parametrize("value", [0.0, 100.0])
def test_nobody_or_everybody_still_has_an_interval(value):
    found = measure("register", value=value, base=50.0)
    assert np.isfinite([found["y"], found["se"]]).all()
    assert 0 <= found["value_low"] < found["value_high"] <= 100


# --- rolling census ----------------------------------------------------------------------------


def test_census_by_hand():
    """SE² = deff · p (1 − p) / (f n) · (1 − f): worth f n / (deff (1 − f)) = 4/9 n."""
    found = census(value=40.0, base=9_000.0)
    assert found["n_eff"] == pytest.approx(4_000)
    error = math.sqrt(1.5 * 0.4 * 0.6 / (0.4 * 9_000) * (1 - 0.4))
    assert half_width(found) == pytest.approx(100 * 1.96 * error, rel=0.002)


@pytest.mark.parametrize(
    ("inhabitants", "published"), [(1_000, 5.8), (2_000, 4.1), (5_000, 2.6), (20_000, 1.3)]
)
def test_half_widths_of_an_employment_rate(inhabitants, published):
    """Deff 1.5, f = 0.4: the 15-64 are 64 % of the inhabitants, 45 % of them have a job."""
    found = half_width(census(value=45.0, base=0.64 * inhabitants))
    assert found == pytest.approx(published, abs=0.06)


def test_a_census_of_everybody_is_a_register():
    whole = measure("census_sample", fraction=1.0, design_effect=1.5, base=3_000.0)
    assert whole["n_eff"] == pytest.approx(2_000)


# --- counts with a deliberate error ------------------------------------------------------------


def test_a_perturbed_count_by_hand():
    """Uniform on ± 5: variance 25 / 3 on each count, hence (1 + p²) 25 / 3 / n² on their ratio."""
    found = measure("perturbed", value=20.0, base=100.0, noise=5.0)
    own, added = 0.2 * 0.8 / 100, 25 / 3 * (1 + 0.04) / 100**2
    assert found["n_eff"] == pytest.approx(0.16 / (own + added))
    exact = measure("register", value=20.0, base=100.0)
    assert half_width(found) > half_width(exact)


def test_the_variance_of_a_perturbed_share_is_what_a_simulation_finds():
    rng, n, p, k = np.random.default_rng(4), 400, 0.25, 10.0
    counted = rng.binomial(n, p, 200_000) + rng.uniform(-k, k, 200_000)
    share = counted / (n + rng.uniform(-k, k, 200_000))
    found = measure("perturbed", value=100 * p, base=float(n), noise=k)
    assert p * (1 - p) / found["n_eff"] == pytest.approx(share.var(), rel=0.02)


def test_no_perturbation_is_a_register():
    assert measure("perturbed", noise=0.0)["n_eff"] == pytest.approx(2_000)


@pytest.mark.parametrize("value", [0.0, 100.0])
def test_a_perturbed_zero_is_not_a_certainty(value):
    found = measure("perturbed", value=value, base=60.0, noise=5.0)
    assert 0 < found["n_eff"] < 60
    assert found["se"] > measure("register", value=value, base=60.0)["se"]


# --- quantiles of incomes ----------------------------------------------------------------------


def quantile(**facts):
    known = {
        "value": 14_000.0, "base": 960.0, "scale": "log", "design_effect": 2.4, "quantile": 0.5,
        "first_quartile": 10_000.0, "third_quartile": 20_000.0,
    }  # fmt: skip
    return measure("tax_quantile", **(known | facts))


def test_a_median_by_hand():
    """ln 2 / 1.349 = 0.5138; 1.2533 · 0.5138 / √400 = 0.0322."""
    found = quantile()
    assert found["y"] == pytest.approx(math.log(14_000))
    assert found["se"] == pytest.approx(0.0322, abs=5e-5)
    assert found["value_low"] == pytest.approx(14_000 * math.exp(-1.96 * 0.0322), rel=1e-4)
    assert found["value_high"] == pytest.approx(14_000 * math.exp(1.96 * 0.0322), rel=1e-4)
    assert math.isnan(found["n_eff"])


def test_a_first_decile_is_less_sure_than_a_median():
    assert quantile(quantile=0.1)["se"] == pytest.approx(quantile()["se"] * 1.364, rel=1e-3)


def test_several_quantiles_keep_their_rows_whatever_the_index():
    rows = pd.concat([
        row("tax_quantile", value=14_000.0, base=960.0, scale="log", design_effect=2.4,
            quantile=share, first_quartile=10_000.0, third_quartile=20_000.0)
        for share in (0.5, 0.1, 0.25)
    ]).set_axis([7, 3, 5])  # fmt: skip
    found = measurement_errors(rows)
    alone = [quantile(quantile=share)["se"] for share in (0.5, 0.1, 0.25)]
    assert list(found.index) == [7, 3, 5]
    assert found["se"].tolist() == pytest.approx(alone)


# --- no interval, and why ----------------------------------------------------------------------

NO_INTERVAL = [
    ("masked", "register", {"value": NAN}),
    ("masked", "proxy", {"value": NAN}),
    ("proxy", "proxy", {}),
    ("no_model", "none", {}),
    ("no_base", "register", {"base": NAN}),
    ("no_base", "register", {"base": 0.0}),
    ("no_base", "census_sample", {"base": NAN, "fraction": 0.4}),
    ("no_base", "perturbed", {"base": NAN, "noise": 5.0}),
    ("no_base", "tax_quantile", {"base": NAN, "quantile": 0.5}),
    ("no_quartiles", "tax_quantile", {"value": 14_000.0, "scale": "log", "quantile": 0.5}),
    (
        "no_quartiles", "tax_quantile",
        {"value": 9.0, "scale": "log", "quantile": 0.5, "first_quartile": 3.0,
         "third_quartile": 2.0},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "family", "facts"), NO_INTERVAL)
def test_why_there_is_no_interval(reason, family, facts):
    found = measure(family, **facts)
    assert found["no_interval"] == reason
    for column in ("se", "value_low", "value_high", "n_eff"):
        assert math.isnan(found[column]), column


@pytest.mark.parametrize("family", ["proxy", "none"])
def test_a_value_without_an_error_keeps_its_place(family):
    assert measure(family, value=50.0)["y"] == 0


def test_a_masked_value_has_no_place():
    assert math.isnan(measure("register", value=NAN)["y"])


# --- properties --------------------------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(
    family=st.sampled_from(["register", "tax_share", "census_sample", "perturbed"]),
    value=st.floats(0, 100), base=st.floats(20, 60_000), deff=st.floats(1, 4),
    noise=st.floats(0, 10),
)  # fmt: skip
def test_an_interval_holds_its_value_and_narrows_with_people(family, value, base, deff, noise):
    facts = {"value": value, "design_effect": deff, "noise": noise, "fraction": 0.4}
    found = measure(family, base=base, **facts)
    more = measure(family, base=4 * base, **facts)
    assert found["value_low"] - 1e-9 <= value <= found["value_high"] + 1e-9
    assert more["se"] < found["se"]
    assert half_width(more) < half_width(found)


@settings(deadline=None, max_examples=60)
@given(value=st.floats(2, 98), base=st.floats(50, 20_000))
def test_turning_a_share_into_its_complement_changes_signs_only(value, base):
    one = measure("register", value=value, base=base)
    other = measure("register", value=100 - value, base=base)
    assert one["y"] == pytest.approx(-other["y"], abs=1e-9)
    assert one["se"] == pytest.approx(other["se"])
    assert one["value_low"] == pytest.approx(100 - other["value_high"])


def test_columns_index_and_argument():
    rows = pd.concat([row("register"), row("proxy")]).set_axis(["b", "a"])
    before = rows.copy()
    found = measurement_errors(rows)
    assert list(found.columns) == list(ERROR_COLUMNS)
    assert list(found.index) == ["b", "a"]
    pd.testing.assert_frame_equal(rows, before)
    assert measurement_errors(rows.iloc[:0]).empty
