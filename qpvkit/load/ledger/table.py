"""Read a table that partners filled in, and tell every mistake by sheet, row and column."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Final

import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import EXAMPLES, KIND_LABELS, PATTERNS
from qpvkit.errors import TableRefusedError, near_names
from qpvkit.formats import number
from qpvkit.load.keys import fold
from qpvkit.load.ledger.money import AMBIGUOUS, read_cents
from qpvkit.load.ledger.places import zoning_fault
from qpvkit.load.sources import Recognition
from qpvkit.partners import Template, TemplateField

EXAMPLE: Final = "exemple"
EXAMPLE_LINE: Final = "ligne d'exemple"
TOTAL: Final = "ligne de total"
_TOTALS: Final = ("total", "totaux", "total general", "sous total", "grand total", "ensemble")
_FIRST_YEAR: Final = 2000
_NEGATIVE: Final = "est négatif. Attendu : un nombre positif"

Known = Mapping[str, Collection[str]]  # kind of territory → codes that exist


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The rows of a filled table, typed, and the lines set aside on the way.

    Attributes
    ----------
    rows
        One column per field of the template, indexed by line; amounts are integer cents.
    aside
        Lines that are not data, by reason.
    aside_cents
        The amounts that they bear: that of a total row.
    """

    rows: pd.DataFrame
    aside: dict[str, int]
    aside_cents: int


class _Faults:
    """The mistakes found so far, each with its place."""

    def __init__(self, recognition: Recognition) -> None:
        self.names = [fold(name) for name in recognition.names]
        self.sheet = recognition.part.name
        self.lettered = recognition.part.form == "sheet"
        self.found: list[tuple[int, int, str]] = []

    def add(self, line: int, field: TemplateField | None, problem: str) -> None:
        position = self.names.index(fold(field.title)) if field else -1
        place = f"feuille « {self.sheet} », ligne {line}" if self.sheet else f"ligne {line}"
        if field is not None:
            letter = _letter(position)
            place += f", colonne {letter} ({field.title})" if self.lettered else (
                f", colonne « {field.title} »"
            )  # fmt: skip
        self.found.append((line, position, f"{place} : {problem}."))

    def sentences(self) -> list[str]:
        return [text for _, _, text in sorted(self.found)]


def _letter(position: int) -> str:
    """Return the letters of a column, from zero: 0 is A, 26 is AA."""
    high, low = divmod(position, 26)
    return (_letter(high - 1) if high else "") + chr(ord("A") + low)


def read_sheet(
    recognition: Recognition, template: Template, catalogue: Catalogue, *, known: Known
) -> Sheet:
    """Read the rows of a filled template.

    Values are read, formulas too by their last computed value; macros are never run. The worked
    example is left out, a total row is checked against the lines above and left out.

    Parameters
    ----------
    known
        The codes that exist, by kind; a kind that is absent is checked by its form only.

    Raises
    ------
    TableRefusedError
        With every mistake of the table at once.
    """
    faults = _Faults(recognition)
    texts = _texts(recognition, template)
    titles = [field for field in template.fields if field.required and field.name not in texts]
    if titles:
        listed = ", ".join(f"« {field.title} »" for field in titles)
        raise _refused(recognition, template, [f"il manque la colonne {listed}."])
    texts = texts.reindex(columns=[field.name for field in template.fields], fill_value="")
    example = texts["mark"].map(fold).eq(EXAMPLE)
    total = texts.map(lambda text: fold(text) in _TOTALS).any(axis=1) & ~example
    data = texts.loc[~example & ~total]
    columns = {
        field.name: _read_field(data[field.name], field, catalogue, faults)
        for field in template.fields
    }
    rows = pd.DataFrame(columns, index=data.index)
    _check_places(rows, template, catalogue, known, faults)
    _check_limits(rows, template, faults)
    _check_repeats(data, template, faults)
    aside_cents = 0 if faults.found else _check_totals(texts, total, example, template, faults)
    if faults.found:
        raise _refused(recognition, template, _explain_formulas(recognition, faults))
    if rows.empty:
        raise _refused(recognition, template, ["aucune ligne remplie."])
    aside = {EXAMPLE_LINE: int(example.sum()), TOTAL: int(total.sum())}
    kept = {reason: count for reason, count in aside.items() if count}
    return Sheet(rows=rows, aside=kept, aside_cents=aside_cents)


def _refused(recognition: Recognition, template: Template, faults: list[str]) -> TableRefusedError:
    return TableRefusedError(
        recognition.part.path,
        faults,
        action="corrigez ces cellules puis ajoutez de nouveau le fichier ; modèle vierge : "
        f"qpvkit template {template.id}",
    )


def _texts(recognition: Recognition, template: Template) -> pd.DataFrame:
    """Return the cells of the template's columns as text, under the names of the fields."""
    frame = recognition.part.frame(recognition.header, 1)
    by_title = {fold(field.title): field.name for field in template.fields}
    found = {
        by_title[fold(str(name))]: frame[name].astype("str").str.strip()
        for name in frame.columns
        if fold(str(name)) in by_title
    }
    texts = pd.DataFrame(found, index=frame.index)
    texts = texts.replace(r"^'(?=[=+\-@])", "", regex=True)  # as we write against injection
    blank = (texts == "").all(axis=1)
    return texts.loc[~blank]


# --- one field -----------------------------------------------------------------------------------


def _read_field(
    texts: pd.Series, field: TemplateField, catalogue: Catalogue, faults: _Faults
) -> pd.Series:
    filled = texts.ne("")
    if field.required:
        for line in texts.index[~filled]:
            faults.add(int(line), field, f"cellule vide. {field.help}")
    if field.reads == "amount":
        return _amounts(texts, field, faults)
    if field.reads in ("year", "count", "number"):
        return _numbers(texts, field, faults)
    if field.reads == "choice":
        return _choices(texts, field, catalogue, faults)
    return texts.str.upper() if field.reads == "place" else texts


def _amounts(texts: pd.Series, field: TemplateField, faults: _Faults) -> pd.Series:
    money = read_cents(texts, strict=True)
    for line in texts.index[texts.ne("") & money["problem"].ne("")]:
        text = texts.loc[line]
        why = (
            f"« {text} » se lit de deux façons. Attendu : {text.replace(',', '')} ou {text}0"
            if money.loc[line, "problem"] == AMBIGUOUS
            else f"« {text} » n'est pas un montant. {field.help}"
        )
        faults.add(int(line), field, why)
    for line in texts.index[money["cents"].lt(0).fillna(value=False)]:
        faults.add(int(line), field, f"« {texts.loc[line]} » {_NEGATIVE}")
    return money["cents"]


def _numbers(texts: pd.Series, field: TemplateField, faults: _Faults) -> pd.Series:
    money = read_cents(texts)
    values = money["cents"].astype("float64") / 100
    whole = field.reads != "number"
    for line in texts.index[texts.ne("")]:
        value, text = values.loc[line], texts.loc[line]
        if value != value:  # noqa: PLR0124 - NaN
            faults.add(int(line), field, f"« {text} » n'est pas un nombre. {field.help}")
        elif value < 0:
            faults.add(int(line), field, f"« {text} » {_NEGATIVE}")
        elif whole and value != round(value):
            faults.add(int(line), field, f"« {text} » n'est pas un nombre entier")
        elif field.reads == "year" and not _FIRST_YEAR <= value <= 2100:
            faults.add(int(line), field, f"« {text} » n'est pas une année. {field.help}")
    return values


def choices_of(field: TemplateField, catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Return the accepted values of a field: identifier → labels that mean it."""
    if field.choices_from == "funders":
        return {item.id: (item.label, *item.other_labels) for item in catalogue.funders.values()}
    if field.choices_from == "themes":
        return {item.id: (item.label,) for item in catalogue.themes.values()}
    return dict.fromkeys(field.choices, ())


def _choices(
    texts: pd.Series, field: TemplateField, catalogue: Catalogue, faults: _Faults
) -> pd.Series:
    accepted = choices_of(field, catalogue)
    by_word = {fold(word): name for name, words in accepted.items() for word in (name, *words)}
    read = texts.map(lambda text: by_word.get(fold(text), ""))
    for line in texts.index[texts.ne("") & read.eq("")]:
        text = texts.loc[line]
        near = near_names(text, accepted) or near_names(fold(text), by_word)
        known = ", ".join(near or accepted)
        word = "Proches" if near else "Attendu"
        faults.add(int(line), field, f"« {text} » n'est pas dans la liste. {word} : {known}")
    return read


# --- several fields ------------------------------------------------------------------------------


def _check_places(
    rows: pd.DataFrame, template: Template, catalogue: Catalogue, known: Known, faults: _Faults
) -> None:
    """Check codes: their form, the map of their year, and that they exist; mend lost zeros."""
    field = next((item for item in template.fields if item.reads == "place"), None)
    if field is None:
        return
    for line, kind, code, year in zip(
        rows.index, rows["kind"], rows[field.name], rows["year"], strict=True
    ):
        if not kind or not code:
            continue
        official = code.removesuffix(".0")
        if kind == "commune" and official.isdigit():
            official = official.zfill(5)
        official = catalogue.alias_map(kind).get(official, official)
        rows.loc[line, field.name] = official
        if not PATTERNS[kind].fullmatch(official):
            expected = f"un code de {KIND_LABELS[kind]}, par exemple {EXAMPLES[kind]}"
            faults.add(int(line), field, f"« {code} » n'est pas {expected}")
            continue
        wrong = (
            zoning_fault(int(year), official, catalogue)
            if kind == "qp" and year >= _FIRST_YEAR
            else ""
        )
        codes = known.get(kind, ())
        if not wrong and codes and official not in codes:
            near = ", ".join(near_names(official, codes))
            wrong = f"« {official} » n'existe pas" + (f". Codes proches : {near}" if near else "")
        if wrong:
            faults.add(int(line), field, wrong)


def _check_limits(rows: pd.DataFrame, template: Template, faults: _Faults) -> None:
    titles = {field.name: field.title for field in template.fields}
    for field in template.fields:
        if not field.at_most:
            continue
        over = rows[field.name] > rows[field.at_most]
        for line in rows.index[over]:
            part, whole = rows.loc[line, field.name], rows.loc[line, field.at_most]
            faults.add(
                int(line), field,
                f"{number(part, decimals=1)} dépasse « {titles[field.at_most]} » "
                f"({number(whole, decimals=1)})",
            )  # fmt: skip


def _check_repeats(data: pd.DataFrame, template: Template, faults: _Faults) -> None:
    names = [field.name for field in template.fields if field.name != "mark"]
    first: dict[tuple[str, ...], int] = {}
    for line, cells in zip(data.index, data[names].itertuples(index=False), strict=True):
        same = first.setdefault(tuple(cells), int(line))
        if same != line:
            faults.add(int(line), None, f"identique à la ligne {same}. Supprimez l'une des deux")


def _check_totals(
    texts: pd.DataFrame,
    total: pd.Series,
    example: pd.Series,
    template: Template,
    faults: _Faults,
) -> int:
    """Compare each total row with the lines above it, and return the cents of the total rows."""
    field = next((item for item in template.fields if item.reads == "amount"), None)
    if field is None or not total.any():
        return 0
    cents = read_cents(texts[field.name])["cents"].fillna(0).astype("int64")
    lines = cents.where(~total & ~example, 0)
    running, since = lines.cumsum(), 0
    for line in texts.index[total]:
        written, above = int(cents.loc[line]), int(running.loc[line])
        if texts.loc[line, field.name] != "" and written not in (above, above - since):
            faults.add(
                int(line), field,
                f"le total écrit ({number(written / 100, decimals=2)}) n'est pas la somme des "
                f"lignes ({number(above / 100, decimals=2)})",
            )  # fmt: skip
        since = above
    return int(cents.loc[total].sum())


def _explain_formulas(recognition: Recognition, faults: _Faults) -> list[str]:
    """Say that a blank cell holds a formula that was never computed, where it is so."""
    path = recognition.part.path
    blank = [fault for fault in faults.found if "cellule vide" in fault[2]]
    if not blank or path.suffix.lower() not in (".xlsx", ".xlsm"):
        return faults.sentences()
    import openpyxl  # noqa: PLC0415 - slow to import, needed for faulty workbooks only

    book = openpyxl.load_workbook(path, read_only=True, keep_links=False)
    sheet = book[recognition.part.name.rsplit(" › ", 1)[-1]]
    for line, position, text in blank:
        value = sheet.cell(row=line, column=position + 1).value
        if isinstance(value, str) and value.startswith("="):
            faults.found.remove((line, position, text))
            place = text.split(" : cellule vide", 1)[0]
            said = (
                f"{place} : la formule n'a jamais été calculée. Ouvrez le classeur, "
                "enregistrez-le, ou remplacez-la par sa valeur."
            )
            faults.found.append((line, position, said))
    book.close()
    return faults.sentences()
