"""Which territory a row is about."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import small_catalogue
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.load.keys import fold, read_keys


@pytest.fixture
def catalogue(tmp_path):
    return small_catalogue(tmp_path)


def pairs(named):
    """Return (kind, code) of each row, None where it names no territory."""
    return [
        None if pd.isna(code) else (kind, code)
        for kind, code in zip(named["kind"], named["code"], strict=True)
    ]


def read(catalogue, source, codes, labels=None, **options):
    labels = None if labels is None else pd.Series(labels)
    return pairs(
        read_keys(pd.Series(codes), labels, catalogue.source(source), catalogue, **options)
    )


# --- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Provence-Alpes-Côte d'Azur", "PROVENCE ALPES COTE D’AZUR"),
        ("Hauts-de-France", "  hauts de   france "),
        ("Saint-Étienne", "SAINT ETIENNE"),
        ("Œuilly", "oeuilly"),
        ("La\u00a0Réunion", "la reunion"),
    ],
)
def test_two_spellings_of_a_name_fold_alike(one, other):
    assert fold(one) == fold(other)


@settings(deadline=None)
@given(text=st.text(max_size=30))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


# --- codes of one kind -------------------------------------------------------------------------


def test_a_code_is_trimmed_padded_and_put_in_capitals(catalogue):
    assert read(catalogue, "cog", [" 1053", "2a004 ", "59350.0", "97411"]) == [
        ("commune", "01053"), ("commune", "2A004"), ("commune", "59350"), ("commune", "97411"),
    ]  # fmt: skip


def test_a_row_whose_code_is_not_of_the_kind_names_no_territory(catalogue):
    assert read(catalogue, "revenus", ["QP059074", "Source : Insee", "", "QP59074"]) == [
        ("qp", "QP059074"), None, None, None,
    ]  # fmt: skip


def test_an_old_siren_becomes_the_current_one(catalogue):
    assert read(catalogue, "epci", ["245900410", "200071751"]) == [
        ("epci", "200093201"), ("epci", "200071751"),
    ]  # fmt: skip


def test_a_label_that_contradicts_its_code_drops_the_row(catalogue):
    found = read(
        catalogue, "departements", ["1", "2", "59", "13"], ["Ain", "Nord", "Nord", "inconnu"]
    )
    assert found == [("departement", "01"), None, ("departement", "59"), ("departement", "13")]


# --- all kinds in one column -------------------------------------------------------------------


def test_the_form_of_a_code_tells_its_kind(catalogue):
    found = read(
        catalogue,
        "filosofi_disp",
        ["QP059074", "QN05972M", "59350", "2A004", "245900410", "200093201"],
        [""] * 6,
    )
    assert found == [
        ("qp", "QP059074"), ("qp", "QN05972M"), ("commune", "59350"), ("commune", "2A004"),
        ("epci", "200093201"), ("epci", "200093201"),
    ]  # fmt: skip


def test_two_digits_need_their_label(catalogue):
    found = read(
        catalogue,
        "filosofi_disp",
        ["01", "1", "93", "32", "59", "M", "59"],
        ["Ain", "Guadeloupe", "PACA", "HAUTS DE FRANCE", "Nord", "France métropolitaine", "Ain"],
    )
    assert found == [
        ("departement", "01"), ("region", "01"), ("region", "93"), ("region", "32"),
        ("departement", "59"), ("france", "FR-METRO"), None,
    ]  # fmt: skip


def test_two_digits_without_a_label_name_no_territory(catalogue):
    assert read(catalogue, "filosofi_disp", ["93", "59350"]) == [None, ("commune", "59350")]


def test_a_label_alone_names_a_place_in_any_spelling(catalogue):
    found = read(catalogue, "regions", ["Provence-Alpes-Côte d’Azur", "paca", "Note de lecture"])
    assert found == [("region", "93"), ("region", "93"), None]


# --- all the quartiers together ----------------------------------------------------------------


def test_the_row_of_all_quartiers_is_a_territory_of_its_own(catalogue):
    found = read(catalogue, "revenus", ["Ensemble", "QP059074"])
    assert found == [("ensemble_qp", "2015"), ("qp", "QP059074")]


@pytest.mark.parametrize(("neighbour", "zoning"), [("QP059074", "2015"), ("QN05972M", "2024")])
def test_the_codes_beside_tell_the_map_of_all_quartiers(catalogue, neighbour, zoning):
    found = read(catalogue, "filosofi", ["00", neighbour])
    assert found[0] == ("ensemble_qp", zoning)


@pytest.mark.parametrize(
    ("name", "zoning"),
    [("revenus_qp15.csv", "2015"), ("REVENUS_QPV2015.csv", "2015"), ("revenus_qp24.csv", "2024")],
)
def test_the_name_tells_the_map_when_nothing_else_does(catalogue, name, zoning):
    found = read(catalogue, "filosofi", ["Ensemble"], table_name=name)
    assert found == [("ensemble_qp", zoning)]
