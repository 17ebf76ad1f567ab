"""Tables of the store kept in memory by a process that is about to make many reports.

A batch holds them once and its children share them: a report then reads no file. Everything else
(a notebook in JupyterLab, the command line) reads Parquet on demand, and gets the same rows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from qpvkit.load.keyed import Rows, WordColumn

if TYPE_CHECKING:
    from qpvkit.load.store import Store

_BIG: Final = "observations_commune"  # 35,000 communes, of which a thousand hold a quartier
_NEVER: Final = "observations_iris"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A table in memory: words as numbers, which take a tenth of the time and room to read.

    Attributes
    ----------
    columns
        By name, in the order of the file.
    size
        How many rows.
    covered
        The codes that it holds; None when it holds the whole file.
    """

    columns: Mapping[str, WordColumn | pd.api.extensions.ExtensionArray]
    size: int
    covered: frozenset[str] | None = None

    def holds(self, wanted: Mapping[str, Sequence[str]]) -> bool:
        """Say whether it can answer in place of the file."""
        return self.covered is None or self.covered.issuperset(wanted.get("code", ("",)))

    def rows(
        self, wanted: Mapping[str, Sequence[str]], columns: Sequence[str] | None
    ) -> pd.DataFrame:
        """Return the rows whose columns hold one of the wanted values."""
        chosen: Rows | None = None
        for name in sorted(wanted, key=lambda name: (name == "kind", len(wanted[name]))):
            chosen = self.words(name).rows(wanted[name], chosen)
        if chosen is None:
            chosen = np.arange(self.size)
        names = self.columns if columns is None else columns
        kept = {name: self.columns[name].take(chosen) for name in names}
        return pd.DataFrame(kept, index=pd.RangeIndex(len(chosen)), copy=False)

    def words(self, name: str) -> WordColumn:
        """Return a column of words."""
        column = self.columns[name]
        if not isinstance(column, WordColumn):
            msg = f"{name} does not hold words"
            raise TypeError(msg)
        return column


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """A store whose tables are held."""

    store: Store
    tables: dict[str, Held]
    peers: dict[int, pd.DataFrame]


_held: Final[dict[Path, _Memory]] = {}


def hold_store(store: Store) -> None:
    """Keep the tables that reports read in the memory of this process, until it ends."""
    tables = {
        path.stem: _hold(path)
        for path in sorted(store.folder.glob("*.parquet"))
        if path.stem not in {_NEVER, _BIG}
    }
    big = store.folder / f"{_BIG}.parquet"
    if big.exists():
        links = tables["memberships"].rows(
            {"kind": ["qp"], "within_kind": ["commune"]}, ["within_code"]
        )
        tables[_BIG] = _hold(big, codes=links["within_code"].unique())
    _held[store.folder] = _Memory(store=store, tables=tables, peers={})
    for zoning in (2015, 2024):
        store.peers(zoning=zoning)


def opened_store(store_dir: Path) -> Store | None:
    """Return the store held for a data set, if this process holds it."""
    return next((kept.store for folder, kept in _held.items() if folder.parent == store_dir), None)


def held_table(path: Path) -> Held | None:
    """Return a table held in place of a file."""
    kept = _held.get(path.parent)
    return kept.tables.get(path.stem) if kept else None


def read_peers(folder: Path, zoning: int) -> pd.DataFrame:
    """Return the published values of all the quartiers of a map, from memory if they are held."""
    kept = _held.get(folder)
    if kept is not None and zoning in kept.peers:
        return kept.peers[zoning]
    rows = _peer_rows(folder)
    prefix = "QP" if zoning == 2015 else "QN"
    ours = rows["code"].cat.categories.str.startswith(prefix)[rows["code"].cat.codes]
    found: pd.DataFrame = rows.loc[ours & rows["value"].notna().to_numpy()]
    if kept is not None:
        kept.peers[zoning] = found
    return found


def _peer_rows(folder: Path) -> pd.DataFrame:
    """Return ``code, indicator`` (categories), ``vintage, value`` of every quartier."""
    columns, words = ["code", "indicator", "vintage", "value"], ["code", "indicator"]
    path = folder / "observations_qp.parquet"
    if not path.exists():
        path = folder / "observations_empty.parquet"
    held = held_table(path)
    if held is not None:
        return pd.DataFrame(
            {name: held.words(name).categories() for name in words}
            | {name: held.columns[name] for name in ("vintage", "value")}
        )
    table = pq.read_table(path, columns=columns, read_dictionary=words, **quiet_reading())
    rows: pd.DataFrame = table.to_pandas().astype(dict.fromkeys(words, "category"))
    return rows


def quiet_reading() -> dict[str, bool]:
    """Read without threads where Arrow was asked for one: a process that forks has none."""
    return {"use_threads": False, "pre_buffer": False} if pa.cpu_count() == 1 else {}


def release_stores() -> None:
    """Forget everything that is held."""
    _held.clear()


def _hold(path: Path, *, codes: Iterable[str] | None = None) -> Held:
    kept = None if codes is None else sorted(map(str, codes)) or [""]
    filters = None if kept is None else [("code", "in", kept)]
    words = [
        field.name for field in pq.read_schema(path) if pa.types.is_large_string(field.type)
        or pa.types.is_string(field.type)
    ]  # fmt: skip
    table = pq.read_table(
        path, filters=filters, read_dictionary=words, use_threads=False, pre_buffer=False
    )
    frame: pd.DataFrame = table.to_pandas()
    return Held(
        columns={
            str(name): WordColumn.of(column.astype("category")) if name in words else column.array
            for name, column in frame.items()
        },
        size=len(frame),
        covered=None if kept is None else frozenset(kept),
    )
