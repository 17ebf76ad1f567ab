"""Small notebooks in a folder of their own, and the real report of the demo set once a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from notebooks import write_notebook
from qpvkit.load.store import open_store
from qpvkit.publish.report import make_report, run_report
from qpvkit.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """Settings whose notebooks are small: one that works, one that fails for a code."""
    folder = tmp_path / "ici" / "notebooks"
    folder.mkdir(parents=True)
    write_notebook(
        folder, "05_essai",
        "import os, sys\n"
        "print(sys.executable, os.environ['QPVKIT_HOME'], os.environ['QPVKIT_DATASET'])\n"
        "print(repr((code_qp, seuil, compte, vite, codes)))",
        "x = 1\nassert code_qp != 'QN09902M', 'ce quartier échoue'",
    )  # fmt: skip
    return Settings(home=tmp_path / "maison {x}", share=tmp_path / "ici")


def _maker(folder: Path, shared: Settings) -> Callable[..., Settings]:
    """Return a maker of settings below a folder; their store is the shared one."""
    open_store(shared)

    def make(name: str = "05_essai", *sources: str, where: str = "maison") -> Settings:
        share, home = folder / f"ici-{where}", folder / where
        (share / "notebooks").mkdir(parents=True, exist_ok=True)
        home.mkdir(exist_ok=True)
        for place, target in ((share, ROOT / "data"), (home, shared.home / "data")):
            if not (place / "data").exists():
                (place / "data").symlink_to(target)
        write_notebook(share / "notebooks", name, *(sources or ("print(code_qp)",)))
        return Settings(home=home, share=share)

    return make


@pytest.fixture
def place(tmp_path: Path, demo_settings: Settings) -> Callable[..., Settings]:
    """Return a maker of settings: notebooks and reports of their own, the demo set's store."""
    return _maker(tmp_path, demo_settings)


@pytest.fixture(scope="module")
def shared_place(
    tmp_path_factory: pytest.TempPathFactory, demo_settings: Settings
) -> Callable[..., Settings]:
    """Return such a maker for what the tests of a file only read or copy: a folder each time."""

    def make(*words: str, **options: str) -> Settings:
        return _maker(tmp_path_factory.mktemp("partagé"), demo_settings)(*words, **options)

    return make


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Settings], Settings]:
    """Return what copies the notebooks and the reports of some settings, to change them."""

    def copy(settings: Settings) -> Settings:
        home, share = tmp_path / settings.home.name, tmp_path / settings.share.name
        shutil.copytree(settings.home, home, symlinks=True)
        shutil.copytree(settings.share, share, symlinks=True)
        return Settings(home=home, share=share)

    return copy


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory, demo_settings: Settings) -> Path:
    """The report of one quartier of the demo set, made by the real notebook."""
    output = tmp_path_factory.mktemp("rapport") / "QN09901M.html"
    return run_report(
        "10_diagnostic_qp", parameters={"code_qp": "QN09901M"}, settings=demo_settings,
        output=output,
    )  # fmt: skip


@pytest.fixture(scope="session")
def full_report(tmp_path_factory: pytest.TempPathFactory, demo_settings: Settings) -> Path:
    """The report of a quartier of the 2015 map: many indicators, masked values."""
    output = tmp_path_factory.mktemp("rapport") / "QP099007.html"
    return _made_here("10_diagnostic_qp", {"code_qp": "QP099007"}, demo_settings, output)


@pytest.fixture(scope="session")
def droit_commun_report(tmp_path_factory: pytest.TempPathFactory, demo_settings: Settings) -> Path:
    """The report of the droit commun of a quartier: charts, a map, tables of sentences."""
    output = tmp_path_factory.mktemp("rapport") / "QN09901M.html"
    return _made_here("20_droit_commun", {"code": "QN09901M"}, demo_settings, output)


def _made_here(notebook: str, values: dict[str, str], settings: Settings, output: Path) -> Path:
    """Make a report in this process, as a batch does: no kernel is started and nothing reloaded."""
    return make_report(
        notebook, parameters=values, settings=settings, output=output, engine="here"
    ).page
