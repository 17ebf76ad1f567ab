"""Services as points: France services, the equipment base, the schools, FINESS."""

from __future__ import annotations

import pytest
from builders import csv_bytes, write_bytes, write_csv, write_zip

import qpvkit as qk
from qpvkit import schemas
from qpvkit.catalogue import load_catalogue
from qpvkit.errors import FileRefusedError
from qpvkit.load.files import open_parts
from qpvkit.load.intake import add_files
from qpvkit.load.services import read_services
from qpvkit.load.sources import recognise
from qpvkit.settings import Settings

CATALOGUE = load_catalogue()
BPE = ["AN", "NOMRS", "DEPCOM", "TYPEQU", "LAMBERT_X", "LAMBERT_Y", "LONGITUDE", "LATITUDE",
       "EPSG", "QP2024", "QUALI_QP2024", "QP2015"]  # fmt: skip


def read(path, source):
    found = [one for part in open_parts(path) if (one := recognise(part, CATALOGUE)) is not None]
    (known,) = [one for one in found if one.source.id == source]
    table, counts = read_services(known, CATALOGUE, digest="abcd1234")
    schemas.check_table(table, schemas.SERVICES)
    return table, counts


def bpe(tmp_path, *rows):
    members = {
        "meta.csv": csv_bytes([("a", "b"), ("1", "2")]),
        "BPE25.csv": csv_bytes([BPE, *rows]),
    }
    return read(write_zip(tmp_path / "BPE25.zip", members), "insee_bpe_detail")


def test_an_equipment_bears_its_quartier_and_its_quality(tmp_path):
    row = ["2025", "Pharmacie", "59512", "D307", "", "", "3.17", "50.69", "2154", "QN05990M", "1",
           "_Z"]  # fmt: skip
    table, counts = bpe(tmp_path, row)
    point = table.iloc[0]
    assert (point["service"], point["type"], point["commune"]) == ("pharmacie", "D307", "59512")
    assert (point["qp2024"], point["qp_quality"], point["qp2015"]) == ("QN05990M", "1", "")
    assert (point["x"], point["y"], point["vintage"]) == (3.17, 50.69, 2025)
    assert counts["kept"] == 1


@pytest.mark.parametrize("code", ["D265", "D201"])
def test_old_and_new_codes_mean_the_same_service(tmp_path, code):
    row = ["2025", "", "59512", code, "", "", "3.17", "50.69", "2154", "_Z", "_Z", "_Z"]
    assert bpe(tmp_path, row)[0]["service"].tolist() == ["medecin_generaliste"]


def test_metres_become_degrees_in_the_projection_of_their_row(tmp_path):
    lille = ["2025", "", "59350", "E1", "704000", "7059000", "", "", "2154", "_Z", "_Z", "_Z"]
    reunion = ["2025", "", "97411", "E1", "338000", "7691000", "", "", "2975", "_Z", "_Z", "_Z"]
    table, counts = bpe(tmp_path, lille, reunion)
    assert table[["x", "y"]].round(1).to_numpy().tolist() == [[3.1, 50.6], [55.4, -20.9]]
    assert set(table["service"]) == {""}
    assert counts["unknown_service"] == 2


def test_an_equipment_without_place_is_kept_and_counted(tmp_path):
    row = ["2025", "", "59350", "D307", "", "", "", "", "_U", "_U", "_U", "_U"]
    table, counts = bpe(tmp_path, row)
    assert table["x"].isna().all()
    assert (counts["kept"], counts["without_coordinates"]) == (1, 1)


def test_a_coordinate_that_is_not_a_number_is_refused(tmp_path):
    row = ["2025", "", "59350", "D307", "", "", "trois", "50.6", "2154", "_Z", "_Z", "_Z"]
    with pytest.raises(FileRefusedError, match="coordonnée illisible « trois »"):
        bpe(tmp_path, row)


def test_a_cut_table_is_refused(tmp_path):
    path = write_bytes(tmp_path / "BPE25.csv", csv_bytes([BPE, ["x"] * 12]) + b"2025;;59")
    (part,) = open_parts(path)
    known = recognise(part, CATALOGUE)
    with pytest.raises(FileRefusedError, match="table coupée ou retouchée"):
        read_services(known, CATALOGUE, digest="abcd1234")


FS = ["id_fs", "lib_fs", "insee_com", "latitude", "longitude"]


@pytest.mark.parametrize("separator", [",", ";"])
def test_france_services_of_every_year(tmp_path, separator):
    rows = [FS, ["1", "France services", "1033", "46.1", "5.8"], ["1", "même", "1033", "46", "5"]]
    path = write_csv(tmp_path / "liste-fs-20240801.csv", rows, separator=separator)
    table, counts = read(path, "anct_france_services")
    assert table[["service", "commune", "vintage"]].to_numpy().tolist() == [
        ["france_services", "01033", 2024]
    ]
    assert counts["repeated"] == 1


def test_a_closed_school_is_counted_and_left_out(tmp_path):
    names = ["identifiant_de_l_etablissement", "nom_etablissement", "type_etablissement",
             "code_commune", "latitude", "longitude", "appartenance_education_prioritaire",
             "etat", "nombre_d_eleves"]  # fmt: skip
    rows = [
        names,
        ["0590001A", "A", "Ecole", "59350", "50.6", "3.1", "REP+", "OUVERT", "210"],
        ["0590002B", "B", "Collège", "59350", "50.6", "3.1", "", "FERME", ""],
    ]
    table, counts = read(write_csv(tmp_path / "annuaire-2025.csv", rows), "men_annuaire")
    assert table[["service", "capacity", "priority_education"]].to_numpy().tolist() == [
        ["ecole_elementaire", 210.0, "REP+"]
    ]
    assert counts["closed"] == 1


def finess(*lines: str) -> bytes:
    return "\n".join(["finess;etalab;93;2026-03-11", *lines, ""]).encode()


def site(number: str, commune: str, departement: str) -> str:
    cells = [""] * 32
    cells[0], cells[1], cells[3], cells[18] = "structureet", number, "PHARMACIE", "620"
    cells[12], cells[13] = commune, departement
    return ";".join(cells)


def test_the_two_sections_of_finess_are_joined(tmp_path):
    origin = "1,ATLASANTE,100,BAN,EPSG:2975 RGR92/UTM zone 40S"
    content = finess(
        site("590000001", "350", "59"), site("970000002", "411", "9D"), site("3", "350", "59"),
        "geolocalisation;590000001;704000;7059000;1,ATLASANTE,100,IGN,LAMBERT_93;2025-01-01",
        f"geolocalisation;970000002;338000;7691000;{origin};2025-01-01",
    )  # fmt: skip
    table, counts = read(write_bytes(tmp_path / "finess-2026.csv", content), "ans_finess")
    assert sorted(table["commune"]) == ["59350", "59350", "97411"]
    assert counts["without_coordinates"] == 1
    assert set(table["service"]) == {"pharmacie"}
    placed = table.dropna(subset=["x"]).sort_values("commune")
    assert placed[["x", "y"]].round(1).to_numpy().tolist() == [[3.1, 50.6], [55.4, -20.9]]


def test_services_of_the_demo():
    points = qk.load_services()
    assert set(points["source"]) == {
        "anct_france_services", "ans_finess", "insee_bpe_detail", "men_annuaire",
    }  # fmt: skip
    assert points["qp2024"].str.startswith("QN").any()
    assert points["x"].isna().any()
    schools = qk.load_services(services=["college"], departement="99")
    assert set(schools["service"]) == {"college"}
    assert set(schools["priority_education"]) == {"", "REP"}


def test_only_the_latest_edition_is_served(tmp_path):
    settings = Settings(dataset="france", home=tmp_path / "maison")
    for year, label in (("2025", "neuve"), ("2024", "ancienne")):
        rows = [FS, ["1", label, "59350", "50.6", "3.1"]]
        path = write_csv(tmp_path / f"liste-fs-{year}0801.csv", rows)
        assert [item.outcome for item in add_files([path], settings=settings)] == ["ajouté"]
    points = qk.load_services(settings=settings)
    assert points[["label", "vintage"]].to_numpy().tolist() == [["neuve", 2025]]


def test_nothing_filed_is_an_empty_table(tmp_path):
    points = qk.load_services(settings=Settings(dataset="france", home=tmp_path))
    assert len(points) == 0
    schemas.check_table(points, schemas.SERVICES)
