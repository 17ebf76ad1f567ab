"""The shape of the house: imports point one way, modules stay small, no stray words."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import qpvkit

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "qpvkit").rglob("*.py"))


def test_imports_point_one_way():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as m; m()"],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_modules_stay_under_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_public_names_exist_and_have_a_docstring():
    for name in qpvkit.__all__:
        assert getattr(qpvkit, name).__doc__, name


def test_importing_the_package_does_not_import_the_engines():
    slow = ("papermill", "nbconvert", "pandera")
    code = f"import sys, qpvkit; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_lock_file_holds_versions_and_no_address():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    locked = {name.lower() for name in re.findall(r"^([A-Za-z0-9_.-]+)==", lock, re.MULTILINE)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[\[<>=! ]", item)[0].lower() for item in project["dependencies"]}
    assert wanted <= locked


def test_readme_gives_the_two_commands_that_ci_runs():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^pip install -e.*$", readme, re.MULTILINE)
    assert commands == ["pip install -e . && qpvkit build", 'pip install -e ".[test]" && pytest']


def test_glossary_is_written_from_the_catalogue():
    from qpvkit.catalogue import load_catalogue
    from qpvkit.show.glossary import write_glossary

    written = (ROOT / "GLOSSAIRE.md").read_text(encoding="utf-8")
    assert written == write_glossary(load_catalogue()), "lancez : qpvkit glossary"


def test_every_threshold_that_a_report_prints_is_applied_by_the_code():
    code = "".join(path.read_text(encoding="utf-8") for path in MODULES)
    for name in qpvkit.load_catalogue().thresholds:
        assert f'threshold("{name}")' in code, name
