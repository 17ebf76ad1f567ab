"""``qpvkit build``: the reports of every plan."""

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
from qpvkit.publish.parameters import find_notebook
from qpvkit.publish.plan import load_plans
from qpvkit.settings import load_settings


@app.command("build")
def build_command(
    dataset: DatasetOption = None,
    zoning: ZoningOption = None,
    region: RegionOption = None,
    departement: DepartementOption = None,
    epci: EpciOption = None,
    commune: CommuneOption = None,
    only: OnlyOption = None,
    limit: LimitOption = None,
    notebook: Annotated[
        str, typer.Option("--notebook", help="Seulement les plans de ce notebook.")
    ] = "",
    jobs: JobsOption = None,
    force: ForceOption = False,
    resume: ResumeOption = False,
    dry_run: DryRunOption = False,
    timeout: TimeoutOption = 600.0,
    isolation: IsolationOption = None,
    cluster: ClusterOption = "",
    share: ShareOption = "",
) -> None:
    """Produire les rapports de tous les plans qui ne sont pas à jour, et la page d'accueil."""
    settings = load_settings(dataset)
    options = make_options(
        jobs=jobs, force=force, resume=resume, timeout=timeout, isolation=isolation,
        cluster=cluster, share=share,
    )  # fmt: skip
    query = make_query(
        zoning=zoning, region=region, departement=departement, epci=epci, commune=commune
    )
    chosen = find_notebook(notebook, settings=settings).stem if notebook else ""
    plans = [plan for plan in load_plans(settings).values() if chosen in ("", plan.notebook)]
    wanted = gather(plans, settings=settings, query=query, only=only, limit=limit)
    perform(wanted, options, dry_run=dry_run)
