"""Which indicators back a stake, why the others do not, and when a stake is scored."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from planted import normal_table, values

from qpvkit.measure.stakes.evidence import EVIDENCE_COLUMNS, read_coverage, read_evidence
from qpvkit.measure.stakes.redundancy import PAIR_COLUMNS
from qpvkit.measure.stakes.rules import Rules
from qpvkit.measure.stakes.yardstick import fit_yardstick, scale_values

RULES = Rules()


def placed(*rows):
    """Return values on the yardstick: code, indicator, vintage, y, z, e."""
    return pd.DataFrame(rows, columns=["code", "indicator", "vintage", "y", "z", "e"])


def read(rows, grid, *, pairs=(), codes=("Q1",), latest=2021, rules=RULES):
    table = pd.DataFrame([(*pair, 0.9) for pair in pairs], columns=list(PAIR_COLUMNS))
    return read_evidence(
        rows, grid=grid, pairs=table, codes=list(codes), latest=latest, rules=rules
    )


def reasons(found):
    return dict(zip(found["indicator"], found["reason"], strict=True))


ROWS = placed(
    ("Q1", "a", 2021, 1.0, 1.0, 0.2),
    ("Q1", "b", 2021, 1.0, 1.0, 0.2),
    ("Q1", "old", 2012, 1.0, 1.0, 0.2),
    ("Q1", "edge", 2013, 1.0, 1.0, 0.2),
    ("Q1", "undated", -1, 1.0, 1.0, 0.2),
    ("Q1", "bare", 2021, 1.0, 1.0, np.nan),
    ("Q1", "flat", 2021, 1.0, np.nan, np.nan),
    ("Q1", "masked", 2021, np.nan, np.nan, np.nan),
)


def test_every_reason():
    grid = {"e": ["a", "b", "old", "edge", "undated", "bare", "flat", "masked", "absent"]}
    found = read(ROWS, grid, pairs=["ab"])
    assert list(found.columns) == list(EVIDENCE_COLUMNS)
    assert reasons(found) == {
        "a": "", "b": "redundant", "old": "too_old", "edge": "", "undated": "",
        "bare": "no_error", "flat": "no_scale", "masked": "not_published",
        "absent": "not_published",
    }  # fmt: skip
    assert found["retained"].tolist() == [reason == "" for reason in found["reason"]]
    assert found.set_index("indicator")["stands_for"]["b"] == "a"
    assert found["stands_for"].ne("").sum() == 1


def test_the_second_of_two_redundant_indicators_counts_where_the_first_is_not_published():
    rows = placed(("Q1", "b", 2021, 1.0, 1.0, 0.2), ("Q2", "a", 2021, 1.0, 1.0, 0.2),
                  ("Q2", "b", 2021, 1.0, 1.0, 0.2))  # fmt: skip
    found = read(rows, {"e": ["a", "b"]}, pairs=["ab"], codes=["Q1", "Q2"])
    kept = found.loc[found["retained"], ["code", "indicator"]].to_numpy().tolist()
    assert kept == [["Q1", "b"], ["Q2", "a"]]


def test_one_that_has_no_error_does_not_stand_for_another():
    rows = placed(("Q1", "a", 2021, 1.0, 1.0, np.nan), ("Q1", "b", 2021, 1.0, 1.0, 0.2))
    found = read(rows, {"e": ["a", "b"]}, pairs=["ab"])
    assert reasons(found) == {"a": "no_error", "b": ""}


def test_age_is_counted_from_the_latest_vintage_of_the_map_not_of_the_quartier():
    rows = placed(("Q1", "a", 2010, 1.0, 1.0, 0.2))
    assert reasons(read(rows, {"e": ["a"]}, latest=2021)) == {"a": "too_old"}
    assert reasons(read(rows, {"e": ["a"]}, latest=2018)) == {"a": ""}


def test_one_indicator_may_back_two_stakes():
    found = read(ROWS, {"e": ["a"], "f": ["b", "a"]}, pairs=["ab"])
    assert found[["stake", "indicator", "retained"]].to_numpy().tolist() == [
        ["e", "a", True], ["f", "b", True], ["f", "a", False],
    ]  # fmt: skip


def test_rows_come_in_the_order_of_the_quartiers_and_of_the_grid():
    rows = placed(("B", "x", 2021, 1.0, 1.0, 0.2), ("A", "y", 2021, 1.0, 1.0, 0.2))
    found = read(rows, {"f": ["y", "x"], "e": ["x"]}, codes=["B", "A"])
    assert (found["code"] + found["stake"] + found["indicator"]).tolist() == [
        "Bfy", "Bfx", "Bex", "Afy", "Afx", "Aex",
    ]  # fmt: skip
    assert read_coverage(found, rules=RULES)["code"].tolist() == ["B", "B", "A", "A"]


def test_a_series_without_a_scale_says_so():
    flat = values(normal_table(40, ["a"]) * 0 + 7.0)
    scaled = scale_values(flat, fit_yardstick(flat))
    found = read(scaled, {"e": ["a"]}, codes=["Q0000"])
    assert found["reason"].tolist() == ["no_scale"]


# --- coverage ----------------------------------------------------------------------------------


def coverage(expected, read_ones, *, redundant=0, **rules):
    names = [f"i{rank}" for rank in range(expected)]
    rows = placed(*(("Q1", name, 2021, 1.0, 1.0, 0.2) for name in names[:read_ones]))
    pairs = [(names[0], name) for name in names[1 : redundant + 1]]
    found = read(rows, {"e": names}, pairs=pairs)
    return read_coverage(found, rules=Rules(**rules)).iloc[0]


@pytest.mark.parametrize(
    ("expected", "read_ones", "scored"),
    [(4, 2, True), (4, 1, False), (5, 2, False), (5, 3, True), (2, 1, False), (2, 2, True),
     (1, 1, False), (3, 0, False)],
)  # fmt: skip
def test_half_of_the_indicators_and_two_at_least(expected, read_ones, scored):
    found = coverage(expected, read_ones)
    assert (found["expected"], found["read"]) == (expected, read_ones)
    assert found["coverage"] == pytest.approx(read_ones / expected)
    assert bool(found["scored"]) is scored


def test_redundant_indicators_are_read_but_count_once():
    found = coverage(3, 3, redundant=2)
    assert (found["read"], found["independent"]) == (3, 1)
    assert found["scored"]


def test_the_rules_are_those_given():
    assert coverage(4, 1, min_share=0.25, min_indicators=1)["scored"]
    assert not coverage(4, 3, min_share=0.9)["scored"]
