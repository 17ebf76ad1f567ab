"""``qpvkit batch``: the reports of one plan."""

from __future__ import annotations

from typing import Annotated

import typer

from qpvkit.cli.app import app
from qpvkit.cli.options import (
    CommuneOption,
    DatasetOption,
    DepartementOption,
    EpciOption,
    RegionOption,
    ZoningOption,
)
from qpvkit.cli.reports import (
    ClusterOption,
    DryRunOption,
    ForceOption,
    IsolationOption,
    JobsOption,
    LimitOption,
    OnlyOption,
    ResumeOption,
    ShareOption,
    TimeoutOption,
    gather,
    make_options,
    make_query,
    perform,
)
from qpvkit.publish.plan import find_plan
from qpvkit.settings import load_settings


@app.command("batch")
def batch_command(
    plan: Annotated[
        str, typer.Argument(help="Nom d'un plan de notebooks/batches, ou fichier TOML.")
    ],
    dataset: DatasetOption = None,
    zoning: ZoningOption = None,
    region: RegionOption = None,
    departement: DepartementOption = None,
    epci: EpciOption = None,
    commune: CommuneOption = None,
    only: OnlyOption = None,
    limit: LimitOption = None,
    jobs: JobsOption = None,
    force: ForceOption = False,
    resume: ResumeOption = False,
    dry_run: DryRunOption = False,
    timeout: TimeoutOption = 600.0,
    isolation: IsolationOption = None,
    cluster: ClusterOption = "",
    share: ShareOption = "",
) -> None:
    """Produire les rapports d'un plan de lot qui ne sont pas à jour."""
    settings = load_settings(dataset)
    options = make_options(
        jobs=jobs, force=force, resume=resume, timeout=timeout, isolation=isolation,
        cluster=cluster, share=share,
    )  # fmt: skip
    query = make_query(
        zoning=zoning, region=region, departement=departement, epci=epci, commune=commune
    )
    wanted = gather(
        [find_plan(plan, settings)], settings=settings, query=query, only=only, limit=limit
    )
    perform(wanted, options, dry_run=dry_run)
