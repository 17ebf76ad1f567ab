"""``qpvkit check``: the catalogue and the files."""

from __future__ import annotations

import pandas as pd
import typer

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.cli.app import app
from qpvkit.cli.options import DatasetOption, FormatOption, open_updated
from qpvkit.console import STDERR, Format, print_table
from qpvkit.formats import plural
from qpvkit.load.store import Store
from qpvkit.settings import load_settings


@app.command("check")
def check_command(
    dataset: DatasetOption = None,
    how: FormatOption = Format.TABLE,
) -> None:
    """Vérifier le catalogue et les fichiers rangés ; le code de sortie est 1 s'il y a un défaut."""
    settings = load_settings(dataset)
    catalogue = load_catalogue(settings.catalogue_dir)
    store = open_updated(settings)
    problems = [
        {"objet": path, "constat": part["problem"]}
        for path, state in store.manifest["files"].items()
        for part in state.get("parts", [])
        if "problem" in part
    ]
    rows = pd.DataFrame(_checked(catalogue, store) + problems, columns=["objet", "constat"])
    print_table(rows, how)
    if problems:
        STDERR.print(f"{plural(len(problems), 'fichier')} à remplacer.")
        raise typer.Exit(1)


def _checked(catalogue: Catalogue, store: Store) -> list[dict[str, str]]:
    """Say what the catalogue declares and what the store holds."""
    measured = sum(theme.measured for theme in catalogue.themes.values())
    at_qp = sum(item.at_qp for item in catalogue.indicators.values())
    counts = store.manifest["counts"]
    files = store.files()
    return [
        {
            "objet": "indicateurs",
            "constat": f"{len(catalogue.indicators)}, dont {at_qp} au quartier",
        },
        {"objet": "thèmes", "constat": f"{len(catalogue.themes)}, dont {measured} mesurés"},
        {"objet": "sources", "constat": f"{len(catalogue.sources)} déclarées"},
        {"objet": "fichiers lus", "constat": str(files["file"].nunique())},
        {"objet": "lignes lues", "constat": str(counts["rows"])},
        {"objet": "lignes écartées (notes, clés vides)", "constat": str(counts["ignored"])},
        {"objet": "valeurs masquées", "constat": str(counts["masked"])},
        {"objet": "contours réparés", "constat": str(counts["repaired"])},
        {"objet": "valeurs en conflit entre fichiers", "constat": str(counts["conflicts"])},
        {"objet": "noms de communes non résolus", "constat": str(counts["unresolved_communes"])},
    ]
