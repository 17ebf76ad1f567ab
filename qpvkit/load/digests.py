"""A number for each row of the store, written when it is built, and one for what a report read.

Two stores in which some rows are equal give these rows the same digest, whatever the other rows
became: a report is stale when the digest of what it read has changed.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from qpvkit.codes import REFERENCES
from qpvkit.load.keyed import Rows, WordColumn
from qpvkit.load.memory import held_table
from qpvkit.load.reads import Read

_ENDING: Final = ".digests.npy"
_AT_ONCE: Final = 100_000  # rows: the whole of a table would double the memory of the store
_NONE: Final = np.empty(0, np.uint64)
_FEW: Final = ("code", "within_code")  # columns whose words have few rows each
_PREFIXES: Final = {"2015": "QP", "2024": "QN"}


def write_digests(folder: Path) -> None:
    """Write a 64-bit digest for each row of each table of a folder."""
    for path in sorted(folder.glob("*.parquet")):
        pieces = [
            pd.util.hash_pandas_object(batch.to_pandas(), index=False).to_numpy(np.uint64)
            for batch in pq.ParquetFile(path).iter_batches(_AT_ONCE, use_threads=False)
            if batch.num_rows
        ]
        np.save(folder / f"{path.stem}{_ENDING}", np.concatenate([_NONE, *pieces]))


class Digests:
    """The digests of a store, read table by table when they are asked for."""

    def __init__(self, folder: Path, files: pd.DataFrame | None) -> None:
        self._folder = folder
        self._files = files
        self._known: dict[Read, tuple[str, ...]] = {}
        self._columns: dict[tuple[str, str], WordColumn] = {}
        self._hashes: dict[str, npt.NDArray[np.uint64]] = {}

    def of(self, read: Read) -> tuple[str, ...]:
        """Return the digest of some rows; one for each indicator of ``peers``, ``references``."""
        if read not in self._known:
            self._known[read] = self._compute(read)
        return self._known[read]

    def _compute(self, read: Read) -> tuple[str, ...]:
        wanted = dict(read.wanted)
        if read.table == "files":
            if self._files is None:
                return ("",)
            shown = self._files[["source", "edition", "file"]].sort_values(["source", "file"])
            return (_short(shown.to_csv(index=False)),)
        if read.table in {"peers", "references", "published"}:
            return self._by_indicator(read.table, wanted)
        if not (self._folder / f"{read.table}.parquet").exists():
            return ("",)
        rows: Rows | None = None
        for name, values in sorted(wanted.items(), key=lambda item: item[0] not in _FEW):
            rows = self._column(read.table, name).rows(values, rows)
        return (_sum_of(self._table(read.table), rows),)

    def _by_indicator(self, table: str, wanted: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Return one digest for each indicator; one for the list of those of a map."""
        if table == "references":
            return tuple(self._references.get(name, "") for name in wanted["indicator"])
        sums = self._peers[wanted["zoning"][0]]
        if table == "published":
            return (_short(" ".join(sorted(sums))),)
        return tuple(sums.get(name, "") for name in wanted.get("indicator", tuple(sums)))

    def _table(self, table: str) -> npt.NDArray[np.uint64]:
        if table not in self._hashes:
            self._hashes[table] = np.load(self._folder / f"{table}{_ENDING}")
        return self._hashes[table]

    def _column(self, table: str, name: str) -> WordColumn:
        """Return a column of words: that of the memory, or of the file."""
        key = (table, name)
        if key not in self._columns:
            path = self._folder / f"{table}.parquet"
            held = held_table(path)
            if held is not None and held.covered is None:
                self._columns[key] = held.words(name)
            else:
                read = pq.read_table(path, columns=[name], read_dictionary=[name],
                                     use_threads=False)  # fmt: skip
                words = read.column(name).to_pandas().astype("category")
                self._columns[key] = WordColumn.of(words)
        return self._columns[key]

    @functools.cached_property
    def _peers(self) -> dict[str, dict[str, str]]:
        """Return the digest of each indicator over all the quartiers of each map."""
        path = self._folder / "observations_qp.parquet"
        if not path.exists():
            return {zoning: {} for zoning in _PREFIXES}
        codes = self._column("observations_qp", "code")
        indicators = self._column("observations_qp", "indicator")
        values = pq.read_table(path, columns=["value"], use_threads=False).column("value")
        published = ~np.isnan(values.to_numpy())
        hashes = self._table("observations_qp")
        result: dict[str, dict[str, str]] = {}
        for zoning, prefix in _PREFIXES.items():
            ours = np.array([name.startswith(prefix) for name in codes.places], bool)
            kept = ours[codes.numbers] & published if len(ours) else published
            result[zoning] = {
                name: _sum_of(hashes, rows)
                for name in indicators.places
                if len(rows := _kept(indicators.rows([name]), kept))
            }
        return result

    @functools.cached_property
    def _references(self) -> dict[str, str]:
        """Return the digest of each indicator over the territories of comparison."""
        found: dict[str, list[str]] = {}
        for table in (f"observations_{kind}" for kind in REFERENCES):
            if (self._folder / f"{table}.parquet").exists():
                column = self._column(table, "indicator")
                for name in column.places:
                    words = _sum_of(self._table(table), column.rows([name]))
                    found.setdefault(name, []).append(f"{table} {words}")
        return {name: _short(" ".join(words)) for name, words in found.items()}


def _kept(rows: Rows, mask: npt.NDArray[np.bool_]) -> Rows:
    return rows[mask[rows]]


def _sum_of(hashes: npt.NDArray[np.uint64], rows: Rows | None) -> str:
    """Return the digest of some rows: their sum does not depend on their order."""
    chosen = hashes if rows is None else hashes[rows]
    return _short(f"{int(chosen.sum(dtype=np.uint64))}.{len(chosen)}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
