"""A cluster that loses a worker, and the small reports that it makes."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

CODES = ["QN09901M", "QN09902M", "QN09903M", "QN09904M", "QN09905M", "QN09906M"]
NOTEBOOK = "05_essai"
SLOW = "import time\ntime.sleep(0.5)\nprint(code_qp)"


def pages(settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in settings.reports_dir.glob("*/*.html")}


def task_of(code: str) -> dict[str, Any]:
    return {
        "notebook": NOTEBOOK, "code": code, "page": f"{NOTEBOOK}/{code}.html",
        "parameters": {"code_qp": code, "dataset": "demo"},
    }  # fmt: skip


@contextlib.contextmanager
def two_workers(ready: Callable[[], object]) -> Iterator[tuple[str, list[int]]]:
    """Yield the address of a cluster, a busy worker of which is killed once all is ready."""
    import distributed

    killed: list[int] = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as here:

        def kill() -> None:
            with distributed.Client(here) as client:
                found = client.run(os.getpid)
                deadline = time.monotonic() + 120
                while not ready() and time.monotonic() < deadline:
                    time.sleep(0.05)
                busy = [address for address, keys in client.processing().items() if keys]
                killed.append(found[busy[0]])
                os.kill(killed[0], signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        yield here.scheduler_address, killed
        thread.join()
