"""One shape in, the same shape out; impossible arguments refused in French."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from qpvkit.errors import BadArgumentError, QpvkitError
from qpvkit.measure.uncertainty import (
    arcsine,
    benjamini_hochberg,
    byar,
    clopper_pearson,
    dobson,
    funnel,
    koopman,
    median_interval,
    midp,
    miettinen_nurminen,
    newcombe,
    poisson_exact,
    quantile_log_error,
    rate_interval,
    score_test,
    wilson,
)

FUNCTIONS = [
    (wilson, (12, 40)), (clopper_pearson, (12, 40)), (midp, (12, 40)), (rate_interval, (12, 40)),
    (byar, (12,)), (poisson_exact, (12,)), (dobson, (12, 4, 36)), (newcombe, (12, 40, 30, 50)),
    (miettinen_nurminen, (12, 40, 30, 50)), (koopman, (12, 40, 30, 50)),
    (median_interval, (14, 10, 20, 400)),
    (score_test, (12, 40, 30, 50)), (arcsine, (12, 40)), (quantile_log_error, (10, 20, 400)),
    (benjamini_hochberg, (0.03,)), (funnel, (0.5, 0.1)),
]  # fmt: skip
ALONE = FUNCTIONS[:-2]  # these two look at all the rows together
WITH_LEVEL = FUNCTIONS[:11]


def parts(result):
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize(("function", "given"), FUNCTIONS)
def test_shapes_are_kept(function, given):
    for part in parts(function(*map(float, given))):
        assert isinstance(part, float)
    for part in parts(function(*([value, value] for value in given))):
        assert isinstance(part, np.ndarray)
        assert part.shape == (2,)
    square = [np.full((2, 3), value) for value in given]
    for part in parts(function(*square)):
        assert part.shape == (2, 3)
    index = pd.Index(["QN1", "QN2"], name="code")
    for part in parts(function(pd.Series(given[0], index=index), *given[1:])):
        assert isinstance(part, pd.Series)
        assert part.index.equals(index)
    for part in parts(function(*(np.array([]) for _ in given))):
        assert part.shape == (0,)


@pytest.mark.parametrize(("function", "given"), ALONE)
def test_a_row_does_not_depend_on_the_others_and_missing_stays_missing(function, given):
    alone = parts(function(*given))
    columns = [pd.Series([value, None, 3.0], dtype="Float64") for value in given]
    for one, many in zip(alone, parts(function(*columns)), strict=True):
        assert many.iloc[0] == pytest.approx(one, rel=1e-9)
        assert np.isnan(many.iloc[1])


def test_nothing_given_is_changed():
    x, n = pd.Series([1.0, None, 12.0]), np.array([10.0, 10.0, 10.0])
    wilson(x, n), midp(x, n), rate_interval(x, n), miettinen_nurminen(x, n, 3, n)
    assert x.isna().tolist() == [False, True, False]
    assert n.tolist() == [10.0, 10.0, 10.0]


@pytest.mark.parametrize(("function", "given"), WITH_LEVEL)
@pytest.mark.parametrize("level", [0, 1, 95, -0.5, float("nan")])
def test_a_level_outside_0_and_1_is_refused_in_french(function, given, level):
    with pytest.raises(BadArgumentError, match=r"niveau de confiance.*level=0\.95") as caught:
        function(*given, level=level)
    assert caught.value.argument == "level"
    assert isinstance(caught.value, QpvkitError)
    assert isinstance(caught.value, ValueError)


def test_series_that_do_not_match_are_refused():
    first, second = pd.Series([1, 2], index=["a", "b"]), pd.Series([3, 4], index=["b", "a"])
    with pytest.raises(BadArgumentError, match="index"):
        wilson(first, second)
    with pytest.raises(BadArgumentError, match="index"):
        benjamini_hochberg(first / 10, groups=second)


def test_lengths_that_do_not_match_are_refused():
    with pytest.raises(BadArgumentError, match="tailles incompatibles"):
        wilson([1, 2, 3], [10, 10])
    with pytest.raises(BadArgumentError, match="1 groupes pour 2 lignes"):
        benjamini_hochberg([0.1, 0.2], groups=["a"])


def test_an_unknown_contrast_is_refused():
    with pytest.raises(BadArgumentError, match="contrast='ratio'"):
        miettinen_nurminen(1, 2, 3, 4, contrast="odds")


def test_importing_the_measures_does_not_import_the_statistics():
    code = (
        "import sys, qpvkit, qpvkit.measure.uncertainty;"
        "print([name for name in ('scipy.stats', 'statsmodels') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
