"""Golden tables of the demo set: reviewed by eye when they change, never written by a test."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import qpvkit as qk

GOLDENS = Path(__file__).parent / "goldens"
COLUMNS = {
    "gaps": [
        "indicator", "vintage", "value", "reference_kind", "reference_code", "reference_value",
        "gap", "gap_low", "gap_high", "comparison", "comparison_reason", "rest_gap", "different",
        "worse", "people",
    ],
    "stakes": ["stake", "verdict", "verdict_reason", "rank", "in_top_set", "read", "expected"],
    "evidence": ["stake", "indicator", "retained", "reason", "stands_for"],
    "coverage": ["theme", "indicator", "status"],
    "profile": [
        "indicator", "vintage", "value", "status", "base", "base_vintage", "source", "peers",
        "peers_median", "position",
    ],
}  # fmt: skip


def written(code: str, table: str) -> str:
    """Return a table of a diagnostic as a CSV, numbers at four decimals."""
    frame = getattr(qk.diagnose(code, dataset="demo"), table)[COLUMNS[table]]
    return frame.to_csv(index=False, sep=";", float_format="%.4f", lineterminator="\n")


@pytest.mark.parametrize("table", sorted(COLUMNS))
@pytest.mark.parametrize("code", ["QN09901M", "QP099003"])
def test_golden_table(code, table):
    golden = (GOLDENS / f"{code}_{table}.csv").read_text(encoding="utf-8")
    current = written(code, table)
    if current != golden:
        before = pd.Series(golden.splitlines())
        after = pd.Series(current.splitlines())
        lost = before[~before.isin(after)].tolist()
        new = after[~after.isin(before)].tolist()
        pytest.fail(f"{code} {table} : lignes disparues {lost[:5]}, nouvelles {new[:5]}")
