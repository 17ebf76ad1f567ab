"""A place that every machine of a cluster reaches by an address: s3://…, sftp://…, file:///….

::

    objects/<sha256>            what workers read, by content: sent once, whatever its name
    bundles/<number>.json       path → content; written when all its objects are there
    reports/<dataset>/          the pages, the index and its tables: can be opened as it is

An object has the size and the digest that its list announces, or is sent again: a sending that was
cut short is never read. Pages are written under a temporary name, then moved, where the file system
can rename; where it cannot (object stores), writing is all or nothing already.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import filelock

from qpvkit.errors import ReportError, UnknownNameError
from qpvkit.load.store import Store, file_digest, raw_files
from qpvkit.publish.manifest import MANIFEST, Entry
from qpvkit.publish.record import Record, read_record
from qpvkit.publish.report import error_path
from qpvkit.settings import Settings, load_settings

_TAIL: Final = 65_536  # bytes at the end of a page, where its record is
_PACKAGES: Final = {
    "sftp": "paramiko", "ssh": "paramiko", "smb": "smbprotocol", "hdfs": "pyarrow",
    "http": "aiohttp", "https": "aiohttp",
}  # fmt: skip
_READ_ONLY: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_MARK: Final = "tables/.fait"
_KEPT: Final = 7 * 86_400  # seconds since a worker last used what it fetched


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """A place that an address names. Get one with `open_share`."""

    url: str
    _files: Any  # a file system of fsspec
    _root: str

    # --- what workers read -----------------------------------------------------------------

    def send_inputs(self, settings: Settings, store: Store) -> str:
        """Put what a worker needs and cannot have, unless it is there; return its number.

        That is the store, the filed files, the partners' tables, the catalogue and the notebooks.
        """
        known = {
            settings.raw_dir / name: state["sha256"]
            for name, state in store.manifest["files"].items()
        }
        with self._reaching():
            there = self._sizes("objects")
            listed: dict[str, list[Any]] = {}
            for name, path in _inputs(settings, store):
                state, sha256 = path.stat(), known.get(path) or file_digest(path)
                listed[name] = [sha256, state.st_size, state.st_mtime_ns]
                if there.get(sha256) != state.st_size:
                    self._put(path, f"objects/{sha256}")
                    there[sha256] = state.st_size
            number = _number(listed)
            self._put_text(json.dumps(listed), f"bundles/{number}.json")
        return number

    def fetch_inputs(self, number: str, dataset: Any) -> Settings:  # noqa: ANN401
        """Return where this machine has what was sent, fetching what it lacks."""
        cache = load_settings().home / "data" / "store" / "partage"
        tree = cache / number
        cache.mkdir(parents=True, exist_ok=True)
        with self._reaching(), filelock.FileLock(cache / ".verrou"):  # another worker fetches
            if not tree.is_dir():
                staging = cache / f".{number}"
                shutil.rmtree(staging, ignore_errors=True)  # of a worker that died
                listed = json.loads(self._files.cat_file(self._at(f"bundles/{number}.json")))
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
            self._files.get_file(self._at(f"objects/{sha256}"), str(draft))
            if file_digest(draft) != sha256:
                raise ReportError(self._damaged(f"objects/{sha256}"))
            draft.replace(kept)
        os.utime(kept, ns=(mtime, mtime))  # so that the store is not read again to be recognised
        return kept

    # --- pages -----------------------------------------------------------------------------

    def put_report(self, settings: Settings, page: str) -> None:
        """Put a page that was made, or the notebook of one that failed."""
        made = settings.reports_dir / page
        failed = error_path(made)
        there = error_path(Path(_pages(settings)) / page).as_posix()
        with self._reaching():
            if failed.exists():
                self._put(failed, there)
                return
            if made.exists():
                self._put(made, f"{_pages(settings)}/{page}")
            if self._exists(there):
                self._files.rm_file(self._at(there))

    def fetch_report(self, settings: Settings, page: str) -> None:
        """Bring a page back, and the notebook of one that failed; nothing if there is none."""
        here = settings.reports_dir / page
        for name, path in ((page, here), (error_path(Path(page)).as_posix(), error_path(here))):
            with self._reaching():
                there = f"{_pages(settings)}/{name}"
                if not self._exists(there):
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
                self._files.get_file(self._at(there), str(draft))
                draft.replace(path)

    def page_record(self, settings: Settings, page: str) -> Record | None:
        """Return what a page was made of; None when it is not there."""
        there = f"{_pages(settings)}/{page}"
        with self._reaching(), tempfile.TemporaryDirectory() as folder:
            if not self._exists(there):
                return None
            tail = Path(folder) / "page.html"
            tail.write_bytes(self._files.tail(self._at(there), _TAIL))
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
        with self._reaching():
            known = self._known_records(settings)
            for entry in entries:
                same = entry.record and known.get(entry.page) == entry.record.to_json()
                if not same and entry.page not in put:
                    self.put_report(settings, entry.page)
            mark = folder / _MARK
            there = f"{_pages(settings)}/{_MARK}"
            if mark.exists() and self._text(there) != mark.read_text(encoding="utf-8"):
                tables = sorted(path for path in mark.parent.iterdir() if path != mark)
                for path in [*tables, mark]:
                    self._put(path, f"{_pages(settings)}/tables/{path.name}")
            for name in ("index.html", MANIFEST):
                self._put(folder / name, f"{_pages(settings)}/{name}")

    def _known_records(self, settings: Settings) -> dict[str, Any]:
        """Return what the manifest there says of each page that is there."""
        there = self._sizes(_pages(settings))
        try:
            told = json.loads(self._text(f"{_pages(settings)}/{MANIFEST}"))["reports"]
            return {item["page"]: item["record"] for item in told if item["page"] in there}
        except (KeyError, TypeError, ValueError):
            return {}

    # --- files -----------------------------------------------------------------------------

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _exists(self, name: str) -> bool:
        self._files.invalidate_cache()  # other machines write
        return bool(self._files.exists(self._at(name)))

    def _sizes(self, folder: str) -> dict[str, int]:
        """Return the files below a folder, by path relative to it, with their size."""
        if not self._exists(folder):
            return {}
        start = self._files._strip_protocol(self._at(folder))  # noqa: SLF001 - as `find` does
        found = self._files.find(start, detail=True)
        return {
            name[len(start) :].lstrip("/"): int(item["size"] or 0) for name, item in found.items()
        }

    def _text(self, name: str) -> str:
        if not self._exists(name):
            return ""
        return bytes(self._files.cat_file(self._at(name))).decode("utf-8")

    def _put(self, path: Path, name: str) -> None:
        """Put a file; a reader never meets half of it."""
        target = self._at(name)
        parent, _, base = target.rpartition("/")
        renames = _renames(self._files)
        if renames or self._root.startswith("/"):  # elsewhere it would create a bucket
            self._files.makedirs(parent, exist_ok=True)
        if not renames:
            self._files.put_file(str(path), target)
            return
        draft = f"{parent}/.{base}.{uuid.uuid4().hex}.tmp"
        self._files.put_file(str(path), draft)
        try:
            self._files.mv(draft, target)
        except OSError:  # SMB does not rename onto a file that exists
            self._files.put_file(str(path), target)
            self._files.rm_file(draft)

    def _put_text(self, text: str, name: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / "texte"
            draft.write_text(text, encoding="utf-8", newline="\n")
            self._put(draft, name)

    # --- words -----------------------------------------------------------------------------

    def _damaged(self, name: str) -> str:
        return (
            f"Le fichier {name} de {shown(self.url)} est abîmé. Supprimez-le, puis relancez : il "
            "sera renvoyé."
        )

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        """Say in French why the place cannot be used, whatever its file system raises.

        Raises
        ------
        ReportError
            It is read-only, out of reach or full.
        """
        try:
            yield
        except ReportError:
            raise
        except Exception as error:
            if isinstance(error, NotImplementedError) or (
                isinstance(error, OSError) and error.errno in _READ_ONLY
            ) or isinstance(error, PermissionError):  # fmt: skip
                what = "est en lecture seule : donnez-vous le droit d'y écrire"
            else:
                detail = shown(" ".join(str(error).split()) or type(error).__name__)[:200]
                what = (
                    f"est hors d'atteinte ({detail}) : vérifiez l'adresse, le réseau et vos accès"
                )
            msg = f"{shown(self.url)} {what}, puis relancez ; ce qui est fait est gardé."
            raise ReportError(msg) from error


def open_share(url: str) -> Share:
    """Reach a place, and check that it can be written to.

    Raises
    ------
    UnknownNameError
        Not an address, or no such protocol.
    ReportError
        A package is missing, the place does not answer, or it is read-only.
    """
    hint = "Écrivez par exemple s3://SEAU/qpvkit, sftp://MACHINE/DOSSIER ou file:///mnt/partage."
    protocol, mark, _ = url.partition("://")
    if not mark:
        raise UnknownNameError("adresse de partage illisible", url, hint=hint)
    try:
        import fsspec  # noqa: PLC0415 - an extra

        files, root = fsspec.core.url_to_fs(url)
    except ImportError as error:
        package = _package_of(protocol)
        msg = f"Une adresse {protocol}:// demande un paquet de plus : pip install {package}"
        raise ReportError(f"{msg} (ici et sur chaque machine de la grappe).") from error
    except ValueError as error:
        raise UnknownNameError("protocole de partage inconnu", protocol, hint=hint) from error
    except Exception as error:
        share = Share(url, None, "")
        with share._reaching():  # noqa: SLF001
            raise error from None
    share = Share(url, files, root.rstrip("/"))
    with share._reaching():  # noqa: SLF001
        probe = f".essai-{uuid.uuid4().hex}"
        share._put_text("", probe)  # noqa: SLF001
        files.rm_file(share._at(probe))  # noqa: SLF001
    return share


def shown(url: str) -> str:
    """Return an address without what it may hold of a password.

    Examples
    --------
    >>> shown("sftp://marie:secret@machine/qpvkit")
    'sftp://machine/qpvkit'
    """
    return re.sub(r"(?<=://)[^/\s]*@", "", url)


def _package_of(protocol: str) -> str:
    """Return the package that a protocol needs, as fsspec knows it."""
    try:
        from fsspec.registry import known_implementations  # noqa: PLC0415 - an extra
    except ImportError:
        return '"qpvkit[cluster]"'
    module = known_implementations.get(protocol, {}).get("class", protocol).partition(".")[0]
    return _PACKAGES.get(protocol, protocol if module == "fsspec" else module)


def _renames(files: Any) -> bool:  # noqa: ANN401
    """Say whether a file system renames: fsspec's own `mv` copies, then removes."""
    from fsspec import AbstractFileSystem  # noqa: PLC0415 - an extra

    return type(files).mv is not AbstractFileSystem.mv


def _pages(settings: Settings) -> str:
    return f"reports/{settings.dataset}"


def _inputs(settings: Settings, store: Store) -> Iterator[tuple[str, Path]]:
    """Yield what a report may read, under the name that it has below `home` or `share`."""
    owner, root = ("share", settings.share) if settings.dataset == "demo" else (
        "home", settings.home,
    )  # fmt: skip
    ledger = settings.store_dir / "ledger"
    for path in (settings.store_dir / MANIFEST, *_visible(store.folder), *_visible(ledger)):
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
