"""Every published case of the methods we have, to the precision at which it is printed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qpvkit.measure.uncertainty import (
    benjamini_hochberg,
    byar,
    clopper_pearson,
    koopman,
    midp,
    miettinen_nurminen,
    newcombe,
    poisson_exact,
    rate_interval,
    wilson,
)

pytestmark = pytest.mark.real

SINGLE = {
    "wilson": wilson,
    "exact": clopper_pearson,
    "clopper_pearson": clopper_pearson,
    "midp_exact": midp,
}
COMPARED = {
    ("difference", "newcombe_hybrid_wilson"): newcombe,
    ("difference", "miettinen_nurminen"): miettinen_nurminen,
    ("ratio", "miettinen_nurminen"): lambda *counts, level: miettinen_nurminen(
        *counts, contrast="ratio", level=level
    ),
    ("ratio", "koopman_score"): koopman,
}


def assert_printed(found, case, *, where):
    """Compare with limits rounded to a number of decimals."""
    half = 0.5 * 10.0 ** -case["decimals"] * (1 + 1e-6)
    for side, value in zip(("lower", "upper"), found, strict=True):
        assert abs(value - case[side]) <= half, (where, side, float(value), case[side])


def test_single_proportions(read_cases):
    cases = [
        case
        for case in read_cases("two_proportions/single_expected.json")
        if case["method"] in SINGLE
    ]
    assert len(cases) == 25
    for case in cases:
        found = SINGLE[case["method"]](case["x"], case["n"], level=case["level"])
        assert_printed(found, case, where=case)


def misprinted(case):
    """Tell apart the limits « 1.21, 43 » of a ratio.

    They are said to have two decimals; « 43 » has none, and R's PropCIs, in the same file, gives
    1.2209 and 42.576, which round to 1.22 and 43.
    """
    return case["method"] == "koopman_score" and (case["lower"], case["upper"]) == (1.21, 43)


def test_two_proportions(read_cases):
    cases = [
        case
        for case in read_cases("two_proportions/independent_expected.json")
        if (case["contrast"], case["method"]) in COMPARED and not misprinted(case)
    ]
    assert len(cases) == 18
    for case in cases:
        counts = (case["x1"], case["n1"], case["x2"], case["n2"])
        found = COMPARED[case["contrast"], case["method"]](*counts, level=case["level"])
        assert_printed(found, case, where=case)


def test_the_misprinted_ratio_is_right_to_the_digits_that_hold(read_cases):
    cases = read_cases("two_proportions/independent_expected.json")
    assert sum(map(misprinted, cases)) == 1
    low, high = koopman(7, 34, 1, 34)
    assert (round(low, 1), round(high)) == (1.2, 43)


@pytest.mark.parametrize(("method", "rows"), [("Byars", 7), ("Wilson", 6)])
def test_byar_and_wilson_limits(read_cases, method, rows):
    table = read_cases("PHEindicatormethods/byars_wilson_intervals.csv")
    table = table.loc[table["method"].eq(method)]
    assert len(table) == rows
    for name, part in table.groupby("confidence"):
        level = float(name.rstrip("%")) / 100
        byars = method == "Byars"
        low, high = byar(part["x"], level=level) if byars else wilson(
            part["x"], part["n"], level=level
        )  # fmt: skip
        np.testing.assert_allclose(low, part["lowercl"], rtol=1e-9)
        np.testing.assert_allclose(high, part["uppercl"], rtol=1e-9)


LEVELS = [(0.95, "lower95_0cl", "upper95_0cl"), (0.998, "lower99_8cl", "upper99_8cl")]


@pytest.mark.parametrize(("level", "lower", "upper"), LEVELS)
def test_wilson_proportions_and_percentages(read_cases, level, lower, upper):
    table = read_cases("PHEindicatormethods/proportion_wilson.csv")
    assert len(table) == 19
    low, high = wilson(table["Numerator"], table["Denominator"], level=level)
    np.testing.assert_allclose(low * table["multiplier"], table[lower], rtol=1e-9)
    np.testing.assert_allclose(high * table["multiplier"], table[upper], rtol=1e-9)


@pytest.mark.parametrize(("level", "lower", "upper"), LEVELS)
def test_rates_by_byar_and_exact_poisson(read_cases, level, lower, upper):
    table = read_cases("PHEindicatormethods/rate_byars_exact.csv")
    assert len(table) == 20
    low, high = rate_interval(table["Numerator"], table["Denominator"], level=level)
    np.testing.assert_allclose(low * table["multiplier"], table[lower], rtol=1e-9)
    np.testing.assert_allclose(high * table["multiplier"], table[upper], rtol=1e-9)
    exact = table.loc[table["method"].eq("Exact") & table["Numerator"].notna()]
    low, high = poisson_exact(exact["Numerator"], level=level)
    scale = exact["multiplier"] / exact["Denominator"]
    np.testing.assert_allclose(low * scale, exact[lower], rtol=1e-9)
    np.testing.assert_allclose(high * scale, exact[upper], rtol=1e-9)


def test_benjamini_hochberg(read_cases):
    vectors = read_cases("multiple_testing/p_adjust_expected.json")
    assert len(vectors) == 3
    families = [
        (vector.get("p", vector.get("rawp")), vector.get("bh", vector.get("BH")))
        for vector in vectors
    ]
    for raw, expected in families:
        np.testing.assert_allclose(benjamini_hochberg(raw), expected, rtol=1e-12)
    raw = pd.Series([p for family, _ in families for p in family])
    expected = [p for _, family in families for p in family]
    groups = np.repeat(range(len(families)), [len(family) for family, _ in families])
    np.testing.assert_allclose(benjamini_hochberg(raw, groups=groups), expected, rtol=1e-12)
