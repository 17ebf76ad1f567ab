"""Verdicts: each threshold on both sides, and the rules that hold a verdict back."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.measure.stakes.rules import Rules
from qpvkit.measure.stakes.verdicts import give_verdicts

SURE = {
    "scored": True, "stakes_scored": 8, "peers": 400.0, "p_top3": 0.9, "p_top3_data": 0.9,
    "p_positive": 0.99, "p_positive_data": 0.99, "read": 3, "coverage": 1.0,
}  # fmt: skip
probability = st.floats(0, 1)


def verdict(**facts):
    row = give_verdicts(pd.DataFrame([SURE | facts]), Rules()).iloc[0]
    return row["verdict"], row["verdict_reason"]


CASES = [
    ({}, "established", ""),
    ({"p_top3": 0.80, "p_top3_data": 0.80}, "established", ""),
    ({"p_top3": 0.7999}, "probable", ""),
    ({"p_top3_data": 0.7999}, "probable", ""),
    ({"p_positive": 0.95, "p_positive_data": 0.95}, "established", ""),
    ({"p_positive": 0.9499}, "probable", ""),
    ({"p_positive_data": 0.9499}, "probable", ""),
    ({"p_top3": 0.50}, "probable", ""),
    ({"p_top3": 0.4999}, "uncertain", ""),
    ({"p_top3_data": 0.4999}, "uncertain", ""),
    # three stakes or fewer: all are in the top three, only the sense of the gap speaks
    ({"stakes_scored": 3, "p_top3": 1.0, "p_top3_data": 1.0}, "probable", "few_stakes"),
    ({"stakes_scored": 1, "p_top3": 1.0, "p_positive": 0.9}, "uncertain", "few_stakes"),
    ({"stakes_scored": 4}, "established", ""),
    # few quartiers behind the scale
    ({"peers": 29.0}, "probable", "few_peers"),
    ({"peers": 30.0}, "established", ""),
    ({"peers": 29.0, "p_top3": 0.2}, "uncertain", "few_peers"),
    ({"peers": 5.0, "stakes_scored": 2}, "probable", "few_stakes"),
    # not scored: want of data comes before anything else
    ({"scored": False, "p_top3": float("nan"), "p_positive": float("nan")},
     "not_established", "few_indicators"),
    ({"scored": False, "stakes_scored": 0, "peers": 0.0}, "not_established", "few_indicators"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "wanted", "reason"), CASES)
def test_verdict_and_reason(facts, wanted, reason):
    assert verdict(**facts) == (wanted, reason)


@settings(deadline=None, max_examples=200)
@given(
    both=probability, data=probability, positive=probability, positive_data=probability,
    stakes=st.integers(1, 9), peers=st.integers(1, 2_000), scored=st.booleans(),
)  # fmt: skip
def test_a_verdict_is_never_better_than_its_probabilities(
    both, data, positive, positive_data, stakes, peers, scored
):
    name, reason = verdict(
        p_top3=both, p_top3_data=data, p_positive=positive, p_positive_data=positive_data,
        stakes_scored=stakes, peers=float(peers), scored=scored,
    )  # fmt: skip
    assert (name == "not_established") == (not scored)
    if name == "established":
        assert min(both, data) >= 0.8
        assert min(positive, positive_data) >= 0.95
        assert stakes > 3
        assert peers >= 30
        assert reason == ""
    if name == "probable" and stakes > 3:
        assert min(both, data) >= 0.5
    if not reason:
        assert scored
        assert stakes > 3
        assert peers >= 30


def test_thresholds_are_those_given():
    table = pd.DataFrame([SURE])
    assert give_verdicts(table, Rules(sure=0.95))["verdict"].tolist() == ["probable"]
    assert give_verdicts(table, Rules(min_peers=500))["verdict_reason"].tolist() == ["few_peers"]
    assert give_verdicts(table, Rules(top=8))["verdict_reason"].tolist() == ["few_stakes"]
