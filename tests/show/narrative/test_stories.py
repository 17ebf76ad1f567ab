"""What is said of each stake: from the tables of the same page, two to six sentences."""

from __future__ import annotations

import re

import fake_stakes
import pandas as pd
from fakes import diagnostic, plain

from qpvkit.show.evidence import evidence_table
from qpvkit.show.narrative import tell_stakes


def stories(**changes) -> dict[str, list[str]]:
    return {
        story.stake: [plain(sentence) for sentence in story.sentences]
        for story in tell_stakes(diagnostic(**changes))
    }


def test_the_whole_story_of_an_established_stake():
    assert stories()["pauvrete"] == [
        "Taux de pauvreté : 46,3 % (2021), contre 27,0 % dans la commune de Lille, quartier "
        "compris.",
        "L'écart est établi, dans un sens défavorable : en estimation corrigée, +19,0 points "
        "(marge d'erreur : de +18,1 à +19,9 points), soit environ 10 100 habitants de plus que si "
        "le taux était celui de la commune.",
        "Parmi les autres quartiers (médiane : 44,0 %), cette valeur sort de l'étendue habituelle.",
        "Enjeu établi, 1er sur 5 : il est dans le trio de tête dans plus de 99 % des simulations "
        "si seules les données varient, 97 % si les choix de méthode varient aussi.",
        "Il est plus marqué ici que dans la moitié des quartiers.",
    ]


def test_the_others_are_named_by_what_they_say():
    assert stories()["acces_emploi"][3] == (
        "Autre indicateur retenu : non conclusif ou similaire, « Emplois précaires »."
    )


def test_a_stake_less_marked_is_told_by_what_agrees():
    told = stories()["acces_soins"]
    assert "Il est moins marqué ici que dans la moitié des quartiers." in told
    assert any("dans un sens favorable" in sentence for sentence in told)


def test_a_stake_not_established_says_what_is_missing_and_whom_to_ask():
    assert stories()["parc_social_vacant"] == [
        "Vacance des logements : enjeu non établi, 0 indicateur lu sur 2 ; manquent « Vacance » "
        "(non disponible) et « Sans diplôme » (trop ancien).",
        "À qui le demander – Insee : demander un regroupement.",
    ]


def test_two_to_six_sentences():
    for name, told in stories().items():
        assert 2 <= len(told) <= 6, name


def test_numbers_are_those_of_the_evidence_table():
    d = diagnostic()
    for story in tell_stakes(d):
        if not story.scored:
            continue
        cells = plain(" ".join(evidence_table(d, stake=story.stake).frame.to_numpy().ravel()))
        for sentence in story.facts[:2]:
            for figure in re.findall(r"[+−]?\d[\d ]*,\d+", plain(sentence)):
                if "seuil" not in sentence or figure != "2,0":
                    assert figure in cells, (story.stake, figure)


def test_an_established_stake_is_not_contradicted_by_its_own_margin():
    table = fake_stakes.stakes()
    table.loc[0, "prominence_low"] = -0.05
    told = stories(stakes=table)["pauvrete"]
    assert not any("Rien ne permet" in sentence for sentence in told)


def test_silence_about_people_without_a_base_and_about_what_was_not_tested():
    d = diagnostic()
    evidence = d.evidence.assign(base=float("nan"))
    profile = d.profile.assign(unusual=pd.array([pd.NA] * len(d.profile), dtype="boolean"))
    told = stories(evidence=evidence, profile=profile)["pauvrete"]
    assert not any("soit" in sentence for sentence in told)
    assert not any("habituelle" in sentence for sentence in told)


def test_an_untested_difference_is_not_called_a_gap():
    d = diagnostic()
    evidence = d.evidence.assign(different=pd.array([pd.NA] * len(d.evidence), dtype="boolean"))
    told = stories(evidence=evidence)["pauvrete"]
    assert not any("écart" in sentence for sentence in told)
    assert any("La différence est nette" in sentence for sentence in told)
