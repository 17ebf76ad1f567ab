"""The same batch on many machines: shards of reports on a Dask cluster.

A task is a shard, not a report: each pays for one zygote. A shard is idempotent, so a scheduler may
run it again when a worker dies: see `qpvkit.publish.shard`. Workers write pages and nothing else;
the manifest is written by the process that started the batch.

Places are paths that every machine sees (the folder of the store and that of the reports), or an
address: see `qpvkit.publish.share`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import queue
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import Any, Final

from qpvkit.errors import ReportError, UnknownNameError
from qpvkit.load.store import open_store
from qpvkit.publish.parameters import find_notebook
from qpvkit.publish.record import read_record
from qpvkit.publish.runners import DEFAULT_TIMEOUT
from qpvkit.publish.shard import Order, heard, make_shard, mark_of, needs_of
from qpvkit.publish.share import Share
from qpvkit.publish.tasks import OnOutcome, Outcome, Task, tell_all
from qpvkit.settings import Settings

_LOCAL: Final = "local:"
_SHARDS_BY_WORKER: Final = 4  # so that the last to finish is not waited for too long
_LARGEST: Final = 50
_PATIENCE: Final = 10.0  # seconds until a scheduler answers


def run_on_cluster(
    tasks: list[Task], on_outcome: OnOutcome, settings: Settings, jobs: int, *,
    address: str, timeout: float = DEFAULT_TIMEOUT, force: bool = False,
    share: Share | None = None,
) -> None:  # fmt: skip
    """Make reports on the workers of a Dask cluster.

    Parameters
    ----------
    address
        ``tcp://…``, or ``local:N`` for N workers on this machine.
    force
        Make again what is made of the same things already.
    share
        A place that workers reach by an address, when they do not see the folders of this machine.

    Raises
    ------
    UnknownNameError
        An address is of no known form.
    ReportError
        dask is not installed, the cluster or the shared place does not answer, or a shard was lost
        several times.
    """
    with _client(address) as client:
        workers = max(1, len(client.scheduler_info()["workers"]))
        order = Order(
            dataset=settings.dataset, url=share.place.url if share else "",
            home="" if share else str(settings.home), share="" if share else str(settings.share),
            bundle=share.send_inputs(settings, open_store(settings)) if share else "",
            jobs=max(1, jobs // workers) if address.startswith(_LOCAL) else jobs,
            timeout=timeout, force=force, batch=f"qpvkit-{uuid.uuid4().hex[:12]}",
            needs=needs_of(find_notebook(tasks[0].notebook, settings=settings)),
        )  # fmt: skip
        shards = list(_shards(tasks, workers))
        with _submitted(client, shards, order) as inbox:
            tell_all(_outcomes(inbox, len(shards), settings, share), on_outcome)


@contextlib.contextmanager
def _submitted(
    client: Any,  # noqa: ANN401
    shards: list[list[Task]],
    order: Order,
) -> Iterator[queue.SimpleQueue[Any]]:
    """Give the shards to the cluster; yield where what is said and what ends comes in."""
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    client.subscribe_topic(order.batch, lambda event: inbox.put(event[1]))
    futures = [
        client.submit(
            make_shard, [dataclasses.asdict(task) for task in shard], dataclasses.asdict(order),
            number, pure=False, retries=2,
        )
        for number, shard in enumerate(shards)
    ]  # fmt: skip
    for future in futures:
        future.add_done_callback(inbox.put)
    try:
        yield inbox
    finally:
        client.unsubscribe_topic(order.batch)
        client.cancel(futures)


def _outcomes(
    inbox: queue.SimpleQueue[Any], shards: int, settings: Settings, share: Share | None
) -> Iterator[Outcome]:
    """Yield each outcome once: as soon as a worker says it, or when its shard ends."""
    told: set[str] = set()
    while shards:
        item = inbox.get()
        if isinstance(item, dict):
            outcome = None if item["page"] in told else _listen(item, settings, share)
            ended = [] if outcome is None else [outcome]
        else:
            shards -= 1
            ended = [
                _checked(Outcome(**content), settings, share)
                for content in _result(item)
                if content["page"] not in told
            ]
        told.update(outcome.page for outcome in ended)
        yield from ended


def _listen(event: dict[str, Any], settings: Settings, share: Share | None) -> Outcome | None:
    """Return the outcome that a worker says; None when its page is not seen from here yet."""
    try:
        if share:
            share.fetch_report(settings, event["page"], failed=bool(event["error"]))
    except ReportError:  # the end of the shard will tell
        return None
    return heard(event, read_record(settings.reports_dir / event["page"]))


def _checked(outcome: Outcome, settings: Settings, share: Share | None) -> Outcome:
    """Bring a page back, and make sure that it is the one that was made."""
    if share is None:
        return outcome
    share.fetch_report(settings, outcome.page, failed=bool(outcome.error))
    record = read_record(settings.reports_dir / outcome.page)
    if outcome.error or (record and mark_of(record.to_json()) == mark_of(outcome.record)):
        return outcome
    error = "La page revenue du partage n'est pas celle qui a été faite. Relancez la commande."
    return dataclasses.replace(outcome, record=None, error=error)


def _result(future: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    from distributed import KilledWorker  # noqa: PLC0415 - an extra

    try:
        found: list[dict[str, Any]] = future.result()
    except KilledWorker as error:
        msg = (
            "Un lot de rapports a fait tomber plusieurs machines de la grappe. Relancez avec "
            "--jobs 1, ou sans --cluster."
        )
        raise ReportError(msg) from error
    except (OSError, TimeoutError, CancelledError) as error:
        msg = f"La grappe ne répond plus ({error}). Relancez : ce qui est fait est gardé."
        raise ReportError(msg) from error
    return found


def _shards(tasks: list[Task], workers: int) -> Iterator[list[Task]]:
    size = min(_LARGEST, max(1, -(-len(tasks) // (workers * _SHARDS_BY_WORKER))))
    for start in range(0, len(tasks), size):
        yield tasks[start : start + size]


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
