"""Euros written in any way become whole cents, or say why not."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qpvkit.load.ledger.money import AMBIGUOUS, BLANK, UNREADABLE, euros, read_cents


def cents(text: str, *, strict: bool = False) -> int | str:
    row = read_cents(pd.Series([text]), strict=strict).iloc[0]
    return row["problem"] or int(row["cents"])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("12500", 1_250_000),
        ("12 500,50", 1_250_050),
        ("12\u00a0500,5", 1_250_050),
        ("12\u202f500.50", 1_250_050),
        ("12'500,50", 1_250_050),
        ("1.234,56", 123_456),
        ("1,234.56", 123_456),
        ("1.234.567", 123_456_700),
        ("12,5 €", 1_250),
        ("12,5 euros", 1_250),
        ("12.5 EUR", 1_250),
        ("-40", -4_000),
        ("\u221240,01", -4_001),
        ("(40)", -4_000),
        ("1E+05", 10_000_000),
        ("269314.85", 26_931_485),
        ("29999.99999999997", 3_000_000),
        ("0.30000000000000004", 30),
        ("0", 0),
        ("", BLANK),
        ("nan", BLANK),
        ("néant", UNREADABLE),
        ("12 k€", UNREADABLE),
        ("#REF!", UNREADABLE),
        ("1,2,3", UNREADABLE),
        ("12 500 (dont TVA)", UNREADABLE),
        ("1" * 15, UNREADABLE),
    ],
)
def test_amounts_as_people_write_them(text, wanted):
    assert cents(text) == wanted


def test_a_partner_is_asked_what_three_decimals_mean():
    assert cents("1,234", strict=True) == AMBIGUOUS
    assert cents("1,234") == 123
    assert cents("1 234,50", strict=True) == 123_450


@pytest.mark.parametrize(("text", "wanted"), [("0.005", 1), ("0.0049", 0), ("-0.005", -1)])
def test_half_a_cent_goes_away_from_zero_and_is_counted(text, wanted):
    read = read_cents(pd.Series([text]))
    assert int(read["cents"].iloc[0]) == wanted
    assert bool(read["rounded"].iloc[0])


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4))
def test_no_cent_is_lost_whatever_the_spelling(amount):
    exact = int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    plain = f"{amount:f}"
    french = f"{amount:,.4f}".replace(",", "\u202f").replace(".", ",")
    assert cents(plain) == exact
    assert cents(french) == exact


def test_euros_are_cents_over_a_hundred():
    assert euros(pd.Series([1, 250], dtype="Int64")).tolist() == [0.01, 2.5]
