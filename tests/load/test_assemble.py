"""Joining what every file gave: who wins, what is completed, what is counted."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import WORDS, small_catalogue, square, tidy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from qpvkit.load.assemble import assemble

FIVES = ("QN05901M", "taux_pauvrete", 2021, 40.0)
RESIDENCE = ("qp", "QN05972M", "commune", "59350"), ("qp", "QN05972M", "commune", "59328")


@pytest.fixture
def catalogue(tmp_path):
    return small_catalogue(tmp_path)


def join(catalogue, *tables):
    """Join tables, at least one observation given: the store never holds none."""
    return assemble([tidy(observations=[FIVES]), *tables], catalogue)


def value_of(assembled, code="QN05972M", indicator="taux_pauvrete", column="value"):
    """Return a cell of the observations of one quartier, by vintage."""
    rows = assembled.observations
    rows = rows.loc[rows["code"].eq(code) & rows["indicator"].eq(indicator)]
    return rows.set_index("vintage")[column].to_dict()


def parents(assembled, code, within_kind):
    """Return the links of a territory to a kind of parent, by code of the parent."""
    links = assembled.memberships
    rows = links.loc[links["code"].eq(code) & links["within_kind"].eq(within_kind)]
    return rows.set_index("within_code")


# --- observations ------------------------------------------------------------------------------


def rate(value, *, vintage=2021, **options):
    """Return a table that gives one poverty rate."""
    return tidy(observations=[("QN05972M", "taux_pauvrete", vintage, value)], **options)


def test_the_official_value_beats_that_of_a_third_party(catalogue):
    official, third = rate(46.3), rate(46.0, source="compile", edition="2024")
    for tables in ((official, third), (third, official)):
        found = join(catalogue, *tables)
        assert value_of(found) == {2021: 46.3}
        assert value_of(found, column="source") == {2021: "revenus"}


def test_an_official_secret_is_not_filled_by_a_third_party(catalogue):
    found = join(catalogue, rate(None), rate(46.0, source="compile", edition="2024"))
    assert value_of(found, column="status") == {2021: "secret"}
    assert pd.isna(value_of(found)[2021])


def test_a_third_party_serves_where_the_producer_says_nothing(catalogue):
    found = join(catalogue, rate(46.0, source="compile", edition="2024"))
    assert value_of(found, column="source") == {2021: "compile"}


def test_the_later_edition_wins(catalogue):
    old, new = rate(46.3, edition="2021"), rate(46.4, edition="2022")
    for tables in ((old, new), (new, old)):
        found = join(catalogue, *tables)
        assert value_of(found) == {2021: 46.4}
        assert value_of(found, column="edition") == {2021: "2022"}


def test_a_published_value_beats_a_secret_of_the_same_producer(catalogue):
    found = join(catalogue, rate(46.3, edition="2021"), rate(None, edition="2022"))
    assert value_of(found) == {2021: 46.3}
    assert value_of(found, column="status") == {2021: "ok"}


def test_two_vintages_are_two_observations(catalogue):
    found = join(catalogue, rate(46.3, vintage=2021), rate(44.0, vintage=2018))
    assert value_of(found) == {2021: 46.3, 2018: 44.0}
    assert found.counts["conflicts"] == 0


def test_a_value_without_vintage_is_kept_apart(catalogue):
    found = join(catalogue, rate(46.3), rate(44.0, vintage=None, source="occitanie", edition=""))
    assert len(value_of(found)) == 2


@pytest.mark.parametrize(
    ("one", "other", "conflicts"),
    [(46.3, 46.3, 0), (46.3, 46.0, 0), (46.3, 44.0, 1), (0.0, 0.04, 0), (0.0, 0.2, 1),
     (46.3, None, 0)],
)  # fmt: skip
def test_what_differs_beyond_rounding_is_counted(catalogue, one, other, conflicts):
    found = join(catalogue, rate(one), rate(other, source="compile", edition="2024"))
    assert found.counts["conflicts"] == conflicts


def test_the_counts_of_every_table_are_added(catalogue):
    found = join(catalogue, rate(1.0), rate(2.0, vintage=2020))
    assert [found.counts[key] for key in ("rows", "ignored", "masked", "repaired", "repeated")] == [
        3, 3, 3, 3, 3,
    ]  # fmt: skip


@given(order=st.permutations(range(4)))
@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12
)
def test_the_order_of_the_files_does_not_matter(catalogue, order):
    tables = [
        rate(46.3, edition="2021"), rate(46.4, edition="2022"),
        rate(46.0, source="compile", edition="2024"), rate(None, vintage=2018),
    ]  # fmt: skip
    found = join(catalogue, *(tables[place] for place in order))
    assert value_of(found)[2021] == 46.4
    assert value_of(found, column="status") == {2018: "secret", 2021: "ok"}
    assert found.counts["conflicts"] == 0


# --- bases -------------------------------------------------------------------------------------


def counted(*years):
    return tidy(
        observations=[("QN05972M", "population", year, float(count)) for year, count in years],
        source="demographie",
    )


def test_a_share_gets_the_count_of_its_own_vintage(catalogue):
    found = join(catalogue, rate(46.3), counted((2020, 4000), (2021, 5000)))
    assert value_of(found, column="base") == {2021: 5000.0}
    assert value_of(found, column="base_vintage") == {2021: 2021}


def test_else_the_count_of_the_nearest_vintage(catalogue):
    found = join(catalogue, rate(46.3), counted((2018, 4000), (2022, 5000)))
    assert value_of(found, column="base") == {2021: 5000.0}
    assert value_of(found, column="base_vintage") == {2021: 2022}


@pytest.mark.parametrize(("limit", "served"), [("3.0", True), ("2.0", False)])
def test_a_count_too_far_away_does_not_serve(tmp_path, limit, served):
    words = {"words.toml": WORDS.replace("value = 3.0", f"value = {limit}")}
    catalogue = small_catalogue(tmp_path, replace=words)
    base = value_of(join(catalogue, rate(46.3), counted((2018, 4000))), column="base")[2021]
    assert (base == 4000.0) if served else pd.isna(base)


def test_the_count_of_another_quartier_does_not_serve(catalogue):
    elsewhere = tidy(observations=[("QN05902M", "population", 2021, 9.0)], source="demographie")
    found = join(catalogue, rate(46.3), elsewhere)
    assert pd.isna(value_of(found, column="base")[2021])


def test_an_indicator_without_base_keeps_none(catalogue):
    median = tidy(observations=[("QN05972M", "revenu_median", 2021, 13100.0)])
    found = join(catalogue, median, counted((2021, 5000)))
    assert pd.isna(value_of(found, indicator="revenu_median", column="base")[2021])


def test_a_base_that_the_file_gives_is_kept(catalogue):
    table = rate(46.3)
    table.observations["base"] = 130.0
    found = join(catalogue, table, counted((2021, 5000)))
    assert value_of(found, column="base") == {2021: 130.0}
    assert value_of(found, column="base_vintage") == {2021: 2021}


# --- territories -------------------------------------------------------------------------------


def territory(assembled, kind, code):
    rows = assembled.territories
    (row,) = rows.loc[rows["kind"].eq(kind) & rows["code"].eq(code)].to_dict("records")
    return row


def test_the_most_official_source_names_a_territory(catalogue):
    found = join(
        catalogue,
        tidy(territories=[("qp", "QN05972M", "OLIVEAUX")], priority=1),
        tidy(territories=[("qp", "QN05972M", "Les Oliveaux")], priority=9),
        tidy(territories=[("qp", "QN05972M", "")], priority=12),
    )
    assert territory(found, "qp", "QN05972M")["label"] == "Les Oliveaux"


def test_a_territory_that_only_has_values_is_listed_under_its_code(catalogue):
    found = join(catalogue, rate(46.3))
    row = territory(found, "qp", "QN05972M")
    assert (row["label"], row["zoning"]) == ("QN05972M", 2024)


def test_a_region_that_a_file_names_bears_the_label_of_the_catalogue(catalogue):
    found = join(catalogue, tidy(territories=[("region", "93", "PACA")], priority=1))
    assert territory(found, "region", "93")["label"] == "Provence-Alpes-Côte d'Azur"
    codes = found.territories.loc[found.territories["kind"].eq("region"), "code"]
    assert codes.tolist() == ["93"]


def test_the_latest_observed_population_is_taken_with_its_vintage(catalogue):
    found = join(catalogue, counted((2018, 4000), (2021, 5000)))
    row = territory(found, "qp", "QN05972M")
    assert (row["population"], row["population_vintage"]) == (5000.0, 2021)


def test_else_the_population_of_the_code_geographique_without_vintage(catalogue):
    found = join(
        catalogue,
        tidy(territories=[("commune", "59350", "Lille")], population={"59350": 236234.0}),
    )
    row = territory(found, "commune", "59350")
    assert row["population"] == 236234.0
    assert pd.isna(row["population_vintage"])


def test_a_territory_of_which_nobody_tells_the_population_has_none(catalogue):
    assert pd.isna(territory(join(catalogue, rate(1.0)), "qp", "QN05972M")["population"])


def test_the_map_of_a_quartier_is_in_its_code(catalogue):
    table = tidy(territories=[("qp", "QP059074", "a"), ("qp", "QN05972M", "b"),
                              ("commune", "59350", "Lille")])  # fmt: skip
    found = join(catalogue, table)
    assert territory(found, "qp", "QP059074")["zoning"] == 2015
    assert territory(found, "qp", "QN05972M")["zoning"] == 2024
    assert pd.isna(territory(found, "commune", "59350")["zoning"])


def test_the_contour_of_the_most_official_source_is_kept(catalogue):
    rough, exact = square(3, 50), square(3, 50, 0.02)
    key = ("qp", "QN05972M")
    found = join(
        catalogue, tidy(shapes={key: exact}, priority=9), tidy(shapes={key: rough}, priority=1)
    )
    assert found.shapes["code"].tolist() == ["QN05972M"]
    assert found.shapes.geometry.iloc[0].equals(exact)
    assert territory(found, "qp", "QN05972M")["zoning"] == 2024


def test_a_list_alone_can_be_joined_before_any_indicator_is_added(catalogue):
    found = assemble([tidy(territories=[("qp", "QN05972M", "Les Oliveaux")])], catalogue)
    assert found.observations.empty
    assert found.territories["label"].tolist() == ["Les Oliveaux"]


# --- memberships -------------------------------------------------------------------------------

COMMUNES = tidy(
    territories=[("commune", "59350", "Lille"), ("commune", "59328", "Lambersart"),
                 ("commune", "62498", "Lens"), ("commune", "13055", "Marseille"),
                 ("commune", "59009", "Villeneuve-d'Ascq")],
    source="cog",
    priority=10,
)  # fmt: skip


def test_the_names_of_communes_become_codes_within_the_departement(catalogue):
    links = tidy(
        memberships=[("qp", "QP059074", "commune", "~LILLE"),
                     ("qp", "QP059074", "commune", "~Villeneuve d’Ascq"),
                     ("qp", "QP059074", "commune", "~Lens")],
        source="demographie",
    )  # fmt: skip
    found = join(catalogue, COMMUNES, links)
    assert set(parents(found, "QP059074", "commune").index) == {"59350", "59009"}
    assert found.counts["unresolved_communes"] == 1


def test_an_older_name_of_a_commune_is_understood(catalogue):
    older = tidy(territories=[("commune", "59328", "Lambersart-lez-Lille")], priority=1)
    links = tidy(memberships=[("qp", "QP059074", "commune", "~Lambersart-lez-Lille")])
    found = join(catalogue, COMMUNES, older, links)
    assert parents(found, "QP059074", "commune").index.tolist() == ["59328"]


def test_an_arrondissement_stands_for_its_commune(catalogue):
    links = tidy(
        memberships=[("qp", "QP013001", "commune", "~Marseille 3e Arrondissement"),
                     ("qp", "QP013002", "commune", "~Marseille 1er Arrondissement")]
    )  # fmt: skip
    found = join(catalogue, COMMUNES, links)
    assert parents(found, "QP013001", "commune").index.tolist() == ["13055"]
    assert parents(found, "QP013002", "commune").index.tolist() == ["13055"]
    assert found.counts["unresolved_communes"] == 0


def test_the_source_that_knows_best_gives_the_parents_of_a_kind(catalogue):
    found = join(
        catalogue,
        tidy(memberships=[("qp", "QN05972M", "commune", "59350")], source="compile"),
        tidy(memberships=list(RESIDENCE), source="perimetres"),
    )
    assert set(parents(found, "QN05972M", "commune").index) == {"59350", "59328"}


def test_departement_and_region_are_derived_from_the_code(catalogue):
    found = join(catalogue, tidy(memberships=list(RESIDENCE)))
    assert parents(found, "QN05972M", "departement").index.tolist() == ["59"]
    assert parents(found, "QN05972M", "region").index.tolist() == ["32"]


def test_the_intercommunalite_is_that_of_the_commune(catalogue):
    epci = tidy(memberships=[("commune", "59350", "epci", "200093201")], source="epci")
    found = join(catalogue, tidy(memberships=[RESIDENCE[0]]), epci)
    assert parents(found, "QN05972M", "epci").index.tolist() == ["200093201"]


def test_an_intercommunalite_that_is_declared_is_not_derived(catalogue):
    epci = tidy(memberships=[("commune", "59350", "epci", "200093201")], source="epci")
    declared = tidy(memberships=[RESIDENCE[0], ("qp", "QN05972M", "epci", "200071751")])
    found = join(catalogue, epci, declared)
    assert parents(found, "QN05972M", "epci").index.tolist() == ["200071751"]


def test_a_lone_parent_holds_the_whole(catalogue):
    row = parents(join(catalogue, tidy(memberships=[RESIDENCE[0]])), "QN05972M", "commune")
    assert row.loc["59350", ["share", "share_basis", "main"]].tolist() == [1.0, "whole", True]


def test_the_main_commune_is_that_of_the_larger_surface(catalogue):
    shapes = {
        ("qp", "QN05972M"): box(3.00, 50.60, 3.04, 50.61),
        ("commune", "59350"): box(2.9, 50.5, 3.01, 50.7),
        ("commune", "59328"): box(3.01, 50.5, 3.2, 50.7),
    }
    found = join(
        catalogue,
        tidy(
            territories=[("commune", "59350", "Lille"), ("commune", "59328", "Lambersart")],
            population={"59350": 236234.0, "59328": 27000.0},
            memberships=list(RESIDENCE),
            shapes=shapes,
        ),
    )
    rows = parents(found, "QN05972M", "commune")
    assert rows["share"].to_dict() == pytest.approx({"59350": 0.25, "59328": 0.75}, abs=1e-3)
    assert set(rows["share_basis"]) == {"surface"}
    assert rows["main"].to_dict() == {"59350": False, "59328": True}


def test_without_contours_the_main_commune_is_the_most_populated(catalogue):
    found = join(
        catalogue,
        tidy(
            territories=[("commune", "59350", "Lille"), ("commune", "59328", "Lambersart")],
            population={"59350": 236234.0, "59328": 27000.0},
            memberships=list(RESIDENCE),
        ),
    )
    rows = parents(found, "QN05972M", "commune")
    assert rows["main"].to_dict() == {"59328": False, "59350": True}
    assert rows["share"].isna().all()
    assert set(rows["share_basis"]) == {""}


def test_a_contour_missing_for_one_commune_gives_no_share_to_the_other(catalogue):
    shapes = {
        ("qp", "QN05972M"): box(3.00, 50.60, 3.04, 50.61),
        ("commune", "59350"): box(2.9, 50.5, 3.2, 50.7),
    }
    found = join(catalogue, tidy(memberships=list(RESIDENCE), shapes=shapes))
    assert parents(found, "QN05972M", "commune")["share"].isna().all()


def test_contours_that_do_not_meet_give_no_share(catalogue):
    shapes = {
        ("qp", "QN05972M"): square(3.00, 50.60), ("commune", "59350"): square(5.3, 43.3),
        ("commune", "59328"): square(5.4, 43.3),
    }  # fmt: skip
    found = join(catalogue, tidy(memberships=list(RESIDENCE), shapes=shapes))
    assert parents(found, "QN05972M", "commune")["share"].isna().all()
    assert parents(found, "QN05972M", "commune")["main"].sum() == 1


def test_every_territory_has_exactly_one_main_parent_of_a_kind(catalogue):
    found = join(
        catalogue,
        tidy(memberships=[*RESIDENCE, ("qp", "QN05901M", "commune", "59350"),
                          ("commune", "59350", "epci", "200093201"),
                          ("commune", "59328", "epci", "200093201")]),
    )  # fmt: skip
    links = found.memberships
    mains = links.groupby(["kind", "code", "within_kind"])["main"].sum()
    assert mains.eq(1).all()
    assert not links.duplicated(["kind", "code", "within_kind", "within_code"]).any()
