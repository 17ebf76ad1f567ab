"""The ledger as it is loaded: from the demo, and from files that an analyst added."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest
from builders import write_csv

import qpvkit as qk
from qpvkit import schemas
from qpvkit.catalogue import load_catalogue
from qpvkit.load.funding import known_codes
from qpvkit.load.intake import add_files, sentence
from qpvkit.load.ledger.template import write_template
from qpvkit.settings import Settings

SCDL = ["nomAttribuant", "idAttribuant", "dateConvention", "objet", "montant", "nature"]


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Return a data set `france` that holds the lists of the invented territory."""
    mine = Settings(dataset="france", home=tmp_path / "maison")
    demo = Settings().raw_dir
    for name in ("cog_decoupage", "anct_qpv2024_liste", "anct_contrats_de_ville"):
        shutil.copytree(demo / name, mine.raw_dir / name)
    return mine


def subsidies(tmp_path: Path, *rows: list[str]) -> Path:
    return write_csv(tmp_path / "subventions-2024.csv", [SCDL, *rows], separator=",")


def inventory(tmp_path: Path, code: str) -> Path:
    catalogue = load_catalogue()
    template = catalogue.template("funding")
    path = write_template(template, tmp_path / "inventaire.xlsx", catalogue=catalogue)
    book = openpyxl.load_workbook(path)
    cells = {field.name: field.example for field in template.fields} | {"mark": "", "code": code}
    book[template.sheet].append([cells[field.name] for field in template.fields])
    book.save(path)
    return path


# --- the demo ----------------------------------------------------------------------------------


def test_no_line_and_no_cent_of_the_demo_is_lost():
    summaries = qk.import_summaries()
    assert len(summaries) == 6
    assert all(summary.balanced for summary in summaries)
    kept = sum(total.kept for summary in summaries for total in summary.totals)
    lines = qk.load_funding()
    assert lines["amount_cents"].sum() == kept
    assert len(lines) == sum(summary.kept for summary in summaries)


def test_the_demo_shows_every_reason_to_set_a_line_aside():
    reasons = {reason for summary in qk.import_summaries() for reason in summary.aside}
    assert reasons == {"doublon exact", "sans montant", "ligne d'exemple", "ligne de total"}


def test_lines_are_chosen_by_territory_year_nature_and_source():
    lines = qk.load_funding(kind="qp", codes=["QN09901M"], years=[2024], nature="droit_commun")
    assert set(lines["code"]) == {"QN09901M"}
    assert set(lines["evidence_grade"]) == {"A", "B", "C"}
    assert lines["amount_eur"].sum() == pytest.approx(24_800.5 + 41_250 + 38_900)
    assert qk.load_funding(sources=["scdl_subventions"])["source"].unique().tolist() == [
        "scdl_subventions"
    ]


def test_a_choice_that_matches_nothing_is_an_empty_table_of_the_same_shape():
    lines = qk.load_funding(years=[1999])
    assert len(lines) == 0
    schemas.check_table(lines, schemas.FUNDING)


def test_the_subsidies_of_a_commune_are_placed_by_its_siren():
    lines = qk.load_funding(sources=["scdl_subventions"]).set_index("funder")
    assert lines.loc["commune", ["kind", "code"]].tolist() == ["commune", "99001"]
    assert set(lines.loc["epci", "code"]) == {"200099011"}


def test_staff_of_the_demo_says_what_is_unknown():
    staff = qk.load_staff()
    assert len(staff) == 4
    assert staff["hours_due"].isna().sum() == 2
    assert set(qk.load_staff(codes=["QN09901M"])["serves"]) == {"quartier"}


# --- what an analyst adds ------------------------------------------------------------------------


def test_added_credits_are_filed_told_and_loaded(tmp_path, settings):
    path = subsidies(
        tmp_path,
        ["CU", "20009901100014", "2024-01-01", "A", "10.5", "aide en numéraire"],
        ["CU", "20009901100014", "2024-01-01", "B", "", "aide en numéraire"],
    )
    (taken,) = add_files([path], settings=settings)
    assert taken.outcome == "ajouté"
    assert taken.target == settings.raw_dir / "scdl_subventions" / "sans-edition" / path.name
    assert "2 lignes lues, 1 gardée, 1 mise de côté (sans montant : 1)" in sentence(taken)
    lines = qk.load_funding(settings=settings)
    assert lines[["kind", "code", "amount_cents"]].to_numpy().tolist() == [
        ["epci", "200099011", 1050]
    ]


def test_an_unknown_territory_is_kept_and_flagged(tmp_path, settings):
    rows = ["CU", "24990099900014", "2024-01-01", "A", "10", "aide en numéraire"]
    list(add_files([subsidies(tmp_path, rows)], settings=settings))
    lines = qk.load_funding(settings=settings)
    assert lines["flags"].tolist() == ["territoire_inconnu"]


def test_a_commune_whose_siren_nobody_knows_stays_unplaced(tmp_path, settings):
    rows = ["Ville", "21999999900014", "2024-01-01", "A", "10", "aide en numéraire"]
    list(add_files([subsidies(tmp_path, rows)], settings=settings))
    line = qk.load_funding(settings=settings).iloc[0]
    assert (line["kind"], line["code"], line["flags"]) == ("", "", "non_localise")


def test_the_inventory_of_a_partner_stays_out_of_the_official_files(tmp_path, settings):
    (taken,) = add_files([inventory(tmp_path, "QN09901M")], settings=settings)
    assert taken.target.is_relative_to(settings.local_dir)
    assert not list(settings.raw_dir.glob("partenaires*"))
    lines = qk.load_funding(settings=settings)
    assert lines["source"].tolist() == ["partenaires_financements"]
    (again,) = add_files([inventory(tmp_path / "2", "QN09901M")], settings=settings)
    assert again.outcome in ("déjà là", "remplacé")


def test_a_wrong_inventory_is_refused_and_nothing_is_filed(tmp_path, settings):
    (taken,) = add_files([inventory(tmp_path, "Les Ormeaux")], settings=settings)
    assert taken.outcome == "refusé"
    assert "ligne 3, colonne J (code du territoire)" in taken.message
    assert not settings.local_dir.exists()


def test_codes_are_checked_against_the_tables_already_built(tmp_path, settings):
    assert known_codes(settings) == {}
    qk.load_territories(settings=settings)
    (taken,) = add_files([inventory(tmp_path, "QN09999M")], settings=settings)
    assert taken.outcome == "refusé"
    assert "« QN09999M » n'existe pas. Codes proches : " in taken.message


def test_a_file_is_read_once_and_again_when_it_changes(tmp_path, settings, monkeypatch):
    path = subsidies(tmp_path, ["CU", "20009901100014", "2024-01-01", "A", "10", "n"])
    list(add_files([path], settings=settings))
    first = qk.load_funding(settings=settings)
    with monkeypatch.context() as patch:
        patch.setattr("qpvkit.load.ledger.cache.open_parts", lambda path: pytest.fail("relu"))
        assert qk.load_funding(settings=settings).equals(first)
    subsidies(tmp_path, ["CU", "20009901100014", "2024-01-01", "A", "11", "n"])
    list(add_files([path], settings=settings))
    assert qk.load_funding(settings=settings)["amount_cents"].tolist() == [1100]
