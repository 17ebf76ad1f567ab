"""The process that makes reports: it imports and loads once, then forks a child for each.

``python -m qpvkit.publish.zygote`` reads a job, one line of JSON, from its input, and writes one
line of JSON for each report. It is a process of its own, started by `qpvkit.publish.runners`, for
three reasons: a process that forks must have no thread, and the analyst's has some; the number of
threads of numpy and Arrow is read when they are imported; the order of sets must be the same in
every process (``PYTHONHASHSEED``).
"""

from __future__ import annotations

import dataclasses
import gc
import importlib
import json
import logging
import os
import random
import signal
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import IO, Any, Final

from qpvkit.errors import MissingDataError, QpvkitError
from qpvkit.load.digests import Digests
from qpvkit.load.reads import recording
from qpvkit.publish.tasks import Outcome, Task
from qpvkit.settings import Settings

_GRACE: Final = 5.0  # seconds between the interruption of a cell and the end of its process
_TICK: Final = 1.0  # seconds between two looks at the clock and at who started us


@dataclasses.dataclass(slots=True, kw_only=True)
class _Child:
    """A report that is being made."""

    task: Task
    sink: IO[bytes]
    started: float
    attempt: int
    killed: bool = False


def main() -> None:
    """Read the job, make the reports, tell of each as soon as it is there."""
    line = sys.stdin.readline()
    if not line:
        return
    job = json.loads(line)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is not an answer
    settings = job["settings"]
    place = Settings(
        dataset=settings["dataset"], home=Path(settings["home"]), share=Path(settings["share"])
    )
    try:
        tasks = [Task(**task) for task in job["tasks"]]
        digests = prepare(place, tasks[0])
        _say(out, {"ready": True, "threads": _threads(), "pid": os.getpid()})
        _Foreman(place, digests, out, jobs=job["jobs"], timeout=job["timeout"]).run(tasks)
    except BrokenPipeError:  # who started us is gone
        os._exit(0)
    except QpvkitError as error:
        _say(out, {"refused": str(error)})
    os._exit(0)  # no thread of a library is waited for


def prepare(settings: Settings, task: Task) -> Digests:
    """Import the libraries, hold the tables and rehearse, with as few threads as can be."""
    import pyarrow as pa  # noqa: PLC0415 - here first, to bound its threads

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    # most tables of a report hold a hundred rows: numpy picks them several times faster than Arrow
    importlib.import_module("pandas").set_option("mode.string_storage", "python")
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    from qpvkit.load.memory import hold_store  # noqa: PLC0415
    from qpvkit.load.store import open_store  # noqa: PLC0415
    from qpvkit.publish.rehearsal import rehearse  # noqa: PLC0415
    from qpvkit.publish.report import make_report  # noqa: F401, PLC0415 - for the children

    try:
        store = open_store(settings)
        hold_store(store)
        digests = store.digests()
    except (pa.ArrowInvalid, OSError) as error:
        msg = (
            f"Les tables de {settings.store_dir} ne se lisent pas ({_line(error)[:120]}). "
            "Supprimez ce dossier : il sera refait à partir des fichiers officiels."
        )
        raise MissingDataError(msg) from error
    with recording() as reads:
        rehearse(task, settings=settings, store=store)
    for read in reads:  # the tables of digests are then read too
        digests.of(read)
    return digests


def _threads() -> int:
    """Return the number of threads of this process; 1 where the system does not tell."""
    folder = Path("/proc/self/task")
    return len(list(folder.iterdir())) if folder.is_dir() else 1


def _say(out: IO[str], message: dict[str, Any]) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


class _Foreman:
    """Keeps a number of children at work and reaps them."""

    def __init__(
        self, settings: Settings, digests: Digests, out: IO[str], *, jobs: int, timeout: float
    ) -> None:
        self._settings, self._digests, self._out = settings, digests, out
        self._jobs, self._timeout = jobs, timeout
        self._children: dict[int, _Child] = {}
        self._parent = os.getppid()

    def run(self, tasks: list[Task]) -> None:
        """Make every report; a child that dies of a signal is tried once more."""
        waiting = deque((task, 1) for task in tasks)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM})
        gc.collect()
        gc.freeze()  # the pages of memory that children share are not written to
        while waiting or self._children:
            while waiting and len(self._children) < self._jobs:
                self._fork(*waiting.popleft())
            received = signal.sigtimedwait({signal.SIGCHLD, signal.SIGTERM}, _TICK)
            left = os.getppid() != self._parent
            if left or (received is not None and received.si_signo == signal.SIGTERM):
                self._kill_all()
                return
            for child in self._reap():
                waiting.appendleft((child.task, child.attempt + 1))
            self._stop_the_late()

    def _fork(self, task: Task, attempt: int) -> None:
        sink = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the child is reaped
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _work(task, self._settings, self._digests, sink, self._timeout)
        self._children[pid] = _Child(task=task, sink=sink, started=started, attempt=attempt)

    def _reap(self) -> list[_Child]:
        """Tell of every child that ended; return those to try again."""
        again = []
        while self._children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                break
            child = self._children.pop(pid)
            died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            if died and not child.killed and child.attempt == 1:
                child.sink.close()
                again.append(child)
                continue
            cost = {
                "seconds": round(time.monotonic() - child.started, 3),
                "cpu": round(usage.ru_utime + usage.ru_stime, 3),
                "peak_mib": round(usage.ru_maxrss / 1024, 1),
            }
            _say(self._out, _answer(child, status, self._timeout) | cost)
            child.sink.close()
        return again

    def _stop_the_late(self) -> None:
        """Kill a child whose cell did not stop when it was interrupted."""
        for pid, child in self._children.items():
            if time.monotonic() - child.started > self._timeout + _GRACE and not child.killed:
                child.killed = True
                os.killpg(pid, signal.SIGKILL)

    def _kill_all(self) -> None:
        for pid in self._children:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _answer(child: _Child, status: int, timeout: float) -> dict[str, Any]:
    """Read what a child wrote; say why it wrote nothing."""
    child.sink.seek(0)
    content = child.sink.read()
    if content:
        found: dict[str, Any] = json.loads(content)
        return found
    if child.killed:
        why = f"le rapport dure plus de {timeout:g} s et a été arrêté (option --timeout)"
    elif os.WIFSIGNALED(status):
        why = (
            f"le processus du rapport a été tué deux fois (signal {os.WTERMSIG(status)}) : "
            "mémoire insuffisante ? Relancez avec --jobs 1"
        )
    else:
        code = os.waitstatus_to_exitcode(status)
        why = f"le processus du rapport s'est arrêté de lui-même (code {code})"
    name = f"{child.task.notebook} ({child.task.code})" if child.task.code else child.task.notebook
    return {"page": child.task.page, "error": f"{name} : {why}."}


def _work(
    task: Task, settings: Settings, digests: Digests, sink: IO[bytes], timeout: float
) -> None:
    """Make one report in this child, write the outcome and leave: nothing else is run."""
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD, signal.SIGTERM})
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    outcome = make_outcome(task, settings, digests=digests, timeout=timeout)
    sink.write(json.dumps(dataclasses.asdict(outcome)).encode())
    sink.flush()
    os._exit(0)


def make_outcome(
    task: Task, settings: Settings, *, digests: Digests | None = None, timeout: float | None,
    engine: Any = "here",  # noqa: ANN401 - a literal of `report`, imported late
) -> Outcome:  # fmt: skip
    """Make one report, whatever happens."""
    from qpvkit.publish.report import FolderError, make_report  # noqa: PLC0415 - after the fork

    _seed(task)
    page = settings.reports_dir / task.page
    try:
        report = make_report(
            task.notebook, parameters=task.parameters, settings=settings, output=page,
            engine=engine, timeout=timeout, digests=digests,
        )  # fmt: skip
    except FolderError as error:
        return Outcome(page=task.page, error=_line(error), fatal=True)
    except QpvkitError as error:
        return Outcome(page=task.page, error=_line(error))
    except Exception as error:
        return Outcome(page=task.page, error=f"{type(error).__name__} : {_line(error)}")
    return Outcome(page=task.page, record=report.record.to_json())


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _seed(task: Task) -> None:
    """Give each report its own random numbers, the same at each run."""
    import numpy as np  # noqa: PLC0415 - loaded by then

    random.seed(task.page)
    np.random.seed(int.from_bytes(task.page.encode()[-12:]) % 2**32)  # noqa: NPY002 - the global one


if __name__ == "__main__":
    main()
