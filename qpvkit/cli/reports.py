"""What `build`, `batch` and `status` share: options, tasks, the run and its summary."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from qpvkit import console
from qpvkit.cli.options import (
    CommuneOption,
    DatasetOption,
    DepartementOption,
    EpciOption,
    RegionOption,
    ZoningOption,
    open_updated,
    read_zoning,
)
from qpvkit.console import STDERR, STDOUT
from qpvkit.errors import UnknownNameError
from qpvkit.formats import plural
from qpvkit.load.store import Store
from qpvkit.publish.batch import BatchOptions, review_tasks, run_tasks
from qpvkit.publish.freshness import count_states
from qpvkit.publish.place import shown
from qpvkit.publish.plan import Plan, Query, known_codes, plan_tasks, require_tasks
from qpvkit.publish.runners import DEFAULT_TIMEOUT, NO_FORK, can_fork
from qpvkit.publish.tasks import Task
from qpvkit.settings import Settings, load_settings

LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="Au plus N rapports.")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Which:
    """The options that choose reports."""

    dataset: DatasetOption = None
    zoning: ZoningOption = None
    region: RegionOption = None
    departement: DepartementOption = None
    epci: EpciOption = None
    commune: CommuneOption = None
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Seulement ce quartier (répétable).")
    ] = None

    def gather(
        self, plans: Callable[[Settings], Sequence[Plan]], limit: int | None = None
    ) -> Wanted:
        """List the reports of some plans that these options keep."""
        settings = load_settings(self.dataset)
        query = make_query(
            zoning=self.zoning, region=self.region, departement=self.departement, epci=self.epci,
            commune=self.commune,
        )  # fmt: skip
        return gather(plans(settings), settings=settings, query=query, only=self.only, limit=limit)


@dataclasses.dataclass(frozen=True, kw_only=True)
class How:
    """The options of a batch."""

    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Rapports faits en même temps ; les processeurs."),
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Refaire aussi ce qui est à jour.")] = False
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Reprendre le lot interrompu sans refaire ce qu'il a fait, échecs compris.",
        ),
    ] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Dire ce qui serait fait, et pourquoi, sans le faire.")
    ] = False
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, help="Secondes accordées à un rapport.")
    ] = DEFAULT_TIMEOUT
    isolation: Annotated[
        str | None,
        typer.Option("--isolation", help="fork (un processus par rapport) ou kernel (un noyau)."),
    ] = None
    cluster: Annotated[
        str,
        typer.Option(
            "--cluster", help="Grappe Dask : tcp://MACHINE:8786, ou local:N pour l'essayer."
        ),
    ] = ""
    share: Annotated[
        str,
        typer.Option(
            "--share",
            help="Avec --cluster, lieu commun aux machines qui n'ont pas de dossier partagé : "
            "s3://SEAU/qpvkit, sftp://… Données et rapports y sont envoyés.",
        ),
    ] = ""
    share_local: Annotated[
        bool,
        typer.Option(
            "--share-local",
            help="Accepter que les tables des partenaires et les votes (data/local) y soient "
            "envoyés aussi.",
        ),
    ] = False

    def options(self) -> BatchOptions:
        """Check the options.

        Raises
        ------
        UnknownNameError
            No such isolation, or a shared place without a cluster.
        """
        if self.isolation not in (None, "fork", "kernel"):
            near = ("fork", "kernel")
            raise UnknownNameError("isolation inconnue", str(self.isolation), near=near)
        if self.share and not self.cluster:
            hint = "Ajoutez --cluster tcp://MACHINE:8786 ; sans grappe, ce dossier-ci suffit."
            raise UnknownNameError("--share va avec --cluster", shown(self.share), hint=hint)
        given = dataclasses.asdict(self)
        del given["dry_run"]
        return BatchOptions(**given)


def spread_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, as options of its own, the fields of the dataclasses that it takes."""
    signature = inspect.signature(command, eval_str=True)
    taken: dict[str, Any] = {
        name: parameter.annotation
        for name, parameter in signature.parameters.items()
        if dataclasses.is_dataclass(parameter.annotation)
    }

    def spread(**given: Any) -> None:  # noqa: ANN401
        for name, kind in taken.items():
            fields = [field.name for field in dataclasses.fields(kind)]
            given[name] = kind(**{field: given.pop(field) for field in fields})
        command(**given)

    parameters = []
    for name, parameter in signature.parameters.items():
        spreads = name in taken
        own = (
            inspect.signature(taken[name], eval_str=True).parameters if spreads else {"": parameter}
        )
        parameters += [one.replace(kind=one.KEYWORD_ONLY) for one in own.values()]
    spread.__doc__ = command.__doc__
    spread.__annotations__ = {one.name: one.annotation for one in parameters}
    spread.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return spread


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
