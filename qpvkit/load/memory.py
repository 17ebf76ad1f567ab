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
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from qpvkit.load.store import Store

_INDEXED: Final = ("code", "within_code")
_BIG: Final = "observations_commune"  # 35,000 communes, of which a thousand hold a quartier
_NEVER: Final = "observations_iris"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A table in memory.

    Attributes
    ----------
    frame
        Its rows, in the order of the file.
    places
        For each indexed column, the rows of each value.
    covered
        The codes that it holds; None when it holds the whole file.
    """

    frame: pd.DataFrame
    places: Mapping[str, Mapping[str, npt.NDArray[np.int64]]]
    covered: frozenset[str] | None = None

    def holds(self, wanted: Mapping[str, Sequence[str]]) -> bool:
        """Say whether it can answer in place of the file."""
        return self.covered is None or self.covered.issuperset(wanted.get("code", ("",)))

    def rows(
        self, wanted: Mapping[str, Sequence[str]], columns: Sequence[str] | None
    ) -> pd.DataFrame:
        """Return the rows whose columns hold one of the wanted values."""
        frame = self.frame if columns is None else self.frame[list(columns)]
        chosen: npt.NDArray[np.int64] | None = None
        for name, values in wanted.items():
            if chosen is None and name in self.places:
                place = self.places[name]
                found = [place[value] for value in values if value in place]
                chosen = np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)
        for name, values in wanted.items():
            if chosen is None:
                chosen = np.flatnonzero(self.frame[name].isin(list(values)).to_numpy())
            elif name not in self.places or len(wanted) > 1:
                near = self.frame[name].take(chosen)
                chosen = chosen[near.isin(list(values)).to_numpy()]
        if chosen is None:
            return frame.copy(deep=False)
        return frame.take(chosen).reset_index(drop=True)


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
        links = tables["memberships"].frame
        within = links["kind"].eq("qp") & links["within_kind"].eq("commune")
        tables[_BIG] = _hold(big, codes=links.loc[within, "within_code"].unique())
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
    columns, words = ["code", "indicator", "vintage", "value"], ["code", "indicator"]
    path = folder / "observations_qp.parquet"
    if not path.exists():
        path = folder / "observations_empty.parquet"
    table = pq.read_table(path, columns=columns, read_dictionary=words, **quiet_reading())
    rows = table.to_pandas().astype(dict.fromkeys(words, "category"))
    prefix = "QP" if zoning == 2015 else "QN"
    ours = rows["code"].cat.categories.str.startswith(prefix)[rows["code"].cat.codes]
    found: pd.DataFrame = rows.loc[ours & rows["value"].notna().to_numpy()]
    if kept is not None:
        kept.peers[zoning] = found
    return found


def quiet_reading() -> dict[str, bool]:
    """Read without threads where Arrow was asked for one: a process that forks has none."""
    return {"use_threads": False, "pre_buffer": False} if pa.cpu_count() == 1 else {}


def release_stores() -> None:
    """Forget everything that is held."""
    _held.clear()


def _hold(path: Path, *, codes: Iterable[str] | None = None) -> Held:
    kept = None if codes is None else sorted(map(str, codes)) or [""]
    filters = None if kept is None else [("code", "in", kept)]
    table = pq.read_table(path, filters=filters, use_threads=False, pre_buffer=False)
    frame: pd.DataFrame = table.to_pandas()
    places = {
        name: {
            str(value): np.asarray(rows, np.int64)
            for value, rows in frame.groupby(name, sort=False).indices.items()
        }
        for name in _INDEXED
        if name in frame.columns
    }
    return Held(frame=frame, places=places, covered=None if kept is None else frozenset(kept))
