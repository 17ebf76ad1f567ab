"""The store: built from what is filed, rebuilt only when something changed, never lost."""

from __future__ import annotations

import json
import os

import pandas as pd
import pytest
from builders import (
    SOURCES,
    THEMES,
    demographie_rows,
    geojson_bytes,
    liste_rows,
    perimetre,
    revenus_rows,
    small_catalogue,
    small_settings,
    square,
    write_bytes,
    write_csv,
    write_xlsx,
)

from qpvkit.errors import MissingDataError
from qpvkit.load import cache
from qpvkit.load.cache import file_digest
from qpvkit.load.indicators import load_observations, reference_values
from qpvkit.load.store import open_store, raw_files
from qpvkit.schemas import SchemaError

REVENUS = "revenus/2022/revenus.csv"
DEMOGRAPHIE = "demographie/2022/demo.csv"
CUT = b"PK\x03\x04 archive coupee"


def two_files(folder):
    """Return settings with two official files filed."""
    settings = small_settings(folder)
    write_csv(settings.raw_dir / REVENUS, revenus_rows())
    write_csv(settings.raw_dir / DEMOGRAPHIE, demographie_rows())
    return settings


@pytest.fixture
def filed(tmp_path):
    return two_files(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a store that no test changes."""
    settings = two_files(tmp_path_factory.mktemp("bati"))
    return settings, open_store(settings)


@pytest.fixture
def reads(monkeypatch):
    """Count the files that are really read, by name."""
    seen = []
    read_table = cache.read_table

    def counting(recognition, catalogue):
        seen.append(recognition.part.path.name)
        return read_table(recognition, catalogue)

    monkeypatch.setattr(cache, "read_table", counting)
    return seen


def rates(store):
    rows = store.observations(kind="qp", indicators=["taux_pauvrete"])
    return dict(zip(rows["code"], rows["value"], strict=True))


# --- reading back ------------------------------------------------------------------------------


def test_what_is_filed_can_be_read_back(built):
    _, store = built
    assert rates(store) == {"QP059001": 51.0, "QP059074": 46.3}
    rows = store.observations(kind="qp", codes=["QP059074"], indicators=["taux_pauvrete"])
    assert rows[["vintage", "status", "base", "source"]].to_numpy().tolist() == [
        [2018, "ok", 5000.0, "revenus"]
    ]
    labels = store.territories(kind="qp").set_index("code")["label"]
    assert labels["QP059074"] == "Quartier QP059074"


def test_a_choice_of_codes_indicators_or_columns_is_honoured(built):
    _, store = built
    assert store.territories(codes=["QP059074"])["code"].tolist() == ["QP059074"]
    assert store.territories(kind="commune").empty
    assert store.observations(kind="qp", codes=[]).empty
    assert store.observations(kind="qp", indicators=["inconnu"]).empty
    assert list(store.observations(kind="qp", columns=("code", "value")).columns) == [
        "code", "value",
    ]  # fmt: skip


def test_a_kind_without_observation_gives_an_empty_table_with_its_columns(built):
    _, store = built
    assert store.observations(kind="iris").empty
    assert list(store.observations(kind="iris").columns) == list(
        store.observations(kind="qp").columns
    )


def test_categories_hold_the_same_words(built):
    _, store = built
    plain = store.observations(kind="qp")
    short = store.observations(kind="qp", as_categories=True)
    assert isinstance(short["code"].dtype, pd.CategoricalDtype)
    assert short["code"].astype(str).tolist() == plain["code"].tolist()
    assert short["indicator"].astype(str).tolist() == plain["indicator"].tolist()


def test_the_row_of_all_quartiers_is_no_quartier(filed):
    rows = [*revenus_rows(), ("Ensemble", "Ensemble", "13 000", "42", "30", "9")]
    write_csv(filed.raw_dir / REVENUS, rows)
    store = open_store(filed)
    assert set(rates(store)) == {"QP059001", "QP059074"}
    whole = store.observations(kind="ensemble_qp", indicators=["taux_pauvrete"])
    assert whole[["code", "value"]].to_numpy().tolist() == [["2015", 42.0]]
    assert store.territories(kind="ensemble_qp").empty


def test_contours_come_back_in_degrees(filed):
    shape = square(3.08, 50.62)
    path = filed.raw_dir / "perimetres" / "2024" / "a.geojson"
    write_bytes(path, geojson_bytes([perimetre("QN05901M", shape)]))
    store = open_store(filed)
    drawn = store.shapes(kind="qp", codes=["QN05901M"])
    assert drawn.crs == "EPSG:4326"
    assert drawn.geometry.iloc[0].equals(shape)
    assert store.shapes(kind="qp", codes=["QN05999M"]).empty
    assert store.shapes(kind="commune").crs == "EPSG:4326"


def test_the_files_that_were_read_are_listed(built):
    filed, store = built
    files = store.files().set_index("source")
    assert files.loc["revenus", ["edition", "file", "rows"]].tolist() == ["2022", "revenus.csv", 2]
    assert files.loc["revenus", "sha256"] == file_digest(filed.raw_dir / REVENUS)


def test_neighbours_are_the_quartiers_of_the_same_map_in_the_same_communes(filed):
    write_csv(filed.raw_dir / "liste" / "sans-edition" / "liste.csv", liste_rows())
    store = open_store(filed)
    assert set(store.neighbours(["59350"], zoning=2024)) == {"QN05901M", "QN05972M"}
    assert set(store.neighbours(["59328"], zoning=2024)) == {"QN05972M"}
    assert store.neighbours(["59350"], zoning=2015).empty


def test_references_leave_out_what_cannot_be_compared(filed):
    write_csv(
        filed.raw_dir / REVENUS, revenus_rows(("QP059074", "s", "46,3"), ("QP059001", "1", "2"))
    )
    store = open_store(filed)
    places = pd.DataFrame(
        {"kind": ["qp", "qp", "commune"], "code": ["QP059074", "QP059001", "59350"],
         "label": ["Le grand", "Le petit", "Lille"]}
    )  # fmt: skip
    found = reference_values(places, indicators=["revenu_median"], store=store)
    assert found[["code", "label", "value"]].to_numpy().tolist() == [["QP059001", "Le petit", 1.0]]


def test_peers_are_the_published_values_of_one_map(filed):
    rows = [("codgeo", "DISP_MED_A21", "TP60_A21"), ("QN05972M", "13100", "s")]
    write_csv(filed.raw_dir / "filosofi" / "2021" / "filo.csv", rows)
    store = open_store(filed)
    assert set(store.peers(zoning=2024)["code"].astype(str)) == {"QN05972M"}
    assert store.peers(zoning=2024)["indicator"].astype(str).tolist() == ["revenu_median"]
    assert set(store.peers(zoning=2015)["code"].astype(str)) == {
        "QP059001", "QP059074",
    }  # fmt: skip


def test_observations_can_be_loaded_without_a_store_in_hand(built):
    filed, _ = built
    rows = load_observations(codes=["QP059074"], indicators=["taux_pauvrete"], settings=filed)
    assert rows["value"].tolist() == [46.3]


# --- when it is rebuilt ------------------------------------------------------------------------


def test_an_unchanged_store_is_not_rebuilt(filed, reads):
    first = open_store(filed)
    stamp = first.folder.stat().st_mtime_ns
    assert sorted(reads) == ["demo.csv", "revenus.csv"]
    second = open_store(filed)
    assert second.folder == first.folder
    assert second.folder.stat().st_mtime_ns == stamp
    assert len(reads) == 2


def test_a_new_file_costs_its_own_reading_only(filed, reads):
    before = open_store(filed)
    reads.clear()
    write_csv(filed.raw_dir / "liste" / "sans-edition" / "liste.csv", liste_rows())
    after = open_store(filed)
    assert reads == ["liste.csv"]
    assert after.folder != before.folder
    assert rates(after) == {"QP059001": 51.0, "QP059074": 46.3}


def test_a_file_that_changed_is_read_again_and_the_others_are_not(filed, reads):
    open_store(filed)
    reads.clear()
    write_csv(filed.raw_dir / REVENUS, revenus_rows(("QP059074", "13 100", "47,0")))
    assert rates(open_store(filed)) == {"QP059074": 47.0}
    assert reads == ["revenus.csv"]


def test_a_file_touched_but_equal_rebuilds_nothing(filed, reads):
    folder = open_store(filed).folder
    reads.clear()
    os.utime(filed.raw_dir / REVENUS, (1, 1))
    assert open_store(filed).folder == folder
    assert reads == []


def test_a_file_taken_away_takes_its_values_away(filed):
    open_store(filed)
    (filed.raw_dir / REVENUS).unlink()
    assert rates(open_store(filed)) == {}


def test_the_declaration_of_a_source_that_changed_is_read_again_alone(filed, tmp_path, reads):
    open_store(filed)
    reads.clear()
    text = SOURCES.replace('ns = "secret", nd = "missing"', 'ns = "secret", nd = "secret"', 1)
    catalogue = small_catalogue(tmp_path / "autre", replace={"sources/base.toml": text})
    open_store(filed, catalogue=catalogue)
    assert reads == ["revenus.csv"]


def test_words_that_changed_rebuild_the_tables_without_reading_a_file(filed, tmp_path, reads):
    first = open_store(filed).folder
    reads.clear()
    words = {"themes.toml": THEMES.replace("Les habitants.", "Les habitants du quartier.")}
    other = small_catalogue(tmp_path / "autre", replace=words)
    assert open_store(filed, catalogue=other).folder != first
    assert reads == []


def test_rebuild_reads_every_file_again(filed, reads):
    open_store(filed)
    reads.clear()
    open_store(filed, rebuild=True)
    assert sorted(reads) == ["demo.csv", "revenus.csv"]


def test_tables_that_nothing_refers_to_are_swept(filed):
    first = open_store(filed).folder
    write_csv(filed.raw_dir / REVENUS, revenus_rows(("QP059074", "1", "1")))
    second = open_store(filed).folder
    assert not first.exists()
    assert second.exists()
    assert len(list((filed.store_dir / "parts").iterdir())) == 2


def test_progress_is_told_file_by_file(filed):
    steps = []
    open_store(filed, on_progress=lambda label, step, total: steps.append((label, step, total)))
    assert steps == [("demo.csv", 1, 3), ("revenus.csv", 2, 3), ("assemblage", 3, 3)]


# --- when something is damaged -----------------------------------------------------------------


@pytest.mark.parametrize("content", [b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"files": {}}'])
def test_a_corrupt_manifest_is_rebuilt(filed, content):
    open_store(filed)
    (filed.store_dir / "manifest.json").write_bytes(content)
    assert rates(open_store(filed)) == {"QP059001": 51.0, "QP059074": 46.3}
    manifest = json.loads((filed.store_dir / "manifest.json").read_text("utf-8"))
    assert set(manifest["files"]) == {REVENUS, DEMOGRAPHIE}


def test_tables_that_disappeared_are_rebuilt(filed):
    folder = open_store(filed).folder
    for path in folder.iterdir():
        path.unlink()
    assert rates(open_store(filed)) == {"QP059001": 51.0, "QP059074": 46.3}


def test_a_reading_kept_aside_that_is_damaged_is_read_again(filed):
    open_store(filed)
    for path in (filed.store_dir / "parts").glob("*/observations.parquet"):
        path.write_bytes(b"PAR1")
    assert rates(open_store(filed, rebuild=True)) == {"QP059001": 51.0, "QP059074": 46.3}


def test_one_unreadable_file_does_not_lose_the_others_and_is_reported(filed):
    write_bytes(filed.raw_dir / "filosofi" / "2021" / "coupe.zip", CUT)
    store = open_store(filed)
    assert rates(store) == {"QP059001": 51.0, "QP059074": 46.3}
    (record,) = store.manifest["files"]["filosofi/2021/coupe.zip"]["parts"]
    assert "coupe.zip" in record["problem"]
    assert "À faire :" in record["problem"]
    assert "coupe.zip" not in set(store.files()["file"])


def test_an_unreadable_value_is_reported_with_its_line(filed):
    rows = revenus_rows(("QP059074", "beaucoup", "46,3"))
    write_csv(filed.raw_dir / "revenus" / "2022" / "z.csv", rows)
    store = open_store(filed)
    (record,) = store.manifest["files"]["revenus/2022/z.csv"]["parts"]
    assert "ligne 2, colonne DISP_Q2" in record["problem"]
    assert rates(store) == {"QP059001": 51.0, "QP059074": 46.3}


def test_an_unknown_file_is_left_aside(filed):
    write_bytes(filed.raw_dir / "divers" / "x" / "notice.txt", b"Une notice sans table\n")
    store = open_store(filed)
    assert store.manifest["files"]["divers/x/notice.txt"]["parts"] == []


def test_the_folder_where_a_file_is_filed_tells_its_edition(filed):
    rows = demographie_rows(("QP059074", "5 000", "7", "2", ""))
    write_csv(filed.raw_dir / "demographie" / "2018" / "sans nom.csv", rows)
    files = open_store(filed).files().set_index("file")
    assert files.loc["sans nom.csv", "edition"] == "2018"


def test_without_any_file_the_command_to_type_is_given(tmp_path):
    with pytest.raises(MissingDataError, match="qpvkit add"):
        open_store(small_settings(tmp_path))


def test_when_no_file_can_be_read_the_command_to_type_is_given(tmp_path):
    settings = small_settings(tmp_path)
    write_bytes(settings.raw_dir / "filosofi" / "2021" / "coupe.zip", CUT)
    with pytest.raises(MissingDataError, match="qpvkit check"):
        open_store(settings)


def test_a_list_alone_opens_before_any_indicator_is_added(tmp_path):
    settings = small_settings(tmp_path)
    write_csv(settings.raw_dir / "liste" / "sans-edition" / "liste.csv", liste_rows())
    assert len(open_store(settings).territories(kind="qp")) == 3


def test_every_breach_of_the_contract_is_said_at_once_and_the_old_tables_stay(filed):
    before = open_store(filed)
    kept = before.folder
    rows = [
        ("Rentrée", "UAI", "Commune", "IPS"),
        ("1789", "0590001A", "59350", "95"), ("1790", "0590001A", "59350", "95"),
    ]  # fmt: skip
    write_csv(filed.raw_dir / "ips" / "sans-edition" / "ips.csv", rows)
    with pytest.raises(SchemaError) as caught:
        open_store(filed)
    assert "Table observations : colonne vintage" in str(caught.value)
    assert "2 cas (ex. 1789, 1790)" in str(caught.value)
    assert kept.exists()
    assert rates(before) == {"QP059001": 51.0, "QP059074": 46.3}


# --- what is filed -----------------------------------------------------------------------------


def test_hidden_files_and_replaced_files_are_not_read(filed):
    write_bytes(filed.raw_dir / "revenus" / "2022" / ".revenus.csv.copie", b"moitie")
    write_bytes(filed.raw_dir / ".anciens" / "x" / "abcd-revenus.csv", b"ancien")
    write_bytes(filed.raw_dir / ".anciens" / "abcd-revenus.csv", b"ancien")
    assert list(raw_files(filed)) == [DEMOGRAPHIE, REVENUS]


def test_nothing_is_filed_at_first(tmp_path):
    assert raw_files(small_settings(tmp_path)) == {}


def test_a_workbook_gives_as_many_tables_as_it_has_known_sheets(tmp_path):
    settings = small_settings(tmp_path)
    path = settings.raw_dir / "revenus" / "2022" / "a.xlsx"
    write_xlsx(path, {"R": revenus_rows(), "D": demographie_rows(), "Notice": [("a", "b")]})
    files = open_store(settings).files()
    assert files["source"].tolist() == ["revenus", "demographie"]
