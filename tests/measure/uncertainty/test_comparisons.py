"""Two proportions: published limits, agreement with likelihood and statsmodels, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import chi2_contingency
from statsmodels.stats.proportion import confint_proportions_2indep

from qpvkit.measure.uncertainty import koopman, miettinen_nurminen, newcombe, score_test

INTERVALS = {
    "newcombe": newcombe,
    "mn_difference": miettinen_nurminen,
    "mn_ratio": lambda *counts, level=0.95: miettinen_nurminen(
        *counts, contrast="ratio", level=level
    ),
    "koopman": koopman,
}

PUBLISHED = [
    # Newcombe 1998, Stat Med 17:873, table II, method 10
    ("newcombe", (56, 70, 48, 80), 0.0524, 0.3339, 4),
    ("newcombe", (9, 10, 3, 10), 0.1705, 0.8090, 4),
    ("newcombe", (5, 56, 0, 29), -0.0381, 0.1926, 4),
    ("newcombe", (0, 10, 0, 20), -0.1611, 0.2775, 4),
    ("newcombe", (10, 10, 0, 10), 0.6075, 1.0, 4),
    # the same, method 5 with Miettinen and Nurminen's variance (tests of R's ratesci)
    ("mn_difference", (5, 56, 0, 29), -0.0326, 0.1933, 4),
    # diffscoreci and riskscoreci of R's PropCIs (tests of statsmodels)
    ("mn_difference", (7, 34, 1, 34), 0.0270416, 0.3452912, 6),
    ("koopman", (7, 34, 1, 34), 1.220853, 42.575718, 5),
    # Gart and Nam 1988, Biometrics 44:323
    ("koopman", (8, 15, 4, 15), 0.815, 5.336, 3),
    ("koopman", (6, 10, 6, 20), 0.844, 4.594, 3),
    # Fagerland, Lydersen and Laake 2017, Statistical Analysis of Contingency Tables
    ("mn_ratio", (24, 73, 53, 65), 0.280, 0.560, 3),
    ("mn_ratio", (29, 55, 11, 11), 0.397, 0.742, 3),
    ("mn_ratio", (7, 18, 1, 18), 1.296, 42.544, 3),
]


@pytest.mark.parametrize(("name", "counts", "low", "high", "decimals"), PUBLISHED)
def test_published_limits(name, counts, low, high, decimals):
    found = INTERVALS[name](*counts)
    assert found.low == pytest.approx(low, abs=0.51 * 10**-decimals)
    assert found.high == pytest.approx(high, abs=0.51 * 10**-decimals)


TABLES = [
    (5, 56, 0, 29), (7, 34, 1, 34), (56, 70, 48, 80), (1, 3, 2, 900), (9, 9, 3, 10),
    (120, 400, 3100, 15_000), (2.4, 17.3, 51.2, 230.8),
]  # fmt: skip


@pytest.mark.parametrize("counts", TABLES)
def test_at_the_limits_of_a_difference_the_score_is_the_normal_quantile(counts):
    """The restricted estimate is found by maximising the likelihood, not by the cubic."""
    x1, n1, x2, n2 = counts
    for limit, sign in zip(miettinen_nurminen(*counts), (1, -1), strict=True):

        def loss(p, limit=limit):
            return -(
                xlogy(x1, p + limit) + xlogy(n1 - x1, 1 - p - limit)
                + xlogy(x2, p) + xlogy(n2 - x2, 1 - p)
            )  # fmt: skip

        ends = (max(0.0, -limit), min(1.0, 1 - limit))
        p2 = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-12}).x
        p1 = p2 + limit
        variance = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * (n1 + n2) / (n1 + n2 - 1)
        score = (x1 / n1 - x2 / n2 - limit) / np.sqrt(variance)
        assert score == pytest.approx(sign * 1.959964, abs=1e-5)


@pytest.mark.parametrize("counts", [(7, 34, 1, 34), (56, 70, 48, 80), (120, 400, 3100, 15_000)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.998])
def test_ratios_and_newcombe_agree_with_statsmodels(counts, level):
    for name, method, compare, corrected in [
        ("koopman", "score", "ratio", False),
        ("mn_ratio", "score", "ratio", True),
        ("newcombe", "newcomb", "diff", False),
    ]:
        expected = confint_proportions_2indep(
            *counts, method=method, compare=compare, alpha=1 - level, correction=corrected
        )
        assert tuple(INTERVALS[name](*counts, level=level)) == pytest.approx(expected, rel=1e-6)


def test_nobody_and_everybody():
    low, high = koopman([0, 0, 4, 10], 10, [0, 4, 0, 10], 10)
    assert low.tolist()[:2] == [0, 0]
    assert np.isinf(high).tolist() == [True, False, True, False]
    assert 0 < low[2] < low[3] * 10
    low, high = miettinen_nurminen([0, 10, 0, 10], 10, [0, 10, 10, 0], 10)
    assert low[:2] == pytest.approx(-high[:2])
    assert (low[2], high[3]) == (-1, 1)


@pytest.mark.parametrize("name", INTERVALS)
def test_what_is_not_two_proportions_has_no_interval(name):
    x1, n1, x2 = [3, 1, 1, np.nan, 1], [2, 0, 5, 5, 5], [1, 1, -1, 1, 9]
    for limit in INTERVALS[name](x1, n1, x2, 8):
        assert np.isnan(limit).all()
    assert np.isnan(score_test(x1, n1, x2, 8)).all()


counts = st.tuples(
    st.integers(1, 3000), st.floats(0, 1), st.integers(1, 3000), st.floats(0, 1)
).map(lambda t: (np.floor(t[0] * t[1]), t[0], np.floor(t[2] * t[3]), t[2]))
levels = st.sampled_from([0.8, 0.95, 0.998])


@pytest.mark.parametrize("name", ["newcombe", "mn_difference"])
@settings(max_examples=30, deadline=None)
@given(counts=counts, level=levels)
def test_a_difference_is_inside_its_limits_and_changes_sign_with_the_order(name, counts, level):
    x1, n1, x2, n2 = counts
    low, high = INTERVALS[name](*counts, level=level)
    assert -1 <= low <= x1 / n1 - x2 / n2 <= high <= 1
    assert INTERVALS[name](x2, n2, x1, n1, level=level) == pytest.approx((-high, -low), abs=1e-8)
    others = INTERVALS[name](n1 - x1, n1, n2 - x2, n2, level=level)
    assert others == pytest.approx((-high, -low), abs=1e-6)


@pytest.mark.parametrize("name", ["koopman", "mn_ratio"])
@settings(max_examples=30, deadline=None)
@given(counts=counts, level=levels)
def test_a_ratio_is_inside_its_limits_and_inverted_with_the_order(name, counts, level):
    x1, n1, x2, n2 = counts
    low, high = INTERVALS[name](*counts, level=level)
    assert 0 <= low <= high
    if x2 > 0:
        assert low * (1 - 1e-9) <= (x1 / n1) / (x2 / n2) <= high * (1 + 1e-9)
    swapped = INTERVALS[name](x2, n2, x1, n1, level=level)
    if low > 0:
        assert swapped.high == pytest.approx(1 / low, rel=1e-8)


@settings(max_examples=30, deadline=None)
@given(counts=counts)
def test_koopman_excludes_1_exactly_when_the_score_test_rejects(counts):
    low, high = koopman(*counts)
    p = score_test(*counts)
    if abs(p - 0.05) > 1e-6:
        assert (low > 1 or high < 1) == (p < 0.05)


def test_score_test_is_pearson_chi2():
    expected = chi2_contingency([[56, 14], [48, 32]], correction=False).pvalue
    assert score_test(56, 70, 48, 80) == pytest.approx(expected)
    assert score_test([0, 10], 10, [0, 20], 20).tolist() == [1.0, 1.0]


def test_newcombe_holds_its_level_on_average():
    rng = np.random.default_rng(20240102)
    p1, p2 = rng.uniform(0.05, 0.6, (2, 40_000))
    low, high = newcombe(rng.binomial(80, p1), 80, rng.binomial(500, p2), 500)
    assert np.mean((low <= p1 - p2) & (p1 - p2 <= high)) == pytest.approx(0.95, abs=0.008)
