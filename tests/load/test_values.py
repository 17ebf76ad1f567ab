"""Numbers written the French way, and the marks that are not numbers."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.errors import FileRefusedError
from qpvkit.formats import number
from qpvkit.load.values import read_values

MARKS = {"": "missing", "s": "secret", "ns": "secret", "nd": "missing"}

spaces = st.sampled_from(["", " ", "\u00a0", "\u202f", "\u2009"])
minuses = st.sampled_from(["-", "\u2212"])
endings = st.sampled_from(["", "%", " %", "\u202f%", "\u00a0%"])
marks = st.sampled_from(sorted(MARKS))


@st.composite
def french_numbers(draw):
    """Return a number and one of the ways in which producers write it."""
    decimals = draw(st.integers(0, 6))
    digits = draw(st.integers(0, 10**12))
    plain = f"{digits / 10**decimals:,.{decimals}f}"
    text = plain.replace(",", draw(spaces)).replace(".", draw(st.sampled_from([",", "."])))
    negative = draw(st.booleans())
    value = float(plain.replace(",", ""))
    edges = draw(spaces)
    sign = draw(minuses) if negative else ""
    return (-value if negative else value), f"{edges}{sign}{text}{draw(endings)}{edges}"


@settings(deadline=None, max_examples=40)
@given(cells=st.lists(french_numbers(), min_size=1, max_size=8))
def test_a_number_written_the_french_way_reads_back_equal(cells):
    read = read_values(pd.Series([text for _, text in cells]), MARKS)
    assert read["value"].tolist() == [value for value, _ in cells]
    assert set(read["status"]) == {"ok"}


@settings(deadline=None, max_examples=40)
@given(value=st.floats(-1e9, 1e9, allow_nan=False), decimals=st.integers(0, 4))
def test_what_our_own_reports_write_is_read_back(value, decimals):
    read = read_values(pd.Series([number(value, decimals=decimals)]), {})
    assert read["value"].iloc[0] == pytest.approx(round(value, decimals), abs=0.5 * 10**-decimals)


@settings(deadline=None, max_examples=40)
@given(cells=st.lists(st.one_of(marks, french_numbers()), min_size=1, max_size=10))
def test_a_mark_has_a_status_and_never_a_number(cells):
    texts = pd.Series([cell if isinstance(cell, str) else cell[1] for cell in cells])
    read = read_values(texts, MARKS)
    for cell, value, status in zip(cells, read["value"], read["status"], strict=True):
        if isinstance(cell, str):
            assert status == MARKS[cell]
            assert pd.isna(value)
        else:
            assert (value, status) == (cell[0], "ok")


@settings(deadline=None, max_examples=40)
@given(zeros=st.lists(st.sampled_from(["0", "0,0", "s"]), min_size=1))
def test_a_secret_is_never_zero_and_zero_is_a_number(zeros):
    read = read_values(pd.Series(zeros), MARKS)
    assert read["value"].notna().tolist() == [text != "s" for text in zeros]
    assert read["value"].dropna().eq(0).all()


def test_spaces_around_a_mark_do_not_hide_it():
    read = read_values(pd.Series([" s ", "nd\t", "  "]), MARKS)
    assert read["status"].tolist() == ["secret", "missing", "missing"]


def test_a_mark_of_another_producer_is_not_known():
    with pytest.raises(FileRefusedError):
        read_values(pd.Series(["1", "ndiff"]), MARKS)


def test_an_index_by_line_is_kept():
    texts = pd.Series(["1", "s"], index=[7, 9])
    assert read_values(texts, MARKS).index.tolist() == [7, 9]


def test_a_column_of_marks_only_is_a_column_of_numbers_all_missing():
    read = read_values(pd.Series(["s", "s"]), MARKS)
    assert read["value"].dtype == "float64"
    assert read["value"].isna().all()


def test_the_cells_of_the_caller_are_left_alone():
    texts = pd.Series(["10 690", "s"])
    read_values(texts, MARKS)
    assert texts.tolist() == ["10 690", "s"]


@settings(deadline=None, max_examples=40)
@given(
    wrong=st.sampled_from(
        ["abc", "12 €", "1.234,5", "--5", "-", "#DIV/0!", "N/A", "nan", "1_000", "0x10", "12;5",
         "inf", "vrai"]
    ),
    before=st.integers(0, 5),
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_refused_with_its_line_and_column(wrong, before):
    texts = pd.Series(["1"] * before + [wrong, "2"], name="TP60")
    texts.index = pd.RangeIndex(2, 2 + len(texts))
    with pytest.raises(FileRefusedError) as caught:
        read_values(texts, MARKS, path="revenus.csv")
    error = caught.value
    assert error.where == f"ligne {before + 2}, colonne TP60"
    assert str(error).startswith(f"revenus.csv, ligne {before + 2}, colonne TP60 : « {wrong} »")
    assert "« s »" in error.expected
    assert "cellule vide" in error.expected
    assert "(missing)" in error.action


def test_without_declared_marks_an_empty_cell_is_refused():
    with pytest.raises(FileRefusedError, match="aucune"):
        read_values(pd.Series(["1", ""], name="POP"), {})
