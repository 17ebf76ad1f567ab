"""A contract's own file: every fault with its place, what it covers, and its ballots."""

from __future__ import annotations

import shutil

import pytest

from qpvkit.catalogue import load_catalogue
from qpvkit.errors import CatalogueError
from qpvkit.load.voices import VOTE_COLUMNS, ballots, find_contract, load_contract, own_grid
from qpvkit.measure.stakes.voices import tally_votes

CATALOGUE = load_catalogue()
HEAD = 'id = "littoral"\nlabel = "Contrat du Littoral"\nepci = ["200099011"]\n'
OWN = """
[[stake]]
id = "mobilite"
label = "Se déplacer"
theme = "services_publics"
"""


def write(folder, text, name="littoral.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(folder, text):
    return load_contract(write(folder, text), CATALOGUE)


def vote(points="", rankings="", group="Conseil citoyen"):
    lines = ["[[vote]]", f'group = "{group}"']
    lines += [f"points = [{points}]"] if points else []
    lines += [f"rankings = [{rankings}]"] if rankings else []
    return "\n".join(["", *lines, ""])


def refused(folder, text):
    with pytest.raises(CatalogueError) as caught:
        read(folder, text)
    return str(caught.value)


# --- faults ------------------------------------------------------------------------------------

FAULTS = [
    ("unreadable", "id = ", ["TOML illisible"]),
    ("unknown key", HEAD + 'commune = "x"\n', ["commune"]),
    ("no label", 'id = "littoral"\n', ["label"]),
    ("identifier", HEAD.replace('"littoral"', '"Littoral 2"'), ["id"]),
    ("number for a text", HEAD.replace('"200099011"', "200099011"), ["epci"]),
    ("stake of nowhere", HEAD + '[[stake]]\nid = "acces_emplois"\n',
     ["enjeu « acces_emplois »", "label et theme", "acces_emploi"]),
    ("theme of nowhere", HEAD + OWN.replace("services_publics", "transports"),
     ["enjeu « mobilite »", "« transports » n'existe pas"]),
    ("indicator of nowhere", HEAD + OWN + 'indicators = ["taux_bus"]\n',
     ["enjeu « mobilite »", "« taux_bus »"]),
    ("indicator of context", HEAD + OWN + 'indicators = ["part_etrangers"]\n',
     ["« part_etrangers »", "jamais noté"]),
    ("vote for nothing", HEAD + vote("{ pauvrte = 100 }"),
     ["vote « Conseil citoyen »", "« pauvrte »", "proche : pauvrete"]),
    ("90 points", HEAD + vote("{ pauvrete = 100 }, { pauvrete = 50, acces_soins = 40 }"),
     ["bulletin 2", "90 points au lieu de 100"]),
    ("less than nothing", HEAD + vote("{ pauvrete = 130, acces_soins = -30 }"),
     ["bulletin 1", "« acces_soins » a -30 points"]),
    ("not a number", HEAD + vote("{ pauvrete = nan }"), ["bulletin 1"]),
    ("empty ballot", HEAD + vote("{}"), ["bulletin 1", "0 points"]),
    ("named twice", HEAD + vote(rankings='["pauvrete", "acces_soins", "pauvrete"]'),
     ["classement 1", "deux fois"]),
    ("empty ranking", HEAD + vote(rankings='["pauvrete"], []'), ["classement 2", "aucun enjeu"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"), [case[1:] for case in FAULTS], ids=[c[0] for c in FAULTS]
)
def test_a_fault_is_told_with_its_file_and_its_place(tmp_path, text, words):
    message = refused(tmp_path, text)
    assert message.startswith("littoral.toml : ")
    for word in words:
        assert word in message, message


def test_all_faults_are_told_at_once(tmp_path):
    text = (
        HEAD
        + OWN.replace("services_publics", "transports")
        + vote("{ pauvrete = 10 }")
        + vote(rankings='["a_b", "a_b"]', group="Partenaires")
    )
    message = refused(tmp_path, text)
    for word in ("transports", "bulletin 1", "a_b", "classement 1"):
        assert word in message, message


# --- what a contract covers and retains --------------------------------------------------------


def find(folder, code="QN09901M", epcis=("200099011",)):
    return find_contract(code, list(epcis), folder=folder, catalogue=CATALOGUE)


def test_a_contract_covers_the_quartiers_of_its_epci_and_those_it_names(tmp_path):
    write(tmp_path, HEAD + 'quartiers = ["QN05901M"]\n')
    assert find(tmp_path).id == "littoral"
    assert find(tmp_path, "QN05901M", ["200093201"]).id == "littoral"
    assert find(tmp_path, "QN05902M", ["200093201"]) is None


def test_no_folder_and_no_file_make_no_contract(tmp_path):
    assert find(tmp_path / "absent") is None
    assert find(tmp_path) is None


def test_two_contracts_that_claim_one_quartier_are_refused(tmp_path):
    write(tmp_path, HEAD)
    write(tmp_path, 'id = "autre"\nlabel = "Autre"\nquartiers = ["QN09901M"]\n', "autre.toml")
    with pytest.raises(CatalogueError, match=r"QN09901M est dans deux contrats : autre, littoral"):
        find(tmp_path)
    assert find(tmp_path, "QN09902M").id == "littoral"


def test_a_file_that_changed_is_read_again(tmp_path):
    import os

    path = write(tmp_path, HEAD)
    assert find(tmp_path).label == "Contrat du Littoral"
    path.write_text(HEAD.replace("du Littoral", "de la Côte"), encoding="utf-8")
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1_000_000_000))
    assert find(tmp_path).label == "Contrat de la Côte"
    shutil.rmtree(tmp_path)


def test_the_grid_gains_the_stakes_of_the_contract_and_loses_none(tmp_path):
    contract = read(
        tmp_path,
        HEAD + '[[stake]]\nid = "pauvrete"\n' + OWN
        + '[[stake]]\nid = "acces_soins"\nindicators = ["part_c2s"]\n',
    )  # fmt: skip
    grid = own_grid(contract, CATALOGUE)
    assert set(grid) == {*CATALOGUE.stakes, "mobilite"}
    assert grid["pauvrete"] == CATALOGUE.stakes["pauvrete"]
    assert grid["mobilite"].indicators == ()
    assert grid["acces_soins"].indicators == ("part_c2s",)
    assert grid["acces_soins"].label == CATALOGUE.stakes["acces_soins"].label


# --- ballots -----------------------------------------------------------------------------------


def points_of(folder, text):
    return ballots(read(folder, text))


def test_a_ranking_of_three_gives_three_two_and_one_sixths(tmp_path):
    rows = points_of(tmp_path, HEAD + vote(rankings='["pauvrete", "acces_soins", "acces_emploi"]'))
    assert list(rows.columns) == list(VOTE_COLUMNS)
    assert rows["stake"].tolist() == ["pauvrete", "acces_soins", "acces_emploi"]
    assert rows["points"].tolist() == pytest.approx([50, 100 / 3, 100 / 6])


def test_every_respondent_has_a_hundred_points(tmp_path):
    text = HEAD + vote(
        "{ pauvrete = 60, acces_soins = 40 }, { acces_emploi = 99.8 }",
        '["pauvrete"], ["acces_soins", "pauvrete"]',
    )
    rows = points_of(tmp_path, text)
    totals = rows.groupby("respondent")["points"].sum()
    assert len(totals) == 4
    assert totals.between(99.5, 100.5).all(), totals.to_dict()


def test_two_votes_of_one_group_are_two_sets_of_respondents(tmp_path):
    """A group that votes in March and in June does not give its first respondent 200 points."""
    rows = points_of(tmp_path, HEAD + vote("{ pauvrete = 100 }") + vote("{ acces_soins = 100 }"))
    found = tally_votes(rows)
    assert found["respondents"].tolist() == [2, 2]
    assert found["voice"].tolist() == [50, 50]


def test_without_a_vote_there_are_no_ballots(tmp_path):
    assert points_of(tmp_path, HEAD).empty
