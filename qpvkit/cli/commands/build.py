"""``qpvkit build``: the reports of every plan."""

from __future__ import annotations

from typing import Annotated

import typer

from qpvkit.cli.app import app
from qpvkit.cli.reports import How, LimitOption, Which, perform, spread_options
from qpvkit.publish.parameters import find_notebook
from qpvkit.publish.plan import Plan, load_plans
from qpvkit.settings import Settings


@app.command("build")
@spread_options
def build_command(
    *,
    which: Which,
    limit: LimitOption = None,
    notebook: Annotated[
        str, typer.Option("--notebook", help="Seulement les plans de ce notebook.")
    ] = "",
    how: How,
) -> None:
    """Produire les rapports de tous les plans qui ne sont pas à jour, et la page d'accueil."""

    def plans(settings: Settings) -> list[Plan]:
        chosen = find_notebook(notebook, settings=settings).stem if notebook else ""
        return [plan for plan in load_plans(settings).values() if chosen in ("", plan.notebook)]

    options = how.options()
    perform(which.gather(plans, limit), options, dry_run=how.dry_run)
