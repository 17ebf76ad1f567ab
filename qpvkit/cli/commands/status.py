"""``qpvkit status``: which reports are up to date, and why the others are not."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer

from qpvkit.cli.app import app
from qpvkit.cli.options import (
    CommuneOption,
    DatasetOption,
    DepartementOption,
    EpciOption,
    FormatOption,
    RegionOption,
    ZoningOption,
)
from qpvkit.cli.reports import OnlyOption, gather, make_query
from qpvkit.console import STDERR, Format, print_table
from qpvkit.publish.batch import review_tasks
from qpvkit.publish.freshness import STATE_WORDS, count_states
from qpvkit.publish.plan import find_plan, load_plans
from qpvkit.settings import load_settings


@app.command("status")
def status_command(
    plan: Annotated[str, typer.Argument(help="Nom d'un plan ; tous par défaut.")] = "",
    dataset: DatasetOption = None,
    zoning: ZoningOption = None,
    region: RegionOption = None,
    departement: DepartementOption = None,
    epci: EpciOption = None,
    commune: CommuneOption = None,
    only: OnlyOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Montrer aussi les rapports à jour.")
    ] = False,
    how: FormatOption = Format.TABLE,
) -> None:
    """Dire quels rapports sont périmés, absents ou en échec, et pourquoi."""
    settings = load_settings(dataset)
    plans = [find_plan(plan, settings)] if plan else list(load_plans(settings).values())
    query = make_query(
        zoning=zoning, region=region, departement=departement, epci=epci, commune=commune
    )
    wanted = gather(plans, settings=settings, query=query, only=only)
    verdicts = review_tasks(wanted.tasks, settings=settings, store=wanted.store)
    rows = [
        {
            "rapport": v.task.page,
            "code": v.task.code,
            "état": STATE_WORDS[v.state],
            "pourquoi": v.why,
        }
        for v in verdicts
        if everything or v.state != "fresh"
    ]
    print_table(pd.DataFrame(rows, columns=["rapport", "code", "état", "pourquoi"]), how)
    counts = count_states(verdicts)
    STDERR.print(", ".join(f"{words} : {count}" for words, count in counts.items()))
