"""French typography of numbers."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.formats import (
    DASH,
    MINUS,
    STATUS_MARKS,
    THIN,
    listing,
    number,
    plural,
    quantity,
    vintage_label,
)

finite = st.floats(-1e12, 1e12, allow_nan=False)


@settings(deadline=None)
@given(value=finite, decimals=st.integers(0, 4))
def test_a_written_number_reads_back_as_the_rounded_number(value, decimals):
    text = number(value, decimals=decimals)
    read = float(text.replace(THIN, "").replace(MINUS, "-").replace(",", "."))
    assert read == pytest.approx(round(value, decimals), abs=0.5 * 10**-decimals)


@settings(deadline=None)
@given(value=finite, decimals=st.integers(0, 4))
def test_no_point_no_plain_space_no_hyphen_in_a_number(value, decimals):
    text = number(value, decimals=decimals)
    assert not set(text) & set(". -\u00a0")
    whole, _, fraction = text.removeprefix(MINUS).partition(",")
    assert len(fraction) == decimals
    assert all(len(group) == 3 for group in whole.split(THIN)[1:])


@settings(deadline=None)
@given(value=finite)
def test_a_signed_number_bears_its_sign_unless_it_is_zero(value):
    text = number(value, decimals=1, signed=True)
    rounded = round(value, 1)
    expected = "+" if rounded > 0 else MINUS if rounded < 0 else "0"
    assert text[0] == expected


@pytest.mark.parametrize("value", [-0.04, 0.04, -0.0, 0])
def test_what_rounds_to_zero_has_no_sign(value):
    assert number(value, decimals=1, signed=True) == "0,0"


@pytest.mark.parametrize("value", [float("nan"), None])
def test_what_is_not_a_number_is_a_dash(value):
    assert number(value) == DASH
    assert quantity(value, "%") == DASH


def test_a_unit_stands_after_a_narrow_no_break_space():
    assert quantity(10690, "€") == f"10{THIN}690{THIN}€"
    assert quantity(46.26, "%", decimals=1, signed=True) == f"+46,3{THIN}%"
    assert quantity(12, "") == "12"


@pytest.mark.parametrize(
    ("items", "text"),
    [([], ""), (["Lille"], "Lille"), (["Lille", "Loos"], "Lille et Loos"),
     (["Lille", "Loos", "Lezennes"], "Lille, Loos et Lezennes")],
)  # fmt: skip
def test_a_list_ends_with_et(items, text):
    assert listing(items) == text


def test_zero_and_one_are_singular_in_french():
    assert [plural(count, "quartier") for count in (0, 1, 2)] == [
        "0 quartier", "1 quartier", "2 quartiers",
    ]  # fmt: skip
    assert plural(3, "territoire national", "nationaux") == "3 nationaux"
    assert plural(1500, "habitant") == f"1{THIN}500 habitants"


@pytest.mark.parametrize(
    ("vintage", "text"),
    [(2021, "2021"), (2021.0, "2021"), (None, "non précisé"), (float("nan"), "non précisé"),
     (pd.NA, "non précisé")],
)  # fmt: skip
def test_a_vintage_is_a_year_or_says_that_it_is_not_known(vintage, text):
    assert vintage_label(vintage) == text


def test_every_mark_has_a_meaning():
    assert STATUS_MARKS == {"secret": "s", "missing": "nd"}
    assert STATUS_MARKS == {"secret": "s", "missing": "nd"}
