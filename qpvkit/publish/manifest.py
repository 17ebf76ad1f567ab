"""The manifest: what was made of each report, written by one process, never lost.

While a batch runs, each outcome is added to a journal; at its end the manifest is written whole and
the journal goes. A batch that was killed leaves its journal, which the next one reads. A manifest
that cannot be read is put aside and made again from the pages, which carry their own record.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import gc
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import filelock

from qpvkit.errors import ReportError
from qpvkit.publish.record import Record, read_record
from qpvkit.publish.report import error_path, write_atomically, writing
from qpvkit.settings import Settings

MANIFEST: Final = "manifest.json"
_JOURNAL: Final = "manifest.journal.jsonl"
_LOCK: Final = ".verrou"
_HOLDER: Final = ".verrou.json"
_VERSION: Final = 3

State = Literal["ok", "failed"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One report in the manifest.

    Attributes
    ----------
    page
        The page that it has, or would have: its identity.
    notebook, code
        What was run, for which territory.
    state
        ``ok`` or ``failed``.
    error
        Why it failed, in French.
    record
        What the page was made of; None for a failure.
    store
        The fingerprint of the store against which the record was last compared.
    made
        When, in UTC.
    seconds, peak_mib
        What it cost.
    """

    page: str
    notebook: str
    code: str = ""
    state: State = "ok"
    error: str = ""
    record: Record | None = None
    store: str = ""
    made: str = ""
    seconds: float = 0.0
    peak_mib: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "record"]
        content = {name: getattr(self, name) for name in names}
        return content | {"record": self.record.to_json() if self.record else None}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Entry:
        """Read what `to_json` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is not an entry.
        """
        record = content.get("record")
        return cls(**{**content, "record": Record.from_json(record) if record else None})


@dataclasses.dataclass(slots=True, kw_only=True)
class Manifest:
    """The entries of a folder of reports, by page.

    Attributes
    ----------
    folder
        The folder of the reports.
    entries
        Page → entry.
    interrupted
        When the batch that was not finished began; empty when there is none.
    rebuilt
        Why the entries were read again from the pages; empty in the usual case.
    compared
        Whether some entries were compared with a new store, and found fresh.
    """

    folder: Path
    entries: dict[str, Entry] = dataclasses.field(default_factory=dict)
    interrupted: str = ""
    rebuilt: str = ""
    compared: bool = False

    def begin(self) -> None:
        """Open a journal: what was made so far is not lost if the batch is killed."""
        with writing(self.folder / _JOURNAL):
            self.folder.mkdir(parents=True, exist_ok=True)
            head = json.dumps({"started": self.interrupted or now()})
            (self.folder / _JOURNAL).write_text(head + "\n", encoding="utf-8")

    def add(self, entry: Entry) -> None:
        """Note what became of a report."""
        self.entries[entry.page] = entry
        path = self.folder / _JOURNAL
        with writing(path), path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry.to_json(), ensure_ascii=False) + "\n")

    def save(self, settings: Settings, *, interrupted: str = "") -> Path:
        """Write the manifest whole, then drop the journal."""
        path = self.folder / MANIFEST
        content = {
            "version": _VERSION,
            "dataset": settings.dataset,
            "generated": now(),
            "interrupted": interrupted,
            "reports": [self.entries[page].to_json() for page in sorted(self.entries)],
        }
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json.dumps(content, ensure_ascii=False) + "\n")
            (self.folder / _JOURNAL).unlink(missing_ok=True)
        self.interrupted = interrupted
        return path


def now() -> str:
    """Return the time, in UTC, to the second."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")


def load_manifest(settings: Settings) -> Manifest:
    """Read what former batches made; pages that were removed since are forgotten.

    A manifest that cannot be read is put aside as ``manifest.json.illisible`` and made again from
    the pages: what they were made of is written in them.
    """
    collecting = gc.isenabled()
    gc.disable()  # it would look again and again at thousands of records that all stay
    try:
        return _load(settings.reports_dir)
    finally:
        if collecting:
            gc.enable()


def _load(folder: Path) -> Manifest:
    found = Manifest(folder=folder)
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            raise ValueError(content["version"])  # noqa: TRY301 - handled as any other damage
        entries = [Entry.from_json(item) for item in content["reports"]]
        found.interrupted = str(content.get("interrupted", ""))
    except FileNotFoundError:
        entries = _entries_of_pages(folder)
    except (OSError, LookupError, TypeError, ValueError) as error:
        found.rebuilt = f"{MANIFEST} était illisible ({type(error).__name__})"
        with contextlib.suppress(OSError):
            path.replace(path.with_name(f"{MANIFEST}.illisible"))
        entries = _entries_of_pages(folder)
    found.entries = {entry.page: entry for entry in entries}
    _replay(found)
    found.entries = {
        page: entry
        for page, entry in found.entries.items()
        if entry.state == "failed" or (folder / page).exists()
    }
    return found


def _replay(manifest: Manifest) -> None:
    """Take what the journal of a killed batch holds; a line cut by the kill is left."""
    path = manifest.folder / _JOURNAL
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8", errors="ignore").splitlines():
        with contextlib.suppress(LookupError, TypeError, ValueError):
            content = json.loads(line)
            if "started" in content:
                manifest.interrupted = manifest.interrupted or content["started"]
                continue
            entry = Entry.from_json(content)
            manifest.entries[entry.page] = entry


def _entries_of_pages(folder: Path) -> list[Entry]:
    """Read the record of each page, and the failures that left their notebook."""
    entries = []
    pages = [path for path in sorted(folder.rglob("*.html")) if path != folder / "index.html"]
    for path in pages:
        record = read_record(path)
        if record is not None:
            entries.append(
                Entry(
                    page=path.relative_to(folder).as_posix(),
                    notebook=record.notebook,
                    code=str(record.facts.get("code", "")),
                    record=record,
                )
            )
    known = {entry.page for entry in entries}
    for path in sorted(folder.rglob("*.erreur.ipynb")):
        page = path.with_name(f"{path.name.removesuffix('.erreur.ipynb')}.html")
        name = page.relative_to(folder).as_posix()
        if name not in known and error_path(page) == path:
            error = f"Notebook conservé avec son erreur : {path.name}."
            entries.append(
                Entry(
                    page=name, notebook=path.parent.name, code=page.stem, state="failed",
                    error=error,
                )
            )  # fmt: skip
    return entries


@contextlib.contextmanager
def only_batch(settings: Settings) -> Iterator[None]:
    """Hold the folder of the reports: two batches would write the same pages.

    Raises
    ------
    ReportError
        Another batch holds it: says which.
    FolderError
        Nothing can be written there.
    """
    folder = settings.reports_dir
    with writing(folder / _LOCK):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _LOCK).touch()
    lock = filelock.FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        msg = (
            f"Un autre lot écrit déjà dans {folder}{_holder(folder)}. Attendez sa fin, ou "
            "arrêtez-le par Ctrl-C : ce qu'il a fait est gardé."
        )
        raise ReportError(msg) from error
    try:
        me = {"pid": os.getpid(), "host": socket.gethostname(), "since": now()}
        with writing(folder / _HOLDER):
            (folder / _HOLDER).write_text(json.dumps(me), encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / _HOLDER).unlink(missing_ok=True)
        lock.release()


def _holder(folder: Path) -> str:
    try:
        who = json.loads((folder / _HOLDER).read_text(encoding="utf-8"))
        return f" (processus {who['pid']} sur {who['host']}, depuis {who['since']})"
    except (OSError, KeyError, TypeError, ValueError):
        return ""
