"""The contract of the tables of the store: every breach at once, in French."""

from __future__ import annotations

import pandas as pd
import pytest

from qpvkit.schemas import MEMBERSHIPS, OBSERVATIONS, TERRITORIES, SchemaError, check_table


def observations(*rows):
    """Return observations: code, indicator, vintage, value, status."""
    frame = pd.DataFrame(
        [
            {
                "kind": "qp", "code": code, "indicator": indicator, "vintage": vintage,
                "value": value, "status": status, "base": None, "base_vintage": None,
                "source": "revenus", "edition": "2022",
            }
            for code, indicator, vintage, value, status in rows
        ]
    )  # fmt: skip
    return frame.astype(
        {"vintage": "Int64", "base_vintage": "Int64", "value": "float64", "base": "float64"}
    )


def territories(**columns):
    frame = pd.DataFrame(
        {
            "kind": ["qp", "commune"],
            "code": ["QN05972M", "59350"],
            "label": ["Les Oliveaux", "Lille"],
            "zoning": [2024, None],
            "population": [5000.0, None],
            "population_vintage": [2021, None],
        }
    ).astype({"zoning": "Int64", "population_vintage": "Int64"})
    return frame.assign(**columns)


def memberships(**columns):
    frame = pd.DataFrame(
        {
            "kind": ["qp", "qp"],
            "code": ["QN05972M", "QN05972M"],
            "within_kind": ["commune", "commune"],
            "within_code": ["59350", "59328"],
            "share": [0.6, None],
            "share_basis": ["surface", ""],
            "main": [True, False],
        }
    )
    return frame.assign(**columns)


def test_sound_tables_pass_and_come_back_unchanged():
    for frame, schema in (
        (observations(("QN05972M", "taux", 2021, 46.3, "ok")), OBSERVATIONS),
        (territories(), TERRITORIES),
        (memberships(), MEMBERSHIPS),
    ):
        before = frame.copy()
        assert check_table(frame, schema) is frame
        pd.testing.assert_frame_equal(frame, before)


def test_an_empty_table_passes():
    empty = observations(("QN05972M", "taux", 2021, 46.3, "ok")).iloc[:0]
    assert check_table(empty, OBSERVATIONS).empty


def test_a_masked_value_is_a_row_without_number():
    frame = observations(
        ("QN05972M", "taux", 2021, None, "secret"),
        ("QN05972M", "taux", 2020, None, "missing"),
        ("QN05972M", "taux", None, 3.0, "low_quality"),
    )
    assert check_table(frame, OBSERVATIONS) is frame


def test_a_missing_value_must_say_why():
    with pytest.raises(SchemaError, match="une valeur absente doit dire pourquoi"):
        check_table(observations(("QN05972M", "taux", 2021, None, "ok")), OBSERVATIONS)


@pytest.mark.parametrize("status", ["secret", "missing"])
def test_a_masked_value_may_not_keep_its_number(status):
    with pytest.raises(SchemaError, match="une valeur masquée ne doit pas avoir de nombre"):
        check_table(observations(("QN05972M", "taux", 2021, 0.0, status)), OBSERVATIONS)


def test_every_breach_is_reported_at_once():
    frame = observations(
        ("QN05972M", "taux", 1889, None, "ok"),
        ("QN05901M", "taux", 2021, 12.0, "approximatif"),
    ).assign(base=-3.0, kind=["quartier", "qp"])
    with pytest.raises(SchemaError) as caught:
        check_table(frame, OBSERVATIONS)
    message = str(caught.value)
    assert message.startswith("Table observations : ")
    assert "colonne kind" in message
    assert "ex. quartier" in message
    assert "ex. 1889" in message
    assert "ex. approximatif" in message
    assert "colonne base" in message
    assert "2 cas (ex. -3.0, -3.0)" in message
    assert "dire pourquoi" in message


def test_a_key_given_twice_is_a_breach():
    row = ("QN05972M", "taux", 2021, 46.3, "ok")
    with pytest.raises(SchemaError, match="QN05972M"):
        check_table(observations(row, row), OBSERVATIONS)


def test_two_vintages_of_one_indicator_are_two_keys():
    frame = observations(
        ("QN05972M", "taux", 2020, 46.3, "ok"), ("QN05972M", "taux", 2021, 46.3, "ok")
    )
    assert check_table(frame, OBSERVATIONS) is frame


def test_a_lost_column_is_a_breach():
    with pytest.raises(SchemaError, match="population_vintage"):
        check_table(territories().drop(columns="population_vintage"), TERRITORIES)


@pytest.mark.parametrize(
    "wrong",
    [
        {"population": [-1.0, 2.0]},
        {"zoning": pd.array([2018, None], dtype="Int64")},
        {"code": [5972, 59350]},
        {"kind": ["qp", "ville"]},
        {"kind": ["qp", "qp"], "code": ["QN05972M", "QN05972M"]},
        {"label": [None, "Lille"]},
    ],
)
def test_a_territory_that_breaks_its_contract_is_refused(wrong):
    with pytest.raises(SchemaError, match="Table territoires"):
        check_table(territories(**wrong), TERRITORIES)


@pytest.mark.parametrize(
    "wrong",
    [{"share": [1.2, 0.1]}, {"share_basis": ["au jugé", ""]}, {"main": ["oui", "non"]},
     {"within_kind": ["commune", "ville"]}, {"within_code": ["59350", "59350"]}],
)  # fmt: skip
def test_a_membership_that_breaks_its_contract_is_refused(wrong):
    with pytest.raises(SchemaError, match="Table appartenances"):
        check_table(memberships(**wrong), MEMBERSHIPS)


def test_nothing_is_cast_at_the_door():
    frame = territories().astype({"population": "Int64"})
    with pytest.raises(SchemaError, match="population"):
        check_table(frame, TERRITORIES)
