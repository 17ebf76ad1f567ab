"""``qpvkit bench``: our batch beside three other ways of making the same reports."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from qpvkit import console
from qpvkit.cli.app import app
from qpvkit.cli.options import DatasetOption, DepartementOption, FormatOption, RegionOption
from qpvkit.cli.reports import gather, make_query
from qpvkit.console import STDERR, Format, print_table
from qpvkit.publish.plan import find_plan
from qpvkit.settings import load_settings


@app.command("bench")
def bench_command(
    plan: Annotated[str, typer.Argument(help="Plan dont on fait les rapports.")] = "quartiers_2024",
    dataset: DatasetOption = None,
    region: RegionOption = None,
    departement: DepartementOption = None,
    count: Annotated[
        int, typer.Option("--count", min=1, help="Rapports des façons rapides (c et d).")
    ] = 40,
    few: Annotated[
        int, typer.Option("--few", min=1, help="Rapports des façons lentes (a ; b par processus).")
    ] = 4,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Répétitions.")] = 3,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processus.")] = 2,
    how: FormatOption = Format.TABLE,
) -> None:
    """Mesurer quatre façons de faire les mêmes rapports : médianes, rapports, mémoire."""
    from qpvkit.publish.bench import (  # noqa: PLC0415 - here only
        bench_json,
        bench_table,
        describe_machine,
        run_bench,
    )

    settings = load_settings(dataset)
    query = make_query(region=region, departement=departement)
    wanted = gather([find_plan(plan, settings)], settings=settings, query=query, limit=count)
    with console.progress("Mesures", unit="façons") as advance:
        measures = run_bench(
            wanted.tasks, settings=settings, store=wanted.store, jobs=jobs, repeats=repeats,
            few=few, on_progress=advance,
        )  # fmt: skip
    if how is Format.JSON:
        sys.stdout.write(f"{bench_json(measures)}\n")
        return
    print_table(bench_table(measures), how)
    machine = ", ".join(f"{name} {value}" for name, value in describe_machine().items())
    STDERR.print(f"Médianes de {repeats} répétitions, démarrage compris. {machine}.")
