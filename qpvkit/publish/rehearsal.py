"""What a process does before it forks: everything that a report would otherwise do first.

Only our own code runs here: a notebook of the analyst may leave things behind it, which every
report would then find.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import qpvkit
from qpvkit.errors import QpvkitError
from qpvkit.load.store import Store
from qpvkit.publish.libraries import notebook_library
from qpvkit.publish.parameters import find_notebook, read_notebook
from qpvkit.publish.record import shared_inputs
from qpvkit.publish.tasks import Task
from qpvkit.settings import Settings

_NEEDED: Final = "Diagnostic"


def rehearse(task: Task, *, settings: Settings, store: Store) -> None:
    """Run an empty notebook, then show one quartier by every means.

    Fonts, templates, projections and lazy imports are then in memory, shared by the children.

    Parameters
    ----------
    task
        A report of the batch: its notebook is read, not run; what its quartier lacks is not
        rehearsed.
    """
    _run_nothing(settings)
    with contextlib.suppress(QpvkitError):
        path = find_notebook(task.notebook, settings=settings)
        read_notebook(path)
        shared_inputs(path, settings)
    with contextlib.suppress(QpvkitError, ValueError, KeyError):
        diagnostic = qpvkit.diagnose(task.code, dataset=settings.dataset, store=store)
        for show in _shows():
            shown = show(diagnostic)
            for method in ("_repr_mimebundle_", "_repr_html_"):
                if hasattr(shown, method):
                    getattr(shown, method)()


def _shows() -> Iterator[Callable[[Any], Any]]:
    """Yield the public functions that need a `Diagnostic` and nothing else."""
    for name in qpvkit.__all__:
        found = getattr(qpvkit, name)
        if not inspect.isfunction(found):
            continue
        needed = [
            str(parameter.annotation)
            for parameter in inspect.signature(found).parameters.values()
            if parameter.default is inspect.Parameter.empty
        ]
        if needed == [_NEEDED]:
            yield found


def _run_nothing(settings: Settings) -> None:
    papermill = notebook_library("papermill")
    nbformat = notebook_library("nbformat")
    cells = [
        nbformat.v4.new_markdown_cell("# T"),
        nbformat.v4.new_code_cell("x: int = 1  # x", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("x"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    node = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    export_html = importlib.import_module("qpvkit.publish.export").export_html
    with tempfile.TemporaryDirectory() as folder:
        done = papermill.execute_notebook(
            node, str(Path(folder) / "nothing.ipynb"), parameters={"x": 2}, engine_name="qpvkit",
            kernel_name="python3", progress_bar=False, request_save_on_cell_execute=False,
        )  # fmt: skip
    export_html(done, dataset=settings.dataset)
