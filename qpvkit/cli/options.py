"""What several commands share: options, an open store, values that are checked."""

from __future__ import annotations

from typing import Annotated

import typer

from qpvkit import console
from qpvkit.codes import ZONINGS, Zoning
from qpvkit.console import Format
from qpvkit.errors import UnknownNameError
from qpvkit.load.store import Store, open_store
from qpvkit.settings import Settings

DatasetOption = Annotated[
    str | None,
    typer.Option("--dataset", help="Jeu de données : demo (fourni, inventé) ou france (le vôtre)."),
]
FormatOption = Annotated[
    Format, typer.Option("--format", help="Présentation : table, csv ou json (pour un script).")
]
RegionOption = Annotated[str | None, typer.Option("--region", help="Code région, par exemple 32.")]
DepartementOption = Annotated[
    str | None, typer.Option("--departement", help="Code département, par exemple 59.")
]
EpciOption = Annotated[str | None, typer.Option("--epci", help="SIREN de l'intercommunalité.")]
CommuneOption = Annotated[str | None, typer.Option("--commune", help="Code Insee de la commune.")]
ZoningOption = Annotated[
    int | None, typer.Option("--zoning", help="Géographie prioritaire : 2015 ou 2024.")
]


def open_updated(settings: Settings) -> Store:
    """Open the store, showing what is read when files are new."""
    with console.progress("Mise à jour des tables") as advance:
        return open_store(settings, on_progress=advance)


def read_zoning(value: int | None) -> Zoning | None:
    """Check the year of a map."""
    for known in ZONINGS:
        if value == known:
            return known
    if value is None:
        return None
    raise UnknownNameError("géographie prioritaire inconnue", str(value), near=map(str, ZONINGS))
