"""The official files of credits and services: every figure asserted here is in their notice."""

from __future__ import annotations

from decimal import Decimal

import pytest

import qpvkit as qk
from qpvkit.load.funding import load_commune_profiles
from qpvkit.load.intake import Taken
from qpvkit.load.store import Store
from qpvkit.measure.perequation import compare_communes, per_inhabitant
from qpvkit.settings import Settings

pytestmark = pytest.mark.real

MEL = "CN05911M"
# posts, millions of euros: ANCT's files of adult relays
RELAYS = {2020: (4660, 92.6), 2021: (5377, 107.9), 2022: (5623, 119.5), 2023: (5416, 122.2),
          2024: (4949, 112.9)}  # fmt: skip
DUPLICATES = {2020: 22, 2021: 23, 2022: 23, 2023: 0, 2024: 0}  # exact, FONJEP


@pytest.fixture(scope="module")
def summaries(real_taken: dict[str, Taken], real_settings: Settings):
    return qk.import_summaries(settings=real_settings)


@pytest.fixture(scope="module")
def lines(real_store: Store, real_settings: Settings):
    return qk.load_funding(settings=real_settings, store=real_store)


def test_no_line_and_no_cent_is_lost(summaries, lines):
    assert len(summaries) == 12
    assert all(summary.balanced for summary in summaries)
    assert sum(summary.lines for summary in summaries) == 84_502
    assert sum(summary.kept for summary in summaries) == len(lines) == 84_434
    kept = sum(total.kept for summary in summaries for total in summary.totals)
    assert lines["amount_cents"].sum() == kept


@pytest.mark.parametrize("year", list(RELAYS))
def test_relays_are_counted_as_published(lines, year):
    posts = lines.loc[lines["source"].eq("anct_adultes_relais") & lines["year"].eq(year)]
    count, millions = RELAYS[year]
    assert len(posts) == count
    assert round(posts["amount_cents"].sum() / 1e8, 1) == millions
    assert posts["nominal"].all()
    assert posts["amount_cents"].nunique() == 1  # one unit cost: it counts posts


@pytest.mark.parametrize("year", list(DUPLICATES))
def test_exact_duplicates_of_fonjep_are_set_aside(summaries, year):
    (summary,) = [item for item in summaries if item.file == f"postes-fonjep-{year}.json"]
    assert summary.aside.get("doublon exact", 0) == DUPLICATES[year]
    assert all(total.read == total.kept + total.aside for total in summary.totals)


def test_posts_without_a_contrat_are_counted(summaries):
    flags = {item.file: item.flags for item in summaries}
    assert flags["adulte-relais-2023.json"]["sans_code"] == 52
    assert flags["postes-fonjep-2024.json"]["sans_code"] == 101
    assert flags["adulte-relais-2024.json"]["identifiant_repete"] == 456  # 228 posts, two rows


def test_projects_add_up_to_the_published_amounts(lines):
    projects = lines.loc[lines["source"].str.startswith("dgcl")]
    sums = projects.groupby(["year", "programme"])["amount_cents"].sum()
    assert [round(sums[2019, name] / 1e8, 1) for name in ("DETR", "DSIL", "DSID")] == [
        977.6, 554.5, 175.9,
    ]  # fmt: skip
    assert sums[2018].sum() == int(Decimal("1626457099.20") * 100)


def test_projects_of_the_hauts_de_france(lines, real_store):
    links = real_store.memberships(kind="commune")
    within = links["within_kind"].eq("region") & links["within_code"].eq("32")
    communes = set(links.loc[within, "code"])
    held = links["within_kind"].eq("epci") & links["code"].isin(communes)
    inside = {("commune", code) for code in communes}
    inside |= {("epci", code) for code in links.loc[held, "within_code"]}
    inside.add(("epci", "246201149"))  # CA du Calaisis, which has another SIREN since
    projects = lines.loc[lines["source"].eq("dgcl_projets_investissement_2019")]
    mine = [pair in inside for pair in zip(projects["kind"], projects["code"], strict=True)]
    found = projects.loc[mine].groupby("programme")["amount_cents"].agg(["size", "sum"])
    assert (found["size"]["DETR"], round(found["sum"]["DETR"] / 1e8, 1)) == (2188, 67.7)
    assert (found["size"]["DSIL"], round(found["sum"]["DSIL"] / 1e8, 1)) == (361, 48.9)


def test_the_population_of_lille_counts_each_quartier_once(real_settings, real_store):
    contracts = qk.load_contracts(settings=real_settings, store=real_store).contracts
    lille = contracts.set_index("code").loc[MEL]
    assert (lille["quartiers"], lille["population"]) == (26, 242_231)
    former = qk.load_contracts(zoning=2015, settings=real_settings, store=real_store).contracts
    assert former.set_index("code").loc["CV192", "population"] == 207_382


def test_posts_per_contrat_over_the_true_population(lines, real_settings, real_store):
    contracts = qk.load_contracts(settings=real_settings, store=real_store).contracts
    posts = lines.loc[lines["source"].eq("anct_adultes_relais") & lines["year"].eq(2024)]
    lille = per_inhabitant(posts, contracts).set_index("code").loc[MEL]
    assert lille["lines"] == 214
    assert lille["lines_per_10000"] == pytest.approx(214 / 242_231 * 10_000)
    assert set(posts["evidence_grade"]) == {"B"}


@pytest.mark.parametrize("year", [2018, 2019])
def test_detr_and_dsil_per_inhabitant_in_the_hauts_de_france(
    lines, real_settings, real_store, year
):
    communes = load_commune_profiles(
        zoning=2015, vintage=year, region="32", settings=real_settings, store=real_store
    )
    wanted = lines["kind"].eq("commune") & lines["year"].eq(year)
    found = compare_communes(communes, lines.loc[wanted & lines["programme"].ne("DSID")])
    raw = found.groups.set_index("has_qp")["per_inhabitant"]
    assert raw[True] < raw[False]  # before matching: size, mostly
    assert len(found.pairs) + len(found.unmatched) <= communes["has_qp"].sum()
    assert found.balance["after"].abs().max() < 0.25
    assert found.low < found.difference < found.high
    assert {"59350", "80021"} <= set(found.unmatched)  # Lille, Amiens: no commune alike


def test_france_services_have_a_place(real_taken, real_settings):
    points = qk.load_services(settings=real_settings)
    assert len(points) == 2845
    assert points["x"].notna().all()
    region = points["commune"].str[:2].isin(["02", "59", "60", "62", "80"])
    assert region.sum() == 205
