"""The same batch on many machines: shards of reports on a Dask cluster.

A task is a shard, not a report: each pays for one zygote. A shard is idempotent, so a scheduler may
run it again when a worker dies: a report whose page is there already, made of the same things, is
not made twice. Workers write pages and nothing else; the manifest is written by the process that
started the batch.

Places are paths that every machine sees: the folder of the store and that of the reports.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from qpvkit.errors import ReportError, UnknownNameError
from qpvkit.publish.record import Record, changes_since, read_record, shared_inputs
from qpvkit.publish.runners import DEFAULT_TIMEOUT, can_fork, run_forked, run_in_kernels
from qpvkit.publish.tasks import OnOutcome, Outcome, Task
from qpvkit.settings import Settings

_LOCAL: Final = "local:"
_SHARDS_BY_WORKER: Final = 4  # so that the last to finish is not waited for too long
_LARGEST: Final = 50
_PATIENCE: Final = 10.0  # seconds until a scheduler answers


def run_on_cluster(
    tasks: list[Task], on_outcome: OnOutcome, settings: Settings, jobs: int, *,
    address: str, timeout: float = DEFAULT_TIMEOUT,
) -> None:  # fmt: skip
    """Make reports on the workers of a Dask cluster.

    Parameters
    ----------
    address
        ``tcp://…``, or ``local:N`` for N workers on this machine.

    Raises
    ------
    UnknownNameError
        The address is of neither form.
    ReportError
        dask is not installed, the cluster does not answer, or a shard was lost several times.
    """
    with _client(address) as client:
        workers = max(1, len(client.scheduler_info()["workers"]))
        each = max(1, jobs // workers) if address.startswith(_LOCAL) else jobs
        shards = list(_shards(tasks, workers))
        futures = [
            client.submit(
                make_shard, [dataclasses.asdict(task) for task in shard], _as_json(settings),
                jobs=each, timeout=timeout, pure=False, retries=2,
            )
            for shard in shards
        ]  # fmt: skip
        _collect(client, futures, on_outcome)


def _collect(client: Any, futures: list[Any], on_outcome: OnOutcome) -> None:  # noqa: ANN401
    """Tell of the reports as the shards end."""
    from distributed import KilledWorker, as_completed  # noqa: PLC0415 - an extra

    try:
        for future in as_completed(futures):
            for content in future.result():
                outcome = Outcome(**content)
                on_outcome(outcome)
                if outcome.fatal:
                    raise ReportError(outcome.error)
    except KilledWorker as error:
        msg = (
            "Un lot de rapports a fait tomber plusieurs machines de la grappe. Relancez avec "
            "--jobs 1, ou sans --cluster."
        )
        raise ReportError(msg) from error
    except (OSError, TimeoutError) as error:
        msg = f"La grappe ne répond plus ({error}). Relancez : ce qui est fait est gardé."
        raise ReportError(msg) from error
    finally:
        client.cancel(futures)


def make_shard(
    tasks: list[dict[str, Any]], places: dict[str, str], *, jobs: int, timeout: float
) -> list[dict[str, Any]]:
    """Make some reports on this worker, in processes of their own; leave those that are there.

    Returns
    -------
    list
        What became of each, as JSON can hold it.
    """
    settings = Settings(
        dataset=places["dataset"],  # type: ignore[arg-type]
        home=Path(places["home"]),
        share=Path(places["share"]),
    )
    found: list[Outcome] = []
    left = []
    for task in (Task(**content) for content in tasks):
        record = _made_already(task, settings)
        if record is None:
            left.append(task)
        else:
            found.append(Outcome(page=task.page, record=record.to_json()))
    if left:
        run = run_forked if can_fork() else run_in_kernels
        run(left, found.append, settings, jobs, timeout=timeout)
    return [dataclasses.asdict(outcome) for outcome in found]


def _made_already(task: Task, settings: Settings) -> Record | None:
    """Return the record of a page that another worker made, before it died, of the same things."""
    from qpvkit.load.store import open_store  # noqa: PLC0415 - on the worker
    from qpvkit.publish.parameters import find_notebook  # noqa: PLC0415

    page = settings.reports_dir / task.page
    record = read_record(page) if page.exists() else None
    if record is None or record.parameters != task.parameters:
        return None
    inputs = shared_inputs(find_notebook(task.notebook, settings=settings), settings)
    digests = open_store(settings).digests()
    return None if changes_since(record, inputs=inputs, digests=digests) else record


def _shards(tasks: list[Task], workers: int) -> Iterator[list[Task]]:
    size = min(_LARGEST, max(1, -(-len(tasks) // (workers * _SHARDS_BY_WORKER))))
    for start in range(0, len(tasks), size):
        yield tasks[start : start + size]


def _as_json(settings: Settings) -> dict[str, str]:
    return {
        "dataset": settings.dataset, "home": str(settings.home), "share": str(settings.share),
    }  # fmt: skip


@contextlib.contextmanager
def _client(address: str) -> Iterator[Any]:
    """Reach a cluster, or start one on this machine."""
    try:
        import distributed  # noqa: PLC0415 - an extra, slow to import
    except ImportError as error:
        msg = 'L\'option --cluster demande Dask : pip install "qpvkit[cluster]"'
        raise ReportError(msg) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if address.startswith(_LOCAL) and address.removeprefix(_LOCAL).isdigit():
        count = max(1, int(address.removeprefix(_LOCAL)))
        with (
            distributed.LocalCluster(
                n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    if "://" not in address:
        what, hint = "adresse de grappe illisible", "Écrivez tcp://MACHINE:8786 ou local:2."
        raise UnknownNameError(what, address, hint=hint)
    try:
        client = distributed.Client(address, timeout=_PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        msg = (
            f"La grappe {address} ne répond pas. Vérifiez que « dask scheduler » y tourne, "
            "ou essayez sur cette machine : --cluster local:2."
        )
        raise ReportError(msg) from error
    with client:
        yield client
