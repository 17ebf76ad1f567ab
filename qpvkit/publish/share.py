"""A place that every machine of a cluster reaches by an address: s3://…, sftp://…, file:///….

::

    objects/<sha256>            what workers read, by content: sent once, whatever its name
    bundles/<number>.json       path → content; written when all its objects are there
    reports/<dataset>/          the pages, the index and its tables: can be opened as it is

An object has the size and the digest that its list announces, or is sent again: a sending that was
cut short is never read.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import filelock

from qpvkit.errors import ReportError
from qpvkit.formats import plural
from qpvkit.load.cache import file_digest
from qpvkit.load.store import Store, raw_files
from qpvkit.publish.manifest import MANIFEST, Entry
from qpvkit.publish.place import Place, open_place, shown
from qpvkit.publish.record import Record, read_record
from qpvkit.publish.report import error_path
from qpvkit.settings import Settings, load_settings

_TAIL: Final = 65_536  # bytes at the end of a page, where its record is
_MARK: Final = "tables/.fait"
_KEPT: Final = 7 * 86_400  # seconds since a worker last used what it fetched


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """A place that an address names. Get one with `open_share`.

    Attributes
    ----------
    place
        Where it is.
    with_local
        Whether the tables of partners and the votes may be sent there.
    """

    place: Place
    with_local: bool = False

    # --- what workers read -----------------------------------------------------------------

    def send_inputs(self, settings: Settings, store: Store) -> str:
        """Put what a worker needs and cannot have, unless it is there; return its number.

        That is the store, the filed files, the catalogue, the notebooks and, where they may be
        sent, the tables of partners and the votes.

        Raises
        ------
        ReportError
            There are such tables and they may not; the place cannot be reached or written.
        """
        held = [] if settings.dataset == "demo" else list(_visible(settings.local_dir))
        if held and not self.with_local:
            msg = (
                f"{plural(len(held), 'fichier')} de data/local (partenaires, contrats, votes) : "
                "rien n'en quitte cette machine sans votre accord. Ajoutez --share-local pour "
                f"l'envoyer à {shown(self.place.url)}, ou retirez --share."
            )
            raise ReportError(msg)
        known = {
            settings.raw_dir / name: state["sha256"]
            for name, state in store.manifest["files"].items()
        }
        with self.place.reaching():
            there = self.place.sizes("objects")
            listed: dict[str, list[Any]] = {}
            for name, path in _inputs(settings, store):
                state, sha256 = path.stat(), known.get(path) or file_digest(path)
                listed[name] = [sha256, state.st_size, state.st_mtime_ns]
                if there.get(sha256) != state.st_size:
                    self.place.put(path, f"objects/{sha256}")
                    there[sha256] = state.st_size
            number = _number(listed)
            self.place.put_text(json.dumps(listed), f"bundles/{number}.json")
        return number

    def fetch_inputs(self, number: str, dataset: Any) -> Settings:  # noqa: ANN401
        """Return where this machine has what was sent, fetching what it lacks."""
        cache = load_settings().home / "data" / "store" / "partage"
        tree = cache / number
        cache.mkdir(parents=True, exist_ok=True)
        with self.place.reaching(), filelock.FileLock(cache / ".verrou"):  # another worker fetches
            if not tree.is_dir():
                staging = cache / f".{number}"
                shutil.rmtree(staging, ignore_errors=True)  # of a worker that died
                listed = json.loads(self.place.text(f"bundles/{number}.json"))
                if _number(listed) != number:
                    raise ReportError(self._damaged(f"bundles/{number}.json"))
                for name, (sha256, _size, mtime) in listed.items():
                    kept = self._fetch_object(sha256, mtime, cache)
                    (staging / name).parent.mkdir(parents=True, exist_ok=True)
                    _link(kept, staging / name)
                staging.replace(tree)
            os.utime(tree)
            _sweep(cache)
        return Settings(dataset=dataset, home=tree / "home", share=tree / "share")

    def _fetch_object(self, sha256: str, mtime: int, cache: Path) -> Path:
        kept = cache / "objects" / sha256
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            draft = kept.with_name(f".{sha256}")
            self.place.get(f"objects/{sha256}", draft)
            if file_digest(draft) != sha256:
                raise ReportError(self._damaged(f"objects/{sha256}"))
            draft.replace(kept)
        os.utime(kept, ns=(mtime, mtime))  # so that the store is not read again to be recognised
        return kept

    def _damaged(self, name: str) -> str:
        return (
            f"Le fichier {name} de {shown(self.place.url)} est abîmé. Supprimez-le, puis relancez "
            ": il sera renvoyé."
        )

    # --- pages -----------------------------------------------------------------------------

    def put_report(self, settings: Settings, page: str, *, failed: bool) -> None:
        """Put a page that was made, or the notebook of one that failed."""
        here = settings.reports_dir / page
        notebook = error_path(Path(_pages(settings)) / page).as_posix()
        with self.place.reaching():
            if not failed:
                self.place.put(here, f"{_pages(settings)}/{page}")
                if self.place.exists(notebook):
                    self.place.remove(notebook)
            elif error_path(here).exists():
                self.place.put(error_path(here), notebook)

    def fetch_report(self, settings: Settings, page: str, *, failed: bool) -> None:
        """Bring back a page that was made, or the notebook of one that failed."""
        here = settings.reports_dir / page
        notebook = error_path(Path(_pages(settings)) / page).as_posix()
        with self.place.reaching():
            if not failed:
                self.place.get(f"{_pages(settings)}/{page}", here)
                error_path(here).unlink(missing_ok=True)
            elif self.place.exists(notebook):
                self.place.get(notebook, error_path(here))

    def page_record(self, settings: Settings, page: str) -> Record | None:
        """Return what a page was made of; None when it is not there."""
        there = f"{_pages(settings)}/{page}"
        with self.place.reaching(), tempfile.TemporaryDirectory() as folder:
            if not self.place.exists(there):
                return None
            tail = Path(folder) / "page.html"
            tail.write_bytes(self.place.tail(there, _TAIL))
            return read_record(tail)

    def put_site(self, settings: Settings, entries: Iterable[Entry], put: set[str]) -> None:
        """Put the index, its tables, the manifest, and the pages that are not there yet.

        Parameters
        ----------
        entries
            The reports of the index.
        put
            The pages that workers have just put.
        """
        folder = settings.reports_dir
        with self.place.reaching():
            known = self._known_records(settings)
            for entry in entries:
                same = entry.record and known.get(entry.page) == entry.record.to_json()
                if not same and entry.page not in put:
                    self.put_report(settings, entry.page, failed=entry.state == "failed")
            mark = folder / _MARK
            there = f"{_pages(settings)}/{_MARK}"
            if mark.exists() and self.place.text(there) != mark.read_text(encoding="utf-8"):
                tables = sorted(path for path in mark.parent.iterdir() if path != mark)
                for path in [*tables, mark]:
                    self.place.put(path, f"{_pages(settings)}/tables/{path.name}")
            for name in ("index.html", MANIFEST):
                self.place.put(folder / name, f"{_pages(settings)}/{name}")

    def _known_records(self, settings: Settings) -> dict[str, Any]:
        """Return what the manifest there says of each page that is there."""
        there = self.place.sizes(_pages(settings))
        try:
            told = json.loads(self.place.text(f"{_pages(settings)}/{MANIFEST}"))["reports"]
            return {item["page"]: item["record"] for item in told if item["page"] in there}
        except (LookupError, TypeError, ValueError):
            return {}


def open_share(url: str, *, with_local: bool = False) -> Share:
    """Reach a place; see `open_place` for what it raises."""
    return Share(open_place(url), with_local)


def _pages(settings: Settings) -> str:
    return f"reports/{settings.dataset}"


def _inputs(settings: Settings, store: Store) -> Iterator[tuple[str, Path]]:
    """Yield what a report may read, under the name that it has below `home` or `share`."""
    owner, root = ("share", settings.share) if settings.dataset == "demo" else (
        "home", settings.home,
    )  # fmt: skip
    ledger = settings.store_dir / "ledger"
    tables = sorted(filter(Path.is_file, store.folder.iterdir()))  # a panel is fitted again there
    for path in (settings.store_dir / MANIFEST, *tables, *_visible(ledger)):
        yield f"home/{path.relative_to(settings.home).as_posix()}", path
    for path in (*_visible(settings.catalogue_dir), *_visible(settings.notebooks_dir)):
        yield f"share/{path.relative_to(settings.share).as_posix()}", path
    for path in (*raw_files(settings).values(), *_visible(settings.local_dir)):
        yield f"{owner}/{path.relative_to(root).as_posix()}", path


def _visible(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(
            part.startswith(".") for part in path.relative_to(folder).parts
        ):
            yield path


def _number(listed: dict[str, list[Any]]) -> str:
    """Return what tells a bundle apart: names and contents."""
    content = json.dumps({name: row[0] for name, row in listed.items()}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _sweep(cache: Path) -> None:
    """Remove what no batch of the last days used; what is still linked stays."""
    for tree in cache.iterdir():
        if tree.is_dir() and tree.name != "objects" and time.time() - tree.stat().st_mtime > _KEPT:
            shutil.rmtree(tree, ignore_errors=True)
    for kept in (cache / "objects").iterdir():
        if kept.stat().st_nlink == 1:
            kept.unlink()


def _link(kept: Path, target: Path) -> None:
    """Give a file one more name, or copy it where that cannot be."""
    try:
        target.hardlink_to(kept)
    except (OSError, NotImplementedError):
        shutil.copy2(kept, target)
