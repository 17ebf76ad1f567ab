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


def test_the_contract_and_the_votes_have_columns_of_their_own():
    heard = fake_stakes.stakes().assign(
        adopted=pd.array([True, False, pd.NA, False, False, True], dtype="boolean"), voice=12.0
    )
    table = stakes_table(diagnostic(stakes=heard))
    assert cells(table, "Retenu par le contrat")[:3] == ["oui", "non", "–"]
    assert cells(table, "Voix")[0] == "12 %"
    assert "Voix" not in stakes_table(diagnostic()).frame


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
    assert cells(table, "Lu") == ["0 indicateur lu sur 2"]
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


def test_publics_keep_their_heading_even_without_anything():
    d = diagnostic()
    publics = [("femmes", "jeunes") if name == "emploi" else ("tous",)
               for name in d.profile["indicator"]]  # fmt: skip
    table = publics_table(diagnostic(profile=d.profile.assign(publics=publics)))
    rows = dict(zip(table.groups, cells(table, "Ce que l’on peut en dire"), strict=True))
    assert rows["Femmes"] == "−15,5 points (de −18,6 à −12,4 points) : plus défavorable"
    assert rows["Jeunes"] == rows["Femmes"]
    assert rows["Seniors"] == "interlocuteur non précisé"
    assert cells(table, "Indicateur")[-1].startswith("Rien n'est publié pour ce public")


def test_publics_of_an_empty_quartier_say_whom_to_ask():
    d = diagnostic()
    wanted = d.coverage[d.coverage["status"] == "masked"].assign(
        indicator="taux_emploi_femmes", ask="Insee : demander un regroupement."
    )
    table = publics_table(diagnostic(profile=empty(d.profile), coverage=wanted))
    said = dict(zip(table.groups, cells(table, "Ce que l’on peut en dire"), strict=True))
    assert said["Femmes"] == "à qui le demander – Insee : demander un regroupement"
