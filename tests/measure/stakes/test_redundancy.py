"""Redundant pairs, and the indicator that stands for the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.measure.stakes.redundancy import PAIR_COLUMNS, clusters, redundant_pairs


def correlation(size, **pairs):
    names = [chr(ord("a") + rank) for rank in range(size)]
    table = pd.DataFrame(np.eye(size), index=names, columns=names)
    for pair, rho in pairs.items():
        table.loc[pair[0], pair[1]] = table.loc[pair[1], pair[0]] = rho
    return table


def pairs_of(*pairs):
    return pd.DataFrame([(*pair, 0.9) for pair in pairs], columns=list(PAIR_COLUMNS))


def test_pairs_of_either_sign_the_strongest_first():
    found = redundant_pairs(correlation(4, ab=0.85, ac=-0.98, bd=0.849), threshold=0.85)
    assert found.to_numpy().tolist() == [["a", "c", -0.98], ["a", "b", 0.85]]


def test_an_indicator_does_not_repeat_itself():
    assert redundant_pairs(correlation(3), threshold=0.85).empty


@pytest.mark.parametrize("size", [0, 1])
def test_too_few_indicators_to_repeat_one_another(size):
    found = redundant_pairs(correlation(size), threshold=0.85)
    assert list(found.columns) == list(PAIR_COLUMNS)
    assert found.empty


def test_the_first_in_order_of_preference_stands_for_the_others():
    pairs = pairs_of("ab", "ac")
    assert clusters(["a", "b", "c"], pairs) == {"a": "a", "b": "a", "c": "a"}
    assert clusters(["c", "a", "b"], pairs) == {"c": "c", "a": "c", "b": "b"}


def test_two_that_do_not_repeat_one_another_stay_apart():
    assert clusters(["a", "c", "b"], pairs_of("ab", "bc")) == {"a": "a", "c": "c", "b": "a"}


def test_a_pair_of_another_stake_changes_nothing():
    assert clusters(["a", "b"], pairs_of("ac", "cb")) == {"a": "a", "b": "b"}


@settings(deadline=None, max_examples=100)
@given(
    edges=st.sets(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"))),
    names=st.permutations("abcdef"),
)
def test_what_is_kept_never_repeats_itself_and_what_goes_is_stood_for(edges, names):
    edges = {edge for edge in edges if edge[0] != edge[1]}
    linked = edges | {(other, one) for one, other in edges}
    found = clusters(names, pairs_of(*edges))
    heads = {name for name, head in found.items() if name == head}
    assert not any((one, other) in linked for one in heads for other in heads)
    for name, head in found.items():
        assert name == head or (name, head) in linked
        assert names.index(head) <= names.index(name)
