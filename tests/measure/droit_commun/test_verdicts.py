"""What is proven, what is likely, what cannot be said, and when the norm decides."""

from __future__ import annotations

import pandas as pd
import pytest

from qpvkit.errors import MeasureRefusedError
from qpvkit.measure.droit_commun.verdicts import (
    REASON_LABELS,
    VERDICT_LABELS,
    VERDICTS,
    evidence_mix,
    judge,
    measurable_share,
    weigh_norms,
)

KEY = {"kind": "qp", "code": "QN09901M", "service": "emploi", "year": 2024}


def verdict(low, high, *, bounds=None, probability=0.5, grade="A"):
    least, most = bounds or ((low + high) / 2, (low + high) / 2)
    row = pd.DataFrame(
        [{"low": low, "high": high, "index_low": least, "index_high": most,
          "probability": probability, "evidence_grade": grade}]
    )  # fmt: skip
    return tuple(judge(row, tolerance=0.1, probability=0.8).iloc[0])


@pytest.mark.parametrize(
    ("low", "high", "options", "expected"),
    [
        (0.4, 0.99, {}, ("short_proven", "")),
        (0.4, 1.2, {"probability": 0.85}, ("short_likely", "")),
        (0.4, 1.2, {"probability": 0.79}, ("inconclusive", "noise")),
        (0.7, 1.2, {"probability": 0.9}, ("inconclusive", "noise")),  # the point is within 10 %
        (0.95, 1.05, {}, ("fair", "")),
        (0.92, 0.98, {"probability": 1.0}, ("fair", "")),  # certain, too small to matter
        (1.02, 1.3, {}, ("over", "")),
        (0.5, 1.6, {"bounds": (0.6, 1.5), "probability": 0.1}, ("inconclusive", "bounds")),
        (0.4, 0.99, {"grade": "D"}, ("not_measurable", "grade_d")),
        (0.4, 0.99, {"grade": "C"}, ("short_proven", "")),
        (float("nan"), float("nan"), {}, ("not_measurable", "no_use")),
    ],
)
def test_verdicts(low, high, options, expected):
    assert verdict(low, high, **options) == expected


def test_every_verdict_and_reason_has_french_words():
    assert set(VERDICT_LABELS) == set(VERDICTS)
    assert all(REASON_LABELS[key] for key in REASON_LABELS if key)


@pytest.mark.parametrize(
    ("people", "need", "expected", "norm"),
    [
        ("over", "short_proven", "depends_on_norm", ""),
        ("fair", "short_likely", "depends_on_norm", ""),
        ("short_proven", "short_likely", "short_likely", "N1"),
        ("over", "over", "over", "N1"),
        ("inconclusive", "fair", "fair", "N1"),
        ("short_proven", "inconclusive", "inconclusive", "N1"),
        ("short_proven", "not_measurable", "short_proven", "N0"),
        ("not_measurable", "over", "over", "N1"),
        ("not_measurable", "not_measurable", "not_measurable", ""),
    ],
)
def test_need_decides_and_a_disagreement_is_said(people, need, expected, norm):
    rows = pd.DataFrame(
        [{**KEY, "norm": "N0", "verdict": people}, {**KEY, "norm": "N1", "verdict": need}]
    )
    found = weigh_norms(rows).iloc[0]
    assert (found["verdict"], found["norm"]) == (expected, norm)
    assert (found["verdict_n0"], found["verdict_n1"]) == (people, need)


def test_a_norm_that_was_not_computed_is_not_measurable():
    found = weigh_norms(pd.DataFrame([{**KEY, "norm": "N1", "verdict": "fair"}])).iloc[0]
    assert (found["verdict_n0"], found["verdict"]) == ("not_measurable", "fair")


def test_the_measurable_share_counts_inconclusive_as_a_verdict():
    verdicts = pd.DataFrame({"verdict": ["inconclusive", "fair", "not_measurable"]})
    assert measurable_share(verdicts, named=8) == 0.25


def test_the_mix_of_grades_sums_to_one_by_group():
    lines = pd.DataFrame(
        {"code": ["a", "a", "a", "b"], "evidence_grade": ["A", "D", "D", "C"],
         "amount_eur": [28.0, 40.0, 32.0, 5.0]}
    )  # fmt: skip
    mix = evidence_mix(lines, by=["code"])
    assert mix.groupby("code")["share"].sum().tolist() == [1.0, 1.0]
    assert mix.loc[mix["evidence_grade"].eq("D"), "share"].tolist() == pytest.approx([0.72])
    with pytest.raises(MeasureRefusedError, match="amount_eur"):
        evidence_mix(lines.drop(columns="amount_eur"), by=["code"])
