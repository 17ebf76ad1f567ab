"""What a result depends on besides data: our own code, the libraries, Python."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parent


def files_digest(files: Iterable[Path], *words: str) -> str:
    """Return the digest of the contents of some files, in order, and of some words.

    Examples
    --------
    >>> files_digest([], "a") == files_digest([], "a"), len(files_digest([], "a"))
    (True, 12)
    """
    found = hashlib.sha256("\x1f".join(words).encode())
    for path in files:
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:12]


@functools.cache
def software_digest(rooms: tuple[str, ...], libraries: tuple[str, ...]) -> str:
    """Return the digest of some files and folders of the package, of libraries and of Python.

    Parameters
    ----------
    rooms
        Paths below the package, such as ``measure`` or ``publish/export.py``.
    libraries
        Names of installed distributions.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        A library is not installed.
    """
    versions = [f"{name} {importlib.metadata.version(name)}" for name in libraries]
    files = {
        path
        for room in rooms
        for path in [PACKAGE / room, *(PACKAGE / room).rglob("*")]
        if path.is_file() and path.suffix != ".pyc"
    }
    return files_digest(sorted(files), *versions, sys.version)
