"""Notebooks tell, the library computes: no code of substance, no output, typed parameters."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells(path: Path, kind: str) -> list[dict]:
    """Return the cells of one kind."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in content["cells"] if cell["cell_type"] == kind]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_suite_is_there():
    assert "10_diagnostic_qp" in {path.stem for path in NOTEBOOKS}


def test_no_output_nor_count_in_git(notebook):
    for cell in cells(notebook, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


def test_one_cell_of_typed_defaulted_commented_parameters(notebook):
    tagged = [
        cell
        for cell in cells(notebook, "code")
        if "parameters" in cell.get("metadata", {}).get("tags", [])
    ]
    assert len(tagged) == 1
    lines = [line for line in "".join(tagged[0]["source"]).splitlines() if line.strip()]
    for line in lines:
        assert re.fullmatch(r"\w+: \w+ = .+  # .+", line), line


def test_no_code_of_substance(notebook):
    for cell in cells(notebook, "code"):
        source = "".join(cell["source"])
        assert len(source.splitlines()) <= 12
        tree = ast.parse(source)
        banned = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.With, ast.Lambda)
        assert not [node for node in ast.walk(tree) if isinstance(node, banned)]
        assert not re.search(r"plt\.|read_csv|Path\(", source)


def test_prose_and_calls_alternate(notebook):
    kinds = [
        cell["cell_type"] for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    ]
    runs = "".join(kind[0] for kind in kinds)
    assert "cccc" not in runs
    assert kinds[0] == "markdown"
