"""Open any published file and list the tables inside, without knowing yet what they mean.

A CSV holds one table; a workbook one per sheet, a GeoPackage one per layer, a ZIP one per member.
What a file *is* comes from its first bytes, never from its name.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas as pd
import python_calamine

from qpvkit.errors import FileRefusedError
from qpvkit.formats import plural
from qpvkit.load.layers import json_parts, layer_parts, member_path, vector_part
from qpvkit.load.parts import (
    HEAD_ROWS,
    Part,
    cell,
    clean,
    damaged,
    decode_text,
    header_names,
    refuse_repeated,
)

_SEPARATORS: Final = (";", ",", "\t", "|")
_SQLITE: Final = b"SQLite format 3\x00"
_OLE: Final = b"\xd0\xcf\x11\xe0"
_TABULAR: Final = (".csv", ".txt")
_WORKBOOKS: Final = (".xlsx", ".xls", ".ods")
_VECTORS: Final = (".geojson", ".json", ".shp", ".gpkg")


def open_parts(path: Path) -> list[Part]:
    """List the tables inside a file.

    Returns an empty list for a file that is sound but holds no table (a notice, a licence).

    Raises
    ------
    FileRefusedError
        Empty file, damaged archive, web page saved under a data name, unknown encoding.
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
    if not start.strip():
        raise FileRefusedError(
            path,
            problem="le fichier est vide.",
            expected="un fichier de données publié par son producteur.",
            action="téléchargez-le de nouveau.",
        )
    if start.startswith(b"PK"):
        return list(_zip_parts(path))
    if start.startswith(_OLE):
        return _sheet_parts(path, "", path.read_bytes())
    if start.startswith(_SQLITE):
        return layer_parts(path)
    if start.startswith(b"\x1f\x8b"):
        return _text_parts(path, "", _gunzip(path))
    return _plain_parts(path, "", path.read_bytes())


def _plain_parts(path: Path, name: str, content: bytes) -> list[Part]:
    """Open bytes that are neither an archive nor a workbook: JSON, GeoJSON or delimited text."""
    start = content[:4096].lstrip(b"\xef\xbb\xbf").lstrip()
    lowered = start[:512].lower()
    if lowered.startswith((b"<!doctype html", b"<html")) or b"<head" in lowered:
        raise FileRefusedError(
            path,
            where=name,
            problem="c'est une page web enregistrée sous un nom de données.",
            expected="le fichier lui-même (csv, xlsx, zip, geojson).",
            action="ouvrez l'adresse dans un navigateur et cliquez sur le lien de téléchargement.",
        )
    if start[:1] in (b"{", b"["):
        return json_parts(path, name, content)
    if b"\x00" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return []
    return _text_parts(path, name, content)


# --- delimited text ------------------------------------------------------------------------


def _separator(lines: list[str]) -> str:
    """Return the separator that cuts the most lines into the same number of cells.

    A title above the header, or a comma inside a label, does not mislead it.
    """

    def evenness(mark: str) -> tuple[float, int]:
        sizes = [len(row) for row in csv.reader(lines, delimiter=mark)]
        usual = max(set(sizes), key=lambda size: (sizes.count(size), size))
        return (sizes.count(usual) / len(sizes), usual) if usual > 1 else (0.0, 0)

    return max(_SEPARATORS, key=evenness)


def _text_parts(path: Path, name: str, content: bytes) -> list[Part]:
    text = decode_text(path, name, content)
    lines = text[:200_000].splitlines()[:HEAD_ROWS]
    filled = [line for line in lines if line.strip(" ;,\t")]
    if not filled:
        return []
    mark = _separator(filled)
    head = tuple(tuple(clean(cell) for cell in row) for row in csv.reader(lines, delimiter=mark))
    if max(len(row) for row in head) < 2:
        return []

    def load(header: int, header_rows: int) -> pd.DataFrame:
        names = header_names(head, header, header_rows)
        return _read_text(path, name, text, mark, names, header + header_rows)

    return [Part(path=path, name=name, form="text", head=head, _load=load)]


def _read_text(
    path: Path, name: str, text: str, mark: str, names: tuple[str, ...], skip: int
) -> pd.DataFrame:
    refuse_repeated(path, name, names)
    _refuse_uneven(path, name, text, mark, len(names), skip)
    used = [position for position, label in enumerate(names) if label]
    frame = pd.read_csv(
        io.StringIO(text), sep=mark, header=None, skiprows=skip, usecols=used, dtype=str,
        keep_default_na=False, skip_blank_lines=False, index_col=False, low_memory=False,
        names=list(range(len(names))),
    )  # fmt: skip
    frame = frame.fillna("")
    frame.columns = pd.Index([names[position] for position in used])
    frame.index = pd.RangeIndex(skip + 1, skip + 1 + len(frame), name="ligne")
    return frame.loc[~(frame == "").all(axis=1)]


def _refuse_uneven(path: Path, name: str, text: str, mark: str, width: int, skip: int) -> None:
    """Refuse a line with fewer or more cells than the header: a file cut, or edited by hand."""
    reader = csv.reader(io.StringIO(text), delimiter=mark, strict=True)
    try:
        uneven = next(
            (
                (reader.line_num, len(row))
                for row in reader
                if reader.line_num > skip and len(row) != width and any(row)
            ),
            None,
        )
    except csv.Error:
        uneven = (reader.line_num, 1)
    if uneven is not None:
        line, cells = uneven
        raise FileRefusedError(
            path,
            where=f"{name} ligne {line}".strip(),
            problem=f"{plural(cells, 'cellule')} au lieu de {width}.",
            expected=f"{width} cellules séparées par « {mark} » à chaque ligne.",
            action="téléchargez de nouveau le fichier, il est sans doute coupé ou retouché.",
        )


def _gunzip(path: Path) -> bytes:
    try:
        with gzip.open(path) as stream:
            return stream.read()
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path, "") from error


# --- workbooks -----------------------------------------------------------------------------


def _sheet_parts(path: Path, name: str, content: bytes) -> list[Part]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {sheet: book.get_sheet_by_name(sheet).to_python() for sheet in book.sheet_names}
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise damaged(path, name) from error
    parts = []
    for sheet, rows in sheets.items():
        texts = [tuple(cell(value) for value in row) for row in rows]
        if not texts:
            continue

        def load(
            header: int, header_rows: int, texts: list[tuple[str, ...]] = texts
        ) -> pd.DataFrame:
            return _read_rows(texts, header, header_rows)

        label = f"{name} › {sheet}" if name else sheet
        parts.append(
            Part(path=path, name=label, form="sheet", head=tuple(texts[:HEAD_ROWS]), _load=load)
        )
    return parts


def _read_rows(texts: list[tuple[str, ...]], header: int, header_rows: int) -> pd.DataFrame:
    names = header_names(tuple(texts), header, header_rows)
    start = header + header_rows
    frame = pd.DataFrame(texts[start:], dtype=str).fillna("")
    frame.index = pd.RangeIndex(start + 1, start + 1 + len(frame), name="ligne")
    used = [position for position, label in enumerate(names) if label]
    frame = frame.loc[:, used]
    frame.columns = pd.Index([names[position] for position in used])
    return frame.loc[~(frame == "").all(axis=1)]


# --- archives --------------------------------------------------------------------------------


def _zip_parts(path: Path) -> Iterator[Part]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" in names or "mimetype" in names:
                yield from _sheet_parts(path, "", path.read_bytes())
                return
            broken = archive.testzip()
            if broken:
                raise damaged(path, broken)
            for name in sorted(names):
                yield from _member_parts(path, archive, name)
    except (zipfile.BadZipFile, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise damaged(path, "") from error
    except (NotImplementedError, RuntimeError) as error:
        raise FileRefusedError(
            path,
            problem="l'archive est chiffrée, ou compressée d'une façon que l'on ne sait pas lire.",
            expected="un ZIP ordinaire, sans mot de passe.",
            action="décompressez-la, puis ajoutez le dossier obtenu.",
        ) from error


def _member_parts(path: Path, archive: zipfile.ZipFile, name: str) -> list[Part]:
    suffix = Path(name).suffix.lower()
    if name.startswith("__MACOSX"):
        return []
    if suffix in _WORKBOOKS:
        return _sheet_parts(path, name, archive.read(name))
    if suffix == ".shp":
        return [vector_part(path, name, member_path(path, name), None)]
    if suffix in _TABULAR or suffix in _VECTORS:
        return _plain_parts(path, name, archive.read(name))
    return []
