"""Four ways of making the same reports, measured side by side on the same machine."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Self

import pandas as pd
import psutil

from qpvkit.load.store import Store
from qpvkit.publish.bare import run_bare
from qpvkit.publish.batch import BatchOptions, run_tasks
from qpvkit.publish.runners import zygote_environment
from qpvkit.publish.tasks import Task
from qpvkit.settings import Settings

WAYS: Final = {
    "a": "papermill puis jupyter nbconvert, en boucle",
    "b": "papermill (Python) dans plusieurs processus",
    "c": "qpvkit batch",
    "d": "les fonctions seules, sans notebook",
}
_Way = Callable[[list[Task], Settings], float | None]
_SAMPLE: Final = 1.0  # seconds between two looks at the memory, which slow what they look at


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What one way costs, start-up included.

    Attributes
    ----------
    way
        ``a``, ``b``, ``c`` or ``d``.
    reports
        How many reports it made.
    wall, cpu
        Seconds for each report, one value a repetition.
    start
        Seconds until the first report is there, likewise; only where it is told.
    peak_mib
        The largest memory of all its processes together, shared pages counted once (PSS).
    """

    way: str
    reports: int
    wall: tuple[float, ...]
    cpu: tuple[float, ...]
    start: tuple[float, ...]
    peak_mib: float

    @property
    def flat(self) -> float:
        """Median of what one more report costs, start-up apart; NaN where it is not told."""
        each = [
            (wall * self.reports - start) / (self.reports - 1)
            for wall, start in zip(self.wall, self.start, strict=True)
            if self.reports > 1 and not math.isnan(start)
        ]
        return statistics.median(each) if each else math.nan


def run_bench(
    tasks: Sequence[Task], *, settings: Settings, store: Store, jobs: int = 2, repeats: int = 3,
    few: int = 4, on_progress: Callable[[str, int, int], None] | None = None,
) -> list[Measure]:  # fmt: skip
    """Measure the four ways on the same notebook.

    Parameters
    ----------
    tasks
        The reports. The slow ways (a, b) make the first `few` only, by process for b.
    jobs
        Processes of b, c and d.
    repeats
        Repetitions; the table gives medians.
    """
    by_loop, by_pool = list(tasks[:few]), list(tasks[: few * jobs])
    ways: dict[str, tuple[list[Task], _Way]] = {
        "a": (by_loop, _by_command_line),
        "b": (by_pool, lambda chosen, place: _by_pool(chosen, place, jobs)),
        "c": (list(tasks), lambda chosen, place: _by_batch(chosen, place, store, jobs)),
        "d": (list(tasks), lambda chosen, place: run_bare(chosen, place, jobs)),
    }
    found: dict[str, list[tuple[float, float, float, float]]] = {way: [] for way in ways}
    for turn in range(repeats):
        for rank, (way, (chosen, run)) in enumerate(ways.items()):
            if on_progress:
                on_progress(WAYS[way], turn * len(ways) + rank, repeats * len(ways))
            found[way].append(_measured(chosen, run, settings))
    return [
        Measure(
            way=way,
            reports=len(ways[way][0]),
            wall=tuple(wall for wall, _, _, _ in values),
            cpu=tuple(cpu for _, cpu, _, _ in values),
            start=tuple(start for _, _, start, _ in values),
            peak_mib=max(peak for _, _, _, peak in values),
        )
        for way, values in found.items()
    ]


def bench_table(measures: Sequence[Measure]) -> pd.DataFrame:
    """Return the medians and the ratios to ours, one row a way."""
    medians = {
        measure.way: (statistics.median(measure.wall), statistics.median(measure.cpu))
        for measure in measures
    }
    ours = medians["c"]
    return pd.DataFrame(
        [
            {
                "façon": f"({measure.way}) {WAYS[measure.way]}",
                "rapports": measure.reports,
                "s par rapport": round(medians[measure.way][0], 3),
                "s de processeur": round(medians[measure.way][1], 3),
                "durée / (c)": round(medians[measure.way][0] / ours[0], 2),
                "processeur / (c)": round(medians[measure.way][1] / ours[1], 2),
                "démarrage s": _rounded(measure.start),
                "s par rapport de plus": round(measure.flat, 3),
                "mémoire Mio": round(measure.peak_mib),
            }
            for measure in measures
        ]
    )


def _rounded(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return round(statistics.median(known), 1) if known else math.nan


def _measured(
    tasks: list[Task], run: _Way, settings: Settings
) -> tuple[float, float, float, float]:
    """Return the wall and processor time of a report, the start-up, and the peak of memory."""
    with tempfile.TemporaryDirectory() as folder:
        place = dataclasses.replace(settings, home=Path(folder))
        (place.home / "data").symlink_to(settings.home / "data")
        before, started = _cpu(), time.monotonic()
        with _Memory() as memory:
            start = run(tasks, place)
        wall = (time.monotonic() - started) / len(tasks)
        cpu = (_cpu() - before) / len(tasks)
        return wall, cpu, math.nan if start is None else start, memory.peak


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class _Memory:
    """The largest memory of the children of this process, looked at from time to time."""

    def __enter__(self) -> Self:
        self.peak = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        me = psutil.Process()
        while not self._over.wait(_SAMPLE):
            used = 0
            for process in me.children(recursive=True):
                try:
                    full = process.memory_full_info()
                    used += getattr(full, "pss", full.rss)
                except psutil.Error:
                    continue
            self.peak = max(self.peak, used / 2**20)


# --- the four ways -----------------------------------------------------------------------------


def _environment(settings: Settings) -> dict[str, str]:
    names = {"QPVKIT_HOME": str(settings.home), "QPVKIT_DATASET": settings.dataset}
    return dict(os.environ) | names | {"PYTHONPATH": zygote_environment()["PYTHONPATH"]}


def _by_command_line(tasks: list[Task], settings: Settings) -> None:
    """Do as (a), the loop of a shell script: one command to run, one to export."""
    for task in tasks:
        executed = settings.home / f"{task.code}.ipynb"
        parameters = [
            part for name, value in task.parameters.items() for part in ("-p", name, str(value))
        ]
        source = settings.notebooks_dir / f"{task.notebook}.ipynb"
        for command in (
            ["papermill", "--no-progress-bar", str(source), str(executed), *parameters],
            ["nbconvert", "--to", "html", str(executed)],
        ):
            subprocess.run(  # noqa: S603 - our own words
                [sys.executable, "-m", *command], check=True, env=_environment(settings),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip


def _by_pool(tasks: list[Task], settings: Settings, jobs: int) -> None:
    """Do as (b): papermill and nbconvert called from Python, in a pool of processes."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(jobs, mp_context=context) as pool:
        list(pool.map(_one_by_api, tasks, [settings] * len(tasks)))


def _one_by_api(task: Task, settings: Settings) -> None:
    import nbconvert  # noqa: PLC0415 - in the worker
    import papermill  # noqa: PLC0415

    os.environ.update(_environment(settings))
    executed = settings.home / f"{task.code}.ipynb"
    papermill.execute_notebook(
        str(settings.notebooks_dir / f"{task.notebook}.ipynb"), str(executed),
        parameters=task.parameters, progress_bar=False,
    )  # fmt: skip
    body, _ = nbconvert.HTMLExporter().from_filename(str(executed))
    executed.with_suffix(".html").write_text(body, encoding="utf-8")


def _by_batch(tasks: list[Task], settings: Settings, store: Store, jobs: int) -> float:
    """Do as (c), ours: the batch, its manifest, its index, its tables; return its start-up."""
    began, times = time.monotonic(), []

    def note(*_progress: object) -> None:
        times.append(time.monotonic() - began)

    run_tasks(
        tasks, settings=settings, store=store, options=BatchOptions(jobs=jobs), on_progress=note
    )
    return times[0] if times else math.nan


def describe_machine() -> dict[str, Any]:
    """Return what the figures depend on: the machine and the versions."""
    import importlib.metadata  # noqa: PLC0415

    names = ("papermill", "nbconvert", "ipykernel", "pandas", "geopandas", "matplotlib", "pyarrow")
    return {
        "processeurs": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "python": sys.version.split()[0],
        **{name: importlib.metadata.version(name) for name in names},
    }


def bench_json(measures: Sequence[Measure]) -> str:
    """Return everything that was measured, for a script."""
    measured = [
        {
            **dataclasses.asdict(measure),
            "start": [None if math.isnan(value) else value for value in measure.start],
        }
        for measure in measures
    ]
    content = {"machine": describe_machine(), "measures": measured}
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
