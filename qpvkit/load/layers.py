"""GeoJSON, shapefiles, GeoPackage layers and JSON lists of records."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely.errors

from qpvkit.errors import FileRefusedError
from qpvkit.load.parts import HEAD_ROWS, Part, blank_or_cell, cell, damaged, decode_text

_GDAL_ERRORS: Final = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
    shapely.errors.GEOSException,
)
_COPIES: Final[list[tempfile.TemporaryDirectory[str]]] = []


def json_parts(path: Path, name: str, content: bytes) -> list[Part]:
    """Open a GeoJSON, or a JSON list of records; empty for any other JSON."""
    text = decode_text(path, name, content)
    if b'"FeatureCollection"' in content[:4096] or b'"Feature"' in content[:4096]:
        return [vector_part(path, name, content, None)]
    try:
        records = json.loads(text)
    except json.JSONDecodeError as error:
        raise FileRefusedError(
            path,
            where=f"{name} ligne {getattr(error, 'lineno', '?')}".strip(),
            problem="JSON illisible, sans doute coupé.",
            expected="un fichier JSON complet.",
            action="téléchargez-le de nouveau.",
        ) from error
    if not isinstance(records, list) or not records or not isinstance(records[0], dict):
        return []
    return [_records_part(path, name, records)]


def _records_part(path: Path, name: str, records: list[dict[str, Any]]) -> Part:
    columns = tuple(dict.fromkeys(key for record in records for key in record))
    sample = tuple(
        tuple(cell(record.get(key)) for key in columns) for record in records[:HEAD_ROWS]
    )

    def load(_header: int, _header_rows: int) -> pd.DataFrame:
        frame = pd.DataFrame.from_records(records, columns=list(columns))
        for column in columns:
            if not frame[column].map(lambda value: isinstance(value, list)).any():
                frame[column] = frame[column].map(blank_or_cell)
        frame.index = pd.RangeIndex(1, len(frame) + 1, name="ligne")
        return frame

    return Part(path=path, name=name, form="json", head=(columns, *sample), _load=load)


def member_path(path: Path, member: str) -> str:
    """Return the name under which GDAL finds a member of an archive."""
    return f"/vsizip/{{{path}}}/{member}"


def layer_parts(path: Path) -> list[Part]:
    """Open every layer of a GeoPackage."""
    target = str(path) if path.suffix.lower() == ".gpkg" else _renamed(path)
    try:
        layers = pyogrio.list_layers(target)
    except pyogrio.errors.DataSourceError as error:
        raise damaged(path, "") from error
    return [vector_part(path, str(name), target, str(name)) for name, _ in layers]


def _renamed(path: Path) -> str:
    """Copy a GeoPackage under a name that GDAL accepts; the copy goes with the process."""
    folder = tempfile.TemporaryDirectory(prefix="qpvkit-")
    _COPIES.append(folder)
    return shutil.copyfile(path, Path(folder.name) / f"{path.stem}.gpkg").as_posix()


def vector_part(path: Path, name: str, target: str | bytes, layer: str | None) -> Part:
    """Open one layer lazily.

    `target` is the content, rather than a path, wherever GDAL would trust the file's name.
    """
    try:
        sample = pyogrio.read_dataframe(
            target, layer=layer, max_features=HEAD_ROWS, read_geometry=False
        )
    except _GDAL_ERRORS as error:
        raise damaged(path, name) from error
    rows = tuple(
        tuple(blank_or_cell(cell) for cell in row) for row in sample.itertuples(index=False)
    )

    def load(_header: int, _header_rows: int) -> pd.DataFrame:
        return _read_vector(path, name, target, layer)

    head = (tuple(str(column) for column in sample.columns), *rows)
    return Part(path=path, name=name, form="vector", head=head, _load=load)


def _read_vector(path: Path, name: str, target: str | bytes, layer: str | None) -> gpd.GeoDataFrame:
    try:
        frame = pyogrio.read_dataframe(target, layer=layer)
    except _GDAL_ERRORS as error:
        raise damaged(path, name) from error
    if (
        not isinstance(frame, gpd.GeoDataFrame)
        or frame.crs is None
        or "Undefined" in frame.crs.name  # a GeoPackage says so instead of saying nothing
    ):
        raise FileRefusedError(
            path,
            where=name,
            problem="les contours n'ont pas de système de coordonnées.",
            expected="une projection déclarée (fichier .prj, GeoPackage ou GeoJSON en WGS84).",
            action="joignez le .prj au shapefile, ou ré-exportez depuis QGIS en EPSG:4326.",
        )
    west, south, east, north = frame.total_bounds
    if frame.crs.is_geographic and (west < -181 or east > 181 or south < -91 or north > 91):
        raise FileRefusedError(
            path,
            where=name,
            problem="coordonnées en mètres dans un fichier qui se dit en degrés.",
            expected="des longitudes et latitudes (EPSG:4326).",
            action="déclarez la vraie projection (souvent EPSG:2154), puis ré-exportez.",
        )
    for column in frame.columns.drop([frame.geometry.name]):
        frame[column] = frame[column].map(blank_or_cell).astype(str)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="ligne")
    return frame
