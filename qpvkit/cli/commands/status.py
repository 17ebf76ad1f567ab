"""``qpvkit status``: which reports are up to date, and why the others are not."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer

from qpvkit.cli.app import app
from qpvkit.cli.options import FormatOption
from qpvkit.cli.reports import Which, spread_options
from qpvkit.console import STDERR, Format, print_table
from qpvkit.publish.batch import review_tasks
from qpvkit.publish.freshness import STATE_WORDS, count_states
from qpvkit.publish.plan import find_plan, load_plans


@app.command("status")
@spread_options
def status_command(
    *,
    plan: Annotated[str, typer.Argument(help="Nom d'un plan ; tous par défaut.")] = "",
    which: Which,
    everything: Annotated[
        bool, typer.Option("--all", help="Montrer aussi les rapports à jour.")
    ] = False,
    how: FormatOption = Format.TABLE,
) -> None:
    """Dire quels rapports sont périmés, absents ou en échec, et pourquoi."""
    wanted = which.gather(
        lambda settings: [find_plan(plan, settings)] if plan else [*load_plans(settings).values()]
    )
    verdicts = review_tasks(wanted.tasks, settings=wanted.settings, store=wanted.store)
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
