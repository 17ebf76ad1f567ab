"""Each table read from a file, kept by content: a new file costs its own reading only."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from qpvkit.catalogue import Catalogue
from qpvkit.load.readers import READER_VERSION, Tables, read_table
from qpvkit.load.sources import Recognition
from qpvkit.records import Source
from qpvkit.settings import Settings

_FRAMES: Final = ("territories", "memberships", "observations")


def digest(*texts: str) -> str:
    """Return the sha256 of some texts."""
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_state(path: Path, known: dict[str, Any] | None) -> dict[str, Any]:
    """Return the size, the date and the sha256 of a file; `known`, what they were."""
    stat = path.stat()
    seen = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    if known and all(known.get(key) == value for key, value in seen.items()):
        return {**seen, "sha256": known["sha256"]}
    return {**seen, "sha256": file_digest(path)}


def _source_digest(source: Source, catalogue: Catalogue) -> str:
    """Return what the reading of a source depends on: its declaration and its indicators."""
    columns = [
        f"{item.id}:{column.model_dump_json()}"
        for item in catalogue.indicators.values()
        for column in item.columns
        if column.source == source.id
    ]
    places = [place.model_dump_json() for place in (*catalogue.places, *catalogue.aliases)]
    return digest(source.model_dump_json(), *columns, *places, str(READER_VERSION))


def cached_table(
    settings: Settings,
    catalogue: Catalogue,
    recognition: Recognition,
    sha256: str,
    *,
    fresh: bool = False,
) -> tuple[Tables, dict[str, Any]]:
    """Read one recognised table, or take it from the cache of the same content and declaration.

    Returns the table and its record for the manifest.
    """
    source = recognition.source
    key = digest(
        sha256, recognition.part.name, recognition.edition, _source_digest(source, catalogue)
    )[:24]
    folder = settings.store_dir / "parts" / key
    table = None if fresh else _kept_table(folder)
    if table is None:
        _write_table(folder, read_table(recognition, catalogue))
        table = _read_table(folder)
    record = {
        "name": recognition.part.name,
        "source": source.id,
        "edition": recognition.edition,
        "vintages": recognition.vintages,
        "found_in": recognition.found_in,
        "counts": table.counts,
        "cache": key,
    }
    return table, record


def _kept_table(folder: Path) -> Tables | None:
    """Return a reading kept before; None if there is none, or if it is damaged."""
    try:
        return _read_table(folder)
    except (OSError, ValueError):
        return None


def _write_table(folder: Path, table: Tables) -> None:
    staging = folder.with_name(f"{folder.name}.{os.getpid()}")
    staging.mkdir(parents=True, exist_ok=True)
    for name in _FRAMES:
        getattr(table, name).to_parquet(staging / f"{name}.parquet", index=False)
    table.shapes.to_parquet(staging / "shapes.parquet", index=False)
    (staging / "counts.json").write_text(json.dumps(table.counts), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    staging.replace(folder)


def _read_table(folder: Path) -> Tables:
    return Tables(
        territories=pd.read_parquet(folder / "territories.parquet"),
        memberships=pd.read_parquet(folder / "memberships.parquet"),
        observations=_read_categories(folder / "observations.parquet"),
        shapes=gpd.read_parquet(folder / "shapes.parquet"),
        counts=json.loads((folder / "counts.json").read_text(encoding="utf-8")),
    )


def _read_categories(path: Path) -> pd.DataFrame:
    """Read observations with their words as categories: a tenth of the memory."""
    names = ["kind", "code", "indicator", "status", "source", "edition"]
    frame: pd.DataFrame = pq.read_table(path, read_dictionary=names).to_pandas()
    return frame.astype({name: "category" for name in names if name in frame.columns})
