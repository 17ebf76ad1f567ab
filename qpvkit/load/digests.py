"""A number for each row of the store, written when it is built, and one for what a report read.

Two stores in which some rows are equal give these rows the same digest, whatever the other rows
became: a report is stale when the digest of what it read has changed.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from qpvkit.load.reads import Read

_ENDING: Final = ".digests.npy"
_AT_ONCE: Final = 100_000  # rows: the whole of a table would double the memory of the store
_NONE: Final = np.empty(0, np.uint64)
_KEYS: Final = ("code", "within_code", "kind", "indicator")
_PREFIXES: Final = {"2015": "QP", "2024": "QN"}
Rows = npt.NDArray[np.int64]


def write_digests(folder: Path) -> None:
    """Write a 64-bit digest for each row of each table of a folder."""
    for path in sorted(folder.glob("*.parquet")):
        pieces = [
            pd.util.hash_pandas_object(batch.to_pandas(), index=False).to_numpy(np.uint64)
            for batch in pq.ParquetFile(path).iter_batches(_AT_ONCE, use_threads=False)
            if batch.num_rows
        ]
        np.save(folder / f"{path.stem}{_ENDING}", np.concatenate([_NONE, *pieces]))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A key column as numbers, with the rows of each value."""

    names: dict[str, int]
    numbers: Rows

    def rows(self, values: Iterable[str], among: Rows | None) -> Rows:
        """Return the rows that hold one of the values, in order."""
        wanted = np.array([self.names[name] for name in values if name in self.names], np.int64)
        if among is None:
            return np.flatnonzero(np.isin(self.numbers, wanted))
        return among[np.isin(self.numbers[among], wanted)]


class Digests:
    """The digests of a store, read table by table when they are asked for."""

    def __init__(self, folder: Path, files: pd.DataFrame | None) -> None:
        self._folder = folder
        self._files = files
        self._known: dict[Read, tuple[str, ...]] = {}
        self._columns: dict[tuple[str, str], _Column] = {}
        self._starts: dict[tuple[str, str], tuple[Rows, Rows]] = {}
        self._hashes: dict[str, npt.NDArray[np.uint64]] = {}

    def of(self, read: Read) -> tuple[str, ...]:
        """Return the digest of some rows; for ``peers``, one for each indicator."""
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
        if read.table == "peers":
            sums = self._peers[wanted["zoning"][0]]
            names = wanted.get("indicator", tuple(sums))
            return tuple(sums.get(name, "") for name in names)
        if read.table == "published":
            return (_short(" ".join(sorted(self._peers[wanted["zoning"][0]]))),)
        if not (self._folder / f"{read.table}.parquet").exists():
            return ("",)
        rows: Rows | None = None
        for name, values in sorted(wanted.items(), key=lambda item: item[0] not in _KEYS[:2]):
            rows = self._rows(read.table, name, values, rows)
        return (_sum_of(self._table(read.table), rows),)

    def _table(self, table: str) -> npt.NDArray[np.uint64]:
        if table not in self._hashes:
            self._hashes[table] = np.load(self._folder / f"{table}{_ENDING}")
        return self._hashes[table]

    def _rows(self, table: str, name: str, values: tuple[str, ...], among: Rows | None) -> Rows:
        column = self._column(table, name)
        if among is not None or name not in _KEYS[:2]:
            return column.rows(values, among)
        order, starts = self._order(table, name)
        found = [
            order[starts[number] : starts[number + 1]]
            for number in (column.names[value] for value in values if value in column.names)
        ]
        return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)

    def _column(self, table: str, name: str) -> _Column:
        key = (table, name)
        if key not in self._columns:
            path = self._folder / f"{table}.parquet"
            read = pq.read_table(path, columns=[name], read_dictionary=[name], use_threads=False)
            words = read.column(name).to_pandas().astype("category")
            names = {str(word): number for number, word in enumerate(words.cat.categories)}
            numbers = words.cat.codes.to_numpy(np.int64)
            self._columns[key] = _Column(names=names, numbers=numbers)
        return self._columns[key]

    def _order(self, table: str, name: str) -> tuple[Rows, Rows]:
        """Return the rows sorted by value, and where each value begins."""
        key = (table, name)
        if key not in self._starts:
            column = self._column(table, name)
            order = np.argsort(column.numbers, kind="stable")
            begins = np.arange(len(column.names) + 1)
            self._starts[key] = order, np.searchsorted(column.numbers[order], begins)
        return self._starts[key]

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
        order, starts = self._order("observations_qp", "indicator")
        result: dict[str, dict[str, str]] = {}
        for zoning, prefix in _PREFIXES.items():
            ours = np.array([name.startswith(prefix) for name in codes.names], bool)
            kept = ours[codes.numbers] & published if len(ours) else published
            result[zoning] = {
                name: _sum_of(hashes, rows)
                for name, number in indicators.names.items()
                if len(rows := _kept(order[starts[number] : starts[number + 1]], kept))
            }
        return result


def _kept(rows: Rows, mask: npt.NDArray[np.bool_]) -> Rows:
    return rows[mask[rows]]


def _sum_of(hashes: npt.NDArray[np.uint64], rows: Rows | None) -> str:
    """Return the digest of some rows: their sum does not depend on their order."""
    chosen = hashes if rows is None else hashes[rows]
    return _short(f"{int(chosen.sum(dtype=np.uint64))}.{len(chosen)}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
