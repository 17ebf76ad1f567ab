"""Filed files of credits, staff and services, each kept by content: unchanged, read once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.load.cache import digest, file_digest
from qpvkit.load.files import open_parts
from qpvkit.load.sources import Recognition, recognise
from qpvkit.load.store import raw_files
from qpvkit.records import Feeds, Source
from qpvkit.settings import Settings

LEDGER_VERSION: Final = 1  # raise it when the same file and catalogue would give other lines

Reading = tuple[pd.DataFrame, dict[str, Any]]


def filed_files(
    settings: Settings, catalogue: Catalogue, feeds: Feeds
) -> Iterator[tuple[Path, Source]]:
    """Return the filed files that feed one table of the library, the partners' ones included."""
    local = sorted(settings.local_dir.glob("*/*/*")) if settings.local_dir.is_dir() else []
    for path in [*raw_files(settings).values(), *local]:
        source = catalogue.sources.get(path.parent.parent.name)
        if source and source.used and source.feeds == feeds and not path.name.startswith("."):
            yield path, source


def read_file(
    settings: Settings,
    catalogue: Catalogue,
    path: Path,
    read: Callable[[Recognition, str], Reading],
) -> list[Reading]:
    """Read the tables of a filed file, or take them from the cache of the same content.

    Parameters
    ----------
    read
        Reads one recognised table; its second argument is the file's sha256.

    Raises
    ------
    FileRefusedError
        The file was damaged since it was added.
    """
    sha256 = file_digest(path)
    folder = settings.store_dir / "ledger" / _key(path, sha256, catalogue)
    known = _kept(folder)
    if known is not None:
        return known
    found = [recognise(part, catalogue) for part in open_parts(path)]
    feeds = catalogue.sources[path.parent.parent.name].feeds
    readings = [read(one, sha256) for one in found if one is not None and one.source.feeds == feeds]
    _write(folder, readings)
    return readings


def _kept(folder: Path) -> list[Reading] | None:
    try:
        counts = json.loads((folder / "counts.json").read_text(encoding="utf-8"))
        return [
            (pd.read_parquet(folder / f"{position}.parquet"), count)
            for position, count in enumerate(counts)
        ]
    except (OSError, ValueError):
        return None


def _key(path: Path, sha256: str, catalogue: Catalogue) -> str:
    """Return what a reading depends on: content, declarations, and the words it is checked by."""
    known = (
        *(item for item in catalogue.sources.values() if not item.observed),
        *catalogue.funders.values(), *catalogue.services.values(), *catalogue.templates.values(),
        *catalogue.aliases, *catalogue.thresholds.values(),
    )  # fmt: skip
    words = [item.model_dump_json() for item in known]
    return digest(sha256, path.name, *words, str(LEDGER_VERSION))[:24]


def _write(folder: Path, readings: list[Reading]) -> None:
    """Write under a temporary name, then rename: a reader never sees half of it."""
    staging = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    for position, (frame, _) in enumerate(readings):
        frame.to_parquet(staging / f"{position}.parquet", index=False)
    text = json.dumps([counts for _, counts in readings])
    (staging / "counts.json").write_text(text, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    staging.replace(folder)
