"""Sharp bounds on the quartier's share of a total: reached, never passed."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qpvkit.errors import MeasureRefusedError
from qpvkit.measure.droit_commun.bounds import BOUNDS_COLUMNS, bound_beneficiaries


def zones(eligible, located=None, within="59350"):
    frame = pd.DataFrame(
        {"within": within, "code": [f"z{n}" for n in range(len(eligible))], "eligible": eligible}
    )
    return frame if located is None else frame.assign(located=located)


def totals(total, within="59350"):
    return pd.DataFrame({"within": [within], "total": [total]})


def bounds(frame):
    return list(zip(frame["low"], frame["high"], strict=True))


def test_worked_example():
    """900 served, 120 of 1 000 eligible: from 20 to 120, where the pro rata says 108."""
    found = bound_beneficiaries(zones([120, 880]), totals=totals(900))
    assert bounds(found) == [(20, 120), (780, 880)]
    assert found["prorata"].tolist() == [108, 792]
    assert found["position"].iloc[0] == pytest.approx(0.88)
    assert found["worst_error"].iloc[0] == 88
    assert tuple(found.columns) == BOUNDS_COLUMNS


def test_located_people_raise_the_lower_bound():
    found = bound_beneficiaries(zones([120, 880], [60, 500]), totals=totals(700))
    assert bounds(found)[0] == (60, 120)
    tight = bound_beneficiaries(zones([120, 880], [60, 500]), totals=totals(580))
    assert bounds(tight)[0] == (60, 80)


def test_full_service_is_known_exactly():
    found = bound_beneficiaries(zones([120, 880]), totals=totals(1_000))
    assert bounds(found)[0] == (120, 120)
    assert np.isnan(found["position"].iloc[0])
    assert found["worst_error"].iloc[0] == 0


def test_sites_and_sectors_tighten_the_bounds():
    """Two schools: the quartier's own takes 80, the other, which it cannot use, takes 300."""
    sites = pd.DataFrame({"within": "59350", "site": ["a", "b"], "users": [80, 300]})
    links = pd.DataFrame({"code": ["z0", "z1", "z1"], "site": ["a", "a", "b"]})
    table = zones([120, 880])
    loose = bound_beneficiaries(table, totals=totals(380))
    tight = bound_beneficiaries(table, totals=totals(380), sites=sites, links=links)
    assert bounds(loose)[0] == (0, 120)
    assert bounds(tight)[0] == pytest.approx((0, 80))
    alone = links.loc[[0, 2]]  # nobody else may use the quartier's school
    sure = bound_beneficiaries(table, totals=totals(380), sites=sites, links=alone)
    assert bounds(sure)[0] == pytest.approx((80, 80))


def test_a_capacity_is_a_ceiling_and_not_a_count():
    sites = pd.DataFrame({"within": "59350", "site": ["a", "b"], "capacity": [80, np.nan]})
    links = pd.DataFrame({"code": ["z0", "z1"], "site": ["a", "b"]})
    found = bound_beneficiaries(zones([120, 880]), totals=totals(380), sites=sites, links=links)
    assert bounds(found)[0] == pytest.approx((0, 80))


def test_the_bounds_feed_the_index():
    from qpvkit.measure.droit_commun.equity import equity_index
    from qpvkit.measure.droit_commun.rules import EquityRules

    rules = EquityRules(
        confidence=0.95, tolerance=0.1, probability=0.8, exact_below=100, masked_max=4
    )
    found = bound_beneficiaries(zones([120, 880]), totals=totals(150)).iloc[0]
    key = {"kind": "qp", "code": "z0", "service": "creche", "year": 2024}
    use = pd.DataFrame(
        [{**key, "unit": "places", "evidence_grade": "B", "status": "missing", "served": np.nan,
          "served_total": 150, "served_low": found["low"], "served_high": found["high"]}]
    )  # fmt: skip
    base = pd.DataFrame([{**key, "norm": "N1", "base": 120, "base_total": 1_000}])
    row = equity_index(use, bases=base, rules=rules).query("norm == 'N1'").iloc[0]
    assert (row["index_low"], row["index_high"]) == pytest.approx((0.0, 0.8 / 0.12))
    assert (row["verdict"], row["reason"]) == ("inconclusive", "bounds")


small = st.lists(st.integers(0, 6), min_size=2, max_size=4)


@settings(deadline=None, max_examples=40)
@given(eligible=small, data=st.data())
def test_the_closed_form_is_sharp(eligible, data):
    """Every split that respects the data is enumerated: the bounds are its extremes."""
    located = [data.draw(st.integers(0, most)) for most in eligible]
    total = data.draw(st.integers(sum(located), sum(eligible)))
    ranges = [range(least, most + 1) for least, most in zip(located, eligible, strict=True)]
    splits = [split for split in itertools.product(*ranges) if sum(split) == total]
    assume(total > 0)
    found = bound_beneficiaries(zones(eligible, located), totals=totals(total))
    assert bounds(found) == [(min(one), max(one)) for one in zip(*splits, strict=True)]
    if not sum(located):  # the pro rata is itself a possible split
        assert found["low"].le(found["prorata"] + 1e-9).all()
        assert found["high"].ge(found["prorata"] - 1e-9).all()


@settings(deadline=None, max_examples=20)
@given(eligible=st.lists(st.integers(0, 4), min_size=2, max_size=3), data=st.data())
def test_the_flows_are_sharp(eligible, data):
    """Two sites, the second closed to the first zone: every table of flows is enumerated."""
    flows = [[data.draw(st.integers(0, most)), 0] for most in eligible]
    for row, most in zip(flows[1:], eligible[1:], strict=True):
        row[1] = data.draw(st.integers(0, most - row[0]))
    users = [sum(row[site] for row in flows) for site in (0, 1)]
    assume(sum(users) > 0)
    table = zones(eligible)
    sites = pd.DataFrame({"within": "59350", "site": ["a", "b"], "users": users})
    codes = table["code"].tolist()
    links = pd.DataFrame([(code, "a") for code in codes] + [(code, "b") for code in codes[1:]],
                         columns=["code", "site"])  # fmt: skip
    found = bound_beneficiaries(table, totals=totals(sum(users)), sites=sites, links=links)
    seen = []
    to_a = [range(most + 1) for most in eligible]
    for first in itertools.product(*to_a):
        to_b = [range(1), *(range(m - a + 1) for m, a in zip(eligible[1:], first[1:], strict=True))]
        seen += [
            np.add(first, second)
            for second in itertools.product(*to_b)
            if [sum(first), sum(second)] == users
        ]
    expected = [(min(one), max(one)) for one in zip(*seen, strict=True)]
    assert np.array(bounds(found)) == pytest.approx(np.array(expected), abs=1e-6)


def test_without_links_sites_add_nothing_to_the_closed_form():
    table, total = zones([5, 9, 3], [1, 0, 2]), totals(11)
    sites = pd.DataFrame({"within": ["59350"], "site": ["a"], "users": [11]})
    flows = bound_beneficiaries(table, totals=total, sites=sites)
    assert np.array(bounds(flows)) == pytest.approx(
        np.array(bounds(bound_beneficiaries(table, totals=total)))
    )


def test_territories_do_not_mix():
    both = pd.concat([zones([10, 20]), zones([7, 1], within="59512")], ignore_index=True)
    known = pd.concat([totals(25), totals(4, "59512")], ignore_index=True)
    found = bound_beneficiaries(both, totals=known)
    assert bounds(found) == [(5, 10), (15, 20), (3, 4), (0, 1)]


@pytest.mark.parametrize(
    ("table", "total", "words"),
    [
        (zones([10, 20]), 31, "hors de ce que permettent"),
        (zones([10, 20], [9, 9]), 10, "hors de ce que permettent"),
        (zones([10, 20], [11, 0]), 15, "localisés"),
        (zones([10, np.nan]), 5, "inconnu"),
        (zones([10, -1]), 5, "négatif"),
        (zones([10, 20]).drop(columns="eligible"), 5, "colonnes absentes"),
    ],
)
def test_impossible_data_are_refused_in_french(table, total, words):
    with pytest.raises(MeasureRefusedError, match=words):
        bound_beneficiaries(table, totals=totals(total))


def test_sites_that_cannot_hold_the_total_are_refused():
    sites = pd.DataFrame({"within": "59350", "site": ["a"], "capacity": [3]})
    with pytest.raises(MeasureRefusedError, match="aucune répartition"):
        bound_beneficiaries(zones([10, 20]), totals=totals(5), sites=sites)
