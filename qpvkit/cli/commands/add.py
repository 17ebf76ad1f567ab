"""``qpvkit add``: file official files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from qpvkit import console
from qpvkit.cli.app import app
from qpvkit.cli.options import DatasetOption, FormatOption
from qpvkit.console import STDERR, Format, print_table
from qpvkit.load import intake
from qpvkit.settings import load_settings


@app.command("add")
def add_command(
    paths: Annotated[list[Path], typer.Argument(help="Fichiers ou dossiers officiels.")],
    dataset: DatasetOption = "france",
    edition: Annotated[
        str, typer.Option("--edition", help="Édition, si le contenu ne permet pas de la dire.")
    ] = "",
    how: FormatOption = Format.TABLE,
) -> None:
    """Reconnaître des fichiers officiels par leur contenu et les ranger dans data/raw."""
    settings = load_settings(dataset)
    with console.progress("Lecture") as advance:
        taken = list(
            intake.add_files(paths, settings=settings, edition=edition, on_progress=advance)
        )
    rows = pd.DataFrame([intake.summary(item) for item in taken])
    if how is Format.TABLE:
        said = pd.DataFrame(
            {
                "résultat": rows["resultat"],
                "fichier": rows["fichier"],
                "ce que c'est": [intake.sentence(item) for item in taken],
            }
        )
        print_table(said, how)
    else:
        print_table(rows, how)
    counts = rows["resultat"].value_counts()
    STDERR.print(
        "  ".join(f"{name} : {count}" for name, count in counts.items())
        + f"\nFichiers rangés dans {settings.raw_dir}"
    )
    if (rows["resultat"] == "refusé").any():
        raise typer.Exit(1)
