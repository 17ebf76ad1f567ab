"""What a worker of a cluster does: some reports, in processes of its own.

A shard may be run again, by another worker, when the first one dies. What it made is known by what
it said of each page to the scheduler, which outlives it, and checked by the record that the page
holds: nothing of the batch is written in the pages, nor beside them.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import logging
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from qpvkit.errors import QpvkitError, ReportError
from qpvkit.load.digests import Digests
from qpvkit.publish.record import (
    Record,
    changes_since,
    page_software,
    read_record,
    shared_inputs,
)
from qpvkit.publish.runners import can_fork, run_forked, run_in_kernels
from qpvkit.publish.share import Share, open_share
from qpvkit.publish.tasks import Outcome, Task
from qpvkit.settings import Settings

_log = logging.getLogger(__name__)
_SAID: Final = tuple(field.name for field in dataclasses.fields(Outcome) if field.name != "record")
Said = dict[str, dict[str, Any]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How shards are made; plain values, so that it travels.

    Attributes
    ----------
    dataset, home, share
        The places, as every machine sees them.
    url, bundle
        A place that an address names and what was put there, in their stead.
    jobs, timeout
        Reports made at the same time, seconds that one may last.
    force
        Make again the pages that are made of the same things already.
    batch
        The topic under which the pages are told.
    needs
        Digests of the software and of the catalogue that pages are made with.
    """

    dataset: Any
    home: str
    share: str
    url: str = ""
    bundle: str = ""
    jobs: int = 1
    timeout: float
    force: bool = False
    batch: str = ""
    needs: Mapping[str, str] = dataclasses.field(default_factory=dict)


def make_shard(
    tasks: list[dict[str, Any]], order: dict[str, Any], number: int = 0
) -> list[dict[str, Any]]:
    """Make some reports on this worker; leave those that are there.

    Returns
    -------
    list
        What became of each, as JSON can hold it.

    Raises
    ------
    ReportError
        The software is not that of the batch, a place is out of reach, or processes stop. Errors
        of other classes would not all travel.
    """
    try:
        return [
            dataclasses.asdict(outcome)
            for outcome in _make([Task(**content) for content in tasks], Order(**order), number)
        ]
    except QpvkitError as error:
        raise ReportError(str(error)) from error


def _make(tasks: list[Task], order: Order, number: int) -> list[Outcome]:
    _require_same(order.needs)
    share = open_share(order.url) if order.url else None
    if share:
        settings = share.fetch_inputs(order.bundle, order.dataset)
    else:
        settings = Settings(
            dataset=order.dataset, home=Path(order.home), share=Path(order.share)
        )  # fmt: skip
    topics = [order.batch, f"{order.batch}/{number}"]
    known = _known_pages(tasks, settings, share, said=_said(topics[1]), force=order.force)
    found: list[Outcome] = []

    def note(outcome: Outcome) -> None:
        if share and outcome.page not in known:
            share.put_report(settings, outcome.page, failed=bool(outcome.error))
        found.append(outcome)
        _say(topics, outcome)

    for outcome in known.values():
        note(outcome)
    left = [task for task in tasks if task.page not in known]
    if left:
        run = run_forked if can_fork() else run_in_kernels
        run(left, note, settings, order.jobs, timeout=order.timeout)
    return found


def _known_pages(
    tasks: list[Task], settings: Settings, share: Share | None, *, said: Said, force: bool
) -> dict[str, Outcome]:
    """Return what needs not be made: said by a worker that died, or made of the same things."""
    known = {}
    digests = _once(settings)
    for task in tasks:
        if share:
            record = share.page_record(settings, task.page)
        else:
            record = read_record(settings.reports_dir / task.page)
        outcome = heard(said[task.page], record) if task.page in said else None
        if outcome is None and record and not force and _fresh(record, task, settings, digests):
            outcome = Outcome(page=task.page, record=record.to_json())
        if outcome is not None:
            known[task.page] = outcome
    return known


def _once(settings: Settings) -> Callable[[], Digests]:
    """Return what opens the store when the first page is compared, and once."""
    from qpvkit.load.store import open_store  # noqa: PLC0415 - on the worker

    return functools.cache(lambda: open_store(settings).digests())


def _fresh(record: Record, task: Task, settings: Settings, digests: Callable[[], Digests]) -> bool:
    """Say whether a page is made of what it would be made of now."""
    from qpvkit.publish.parameters import find_notebook  # noqa: PLC0415 - on the worker

    if record.parameters != task.parameters:
        return False
    inputs = shared_inputs(find_notebook(task.notebook, settings=settings), settings)
    return not changes_since(record, inputs=inputs, digests=digests())


# --- the same software -------------------------------------------------------------------------


def needs_of(notebook: Path) -> dict[str, str]:
    """Return the digests of this machine's software, and of the catalogue beside it."""
    catalogue = shared_inputs(notebook, Settings())["catalogue"]
    return {"software": page_software(), "catalogue": catalogue}


def _require_same(needs: Mapping[str, str]) -> None:
    """Refuse to make pages that another machine would make otherwise."""
    mine = needs_of(Path(__file__)) if needs else {}
    if any(mine[name] != digest for name, digest in needs.items()):
        msg = (
            f"La machine {platform.node()} n'a pas le même qpvkit, le même catalogue, le même "
            "Python ou les mêmes bibliothèques que celle qui lance le lot : ses pages seraient "
            "autres. Installez-y les mêmes versions (requirements.lock), puis redémarrez-y "
            "« dask worker »."
        )
        raise ReportError(msg)


# --- what is said of pages ---------------------------------------------------------------------


def mark_of(record: Mapping[str, Any] | None) -> str:
    """Return the digest of a record: what is said of a page is short."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:12]


def heard(event: Mapping[str, Any], record: Record | None) -> Outcome | None:
    """Return the outcome that was said; None when the page there is not the one meant."""
    content = {name: event[name] for name in _SAID}  # the scheduler adds the worker's address
    if event["error"]:
        return Outcome(**content)
    found = record.to_json() if record else None
    return Outcome(**content, record=found) if found and mark_of(found) == event["mark"] else None


def _say(topics: list[str], outcome: Outcome) -> None:
    """Tell the scheduler, which tells who started the batch; nothing outside of a worker."""
    from distributed import get_worker  # noqa: PLC0415 - an extra

    content = dataclasses.asdict(outcome)
    mark = mark_of(content.pop("record"))
    try:
        get_worker().log_event(topics, content | {"mark": mark})
    except ValueError:
        _log.debug("not in a worker: %s", outcome.page)


def _said(topic: str) -> Said:
    """Return what a worker that died said of the pages of this shard."""
    from distributed import get_client, get_worker  # noqa: PLC0415 - an extra

    try:
        get_worker()
    except ValueError:
        return {}
    return {event["page"]: event for _, event in get_client().get_events(topic)}
