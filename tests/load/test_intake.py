"""Taking in the files of an analyst: filed, already there, unknown, refused — nothing is lost."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile

import geopandas as gpd
import pytest
from builders import (
    csv_bytes,
    demographie_rows,
    geojson_bytes,
    liste_rows,
    perimetre,
    read_one,
    revenus_rows,
    shapefile_members,
    small_settings,
    square,
    write_bytes,
    write_csv,
    write_json,
    write_xlsx,
    write_zip,
)

from qpvkit.catalogue import load_catalogue
from qpvkit.errors import QpvkitError
from qpvkit.load.intake import add_files, summary, walk
from qpvkit.load.store import open_store, raw_files

LONG = csv_bytes(
    revenus_rows(*((f"QP059{rank:03}", str(rank**5), "46,3") for rank in range(1, 200)))
)


@pytest.fixture
def settings(tmp_path):
    return small_settings(tmp_path)


def add(settings, *paths, **options):
    """Add files and return what became of each, by name."""
    return {item.path.name: item for item in add_files(paths, settings=settings, **options)}


def outcomes(taken):
    return {name: item.outcome for name, item in taken.items()}


# --- files that nobody can use -----------------------------------------------------------------


def projected_geopackage(path, srs):
    """Write contours whose coordinate system is declared unknown."""
    words, shape = perimetre("QN05901M", square(3, 50))
    gpd.GeoDataFrame([words], geometry=[shape], crs=4326).to_file(path)
    with sqlite3.connect(path) as base:
        base.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", (srs,))
        base.execute("UPDATE gpkg_contents SET srs_id = ?", (srs,))
    base.close()


def damaged_workbook(path):
    write_xlsx(path, {"F": revenus_rows()})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/worksheets/sheet1.xml"] = members["xl/worksheets/sheet1.xml"][:300]
    write_zip(path, members)


def shapefile_without_prj(path):
    words, shape = perimetre("QN05901M", square(3, 50))
    frame = gpd.GeoDataFrame([words], geometry=[shape], crs=4326)
    write_zip(path, shapefile_members(path.parent.parent / "shp", frame, "qp", prj=False))


def cut_archive(path):
    write_zip(path, {"revenus.csv": LONG})
    write_bytes(path, path.read_bytes()[:-60])


WITHOUT_RATE = [[row[place] for place in (0, 1, 2, 4, 5)] for row in revenus_rows()]
RECORD = {"code": "59350", "nom": "Lille", "type": "commune-actuelle", "departement": "59"}

BAD = {
    "zip tronqué": (cut_archive, ("abîmé ou coupé", "téléchargez-le de nouveau")),
    "gz tronqué": (
        lambda path: write_bytes(path, gzip.compress(LONG)[:-30]),
        ("abîmé ou coupé", "téléchargez-le de nouveau"),
    ),
    "page web": (
        lambda path: write_bytes(path, b"<!DOCTYPE html><html><body>404</body></html>"),
        ("page web", "lien de téléchargement"),
    ),
    "cp1252": (
        lambda path: write_csv(path, [("CODGEO", "LIBGEO"), ("1", "Résidence")], encoding="cp1252"),
        ("ligne 2", "Windows-1252", "CSV UTF-8"),
    ),
    "utf-16": (
        lambda path: write_csv(path, revenus_rows(), encoding="utf-16"),
        ("ligne 1", "UTF-16", "CSV UTF-8"),
    ),
    "colonne absente": (
        lambda path: write_csv(path, WITHOUT_RATE),
        ("Revenus des quartiers 2015", "il manque la colonne TP60", "Reprenez le fichier"),
    ),
    "clé double": (
        lambda path: write_csv(path, [*revenus_rows(), revenus_rows()[1]]),
        ("ligne 4", "QP059074 est donné deux fois", "une ligne par territoire", "supprimez"),
    ),
    "code en nombre": (
        lambda path: write_csv(path, revenus_rows(("59074", "1", "1"))),
        ("ligne 2", "« 59074 »", "CODGEO", "tableur"),
    ),
    "code abîmé par un tableur": (
        lambda path: write_csv(path, revenus_rows(("1,23E+08", "1", "1"))),
        ("ligne 2", "« 1,23E+08 »", "tableur"),
    ),
    "géographies mêlées": (
        lambda path: write_csv(path, revenus_rows(("QP059074", "1", "1"), ("QN05972M", "1", "1"))),
        ("ligne 3", "QN05972M est de 2024", "2015 seulement", "séparez"),
    ),
    "valeur illisible": (
        lambda path: write_csv(path, revenus_rows(("QP059074", "1", "beaucoup"))),
        ("ligne 2, colonne TP60", "« beaucoup »", "« s »", "corrigez la cellule"),
    ),
    "shapefile sans prj": (
        shapefile_without_prj,
        ("qp.shp", "système de coordonnées", "joignez le .prj"),
    ),
    "gpkg sans système": (
        lambda path: projected_geopackage(path, -1),
        ("système de coordonnées", "EPSG:4326"),
    ),
    "gpkg en degrés inconnus": (
        lambda path: projected_geopackage(path, 0),
        ("système de coordonnées", "EPSG:4326"),
    ),
    "geojson en mètres": (
        lambda path: write_bytes(
            path, geojson_bytes([perimetre("QN05901M", square(700_000, 7_000_000, 500))])
        ),
        ("coordonnées en mètres", "EPSG:4326", "EPSG:2154"),
    ),
    "geojson coupé": (
        lambda path: write_bytes(path, geojson_bytes([perimetre("QN05901M", square(3, 50))])[:-70]),
        ("abîmé ou coupé", "téléchargez-le de nouveau"),
    ),
    "vide": (lambda path: write_bytes(path, b""), ("vide", "téléchargez-le de nouveau")),
    "en-tête seul": (
        lambda path: write_csv(path, revenus_rows()[:1]),
        ("aucune ligne", "CODGEO", "téléchargez"),
    ),
    "ligne coupée": (
        lambda path: write_bytes(path, csv_bytes(revenus_rows())[:-12]),
        ("ligne 3", "coupé"),
    ),
    "édition inconnue": (
        lambda path: write_csv(path, demographie_rows(("QP059074", "5", "7", "2", ""))),
        ("Démographie des quartiers 2015", "2018, 2020, 2022", "qpvkit add", "--edition"),
    ),
    "colonne en double": (
        lambda path: write_csv(path, [(*row, row[3]) for row in revenus_rows()]),
        ("TP60",),
    ),
    "membre sans code": (
        lambda path: write_json(
            path, [{"code": "200093201", "nom": "MEL", "membres": [{"nom": "Lille"}]}]
        ),
        ("membres",),
    ),
    "geojson cp1252": (
        lambda path: write_bytes(
            path,
            geojson_bytes([perimetre("QN05901M", square(3, 50), label="Résidence")])
            .decode("utf-8")
            .encode("cp1252"),
        ),
        ("UTF-8",),
    ),
    "classeur abîmé": (damaged_workbook, ("abîmé ou coupé", "téléchargez-le de nouveau")),
    "json coupé": (
        lambda path: write_bytes(path, json.dumps([RECORD] * 5).encode()[:-20]),
        ("ligne 1", "JSON illisible", "téléchargez-le de nouveau"),
    ),
}
SUFFIXES = {
    "gpkg sans système": ".gpkg", "gpkg en degrés inconnus": ".gpkg", "shapefile sans prj": ".zip",
    "geojson en mètres": ".geojson", "geojson coupé": ".geojson", "geojson cp1252": ".geojson",
    "classeur abîmé": ".xlsx", "zip tronqué": ".zip",
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_french_and_nothing_else_is_lost(tmp_path, settings, name):
    write, words = BAD[name]
    folder = tmp_path / "téléchargements de l'été"
    add(settings, write_csv(tmp_path / "déjà.csv", revenus_rows()))
    write_csv(folder / "a liste.csv", liste_rows())
    bad = folder / f"m {name}{SUFFIXES.get(name, '.csv')}"
    write(bad)
    write_csv(folder / "z demo.csv", demographie_rows())

    taken = add(settings, folder)

    assert outcomes(taken) == {"a liste.csv": "ajouté", bad.name: "refusé", "z demo.csv": "ajouté"}
    message = taken[bad.name].message
    assert bad.name in message
    assert [word for word in words if word not in message] == []
    assert taken[bad.name].target is None
    assert not list(settings.raw_dir.rglob(bad.name))
    filed = raw_files(settings)
    assert set(filed) == {
        "demographie/2022/z demo.csv", "liste/sans-edition/a liste.csv", "revenus/2022/déjà.csv",
    }  # fmt: skip
    catalogue = load_catalogue(settings.catalogue_dir)
    assert [read_one(path, catalogue).counts["rows"] for path in filed.values()] == [2, 3, 2]


def test_the_store_opens_with_what_a_bad_file_did_not_spoil(tmp_path, settings):
    write_csv(tmp_path / "in" / "a.csv", revenus_rows())
    write_bytes(tmp_path / "in" / "b.csv", b"<!DOCTYPE html><html></html>")
    write_csv(tmp_path / "in" / "c.csv", demographie_rows())
    add(settings, tmp_path / "in")
    store = open_store(settings)
    assert set(store.files()["file"]) == {"a.csv", "c.csv"}
    assert set(store.observations(kind="qp")["source"]) == {"revenus", "demographie"}


def test_a_bad_table_of_an_archive_is_refused_whole_with_its_member(tmp_path, settings):
    members = {"bon.csv": csv_bytes(revenus_rows()), "page.csv": b"<!doctype html><html></html>"}
    path = write_zip(tmp_path / "a.zip", members)
    taken = add(settings, path)["a.zip"]
    assert taken.outcome == "refusé"
    assert "page.csv" in taken.message
    assert raw_files(settings) == {}


def test_a_file_that_may_not_be_read_is_refused_and_the_others_go_on(
    tmp_path, settings, monkeypatch
):
    write_csv(tmp_path / "in" / "a.csv", revenus_rows())
    write_csv(tmp_path / "in" / "b.csv", liste_rows())
    from qpvkit.load import intake

    open_parts = intake.open_parts

    def guarded(path):
        if path.name == "a.csv":
            raise PermissionError(13, "Permission non accordée")
        return open_parts(path)

    monkeypatch.setattr(intake, "open_parts", guarded)
    taken = add(settings, tmp_path / "in")
    assert outcomes(taken) == {"a.csv": "refusé", "b.csv": "ajouté"}
    assert "lecture impossible" in taken["a.csv"].message


# --- files that are taken ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["REVN_2015.csv", "données (3).txt", "x", "table.xlsx"])
def test_a_file_is_filed_by_what_it_holds_and_keeps_its_name(tmp_path, settings, name):
    path = write_csv(tmp_path / "été à Lille" / name, revenus_rows())
    taken = add(settings, path)[name]
    assert taken.outcome == "ajouté"
    assert taken.target == settings.raw_dir / "revenus" / "2022" / name
    assert taken.target.read_bytes() == path.read_bytes()
    (table,) = taken.tables
    assert (table.source, table.title) == ("revenus", "Revenus des quartiers 2015")
    assert (table.edition, table.found_in, table.used) == ("2022", "colonnes", True)
    assert table.vintages == {"": 2018, "cnaf": 2020}
    assert table.counts["rows"] == 2


def test_the_file_of_the_analyst_is_left_where_it_is(tmp_path, settings):
    path = write_csv(tmp_path / "a.csv", revenus_rows())
    before = path.read_bytes()
    add(settings, path)
    assert path.read_bytes() == before


def test_folders_are_walked_and_hidden_files_are_left_alone(tmp_path, settings):
    root = tmp_path / "in"
    write_csv(root / "b" / "c" / "revenus.csv", revenus_rows())
    write_csv(root / "a.csv", liste_rows())
    write_csv(root / ".cache" / "demo.csv", demographie_rows())
    write_csv(root / "b" / ".~lock.csv", demographie_rows())
    assert outcomes(add(settings, root)) == {"a.csv": "ajouté", "revenus.csv": "ajouté"}


def test_a_folder_inside_a_hidden_one_can_be_named(tmp_path, settings):
    write_csv(tmp_path / ".partage" / "in" / "a.csv", revenus_rows())
    assert outcomes(add(settings, tmp_path / ".partage" / "in")) == {"a.csv": "ajouté"}


def test_a_path_given_twice_is_taken_once(tmp_path):
    path = write_csv(tmp_path / "in" / "a.csv", revenus_rows())
    assert walk([path, tmp_path / "in", tmp_path / "in" / ".." / "in" / "a.csv"]) == [
        path.resolve()
    ]


def test_an_unknown_path_is_refused_before_anything_is_filed(tmp_path, settings):
    path = write_csv(tmp_path / "a.csv", revenus_rows())
    with pytest.raises(QpvkitError, match=r"Chemin introuvable : .*nulle part"):
        add(settings, path, tmp_path / "nulle part")
    assert raw_files(settings) == {}


def test_the_demo_takes_no_file(tmp_path, settings):
    with pytest.raises(QpvkitError, match="--dataset france"):
        add(settings.with_dataset("demo"), write_csv(tmp_path / "a.csv", revenus_rows()))


def test_unknown_files_are_listed_and_never_fatal(tmp_path, settings):
    root = tmp_path / "in"
    write_bytes(root / "lisez-moi.txt", b"Une notice sans table.\n")
    write_bytes(root / "notice.pdf", b"%PDF-1.4\x00\x00")
    write_csv(root / "adresses.csv", [("nom", "adresse"), ("Mairie", "Place")])
    write_zip(root / "vide.zip", {"lisez-moi.pdf": b"%PDF"})
    write_csv(root / "z.csv", revenus_rows())
    taken = add(settings, root)
    assert outcomes(taken) == {
        "adresses.csv": "inconnu", "lisez-moi.txt": "inconnu", "notice.pdf": "inconnu",
        "vide.zip": "inconnu", "z.csv": "ajouté",
    }  # fmt: skip
    assert taken["adresses.csv"].message == "aucune table reconnue"
    assert taken["notice.pdf"].message == "pas une table de données"
    assert list(raw_files(settings)) == ["revenus/2022/z.csv"]


def test_a_source_declared_only_is_filed_and_not_read(tmp_path, settings):
    rows = [("id_poste", "montant", "code_cv"), ("1", "20000", "CN05901M")]
    taken = add(settings, write_csv(tmp_path / "a.csv", rows))["a.csv"]
    assert taken.outcome == "ajouté"
    (table,) = taken.tables
    assert (table.used, table.counts) == (False, {"rows": 1})


def test_the_same_content_is_already_there_under_any_name(tmp_path, settings):
    add(settings, write_csv(tmp_path / "a.csv", revenus_rows()))
    again = add(settings, write_csv(tmp_path / "autre nom.csv", revenus_rows()))["autre nom.csv"]
    assert again.outcome == "déjà là"
    assert "a.csv" in again.message
    assert list(raw_files(settings)) == ["revenus/2022/a.csv"]


def test_the_same_content_twice_in_one_call_is_filed_once(tmp_path, settings):
    write_csv(tmp_path / "in" / "a.csv", revenus_rows())
    write_csv(tmp_path / "in" / "b.csv", revenus_rows())
    assert outcomes(add(settings, tmp_path / "in")) == {"a.csv": "ajouté", "b.csv": "déjà là"}


def test_a_replaced_file_is_kept_aside(tmp_path, settings):
    path = write_csv(tmp_path / "a.csv", revenus_rows())
    old = path.read_bytes()
    add(settings, path)
    write_csv(path, revenus_rows(("QP059074", "13 200", "47,0")))
    taken = add(settings, path)["a.csv"]
    assert taken.outcome == "remplacé"
    assert taken.target.read_bytes() == path.read_bytes()
    (kept,) = (settings.raw_dir / ".anciens").iterdir()
    assert kept.name.endswith("-a.csv")
    assert kept.read_bytes() == old
    assert list(raw_files(settings)) == ["revenus/2022/a.csv"]


def test_a_bad_new_version_does_not_replace_the_good_one(tmp_path, settings):
    path = write_csv(tmp_path / "a.csv", revenus_rows())
    add(settings, path)
    filed = (settings.raw_dir / "revenus" / "2022" / "a.csv").read_bytes()
    write_csv(path, revenus_rows(("QP059074", "beaucoup", "47,0")))
    assert add(settings, path)["a.csv"].outcome == "refusé"
    assert (settings.raw_dir / "revenus" / "2022" / "a.csv").read_bytes() == filed
    assert not (settings.raw_dir / ".anciens").exists()


def test_the_older_version_added_again_stands_again(tmp_path, settings):
    first, second, third = (tmp_path / name / "a.csv" for name in ("1", "2", "3"))
    write_csv(first, revenus_rows())
    write_csv(second, revenus_rows(("QP059074", "13 200", "47,0")))
    write_csv(third, revenus_rows())
    taken = list(add_files([first, second, third], settings=settings))
    assert [item.outcome for item in taken] == ["ajouté", "remplacé", "remplacé"]
    filed = settings.raw_dir / "revenus" / "2022" / "a.csv"
    assert filed.read_bytes() == third.read_bytes()


def test_no_half_copied_file_is_left_behind(tmp_path, settings):
    add(settings, write_csv(tmp_path / "a.csv", revenus_rows()))
    names = {path.name for path in settings.raw_dir.rglob("*") if path.is_file()}
    assert names == {"a.csv"}


def test_the_edition_may_be_told(tmp_path, settings):
    path = write_csv(tmp_path / "a.csv", demographie_rows(("QP059074", "5 000", "7", "2", "")))
    taken = add(settings, path, edition="2020")["a.csv"]
    assert taken.target == settings.raw_dir / "demographie" / "2020" / "a.csv"
    assert taken.tables[0].found_in == "option"
    assert open_store(settings).files()["edition"].tolist() == ["2020"]


def test_an_archive_of_several_tables_is_filed_once(tmp_path, settings):
    members = {
        "meta_revenus.csv": csv_bytes([("champ", "libelle"), ("CODGEO", "Code")]),
        "demo.csv": csv_bytes(demographie_rows()),
        "revenus.csv": csv_bytes(revenus_rows()),
    }
    taken = add(settings, write_zip(tmp_path / "a.zip", members))["a.zip"]
    assert [table.source for table in taken.tables] == ["demographie", "revenus"]
    assert [table.name for table in taken.tables] == ["demo.csv", "revenus.csv"]
    assert len(raw_files(settings)) == 1
    assert set(open_store(settings).observations(kind="qp")["source"]) == {
        "demographie", "revenus",
    }  # fmt: skip


def test_the_years_of_the_rows_are_reported(tmp_path, settings):
    rows = [
        ("Rentrée", "UAI", "Commune", "IPS"),
        ("2022-2023", "0590001A", "59350", "90"), ("2023-2024", "0590001A", "59350", "91"),
    ]  # fmt: skip
    taken = add(settings, write_csv(tmp_path / "a.csv", rows))["a.csv"]
    assert summary(taken)["millesimes"] == "2022, 2023"


def test_the_report_of_a_file_is_one_row(tmp_path, settings):
    rows = revenus_rows(("QP059074", "s", "46,3"), ("QP059001", "1", "2"))
    taken = add(settings, write_csv(tmp_path / "a.csv", rows))["a.csv"]
    assert summary(taken) == {
        "fichier": "a.csv", "resultat": "ajouté", "source": "revenus", "edition": "2022",
        "millesimes": "2018, 2020", "lignes": 2, "masquees": 1, "message": "",
    }  # fmt: skip


def test_progress_is_told_before_each_file(tmp_path, settings):
    write_csv(tmp_path / "in" / "a.csv", revenus_rows())
    write_json(tmp_path / "in" / "b.json", [RECORD])
    steps = []
    add(settings, tmp_path / "in", on_progress=lambda *step: steps.append(step))
    assert steps == [("a.csv", 1, 2), ("b.json", 2, 2)]
