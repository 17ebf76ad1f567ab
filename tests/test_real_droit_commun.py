"""The droit commun on the official files: figures that their producers publish, with grades."""

from __future__ import annotations

import math

import pytest

import qpvkit as qk
from qpvkit.diagnostic.droit_commun.money import read_perequation, read_posts
from qpvkit.diagnostic.droit_commun.reach import locate, read_reach
from qpvkit.diagnostic.droit_commun.region import read_inequality
from qpvkit.diagnostic.droit_commun.scope import find_scope
from qpvkit.load.store import Store
from qpvkit.measure.droit_commun.rules import AccessRules
from qpvkit.settings import Settings

pytestmark = pytest.mark.real

MEL = "CN05911M"
RULES = AccessRules.from_catalogue(qk.load_catalogue())


@pytest.fixture(scope="module")
def lines(real_store: Store, real_settings: Settings):
    return qk.load_funding(settings=real_settings, store=real_store)


@pytest.fixture(scope="module")
def lille(real_store: Store, real_settings: Settings):
    return find_scope(MEL, settings=real_settings, store=real_store)


@pytest.fixture(scope="module")
def points(real_settings: Settings, real_store: Store):
    return locate(qk.load_services(settings=real_settings))


def test_posts_of_lille_are_over_its_quartiers_added_up(lines, lille):
    """242 231 inhabitants (INSEE, added up), not the 683 713 printed in the table of contrats."""
    assert lille.population == 242_231
    posts = read_posts(lines, lille).set_index("source").loc["anct_adultes_relais"]
    assert (posts["year"], posts["posts"], posts["population"]) == (2024, 214, 242_231)
    assert posts["posts_per_10000"] == pytest.approx(8.83, abs=0.01)
    assert posts["evidence_grade"] == "B"


def test_detr_and_dsil_of_the_hauts_de_france_with_and_without_quartiers(
    lines, lille, real_store, real_settings
):
    found = read_perequation(
        lines, lille, settings=real_settings, store=real_store, catalogue=qk.load_catalogue()
    )
    assert [item.year for item in found] == [2018, 2019]
    raw = found[-1].comparison.groups.set_index("has_qp")["per_inhabitant"]
    assert raw[True] == pytest.approx(9.81, abs=0.01)
    assert raw[False] == pytest.approx(20.99, abs=0.01)
    comparison = found[-1].comparison
    assert comparison.low < 0 < comparison.high  # not established between communes alike
    own = found[-1].communes.set_index("label")
    assert math.isnan(own.loc["Lille", "expected"])  # no commune alike, nothing is said of it
    cents = lines.loc[lines["flags"].str.contains("perequation"), "amount_cents"]
    assert cents.dtype == "int64"  # kept to the cent


def test_france_services_within_reach_of_lille_beside_the_rest(lille, points, real_store):
    reach = read_reach(lille, services=points, store=real_store, rules=RULES)
    assert reach is not None
    row = reach.access.set_index("service").loc["france_services"]
    assert row["within"] == pytest.approx(0.15, abs=0.01)
    assert row["reference_within"] < row["within"]
    assert row["evidence_grade"] == "C"
    assert reach.around[1] == "200093201"
    assert abs(reach.silent) < 1_000
    assert len(reach.quartiers) == 26


def test_france_services_across_the_204_quartiers_of_the_region(lille, points, real_store):
    found = read_inequality(
        lille, services=points, store=real_store, rules=RULES, minimum=10, confidence=0.95
    ).set_index("measure")
    assert found.loc["theil", "quartiers"] == 204
    assert found.loc["concentration", "quartiers"] == 197  # poverty published for 197 of them
    assert found["residents"].iloc[0] == pytest.approx(0.19, abs=0.01)
    assert found.loc["concentration", "low"] < 0 < found.loc["concentration", "high"]


def test_nothing_is_measured_of_services_that_no_partner_counts(real_settings, real_store):
    found = qk.diagnose_droit_commun("QP059066", dataset="france", store=real_store)
    assert found.equity.empty
    assert found.measurability == 0
    assert found.sheet.loc[found.sheet["alert"], "effort"].eq("unknown").all()
    assert found.sheet["stake"].iloc[0] == "acces_soins"  # established, ordinary effort unknown
    text = qk.describe_droit_commun(found).markup
    assert "effort de droit commun n’y est pas connu" in text
