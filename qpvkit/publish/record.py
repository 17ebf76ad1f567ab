"""What a report was made of: kept in the page itself, so that nothing else has to be trusted.

The last line of a page is a comment that holds its record. A manifest that is lost is read again
from the pages.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from qpvkit.load.digests import Digests
from qpvkit.load.reads import Read
from qpvkit.settings import Settings
from qpvkit.versions import PACKAGE, files_digest, software_digest

_MARK: Final = "<!--qpvkit "
_END: Final = "-->\n"
_BY_INDICATOR: Final = {
    "peers": "des autres quartiers", "references": "des territoires de comparaison",
}  # fmt: skip
_TAIL: Final = 65_536  # bytes read at the end of a page
_LIBRARIES: Final = (
    "ipython", "jinja2", "matplotlib", "nbconvert", "numpy", "pandas", "pyarrow", "pyproj",
    "shapely",
)  # fmt: skip
_NOT_IN_PAGES: Final = ("cli", "console.py", "publish", "_share")
_IN_PAGES: Final = ("publish/export.py", "publish/templates/qpvkit")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a page was made of.

    Attributes
    ----------
    notebook
        The name of the notebook.
    parameters
        The values given to it.
    facts
        What its cells state about the territory: see `qpvkit.show.facts`.
    inputs
        Digests of what every report of the notebook shares: ``notebook, catalogue, software``.
    reads
        The rows of the store that it read.
    digests
        The digest of each read when the page was made.
    """

    notebook: str
    parameters: dict[str, Any]
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    inputs: dict[str, str] = dataclasses.field(default_factory=dict)
    reads: tuple[Read, ...] = ()
    digests: tuple[tuple[str, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        lists: dict[tuple[str, ...], int] = {}  # the indicators of a quartier come back often
        reads = []
        for read, digest in zip(self.reads, self.digests, strict=True):
            wanted = {name: lists.setdefault(values, len(lists)) for name, values in read.wanted}
            reads.append([read.table, wanted, list(digest)])
        return {
            "notebook": self.notebook, "parameters": self.parameters, "facts": self.facts,
            "inputs": self.inputs, "lists": list(map(list, lists)), "reads": reads,
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Record:
        """Read what `to_json` gave.

        Raises
        ------
        LookupError, TypeError, ValueError
            It is not a record.
        """
        lists = [tuple(values) for values in content["lists"]]
        return cls(
            notebook=str(content["notebook"]),
            parameters=dict(content["parameters"]),
            facts=dict(content["facts"]),
            inputs=dict(content["inputs"]),
            reads=tuple(
                Read(table, tuple((name, lists[place]) for name, place in wanted.items()))
                for table, wanted, _ in content["reads"]
            ),
            digests=tuple(tuple(row[2]) for row in content["reads"]),
        )


def make_record(
    notebook: Path, values: Mapping[str, Any], facts: Mapping[str, Any], reads: Iterable[Read],
    *, settings: Settings, digests: Digests,
) -> Record:  # fmt: skip
    """Return the record of a report that was just made."""
    ordered = tuple(sorted(reads))
    return Record(
        notebook=notebook.stem,
        parameters=dict(values),
        facts=dict(facts),
        inputs=shared_inputs(notebook, settings),
        reads=ordered,
        digests=tuple(digests.of(read) for read in ordered),
    )


def sign_page(page: str, record: Record) -> str:
    """Add the record to a page, as a comment that a browser ignores."""
    text = json.dumps(record.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{page}{_MARK}{text.replace('--', '-' + chr(92) + 'u002d')}{_END}"


def read_record(path: Path) -> Record | None:
    """Return the record of a page; None for a page that holds none."""
    try:
        with path.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _TAIL))
            tail = stream.read().decode("utf-8", errors="ignore")
        _, mark, text = tail.rpartition(_MARK)
        return Record.from_json(json.loads(text.removesuffix(_END))) if mark else None
    except (OSError, LookupError, TypeError, ValueError):
        return None


def shared_inputs(notebook: Path, settings: Settings) -> dict[str, str]:
    """Return the digests of what every report of a notebook depends on."""
    return {
        "notebook": files_digest([notebook]),
        "catalogue": files_digest(sorted(settings.catalogue_dir.rglob("*.toml"))),
        "software": page_software(),
    }


@functools.cache
def page_software() -> str:
    """Return the digest of what turns data into a page."""
    rooms = [
        path.name
        for path in PACKAGE.iterdir()
        if path.name not in _NOT_IN_PAGES and not path.name.startswith("__pycache__")
    ]
    return software_digest((*sorted(rooms), *_IN_PAGES), _LIBRARIES)


def changes_since(
    record: Record, *, inputs: Mapping[str, str], digests: Digests | None
) -> tuple[str, ...]:
    """Say in French what changed since a page was made; nothing when it is fresh.

    Parameters
    ----------
    inputs
        What `shared_inputs` gives now.
    digests
        The digests of the store now; None when the store has not changed.
    """
    words = {"notebook": "le notebook", "catalogue": "le catalogue", "software": "le logiciel"}
    changed = [words[name] for name, digest in inputs.items() if record.inputs.get(name) != digest]
    if digests is not None:
        for read, before in zip(record.reads, record.digests, strict=True):
            changed += _changed_rows(read, before, digests.of(read))
    return tuple(dict.fromkeys(changed))


def _changed_rows(read: Read, before: tuple[str, ...], now: tuple[str, ...]) -> list[str]:
    if before == now:
        return []
    wanted = dict(read.wanted)
    if read.table in _BY_INDICATOR:
        names = wanted.get("indicator", ())
        if len(names) == len(before) == len(now):
            moved = zip(names, before, now, strict=True)
            whose = _BY_INDICATOR[read.table]
            return [f"{name} {whose}" for name, old, new in moved if old != new]
    labels = {
        "observations": "les indicateurs", "shapes": "les contours",
        "files": "la liste des fichiers",
        "territories": "les territoires", "memberships": "les rattachements",
        "published": "la liste des indicateurs publiés", "peers": "les autres quartiers",
        "references": "les territoires de comparaison",
    }  # fmt: skip
    kind = read.table.partition("_")[0]
    codes = wanted.get("code", wanted.get("within_code", ()))
    where = f" de {', '.join(codes[:3])}{'…' if len(codes) > 3 else ''}" if codes else ""
    return [f"{labels.get(kind, read.table)}{where}"]
