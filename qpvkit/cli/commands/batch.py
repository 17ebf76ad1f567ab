"""``qpvkit batch``: the reports of one plan."""

from __future__ import annotations

from typing import Annotated

import typer

from qpvkit.cli.app import app
from qpvkit.cli.reports import How, LimitOption, Which, perform, spread_options
from qpvkit.publish.plan import find_plan


@app.command("batch")
@spread_options
def batch_command(
    *,
    plan: Annotated[
        str, typer.Argument(help="Nom d'un plan de notebooks/batches, ou fichier TOML.")
    ],
    which: Which,
    limit: LimitOption = None,
    how: How,
) -> None:
    """Produire les rapports d'un plan de lot qui ne sont pas à jour."""
    options = how.options()
    wanted = which.gather(lambda settings: [find_plan(plan, settings)], limit)
    perform(wanted, options, dry_run=how.dry_run)
