"""Write the empty tables that partners fill in: a workbook with lists and a notice, or a CSV."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Final

import openpyxl
import openpyxl.styles
import openpyxl.utils
import openpyxl.worksheet.datavalidation

from qpvkit.catalogue import Catalogue
from qpvkit.errors import QpvkitError, UnknownNameError
from qpvkit.formats import inert
from qpvkit.load.ledger.table import choices_of
from qpvkit.partners import Template, TemplateField

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_LISTS: Final = "Listes"
_NOTICE: Final = "Notice"
_ROWS: Final = 2_000  # rows that the drop-down lists reach
_DARK, _PALE, _REQUIRED = "FF1F3A5F", "FFF1F1EC", "FFFFE9D6"


def write_template(
    template: Template, path: Path, *, catalogue: Catalogue, overwrite: bool = False
) -> Path:
    """Write the empty table: ``.xlsx`` with drop-down lists and a notice, or ``.csv``.

    The first row under the titles is a worked example, marked EXEMPLE and ignored on reading.

    Raises
    ------
    QpvkitError
        The file exists: it may hold the work of a partner.
    UnknownNameError
        Neither ``.xlsx`` nor ``.csv``.
    """
    suffix = path.suffix.lower()
    if suffix not in (".xlsx", ".csv"):
        raise UnknownNameError(
            "format de modèle inconnu", suffix or path.name, near=[".xlsx", ".csv"]
        )
    if path.exists() and not overwrite:
        msg = (
            f"{path} existe déjà et contient peut-être des saisies. Choisissez un autre nom : "
            f"qpvkit template {template.id} --output AUTRE{suffix}"
        )
        raise QpvkitError(msg)
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".csv":
        _write_csv(template, path)
    else:
        _workbook(template, catalogue).save(path)
    return path


def _write_csv(template: Template, path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow([field.title for field in template.fields])
        writer.writerow([inert(field.example) for field in template.fields])


def _workbook(template: Template, catalogue: Catalogue) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = template.sheet
    _write_notice(book.create_sheet(_NOTICE), template)
    lists = book.create_sheet(_LISTS)
    used = 0
    for position, field in enumerate(template.fields, start=1):
        letter = openpyxl.utils.get_column_letter(position)
        _write_title(sheet, letter, field)
        if field.reads == "choice":
            used += 1
            _write_list(sheet, lists, letter, used, field, list(choices_of(field, catalogue)))
    sheet.freeze_panes = "B2"
    sheet.row_dimensions[1].height = 45
    lists.sheet_state = "hidden"
    return book


def _write_title(sheet: Worksheet, letter: str, field: TemplateField) -> None:
    """Write the title, its help as a prompt, the worked example, and the form of the cells."""
    title = sheet[f"{letter}1"]
    title.value = field.title
    title.font = openpyxl.styles.Font(bold=True, color="FFFFFFFF")
    title.fill = openpyxl.styles.PatternFill("solid", fgColor=_DARK)
    title.alignment = openpyxl.styles.Alignment(wrap_text=True, vertical="center")
    example = sheet[f"{letter}2"]
    example.value = inert(field.example)
    example.font = openpyxl.styles.Font(italic=True, color="FF6B6B6B")
    example.fill = openpyxl.styles.PatternFill("solid", fgColor=_PALE)
    sheet.column_dimensions[letter].width = 34 if field.reads == "text" else 18
    form = "#,##0.00" if field.reads == "amount" else "@"
    if field.reads in ("text", "place", "amount"):  # text: a code keeps its zeros
        sheet.column_dimensions[letter].number_format = form
    if field.reads != "choice":
        prompt = openpyxl.worksheet.datavalidation.DataValidation(allow_blank=True)
        prompt.showInputMessage = True
        prompt.promptTitle, prompt.prompt = field.title[:32], field.help[:250]
        prompt.add(f"{letter}3:{letter}{_ROWS}")
        sheet.add_data_validation(prompt)


def _write_list(
    sheet: Worksheet,
    lists: Worksheet,
    letter: str,
    column: int,
    field: TemplateField,
    names: list[str],
) -> None:
    """Write a drop-down list; the accepted words stand in a hidden sheet."""
    source = openpyxl.utils.get_column_letter(column)
    lists[f"{source}1"] = field.title
    for row, name in enumerate(names, start=2):
        lists[f"{source}{row}"] = name
    choice = openpyxl.worksheet.datavalidation.DataValidation(
        type="list",
        formula1=f"={_LISTS}!${source}$2:${source}${len(names) + 1}",
        allow_blank=not field.required,
        showErrorMessage=True,
        errorTitle="Valeur hors de la liste",
        error="Choisissez une valeur de la liste.",
    )
    choice.showInputMessage = True
    choice.promptTitle, choice.prompt = field.title[:32], field.help[:250]
    choice.add(f"{letter}3:{letter}{_ROWS}")
    sheet.add_data_validation(choice)


def _write_notice(notice: Worksheet, template: Template) -> None:
    wrap = openpyxl.styles.Alignment(wrap_text=True, vertical="top")
    notice.column_dimensions["A"].width = 34
    notice.column_dimensions["B"].width = 96
    notice["A1"] = template.title
    notice["A1"].font = openpyxl.styles.Font(bold=True, size=14)
    row = 3
    for line in template.notice:
        notice.merge_cells(start_row=row, end_row=row, start_column=1, end_column=2)
        notice[f"A{row}"] = line
        notice[f"A{row}"].alignment = wrap
        notice.row_dimensions[row].height = 15 * (1 + len(line) // 120)
        row += 1
    row += 1
    for field in template.fields:
        notice[f"A{row}"] = field.title + (" (obligatoire)" if field.required else "")
        notice[f"B{row}"] = field.help
        notice[f"B{row}"].alignment = wrap
        if field.required:
            notice[f"A{row}"].fill = openpyxl.styles.PatternFill("solid", fgColor=_REQUIRED)
        row += 1
