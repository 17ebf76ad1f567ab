"""What `build`, `batch` and `status` share: options, tasks, the run and its summary."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated

import typer

from qpvkit import console
from qpvkit.cli.options import open_updated, read_zoning
from qpvkit.console import STDERR, STDOUT
from qpvkit.errors import UnknownNameError
from qpvkit.formats import plural
from qpvkit.load.store import Store
from qpvkit.publish.batch import BatchOptions, review_tasks, run_tasks
from qpvkit.publish.freshness import count_states
from qpvkit.publish.plan import Plan, Query, known_codes, plan_tasks, require_tasks
from qpvkit.publish.runners import NO_FORK, can_fork
from qpvkit.publish.tasks import Task
from qpvkit.settings import Settings

OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", help="Seulement ce quartier (répétable).")
]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="Au plus N rapports.")]
JobsOption = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Rapports faits en même temps ; les processeurs."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Refaire aussi ce qui est à jour.")]
ResumeOption = Annotated[
    bool,
    typer.Option(
        "--resume", help="Reprendre le lot interrompu sans refaire ce qu'il a fait, échecs compris."
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Dire ce qui serait fait, et pourquoi, sans le faire.")
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=1, help="Secondes accordées à un rapport.")
]
IsolationOption = Annotated[
    str | None,
    typer.Option("--isolation", help="fork (un processus par rapport) ou kernel (un noyau)."),
]
ClusterOption = Annotated[
    str,
    typer.Option("--cluster", help="Grappe Dask : tcp://MACHINE:8786, ou local:N pour l'essayer."),
]
ShareOption = Annotated[
    str,
    typer.Option(
        "--share",
        help="Avec --cluster, lieu commun aux machines qui n'ont pas de dossier partagé : "
        "s3://SEAU/qpvkit, sftp://… Données et rapports y sont envoyés.",
    ),
]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The reports of some plans, in a data set."""

    settings: Settings
    store: Store
    tasks: list[Task]


def gather(
    plans: Sequence[Plan], *, settings: Settings, query: Query | None = None,
    only: Sequence[str] | None = None, limit: int | None = None,
) -> Wanted:  # fmt: skip
    """List the reports of some plans, in the order of the plans."""
    store = open_updated(settings)
    codes = known_codes(list(only or ()), settings=settings, store=store)
    tasks = [
        task
        for plan in plans
        for task in plan_tasks(plan, settings=settings, store=store, narrowed=query, only=codes)[0]
    ]
    if codes:
        rank = {code: place for place, code in enumerate(codes)}
        tasks.sort(key=lambda task: rank.get(task.code, len(rank)))
    require_tasks(tasks)
    return Wanted(settings=settings, store=store, tasks=tasks[:limit])


def make_query(
    *, zoning: int | None = None, region: str | None = None, departement: str | None = None,
    epci: str | None = None, commune: str | None = None,
) -> Query:  # fmt: skip
    """Return the filters of a command line."""
    return Query(
        zoning=read_zoning(zoning), region=region, departement=departement, epci=epci,
        commune=commune,
    )  # fmt: skip


def make_options(
    *, jobs: int | None, force: bool, resume: bool, timeout: float, isolation: str | None,
    cluster: str, share: str = "",
) -> BatchOptions:  # fmt: skip
    """Check the options of a batch.

    Raises
    ------
    UnknownNameError
        No such isolation, or a shared place without a cluster.
    """
    if share and not cluster:
        hint = "Ajoutez --cluster tcp://MACHINE:8786 ; sans grappe, ce dossier-ci suffit."
        raise UnknownNameError("--share va avec --cluster", share, hint=hint)
    if isolation not in (None, "fork", "kernel"):
        raise UnknownNameError("isolation inconnue", str(isolation), near=("fork", "kernel"))
    return BatchOptions(
        jobs=jobs, force=force, resume=resume, timeout=timeout, cluster=cluster,
        share=share, isolation=isolation,  # type: ignore[arg-type]
    )  # fmt: skip


def perform(wanted: Wanted, options: BatchOptions, *, dry_run: bool = False) -> None:
    """Make the reports and say what was done; the exit code is 1 when one failed."""
    if dry_run:
        preview(wanted, options)
        return
    if not can_fork() and not options.cluster:
        STDERR.print(NO_FORK)
    with console.progress("Rapports", unit="rapports") as advance:
        result = run_tasks(
            wanted.tasks, settings=wanted.settings, store=wanted.store, options=options,
            on_progress=advance,
        )  # fmt: skip
    if result.rebuilt:
        STDERR.print(f"{result.rebuilt} : refait à partir des pages, rien n'est perdu.")
    for code, message in result.failures.items():
        STDERR.print(f"[bold]{code}[/bold] :", end=" ")
        STDERR.print(message, markup=False)
    fresh = f", dont {result.fresh} déjà à jour" if result.fresh else ""
    STDOUT.print(
        f"{plural(len(result.reports), 'rapport')}{fresh} ; page d'accueil : {result.index}"
    )
    if result.failures:
        STDERR.print(f"{plural(len(result.failures), 'échec')}, voir la page d'accueil.")
        raise typer.Exit(1)


def preview(wanted: Wanted, options: BatchOptions) -> None:
    """Say what a batch would make, and why."""
    verdicts = review_tasks(wanted.tasks, settings=wanted.settings, store=wanted.store)
    for verdict in verdicts:
        if options.force or verdict.state != "fresh":
            why = verdict.why or "demandé par --force"
            STDOUT.print(f"{verdict.task.page} : {why}", markup=False)
    counts = count_states(verdicts)
    STDERR.print(", ".join(f"{words} : {count}" for words, count in counts.items()))
