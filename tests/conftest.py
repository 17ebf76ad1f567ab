"""Fixtures shared by all tests: a private home, and the store of the real files once a session."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from qpvkit.load.intake import Taken, add_files
from qpvkit.load.store import Store, open_store
from qpvkit.settings import Settings


@pytest.fixture(autouse=True, scope="session")
def _private_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Write stores and reports of the tests away from the analyst's own."""
    os.environ["QPVKIT_HOME"] = str(tmp_path_factory.mktemp("maison"))
    os.environ.pop("QPVKIT_DATASET", None)


@pytest.fixture(scope="session")
def real_files() -> Path:
    """Return the folder of the real official files, or skip: they are not part of the project."""
    folder = os.environ.get("QPVKIT_REAL_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("QPVKIT_REAL_DATA ne désigne pas un dossier de fichiers officiels")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def real_settings() -> Settings:
    """Return the settings of the private home, for the real data set."""
    return Settings(dataset="france", home=Path(os.environ["QPVKIT_HOME"]))


@pytest.fixture(scope="session")
def real_taken(real_files: Path, real_settings: Settings) -> dict[str, Taken]:
    """Add every real file once; what became of each, by path relative to the folder."""
    taken = add_files([real_files], settings=real_settings)
    return {item.path.relative_to(real_files).as_posix(): item for item in taken}


@pytest.fixture(scope="session")
def real_store(real_taken: dict[str, Taken], real_settings: Settings) -> Store:
    """Build the store of all the real files once."""
    return open_store(real_settings)


_NOTES = pytest.StashKey[list[str]]()


@pytest.fixture
def benchmark_note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return a function that adds a line (memory, size) below the table of benchmarks."""
    return request.config.stash.setdefault(_NOTES, []).append


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the notes of the benchmarks."""
    for line in config.stash.get(_NOTES, []):
        terminalreporter.write_line(line)
