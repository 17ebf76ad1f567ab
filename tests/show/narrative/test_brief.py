"""« En bref », read word for word; silent where nothing is known."""

from __future__ import annotations

import dataclasses

import fake_stakes
import pandas as pd
import pytest
from fakes import diagnostic, empty, plain

from qpvkit.show.narrative import describe

UNREAD = {"stakes": fake_stakes.nothing_ranked()}


def sentences(**changes) -> list[str]:
    return [plain(sentence) for sentence in describe(diagnostic(**changes))]


def test_the_whole_story():
    assert sentences() == [
        "Le quartier prioritaire « Les Lilas » (QN05901M, géographie prioritaire 2024) est situé à "
        "cheval sur les communes de Lille et d'Arras, dans l'intercommunalité Métropole Européenne "
        "de Lille.",
        "Il compte 3 240 habitants (millésime 2021).",
        "Les trois premiers enjeux sont parmi ces quatre, avec 90 % de chances : Pauvreté et "
        "faibles ressources (établi), Accès à l'emploi (probable), Emploi des femmes (incertain) "
        "et Faible qualification (incertain).",
        "Le classement dit ce qui distingue ce quartier parmi les autres (tous les quartiers de la "
        "même géographie) : pour une partie des indicateurs, aucune valeur n'est publiée au même "
        "millésime pour la commune de Lille.",
        "Pauvreté et faibles ressources, établi. Taux de pauvreté : 46,3 % (2021), contre 27,0 % "
        "dans la commune de Lille, quartier compris.",
        "Accès à l'emploi, probable. Taux d'emploi : 44,5 % (2020, qualité faible), contre 60,0 % "
        "dans la commune de Lille, quartier compris.",
        "Emploi des femmes, incertain. Part des emplois précaires : 20,0 % (2020), contre 21,5 % "
        "dans la commune de Lille, quartier compris.",
        "6 indicateurs sont publiés pour ce quartier sur les 11 que le catalogue attend.",
        "Parmi les autres, 1 est masqué par le producteur et 4 attendent des fichiers qui ne sont "
        "pas chargés.",
    ]


def test_without_a_ranking_the_gaps_that_are_established():
    assert sentences(**UNREAD)[2:6] == [
        "Classement sans objet : aucun enjeu assez mesuré sur six.",
        "Ce n'est pas une absence de problème : plus bas, ce que l'on sait, ce qui manque, et à "
        "qui le demander.",
        "Deux écarts défavorables sont établis, en points, avec la commune de Lille :",
        "Taux de pauvreté : 46,3 % (2021), contre 27,0 % dans la commune de Lille, quartier "
        "compris. L'écart est établi, dans un sens défavorable : +19,3 points (marge d'erreur : de "
        "+18,4 à +20,2 points), soit environ 10 300 habitants de plus que si le taux était celui "
        "de la commune.",
    ]


def test_with_two_stakes_the_ranking_is_pointless_and_the_gaps_are_named():
    table = fake_stakes.stakes()
    few = table.assign(scored=table.index < 2)
    told = sentences(stakes=few)
    assert told[2] == (
        "Classement sans objet : deux enjeux mesurés sur six, Pauvreté et faibles ressources "
        "(établi) et Accès à l'emploi (probable)."
    )
    assert any(sentence.startswith("Deux écarts défavorables") for sentence in told)


def test_no_stake_marked_is_said():
    table = fake_stakes.stakes().assign(prominence_low=-1.0)
    assert any(
        sentence.startswith("Pour aucun d'eux, on ne peut affirmer")
        for sentence in sentences(stakes=table)
    )


def test_a_gap_within_its_margin_is_not_named():
    told = sentences(**UNREAD)
    assert not any("précaires" in sentence for sentence in told)


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
    told = sentences(coverage=pd.concat([coverage, rest]))
    assert any(sentence.startswith(words) for sentence in told)
    assert "Parmi les autres, 1 est masqué par le producteur." in told


def test_no_coverage_no_sentence():
    d = diagnostic()
    told = sentences(coverage=empty(d.coverage))
    assert not any("catalogue" in sentence for sentence in told)


def test_no_gap_no_sentence():
    d = diagnostic()
    told = sentences(gaps=empty(d.gaps), **UNREAD)
    assert not any("écart" in sentence.lower() for sentence in told)


def test_no_unfavourable_gap_is_said():
    d = diagnostic()
    told = sentences(gaps=d.gaps[d.gaps["indicator"] == "precaires"], **UNREAD)
    assert (
        "Aucun écart défavorable n'est établi avec la commune de Lille sur 1 pourcentage "
        "comparable." in told
    )


def test_people_are_silent_without_a_base():
    d = diagnostic()
    told = sentences(gaps=d.gaps.assign(people=float("nan")), **UNREAD)
    assert not any("soit environ" in sentence for sentence in told)


def test_other_references_are_named():
    told = [plain(sentence) for sentence in describe(diagnostic(reference="france", **UNREAD))]
    assert "Un écart défavorable est établi, en points, avec la France métropolitaine :" in told
    assert any("14,9 % en France métropolitaine" in sentence for sentence in told)
    assert any(
        "soit environ 16 700 habitants de plus que si le taux était celui de la France." in sentence
        for sentence in told
    )


def test_context_is_never_a_gap():
    told = sentences(**UNREAD)
    assert not any("personnes seules" in sentence.lower() for sentence in told)


def test_page_escapes_names():
    d = diagnostic()
    place = dataclasses.replace(d.territory, label="<script>")
    assert "<script>" not in describe(diagnostic(territory=place))._repr_html_()
