"""Which rows of the store a report reads: recorded while it runs, by name of table and by key.

A batch makes a report again only when rows that it has read are no longer the same.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

READS_VARIABLE: Final = "QPVKIT_READS"  # a kernel in another process writes its reads there


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Read:
    """Some rows of a table.

    Attributes
    ----------
    table
        The name of the Parquet file without its ending; ``peers`` (the quartiers of a map),
        ``references`` (the territories of comparison), ``published`` or ``files``.
    wanted
        Column and accepted values, sorted; a column that is absent accepts everything.
    """

    table: str
    wanted: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def to_record(self) -> list[Any]:
        """Return what JSON can hold."""
        return [self.table, {name: list(values) for name, values in self.wanted}]

    @classmethod
    def from_record(cls, record: list[Any]) -> Read:
        """Read what `to_record` gave."""
        table, wanted = record
        return cls(table, tuple((name, tuple(values)) for name, values in wanted.items()))


def make_read(table: str, wanted: Mapping[str, Iterable[str] | None]) -> Read:
    """Return a read whose equality does not depend on the order of the question.

    Examples
    --------
    >>> make_read("territories", {"kind": ["qp"], "code": {"QN2", "QN1"}, "indicator": None})
    Read(table='territories', wanted=(('code', ('QN1', 'QN2')), ('kind', ('qp',))))
    """
    kept = {
        name: tuple(sorted(set(values))) for name, values in wanted.items() if values is not None
    }
    return Read(table, tuple(sorted(kept.items())))


_recorders: Final[list[set[Read]]] = []


@contextlib.contextmanager
def recording() -> Iterator[set[Read]]:
    """Gather in a set what is read of any store meanwhile, in this process."""
    found: set[Read] = set()
    _recorders.append(found)
    try:
        yield found
    finally:
        _recorders.pop()


@contextlib.contextmanager
def unrecorded() -> Iterator[None]:
    """Read without telling: for what is shared by all reports, and told apart by each."""
    kept = _recorders[:]
    path = os.environ.pop(READS_VARIABLE, None)
    _recorders.clear()
    try:
        yield
    finally:
        _recorders.extend(kept)
        if path is not None:
            os.environ[READS_VARIABLE] = path


def note(table: str, wanted: Mapping[str, Iterable[str] | None]) -> None:
    """Tell those who record that some rows are read; costs nothing when nobody does."""
    path = os.environ.get(READS_VARIABLE)
    if not _recorders and not path:
        return
    read = make_read(table, wanted)
    for found in _recorders:
        found.add(read)
    if path and not _recorders:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(read.to_record()) + "\n")


def read_journal(path: Path) -> set[Read]:
    """Return what another process recorded through the environment."""
    if not path.exists():
        return set()
    lines = path.read_text(encoding="utf-8").splitlines()
    return {Read.from_record(json.loads(line)) for line in lines}
