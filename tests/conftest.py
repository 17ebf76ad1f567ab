"""Fixtures shared by all tests: a private home, the stores once a session, who runs which file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock
import pytest

from qpvkit.load import store as store_module
from qpvkit.load.intake import Taken, add_files
from qpvkit.load.store import Store, open_store
from qpvkit.publish.runners import default_jobs
from qpvkit.settings import Settings


@pytest.fixture(autouse=True, scope="session")
def _private_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Write stores and reports of the tests away from the analyst's own."""
    os.environ["QPVKIT_HOME"] = str(tmp_path_factory.mktemp("maison"))
    os.environ.pop("QPVKIT_DATASET", None)


@pytest.fixture(autouse=True, scope="session")
def _one_build_of_the_demo_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Build the store of the demo set once a session; other homes and workers get a copy.

    It is built by the code under test, never kept from one session to the next. Without settings,
    a store is that of the checkout, which no two workers may write at once.
    """
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent  # each worker has a folder of its own below that of the session
    mine = Settings(home=common / "demo")
    build = store_module._build

    def build_once(settings: Settings, *arguments: Any, fresh: bool) -> Store:
        if fresh or (settings.dataset, settings.share) != (mine.dataset, mine.share):
            return build(settings, *arguments, fresh=fresh)
        with filelock.FileLock(common / "demo.verrou"):
            if not (mine.store_dir / "manifest.json").exists():
                build(mine, *arguments, fresh=fresh)
            manifest = store_module._read_manifest(mine) or {}
            if manifest.get("fingerprint") != arguments[3]:  # another catalogue
                return build(settings, *arguments, fresh=fresh)
            folder = settings.store_dir / manifest["tables"]
            if not folder.exists():
                staging = folder.with_name(f".{folder.name}.{os.getpid()}")
                shutil.copytree(mine.store_dir / folder.name, staging)
                staging.replace(folder)
            text = (mine.store_dir / "manifest.json").read_text(encoding="utf-8")
            store_module._replace_text(settings.store_dir / "manifest.json", text)
            return Store(folder, manifest)

    store_module._build = build_once
    yield
    store_module._build = build


@pytest.fixture(scope="session")
def demo_settings(_private_home: None) -> Settings:
    """Return the settings of the private home, for the demo set."""
    return Settings(home=Path(os.environ["QPVKIT_HOME"]))


@pytest.fixture(scope="session")
def demo_store(demo_settings: Settings) -> Store:
    """Return the store of the demo set."""
    return open_store(demo_settings)


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


# Files that share what costs most (the store of the real files, whole reports) go to one worker;
# the others are dealt one by one, what lasts longest first, so that all end together.
_TOGETHER = {
    "tests/test_real_": "real",
    "tests/publish/test_browser.py": "pages",
    "tests/publish/test_export.py": "pages",
    "tests/publish/test_report.py": "pages",
}
_LONG = (
    "tests/test_real_", "tests/publish/test_batch.py", "tests/publish/test_cluster.py",
    "tests/publish/", "tests/test_cli.py", "tests/measure/",
)  # fmt: skip


def _scope(nodeid: str) -> str:
    """Return what a worker takes at once: a file, or files that share a fixture."""
    file = nodeid.partition("::")[0]
    return next((name for start, name in _TOGETHER.items() if file.startswith(start)), file)


def _rank(nodeid: str) -> int:
    """Return the place of a test among those that last long; the others come last."""
    found = (rank for rank, start in enumerate(_LONG) if nodeid.startswith(start))
    return next(found, len(_LONG))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what lasts long; the order inside a file does not change."""
    items.sort(key=lambda item: _rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return how many workers there are: none for benchmarks, nor for a file named alone."""
    if config.option.benchmark_only:
        return 0
    if len(config.args) == 1 and (".py" in config.args[0]):
        return 0
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return min(default_jobs(), 4)  # each of them imports and collects everything


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Give each worker one thread for its arithmetic: together they use every processor."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal the tests to the workers, see `_scope`."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _scope(nodeid)

    return ByFile(config, log)


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
