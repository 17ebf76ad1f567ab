"""Voices: points of each respondent, their interval, and the four quadrants."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.measure.stakes.voices import VOICE_COLUMNS, place_quadrants, tally_votes


def votes(*cards, group="A"):
    rows = [
        (group, f"p{rank}", stake, float(points))
        for rank, card in enumerate(cards)
        for stake, points in card.items()
    ]
    return pd.DataFrame(rows, columns=["group", "respondent", "stake", "points"])


def test_each_respondent_counts_the_same():
    found = tally_votes(votes({"a": 100}, {"a": 40, "b": 60}, {"b": 10, "c": 90}))
    assert list(found.columns) == list(VOICE_COLUMNS)
    assert found["stake"].tolist() == ["a", "c", "b"]
    assert found["voice"].tolist() == pytest.approx([140 / 3, 30, 70 / 3])
    assert found["respondents"].tolist() == [3, 3, 3]


def test_the_same_name_in_two_groups_is_two_respondents():
    both = pd.concat([votes({"a": 100}), votes({"b": 100}, group="B")])
    found = tally_votes(both)
    assert found["voice"].tolist() == [50, 50]
    assert found["respondents"].tolist() == [2, 2]


def test_nobody():
    assert tally_votes(votes()).empty


def test_no_interval_with_fewer_than_five_respondents():
    four, five = (tally_votes(votes(*[{"a": 60, "b": 40}, {"a": 20, "b": 80}] * 2, *more))
                  for more in ([], [{"a": 50, "b": 50}]))  # fmt: skip
    assert four[["voice_low", "voice_high"]].isna().all(axis=None)
    assert (five["voice_low"] < five["voice"]).all()
    assert (five["voice"] < five["voice_high"]).all()


def test_the_interval_is_that_of_another_draw_of_respondents():
    """Half give all to a, half nothing: 50 ± 1.96 · 50 / √100."""
    found = tally_votes(votes(*[{"a": 100}, {"b": 100}] * 50)).set_index("stake").loc["a"]
    assert found["voice_low"] == pytest.approx(40.2, abs=1.5)
    assert found["voice_high"] == pytest.approx(59.8, abs=1.5)


@settings(deadline=None, max_examples=30)
@given(
    cards=st.lists(
        st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), min_size=1, max_size=12
    )
)
def test_shares_make_a_hundred_and_respondents_may_come_in_any_order(cards):
    told = [{name: 100 / len(names) for name in names} for names in cards]
    found, turned = tally_votes(votes(*told)), tally_votes(votes(*told[::-1]))
    assert found["voice"].sum() == pytest.approx(100)
    np.testing.assert_allclose(
        found.set_index("stake")["voice"].sort_index(),
        turned.set_index("stake")["voice"].sort_index(),
    )


def test_the_same_seed_gives_the_same_interval():
    told = votes(*[{"a": 70, "b": 30}, {"a": 10, "c": 90}] * 4)
    pd.testing.assert_frame_equal(tally_votes(told), tally_votes(told))


# --- quadrants ---------------------------------------------------------------------------------


def quadrants(verdicts, voices):
    stakes = pd.DataFrame({"stake": list(verdicts), "verdict": list(verdicts.values())})
    heard = pd.DataFrame({"stake": list(voices), "voice": list(voices.values())})
    return dict(zip(verdicts, place_quadrants(stakes, heard), strict=True))


def test_the_four_quadrants():
    verdicts = {"a": "established", "b": "probable", "c": "uncertain", "d": "not_established"}
    found = quadrants(verdicts, {"a": 60.0, "c": 30.0, "d": 10.0})
    assert found == {"a": "shared", "b": "blind_spot", "c": "felt", "d": "watched"}


def test_what_nothing_measures_is_felt_when_the_voices_name_it():
    found = quadrants({"a": "not_established", "b": "uncertain"}, {"a": 100.0})
    assert found == {"a": "felt", "b": "watched"}


def test_an_equal_share_is_not_more_than_an_equal_share():
    verdicts = dict.fromkeys("abcd", "established")
    assert set(quadrants(verdicts, dict.fromkeys("abcd", 25.0)).values()) == {"blind_spot"}


def test_without_a_vote_nothing_is_placed():
    stakes = pd.DataFrame({"stake": ["a"], "verdict": ["established"]}, index=[7])
    found = place_quadrants(stakes, tally_votes(votes()))
    assert found.to_dict() == {7: ""}
