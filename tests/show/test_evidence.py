"""Tables of the stakes: ranks, evidence, reasons, whom to ask, publics."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import fake_stakes
import pandas as pd
import pytest
from fakes import diagnostic, empty, plain

from qpvkit.show.blocks import Note, Table
from qpvkit.show.evidence import evidence_table, missing_stakes_table, stakes_table
from qpvkit.show.publics import publics_table
from qpvkit.show.voices import voices_table

ALL = {
    "stakes": stakes_table,
    "evidence": lambda d: evidence_table(d, stake="acces_emploi"),
    "missing": missing_stakes_table,
    "publics": publics_table,
}


def cells(table: Table, column: str) -> list[str]:
    return [plain(text) for text in table.frame[column]]


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_table_is_accessible_and_the_same_at_each_run(make):
    table = make(diagnostic())
    root = ET.fromstring(f"<body>{table.to_html()}</body>")
    assert root.find(".//caption").get("id") == table.name
    assert all(head.get("scope") == "col" for head in root.findall(".//thead//th"))
    assert make(diagnostic()).to_html() == table.to_html()


def test_stakes_by_rank_then_what_is_not_established():
    table = stakes_table(diagnostic())
    assert cells(table, "Verdict") == [
        "établi", "probable", "incertain", "incertain", "incertain", "non établi",
    ]  # fmt: skip
    assert cells(table, "Rang")[:2] == ["rang 1", "rang 1 à 4"]
    assert cells(table, "Ampleur")[0] == "+0,9 (de +0,7 à +1,0)"
    assert cells(table, "Trio de tête, données")[0] == "plus de 99 %"
    assert cells(table, "Ensemble de tête") == ["oui", "oui", "oui", "oui", "non", "–"]
    assert cells(table, "Indicateurs lus")[1] == "2 sur 3"
    assert "au hasard : 60 %" in plain(table.caption)


def test_the_contract_and_the_votes_are_laid_beside_the_statistics():
    heard = fake_stakes.stakes().assign(
        adopted=pd.array([True, False, pd.NA, False, False, True], dtype="boolean"),
        voice=[40.0, 0.0, 10.0, 20.0, 5.0, 25.0], voice_low=[30.0, *[float("nan")] * 5],
        voice_high=[50.0, *[float("nan")] * 5], respondents=9,
        quadrant=["shared", "blind_spot", "watched", "felt", "watched", "felt"],
    )  # fmt: skip
    table = voices_table(diagnostic(stakes=heard, contract="Contrat de Lens"))
    assert cells(table, "Enjeu")[:2] == ["Pauvreté et faibles ressources", "Accès à l'emploi"]
    assert [group.split("\xa0:")[0] for group in dict.fromkeys(table.groups)] == [
        "Priorités partagées", "Angles morts", "Ressentis", "À suivre",
    ]  # fmt: skip
    assert cells(table, "Part des voix")[:3] == ["40 % (de 30 à 50 %)", "0 %", "25 %"]
    assert cells(table, "Le contrat")[:3] == ["retenu", "non retenu", "retenu"]
    assert "9 personnes ont voté (Contrat de Lens)" in plain(table.caption)


def test_without_contract_nor_vote_the_statistics_speak_alone():
    note = voices_table(diagnostic())
    assert isinstance(note, Note)
    assert "parlent ici seules" in note.text


def test_a_stake_that_no_indicator_measures_says_so():
    table = fake_stakes.stakes()
    table.loc[5, "expected"] = 0
    missing = missing_stakes_table(diagnostic(stakes=table))
    assert cells(missing, "Indicateurs lus") == ["aucun ne le mesure"]


def test_nothing_ranked_leaves_the_numbers_out():
    table = stakes_table(diagnostic(stakes=fake_stakes.nothing_ranked()))
    assert list(table.frame.columns) == ["Enjeu", "Verdict", "Indicateurs lus"]


def test_evidence_as_published_and_with_its_luck_taken_back():
    table = evidence_table(diagnostic(), stake="pauvrete")
    assert cells(table, "Publié")[0] == "46,3 % (de 44,4 à 48,2 %)"
    assert cells(table, "Comparé à")[0] == "La commune de Lille : 27,0 %"
    assert cells(table, "Écart publié")[0] == "+19,3 points (de +18,4 à +20,2 points)"
    assert cells(table, "Écart corrigé de la chance")[0] == (
        "+19,0 points (de +18,1 à +19,9 points) : plus défavorable"
    )
    assert cells(table, "Personnes")[0] == "environ +10 100 habitants"
    assert table.tones[0] == "worse"


def test_evidence_says_why_an_indicator_does_not_count():
    kept = evidence_table(diagnostic(), stake="pauvrete")
    assert cells(kept, "Dans le classement") == [
        "Retenu", "Redit « Taux de pauvreté » (corrélation 0,96)",
    ]  # fmt: skip
    secret = evidence_table(diagnostic(), stake="acces_emploi")
    assert cells(secret, "Dans le classement")[-1] == "Masqué par le secret statistique"
    assert cells(secret, "Publié")[-1] == "s"
    old = evidence_table(diagnostic(), stake="parc_social_vacant")
    assert cells(old, "Dans le classement") == ["Non disponible", "Trop ancien"]


def test_nobody_is_counted_where_the_margin_does_not_allow_it():
    assert "Personnes" not in evidence_table(diagnostic(), stake="emploi_femmes").frame


def test_unknown_stake_gives_a_note():
    assert isinstance(evidence_table(diagnostic(), stake="rien"), Note)


def test_missing_stakes_say_what_is_missing_and_whom_to_ask():
    table = missing_stakes_table(diagnostic())
    assert cells(table, "Enjeu") == ["Vacance des logements"]
    assert cells(table, "Indicateurs lus") == ["0 sur 2"]
    assert cells(table, "Ce qui manque") == [
        "Vacance (non disponible) ; Sans diplôme (trop ancien)"
    ]
    assert cells(table, "À qui le demander") == ["Insee : demander un regroupement"]
    scored = fake_stakes.stakes().iloc[:5]
    assert isinstance(missing_stakes_table(diagnostic(stakes=scored)), Note)


def test_what_is_known_of_a_stake_that_is_not_ranked():
    unread = diagnostic(stakes=fake_stakes.nothing_ranked())
    assert cells(missing_stakes_table(unread), "Ce que l’on sait")[0] == (
        "Taux de pauvreté : 46,3 % (2021, la commune de Lille : 27,0 %) ; Niveau de vie médian : "
        "13 620 €/an (estimé) (2021, la commune de Lille : 18 970 €/an)"
    )


def test_publics_of_whom_nothing_is_published_close_the_table():
    d = diagnostic()
    publics = [("femmes", "jeunes") if name == "emploi" else ("tous",)
               for name in d.profile["indicator"]]  # fmt: skip
    table = publics_table(diagnostic(profile=d.profile.assign(publics=publics)))
    rows = dict(zip(table.groups, cells(table, "Ce que l’on peut en dire"), strict=True))
    assert rows["Femmes"] == "−15,5 points (de −18,6 à −12,4 points) : plus défavorable"
    assert rows["Jeunes"] == rows["Femmes"]
    assert rows["Publics dont rien n’est publié dans ce quartier"] == "interlocuteur non précisé"
    assert cells(table, "Indicateur")[-1] == (
        "Familles monoparentales ; Seniors ; Enfants ; Personnes en situation de handicap"
    )


def test_publics_of_an_empty_quartier_say_whom_to_ask():
    d = diagnostic()
    wanted = d.coverage[d.coverage["status"] == "masked"].assign(
        indicator="taux_emploi_femmes", ask="Insee : demander un regroupement."
    )
    table = publics_table(diagnostic(profile=empty(d.profile), coverage=wanted))
    said = dict(
        zip(cells(table, "Indicateur"), cells(table, "Ce que l’on peut en dire"), strict=True)
    )
    assert said["Femmes"] == "à qui le demander – Insee : demander un regroupement"
