"""The indice d'équité: published cases, bounds, verdicts, coverage of the intervals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qpvkit.errors import MeasureRefusedError
from qpvkit.measure.droit_commun.equity import EQUITY_COLUMNS, equity_index
from qpvkit.measure.droit_commun.rules import EquityRules
from qpvkit.measure.droit_commun.shares import survey_error
from qpvkit.measure.droit_commun.simulation import coverage_cases, simulate_coverage

RULES = EquityRules(confidence=0.95, tolerance=0.1, probability=0.8, exact_below=100, masked_max=4)
KEY = {"kind": "qp", "code": "QN09901M", "service": "emploi", "year": 2024}


def uses(served, total, **more):
    row = {**KEY, "unit": "personnes", "evidence_grade": "A", "served": served,
           "served_total": total}  # fmt: skip
    return pd.DataFrame([row | more])


def bases(base, total, norm="N1", **more):
    return pd.DataFrame([KEY | {"norm": norm, "base": base, "base_total": total} | more])


def measure(use, base, norm="N1", **options):
    found = equity_index(use, bases=base, rules=RULES, **options)
    return found.loc[found["norm"].eq(norm)].iloc[0]


# --- published cases ---------------------------------------------------------------------------


def test_pays_de_la_loire_job_seekers():
    """Insee, Pays de la Loire: 23 % of job seekers for 10 % of the 15 to 64 (domain 4.1)."""
    row = measure(uses(23, 100), bases(10, 100, "N0"), "N0")
    assert row["index"] == pytest.approx(2.3)


def test_onpv_2018_job_seekers():
    """ONPV 2018: 13 % of job seekers (ABC) for 8 % of the population."""
    assert measure(uses(13, 100), bases(8, 100))["index"] == pytest.approx(1.63, abs=0.006)


def test_onpv_2018_the_norm_changes_the_verdict():
    """14 % of young people in missions locales: over 8 % of the population, under 18 % of need."""
    both = pd.concat([bases(8_000, 100_000, "N0"), bases(18_000, 100_000, "N1")])
    found = equity_index(uses(1_400, 10_000), bases=both, rules=RULES)
    assert found["verdict"].tolist() == ["over", "short_proven"]


def test_val_d_oise_share_of_the_quartiers():
    """Val-d'Oise: 29 836 of 123 080 job seekers; with the whole as base, the index is the share."""
    row = measure(uses(29_836, 123_080), bases(123_080, 123_080))
    assert row["index"] == pytest.approx(0.242, abs=0.0005)
    assert row["low"] < 0.2424 < row["high"] < 0.245
    assert row["method"] == "log_ratio"


def test_reinforced_support():
    """ONPV 2018: 24 % of job seekers of the quartiers are in reinforced support, 18 % elsewhere."""
    row = measure(uses(240, 240 + 180), bases(1_000, 2_000))
    assert row["rest_ratio"] == pytest.approx(1.33, abs=0.005)


# --- the index and its interval ----------------------------------------------------------------


def test_worked_example():
    """30 of 600 with 10 % of the need: half of the fair share, 30 people short."""
    row = measure(uses(30, 600, amount_total=120_000.0), bases(500, 5_000))
    assert (row["index"], row["shortfall"]) == pytest.approx((0.5, 30.0))
    assert row["shortfall_eur"] == pytest.approx(6_000.0)
    assert (row["low"], row["high"]) == pytest.approx((0.340, 0.706), abs=0.001)
    assert (row["verdict"], row["method"]) == ("short_proven", "exact")


def test_exact_interval_is_that_of_scipy():
    from scipy.stats import binomtest

    row = measure(uses(7, 90), bases(20, 100))
    expected = binomtest(7, 90).proportion_ci(0.95, method="exact")
    assert (row["low"], row["high"]) == pytest.approx((expected.low / 0.2, expected.high / 0.2))


def test_log_ratio_interval_is_the_formula_of_the_method():
    row = measure(uses(400, 5_000), bases(1, 10))
    spread = np.exp(1.959964 * np.sqrt(1 / 400 - 1 / 5_000))
    assert (row["low"], row["high"]) == pytest.approx((0.8 / spread, 0.8 * spread), rel=1e-6)


def test_zero_gives_a_finite_upper_bound_even_with_an_uncertain_base():
    sure = measure(uses(0, 100), bases(10, 100))
    unsure = measure(uses(0, 100), bases(10, 100, base_error=0.2))
    assert (sure["index"], sure["low"], unsure["low"]) == (0, 0, 0)
    assert sure["high"] == pytest.approx(0.362, abs=0.001)
    assert sure["high"] < unsure["high"] < 0.5
    assert sure["verdict"] == "short_proven"


def test_survey_and_key_errors_widen_the_interval():
    widths = [
        np.log(row["high"] / row["low"])
        for row in (
            measure(uses(80, 1_000), bases(1, 10)),
            measure(uses(80, 1_000), bases(1, 10, base_error=0.1)),
            measure(uses(80, 1_000, key_error=0.2), bases(1, 10, base_error=0.1)),
        )
    ]
    assert widths == sorted(widths)
    assert widths[0] < widths[1] - 0.01 < widths[2] - 0.02


def test_survey_error_is_that_of_a_part_in_its_whole():
    rng = np.random.default_rng(7)
    part = 100 * np.exp(rng.normal(0, 0.1, 100_000))
    rest = 900 * np.exp(rng.normal(0, 0.04, 100_000))
    drawn = np.log(part / (part + rest)).std()
    assert survey_error(0.1, 0.04, share=0.1) == pytest.approx(drawn, rel=0.02)


def test_amounts_have_no_noise_unless_their_events_are_counted():
    plain = measure(uses(80_000.0, 1_000_000.0, unit="eur"), bases(1, 10))
    counted = measure(uses(80_000.0, 1_000_000.0, unit="eur", events_total=250.0), bases(1, 10))
    assert (plain["low"], plain["high"], plain["method"]) == (
        pytest.approx(0.8), pytest.approx(0.8), "accounts",
    )  # fmt: skip
    same = measure(uses(20, 250), bases(1, 10))
    assert (counted["low"], counted["high"]) == pytest.approx((same["low"], same["high"]))


def test_a_quartier_that_is_the_whole_territory_has_no_rest():
    row = measure(uses(40, 40), bases(100, 100))
    assert row["index"] == 1
    assert np.isnan([row["rest_ratio"], row["rest_low"], row["rest_high"]]).all()


# --- what is not known ------------------------------------------------------------------------


def test_unlocated_beneficiaries_give_bounds_and_no_imputation():
    row = measure(uses(60, 1_000, unlocated=150), bases(1, 10))
    assert (row["index_low"], row["index_high"]) == pytest.approx((0.6, 2.1))
    assert row["index"] == pytest.approx(60 / 850 / 0.1)
    assert row["low"] < 0.6
    assert row["high"] > 2.1
    assert (row["verdict"], row["reason"]) == ("inconclusive", "bounds")


def test_unlocated_need_gives_bounds_too():
    row = measure(uses(60, 1_000), bases(100, 1_000, base_unlocated=20))
    assert (row["index_low"], row["index_high"]) == pytest.approx((0.5, 0.6))


def test_a_masked_count_is_an_interval():
    row = measure(uses(np.nan, 500, status="secret"), bases(1, 10))
    assert np.isnan(row["index"])
    assert (row["index_low"], row["index_high"]) == pytest.approx((0.0, 0.08))
    assert row["verdict"] == "short_proven"
    wider = measure(uses(np.nan, 500, status="secret", masked_max=10), bases(1, 10))
    assert wider["index_high"] == pytest.approx(0.2)


def test_bounds_known_otherwise_are_used():
    known = uses(np.nan, 400, status="missing", served_low=10, served_high=60)
    row = measure(known, bases(1, 10))
    assert (row["index_low"], row["index_high"]) == pytest.approx((0.25, 1.5))
    assert row["reason"] == "bounds"


@pytest.mark.parametrize(
    ("use", "base", "reason"),
    [
        (uses(30, 600, evidence_grade="D"), bases(1, 10), "grade_d"),
        (uses(np.nan, 600, status="missing"), bases(1, 10), "no_use"),
        (uses(30, 600), bases(0, 10), "no_base"),
        (uses(30, 600), bases(1, 10, "N0"), "no_base"),
    ],
)
def test_what_cannot_be_measured_says_why(use, base, reason):
    row = measure(use, base)
    assert (row["verdict"], row["reason"]) == ("not_measurable", reason)


def test_grade_d_is_computed_and_never_judged():
    row = measure(uses(30, 600, evidence_grade="D"), bases(1, 10))
    assert row["index"] == pytest.approx(0.5)
    assert row["verdict"] == "not_measurable"


# --- norms ------------------------------------------------------------------------------------


def test_n2_needs_kappa_and_weighs_the_intense_need():
    both = pd.concat([bases(100, 1_000, "N1"), bases(60, 300, "N2")])
    found = equity_index(uses(100, 1_000), bases=both, rules=RULES)
    assert found["norm"].tolist() == ["N0", "N1"]
    row = measure(uses(100, 1_000), both, "N2", kappa=2.0)
    assert row["index"] == pytest.approx(0.1 / (160 / 1_300))
    with pytest.raises(MeasureRefusedError, match="kappa = 1"):
        equity_index(uses(1, 2), bases=both, rules=RULES, kappa=1)


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "base", "words"),
    [
        (uses(700, 600), bases(1, 10), "QN09901M, emploi, 2024"),
        (uses(500, 600, unlocated=200), bases(1, 10), "sans adresse"),
        (uses(-1, 600), bases(1, 10), "nombre négatif"),
        (uses(1, 600, evidence_grade="E"), bases(1, 10), "niveau de preuve"),
        (uses(1, 600, status="masqué"), bases(1, 10), "statut inconnu"),
        (uses(1, 600, served_low=3, served_high=2), bases(1, 10), "bornes inversées"),
        (uses(1, 600), bases(11, 10), "que dans le territoire"),
        (uses(1, 600), bases(1, 10, "N9"), "norme inconnue"),
        (uses(1, 600).drop(columns="served"), bases(1, 10), "colonnes absentes : served"),
        (pd.concat([uses(1, 600)] * 2), bases(1, 10), "en double"),
    ],
)
def test_impossible_tables_are_refused_in_french(use, base, words):
    with pytest.raises(MeasureRefusedError, match=words):
        equity_index(use, bases=base, rules=RULES)


# --- properties -------------------------------------------------------------------------------

counts = st.integers(0, 3_000)


@settings(deadline=None, max_examples=25)
@given(inside=counts, outside=counts, need=st.integers(1, 900), scale=st.floats(0.01, 1_000))
def test_the_index_does_not_depend_on_the_unit_of_the_base(inside, outside, need, scale):
    assume(inside + outside > 0)
    one = measure(uses(inside, inside + outside), bases(need, 1_000))
    two = measure(uses(inside, inside + outside), bases(need * scale, 1_000 * scale))
    names = ["index", "low", "high", "rest_low", "rest_high", "shortfall"]
    assert two[names].to_numpy(float) == pytest.approx(
        one[names].to_numpy(float), rel=1e-6, abs=1e-6
    )
    assert one["verdict"] == two["verdict"]


@settings(deadline=None, max_examples=25)
@given(part=st.integers(1, 400), times=st.integers(2, 9), factor=st.integers(1, 20))
def test_the_index_is_one_when_proportional(part, times, factor):
    row = measure(uses(part, part * times), bases(part * factor, part * times * factor))
    assert (row["index"], row["rest_ratio"]) == pytest.approx((1.0, 1.0))
    assert row["shortfall"] == pytest.approx(0.0, abs=1e-9)
    assert row["low"] <= 1.0 <= row["high"]
    assert row["verdict"] in {"fair", "inconclusive"}


@settings(deadline=None, max_examples=25)
@given(
    inside=counts, outside=counts, lost_inside=counts, lost_outside=counts,
    need=st.integers(1, 999),
)  # fmt: skip
def test_the_bounds_hold_the_truth_wherever_the_unlocated_live(
    inside, outside, lost_inside, lost_outside, need
):
    total = inside + outside + lost_inside + lost_outside
    assume(inside + outside > 0)
    row = measure(uses(inside, total, unlocated=lost_inside + lost_outside), bases(need, 1_000))
    truth = (inside + lost_inside) / total / (need / 1_000)
    assert row["index_low"] - 1e-9 <= truth <= row["index_high"] + 1e-9
    assert row["low"] <= row["index_low"] <= row["index"] + 1e-9
    assert row["index"] <= row["index_high"] + 1e-9 <= row["high"] + 2e-9
    assert row["shortfall_low"] <= row["shortfall"] + 1e-9 <= row["shortfall_high"] + 2e-9


@settings(deadline=None, max_examples=20)
@given(inside=counts, outside=counts, need=st.integers(1, 999), error=st.floats(0, 0.3))
def test_the_index_and_the_ratio_to_the_rest_always_agree(inside, outside, need, error):
    assume(inside + outside > 0)
    row = measure(uses(inside, inside + outside), bases(need, 1_000, base_error=error))
    if error == 0:
        assert (row["low"] > 1) == (row["rest_low"] > 1)
        assert (row["high"] < 1) == (row["rest_high"] < 1)
    assert (row["index"] < 1 - 1e-12) <= (row["rest_ratio"] < 1)
    assert 0 <= row["probability"] <= 1 + 1e-12


@settings(deadline=None, max_examples=10)
@given(order=st.permutations(range(6)))
def test_the_order_of_rows_does_not_matter(order):
    use = pd.concat([uses(10 * n, 500, code=f"QN0990{n}M") for n in range(6)], ignore_index=True)
    base = pd.concat([bases(n + 1, 20, code=f"QN0990{n}M") for n in range(6)], ignore_index=True)
    straight = equity_index(use, bases=base, rules=RULES)
    mixed = equity_index(use.iloc[list(order)], bases=base.iloc[list(order[::-1])], rules=RULES)
    keys = ["code", "norm"]
    left, right = (t.sort_values(keys).reset_index(drop=True) for t in (straight, mixed))
    pd.testing.assert_frame_equal(left, right)
    assert tuple(straight.columns) == EQUITY_COLUMNS


def test_arguments_are_left_as_they_were():
    use, base = uses(30, 600), bases(1, 10)
    kept = use.copy(), base.copy()
    equity_index(use, bases=base, rules=RULES)
    pd.testing.assert_frame_equal(use, kept[0])
    pd.testing.assert_frame_equal(base, kept[1])


# --- coverage by simulation -------------------------------------------------------------------


def test_intervals_hold_the_truth_93_times_in_100():
    cases = coverage_cases(
        totals=[5, 20, 100, 400, 5_000],
        base_shares=[0.05, 0.3],
        indexes=[0.4, 1.0, 1.5],
        unlocated=[(0.0, 0.0), (0.3, 0.05)],
        base_errors=[0.0, 0.2],
    )
    found = simulate_coverage(cases, rules=RULES, draws=1_200, seed=1)
    columns = ["index_covered", "rest_covered", "shortfall_covered"]
    assert found[columns].to_numpy().min() >= 0.93
    assert found[columns].mean().min() >= 0.95
    assert found["finite"].eq(1).all()


def test_masked_counts_keep_the_level():
    cases = coverage_cases(
        totals=[20, 100], base_shares=[0.05, 0.2], indexes=[0.5, 1.0],
        unlocated=[(0.0, 0.0), (0.2, 0.1)], base_errors=[0.0],
    )  # fmt: skip
    found = simulate_coverage(cases, rules=RULES, draws=600, seed=2, masked=True)
    assert found["index_covered"].min() >= 0.93


def test_the_approximation_alone_would_miss_its_level():
    cases = coverage_cases(
        totals=[5], base_shares=[0.3], indexes=[1.5], unlocated=[(0.0, 0.0)], base_errors=[0.0]
    )
    alone = dataclasses.replace(RULES, exact_below=0.5)
    assert simulate_coverage(cases, rules=alone, draws=2_000)["index_covered"].iloc[0] < 0.93
