"""Small notebooks in a folder of their own, and the real report of the demo set once a session."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from notebooks import write_notebook
from qpvkit.load.store import open_store
from qpvkit.publish.report import run_report
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


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Settings]:
    """Return a maker of settings: notebooks and reports of their own, the demo set's store."""
    shared = Settings(home=Path(os.environ["QPVKIT_HOME"]))
    open_store(shared)

    def make(name: str = "05_essai", *sources: str, where: str = "maison") -> Settings:
        share, home = tmp_path / f"ici-{where}", tmp_path / where
        (share / "notebooks").mkdir(parents=True, exist_ok=True)
        home.mkdir(exist_ok=True)
        for folder, target in ((share, ROOT / "data"), (home, shared.home / "data")):
            if not (folder / "data").exists():
                (folder / "data").symlink_to(target)
        write_notebook(share / "notebooks", name, *(sources or ("print(code_qp)",)))
        return Settings(home=home, share=share)

    return make


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of one quartier of the demo set, made by the real notebook."""
    home = Path(os.environ["QPVKIT_HOME"])
    settings = Settings(home=home)
    output = tmp_path_factory.mktemp("rapport") / "QN09901M.html"
    return run_report(
        "10_diagnostic_qp", parameters={"code_qp": "QN09901M"}, settings=settings, output=output
    )


@pytest.fixture(scope="session")
def full_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a quartier of the 2015 map: many indicators, masked values."""
    settings = Settings(home=Path(os.environ["QPVKIT_HOME"]))
    output = tmp_path_factory.mktemp("rapport") / "QP099007.html"
    return run_report(
        "10_diagnostic_qp", parameters={"code_qp": "QP099007"}, settings=settings, output=output
    )


@pytest.fixture(scope="session")
def droit_commun_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the droit commun of a quartier: charts, a map, tables of sentences."""
    settings = Settings(home=Path(os.environ["QPVKIT_HOME"]))
    output = tmp_path_factory.mktemp("rapport") / "QN09901M.html"
    return run_report(
        "20_droit_commun", parameters={"code": "QN09901M"}, settings=settings, output=output
    )
