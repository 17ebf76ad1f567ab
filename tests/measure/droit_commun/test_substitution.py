"""The alert of substitution, the net effort, and when leverage may be claimed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.errors import MeasureRefusedError
from qpvkit.measure.droit_commun.substitution import SUBSTITUTION_COLUMNS, substitution


def years(index, specific, *, grade="A", ordinary=1000.0, population=100.0, **more):
    table = pd.DataFrame(
        {"kind": "qp", "code": "QN09901M", "year": range(2020, 2020 + len(index)),
         "index": index, "specific": specific, "ordinary": ordinary, "population": population,
         "evidence_grade": grade}
    )  # fmt: skip
    return table.assign(**more)


def last(table):
    return substitution(table).iloc[-1]


def test_cour_des_comptes_shares():
    """Specific credits from 14 % to 26 % of the whole, 2002 to 2006 (Senate r07-071)."""
    row = last(years([0.9, 0.8], [14.0, 26.0], ordinary=[86.0, 74.0]))
    assert (row["specific_share"], row["share_change"]) == pytest.approx((0.26, 0.12))
    assert bool(row["alert"])


@pytest.mark.parametrize(
    ("index", "specific", "alert"),
    [
        ([0.9, 0.8], [10, 20], True),
        ([0.8, 0.9], [10, 20], False),  # ordinary means catch up
        ([1.3, 1.1], [10, 20], False),  # they fall, above the fair share
        ([0.9, 0.8], [20, 10], False),  # everything falls
        ([0.9, 0.9], [10, 20], False),
    ],
)
def test_the_alert_needs_its_three_conditions(index, specific, alert):
    assert bool(last(years(index, specific))["alert"]) is alert


def test_credits_are_counted_per_inhabitant():
    row = last(years([0.9, 0.8], [10, 12], population=[100, 150]))
    assert not row["alert"]


@pytest.mark.parametrize("grade", ["D", ["D", "A"], ["A", "D"]])
def test_grade_d_never_raises_the_alert(grade):
    row = last(years([0.9, 0.8], [10, 20], grade=grade))
    assert pd.isna(row["alert"])
    assert pd.isna(row["proven"])


def test_the_first_year_and_an_unknown_index_say_nothing():
    first = substitution(years([0.9, 0.8], [10, 20])).iloc[0]
    assert pd.isna(first["alert"])
    assert pd.isna(first["since"])
    assert pd.isna(last(years([0.9, np.nan], [10, 20]))["alert"])


def test_proven_needs_the_upper_limit_under_one():
    assert bool(last(years([0.9, 0.8], [10, 20], index_high=[1.1, 0.95]))["proven"])
    assert not last(years([0.9, 0.8], [10, 20], index_high=[1.1, 1.05]))["proven"]
    assert not last(years([0.9, 0.8], [10, 20]))["proven"]


def test_leverage_only_above_the_fair_share():
    assert bool(last(years([1.1], [10]))["leverage"])
    assert not last(years([0.99], [10]))["leverage"]
    assert pd.isna(last(years([1.1], [10], grade="D"))["leverage"])


def test_net_effort_against_the_rest():
    row = last(
        years([0.9], [500], rest_ordinary=9_000.0, rest_specific=1_000.0, rest_population=1_000.0)
    )
    assert (row["effort_per_head"], row["rest_per_head"]) == (15, 10)
    assert row["effort_ratio"] == pytest.approx(1.5)
    assert tuple(substitution(years([0.9], [5])).columns) == SUBSTITUTION_COLUMNS


@settings(deadline=None, max_examples=15)
@given(order=st.permutations(range(4)), scale=st.floats(0.01, 1e4))
def test_order_and_currency_do_not_matter(order, scale):
    table = years([0.95, 0.9, 1.0, 0.8], [10.0, 20.0, 15.0, 40.0])
    mixed = table.iloc[list(order)].assign(
        ordinary=lambda t: t["ordinary"] * scale, specific=lambda t: t["specific"] * scale
    )
    one, two = substitution(table), substitution(mixed)
    shared = ["since", "specific_share", "share_change", "index_change", "alert", "leverage"]
    pd.testing.assert_frame_equal(one[shared], two[shared])
    assert one["since"].tolist()[1:] == [2020, 2021, 2022]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (years([0.9], [-1.0]), "nombre négatif"),
        (years([0.9], [1.0], population=0.0), "population nulle"),
        (years([0.9], [1.0], grade="Z"), "niveau de preuve"),
        (pd.concat([years([0.9], [1.0])] * 2), "en double"),
        (years([0.9], [1.0]).drop(columns="index"), "colonnes absentes"),
    ],
)
def test_impossible_efforts_are_refused_in_french(table, words):
    with pytest.raises(MeasureRefusedError, match=words):
        substitution(table)
