"""Gaps with a reference of the same vintage."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.measure.gaps import GAP_COLUMNS, choose_vintages, compute_gaps, is_worse

amounts = st.floats(-1e4, 1e4, allow_nan=False)
DIRECTIONS = ["up_is_worse", "up_is_better", "neutral"]


def values(*rows):
    """Return values: indicator, vintage, value, base."""
    frame = pd.DataFrame(rows, columns=["indicator", "vintage", "value", "base"])
    return frame.astype({"vintage": "Int64", "value": "float64", "base": "float64"})


def references(*rows):
    """Return references: code, indicator, vintage, value."""
    frame = pd.DataFrame(rows, columns=["code", "indicator", "vintage", "value"])
    frame = frame.assign(
        kind="commune", label=frame["code"].map("Commune {}".format), source="insee"
    )
    return frame.astype({"vintage": "Int64", "value": "float64"})


def senses(direction="up_is_worse", *, share=True, names=("taux", "revenu")):
    return pd.DataFrame({"indicator": list(names), "direction": direction, "share": share})


def candidates(*rows):
    """Return candidates: indicator, vintage, value, official."""
    frame = pd.DataFrame(rows, columns=["indicator", "vintage", "value", "official"])
    status = frame["value"].notna().map({True: "ok", False: "secret"})
    return frame.assign(status=status).astype({"vintage": "Int64", "value": "float64"})


def known(*pairs):
    frame = pd.DataFrame(pairs, columns=["indicator", "vintage"])
    return frame.astype({"vintage": "Int64"})


# --- which vintage -----------------------------------------------------------------------------


def chosen(rows, pairs):
    return choose_vintages(candidates(*rows), known(*pairs))["vintage"].tolist()


def test_the_most_recent_vintage_is_chosen_when_all_are_alike():
    assert chosen([("taux", 2018, 1.0, True), ("taux", 2021, 2.0, True)], []) == [2021]


def test_a_vintage_that_can_be_compared_comes_before_a_later_one():
    rows = [("taux", 2018, 1.0, True), ("taux", 2021, 2.0, True)]
    assert chosen(rows, [("taux", 2018)]) == [2018]
    assert chosen(rows, [("taux", 2018), ("taux", 2021)]) == [2021]


def test_the_reference_of_another_indicator_does_not_count():
    rows = [("taux", 2018, 1.0, True), ("taux", 2021, 2.0, True)]
    assert chosen(rows, [("revenu", 2018)]) == [2021]


def test_an_official_value_comes_before_a_later_one_of_a_third_party():
    rows = [("taux", 2018, 1.0, True), ("taux", 2021, 2.0, False)]
    assert chosen(rows, []) == [2018]
    assert chosen(rows, [("taux", 2021)]) == [2021]


def test_a_published_value_comes_before_a_masked_one():
    rows = [("taux", 2018, 1.0, False), ("taux", 2021, None, True)]
    assert chosen(rows, [("taux", 2021)]) == [2018]


def test_a_masked_row_is_kept_when_there_is_nothing_else():
    found = choose_vintages(candidates(("taux", 2021, None, True)), known())
    assert found[["vintage", "status"]].to_numpy().tolist() == [[2021, "secret"]]


def test_a_vintage_that_the_source_does_not_state_comes_last():
    rows = [("taux", None, 1.0, True), ("taux", 1999, 2.0, True)]
    assert chosen(rows, []) == [1999]
    only = choose_vintages(candidates(("taux", None, 1.0, True)), known())
    assert len(only) == 1


@settings(deadline=None, max_examples=15)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["taux", "revenu", "emploi"]), st.integers(2010, 2024),
            st.one_of(st.none(), amounts), st.booleans(),
        ),
        min_size=1, unique_by=lambda row: row[:2],
    ),
    pairs=st.lists(st.tuples(st.sampled_from(["taux", "revenu"]), st.integers(2010, 2024))),
    data=st.data(),
)  # fmt: skip
def test_one_row_an_indicator_whatever_the_order_of_the_rows(rows, pairs, data):
    shuffled = data.draw(st.permutations(rows))
    first = choose_vintages(candidates(*rows), known(*pairs)).set_index("indicator").sort_index()
    again = choose_vintages(candidates(*shuffled), known(*pairs))
    assert sorted(first.index) == sorted({row[0] for row in rows})
    pd.testing.assert_frame_equal(first, again.set_index("indicator").sort_index())


def test_the_columns_of_the_caller_come_back():
    rows = candidates(("taux", 2021, 1.0, True))
    before = rows.copy()
    assert list(choose_vintages(rows, known()).columns) == list(before.columns)
    pd.testing.assert_frame_equal(rows, before)


# --- gaps --------------------------------------------------------------------------------------


def test_a_gap_is_the_value_minus_the_reference_in_its_own_unit():
    row = compute_gaps(
        values(("taux", 2021, 46.3, 5000.0)),
        references(("59350", "taux", 2021, 27.0)),
        indicators=senses(),
    ).iloc[0]
    assert row["gap"] == pytest.approx(19.3)
    assert row["people"] == pytest.approx(965)
    assert bool(row["worse"]) is True
    assert row["reference_kind"] == "commune"
    assert (row["reference_code"], row["reference_label"]) == ("59350", "Commune 59350")
    assert (row["value"], row["reference_value"], row["reference_source"]) == (46.3, 27.0, "insee")


def test_a_reference_of_another_vintage_gives_no_row():
    found = compute_gaps(
        values(("taux", 2021, 46.3, 5000.0)),
        references(("59350", "taux", 2018, 27.0), ("59350", "taux", 2023, 27.0)),
        indicators=senses(),
    )
    assert found.empty
    assert tuple(found.columns) == GAP_COLUMNS


def test_a_vintage_that_is_not_stated_never_meets_a_stated_one():
    found = compute_gaps(
        values(("taux", None, 46.3, 5000.0)),
        references(("59350", "taux", 2021, 27.0)),
        indicators=senses(),
    )
    assert found.empty


def test_a_masked_value_gives_no_gap():
    found = compute_gaps(
        values(("taux", 2021, None, 5000.0), ("revenu", 2021, 13100.0, None)),
        references(("59350", "taux", 2021, 27.0), ("59350", "revenu", 2021, 22000.0)),
        indicators=senses(),
    )
    assert found["indicator"].tolist() == ["revenu"]


def test_every_reference_of_the_vintage_gives_a_row():
    found = compute_gaps(
        values(("taux", 2021, 46.3, 5000.0)),
        references(("59350", "taux", 2021, 27.0), ("59", "taux", 2021, 18.0)),
        indicators=senses(),
    )
    assert found.set_index("reference_code")["gap"].to_dict() == pytest.approx(
        {"59350": 19.3, "59": 28.3}
    )


@settings(deadline=None, max_examples=15)
@given(value=amounts, direction=st.sampled_from(DIRECTIONS))
def test_equal_to_the_reference_is_neither_better_nor_worse(value, direction):
    row = compute_gaps(
        values(("taux", 2021, value, 100.0)),
        references(("59350", "taux", 2021, value)),
        indicators=senses(direction),
    ).iloc[0]
    assert row["gap"] == 0
    assert row["worse"] is pd.NA


@pytest.mark.parametrize(
    ("direction", "gap", "worse"),
    [("up_is_worse", 2.0, True), ("up_is_worse", -2.0, False), ("up_is_better", 2.0, False),
     ("up_is_better", -2.0, True), ("neutral", 2.0, None), ("neutral", -2.0, None),
     ("up_is_worse", 0.0, None), ("up_is_worse", float("nan"), None)],
)  # fmt: skip
def test_the_direction_tells_what_is_worse(direction, gap, worse):
    (found,) = is_worse(pd.Series([gap]), pd.Series([direction]))
    assert (found is pd.NA) if worse is None else (bool(found) is worse)


@pytest.mark.parametrize(
    ("share", "direction", "base"),
    [(False, "up_is_worse", 5000.0), (True, "up_is_worse", None), (True, "neutral", 5000.0)],
)
def test_people_are_only_counted_for_a_share_with_a_base_and_a_sense(share, direction, base):
    row = compute_gaps(
        values(("taux", 2021, 46.3, base)),
        references(("59350", "taux", 2021, 27.0)),
        indicators=senses(direction, share=share),
    ).iloc[0]
    assert pd.isna(row["people"])


@settings(deadline=None, max_examples=15)
@given(
    value=st.integers(-1000, 1000), reference=st.integers(-1000, 1000),
    constant=st.integers(-1000, 1000),
)  # fmt: skip
def test_adding_a_constant_to_both_sides_leaves_the_gap_unchanged(value, reference, constant):
    gaps = [
        compute_gaps(
            values(("taux", 2021, value + shift, 100.0)),
            references(("59350", "taux", 2021, reference + shift)),
            indicators=senses(),
        ).iloc[0]
        for shift in (0, constant)
    ]
    assert gaps[0]["gap"] == gaps[1]["gap"] == value - reference
    assert gaps[0]["people"] == gaps[1]["people"]
    assert gaps[0]["worse"] is gaps[1]["worse"] or gaps[0]["worse"] == gaps[1]["worse"]


@settings(deadline=None, max_examples=15)
@given(value=amounts, reference=amounts)
def test_flipping_the_direction_flips_what_is_worse_and_nothing_else(value, reference):
    up, down = (
        compute_gaps(
            values(("taux", 2021, value, 100.0)),
            references(("59350", "taux", 2021, reference)),
            indicators=senses(direction),
        ).iloc[0]
        for direction in ("up_is_worse", "up_is_better")
    )
    assert up.drop("worse").equals(down.drop("worse"))
    if up["gap"] == 0:
        assert up["worse"] is down["worse"] is pd.NA
    else:
        assert bool(up["worse"]) is not bool(down["worse"])


@settings(deadline=None, max_examples=15)
@given(value=amounts, reference=amounts)
def test_exchanging_value_and_reference_changes_the_sign(value, reference):
    there, back = (
        compute_gaps(
            values(("taux", 2021, one, 100.0)),
            references(("59350", "taux", 2021, other)),
            indicators=senses(),
        )["gap"].iloc[0]
        for one, other in ((value, reference), (reference, value))
    )
    assert there == -back


@settings(deadline=None, max_examples=15)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["59350", "59", "32"]), st.sampled_from(["taux", "revenu"]),
                  st.sampled_from([2018, 2021]), amounts),
        min_size=1, unique_by=lambda row: row[:3],
    ),
    data=st.data(),
)  # fmt: skip
def test_the_order_of_the_rows_does_not_matter(rows, data):
    mine = [("taux", 2021, 46.3, 5000.0), ("revenu", 2018, 13100.0, None)]
    order = ["indicator", "reference_code"]
    first = compute_gaps(values(*mine), references(*rows), indicators=senses())
    again = compute_gaps(
        values(*reversed(mine)),
        references(*data.draw(st.permutations(rows))),
        indicators=senses().iloc[::-1],
    )
    pd.testing.assert_frame_equal(
        first.sort_values(order, ignore_index=True), again.sort_values(order, ignore_index=True)
    )


def test_the_tables_of_the_caller_are_left_alone():
    mine, theirs = values(("taux", 2021, 46.3, 1.0)), references(("59350", "taux", 2021, 27.0))
    copies = mine.copy(), theirs.copy()
    compute_gaps(mine, theirs, indicators=senses())
    pd.testing.assert_frame_equal(mine, copies[0])
    pd.testing.assert_frame_equal(theirs, copies[1])
