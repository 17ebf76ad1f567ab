"""Many reports: only those that are not up to date; a failure does not lose the others."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from qpvkit.errors import QpvkitError, ReportError
from qpvkit.load.store import Store, open_store
from qpvkit.publish.freshness import Verdict, judge, to_make
from qpvkit.publish.manifest import Entry, Manifest, load_manifest, now, only_batch
from qpvkit.publish.parameters import declared_parameters, find_notebook
from qpvkit.publish.record import Record
from qpvkit.publish.runners import (
    DEFAULT_TIMEOUT,
    Isolation,
    can_fork,
    default_jobs,
    run_forked,
    run_in_kernels,
)
from qpvkit.publish.site import write_site
from qpvkit.publish.tasks import OnOutcome, Outcome, Task, make_task
from qpvkit.settings import Settings

if TYPE_CHECKING:
    from qpvkit.publish.share import Share

Progress = Callable[[str, int, int], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """How a batch is run.

    Attributes
    ----------
    jobs
        Reports made at the same time; the number of processors by default.
    force
        Make again what is up to date.
    resume
        Go on with the batch that was interrupted: what it made is left, failures included.
    isolation
        ``fork`` (a child process for each report) or ``kernel`` (a kernel for each); the first
        where the system can.
    timeout
        Seconds that a report may last.
    cluster
        ``tcp://…``, the scheduler of a Dask cluster, or ``local:N``; empty for this machine alone.
    share
        A place that workers reach by an address (``s3://…``), where the reports are put as well;
        empty when they see the folders of this machine.
    share_local
        Whether the tables of partners and the votes may be sent there.
    """

    jobs: int | None = None
    force: bool = False
    resume: bool = False
    isolation: Isolation | None = None
    timeout: float = DEFAULT_TIMEOUT
    cluster: str = ""
    share: str = ""
    share_local: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What a batch made.

    Attributes
    ----------
    reports
        Code of the territory → page; the page itself where a code has several.
    failures
        Code of the territory → why.
    fresh
        How many reports were up to date already.
    index
        The page of links, over this batch and the former ones.
    manifest
        What was made, when, and why it failed.
    rebuilt
        Why the manifest was made again from the pages; empty in the usual case.
    """

    reports: dict[str, Path]
    failures: dict[str, str]
    fresh: int
    index: Path
    manifest: Path
    rebuilt: str = ""


def run_batch(
    notebook: str, codes: Iterable[str], *, settings: Settings,
    territories: pd.DataFrame | None = None, options: BatchOptions | None = None,
    on_progress: Progress | None = None,
) -> BatchResult:  # fmt: skip
    """Make one report per territory, then the manifest and the index.

    What is up to date is left. Interrupted, it keeps what is done.

    Parameters
    ----------
    codes
        The values of the first parameter of the notebook.
    territories
        No longer needed: the index reads the store.
    options
        How to run it.
    on_progress
        Called with the code, the number of reports done and their total.

    Raises
    ------
    UnknownNameError
        No such notebook, before anything runs.
    ReportError
        Another batch runs in the same folder, or nothing can be written there.
    """
    del territories
    path = find_notebook(notebook, settings=settings)
    declared = declared_parameters(path)
    name = next(iter(declared))
    tasks = [make_task(path, code, {name: code}, declared, settings) for code in codes]
    return run_tasks(
        tasks, settings=settings, store=open_store(settings), options=options,
        on_progress=on_progress,
    )  # fmt: skip


def run_tasks(
    tasks: Iterable[Task], *, settings: Settings, store: Store,
    options: BatchOptions | None = None, on_progress: Progress | None = None,
) -> BatchResult:  # fmt: skip
    """Make the reports that are not up to date, then the manifest, the index and the tables.

    Raises
    ------
    ReportError
        Another batch runs in the same folder, nothing can be written there, or the process that
        makes the reports stopped.
    """
    options = options or BatchOptions()
    wanted = list({task.page: task for task in tasks}.values())
    with only_batch(settings):
        manifest = load_manifest(settings)
        verdicts = judge(wanted, manifest, settings=settings, store=store)
        chosen = to_make(verdicts, manifest, force=options.force, resume=options.resume)
        return _make(chosen, wanted, manifest, settings, store, options, on_progress)


def review_tasks(tasks: Iterable[Task], *, settings: Settings, store: Store) -> list[Verdict]:
    """Say which reports are up to date and why the others are not; nothing is written."""
    wanted = list({task.page: task for task in tasks}.values())
    return judge(wanted, load_manifest(settings), settings=settings, store=store)


def _make(
    chosen: list[Task], wanted: list[Task], manifest: Manifest, settings: Settings, store: Store,
    options: BatchOptions, on_progress: Progress | None,
) -> BatchResult:  # fmt: skip
    by_page = {task.page: task for task in chosen}
    done: set[str] = set()
    fingerprint = str(store.manifest["fingerprint"])

    def note(outcome: Outcome) -> None:
        if outcome.page in done:  # told twice by a cluster that lost a worker
            return
        done.add(outcome.page)
        task = by_page[outcome.page]
        manifest.add(_entry(task, outcome, fingerprint))
        if on_progress:
            on_progress(task.code or task.notebook, len(done), len(chosen))

    if chosen:
        manifest.begin()
        started = manifest.interrupted or now()
        try:
            jobs = min(options.jobs or default_jobs(), len(chosen))
            _runner(options)(chosen, note, settings, jobs)
        except BaseException:
            manifest.save(settings, interrupted=started)
            with contextlib.suppress(OSError, ValueError, QpvkitError):  # what stopped us is told
                write_site(settings, manifest.entries.values(), store=store)
            raise
    index = _finish(manifest, settings, store, changed=bool(chosen) or bool(manifest.rebuilt))
    if (share := _share(options)) is not None:
        share.put_site(settings, manifest.entries.values(), done)
    made = [manifest.entries[page] for page in by_page if page in done]
    return BatchResult(
        reports={
            entry.code or entry.page: settings.reports_dir / entry.page
            for entry in (manifest.entries[task.page] for task in wanted)
            if entry.state == "ok"
        },
        failures={entry.code or entry.page: entry.error for entry in made if entry.state != "ok"},
        fresh=len(wanted) - len(chosen),
        index=index,
        manifest=settings.reports_dir / "manifest.json",
        rebuilt=manifest.rebuilt,
    )


def _finish(manifest: Manifest, settings: Settings, store: Store, *, changed: bool) -> Path:
    """Write the manifest, then the index; nothing when nothing changed."""
    index = settings.reports_dir / "index.html"
    changed = changed or not index.exists()
    if changed or manifest.compared:
        manifest.save(settings)
    if changed:
        write_site(settings, manifest.entries.values(), store=store)
    return index


def _entry(task: Task, outcome: Outcome, fingerprint: str) -> Entry:
    record = Record.from_json(outcome.record) if outcome.record else None
    return Entry(
        page=task.page, notebook=task.notebook, code=task.code,
        state="failed" if outcome.error else "ok", error=outcome.error, record=record,
        store=fingerprint, made=now(), seconds=outcome.seconds, peak_mib=outcome.peak_mib,
    )  # fmt: skip


def _runner(options: BatchOptions) -> Callable[[list[Task], OnOutcome, Settings, int], None]:
    """Return what makes the reports: tasks, what to do of each outcome, places, jobs."""
    if options.cluster:
        from qpvkit.publish.cluster import run_on_cluster  # noqa: PLC0415 - dask is an extra

        return functools.partial(
            run_on_cluster, address=options.cluster, timeout=options.timeout, force=options.force,
            share=_share(options),
        )  # fmt: skip
    isolation = options.isolation or ("fork" if can_fork() else "kernel")
    if isolation == "fork" and not can_fork():
        msg = "Ce système ne sait pas dupliquer un processus : --isolation kernel."
        raise ReportError(msg)
    run = run_forked if isolation == "fork" else run_in_kernels
    return functools.partial(run, timeout=options.timeout)


def _share(options: BatchOptions) -> Share | None:
    """Reach the place that the workers share by its address, if there is one."""
    if not options.share:
        return None
    from qpvkit.publish.share import open_share  # noqa: PLC0415 - fsspec is an extra

    return open_share(options.share, with_local=options.share_local)
