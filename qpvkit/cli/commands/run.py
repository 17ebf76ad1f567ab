"""``qpvkit run``: one report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qpvkit.cli.app import app
from qpvkit.cli.options import DatasetOption, open_updated
from qpvkit.console import STDERR, STDOUT
from qpvkit.errors import QpvkitError
from qpvkit.load.territories import find_territory
from qpvkit.settings import load_settings


@app.command("run")
def run_command(
    notebook: Annotated[str, typer.Argument(help="Nom du notebook, par exemple 10_diagnostic_qp.")],
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="Paramètre du notebook, nom=valeur (répétable)."),
    ] = None,
    dataset: DatasetOption = None,
    output: Annotated[Path | None, typer.Option("--output", help="Fichier HTML à écrire.")] = None,
) -> None:
    """Exécuter un notebook et l'exporter en une page HTML autonome."""
    from qpvkit.publish.report import run_report  # noqa: PLC0415 - slow to import

    settings = load_settings(dataset)
    parameters = _parameters(values or [])
    store = open_updated(settings)
    if "code_qp" in parameters:
        code = parameters["code_qp"]
        found = find_territory(code, kind="qp", settings=settings, store=store)
        parameters["code_qp"] = found.code
    if dataset is not None or "dataset" not in parameters:
        parameters["dataset"] = settings.dataset
    with STDERR.status("Exécution du notebook…"):
        path = run_report(notebook, parameters=parameters, settings=settings, output=output)
    STDOUT.print(f"Rapport : {path}")


def _parameters(values: list[str]) -> dict[str, str]:
    parameters = {}
    for value in values:
        name, mark, content = value.partition("=")
        if not mark or not name.strip():
            msg = f"--set {value} : écrivez nom=valeur, par exemple --set code_qp=QN09901M."
            raise QpvkitError(msg)
        parameters[name.strip()] = content.strip()
    return parameters
