"""The official files, as published: every figure asserted here is published or in their notice."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import qpvkit as qk
from qpvkit.cli import app
from qpvkit.load.files import open_parts
from qpvkit.load.intake import Taken
from qpvkit.load.readers import read_table
from qpvkit.load.sources import recognise
from qpvkit.load.store import Store
from qpvkit.load.territories import load_territories
from qpvkit.settings import Settings

pytestmark = pytest.mark.real

MEL = "200093201"


def table(taken: dict[str, Taken], name: str, part: str = ""):
    """Return the recognised table of one real file."""
    return next(item for item in taken[name].tables if item.name == part or not part)


# --- every reader that the issue names ---------------------------------------------------------

RECOGNISED = [
    ("qpv-2024/contours/qpv2024_simplified.geojson", "", "anct_qpv2024_perimetres", 1609),
    ("qpv-2024/table-communes/centroide-4326_qpv.geojson", "", "anct_qpv2024_communes", 824),
    ("qpv-2024/indicateurs-compiles/analyse_qpv.csv", "", "compile_qpv2024", 1713),
    ("qpv-2015/mel-lille/lille.gpkg", "qpvs", "anct_qpv2015_perimetres", 26),
    ("qpv-2015/mel-lille/lille.gpkg", "cities", "ign_communes", 121),
    ("qpv-2015/marseille/marseille.gpkg", "qpvs", "anct_qpv2015_perimetres", 37),
    ("qpv-2015/occitanie/qp.geojson", "", "anct_qpv2015_perimetres", 105),
    ("qpv-2015/occitanie/communes.geojson", "", "contours_communes_quartiers", 48),
    ("insee-qpv-2015/revenus/REVN_2022.csv", "", "insee_qpv15_revenus", 1352),
    ("insee-qpv-2015/revenus/REVN_2017.csv", "", "insee_qpv15_revenus", 1346),
    ("insee-qpv-2015/demographie/DEMO_2022.csv", "", "insee_qpv15_demographie", 1400),
    (
        "insee-qpv-2015/demographie-csv-originaux/data_DEMO_2021_V1_QP.csv", "",
        "insee_qpv15_demographie", 1400,
    ),
    ("insee-qpv-2015/insertion-professionnelle/IPRO_2022.csv", "", "insee_qpv15_insertion", 1345),
    ("insee-qpv-2015/filosofi-revdis/data_filo16_qp_revdis.csv", "", "insee_qpv_filosofi", 1353),
    ("insee-qpv-2015/filosofi-revdis/data_filo19_qp_revdis.csv", "", "insee_qpv_filosofi", 1353),
    ("insee-qpv-2015/rp2010/demographie_2010_qpv.xls", "Quartiers", "insee_qpv15_rp2010", 1292),
    ("insee-qpv-2015/logement-social/rpls_qpv.csv", "", "insee_rpls_qpv", 1400),
    ("insee-filosofi/commune/FILO2019_DISP_COM.csv", "", "insee_filosofi_disp", 31361),
    ("insee-filosofi/epci/FILO2017_DISP_EPCI.csv", "", "insee_filosofi_disp", 1249),
    ("insee-filosofi/departement/FILO2018_DISP_DEP.csv", "", "insee_filosofi_disp", 98),
    ("insee-filosofi/region/FILO2016_DISP_REG.csv", "", "insee_filosofi_disp", 15),
    ("insee-filosofi/france/FILO2019_DISP_METROPOLE.csv", "", "insee_filosofi_disp", 1),
    ("insee-filosofi/commune/cc_filosofi_2021_COM.csv", "", "insee_filosofi_cc", 34909),
    (
        "insee-filosofi/region-departement/taux_pauvrete.xlsx", "Figure 1",
        "insee_filosofi_taux_pauvrete_regions", 16,
    ),
    (
        "insee-filosofi/region-departement/taux_pauvrete.xlsx", "Figure 2",
        "insee_filosofi_taux_pauvrete_departements", None,
    ),
    ("insee-filosofi/iris/BASE_TD_FILO_DISP_IRIS_2019.csv", "", "insee_filosofi_iris", 12481),
    ("caf/data_CAF_2020_IRIS.csv", "", "insee_caf_iris", 13444),
    ("insertion-jeunes/neet_communes_2018.csv", "", "odt_neet", 104895),
    ("insertion-jeunes/neet_region_2018.csv", "", "odt_neet", 108),
    ("education/fr-en-ips_ecoles_2022.csv", "", "men_ips_ecoles", 32091),
    ("education/fr-en-ips_colleges_2022.csv", "", "men_ips_colleges", 6967),
    ("ssmsi/donnee-dep-2023.csv", "", "ssmsi_departements", None),
    ("ssmsi/donnee-reg-2023.csv", "", "ssmsi_regions", None),
    ("geographie/decoupage-administratif/communes.json", "", "cog_communes", 34969),
    ("geographie/decoupage-administratif/epci.json", "", "cog_epci", 1255),
    ("geographie/EPCI.csv", "", "insee_epci_communes", 34965),
    ("geographie/EPCI_2020.csv", "", "insee_epci_communes", 34968),
    (
        "geographie/hauts-de-france/communes-hauts-de-france.geojson", "", "contours_communes",
        3808,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "part", "source", "rows"), RECOGNISED)
def test_official_file_is_recognised_and_read_whole(real_taken, name, part, source, rows):
    found = table(real_taken, name, part)
    assert real_taken[name].outcome == "ajouté"
    assert found.source == source
    if rows is not None:
        assert found.counts["rows"] == rows


def test_no_real_table_is_refused(real_taken):
    refused = {name: item.message for name, item in real_taken.items() if item.outcome == "refusé"}
    assert refused == {}


def test_notices_are_listed_as_unknown_not_fatal(real_taken):
    assert real_taken["MANIFEST.md"].outcome == "inconnu"
    assert real_taken["geographie/decoupage-administratif/LICENSE.txt"].outcome == "inconnu"


# --- vintages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edition", "vintage"), [(2017, 2013), (2018, 2014), (2019, 2015), (2021, 2017), (2022, 2018)]
)
def test_publication_year_of_revn_is_not_its_vintage(real_taken, edition, vintage):
    found = table(real_taken, f"insee-qpv-2015/revenus/REVN_{edition}.csv")
    assert (found.edition, found.vintages[""]) == (str(edition), vintage)


def test_revn_agrees_with_filosofi_of_its_vintage(real_files, real_settings):
    """REVN_2022 and the Filosofi 2018 table give the same poverty rates: they are one vintage."""
    catalogue = qk.load_catalogue()
    rates = []
    for name in ("revenus/REVN_2022.csv", "filosofi-revdis/data_filo18_qp_revdis.csv"):
        part = open_parts(real_files / "insee-qpv-2015" / name)[0]
        rows = read_table(recognise(part, catalogue), catalogue).observations
        rows = rows.loc[rows["indicator"].eq("taux_pauvrete") & rows["kind"].eq("qp")]
        rates.append(rows.set_index(["code", "vintage"])["value"].dropna())
    both = pd.concat(rates, axis=1, join="inner")
    assert len(both) > 1300
    assert both.iloc[:, 0].tolist() == both.iloc[:, 1].tolist()


def test_edition_of_demo_is_told_by_its_published_total(real_taken):
    found = table(real_taken, "insee-qpv-2015/demographie/DEMO_2021.csv")
    assert (found.edition, found.found_in) == ("2021", "total publié")


# --- published totals --------------------------------------------------------------------------


def test_perimeters_2024(real_store: Store, real_settings: Settings):
    rows = load_territories(kind="qp", zoning=2024, settings=real_settings, store=real_store)
    drawn = real_store.shapes(kind="qp", codes=rows["code"])
    overseas = rows["code"].str.match(r"QN9[78]")
    assert len(drawn) == 1609
    assert len(rows.loc[rows["code"].isin(drawn["code"]) & ~overseas]) == 1362
    assert drawn.geometry.is_valid.all()
    hdf = load_territories(
        kind="qp", zoning=2024, region="32", settings=real_settings, store=real_store
    )
    assert len(hdf) == 204


def test_invalid_perimeters_are_counted(real_taken):
    assert (
        table(real_taken, "qpv-2024/contours/qpv2024_simplified.geojson").counts["repaired"] == 85
    )
    assert table(real_taken, "qpv-2015/occitanie/qp.geojson").counts["repaired"] == 32


def test_population_of_the_quartiers_2015(real_store: Store):
    rows = real_store.observations(kind="qp", indicators=["population"])
    sums = rows.loc[rows["code"].str.startswith("QP")].groupby("vintage")["value"].sum()
    assert sums[2013] == 5_019_573
    assert sums[2018] == 5_189_952


def test_quartiers_on_several_communes_count_once(real_store: Store, real_settings: Settings):
    rows = load_territories(
        kind="qp", zoning=2024, epci=MEL, settings=real_settings, store=real_store
    )
    assert len(rows) == 26
    assert rows["population"].sum() == 242_231


def test_old_siren_finds_the_same_quartiers(real_store: Store, real_settings: Settings):
    rows = load_territories(
        kind="qp", zoning=2024, epci="245900410", settings=real_settings, store=real_store
    )
    assert len(rows) == 26
    place = qk.find_territory("245900410", settings=real_settings, store=real_store)
    assert place.code == MEL


def test_the_26_quartiers_of_the_mel_join_everything(real_store: Store):
    codes = [f"QP0590{number}" for number in range(66, 92)]
    assert len(real_store.shapes(kind="qp", codes=codes)) == 26
    rows = real_store.observations(kind="qp", codes=codes)
    for source in ("insee_qpv15_revenus", "insee_qpv15_insertion", "insee_rpls_qpv"):
        assert rows.loc[rows["source"].eq(source), "code"].nunique() == 26, source


def test_national_row_never_counts_as_a_quartier(real_store: Store):
    rows = real_store.observations(kind="ensemble_qp", indicators=["taux_pauvrete"])
    assert rows.loc[rows["vintage"].eq(2019), "value"].tolist() == [43.6]
    assert not real_store.observations(kind="qp")["code"].str.contains("Ensemble").any()


@pytest.mark.parametrize(
    ("kind", "code", "value"),
    [
        ("commune", "59350", 27.0), ("commune", "59512", 46.0), ("commune", "80021", 26.0),
        ("departement", "59", 19.5), ("departement", "02", 18.8), ("region", "32", 18.0),
        ("france", "FR-METRO-MR", 15.3),
    ],
)  # fmt: skip
def test_poverty_of_the_references_2021(real_store: Store, kind, code, value):
    rows = real_store.observations(kind=kind, codes=[code], indicators=["taux_pauvrete"])
    assert rows.loc[rows["vintage"].eq(2021), "value"].tolist() == [value]


def test_departements_whose_code_and_name_disagree_are_left_out(real_store: Store):
    """The published workbook gives Guyane the code of Mayotte: neither row can be trusted."""
    rows = real_store.observations(
        kind="departement", codes=["973", "976"], indicators=["taux_pauvrete"]
    )
    assert rows.empty


def test_unresolved_commune_names_are_few_and_counted(real_store: Store):
    assert real_store.manifest["counts"]["unresolved_communes"] < 20


# --- one quartier ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def secteur_sud(real_store: Store) -> qk.Diagnostic:
    return qk.diagnose("QN05972M", dataset="france", store=real_store)


def test_poverty_of_lille_secteur_sud_is_compared_within_one_vintage(secteur_sud):
    row = secteur_sud.gaps.set_index(["indicator", "reference_kind"]).loc[
        ("taux_pauvrete", "commune")
    ]
    assert (row["value"], row["reference_value"], row["vintage"]) == (46.3, 27.0, 2021)
    assert row["reference_label"] == "Lille"
    assert row["reference_source"] == "insee_filosofi_cc"
    assert row["people"] == pytest.approx((46.3 - 27.0) / 100 * 53_291)


def test_its_main_commune_is_lille(secteur_sud):
    communes = secteur_sud.places.loc[secteur_sud.places["kind"].eq("commune")]
    assert communes["code"].tolist()[0] == "59350"
    assert set(communes["code"]) == {"59350", "59220", "59346", "59360"}


def test_a_number_never_travels_alone(secteur_sud):
    known = secteur_sud.profile.loc[secteur_sud.profile["value"].notna()]
    assert known["source"].isin(secteur_sud.sources["source"]).all()
    assert known["unit"].ne("").all()
    assert secteur_sud.sources["licence"].ne("").all()


def test_no_secret_shows_as_zero(real_store: Store):
    rows = real_store.observations(kind="qp")
    masked = rows["status"].isin(["secret", "missing"])
    assert rows.loc[masked, "value"].isna().all()
    assert rows.loc[~masked, "value"].notna().all()


def test_every_quartier_has_a_coverage_row_per_indicator(real_store: Store, real_settings):
    catalogue = qk.load_catalogue()
    for code in ("QP059074", "QN97801M", "QN00202M"):
        coverage = qk.diagnose(code, dataset="france", store=real_store).coverage
        assert set(catalogue.indicators) <= set(coverage["indicator"])
        silent = coverage.loc[coverage["status"].ne("published")]
        assert silent["reason"].ne("").all()
        assert silent["ask"].ne("").all()


# --- the command line --------------------------------------------------------------------------


def test_list_gives_204_quartiers_of_region_32(real_store: Store):
    result = CliRunner().invoke(
        app,
        ["list", "qp", "--dataset", "france", "--region", "32", "--zoning", "2024", "--format",
         "json"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = pd.DataFrame(json.loads(result.stdout))
    assert len(rows) == 204
    assert rows["code"].is_unique


def test_report_of_a_real_quartier_says_value_vintage_and_source(real_store: Store, tmp_path: Path):
    page = tmp_path / "secteur sud.html"
    result = CliRunner().invoke(
        app,
        ["run", "10_diagnostic_qp", "--dataset", "france", "--set", "code_qp=qn05972m",
         "--output", str(page)],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    text = page.read_text(encoding="utf-8").replace("\u202f", " ").replace("\u00a0", " ")
    assert page.stat().st_size < 300 * 1024
    assert "46,3 %" in text
    assert "27,0 %" in text
    assert "2021" in text
    assert "Secteur Sud" in text


@pytest.mark.parametrize("code", ["QP059066", "QP031001"])
def test_a_report_of_the_2015_map_is_light(real_store: Store, tmp_path: Path, code: str):
    """More than a hundred indicators: the heaviest reports that there are."""
    page = tmp_path / f"{code}.html"
    result = CliRunner().invoke(
        app,
        ["run", "10_diagnostic_qp", "--dataset", "france", "--set", f"code_qp={code}",
         "--output", str(page)],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert page.stat().st_size < 300 * 1024
