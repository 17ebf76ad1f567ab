"""One table inside a file, whatever the file: its name, its first rows, how to load it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from qpvkit.errors import FileRefusedError

Form = Literal["text", "sheet", "vector", "json"]

HEAD_ROWS: Final = 25


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table inside a file, opened lazily.

    Attributes
    ----------
    path
        The file.
    name
        Sheet, layer or archive member; empty when the file is the table.
    form
        How it is stored.
    head
        The first rows as text, header included, to recognise the table by.
    """

    path: Path
    name: str
    form: Form
    head: tuple[tuple[str, ...], ...]
    _load: Callable[[int, int], pd.DataFrame]

    def frame(self, header: int = 0, header_rows: int = 1) -> pd.DataFrame:
        """Return the rows as text, indexed by their line in the file.

        Parameters
        ----------
        header
            Position of the header row, from zero.
        header_rows
            Rows that the header takes; two of them are joined with a space.

        Raises
        ------
        FileRefusedError
            The content is damaged: cut file, ragged line, geometry without projection.
        """
        return self._load(header, header_rows)


def header_names(
    head: tuple[tuple[str, ...], ...], header: int, header_rows: int
) -> tuple[str, ...]:
    """Return the column names of a table, joining a two-row header.

    Examples
    --------
    >>> header_names((("Région", "Niveau de vie", ""), ("", "D1", "Médian")), 0, 2)
    ('Région', 'Niveau de vie D1', 'Niveau de vie Médian')
    """
    names = [clean(name) for name in head[header]]
    if header_rows == 1 or header + 1 >= len(head):
        return tuple(names)
    below = [clean(name) for name in head[header + 1]]
    joined, group = [], ""
    for position, name in enumerate(names):
        group = name or group
        second = below[position] if position < len(below) else ""
        joined.append(f"{group} {second}".strip() if second else name)
    return tuple(joined)


def clean(name: str) -> str:
    """Trim a column name: no BOM, no doubled space."""
    return " ".join(name.replace("\ufeff", "").split())


def cell(value: object) -> str:
    """Write a cell as text; a whole number loses its decimal point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def blank_or_cell(value: object) -> str:
    """Write a cell as text; None and NaN are blank."""
    return "" if value is None or value != value else cell(value)  # noqa: PLR0124 - NaN


def damaged(path: Path, name: str) -> FileRefusedError:
    """Return the refusal of a file that does not open."""
    return FileRefusedError(
        path,
        where=name,
        problem="fichier abîmé ou coupé, il ne s'ouvre pas.",
        expected="un fichier complet.",
        action="téléchargez-le de nouveau et comparez sa taille à celle annoncée.",
    )


def decode_text(path: Path, name: str, content: bytes) -> str:
    """Decode UTF-8, with or without its mark; refuse any other encoding and name the line."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        guess = "UTF-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "Windows-1252"
        raise FileRefusedError(
            path,
            where=f"{name} ligne {line}".strip(),
            problem=f"encodage inattendu (sans doute {guess}) : les accents seraient faux.",
            expected="un texte en UTF-8.",
            action="reprenez le fichier d'origine, ou ré-enregistrez-le en « CSV UTF-8 ».",
        ) from error


def refuse_repeated(path: Path, name: str, names: tuple[str, ...]) -> None:
    """Refuse a header that gives the same name to two columns."""
    filled = [label for label in names if label]
    repeated = sorted({label for label in filled if filled.count(label) > 1})
    if repeated:
        raise FileRefusedError(
            path,
            where=name,
            problem=f"la colonne {repeated[0]} est donnée deux fois.",
            expected="un nom par colonne.",
            action="reprenez le fichier d'origine, ou retirez la colonne en double.",
        )
