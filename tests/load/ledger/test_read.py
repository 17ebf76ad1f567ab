"""Official tables of credits: every line is kept, or set aside under a reason and counted."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from builders import write_csv, write_json, write_xlsx

from qpvkit.catalogue import load_catalogue
from qpvkit.errors import FileRefusedError
from qpvkit.load.files import open_parts
from qpvkit.load.ledger.lines import ImportSummary
from qpvkit.load.ledger.read import Lines, read_lines
from qpvkit.load.sources import recognise

CATALOGUE = load_catalogue()
# the real sheet has a name longer than a spreadsheet writes
pytestmark = pytest.mark.filterwarnings("ignore:Title is more than 31")
DI19 = "Projets_dotations_investissement_2019"


def read(path: Path, source: str) -> Lines:
    found = [one for part in open_parts(path) if (one := recognise(part, CATALOGUE)) is not None]
    (known,) = [one for one in found if one.source.id == source]
    return read_lines(known, CATALOGUE, digest="abcd1234")


def relay(post: str = "05924R000100", **changed: object) -> dict[str, object]:
    record = {
        "id_poste": post, "code_tiers": "77554402601284", "raison_sociale": "ASSOCIATION",
        "annee": 2024, "montant": 22810.61, "code_cv": "CN05911M", "insee_dep": "59",
        "insee_reg": "32",
    }  # fmt: skip
    return record | changed


def relays(tmp_path: Path, *records: dict[str, object]) -> Lines:
    path = write_json(tmp_path / "adulte-relais-2024.json", list(records))
    return read(path, "anct_adultes_relais")


def project(**changed: object) -> list[object]:
    row = {
        "id_projet": "di19_com00001", "id_dep": "59", "id_terr": "59512", "nom_terr": "Roubaix",
        "pop19": 96_990, "dotation": "DSIL", "echelon": "commune", "categorie": "4 - Education",
        "description": "École", "cout_total": 1000.0, "montant_sub": 400.0, "pct_sub": 0.4,
        "lat": "50.6", "long": "3.1",
    }  # fmt: skip
    return list((row | changed).values())


def projects(tmp_path: Path, *rows: list[object], suffix: str = ".xlsx") -> Lines:
    names = [
        "id_projet", "id_dep", "id_terr", "nom_terr", "pop19", "dotation", "echelon", "categorie",
        "description", "cout_total", "montant_sub", "pct_sub", "lat", "long",
    ]  # fmt: skip
    path = write_xlsx(tmp_path / f"projets{suffix}", {DI19: [names, *rows]})
    return read(path, "dgcl_projets_investissement_2019")


def test_a_post_is_a_nominal_amount_placed_by_its_contrat(tmp_path):
    line = relays(tmp_path, relay()).lines.iloc[0]
    assert (line["kind"], line["code"]) == ("contrat", "CN05911M")
    assert (line["amount_cents"], line["amount_eur"], line["nominal"]) == (2281061, 22810.61, True)
    assert (line["evidence_grade"], line["nature"], line["stage"]) == ("B", "specifique", "ae")
    assert (line["funder"], line["level"], line["year"]) == ("etat", "etat", 2024)
    assert "nominal" in line["flags"].split()


@pytest.mark.parametrize(
    ("code", "place", "flag"),
    [
        (None, ("departement", "59"), "sans_code"),
        ("CV380CV384", ("departement", "59"), "code_illisible"),
        ("CV192", ("contrat", "CV192"), ""),
    ],
)
def test_a_post_without_its_contrat_stays_in_its_departement(tmp_path, code, place, flag):
    found = relays(tmp_path, relay(), relay("05924R000200", code_cv=code))
    line = found.lines.iloc[1]
    assert (line["kind"], line["code"]) == place
    assert found.summary.flags.get(flag, 0) == (1 if flag else 0)


def test_a_post_without_any_place_is_kept_and_said(tmp_path):
    found = relays(
        tmp_path, relay(code_cv=None, insee_dep=None, insee_reg=None), relay("05924R000200")
    )
    assert found.lines.iloc[0][["kind", "code"]].tolist() == ["", ""]
    assert found.summary.flags["non_localise"] == 1


def test_departement_00_is_the_whole_country(tmp_path):
    found = relays(
        tmp_path, relay(code_cv=None, insee_dep="00", insee_reg=None), relay("05924R000200")
    )
    assert found.summary.flags["non_localise"] == 1


def test_an_exact_duplicate_is_set_aside_and_a_shared_post_is_flagged(tmp_path):
    shared = relay(code_cv="CN05905M")
    found = relays(tmp_path, relay(), relay(), shared)
    assert found.summary.aside == {"doublon exact": 1}
    assert (found.summary.lines, found.summary.kept) == (3, 2)
    assert found.summary.flags["identifiant_repete"] == 2
    assert found.summary.balanced


def test_cents_before_and_after_are_equal_by_funder(tmp_path):
    found = relays(
        tmp_path,
        relay(),
        relay(),
        relay("05924R000200", montant=0.1),
        relay("05924R000300", montant=0.2),
    )
    (total,) = found.summary.totals
    published = [Decimal("22810.61")] * 2 + [Decimal("0.1"), Decimal("0.2")]
    assert total.read == int(sum(published) * 100)
    assert total.read - total.aside == total.kept == found.lines["amount_cents"].sum() == 2281091


def test_what_cannot_be_used_is_set_aside_under_its_reason(tmp_path):
    found = projects(
        tmp_path,
        project(),
        project(id_projet="b", montant_sub=-50.0),
        project(id_projet="c", montant_sub=""),
        project(id_projet="d", montant_sub="à préciser"),
        project(id_projet="TOTAL", id_terr="", montant_sub=350.0),
        project(),
    )
    assert found.summary.aside == {
        "montant négatif": 1, "sans montant": 1, "montant illisible": 1, "ligne de total": 1,
        "doublon exact": 1,
    }  # fmt: skip
    assert (found.summary.lines, found.summary.kept, found.summary.balanced) == (6, 1, True)
    (total,) = found.summary.totals
    assert (total.read, total.kept, total.aside) == (110_000, 40_000, 70_000)


def test_a_project_whose_name_begins_with_total_is_not_a_total(tmp_path):
    found = projects(tmp_path, project(description="Total des travaux de l'école"))
    assert found.summary.aside == {}


def test_places_are_told_by_the_form_of_their_code(tmp_path):
    rows = [
        project(id_projet="a", id_terr="245900410", echelon="epci"),
        project(id_projet="b", id_terr="1053"),
        project(id_projet="c", id_terr="59", echelon="conseil_departemental"),
    ]
    lines = projects(tmp_path, *rows).lines
    assert lines[["kind", "code"]].to_numpy().tolist() == [
        ["epci", "200093201"], ["commune", "01053"], ["departement", "59"],
    ]  # fmt: skip
    assert set(lines["theme"]) == {"education"}
    assert set(lines["year"]) == {2019}


def test_euros_as_text_are_read(tmp_path):
    lines = projects(tmp_path, project(montant_sub="12\u202f500,50 €")).lines
    assert lines["amount_cents"].tolist() == [1_250_050]


def test_nothing_to_keep_refuses_the_file_and_says_why(tmp_path):
    with pytest.raises(FileRefusedError, match=r"aucune ligne utilisable.*sans montant : 1"):
        projects(tmp_path, project(montant_sub=""))


# --- sources of which no real file was seen: the schema of their notice -------------------------


def test_scdl_subventions_are_placed_at_their_funder(tmp_path):
    names = ["nomAttribuant", "idAttribuant", "dateConvention", "objet", "montant", "nature"]
    rows = [
        names,
        ["MEL", "20009320100016", "2024-03-28", "Insertion", "1234.5", "aide en numéraire"],
        ["Nord", "22590001801244", "2023-06-27", "Aide", "10", "aide en numéraire"],
        ["Région", "20005374200017", "27/06/2023", "Aide", "20", "aide en numéraire"],
        ["Lille", "21590350100017", "2024-01-01", "Sport", "30", "aide en numéraire"],
        ["Fondation", "77554402601284", "2024-01-01", "Mécénat", "40", "aide en nature"],
    ]
    path = write_csv(tmp_path / "subventions.csv", rows, separator=",")
    found = read(path, "scdl_subventions")
    assert found.lines[["funder", "kind", "code"]].to_numpy().tolist() == [
        ["epci", "epci", "200093201"], ["departement", "departement", "59"],
        ["region", "region", "32"], ["commune", "", ""], ["autre", "", ""],
    ]  # fmt: skip
    assert found.lines["year"].tolist() == [2024, 2023, 2023, 2024, 2024]
    assert found.summary.flags == {"financeur_inconnu": 1, "non_localise": 1}
    assert [total.funder for total in found.summary.totals] == [
        "Fondation", "Lille", "MEL", "Nord", "Région",
    ]  # fmt: skip


def test_yearly_projects_hold_every_dotation(tmp_path):
    names = ["exercice", "dispositif", "beneficiaire_type", "beneficiaire_code_insee",
             "intitule", "cout_ht", "subvention"]  # fmt: skip
    rows = [
        names,
        ["2023", "DPV", "commune", "59512", "Crèche", "100", "80,5"],
        ["2023", "DETR", "epci", "200093201", "Voirie", "50", "10"],
        ["2023", "DETR", "epci", "200093201", "Voirie", "50", "10"],
    ]
    found = read(write_csv(tmp_path / "dpv-2023.csv", rows), "dgcl_projets_investissement")
    assert found.lines["programme"].tolist() == ["DPV", "DETR", "DETR"]
    assert found.lines["amount_cents"].tolist() == [8050, 1000, 1000]  # no id: two projects
    assert found.summary.flags == {"perequation": 3}


@pytest.mark.parametrize("year_column", [True, False])
def test_dgcl_criteria_give_one_line_per_dotation(tmp_path, year_column):
    names = [
        "Informations générales - Code INSEE de la commune",
        "Informations générales - Nom de la commune",
        "Dotation de solidarité urbaine et de cohésion sociale - Population QPV",
        "Dotation de solidarité urbaine et de cohésion sociale - Montant total réparti",
    ]
    rows = [names, ["59512", "Roubaix", "70000", "1234,5"], ["59001", "Abancourt", "0", ""]]
    if year_column:
        rows = [[*row, tail] for row, tail in zip(rows, ["Exercice", "2024", "2024"], strict=True)]
    path = write_csv(tmp_path / "criteres-2024.csv", rows, separator=",")
    found = read(path, "dgcl_criteres_repartition")
    assert found.lines[["programme", "code", "amount_cents", "year"]].to_numpy().tolist() == [
        ["DSU", "59512", 123_450, 2024]
    ]
    assert found.summary.aside == {"sans montant": 1}


def test_a_year_that_nothing_tells_is_asked_for(tmp_path):
    names = ["Informations générales - Code INSEE de la commune", "X - Population QPV",
             "Dotation de solidarité urbaine - Montant réparti"]  # fmt: skip
    path = write_csv(tmp_path / "criteres.csv", [names, ["59512", "1", "2"]], separator=",")
    with pytest.raises(FileRefusedError, match="ajoutez l'année au nom du fichier"):
        read(path, "dgcl_criteres_repartition")


def test_the_jaune_is_placed_at_the_head_office_and_graded_so(tmp_path):
    rows = [
        ["Programme", "SIREN", "NIC", "Dénomination", "COG : code", "Montant"],
        ["147", "123456789", "1", "Association", 1053, "10\u00a0000"],
        ["163", "N/A", "", "Autre", 59350, "5"],
    ]
    path = write_xlsx(tmp_path / "plf.xlsx", {"versements 2021": rows})
    found = read(path, "budget_jaune_associations_2023")
    assert found.lines["code"].tolist() == ["01053", "59350"]
    assert set(found.lines["evidence_grade"]) == {"C"}
    assert set(found.lines["year"]) == {2021}
    assert found.summary.flags == {"siege": 2}


def test_ofgl_accounts_keep_one_aggregate_and_count_the_rest(tmp_path):
    rows = [
        ["exer", "com_code", "agregat", "montant"],
        ["2023-01-01", "59512", "Dépenses totales", "1000.5"],
        ["2023-01-01", "59512", "Frais de personnel", "500"],
    ]
    found = read(write_csv(tmp_path / "ofgl.csv", rows), "ofgl_comptes_communes")
    assert found.summary.aside == {"hors du champ déclaré": 1}
    assert found.lines[["stage", "amount_cents", "year"]].to_numpy().tolist() == [
        ["cp", 100_050, 2023]
    ]


def test_the_subventions_of_p147_follow_the_fields_of_their_application(tmp_path):
    record = {
        "annee": 2024, "montant": 3000, "theme": "1", "sous_theme": "1.1", "code_tiers": "1",
        "code_cv": "CN05911M", "insee_dep": "59", "insee_reg": "32",
    }  # fmt: skip
    found = read(write_json(tmp_path / "subventions.json", [record]), "anct_subventions_p147")
    assert found.lines[["kind", "code", "nominal"]].to_numpy().tolist() == [
        ["contrat", "CN05911M", False]
    ]


def test_the_summary_says_it_in_french_and_survives_the_cache(tmp_path):
    summary = relays(tmp_path, relay(), relay()).summary
    assert summary.sentence() == (
        "2 lignes lues, 1 gardée, 1 mise de côté (doublon exact : 1) ; 22\u202f810,61\u00a0€ gardés"
    )
    assert ImportSummary.from_json(summary.to_json()) == summary
