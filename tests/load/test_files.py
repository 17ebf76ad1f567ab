"""Opening any published file: what it is comes from its bytes, what is wrong is said in French."""

from __future__ import annotations

import gzip
import json
import zipfile

import geopandas as gpd
import pytest
from builders import (
    csv_bytes,
    geojson_bytes,
    liste_rows,
    perimetre,
    revenus_rows,
    shapefile_members,
    square,
    write_bytes,
    write_csv,
    write_json,
    write_xlsx,
    write_zip,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.errors import FileRefusedError
from qpvkit.load.files import open_parts
from qpvkit.load.parts import clean, header_names

ROWS = [("code", "nom", "valeur"), ("59350", "Lille", "1"), ("59328", "Lambersart", "2")]
FIVES = perimetre("QN05901M", square(3.08, 50.62))


def only(path):
    """Return the only table of a file."""
    (part,) = open_parts(path)
    return part


def opened(path, *, read):
    """Open a file and, if asked, read its only table."""
    parts = open_parts(path)
    return parts[0].frame() if read else parts


def refusal(path, *, read=False):
    """Return the refusal of a file, by opening it or by reading its only table."""
    with pytest.raises(FileRefusedError) as caught:
        opened(path, read=read)
    error = caught.value
    assert error.path == path
    assert path.name in str(error)
    assert "Attendu :" in str(error)
    assert "À faire :" in str(error)
    return error


# --- delimited text ----------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_separator_and_the_bom_are_found(tmp_path, separator, encoding):
    part = only(write_csv(tmp_path / "a.csv", ROWS, separator=separator, encoding=encoding))
    assert part.form == "text"
    assert part.head[0] == ROWS[0]
    assert part.frame().to_numpy().tolist() == [list(row) for row in ROWS[1:]]


def test_a_comma_inside_quotes_is_not_a_separator(tmp_path):
    rows = [("code", "nom", "communes"), ("QN05972M", "Les Oliveaux", "59350, 59328")]
    frame = only(write_csv(tmp_path / "a.csv", rows, separator=",")).frame()
    assert frame.iloc[0].tolist() == list(rows[1])


def test_every_cell_is_a_text_and_an_empty_cell_is_an_empty_text(tmp_path):
    rows = [("code", "valeur", "note"), ("01053", "4,8", ""), ("2A004", "NA", "nan")]
    frame = only(write_csv(tmp_path / "a.csv", rows)).frame()
    assert frame.to_numpy().tolist() == [["01053", "4,8", ""], ["2A004", "NA", "nan"]]


def test_rows_are_indexed_by_their_line_in_the_file(tmp_path):
    text = "code;valeur\r\n59350;1\r\n\r\n;;\r\n59328;2\r\n"
    frame = only(write_bytes(tmp_path / "a.csv", text.encode())).frame()
    assert frame.index.tolist() == [2, 5]


def test_empty_trailing_columns_are_dropped(tmp_path):
    text = "code;valeur;;;\n59350;1;;;\n"
    frame = only(write_bytes(tmp_path / "a.csv", text.encode())).frame()
    assert list(frame.columns) == ["code", "valeur"]


def test_padded_column_names_are_trimmed(tmp_path):
    text = "code  ; EVOL_CA_N_E ;\u00a0nom  long\n59350;1;x\n"
    assert only(write_bytes(tmp_path / "a.csv", text.encode())).head[0] == (
        "code", "EVOL_CA_N_E", "nom long",
    )  # fmt: skip


def test_a_compressed_table_is_read(tmp_path):
    part = only(write_bytes(tmp_path / "a.csv.gz", gzip.compress(csv_bytes(ROWS))))
    assert len(part.frame()) == 2


@pytest.mark.parametrize("text", ["Notice du fichier\nsans table\n", ";;;\n;;;\n"])
def test_a_text_without_a_table_holds_nothing(tmp_path, text):
    assert open_parts(write_bytes(tmp_path / "notice.txt", text.encode())) == []


def test_unknown_bytes_hold_nothing(tmp_path):
    assert open_parts(write_bytes(tmp_path / "photo.jpg", b"\xff\xd8\xff\x00\x00JFIF")) == []


# --- content, not name -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.csv", "a", "a.xlsx", "a.zip", "été à Lille (2).geojson"])
def test_a_csv_is_a_csv_whatever_its_name(tmp_path, name):
    assert only(write_csv(tmp_path / name, ROWS)).form == "text"


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.csv", "données 2024.zip"])
def test_a_workbook_is_a_workbook_whatever_its_name(tmp_path, name):
    written = write_xlsx(tmp_path / "b.xlsx", {"Feuille é": ROWS})
    part = only(written.rename(tmp_path / name))
    assert (part.form, part.name) == ("sheet", "Feuille é")


@pytest.mark.parametrize("name", ["a.zip", "a", "a.csv", "données 2024.dat"])
def test_an_archive_of_tables_is_read_whatever_its_name(tmp_path, name):
    part = only(write_zip(tmp_path / name, {"dossier é/table.csv": csv_bytes(ROWS)}))
    assert (part.form, part.name) == ("text", "dossier é/table.csv")
    assert len(part.frame()) == 2


@pytest.mark.parametrize(
    "name", ["a.geojson", "a", "à l'été.json", "a.dat", "a.csv", "a.zip", "a.xlsx"]
)
def test_a_geojson_is_drawn_whatever_its_name(tmp_path, name):
    frame = only(write_bytes(tmp_path / name, geojson_bytes([FIVES]))).frame()
    assert frame.crs == "EPSG:4326"
    assert frame["code_qp"].tolist() == ["QN05901M"]


@pytest.mark.parametrize("name", ["a.zip", "périmètres du 3 mai.zip", "a.dat", "a"])
def test_contours_inside_an_archive_are_drawn_whatever_its_name(tmp_path, name):
    path = write_zip(
        tmp_path / "dossier é" / name, {"sous dossier/qp.geojson": geojson_bytes([FIVES])}
    )
    assert only(path).frame()["code_qp"].tolist() == ["QN05901M"]


@pytest.mark.parametrize("name", ["a.gpkg", "communes été.gpkg", "a.csv"])
def test_a_geopackage_is_drawn_whatever_its_name(tmp_path, name):
    gpd.GeoDataFrame({"code": ["59350"]}, geometry=[square(3, 50)], crs=4326).to_file(
        tmp_path / "b.gpkg", layer="commune"
    )
    part = only((tmp_path / "b.gpkg").rename(tmp_path / name))
    assert (part.form, part.name) == ("vector", "commune")
    assert part.frame()["code"].tolist() == ["59350"]


# --- archives, workbooks, layers, records ------------------------------------------------------


def test_an_archive_gives_one_table_a_member(tmp_path):
    path = write_zip(
        tmp_path / "a.zip",
        {
            "meta_a.csv": csv_bytes([("champ", "libelle"), ("code", "Code")]),
            "A.CSV": csv_bytes(ROWS),
            "lisez-moi.pdf": b"%PDF-1.4",
            "__MACOSX/._A.CSV": b"\x00\x05\x16\x07",
        },
    )
    assert [part.name for part in open_parts(path)] == ["A.CSV", "meta_a.csv"]


def test_a_workbook_inside_an_archive_is_read(tmp_path):
    book = write_xlsx(tmp_path / "b.xlsx", {"Un": ROWS, "Deux": ROWS})
    path = write_zip(tmp_path / "a.zip", {"livre.xlsx": book.read_bytes()})
    assert [part.name for part in open_parts(path)] == ["livre.xlsx › Un", "livre.xlsx › Deux"]


def test_an_archive_without_table_holds_nothing(tmp_path):
    assert open_parts(write_zip(tmp_path / "a.zip", {"lisez-moi.pdf": b"%PDF"})) == []
    assert open_parts(write_zip(tmp_path / "b.zip", {})) == []


def test_numbers_of_a_workbook_become_the_text_that_was_typed(tmp_path):
    rows = [("code", "valeur", "vide"), ("01053", 13100, None), (59350, 46.3, "s")]
    frame = only(write_xlsx(tmp_path / "a.xlsx", {"F": rows})).frame()
    assert frame.to_numpy().tolist() == [["01053", "13100", ""], ["59350", "46.3", "s"]]
    assert frame.index.tolist() == [2, 3]


def test_an_empty_sheet_holds_nothing(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", {"Vide": [], "F": ROWS})
    assert [part.name for part in open_parts(path)] == ["F"]


def test_a_two_row_header_is_joined(tmp_path):
    rows = [
        ("Figure 1", None, None),
        ("Région", "Niveau de vie", None),
        (None, "D1", "Médian"),
        ("Corse", 11000, 21000),
    ]
    frame = only(write_xlsx(tmp_path / "a.xlsx", {"F": rows})).frame(1, 2)
    assert list(frame.columns) == ["Région", "Niveau de vie D1", "Niveau de vie Médian"]
    assert frame.index.tolist() == [4]


def test_a_geopackage_gives_one_table_a_layer(tmp_path):
    frame = gpd.GeoDataFrame({"code": ["59350"]}, geometry=[square(3, 50)], crs=4326)
    frame.to_file(tmp_path / "a.gpkg", layer="commune")
    frame.to_file(tmp_path / "a.gpkg", layer="epci")
    assert {part.name for part in open_parts(tmp_path / "a.gpkg")} == {"commune", "epci"}


def test_a_shapefile_inside_an_archive_keeps_its_projection(tmp_path):
    frame = gpd.GeoDataFrame({"CODE_QP": ["QP059074"]}, geometry=[square(3, 50)], crs=4326)
    members = shapefile_members(tmp_path / "shp", frame.to_crs(2154), "qp")
    part = only(write_zip(tmp_path / "a.zip", members))
    assert part.head[0] == ("CODE_QP",)
    assert part.frame().crs == "EPSG:2154"


def test_a_json_list_of_records_is_a_table(tmp_path):
    records = [{"code": "59350", "nom": "Lille", "population": 236234}, {"code": "59328"}]
    part = only(write_json(tmp_path / "a.json", records))
    assert part.form == "json"
    assert part.head[0] == ("code", "nom", "population")
    assert part.frame().to_numpy().tolist() == [["59350", "Lille", "236234"], ["59328", "", ""]]


@pytest.mark.parametrize("content", [{"a": 1}, [], [1, 2]])
def test_another_json_holds_no_table(tmp_path, content):
    assert open_parts(write_json(tmp_path / "a.json", content)) == []


# --- what is wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\r\n \r\n"])
def test_an_empty_file_is_refused(tmp_path, content):
    error = refusal(write_bytes(tmp_path / "a.csv", content))
    assert "vide" in error.problem
    assert "téléchargez" in error.action


@pytest.mark.parametrize("cut", [1, 10, 40, 150, 500])
def test_a_truncated_archive_is_refused(tmp_path, cut):
    rows = [("code", "valeur"), *((f"59{rank:03}", str(rank**5)) for rank in range(200))]
    path = write_zip(tmp_path / "a.zip", {"a.csv": csv_bytes(rows)})
    error = refusal(write_bytes(path, path.read_bytes()[:-cut]))
    assert "coupé" in error.problem
    assert "téléchargez" in error.action


def test_a_damaged_member_is_named(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"sain.csv": csv_bytes(ROWS), "z.csv": csv_bytes(ROWS)})
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("z.csv").header_offset + 40
    content = bytearray(path.read_bytes())
    content[start] ^= 0xFF
    error = refusal(write_bytes(path, bytes(content)))
    assert "abîmé" in error.problem


@pytest.mark.parametrize("cut", [4, 20, 40])
def test_a_truncated_compressed_table_is_refused(tmp_path, cut):
    error = refusal(write_bytes(tmp_path / "a.csv.gz", gzip.compress(csv_bytes(ROWS))[:-cut]))
    assert "coupé" in error.problem
    assert "taille" in error.action


@pytest.mark.parametrize(
    "page",
    [b"<!DOCTYPE html>\n<html><body>404</body></html>", b"\n <HTML><body>erreur</body></HTML>",
     b'<?xml version="1.0"?>\n<html lang="fr"><head><title>Erreur</title></head></html>',
     "\ufeff<!doctype html><title>Où est le fichier ?</title>".encode()],
)  # fmt: skip
def test_a_web_page_saved_as_data_is_refused(tmp_path, page):
    error = refusal(write_bytes(tmp_path / "revenus.csv", page))
    assert "page web" in error.problem
    assert "lien de téléchargement" in error.action


def test_a_web_page_inside_an_archive_is_refused_with_its_member(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"revenus.csv": b"<!DOCTYPE html><html></html>"})
    assert refusal(path).where == "revenus.csv"


@pytest.mark.parametrize(
    ("encoding", "guess", "line"), [("cp1252", "Windows-1252", 3), ("utf-16", "UTF-16", 1)]
)
def test_another_encoding_is_refused_with_a_guess_and_the_line(tmp_path, encoding, guess, line):
    rows = [("code", "nom"), ("59350", "Lille"), ("59512", "Résidences")]
    error = refusal(write_csv(tmp_path / "a.csv", rows, encoding=encoding))
    assert guess in error.problem
    assert error.where == f"ligne {line}"
    assert "UTF-8" in error.expected
    assert "CSV UTF-8" in error.action


@pytest.mark.parametrize("cut", [4, 12, 14, 20, 30])
def test_a_csv_cut_in_the_middle_of_a_line_is_refused_with_the_line(tmp_path, cut):
    path = write_bytes(tmp_path / "a.csv", csv_bytes(revenus_rows())[:-cut])
    error = refusal(path, read=True)
    assert error.where == "ligne 3"
    assert "coupé" in error.action


def test_a_line_longer_than_the_header_is_refused_with_the_line(tmp_path):
    rows = [*ROWS, ("59512", "Roubaix", " Nord", "3")]
    error = refusal(write_csv(tmp_path / "a.csv", rows), read=True)
    assert error.where == "ligne 4"


@pytest.mark.parametrize(("before", "after"), [(b";Lille", b';"Lille'), (b"Lille;1", b'Lille;"1')])
def test_a_quote_never_closed_is_refused(tmp_path, before, after):
    path = write_bytes(tmp_path / "a.csv", csv_bytes(ROWS).replace(before, after))
    error = refusal(path, read=True)
    assert "coupé" in error.action


@pytest.mark.parametrize("row", [1, 2])
def test_a_geojson_in_another_encoding_is_refused(tmp_path, row):
    names = ["Fives", "Fives"]
    names[row - 1] = "Résidence"
    features = [perimetre("QN05901M", square(3, 50), label=name) for name in names]
    content = geojson_bytes(features).decode("utf-8").encode("cp1252")
    error = refusal(write_bytes(tmp_path / "a.geojson", content), read=True)
    assert "UTF-8" in error.expected + error.action


def test_contours_without_coordinates_are_refused(tmp_path):
    content = geojson_bytes([FIVES]).replace(b'"coordinates"', b'"coords"')
    refusal(write_bytes(tmp_path / "a.geojson", content), read=True)


def test_an_archive_compressed_in_an_unknown_way_is_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.csv": csv_bytes(ROWS)})
    content = bytearray(path.read_bytes())
    for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = content.index(signature) + place
        content[start : start + 2] = b"\x09\x00"  # deflate64, of the Windows explorer
    refusal(write_bytes(path, bytes(content)))


@pytest.mark.parametrize("cut", [5, 100, 500])
def test_a_truncated_workbook_is_refused(tmp_path, cut):
    path = write_xlsx(tmp_path / "a.xlsx", {"F": ROWS})
    error = refusal(write_bytes(path, path.read_bytes()[:-cut]))
    assert "abîmé" in error.problem


@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_a_workbook_whose_inside_is_damaged_is_refused(tmp_path, member):
    path = write_xlsx(tmp_path / "a.xlsx", {"F": ROWS})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[member] = members[member][: len(members[member]) // 2]
    assert "abîmé" in refusal(write_zip(path, members)).problem


def test_an_old_workbook_that_does_not_open_is_refused(tmp_path):
    error = refusal(write_bytes(tmp_path / "a.xls", b"\xd0\xcf\x11\xe0" + b"\x00" * 600))
    assert "abîmé" in error.problem


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_cut_json_is_refused_with_its_line(tmp_path, cut):
    text = json.dumps([{"code": "59350", "nom": "Lille"}, {"code": "59328", "nom": "x"}], indent=0)
    error = refusal(write_bytes(tmp_path / "a.json", text.encode()[:-cut]))
    assert "coupé" in error.problem
    assert error.where.startswith("ligne ")


@pytest.mark.parametrize("cut", [2, 60, 150])
def test_a_cut_geojson_is_refused(tmp_path, cut):
    path = write_bytes(tmp_path / "a.geojson", geojson_bytes([FIVES])[:-cut])
    assert "coupé" in refusal(path, read=True).problem


def test_a_cut_geopackage_is_refused(tmp_path):
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"code": ["1"]}, geometry=[square(3, 50)], crs=4326).to_file(path)
    error = refusal(write_bytes(path, path.read_bytes()[:30_000]), read=True)
    assert "abîmé" in error.problem


def test_a_shapefile_without_its_projection_is_refused(tmp_path):
    frame = gpd.GeoDataFrame({"CODE_QP": ["QP059074"]}, geometry=[square(3, 50)], crs=4326)
    members = shapefile_members(tmp_path / "shp", frame, "qp", prj=False)
    error = refusal(write_zip(tmp_path / "a.zip", members), read=True)
    assert error.where == "qp.shp"
    assert "système de coordonnées" in error.problem
    assert ".prj" in error.action


def test_metres_in_a_geojson_are_refused(tmp_path):
    shape = perimetre("QN05901M", square(700_000, 7_000_000, 500))
    error = refusal(write_bytes(tmp_path / "a.geojson", geojson_bytes([shape])), read=True)
    assert "mètres" in error.problem
    assert "EPSG:4326" in error.expected
    assert "EPSG:2154" in error.action


def test_a_list_of_quartiers_is_not_mistaken_for_contours(tmp_path):
    assert only(write_csv(tmp_path / "a.geojson", liste_rows())).form == "text"


# --- headers -----------------------------------------------------------------------------------


@settings(deadline=None)
@given(name=st.text(alphabet="ab \t\u00a0\ufeff", max_size=12))
def test_a_clean_name_has_no_bom_and_no_doubled_space(name):
    assert clean(clean(name)) == clean(name)
    assert "\ufeff" not in clean(name)
    assert "  " not in clean(name)
    assert clean(name) == clean(name).strip()


def test_a_header_of_one_row_is_taken_as_it_is():
    assert header_names((("a", " b "), ("1", "2")), 0, 1) == ("a", "b")


def test_a_lone_name_above_nothing_keeps_its_name():
    head = (("Code", "Niveau", "", "Taux"), ("", "bas", "haut", ""))
    assert header_names(head, 0, 2) == ("Code", "Niveau bas", "Niveau haut", "Taux")


def test_a_title_above_the_header_does_not_mislead_the_separator(tmp_path):
    text = "Revenus, pauvreté, niveau de vie\r\ncode;valeur\r\n59350;27,0\r\n59512;46,0\r\n"
    part = only(write_bytes(tmp_path / "a.csv", text.encode()))
    assert part.head[1] == ("code", "valeur")


def test_commas_inside_labels_do_not_mislead_the_separator(tmp_path):
    text = "code;libelle\r\n1;un, deux, trois\r\n2;quatre, cinq\r\n3;six\r\n"
    part = only(write_bytes(tmp_path / "a.csv", text.encode()))
    assert part.frame()["libelle"].tolist() == ["un, deux, trois", "quatre, cinq", "six"]
