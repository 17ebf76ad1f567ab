"""What may be said of a difference: margins, tests, thresholds, what is printed."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from fakes import diagnostic

from qpvkit.show.comparison import Comparison, read_comparison
from qpvkit.show.select import rows_of


def made(low: float, high: float, **changes) -> Comparison:
    facts = {"gap": (low + high) / 2, "low": low, "high": high, "reference": 30.0, "unit": "pct",
             "direction": "up_is_worse", "tested": True}  # fmt: skip
    return Comparison(**(facts | changes))


@pytest.mark.parametrize(
    ("low", "high", "tested", "judgement"),
    [
        (1.0, 9.0, True, "different"), (1.0, 9.0, None, "different"),
        (1.0, 9.0, False, "multiple"), (0.3, 1.8, True, "slight"), (-1.0, 1.9, True, "similar"),
        (-1.0, 2.1, True, "inconclusive"), (0.04, 9.0, True, "inconclusive"),
        (0.06, 9.0, True, "different"), (0.3, 1.8, False, "similar"),
        (math.nan, math.nan, True, "no_interval"),
    ],
)  # fmt: skip
def test_judgement(low, high, tested, judgement):
    gap = 5.0 if math.isnan(low) else (low + high) / 2
    assert made(low, high, tested=tested, gap=gap).judgement == judgement


def test_amounts_are_similar_in_proportion_to_their_reference():
    amounts = {"unit": "eur_an", "direction": "up_is_better"}
    assert made(-700.0, 700.0, reference=15_000.0, **amounts).judgement == "similar"
    assert made(-700.0, 700.0, reference=13_000.0, **amounts).judgement == "inconclusive"


@pytest.mark.parametrize(
    ("direction", "low", "words", "tone"),
    [
        ("up_is_worse", 3.0, "plus défavorable", "worse"),
        ("up_is_better", 3.0, "plus favorable", "better"),
        ("neutral", 3.0, "plus élevé", "neutral"), ("neutral", -9.0, "moins élevé", "neutral"),
        ("up_is_worse", 0.5, "un peu plus défavorable", "worse"),
    ],
)  # fmt: skip
def test_words_and_tone(direction, low, words, tone):
    found = made(low, low + (1.2 if low == 0.5 else 4.0), direction=direction)
    assert (found.words, found.tone) == (words, tone)


def test_what_is_not_said_has_no_tone():
    assert made(-3.0, 5.0).tone == "neutral"
    assert made(-3.0, 5.0).words == "non conclusif"
    assert made(math.nan, math.nan, gap=5.0).words == "marge d'erreur inconnue"


def test_rows_are_read_as_they_are():
    d = diagnostic()
    row = next(rows_of(d.evidence))
    assert read_comparison(row).gap == 19.3
    assert read_comparison(row, corrected=True).gap == 19.0
    unknown = d.evidence.iloc[[0]].assign(different=pd.array([pd.NA], dtype="boolean"))
    assert read_comparison(next(rows_of(unknown))).tested is None
