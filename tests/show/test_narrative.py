"""The sentences, read word for word; silent where nothing is known."""

from __future__ import annotations

import dataclasses
import re

import pytest
from fakes import diagnostic, empty, plain

from qpvkit.show.narrative import describe


def sentences(**changes) -> list[str]:
    return [plain(sentence) for sentence in describe(diagnostic(**changes))]


def test_the_whole_story():
    assert sentences() == [
        "Le quartier prioritaire « Les Lilas » (QN05901M, géographie prioritaire 2024) est situé à "
        "cheval sur les communes de Lille et d'Arras, dans l'intercommunalité Métropole Européenne "
        "de Lille.",
        "Il compte 3 240 habitants (millésime 2021).",
        "6 indicateurs sont publiés pour ce quartier sur les 11 que le catalogue attend.",
        "Parmi les autres, 1 est masqué par le producteur et 4 attendent des fichiers qui ne sont "
        "pas chargés.",
        "Deux écarts défavorables, en points, avec la commune de Lille :",
        "Taux de pauvreté : 46,3 % dans le quartier, 27,0 % dans la commune de Lille, même "
        "millésime (2021) ; soit environ 10 300 habitants de plus que si le taux était celui de la "
        "commune (commune entière, quartier compris).",
        "Taux d'emploi : 44,5 % (qualité faible) dans le quartier, 60,0 % dans la commune de "
        "Lille, même millésime (2020) ; soit environ 330 personnes de 15 à 64 ans de moins que si "
        "le taux était celui de la commune (commune entière, quartier compris).",
        "Source : Insee, Revenus des quartiers ; Insee, Revenus des communes.",
    ]  # fmt: skip


def test_one_commune_and_no_population():
    d = diagnostic()
    place = dataclasses.replace(d.territory, population=float("nan"), population_vintage=None)
    told = sentences(places=d.places.iloc[[0]], territory=place)
    assert told[0].endswith("est situé dans la commune de Lille.")
    assert not any("habitant" in sentence for sentence in told[:2])


@pytest.mark.parametrize(
    ("published", "words"),
    [(0, "0 indicateur est publié"), (1, "1 indicateur est publié"), (2, "2 indicateurs sont")],
)
def test_agreement_of_the_coverage(published, words):
    d = diagnostic()
    coverage = d.coverage[d.coverage["status"] == "published"].iloc[:published]
    rest = d.coverage[d.coverage["status"] == "masked"]
    import pandas as pd

    told = sentences(coverage=pd.concat([coverage, rest]))
    assert any(sentence.startswith(words) for sentence in told)
    assert "Parmi les autres, 1 est masqué par le producteur." in told


def test_no_coverage_no_sentence():
    d = diagnostic()
    assert not any("catalogue" in sentence for sentence in sentences(coverage=empty(d.coverage)))


def test_no_gap_no_sentence():
    d = diagnostic()
    assert not any("écart" in sentence.lower() for sentence in sentences(gaps=empty(d.gaps)))


def test_no_unfavourable_gap_is_said():
    d = diagnostic()
    told = sentences(gaps=d.gaps[d.gaps["indicator"] == "precaires"])
    assert "Aucun écart défavorable avec la commune de Lille sur 1 pourcentage comparable." in told


def test_people_are_silent_without_a_base():
    d = diagnostic()
    told = sentences(gaps=d.gaps.assign(people=float("nan")))
    assert not any("soit environ" in sentence for sentence in told)


def test_other_references_are_named():
    d = diagnostic(reference="france")
    told = [plain(sentence) for sentence in describe(d)]
    assert "Un écart défavorable, en points, avec la France métropolitaine :" in told
    assert any("14,9 % en France métropolitaine" in sentence for sentence in told)
    assert any(
        "soit environ 16 700 habitants de plus que si le taux était celui de la France." in sentence
        for sentence in told
    )


def test_context_is_never_a_gap():
    assert not any("personnes seules" in sentence.lower() for sentence in sentences())


def test_it_names_gaps_and_ranks_nothing():
    for sentence in sentences():
        assert not re.search(r"enjeu|priorité|urgen|problème|alarm|souffr", sentence)


def test_page_escapes_names():
    d = diagnostic()
    place = dataclasses.replace(d.territory, label="<script>")
    assert "<script>" not in describe(diagnostic(territory=place))._repr_html_()
