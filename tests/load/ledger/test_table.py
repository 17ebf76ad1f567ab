"""Tables that partners fill in: written, filled, read back; every mistake told at its place."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import openpyxl
import pytest
from builders import write_csv

from qpvkit.catalogue import load_catalogue
from qpvkit.errors import QpvkitError, TableRefusedError, UnknownNameError
from qpvkit.load.files import open_parts
from qpvkit.load.ledger.inventory import read_inventory, read_staff
from qpvkit.load.ledger.read import Lines
from qpvkit.load.ledger.template import write_template
from qpvkit.load.sources import Recognition, recognise

CATALOGUE = load_catalogue()
FUNDING = CATALOGUE.template("funding")
TITLES = [field.title for field in FUNDING.fields]
GOOD = {
    "exercice": 2024, "financeur": "caf", "programme": "Clas", "nature": "droit_commun",
    "étape": "cp", "maille": "qp", "code du territoire": "QN05972M", "montant en euros": 1250.5,
    "niveau de preuve": "B",
}  # fmt: skip


def row(**changed: object) -> list[object]:
    """Return the cells of one line; keyword names are the first words of the titles."""
    cells = dict(GOOD)
    for name, value in changed.items():
        title = next(title for title in TITLES if title.startswith(name.replace("_", " ")))
        cells[title] = value
    return [cells.get(title) for title in TITLES]


def filled(tmp_path: Path, *rows: list[object], name: str = "inventaire.xlsx") -> Path:
    """Fill the template as a partner does, under the worked example."""
    path = write_template(FUNDING, tmp_path / name, catalogue=CATALOGUE)
    book = openpyxl.load_workbook(path)
    for cells in rows:
        book[FUNDING.sheet].append(cells)
    book.save(path)
    return path


def recognised(path: Path, source: str = "partenaires_financements") -> Recognition:
    found = [one for part in open_parts(path) if (one := recognise(part, CATALOGUE)) is not None]
    (known,) = found
    assert known.source.id == source
    return known


def read(path: Path, known: dict[str, set[str]] | None = None) -> Lines:
    return read_inventory(recognised(path), CATALOGUE, digest="abcd1234", known=known or {})


def faults(tmp_path: Path, *rows: list[object], **known: set[str]) -> tuple[str, ...]:
    with pytest.raises(TableRefusedError) as refused:
        read(filled(tmp_path, *rows), known)
    return refused.value.faults


# --- round trip --------------------------------------------------------------------------


def test_a_filled_template_becomes_lines(tmp_path):
    found = read(filled(tmp_path, row(), row(financeur="Département", montant="12 500,50")))
    assert found.lines["amount_cents"].tolist() == [125_050, 1_250_050]
    assert found.lines["funder"].tolist() == ["caf", "departement"]
    assert found.lines["funder_name"].tolist()[0] == "Caisse d'allocations familiales"
    assert found.lines[["kind", "code", "year"]].to_numpy()[0].tolist() == ["qp", "QN05972M", 2024]
    assert found.lines["line_id"].is_unique
    assert found.summary.aside == {"ligne d'exemple": 1}
    assert (found.summary.lines, found.summary.kept, found.summary.balanced) == (3, 2, True)


def test_the_template_has_lists_a_notice_and_one_marked_example(tmp_path):
    book = openpyxl.load_workbook(write_template(FUNDING, tmp_path / "m.xlsx", catalogue=CATALOGUE))
    sheet = book[FUNDING.sheet]
    assert [cell.value for cell in sheet[1]] == TITLES
    assert sheet["A2"].value == "EXEMPLE"
    lists = [item for item in sheet.data_validations.dataValidation if item.type == "list"]
    choices = [field for field in FUNDING.fields if field.reads == "choice"]
    assert len(lists) == len(choices) == 6
    assert all(item.formula1.startswith("=Listes!$") for item in lists)
    assert book["Listes"].sheet_state == "hidden"
    assert {"caf", "etat", "bailleur_social"} <= {cell.value for cell in book["Listes"]["A"]}
    said = " ".join(str(cell.value) for cell in book["Notice"]["A"] if cell.value)
    assert "EXEMPLE" in said
    assert "data/local" in said


def test_the_csv_form_is_read_as_well(tmp_path):
    path = write_template(FUNDING, tmp_path / "m.csv", catalogue=CATALOGUE)
    with path.open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerow(["" if c is None else c for c in row()])
    assert read(path).lines["amount_cents"].tolist() == [125_050]


def test_values_saved_by_another_spreadsheet_are_read(tmp_path):
    """Other programs drop lists, styles and hidden sheets, and turn integers into floats."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = FUNDING.sheet
    sheet.append([f" {title.upper()} " for title in TITLES])
    sheet.append([2024.0 if cell == 2024 else cell for cell in row()])
    sheet.append([None] * len(TITLES))
    book.save(tmp_path / "v.xlsx")
    line = read(tmp_path / "v.xlsx").lines.iloc[0]
    assert (line["year"], line["amount_cents"]) == (2024, 125_050)


def test_a_file_of_a_partner_is_never_overwritten(tmp_path):
    path = filled(tmp_path, row())
    with pytest.raises(QpvkitError, match="existe déjà et contient peut-être des saisies"):
        write_template(FUNDING, path, catalogue=CATALOGUE)


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(UnknownNameError, match=r"\.ods"):
        write_template(FUNDING, tmp_path / "m.ods", catalogue=CATALOGUE)


# --- formulas, macros, injection ---------------------------------------------------------


def with_cached_formula(path: Path) -> Path:
    """Turn the amount of the line into a formula with its computed value, as Excel stores it."""
    out = path.with_name("formules.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert content.count(b"<v>1250.5</v>") == 1
                content = content.replace(b"<v>1250.5</v>", b"<f>1000+250.5</f><v>1250.5</v>")
            new.writestr(name, content)
    return out


def test_the_computed_value_of_a_formula_is_read(tmp_path):
    path = with_cached_formula(filled(tmp_path, row()))
    assert read(path).lines["amount_cents"].tolist() == [125_050]


def test_a_formula_that_was_never_computed_is_said(tmp_path):
    (fault,) = faults(tmp_path, row(montant="=1000+250.5"))
    assert fault == (
        "feuille « Financements », ligne 3, colonne L (montant en euros) : la formule n'a jamais "
        "été calculée. Ouvrez le classeur, enregistrez-le, ou remplacez-la par sa valeur."
    )


def test_values_of_a_workbook_with_macros_are_read_and_the_macros_left_alone(tmp_path):
    path = tmp_path / "macros.xlsm"
    with zipfile.ZipFile(filled(tmp_path, row())) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "[Content_Types].xml":
                content = content.replace(
                    b"spreadsheetml.sheet.main+xml", b"sheet.macroEnabled.main+xml"
                )
            new.writestr(name, content)
        new.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" + b"Sub Auto_Open()" * 8)
    before = path.read_bytes()
    assert read(path).lines["amount_cents"].tolist() == [125_050]
    assert path.read_bytes() == before


def test_a_cell_that_we_made_inert_is_read_as_it_was(tmp_path):
    cells = ["" if cell is None else str(cell) for cell in row(intitulé="'=1+1")]
    path = write_csv(tmp_path / "m.csv", [TITLES, cells])
    assert read(path).lines["label"].tolist() == ["=1+1"]


# --- mistakes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "column", "said"),
    [
        ({"montant": -50}, "L (montant en euros)", "« -50 » est négatif"),
        ({"montant": "douze"}, "L (montant en euros)", "« douze » n'est pas un montant"),
        ({"montant": "12 k€"}, "L (montant en euros)", "« 12 k€ » n'est pas un montant"),
        ({"montant": "1,234"}, "L (montant en euros)", "« 1,234 » se lit de deux façons"),
        ({"montant": None}, "L (montant en euros)", "cellule vide. En euros, positif."),
        ({"financeur": "la caff"}, "C (financeur)", "n'est pas dans la liste. Proches : caf"),
        ({"financeur": "Zorro"}, "C (financeur)", "n'est pas dans la liste. Attendu : etat"),
        ({"nature": "mixte"}, "F (nature)", "Attendu : droit_commun, specifique"),
        ({"exercice": "24"}, "B (exercice)", "« 24 » n'est pas une année"),
        ({"exercice": "2024-2025"}, "B (exercice)", "n'est pas un nombre"),
        ({"bénéficiaires": 2.5}, "M (bénéficiaires du territoire)", "pas un nombre entier"),
        ({"code": "QP059074"}, "J (code du territoire)", "QP059074 est de la géographie 2015"),
        ({"code": "Lille-Sud"}, "J (code du territoire)", "n'est pas un code de quartier"),
        ({"maille": "commune"}, "J (code du territoire)", "par exemple 59350"),
    ],
)
def test_a_mistake_is_told_by_sheet_row_and_column(tmp_path, changed, column, said):
    (fault,) = faults(tmp_path, row(), row(**changed))
    assert fault.startswith(f"feuille « Financements », ligne 4, colonne {column} : ")
    assert said in fault


def test_every_mistake_is_told_at_once_in_order(tmp_path):
    found = faults(tmp_path, row(montant=-1, financeur="Zorro"), row(étape=None))
    assert [fault.split(" : ")[0].split(", ", 1)[1] for fault in found] == [
        "ligne 3, colonne C (financeur)", "ligne 3, colonne L (montant en euros)",
        "ligne 4, colonne H (étape)",
    ]  # fmt: skip


def test_the_message_lists_the_mistakes_and_what_to_do(tmp_path):
    with pytest.raises(TableRefusedError) as refused:
        read(filled(tmp_path, row(montant=-1), row(montant=-2)))
    text = str(refused.value)
    assert text.startswith("inventaire.xlsx : 2 erreurs :\n- feuille « Financements », ligne 3")
    assert "rien n'a été lu" in text
    assert "qpvkit template funding" in text


def test_a_code_of_2015_is_right_for_a_year_before_2024(tmp_path):
    path = filled(tmp_path, row(exercice=2023, code="QP059074"))
    assert read(path).lines["code"].tolist() == ["QP059074"]


def test_a_code_that_does_not_exist_gets_near_ones(tmp_path):
    (fault,) = faults(tmp_path, row(code="QN05999M"), qp={"QN05972M", "QN05990M"})
    assert "« QN05999M » n'existe pas. Codes proches : " in fault
    assert "QN05990M" in fault


def test_lost_zeros_and_old_siren_are_mended(tmp_path):
    rows = [row(maille="commune", code=1053), row(maille="epci", code="245900410")]
    assert read(filled(tmp_path, *rows)).lines["code"].tolist() == ["01053", "200093201"]


def test_a_duplicate_names_the_line_that_it_repeats(tmp_path):
    (fault,) = faults(tmp_path, row(), row(montant=2), row())
    assert fault == (
        "feuille « Financements », ligne 5 : identique à la ligne 3. Supprimez l'une des deux."
    )


def test_a_total_row_is_checked_and_set_aside(tmp_path):
    total = [None] * len(TITLES)
    total[4], total[11] = "Total général", 1252.5
    found = read(filled(tmp_path, row(), row(montant=2), total))
    assert found.summary.aside == {"ligne d'exemple": 1, "ligne de total": 1}
    assert found.lines["amount_cents"].sum() == 125_250
    assert found.summary.balanced


def test_a_total_row_that_does_not_add_up_is_a_mistake(tmp_path):
    total = [None] * len(TITLES)
    total[0], total[11] = "TOTAL", 9999
    (fault,) = faults(tmp_path, row(), total)
    assert "le total écrit (9\u202f999,00) n'est pas la somme des lignes (1\u202f250,50)" in fault


def test_a_missing_column_is_named(tmp_path):
    titles = [title for title in TITLES if title != "niveau de preuve"]
    cells = [str(GOOD.get(title, "")) for title in titles]
    with pytest.raises(TableRefusedError, match="il manque la colonne « niveau de preuve »"):
        read(write_csv(tmp_path / "m.csv", [titles, cells]))


def test_a_column_that_nobody_needs_may_be_gone(tmp_path):
    titles = [title for title in TITLES if title not in ("thème", "bénéficiaires du territoire")]
    cells = [str(GOOD.get(title, "")) for title in titles]
    line = read(write_csv(tmp_path / "m.csv", [titles, cells])).lines.iloc[0]
    assert line["theme"] == ""
    assert line["beneficiaries"] != line["beneficiaries"]


def test_an_empty_template_says_so(tmp_path):
    with pytest.raises(TableRefusedError, match="aucune ligne remplie"):
        read(filled(tmp_path))


# --- staff -------------------------------------------------------------------------------


def staff_file(tmp_path: Path, **changed: object) -> Path:
    template = CATALOGUE.template("staff")
    path = write_template(template, tmp_path / "s.xlsx", catalogue=CATALOGUE)
    cells = {field.name: field.example for field in template.fields} | {"mark": ""} | changed
    book = openpyxl.load_workbook(path)
    book[template.sheet].append([cells[field.name] for field in template.fields])
    book.save(path)
    return path


def test_staff_keeps_unknown_apart_from_zero(tmp_path):
    known = recognised(staff_file(tmp_path, vacant=0, junior=None), "partenaires_moyens")
    line = read_staff(known, CATALOGUE, digest="abcd", known={}).iloc[0]
    assert (line["posts"], line["vacant"], line["serves"]) == (12.5, 0.0, "quartier")
    assert line["junior"] != line["junior"]


def test_a_part_cannot_exceed_its_whole(tmp_path):
    known = recognised(staff_file(tmp_path, vacant=20), "partenaires_moyens")
    with pytest.raises(TableRefusedError) as refused:
        read_staff(known, CATALOGUE, digest="abcd", known={})
    (fault,) = refused.value.faults
    assert "colonne J (dont vacants (ETP)) : 20,0 dépasse « postes prévus (ETP) » (12,5)" in fault
