"""``qpvkit show``: one territory, indicator or source."""

from __future__ import annotations

from typing import Annotated, Any

import pandas as pd
import typer

from qpvkit.catalogue import load_catalogue
from qpvkit.cli.app import app
from qpvkit.cli.options import DatasetOption, FormatOption, open_updated
from qpvkit.console import Format, print_table
from qpvkit.load.territories import check_kind, find_territory
from qpvkit.settings import load_settings


@app.command("show")
def show_command(
    name: Annotated[str, typer.Argument(help="Code de territoire, indicateur ou source.")],
    dataset: DatasetOption = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Maille, quand le code est ambigu.")
    ] = None,
    how: FormatOption = Format.TABLE,
) -> None:
    """Montrer ce que l'on sait d'un territoire, d'un indicateur ou d'une source."""
    settings = load_settings(dataset)
    catalogue = load_catalogue(settings.catalogue_dir)
    if name in catalogue.indicators:
        print_table(_fields(catalogue.indicators[name].model_dump()), how, title=name)
        return
    if name in catalogue.sources:
        print_table(_fields(catalogue.sources[name].model_dump()), how, title=name)
        return
    store = open_updated(settings)
    chosen = check_kind(kind) if kind else None
    territory = find_territory(name, kind=chosen, settings=settings, store=store)
    rows = store.observations(kind=territory.kind, codes=[territory.code])
    labels = {item.id: item.short for item in catalogue.indicators.values()}
    rows = rows.assign(libelle=rows["indicator"].map(labels))
    columns = ["indicator", "libelle", "vintage", "value", "status", "base", "source"]
    print_table(rows[columns], how, title=f"{territory.code} – {territory.label}")


def _fields(record: dict[str, Any]) -> pd.DataFrame:
    filled = {key: value for key, value in record.items() if value not in ("", (), {}, None)}
    return pd.DataFrame({"champ": list(filled), "valeur": [str(v) for v in filled.values()]})
