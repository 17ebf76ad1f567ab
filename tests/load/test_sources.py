"""Recognising a table by its content: source, edition, vintage."""

from __future__ import annotations

import pytest
from builders import (
    csv_bytes,
    demographie_rows,
    geojson_bytes,
    liste_rows,
    perimetre,
    recognise_all,
    revenus_rows,
    small_catalogue,
    square,
    write_bytes,
    write_csv,
    write_json,
    write_xlsx,
    write_zip,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qpvkit.errors import FileRefusedError
from qpvkit.load.files import open_parts
from qpvkit.load.sources import find_column, folder_of, nearest_source, recognise

REGIONS = [
    ("Niveau de vie et pauvreté par région en 2021", None, None, None),
    (None, None, None, None),
    ("Région", "Niveau de vie annuel (en euros)", None, "Taux de pauvreté (en %)"),
    (None, "D1", "Médian", None),
    ("Hauts-de-France", 11000, 20820, 17.9),
]


@pytest.fixture
def catalogue(tmp_path):
    return small_catalogue(tmp_path)


def known(path, catalogue, **options):
    """Return what the only known table of a file is."""
    (found,) = recognise_all(path, catalogue, **options)
    return found


def refusal(path, catalogue, **options):
    with pytest.raises(FileRefusedError) as caught:
        recognise_all(path, catalogue, **options)
    return caught.value


# --- which source ------------------------------------------------------------------------------


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25
)
@given(name=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20))
def test_a_table_is_recognised_whatever_its_name(tmp_path, catalogue, name):
    found = known(write_csv(tmp_path / f"{name} é.txt", revenus_rows()), catalogue)
    assert (found.source.id, found.edition) == ("revenus", "2022")


@given(order=st.permutations(range(6)))
@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25
)
def test_the_order_of_the_columns_does_not_matter(tmp_path, catalogue, order):
    rows = [[row[place] for place in order] for row in revenus_rows()]
    assert known(write_csv(tmp_path / "a.csv", rows), catalogue).source.id == "revenus"


def test_the_case_of_the_columns_does_not_matter(tmp_path, catalogue):
    header, *rows = revenus_rows()
    path = write_csv(tmp_path / "a.csv", [[name.lower() for name in header], *rows])
    assert known(path, catalogue).source.id == "revenus"


def test_an_unknown_table_is_nothing(tmp_path, catalogue):
    path = write_csv(tmp_path / "a.csv", [("nom", "adresse"), ("Mairie", "Place")])
    assert recognise_all(path, catalogue) == []


def test_a_forbidden_column_tells_two_sources_apart(tmp_path, catalogue):
    header, *rows = liste_rows()
    assert known(write_csv(tmp_path / "a.csv", [header, *rows]), catalogue).source.id == "liste"
    renamed = [("code_qp", "lib_qp", "insee_com", "insee_dep", "insee_reg", "siren_epci", "nom")]
    path = write_csv(tmp_path / "b.csv", [*renamed, *rows])
    assert known(path, catalogue).source.id == "perimetres"


def test_the_source_that_asks_for_most_columns_wins(tmp_path):
    narrow = """
[[source]]
id = "etroite"
producer = "Insee"
title = "Étroite"
licence = "Licence Ouverte 2.0"
confidence = "high"
format = "csv"
level = "qp"
used = false
requires = ["CODGEO", "TP60"]
"""
    catalogue = small_catalogue(tmp_path, replace={"sources/a.toml": narrow})
    assert known(write_csv(tmp_path / "a.csv", revenus_rows()), catalogue).source.id == "revenus"


def test_a_sample_of_the_rows_may_decide(tmp_path, catalogue):
    header = ("Rentrée", "UAI", "Commune", "IPS")
    schools = [("2023", "0590001A", "59350", "95,1")] * 9
    assert known(write_csv(tmp_path / "a.csv", [header, *schools]), catalogue).source.id == "ips"
    one_off = [header, *schools, ("2023", "privé", "59350", "95,1")]
    assert known(write_csv(tmp_path / "b.csv", one_off), catalogue).source.id == "ips"
    others = [header, *schools[:3], *[("2023", "x", "59350", "95,1")] * 7]
    assert recognise_all(write_csv(tmp_path / "c.csv", others), catalogue) == []
    assert recognise_all(write_csv(tmp_path / "d.csv", [header]), catalogue) == []


def test_a_source_that_is_declared_only_is_recognised_too(tmp_path, catalogue):
    rows = [("id_poste", "montant", "code_cv"), ("1", "20000", "CN05901M")]
    found = known(write_csv(tmp_path / "a.csv", rows), catalogue)
    assert found.source.id == "declaree"
    assert not found.source.used


def test_a_header_below_a_title_is_found(tmp_path, catalogue):
    rows = [("Données sur les quartiers",), (), *revenus_rows()]
    found = known(write_xlsx(tmp_path / "a.xlsx", {"QP": rows}), catalogue)
    assert (found.source.id, found.header) == ("revenus", 2)
    assert found.frame().index.tolist() == [4, 5]


def test_a_title_above_a_csv_does_not_hide_its_header(tmp_path, catalogue):
    content = "Revenus et pauvreté\r\n\r\n".encode() + csv_bytes(revenus_rows(), encoding="utf-8")
    assert known(write_bytes(tmp_path / "a.csv", content), catalogue).header == 2


def test_a_sheet_may_be_asked_for_by_its_name(tmp_path, catalogue):
    book = {"Sommaire": [("Figure", "Titre")], "Figure 3": REGIONS, "Figure 1": REGIONS}
    found = known(write_xlsx(tmp_path / "a.xlsx", book), catalogue)
    assert (found.source.id, found.part.name) == ("regions", "Figure 1")


def test_a_two_row_header_is_matched_joined(tmp_path, catalogue):
    found = known(write_xlsx(tmp_path / "a.xlsx", {"Figure 1": REGIONS}), catalogue)
    assert found.names == (
        "Région", "Niveau de vie annuel (en euros) D1", "Niveau de vie annuel (en euros) Médian",
        "Taux de pauvreté (en %)",
    )  # fmt: skip


def test_the_dictionary_of_variables_beside_the_table_is_skipped(tmp_path, catalogue):
    table = csv_bytes([("codgeo", "disp_med_a21", "tp60_a21"), ("QN05972M", "13100", "46,3")])
    path = write_zip(tmp_path / "a.zip", {"d/meta_revenus.csv": table, "d/revenus.csv": table})
    assert known(path, catalogue).part.name == "d/revenus.csv"


def test_the_projected_copies_of_the_contours_are_skipped(tmp_path, catalogue):
    degrees = geojson_bytes([perimetre("QN05901M", square(3, 50))])
    metres = geojson_bytes([perimetre("QN05901M", square(700_000, 7_000_000, 500))])
    path = write_zip(tmp_path / "a.zip", {"QP_LB93.geojson": metres, "QP_WGS84.geojson": degrees})
    assert known(path, catalogue).part.name == "QP_WGS84.geojson"


def test_only_the_rows_to_keep_are_kept(tmp_path, catalogue):
    record = {"code": "59350", "nom": "Lille", "type": "commune-actuelle", "departement": "59"}
    old = {**record, "code": "59298", "nom": "Hellemmes", "type": "commune-associee"}
    found = known(write_json(tmp_path / "a.json", [record, old]), catalogue)
    assert found.frame()["nom"].tolist() == ["Lille"]


# --- which edition, which vintage --------------------------------------------------------------


def test_the_columns_tell_the_edition(tmp_path, catalogue):
    found = known(write_csv(tmp_path / "a.csv", revenus_rows()), catalogue)
    assert (found.edition, found.found_in) == ("2022", "colonnes")
    assert found.vintages == {"": 2018, "cnaf": 2020}
    assert found.vintage == 2018
    header, *rows = revenus_rows()
    older = [(*header[:-1], "CC2S"), *rows]
    assert known(write_csv(tmp_path / "b.csv", older), catalogue).edition == "2021"


def test_a_published_total_tells_the_edition(tmp_path, catalogue):
    found = known(write_csv(tmp_path / "DEMO_2018.csv", demographie_rows()), catalogue)
    assert (found.edition, found.found_in) == ("2022", "total publié")


def test_the_row_of_all_quartiers_is_left_out_of_the_total(tmp_path, catalogue):
    rows = [*demographie_rows(), ("Ensemble", "", "", "8 000", "330", "115", "")]
    assert known(write_csv(tmp_path / "a.csv", rows), catalogue).edition == "2022"


def test_masked_cells_and_thousands_do_not_spoil_the_total(tmp_path, catalogue):
    text = demographie_rows(
        ("QP059074", "5 000", "2\u202f00", "10", ""), ("QP059001", "1", "100,0", "5", ""),
        ("QP059002", "1", "s", "s", ""), ("QP059003", "1", "", "", ""),
    )  # fmt: skip
    assert known(write_csv(tmp_path / "a.csv", text), catalogue).edition == "2018"


UNTOLD = demographie_rows(("QP059074", "5 000", "7", "2", ""))


def test_the_option_tells_the_edition_and_wins(tmp_path, catalogue):
    path = write_csv(tmp_path / "DEMO_2018.csv", UNTOLD)
    found = known(path, catalogue, edition="2020", folder_edition="2022")
    assert (found.edition, found.found_in) == ("2020", "option")
    told = write_csv(tmp_path / "a.csv", demographie_rows())
    assert known(told, catalogue, edition="2020").edition == "2020"


def test_the_folder_where_it_was_filed_tells_the_edition(tmp_path, catalogue):
    path = write_csv(tmp_path / "DEMO_2018.csv", UNTOLD)
    found = known(path, catalogue, folder_edition="2022")
    assert (found.edition, found.found_in) == ("2022", "dossier")


def test_the_name_tells_the_edition_as_a_last_resort(tmp_path, catalogue):
    found = known(write_csv(tmp_path / "mon DEMO_2020 (1).csv", UNTOLD), catalogue)
    assert (found.edition, found.found_in) == ("2020", "nom du fichier")
    assert found.vintages == {"": 2016, "cnaf": 2018}


def test_an_edition_that_nothing_tells_is_refused_with_the_list_and_the_option(tmp_path, catalogue):
    error = refusal(write_csv(tmp_path / "demo.csv", UNTOLD), catalogue)
    assert "Démographie des quartiers 2015" in error.problem
    assert "2018, 2020, 2022" in error.expected
    assert "qpvkit add demo.csv --edition" in error.action


def test_an_edition_that_does_not_exist_is_refused_with_the_list(tmp_path, catalogue):
    error = refusal(write_csv(tmp_path / "demo.csv", UNTOLD), catalogue, edition="1999")
    assert "2018, 2020, 2022" in error.expected


def test_an_edition_that_its_columns_exclude_is_refused(tmp_path, catalogue):
    error = refusal(write_csv(tmp_path / "a.csv", revenus_rows()), catalogue, edition="2021")
    assert "2022" in error.expected


def test_an_unknown_folder_edition_does_not_stand(tmp_path, catalogue):
    path = write_csv(tmp_path / "demo.csv", UNTOLD)
    assert "--edition" in refusal(path, catalogue, folder_edition="sans-edition").action


def test_a_source_with_one_edition_needs_no_clue(tmp_path, catalogue):
    path = write_bytes(tmp_path / "a", geojson_bytes([perimetre("QN05901M", square(3, 50))]))
    found = known(path, catalogue)
    assert (found.edition, found.found_in) == ("2024", "déclaration")


@pytest.mark.parametrize(("digits", "year"), [("15", 2015), ("21", 2021)])
def test_the_name_of_a_column_tells_the_vintage(tmp_path, catalogue, digits, year):
    rows = [("codgeo", f"DISP_Q2_A{digits}", f"TP60_A{digits}"), ("QP059074", "13100", "46,3")]
    found = known(write_csv(tmp_path / "a.csv", rows), catalogue)
    assert (found.edition, found.vintages, found.found_in) == (str(year), {"": year}, "colonnes")


def test_a_four_digit_year_in_a_column_is_read_whole(tmp_path, catalogue):
    rows = [("qp", "lib_qp", "LIST_COM_2025"), ("QN05972M", "Les Oliveaux", "5935059328")]
    assert known(write_csv(tmp_path / "a.csv", rows), catalogue).vintage == 2025


def test_the_title_tells_the_vintage(tmp_path, catalogue):
    found = known(write_xlsx(tmp_path / "a.xlsx", {"Figure 1": REGIONS}), catalogue)
    assert (found.vintage, found.found_in) == (2021, "titre")


def test_a_title_without_its_year_is_refused(tmp_path, catalogue):
    rows = [("Niveau de vie par région", None), *REGIONS[1:]]
    error = refusal(write_xlsx(tmp_path / "a.xlsx", {"Figure 1": rows}), catalogue)
    assert error.where == "Figure 1"
    assert "année" in error.problem


def test_the_rows_may_hold_the_vintage_or_nobody_tells_it(tmp_path, catalogue):
    rows = [("Rentrée", "UAI", "Commune", "IPS"), ("2023-2024", "0590001A", "59350", "95,1")]
    found = known(write_csv(tmp_path / "a.csv", rows), catalogue)
    assert (found.vintages, found.found_in) == ({}, "lignes")
    found = known(write_csv(tmp_path / "b.csv", liste_rows()), catalogue)
    assert (found.vintages, found.found_in) == ({"": None}, "non précisé")


def test_a_file_is_filed_by_source_and_edition(tmp_path, catalogue):
    revenus = known(write_csv(tmp_path / "a.csv", revenus_rows()), catalogue)
    liste = known(write_csv(tmp_path / "b.csv", liste_rows()), catalogue)
    assert folder_of(revenus).as_posix() == "revenus/2022"
    assert folder_of(liste).as_posix() == "liste/sans-edition"


# --- almost ------------------------------------------------------------------------------------


def test_a_lost_column_is_named(tmp_path, catalogue):
    rows = [[row[place] for place in (0, 1, 2, 4, 5)] for row in revenus_rows()]
    (part,) = open_parts(write_csv(tmp_path / "a.csv", rows))
    assert recognise(part, catalogue) is None
    source, lacking = nearest_source(part, catalogue)
    assert (source.id, lacking) == ("revenus", ("TP60",))


def test_a_table_that_lacks_too_much_looks_like_nothing(tmp_path, catalogue):
    (part,) = open_parts(write_csv(tmp_path / "a.csv", [("CODGEO", "nom"), ("59350", "Lille")]))
    assert nearest_source(part, catalogue) is None


def test_the_first_whole_name_that_matches_is_the_column():
    assert find_column(("POP_MUN2", "pop_mun", "POP_MUN"), "POP_MUN") == "pop_mun"
    assert find_column(("POP_MUN2",), "POP_MUN") is None
    assert find_column(("POP_MUN",), "") is None
