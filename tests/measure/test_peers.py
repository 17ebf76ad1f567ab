"""Where a quartier stands among the others of its map."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.measure.peers import summarise_peers

QUANTILES = {
    "peers_p10": 10, "peers_p25": 25, "peers_median": 50, "peers_p75": 75, "peers_p90": 90,
}  # fmt: skip
amounts = st.floats(-1e6, 1e6, allow_nan=False)


def table(*rows):
    """Return values: code, indicator, vintage, value."""
    frame = pd.DataFrame(rows, columns=["code", "indicator", "vintage", "value"])
    return frame.astype({"vintage": "Int64", "value": "float64"})


def mine(value, vintage=2021, indicator="taux"):
    return table(("QN05972M", indicator, vintage, value))


def others(values, vintage=2021, indicator="taux"):
    return table(
        *((f"QN{rank:05}M", indicator, vintage, value) for rank, value in enumerate(values, 1))
    )


def summary(values, peers, direction="up_is_worse"):
    directions = pd.DataFrame({"indicator": ["taux", "revenu"], "direction": direction})
    return summarise_peers(values, peers, directions=directions)


@settings(deadline=None, max_examples=15)
@given(values=st.lists(amounts, min_size=1, max_size=40))
def test_quantiles_are_those_of_type_7(values):
    row = summary(mine(0.0), others(values)).iloc[0]
    expected = np.percentile(values, list(QUANTILES.values()), method="linear")
    assert row["peers"] == len(values)
    assert row[list(QUANTILES)].to_numpy(float) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_quartier_is_not_its_own_peer():
    pool = pd.concat([mine(99.0), others([10.0, 20.0, 30.0])], ignore_index=True)
    row = summary(mine(99.0), pool).iloc[0]
    assert (row["peers"], row["peers_median"]) == (3, 20.0)
    assert row["position"] == 1.0


@settings(deadline=None, max_examples=15)
@given(own=amounts, values=st.lists(amounts, min_size=1, max_size=30))
def test_the_position_is_the_share_of_the_others_in_a_better_situation(own, values):
    worse = summary(mine(own), others(values), "up_is_worse").iloc[0]
    better = summary(mine(own), others(values), "up_is_better").iloc[0]
    below, above = (np.mean([value < own for value in values]),
                    np.mean([value > own for value in values]))  # fmt: skip
    assert worse["position"] == pytest.approx(below)
    assert better["position"] == pytest.approx(above)
    assert 0 <= worse["position"] + better["position"] <= 1 + 1e-9


def test_equals_are_not_in_a_better_situation():
    assert summary(mine(10.0), others([10.0, 10.0])).iloc[0]["position"] == 0


def test_a_neutral_indicator_has_no_position_and_keeps_its_quantiles():
    row = summary(mine(15.0), others([10.0, 20.0]), "neutral").iloc[0]
    assert pd.isna(row["position"])
    assert row["peers_median"] == 15.0


def test_a_masked_value_has_no_position_and_keeps_its_peers():
    row = summary(mine(None), others([10.0, 20.0])).iloc[0]
    assert pd.isna(row["position"])
    assert (row["peers"], row["peers_median"]) == (2, 15.0)


def test_the_peers_of_another_vintage_or_indicator_do_not_count():
    pool = pd.concat(
        [others([10.0]), others([90.0], vintage=2018), others([90.0], indicator="revenu")],
        ignore_index=True,
    )
    row = summary(mine(50.0), pool).iloc[0]
    assert (row["peers"], row["peers_p90"]) == (1, 10.0)


def test_without_peer_there_is_a_row_that_says_so():
    row = summary(mine(50.0), others([90.0], vintage=2018)).iloc[0]
    assert row["peers"] == 0
    assert row[[*QUANTILES, "position"]].isna().all()


def test_vintages_that_are_not_stated_meet():
    pool = pd.concat([others([10.0, 20.0], vintage=None), others([90.0])], ignore_index=True)
    row = summary(mine(15.0, vintage=None), pool).iloc[0]
    assert (row["peers"], row["peers_median"], row["position"]) == (2, 15.0, 0.5)


def test_every_value_has_its_row_in_order():
    values = pd.concat([mine(13100.0, indicator="revenu"), mine(46.3)], ignore_index=True)
    found = summary(values, others([40.0]))
    assert found["indicator"].tolist() == ["revenu", "taux"]
    assert found["peers"].tolist() == [0, 1]


@settings(deadline=None, max_examples=15)
@given(values=st.lists(amounts, min_size=1, max_size=15), data=st.data())
def test_the_order_of_the_peers_does_not_matter(values, data):
    pool = others(values)
    shuffled = pool.iloc[data.draw(st.permutations(range(len(pool))))]
    pd.testing.assert_frame_equal(summary(mine(0.0), pool), summary(mine(0.0), shuffled))


def test_codes_held_as_categories_give_the_same_result():
    pool = others([10.0, 20.0, 30.0])
    short = pool.astype({"code": "category", "indicator": "category"})
    pd.testing.assert_frame_equal(
        summary(mine(25.0), pool), summary(mine(25.0), short), check_dtype=False
    )


def test_the_tables_of_the_caller_are_left_alone():
    values, pool = mine(15.0), others([10.0, 20.0])
    copies = values.copy(), pool.copy()
    summary(values, pool)
    pd.testing.assert_frame_equal(values, copies[0])
    pd.testing.assert_frame_equal(pool, copies[1])
