"""One report to make, and what became of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from qpvkit.errors import ReportError
from qpvkit.publish.parameters import Declared, page_name
from qpvkit.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One report to make.

    Attributes
    ----------
    notebook
        The name of the notebook.
    code
        The code of the territory; empty when the notebook is about none.
    parameters
        The values of its parameters.
    page
        The page, relative to the folder of the reports: its identity.
    """

    notebook: str
    code: str
    parameters: dict[str, Any]
    page: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a task.

    Attributes
    ----------
    page
        That of the task.
    error
        Why it failed, in French; empty for a report that is ready.
    record
        What the page was made of; see `qpvkit.publish.record`.
    seconds, cpu, peak_mib
        What it cost: wall time, processor time, memory of its process.
    fatal
        Whether every other report would fail as well.
    """

    page: str
    error: str = ""
    record: dict[str, Any] | None = None
    seconds: float = 0.0
    cpu: float = 0.0
    peak_mib: float = 0.0
    fatal: bool = False


OnOutcome = Callable[[Outcome], None]
Runner = Callable[[Iterable[Task], OnOutcome], None]


def tell_all(outcomes: Iterable[Outcome], on_outcome: OnOutcome) -> None:
    """Tell of each outcome as it comes.

    Raises
    ------
    ReportError
        Every other report would fail as well.
    """
    for outcome in outcomes:
        on_outcome(outcome)
        if outcome.fatal:
            raise ReportError(outcome.error)


def make_task(
    notebook: Path, code: str, parameters: Mapping[str, Any], declared: Declared,
    settings: Settings,
) -> Task:  # fmt: skip
    """Return the task of a notebook for a territory; the data set is that of the settings."""
    values = dict(parameters)
    if "dataset" in declared:
        values.setdefault("dataset", settings.dataset)
    page = page_name(notebook.stem, values, declared)
    return Task(notebook=notebook.stem, code=code, parameters=values, page=page)
