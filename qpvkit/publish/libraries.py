"""The notebook libraries, imported when a report is made and not before."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from typing import Any, Final

_GRAMMARS: Final = "rfc3987_syntax"


def notebook_library(name: str) -> Any:  # noqa: ANN401 - papermill and nbconvert have no types
    """Import papermill, nbformat or nbconvert.

    nbformat imports jsonschema, which builds the grammars of international addresses where it
    can: two thirds of the time of the whole import, for a format that no notebook declares. It
    is left out here; whoever imports these grammars later finds them.

    Examples
    --------
    >>> notebook_library("nbformat").__name__
    'nbformat'
    """
    with _without(_GRAMMARS):
        return importlib.import_module(name)


@contextlib.contextmanager
def _without(name: str) -> Iterator[None]:
    """Make a module impossible to import, unless it is there already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment] # what `import` reads as « not found »
    try:
        yield
    finally:
        del sys.modules[name]
