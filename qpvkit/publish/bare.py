"""The floor: what the calls of a notebook cost without any notebook, in a process that is warm.

Only `qpvkit bench` uses it. The code cells are compiled once and run as a plain Python program;
what their last lines return is turned into HTML as the page does, and written.
"""

from __future__ import annotations

import ast
import html
import json
import os
import subprocess
import sys
from pathlib import Path
from types import CodeType
from typing import Any

from qpvkit.publish.runners import job_of, zygote_environment
from qpvkit.publish.tasks import Task
from qpvkit.settings import Settings


def run_bare(tasks: list[Task], settings: Settings, jobs: int) -> None:
    """Make every page by plain calls, the tasks shared between some processes."""
    subprocess.run(
        [sys.executable, "-m", "qpvkit.publish.bare"], check=True, text=True,
        input=json.dumps(job_of(tasks, settings, jobs, 600.0)) + "\n", env=zygote_environment(),
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def main() -> None:
    """Prepare as the zygote does, then fork one process for each share of the tasks."""
    from qpvkit.publish.zygote import prepare  # noqa: PLC0415 - what we measure starts here

    job = json.loads(sys.stdin.readline())
    settings = Settings(
        dataset=job["settings"]["dataset"], home=Path(job["settings"]["home"]),
        share=Path(job["settings"]["share"]),
    )  # fmt: skip
    tasks = [Task(**task) for task in job["tasks"]]
    prepare(settings, tasks[0])
    cells = _compiled(settings.notebooks_dir / f"{tasks[0].notebook}.ipynb")
    children = []
    for rank in range(job["jobs"]):
        pid = os.fork()
        if pid == 0:
            for task in tasks[rank :: job["jobs"]]:
                _make_page(task, cells, settings)
            os._exit(0)
        children.append(pid)
    failed = [pid for pid in children if os.waitpid(pid, 0)[1]]
    os._exit(1 if failed else 0)


def _compiled(path: Path) -> list[tuple[CodeType, CodeType | None] | str]:
    """Compile each code cell: its statements, and the expression of its last line."""
    cells: list[tuple[CodeType, CodeType | None] | str] = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            cells.append(source)
            continue
        if "parameters" in cell["metadata"].get("tags", []):
            source = _defaults_only(source)
        tree = ast.parse(source)
        last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        body = ast.Module(tree.body[:-1] if last else tree.body, [])
        shown = compile(ast.Expression(last.value), str(path), "eval") if last else None
        cells.append((compile(body, str(path), "exec"), shown))
    return cells


def _defaults_only(source: str) -> str:
    """Let the cell of parameters fill what was not given, and nothing else."""
    lines = []
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name, value = statement.target.id, ast.unparse(statement.value or ast.Constant(None))
            lines.append(f"{name} = globals().get({name!r}, {value})")
    return "\n".join(lines)


def _make_page(
    task: Task, cells: list[tuple[CodeType, CodeType | None] | str], settings: Settings
) -> None:
    names: dict[str, Any] = dict(task.parameters)
    parts = []
    for cell in cells:
        if isinstance(cell, str):
            parts.append(f"<div>{html.escape(cell)}</div>")
            continue
        exec(cell[0], names)  # noqa: S102 - the cells of our own notebook
        if cell[1] is not None:
            parts.append(_as_html(eval(cell[1], names)))  # noqa: S307
    page = settings.reports_dir / task.page
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(parts), encoding="utf-8")


def _as_html(shown: Any) -> str:  # noqa: ANN401 - whatever a cell returns
    if hasattr(shown, "to_html"):
        return str(shown.to_html())
    return html.escape(str(shown))


if __name__ == "__main__":
    main()
