"""Ways of making many reports on this machine: forked children, or a pool of kernels."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

from qpvkit.errors import ReportError
from qpvkit.publish.tasks import OnOutcome, Outcome, Task, tell_all
from qpvkit.settings import Settings

Isolation = Literal["fork", "kernel"]
_ALONE: Final = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    "NUMEXPR_MAX_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1", "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "268435456", "MALLOC_TOP_PAD_": "33554432",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}  # fmt: skip
_PACKAGE_PARENT: Final = Path(__file__).resolve().parents[2]
DEFAULT_TIMEOUT: Final = 600.0
NO_FORK: Final = (
    "Ce système ne sait pas dupliquer un processus : chaque rapport démarre son propre noyau "
    "(plus lent, mêmes pages)."
)


def can_fork() -> bool:
    """Say whether reports can be made by forked children: neither on Windows nor on macOS."""
    needed = hasattr(os, "fork") and hasattr(signal, "sigtimedwait")
    return needed and sys.platform != "darwin"


def default_jobs() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_forked(
    tasks: list[Task], on_outcome: OnOutcome,
    settings: Settings,
    jobs: int,
    *,
    timeout: float = DEFAULT_TIMEOUT,
) -> None:  # fmt: skip
    """Make reports by children of a zygote: see `qpvkit.publish.zygote`.

    Raises
    ------
    ReportError
        The zygote stopped before the end, or refused to start.
    """
    job = job_of(tasks, settings, jobs, timeout)
    with _zygote(job) as process:
        tell_all(_answers(process, {task.page for task in tasks}), on_outcome)


def _answers(process: subprocess.Popen[str], left: set[str]) -> Iterator[Outcome]:
    """Yield what a zygote says of each page; complain if it leaves some."""
    for line in process.stdout or ():
        message = json.loads(line)
        if "refused" in message:
            raise ReportError(message["refused"])
        if "ready" in message:
            continue
        outcome = Outcome(**message)
        left.discard(outcome.page)
        yield outcome
    if left:
        code = process.wait()
        msg = (
            f"Le processus qui fait les rapports s'est arrêté (code {code}) ; "
            f"il en reste {len(left)}. Relancez la même commande : ce qui est fait est gardé."
        )
        raise ReportError(msg)


def job_of(tasks: list[Task], settings: Settings, jobs: int, timeout: float) -> dict[str, Any]:
    """Return what a zygote reads on its input."""
    places = {
        "dataset": settings.dataset, "home": str(settings.home), "share": str(settings.share),
    }  # fmt: skip
    return {
        "settings": places, "jobs": jobs, "timeout": timeout,
        "tasks": [dataclasses.asdict(task) for task in tasks],
    }  # fmt: skip


def zygote_environment() -> dict[str, str]:
    """Return the environment of a zygote: one thread, one order of sets, this very package."""
    path = [str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")]
    return dict(os.environ) | _ALONE | {"PYTHONPATH": os.pathsep.join(filter(None, path))}


@contextlib.contextmanager
def _zygote(job: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """Start a zygote, away from the keyboard; stop it and its children whatever happens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "qpvkit.publish.zygote"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=zygote_environment(), text=True, encoding="utf-8",
        start_new_session=True,
    )  # fmt: skip
    try:
        if process.stdin:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(job) + "\n")
                process.stdin.close()
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout:
            process.stdout.close()


def run_in_kernels(
    tasks: list[Task], on_outcome: OnOutcome,
    settings: Settings,
    jobs: int,
    *,
    timeout: float = DEFAULT_TIMEOUT,
) -> None:  # fmt: skip
    """Make reports by papermill's standard engine, one kernel each, several at a time.

    Raises
    ------
    ReportError
        Nothing can be written.
    """
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(max_workers=jobs, mp_context=context)
    try:
        futures = [pool.submit(_kernel_outcome, task, settings, timeout) for task in tasks]
        finished = concurrent.futures.as_completed(futures)
        tell_all((future.result() for future in finished), on_outcome)
    except concurrent.futures.process.BrokenProcessPool as error:
        msg = (
            "Un processus du lot a été tué. Relancez la même commande : ce qui est fait est gardé."
        )
        raise ReportError(msg) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _kernel_outcome(task: Task, settings: Settings, timeout: float) -> Outcome:
    from qpvkit.publish.zygote import make_outcome  # noqa: PLC0415 - in the worker

    return make_outcome(task, settings, timeout=timeout, engine="kernel")
