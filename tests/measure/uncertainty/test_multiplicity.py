"""False discovery rate, by groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qpvkit.errors import BadArgumentError
from qpvkit.measure.uncertainty import benjamini_hochberg

p_values = st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), max_size=30)


def test_published_adjustment():
    # R, multtest::mt.rawp2adjp, recorded in the tests of statsmodels
    raw = [0.001, 0.002, 0.003, 0.004, 0.005, 0.05, 0.06, 0.07, 0.08, 0.09]
    expected = [0.01] * 5 + [0.0833333, 0.0857143, 0.0875, 0.0888889, 0.09]
    np.testing.assert_allclose(benjamini_hochberg(raw), expected, atol=1e-7)


def test_by_hand():
    # 0,01 × 3 / 1 = 0,03 ; 0,03 × 3 / 2 = 0,045, ramené à 0,04 × 3 / 3 = 0,04
    assert benjamini_hochberg([0.04, 0.01, 0.03]).tolist() == pytest.approx([0.04, 0.03, 0.04])


def test_groups_do_not_see_each_other_and_a_row_without_group_is_not_tested():
    p = pd.Series([0.01, 0.02, 0.03, 0.04, 0.05], index=list("vwxyz"))
    groups = pd.Series(["a", "b", "a", None, "b"], index=p.index)
    found = benjamini_hochberg(p, groups=groups)
    assert found[["v", "x"]].tolist() == benjamini_hochberg([0.01, 0.03]).tolist()
    assert found[["w", "z"]].tolist() == benjamini_hochberg([0.02, 0.05]).tolist()
    assert np.isnan(found["y"])


@given(p=p_values)
def test_missing_does_not_count_and_the_order_is_kept(p):
    raw = np.array(p)
    found = benjamini_hochberg(raw)
    known = ~np.isnan(raw)
    assert (np.isnan(found) == ~known).all()
    np.testing.assert_allclose(found[known], benjamini_hochberg(raw[known]))
    assert (found[known] >= raw[known] - 1e-15).all()
    assert (found[known] <= 1).all()
    assert (np.diff(found[known][np.argsort(raw[known])]) >= -1e-15).all()
    np.testing.assert_allclose(benjamini_hochberg(raw[::-1]), found[::-1])


@pytest.mark.parametrize("wrong", [-0.1, 5.0])
def test_what_is_not_a_p_value_is_refused(wrong):
    with pytest.raises(BadArgumentError, match="p-valeur impossible"):
        benjamini_hochberg([0.5, wrong])
