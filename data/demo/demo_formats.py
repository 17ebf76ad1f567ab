"""
Write numbers and files with the byte-level habits of the official producers.

Nothing here knows the territory. Archives carry a fixed date and GeoPackages a fixed
`last_change`, so that two runs give the same bytes.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import pyogrio
from openpyxl.workbook.workbook import Workbook

NARROW_SPACE = "\u202f"
NO_BREAK_SPACE = "\u00a0"
FIXED_DATE = (2026, 1, 1, 0, 0, 0)
FIXED_TIMESTAMP = "2026-01-01T00:00:00Z"

Row = Mapping[str, str]


def decimal(value: float, digits: int = 1) -> str:
    """Write a number with a decimal comma and a fixed number of decimals."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace(".", ",")


def short(value: float, digits: int = 1) -> str:
    """Write a number with a decimal comma, and no decimals when it is whole."""
    text = decimal(value, digits)
    return text.rstrip("0").rstrip(",") if "," in text else text


def grouped(value: float, separator: str = NARROW_SPACE) -> str:
    """Write a whole number with a separator of thousands."""
    return f"{round(value):,}".replace(",", separator)


def plain(value: float) -> str:
    """Write a whole number as digits only."""
    return str(round(value))


def words(text: str) -> list[str]:
    """Split a list of column names that is written as one text."""
    return text.split()


def save_bytes(path: Path, content: bytes) -> None:
    """Write a file, and its folder when needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def save_text(path: Path, text: str, *, bom: bool = False) -> None:
    """Write a UTF-8 file without touching its line ends."""
    save_bytes(path, text.encode("utf-8-sig" if bom else "utf-8"))


def csv_text(
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    separator: str = ";",
    newline: str = "\n",
    width: int = 0,
    last_newline: bool = True,
    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL,
) -> str:
    """
    Compose a CSV table.

    Parameters
    ----------
    columns
        Header, in order; a row that lacks one of them gets an empty cell.
    width
        Number of cells of each line; the missing ones are written empty, at the end.
    last_newline
        Whether the last line is ended, which the exports of spreadsheets do not do.

    Returns
    -------
    text
        The table, header first.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator=newline, quoting=quoting)
    tail = [""] * max(0, width - len(columns))
    writer.writerow([*columns, *tail])
    writer.writerows([*(row.get(column, "") for column in columns), *tail] for row in rows)
    text = buffer.getvalue()
    return text if last_newline else text.removesuffix(newline)


def archive(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Compose a ZIP archive whose members all bear the same date."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in members:
            info = zipfile.ZipInfo(name, FIXED_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            target.writestr(info, content)
    return buffer.getvalue()


def workbook_bytes(workbook: Workbook) -> bytes:
    """Save a workbook as bytes that do not depend on the clock."""
    buffer = io.BytesIO()
    workbook.save(buffer)
    members = []
    with zipfile.ZipFile(buffer) as source:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", FIXED_TIMESTAMP.encode(), content)
            members.append((name, content))
    return archive(members)


def json_lines(records: Sequence[Mapping[str, Any]]) -> str:
    """Compose a JSON list with one record a line."""
    lines = (json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def feature_collection(features: Sequence[Mapping[str, Any]], *, name: str, crs: str) -> str:
    """Compose a GeoJSON with its `crs` member and one feature a line, as GDAL writes it."""
    crs_member = {"type": "name", "properties": {"name": crs}}
    lines = (json.dumps(feature, ensure_ascii=False) for feature in features)
    return (
        '{\n"type": "FeatureCollection",\n'
        f'"name": {json.dumps(name)},\n"crs": {json.dumps(crs_member)},\n'
        '"features": [\n' + ",\n".join(lines) + "\n]\n}\n"
    )


def save_geopackage(path: Path, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Write a GeoPackage whose bytes do not depend on the clock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FIXED_TIMESTAMP})
    for name, frame in layers.items():
        pyogrio.write_dataframe(
            frame, path, layer=name, driver="GPKG", geometry_type="MultiPolygon"
        )
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
