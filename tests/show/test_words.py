"""French words: agreement, elision, status, rounding."""

from __future__ import annotations

import math

import pytest
from fakes import plain

from qpvkit.show.words import (
    dataset_banner,
    french,
    gap_text,
    is_count,
    is_null,
    is_share,
    of_name,
    people_text,
    reference_name,
    reference_place,
    value_text,
)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Lille", "de Lille"), ("Arras", "d'Arras"), ("Évry", "d'Évry"), ("Œuf", "d'Œuf"),
        ("Le Havre", "du Havre"), ("Les Mureaux", "des Mureaux"),
        ("La Rochelle", "de La Rochelle"), ("L'Haÿ-les-Roses", "de L'Haÿ-les-Roses"),
        ("Hem", "(Hem)"), ("Yutz", "de Yutz"), ("Yvetot", "d'Yvetot"), ("Lens", "de Lens"),
    ],
)  # fmt: skip
def test_de_before_a_name(label, words):
    assert plain(of_name(label)) == words


@pytest.mark.parametrize(
    ("value", "unit", "status", "words"),
    [
        (46.3, "pct", "ok", "46,3 %"), (math.nan, "pct", "secret", "s"),
        (math.nan, "pct", "missing", "nd"), (46.3, "pct", "estimated", "46,3 % (estimé)"),
        (46.3, "pct", "low_quality", "46,3 % (qualité faible)"), (math.nan, "pct", "ok", "–"),
        (0.0, "logements", "ok", "0 logement"), (1.0, "menages", "ok", "1 ménage"),
        (2.0, "menages", "ok", "2 ménages"), (1234567.0, "eur_an", "ok", "1 234 567 €/an"),
        (2.4, "personnes_par_logement", "ok", "2,4 pers./logement"),
    ],
)  # fmt: skip
def test_value_with_its_unit_and_status(value, unit, status, words):
    assert plain(value_text(value, unit, status=status)) == words


@pytest.mark.parametrize(
    ("gap", "words"),
    [(19.3, "+19,3 points"), (-1.94, "−1,9 point"), (2.0, "+2,0 points"), (0.01, "0,0 point"),
     (math.nan, "–")],
)  # fmt: skip
def test_gap_in_points_is_plural_from_two(gap, words):
    assert plain(gap_text(gap, "pct")) == words


def test_units():
    assert is_share("pct")
    assert not is_share("eur_an")
    assert is_count("personnes")
    assert not is_count("pct")
    assert is_null(0.04, "pct")
    assert not is_null(0.05001, "pct")


@pytest.mark.parametrize(
    ("people", "words"),
    [(10_347, "environ +10 300"), (-846, "environ −850"), (-3, "moins de 10"), (math.nan, "–")],
)
def test_people_are_rounded(people, words):
    assert plain(people_text(people)) == words


@pytest.mark.parametrize(
    ("kind", "label", "name", "place"),
    [
        ("commune", "Lille", "la commune de Lille", "dans la commune de Lille"),
        ("epci", "CA X", "l'intercommunalité CA X", "dans l'intercommunalité CA X"),
        ("departement", "Nord", "le département (Nord)", "dans le département (Nord)"),
        ("region", "Bretagne", "la région Bretagne", "dans la région Bretagne"),
        ("region", "Région fictive", "la région fictive", "dans la région fictive"),
        ("france", "France métropolitaine", "la France métropolitaine", "en France métropolitaine"),
        ("peers", "", "la médiane des autres quartiers", "en médiane dans les autres quartiers"),
    ],
)
def test_references_in_a_sentence(kind, label, name, place):
    assert plain(reference_name(kind, label)) == name
    assert plain(reference_place(kind, label)) == place


def test_typography():
    assert french("dans 10 000 cas, en 2021 12 fois") == "dans 10\u202f000 cas, en 2021 12 fois"
    assert french("« l'an » : 3 % ; oui !") == "«\xa0l’an\xa0»\xa0: 3\u202f%\u202f; oui\u202f!"


def test_banner_is_for_invented_data_only():
    assert "inventés" in dataset_banner("demo")
    assert dataset_banner("france") == ""
