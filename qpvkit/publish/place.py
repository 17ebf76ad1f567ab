"""The files of a place that an address names, by fsspec; what goes wrong is said in French.

A reader never meets half a file: it is written under a temporary name, then moved, where the file
system can rename; where it cannot (object stores), writing is all or nothing already.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import re
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from qpvkit.errors import ReportError, UnknownNameError

_PACKAGES: Final = {
    "sftp": "paramiko", "ssh": "paramiko", "smb": "smbprotocol", "hdfs": "pyarrow",
    "http": "aiohttp", "https": "aiohttp",
}  # fmt: skip
_READ_ONLY: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A folder that an address names. Get one with `open_place`; names are relative to it."""

    url: str
    _files: Any  # a file system of fsspec
    _root: str

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def exists(self, name: str) -> bool:
        """Say whether a file or a folder is there."""
        self._files.invalidate_cache()  # other machines write
        return bool(self._files.exists(self._at(name)))

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the files below a folder, by path relative to it, with their size."""
        if not self.exists(folder):
            return {}
        start = self._files._strip_protocol(self._at(folder))  # noqa: SLF001 - as `find` does
        found = self._files.find(start, detail=True)
        return {
            name[len(start) :].lstrip("/"): int(item["size"] or 0) for name, item in found.items()
        }

    def text(self, name: str) -> str:
        """Return what a file says; nothing when there is none."""
        if not self.exists(name):
            return ""
        return bytes(self._files.cat_file(self._at(name))).decode("utf-8")

    def put(self, path: Path, name: str) -> None:
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

    def put_text(self, text: str, name: str) -> None:
        """Write a file."""
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / "texte"
            draft.write_text(text, encoding="utf-8", newline="\n")
            self.put(draft, name)

    def get(self, name: str, path: Path) -> None:
        """Bring a file here; a reader never meets half of it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        self._files.get_file(self._at(name), str(draft))
        draft.replace(path)

    def tail(self, name: str, size: int) -> bytes:
        """Return the last bytes of a file."""
        return bytes(self._files.tail(self._at(name), size))

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._files.rm_file(self._at(name))

    @contextlib.contextmanager
    def reaching(self) -> Iterator[None]:
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


def open_place(url: str) -> Place:
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
        nowhere = Place(url, None, "")
        with nowhere.reaching():
            raise error from None
    place = Place(url, files, root.rstrip("/"))
    with place.reaching():
        probe = f".essai-{uuid.uuid4().hex}"
        place.put_text("", probe)
        place.remove(probe)
    return place


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
