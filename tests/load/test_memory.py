"""Tables held in memory answer as the files do, row for row."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from qpvkit.load.memory import hold_store, opened_store, release_stores
from qpvkit.load.reads import read_journal, recording
from qpvkit.load.store import Store, open_store
from qpvkit.settings import Settings

QUESTIONS = {
    "own": lambda s: s.observations(kind="qp", codes=["QN09901M"]),
    "two of two": lambda s: s.observations(
        kind="qp", codes=["QP099001", "QN09901M"], indicators=["population", "taux_pauvrete"]
    ),
    "by indicator": lambda s: s.observations(kind="qp", indicators=["population"]),
    "nobody": lambda s: s.observations(kind="qp", codes=["QN0"]),
    "nothing": lambda s: s.observations(kind="qp", codes=[]),
    "commune": lambda s: s.observations(kind="commune", codes=["99001"]),
    "unknown commune": lambda s: s.observations(kind="commune", codes=["00000"]),
    "kind": lambda s: s.territories(kind="epci"),
    "everything": lambda s: s.territories(),
    "links": lambda s: s.memberships(kind="qp", codes=["QN09902M"]),
    "shapes": lambda s: s.shapes(kind="qp", codes=["QN09901M", "QN09902M"]),
    "neighbours": lambda s: s.neighbours(["99001"], zoning=2024).reset_index(drop=True),
    "columns": lambda s: s.observations(kind="qp", codes=["QN09901M"], columns=("code", "value")),
    "peers": lambda s: s.peers(zoning=2024).reset_index(drop=True),
    "some peers": lambda s: s.peers(zoning=2015, indicators=["population"]).reset_index(drop=True),
}


@pytest.fixture(scope="module")
def store() -> Store:
    return open_store(Settings(home=Path(os.environ["QPVKIT_HOME"])))


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_memory_answers_as_the_file_does(store, question):
    with recording() as from_file:
        expected = question(store)
    hold_store(store)
    try:
        with recording() as from_memory:
            found = question(store)
    finally:
        release_stores()
    assert from_memory == from_file
    if isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected)
    else:
        pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected))


def test_a_report_cannot_change_what_is_held(store):
    hold_store(store)
    try:
        rows = store.territories()
        rows["label"] = "changed"
        assert "changed" not in set(store.territories()["label"])
        assert opened_store(store.folder.parent) is store
    finally:
        release_stores()
    assert opened_store(store.folder.parent) is None


def test_reads_of_another_process_are_told_through_a_file(store, tmp_path, monkeypatch):
    journal = tmp_path / "reads.jsonl"
    monkeypatch.setenv("QPVKIT_READS", str(journal))
    store.territories(kind="qp", codes=["QN09901M"])
    monkeypatch.delenv("QPVKIT_READS")
    with recording() as here:
        store.territories(kind="qp", codes=["QN09901M"])
    assert read_journal(journal) == here
    assert read_journal(tmp_path / "none") == set()


def test_digests_do_not_depend_on_how_rows_are_asked_for(store):
    digests = store.digests()
    with recording() as reads:
        store.observations(kind="qp", codes=["QN09901M", "QN09902M"])
        store.observations(kind="qp", codes=["QN09902M", "QN09901M", "QN09901M"])
    assert len(reads) == 1
    assert len({digests.of(read) for read in reads}) == 1
    with recording() as other:
        store.observations(kind="qp", codes=["QN09901M"])
    assert digests.of(other.pop()) != digests.of(reads.pop())
