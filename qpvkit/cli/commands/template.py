"""``qpvkit template``: an empty table for partners to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qpvkit.catalogue import load_catalogue
from qpvkit.cli.app import app
from qpvkit.console import STDOUT
from qpvkit.settings import load_settings


@app.command("template")
def template_command(
    name: Annotated[str, typer.Argument(help="funding (crédits) ou staff (moyens humains).")],
    output: Annotated[
        Path | None, typer.Option("--output", help="Fichier à écrire, .xlsx ou .csv.")
    ] = None,
) -> None:
    """Écrire un tableau vide à faire remplir par les partenaires, à relire par qpvkit add."""
    # openpyxl is slow to import, and needed here only
    from qpvkit.load.ledger.template import write_template  # noqa: PLC0415

    catalogue = load_catalogue(load_settings().catalogue_dir)
    template = catalogue.template(name)
    path = output or Path(f"modele-{template.id}.xlsx")
    STDOUT.print(f"Écrit : {write_template(template, path, catalogue=catalogue)}")
