"""From a recognised table to tidy rows, as its declaration says."""

from __future__ import annotations

import geopandas as gpd
import pytest
from builders import (
    INDICATORS,
    demographie_rows,
    geojson_bytes,
    indicator,
    observed,
    perimetre,
    read_one,
    revenus_rows,
    shapefile_members,
    small_catalogue,
    square,
    write_bytes,
    write_csv,
    write_xlsx,
    write_zip,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from qpvkit.errors import FileRefusedError

COMPILE_HEADER = ("codeQPV", "lib_qp", "COG", "siren_epci", "popMuniQPV", "taux_pauvrete_60%")
BOWTIE = Polygon([(3, 50), (3.02, 50.02), (3.02, 50), (3, 50.02)])


@pytest.fixture
def catalogue(tmp_path):
    return small_catalogue(tmp_path)


def read(path, catalogue, rows, **options):
    """Write a CSV and read it."""
    return read_one(write_csv(path / "table.csv", rows), catalogue, **options)


def refusal(path, catalogue, rows):
    with pytest.raises(FileRefusedError) as caught:
        read(path, catalogue, rows)
    return caught.value


def status_of(rows):
    return rows["status"].to_dict()


# --- values ------------------------------------------------------------------------------------


def test_a_value_is_read_with_its_status_its_source_and_its_edition(tmp_path, catalogue):
    tables = read(tmp_path, catalogue, revenus_rows(("QP059074", "13\u202f100", "46,3")))
    row = observed(tables, "revenu_median").loc["QP059074"]
    assert (row["kind"], row["value"], row["status"]) == ("qp", 13100, "ok")
    assert (row["source"], row["edition"], row["vintage"]) == ("revenus", "2022", 2018)


@given(rate=st.floats(0, 100), median=st.integers(0, 10**6))
@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25
)
def test_what_is_published_is_what_is_read(tmp_path, catalogue, rate, median):
    cells = ("QP059074", f"{median:,}".replace(",", "\u202f"), f"{rate:.1f}".replace(".", ","))
    tables = read(tmp_path, catalogue, revenus_rows(cells))
    assert observed(tables, "revenu_median")["value"].tolist() == [median]
    assert observed(tables, "taux_pauvrete")["value"].tolist() == [float(f"{rate:.1f}")]


def test_a_masked_value_keeps_its_row_and_its_reason(tmp_path, catalogue):
    rows = revenus_rows(("QP059074", "s", "0,0"), ("QP059001", "nd", "ns"), ("QP059002", "", "1"))
    tables = read(tmp_path, catalogue, rows)
    median = observed(tables, "revenu_median")
    assert status_of(median) == {"QP059074": "secret", "QP059001": "missing", "QP059002": "secret"}
    assert median["value"].isna().all()
    rate = observed(tables, "taux_pauvrete")
    assert rate.loc["QP059074", ["value", "status"]].tolist() == [0.0, "ok"]
    assert rate.loc["QP059001", "status"] == "secret"
    assert tables.counts["masked"] == 4


def test_the_year_of_publication_is_not_the_vintage(tmp_path, catalogue):
    tables = read(tmp_path, catalogue, demographie_rows())
    assert set(observed(tables, "population")["vintage"]) == {2018}
    assert set(observed(tables, "allocataires")["vintage"]) == {2020}
    assert set(tables.observations["edition"]) == {"2022"}


def test_a_family_of_columns_that_the_edition_does_not_date_is_not_read(tmp_path, catalogue):
    tables = read(tmp_path, catalogue, demographie_rows(), edition="2020")
    assert observed(tables, "population").empty
    assert set(observed(tables, "allocataires")["vintage"]) == {2018}


def test_a_ratio_has_its_denominator_for_base(tmp_path, catalogue):
    tables = read(tmp_path, catalogue, demographie_rows())
    part = observed(tables, "part_monoparents")
    assert part["value"].to_dict() == {"QP059074": 50.0, "QP059001": 25.0}
    assert part["base"].to_dict() == {"QP059074": 130.0, "QP059001": 200.0}
    assert observed(tables, "allocataires")["base"].isna().all()


def test_a_ratio_over_nothing_is_missing_and_over_a_secret_is_a_secret(tmp_path, catalogue):
    rows = demographie_rows(
        ("QP059001", "1", "0", "0", ""), ("QP059002", "1", "s", "10", ""),
        ("QP059003", "1", "nd", "10", ""), ("QP059004", "1", "330", "s", ""),
    )  # fmt: skip
    part = observed(read(tmp_path, catalogue, rows), "part_monoparents")
    assert status_of(part) == {
        "QP059001": "missing", "QP059002": "secret", "QP059003": "missing", "QP059004": "secret",
    }  # fmt: skip
    assert part["value"].isna().all()
    assert part["base"].isna().all()


def test_a_lost_denominator_is_named(tmp_path):
    text = INDICATORS + indicator(
        "ratio", '{ source = "revenus", column = "TP60", over = "TOTAL", times = 100.0 }'
    )
    catalogue = small_catalogue(tmp_path, replace={"indicators/base.toml": text})
    error = refusal(tmp_path, catalogue, revenus_rows())
    assert "TOTAL" in error.problem
    assert "TP60" in error.problem


@pytest.mark.parametrize(("note", "expected"), [("", "ok"), ("0", "ok"), ("1", "low_quality")])
def test_a_flagged_value_is_of_low_quality(tmp_path, catalogue, note, expected):
    tables = read(tmp_path, catalogue, demographie_rows(("QP059074", "1", "330", "33", note)))
    for name in ("allocataires", "part_monoparents"):
        row = observed(tables, name).loc["QP059074"]
        assert row["status"] == expected
        assert row["value"] == (330 if name == "allocataires" else 10)
    assert observed(tables, "population")["status"].tolist() == ["ok"]


def test_a_flagged_cell_without_value_is_missing_rather_than_secret(tmp_path, catalogue):
    rows = demographie_rows(("QP059074", "1", "", "", "2"), ("QP059001", "1", "330", "1", ""))
    row = observed(read(tmp_path, catalogue, rows), "allocataires").loc["QP059074"]
    assert row["status"] == "missing"


def test_a_note_that_the_edition_has_not_changes_nothing(tmp_path, catalogue):
    rows = [row[:-1] for row in demographie_rows()]
    assert set(observed(read(tmp_path, catalogue, rows), "allocataires")["status"]) == {"ok"}


def test_a_zero_is_a_secret_where_the_source_writes_it_so(tmp_path, catalogue):
    rows = [("code_qp", "nom_qp", "nbetab"), ("QP031001", "A", "0"), ("QP031002", "B", "12")]
    found = observed(read(tmp_path, catalogue, rows), "etablissements")
    assert status_of(found) == {"QP031001": "secret", "QP031002": "ok"}
    assert found["value"].isna().tolist() == [True, False]
    assert found["vintage"].isna().all()


def test_a_zero_is_a_zero_everywhere_else(tmp_path, catalogue):
    row = observed(read(tmp_path, catalogue, revenus_rows(("QP059074", "0", "0"))), "taux_pauvrete")
    assert row[["value", "status"]].iloc[0].tolist() == [0.0, "ok"]


@pytest.mark.parametrize("digits", ["18", "21"])
def test_the_year_in_the_name_of_a_column_is_followed(tmp_path, catalogue, digits):
    other = "15"
    rows = [
        ("codgeo", f"DISP_MED_A{digits}", f"TP60_{digits}", f"TP60_{other}"),
        ("QN05972M", "13100", "46,3", "9,9"),
    ]
    found = observed(read(tmp_path, catalogue, rows), "taux_pauvrete").loc["QN05972M"]
    assert (found["value"], found["vintage"]) == (46.3, 2000 + int(digits))


def test_only_the_rows_of_the_wanted_class_are_read(tmp_path, catalogue):
    rows = [
        ("classe", "annee", "Code.département", "tauxpourmille"),
        ("Cambriolages", "2023", "1", "4,5"),
        ("Vols", "2023", "1", "9,9"),
        ("Cambriolages", "2024", "1", "ndiff"),
        ("Cambriolages", "23", "59", "6,1"),
    ]
    found = observed(read(tmp_path, catalogue, rows), "cambriolages").reset_index()
    assert found[["code", "vintage", "status"]].to_numpy().tolist() == [
        ["01", 2023, "ok"], ["01", 2024, "secret"], ["59", 2023, "ok"],
    ]  # fmt: skip
    assert found["value"].dropna().tolist() == [4.5, 6.1]


def test_several_rows_of_a_commune_are_averaged_a_year_and_said_estimated(tmp_path, catalogue):
    rows = [
        ("Rentrée", "UAI", "Commune", "IPS"),
        ("2023-2024", "0590001A", "59350", "90"),
        ("2023-2024", "0590002B", "59350", "110,5"),
        ("2023-2024", "0590003C", "59350", "NS"),
        ("2022-2023", "0590001A", "59350", "80"),
        ("2023-2024", "0590004D", "59512", "NS"),
    ]
    found = observed(read(tmp_path, catalogue, rows), "ips_ecoles").reset_index()
    assert found[["code", "vintage", "value", "base", "status"]].to_numpy().tolist() == [
        ["59350", 2023, 100.25, 2.0, "estimated"], ["59350", 2022, 80.0, 1.0, "estimated"],
    ]  # fmt: skip


# --- repeated rows -----------------------------------------------------------------------------


def test_a_quartier_written_once_a_commune_counts_once_and_keeps_its_communes(tmp_path, catalogue):
    rows = [
        COMPILE_HEADER,
        ("QN05972M", "Les Oliveaux", "59350", "245900410", "5 000", "46"),
        ("QN05972M", "Les Oliveaux", "59328", "245900410", "5 000", "46"),
        ("QN05901M", "Fives", "59350", "245900410", "3 000", "40"),
    ]
    tables = read(tmp_path, catalogue, rows)
    population = observed(tables, "population")
    assert population["value"].to_dict() == {"QN05972M": 5000.0, "QN05901M": 3000.0}
    assert population.index.is_unique
    assert tables.territories["code"].tolist() == ["QN05972M", "QN05901M"]
    assert tables.counts["repeated"] == 1
    links = tables.memberships
    assert set(links.loc[links["within_kind"].eq("commune"), ["code", "within_code"]]
               .itertuples(index=False, name=None)) == {
        ("QN05972M", "59350"), ("QN05972M", "59328"), ("QN05901M", "59350"),
    }  # fmt: skip
    assert len(links.loc[links["within_kind"].eq("epci")]) == 2


def test_repeated_rows_that_disagree_are_refused(tmp_path, catalogue):
    rows = [
        COMPILE_HEADER,
        ("QN05972M", "Les Oliveaux", "59350", "", "5 000", "46"),
        ("QN05972M", "Les Oliveaux", "59328", "", "5 001", "46"),
    ]
    error = refusal(tmp_path, catalogue, rows)
    assert error.where == "ligne 3"
    assert "QN05972M porte deux valeurs différentes" in error.problem
    assert "la même valeur" in error.expected


def test_a_key_given_twice_is_refused_where_a_row_is_a_territory(tmp_path, catalogue):
    rows = revenus_rows()
    error = refusal(tmp_path, catalogue, [*rows, rows[1]])
    assert error.where == "ligne 4"
    assert "QP059074 est donné deux fois" in error.problem
    assert "supprimez" in error.action


# --- keys --------------------------------------------------------------------------------------


def test_the_row_of_all_quartiers_is_never_a_quartier(tmp_path, catalogue):
    rows = [*demographie_rows(), ("Ensemble", "Ensemble", "", "8 000", "330", "115", "")]
    tables = read(tmp_path, catalogue, rows)
    population = tables.observations.loc[tables.observations["indicator"].eq("population")]
    whole = population.loc[population["kind"].eq("ensemble_qp")]
    assert whole[["code", "value"]].to_numpy().tolist() == [["2015", 8000.0]]
    assert population.loc[population["kind"].eq("qp"), "value"].sum() == 8000
    assert "ensemble_qp" not in set(tables.territories["kind"])
    assert "ensemble_qp" not in set(tables.memberships["kind"])


@pytest.mark.parametrize("code", ["59074", "QP59074", "1,23E+08", "QP059074 ?"])
def test_a_code_mangled_by_a_spreadsheet_is_refused_with_its_line(tmp_path, catalogue, code):
    error = refusal(tmp_path, catalogue, revenus_rows(("QP059001", "1", "1"), (code, "1", "1")))
    assert error.where == "ligne 3"
    assert f"« {code} »" in error.problem
    assert "CODGEO" in error.expected
    assert "tableur" in error.action


def test_a_blank_key_is_a_row_ignored_and_counted(tmp_path, catalogue):
    rows = [*revenus_rows(), ("", "Total", "1", "1", "1", "1")]
    tables = read(tmp_path, catalogue, rows)
    assert (tables.counts["rows"], tables.counts["ignored"]) == (2, 1)


def test_notes_below_a_sheet_are_ignored_and_counted(tmp_path, catalogue):
    rows = [*revenus_rows(), ("Source : Insee, Filosofi.",), ("Champ : France.",)]
    tables = read_one(write_xlsx(tmp_path / "a.xlsx", {"QP": rows}), catalogue)
    assert (tables.counts["rows"], tables.counts["ignored"]) == (2, 2)


def test_two_maps_in_one_table_are_refused(tmp_path, catalogue):
    rows = [
        ("codgeo", "DISP_MED_A21", "TP60_A21"),
        ("QP059074", "1", "1"), ("QP059001", "1", "1"), ("QN05972M", "1", "1"),
    ]  # fmt: skip
    error = refusal(tmp_path, catalogue, rows)
    assert error.where == "ligne 4"
    assert "QN05972M est de 2024" in error.problem
    assert "2015" in error.expected
    assert "séparez" in error.action


def test_the_wrong_map_for_the_source_is_refused(tmp_path, catalogue):
    error = refusal(tmp_path, catalogue, revenus_rows(("QN05972M", "1", "1")))
    assert "QN05972M est de 2024" in error.problem
    assert "2015" in error.expected


def test_a_table_without_any_territory_is_refused(tmp_path, catalogue):
    error = refusal(tmp_path, catalogue, revenus_rows()[:1])
    assert "aucune ligne" in error.problem
    assert "CODGEO" in error.expected


def test_an_unreadable_cell_is_refused_with_its_line_and_column(tmp_path, catalogue):
    error = refusal(tmp_path, catalogue, revenus_rows(("QP059001", "1", "beaucoup")))
    assert error.where == "ligne 2, colonne TP60"
    assert "« beaucoup »" in error.problem


def test_a_row_whose_label_contradicts_its_code_is_dropped(tmp_path, catalogue):
    rows = [
        ("Taux de pauvreté en 2021", None, None),
        ("Code département", "Département", "Taux de pauvreté (en %)"),
        ("01", "Ain", 10.5), ("02", "Nord", 18.0), ("59", "Aisne", 19.0),
        ("13", "BOUCHES DU RHONE", 18.3),
        ("Source : Insee.", None, None),
    ]  # fmt: skip
    tables = read_one(write_xlsx(tmp_path / "a.xlsx", {"Figure 2": rows}), catalogue)
    assert observed(tables, "taux_pauvrete")["value"].to_dict() == {"01": 10.5, "13": 18.3}
    assert tables.counts["ignored"] == 3


def test_regions_known_by_their_name_are_read(tmp_path, catalogue):
    rows = [
        ("Niveau de vie par région en 2021", None, None, None),
        ("Région", "Niveau de vie annuel", None, "Taux de pauvreté (en %)"),
        (None, "D1", "Médian", None),
        ("Hauts-de-France", 11000, 20820, 17.9),
        ("Provence-Alpes-Côte d’Azur", 11500, 22000, "nd"),
        ("France métropolitaine", 12000, 23160, 14.5),
        ("Note de lecture : un ménage sur deux…", None, None, None),
    ]
    tables = read_one(write_xlsx(tmp_path / "a.xlsx", {"Figure 1": rows}), catalogue)
    median = observed(tables, "revenu_median")
    assert median[["kind", "value"]].T.to_dict("list") == {
        "32": ["region", 20820.0], "93": ["region", 22000.0], "FR-METRO": ["france", 23160.0],
    }  # fmt: skip
    assert status_of(observed(tables, "taux_pauvrete"))["93"] == "missing"


# --- territories and contours ------------------------------------------------------------------


def test_a_territory_is_named_once(tmp_path, catalogue):
    tables = read(tmp_path, catalogue, demographie_rows())
    assert tables.territories[["kind", "code", "label"]].to_numpy().tolist() == [
        ["qp", "QP059074", "Quartier QP059074"], ["qp", "QP059001", "Quartier QP059001"],
    ]  # fmt: skip


def test_contours_are_read_repaired_and_counted(tmp_path, catalogue):
    features = [perimetre("QN05972M", BOWTIE), perimetre("QN05901M", square(3.1, 50))]
    tables = read_one(write_bytes(tmp_path / "a", geojson_bytes(features)), catalogue)
    assert tables.counts["repaired"] == 1
    assert tables.shapes["code"].tolist() == ["QN05972M", "QN05901M"]
    assert tables.shapes.is_valid.all()
    assert tables.shapes.crs == "EPSG:4326"
    assert set(tables.shapes["priority"]) == {9}


@pytest.mark.parametrize(("epsg", "west", "south"), [(2154, 3.0, 50.6), (2975, 55.4, -20.9)])
def test_contours_in_a_legal_projection_come_back_in_degrees(
    tmp_path, catalogue, epsg, west, south
):
    words, shape = perimetre("QN05972M", square(west, south))
    frame = gpd.GeoDataFrame([words], geometry=[shape], crs=4326).to_crs(epsg)
    members = shapefile_members(tmp_path / "shp", frame, "qp")
    tables = read_one(write_zip(tmp_path / "a.zip", members), catalogue)
    assert tables.shapes.crs == "EPSG:4326"
    assert tables.shapes.geometry.iloc[0].bounds == pytest.approx(shape.bounds, abs=1e-6)


def test_a_table_without_contours_has_none(tmp_path, catalogue):
    assert read(tmp_path, catalogue, revenus_rows()).shapes.empty


def test_a_table_without_indicator_has_no_observation(tmp_path, catalogue):
    path = write_bytes(tmp_path / "a", geojson_bytes([perimetre("QN05972M", square(3, 50))]))
    observations = read_one(path, catalogue).observations
    assert observations.empty
    assert "status" in observations.columns


def test_reading_twice_gives_the_same_rows(tmp_path, catalogue):
    first, second = (read(tmp_path, catalogue, demographie_rows()) for _ in range(2))
    assert first.observations.equals(second.observations)
    assert first.memberships.equals(second.memberships)
