"""The sensitivity page: the sentence says what the table shows."""

from __future__ import annotations

import re

import pytest

from qpvkit.diagnostic import diagnose
from qpvkit.show.sensitivity import sensitivity_summary, sensitivity_table


@pytest.fixture(scope="module")
def ranked():
    return diagnose("QP099003", dataset="demo")


def test_the_sentence_counts_the_rows_that_keep_the_same_trio(ranked):
    text = sensitivity_summary(ranked).text
    kept, others = map(int, re.findall(r"dans (\d+) des (\d+) autres", text)[0])
    column = sensitivity_table(ranked).frame["Même trio"]
    assert len(column) - 1 == others
    assert int((column == "oui").sum()) - 1 == kept  # the default scenario is itself


def test_each_scenario_ranks_every_scored_stake_once(ranked):
    frame = sensitivity_table(ranked).frame
    stakes = ranked.stakes.loc[ranked.stakes["scored"], "label"]
    for _, row in frame.iterrows():
        ranks = sorted(int(value) for value in row.iloc[1:-1] if value.isdigit())
        assert ranks == list(range(1, len(ranks) + 1))
    assert len(frame.columns) == len(stakes) + 2


def test_a_stake_said_disputed_leaves_or_enters_the_trio(ranked):
    rows = ranked.sensitivity.scenarios
    for stake in ranked.sensitivity.contested:
        inside = rows.loc[rows["stake"].eq(stake), "in_top"]
        assert inside.any()
        assert not inside.all()


def test_with_nothing_to_rank_the_page_says_so():
    bare = diagnose("QN09912N", dataset="demo")
    assert sensitivity_summary(bare).text.startswith("Classement sans objet")
    assert "rien à faire varier" in sensitivity_table(bare).text
