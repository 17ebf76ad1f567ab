"""The store: tidy Parquet tables, rebuilt only when a raw file or the catalogue changed.

``data/store/<dataset>/manifest.json`` names the current tables and the files they came from.
Each table read from a file is cached by content, so a new file costs its own reading only.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pyproj
import shapely

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.codes import Kind, Zoning
from qpvkit.errors import FileRefusedError, MissingDataError
from qpvkit.load.assemble import Assembled, assemble
from qpvkit.load.cache import cached_table, digest, file_state
from qpvkit.load.digests import Digests, write_digests
from qpvkit.load.files import open_parts
from qpvkit.load.memory import held_table, opened_store, quiet_reading, read_peers
from qpvkit.load.readers import READER_VERSION, Tables
from qpvkit.load.reads import note
from qpvkit.load.sources import recognise
from qpvkit.memo import by_identity
from qpvkit.settings import Settings

Progress = Callable[[str, int, int], None]

STORE_VERSION: Final = 2
_FRAMES: Final = ("territories", "memberships", "observations")
_ROW_GROUP: Final = 40_000
_SMALL_GROUP: Final = 3_000  # sorted by code: a look-up reads one group


@dataclasses.dataclass(frozen=True, slots=True)
class Store:
    """The tables of one data set, read on demand.

    Get one with `open_store`.
    """

    folder: Path
    manifest: dict[str, Any]

    def territories(
        self, *, kind: Kind | None = None, codes: Iterable[str] | None = None
    ) -> pd.DataFrame:
        """Return territories: ``kind, code, label, zoning, population, population_vintage``."""
        return self._read("territories", kind=[kind] if kind else None, code=codes)

    def memberships(
        self, *, kind: Kind | None = None, codes: Iterable[str] | None = None
    ) -> pd.DataFrame:
        """Return ``kind, code, within_kind, within_code, share, share_basis, main``."""
        return self._read("memberships", kind=[kind] if kind else None, code=codes)

    def observations(
        self,
        *,
        kind: Kind,
        codes: Iterable[str] | None = None,
        indicators: Iterable[str] | None = None,
        columns: Sequence[str] | None = None,
        as_categories: bool = False,
    ) -> pd.DataFrame:
        """Return observations of one kind of territory; empty when none is loaded.

        `as_categories` reads ``code`` and ``indicator`` as categories, for whole tables.
        """
        name = f"observations_{kind}"
        if not (self.folder / f"{name}.parquet").exists():
            name = "observations_empty"
        dictionary = ("code", "indicator") if as_categories else ()
        return self._read(
            name, columns=columns, dictionary=dictionary, code=codes, indicator=indicators
        )

    def shapes(self, *, kind: Kind, codes: Iterable[str] | None = None) -> gpd.GeoDataFrame:
        """Return contours, EPSG:4326: ``kind, code, geometry``."""
        name = f"shapes_{kind}"
        if not (self.folder / f"{name}.parquet").exists():
            return gpd.GeoDataFrame({"kind": [], "code": []}, geometry=[], crs=_wgs84())
        rows = self._read(name, code=codes)
        drawn = shapely.from_wkb(rows["geometry"].to_numpy())
        return gpd.GeoDataFrame(rows[["kind", "code"]], geometry=drawn, crs=_wgs84())

    def files(self) -> pd.DataFrame:
        """Return the tables that were read: ``source, edition, file, rows, masked, sha256``."""
        note("files", {})
        return _files(self.manifest).copy(deep=False)

    def neighbours(self, communes: Iterable[str], *, zoning: int | None) -> pd.Series:
        """Return the codes of the quartiers of a map that lie in some communes."""
        links = self._read("memberships", kind=["qp"], within_code=communes)
        prefix = "QP" if zoning == 2015 else "QN"
        inside = links["within_kind"].eq("commune") & links["code"].str.startswith(prefix)
        return links.loc[inside, "code"].drop_duplicates()

    def peers(self, *, zoning: Zoning, indicators: Iterable[str] | None = None) -> pd.DataFrame:
        """Return the published values of all the quartiers of a map.

        Columns ``code, indicator`` (categories), ``vintage, value``; every indicator by default.
        """
        wanted = None if indicators is None else sorted(set(indicators))
        note("peers", {"zoning": [str(zoning)], "indicator": wanted})
        rows = read_peers(self.folder, zoning)
        if wanted is None:
            return rows
        return rows.loc[rows["indicator"].isin(wanted)]

    def published(self, *, zoning: Zoning) -> list[str]:
        """Return the indicators that have a value for some quartier of a map."""
        note("published", {"zoning": [str(zoning)]})
        return [str(name) for name in read_peers(self.folder, zoning)["indicator"].unique()]

    def digests(self) -> Digests:
        """Return the digests of the rows, to know what changed since a report was made."""
        return Digests(self.folder, self.files())

    def _read(
        self,
        name: str,
        *,
        columns: Sequence[str] | None = None,
        dictionary: Sequence[str] = (),
        **wanted: Iterable[str] | None,
    ) -> pd.DataFrame:
        asked = {key: sorted(set(values)) for key, values in wanted.items() if values is not None}
        note(name, asked)
        path = self.folder / f"{name}.parquet"
        held = None if dictionary else held_table(path)
        if held is not None and held.holds(asked):
            return held.rows(asked, columns)
        # an empty list has no type
        filters = [(column, "in", values or [""]) for column, values in asked.items()]
        table = pq.read_table(
            path,
            columns=None if columns is None else list(columns),
            filters=filters or None,
            read_dictionary=list(dictionary) or None,
            **quiet_reading(),
        )
        frame: pd.DataFrame = table.to_pandas()
        return frame.astype(dict.fromkeys(dictionary, "category"))


@by_identity
def _files(manifest: dict[str, Any]) -> pd.DataFrame:
    """Return the tables that a manifest names."""
    rows = [
        {
            "source": part["source"],
            "edition": part["edition"],
            "file": Path(path).name,
            "rows": part["counts"]["rows"],
            "masked": part["counts"]["masked"],
            "sha256": state["sha256"],
        }
        for path, state in manifest["files"].items()
        for part in state.get("parts", [])
        if "source" in part
    ]
    return pd.DataFrame(rows, columns=["source", "edition", "file", "rows", "masked", "sha256"])


@functools.cache
def _wgs84() -> pyproj.CRS:
    """Return EPSG:4326, looked up once: the look-up costs more than reading the contours."""
    return pyproj.CRS.from_epsg(4326)


def open_store(
    settings: Settings | None = None,
    *,
    catalogue: Catalogue | None = None,
    on_progress: Progress | None = None,
    rebuild: bool = False,
) -> Store:
    """Open the store of a data set, bringing it up to date first.

    Parameters
    ----------
    settings, catalogue
        The embedded ones by default.
    on_progress
        Called with a label, the step and the number of steps while files are read.
    rebuild
        Read every file again, even unchanged.

    Raises
    ------
    MissingDataError
        No raw file: says which command brings some.
    """
    settings = settings or Settings()
    kept = None if rebuild else opened_store(settings.store_dir)
    if kept is not None:
        return kept
    catalogue = catalogue or load_catalogue(settings.catalogue_dir)
    files = raw_files(settings)
    if not files:
        msg = (
            f"Aucun fichier officiel dans le jeu « {settings.dataset} ». "
            "Ajoutez-en : qpvkit add CHEMIN…"
        )
        raise MissingDataError(msg)
    manifest = _read_manifest(settings)
    known = {} if rebuild or manifest is None else manifest["files"]
    states = {name: file_state(path, known.get(name)) for name, path in files.items()}
    wanted = _fingerprint(states, catalogue)
    if not rebuild and manifest is not None and manifest["fingerprint"] == wanted:
        folder = settings.store_dir / manifest["tables"]
        if (folder / "observations_empty.parquet").exists():
            return Store(folder, manifest)
    return _build(settings, catalogue, files, states, wanted, on_progress, fresh=rebuild)


def raw_files(settings: Settings) -> dict[str, Path]:
    """Return the filed official files, by path relative to ``data/raw``."""
    root = settings.raw_dir
    if not root.is_dir():
        return {}
    found = {path.relative_to(root): path for path in root.glob("*/*/*") if path.is_file()}
    return {
        name.as_posix(): found[name]
        for name in sorted(found)
        if not any(step.startswith(".") for step in name.parts)
    }


# --- fingerprints ------------------------------------------------------------------------------


def _fingerprint(states: dict[str, dict[str, Any]], catalogue: Catalogue) -> str:
    content = json.dumps({name: state["sha256"] for name, state in states.items()}, sort_keys=True)
    return digest(content, catalogue.model_dump_json(), f"{STORE_VERSION}.{READER_VERSION}")


# --- build -------------------------------------------------------------------------------------


def _read_manifest(settings: Settings) -> dict[str, Any] | None:
    path = settings.store_dir / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return manifest if {"fingerprint", "files", "tables"} <= set(manifest) else None
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _build(
    settings: Settings,
    catalogue: Catalogue,
    files: dict[str, Path],
    states: dict[str, dict[str, Any]],
    fingerprint: str,
    on_progress: Progress | None,
    *,
    fresh: bool,
) -> Store:
    tables: list[Tables] = []
    used: set[str] = set()
    for step, (name, path) in enumerate(files.items(), start=1):
        if on_progress:
            on_progress(path.name, step, len(files) + 1)
        found, records = _read_file(
            settings, catalogue, name, path, states[name]["sha256"], fresh=fresh
        )
        tables += found
        used.update(record["cache"] for record in records if record.get("cache"))
        states[name] |= {"parts": records}
    if on_progress:
        on_progress("assemblage", len(files) + 1, len(files) + 1)
    if not tables:
        msg = (
            f"Aucun des {len(files)} fichiers du jeu « {settings.dataset} » n'a pu être lu : "
            "qpvkit check"
        )
        raise MissingDataError(msg)
    assembled = assemble(tables, catalogue)
    folder = _write(settings, assembled, fingerprint)
    manifest = {
        "fingerprint": fingerprint,
        "tables": folder.name,
        "counts": assembled.counts,
        "files": states,
    }
    _replace_text(settings.store_dir / "manifest.json", json.dumps(manifest, indent=1))
    _sweep(settings.store_dir, folder.name, used)
    return Store(folder, manifest)


def by_kind(observations: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the observations of each kind of territory, categories turned back into words."""
    for kind in observations["kind"].astype("str").unique():
        yield kind, as_words(observations.loc[observations["kind"].eq(kind)])


def as_words(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn categories back into words."""
    words = {
        name: frame[name].cat.categories.astype("str").take(frame[name].cat.codes.to_numpy())
        for name in frame.columns
        if isinstance(frame[name].dtype, pd.CategoricalDtype)
    }
    return frame.assign(**{name: values.array for name, values in words.items()})


def _read_file(
    settings: Settings, catalogue: Catalogue, name: str, path: Path, sha256: str, *, fresh: bool
) -> tuple[list[Tables], list[dict[str, Any]]]:
    """Read a filed file; what is wrong with it is recorded, and the others go on."""
    folder_edition = Path(name).parts[1]
    records: list[dict[str, Any]] = []
    tables: list[Tables] = []
    filed = catalogue.sources.get(Path(name).parts[0])
    if filed is not None and filed.used and not filed.observed:
        return tables, records  # credits, services: read by their own loaders, on demand
    try:
        parts = open_parts(path)
        for part in parts:
            found = recognise(part, catalogue, folder_edition=folder_edition)
            if found is None or not found.source.observed:
                continue
            table, record = cached_table(settings, catalogue, found, sha256, fresh=fresh)
            tables.append(table)
            records.append(record)
    except FileRefusedError as error:
        records.append({"problem": str(error)})
    return tables, records


def _write(settings: Settings, assembled: Assembled, fingerprint: str) -> Path:
    """Check each table at the door, then write it; the folder appears when it is complete."""
    # pandera is slow to import and needed here only
    from qpvkit import schemas  # noqa: PLC0415

    schemas.check_table(assembled.territories, schemas.TERRITORIES)
    schemas.check_table(assembled.memberships, schemas.MEMBERSHIPS)
    folder = settings.store_dir / f"tables-{fingerprint[:12]}"
    staging = settings.store_dir / f".tables-{os.getpid()}"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    for name in ("territories", "memberships"):
        table: pd.DataFrame = getattr(assembled, name)
        table.to_parquet(staging / f"{name}.parquet", index=False, row_group_size=_SMALL_GROUP)
    observations = assembled.observations
    as_words(observations.iloc[:0]).to_parquet(staging / "observations_empty.parquet", index=False)
    for kind, group in by_kind(observations):
        schemas.check_table(group, schemas.OBSERVATIONS)
        group.to_parquet(
            staging / f"observations_{kind}.parquet", index=False, row_group_size=_ROW_GROUP
        )
    for kind in assembled.shapes["kind"].unique():
        drawn = assembled.shapes.loc[assembled.shapes["kind"].eq(kind)]
        drawn.to_parquet(staging / f"shapes_{kind}.parquet", index=False, row_group_size=500)
    write_digests(staging)
    shutil.rmtree(folder, ignore_errors=True)
    staging.replace(folder)
    return folder


def _replace_text(path: Path, text: str) -> None:
    """Write under a temporary name, then rename: a reader never sees half a file."""
    staging = path.with_name(f".{path.name}.{os.getpid()}")
    staging.write_text(text, encoding="utf-8")
    staging.replace(path)


def _sweep(store_dir: Path, current: str, used: set[str]) -> None:
    """Remove tables and cached readings that nothing refers to any more."""
    for folder in store_dir.glob("tables-*"):
        if folder.name != current:
            shutil.rmtree(folder, ignore_errors=True)
    for folder in (store_dir / "parts").glob("*"):
        if folder.name not in used:
            shutil.rmtree(folder, ignore_errors=True)
