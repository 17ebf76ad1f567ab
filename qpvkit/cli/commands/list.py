"""``qpvkit list``: territories, or what the catalogue declares."""

from __future__ import annotations

from typing import Annotated, Final

import pandas as pd
import typer

from qpvkit.catalogue import load_catalogue
from qpvkit.cli.app import app
from qpvkit.cli.options import (
    CommuneOption,
    DatasetOption,
    DepartementOption,
    EpciOption,
    FormatOption,
    RegionOption,
    ZoningOption,
    open_updated,
    read_zoning,
)
from qpvkit.codes import Kind
from qpvkit.console import STDERR, Format, print_table
from qpvkit.errors import UnknownNameError, near_names
from qpvkit.formats import plural
from qpvkit.load.territories import check_kind, load_territories
from qpvkit.settings import Settings, load_settings

_LISTS: Final = ("indicateurs", "themes", "sources", "fichiers", "notebooks", "plans")


@app.command("list")
def list_command(
    what: Annotated[
        str,
        typer.Argument(
            help="qp, commune, epci, departement, region, france, "
            "indicateurs, themes, sources, fichiers, notebooks ou plans."
        ),
    ],
    dataset: DatasetOption = None,
    zoning: ZoningOption = None,
    region: RegionOption = None,
    departement: DepartementOption = None,
    epci: EpciOption = None,
    commune: CommuneOption = None,
    how: FormatOption = Format.TABLE,
) -> None:
    """Lister des territoires, ou ce que déclare le catalogue."""
    settings = load_settings(dataset)
    if what in _LISTS:
        print_table(_list_of(what, settings), how)
        return
    kind = _kind_or_list(what)
    rows = load_territories(
        kind=kind, zoning=read_zoning(zoning), region=region, departement=departement, epci=epci,
        commune=commune, settings=settings, store=open_updated(settings),
    )  # fmt: skip
    print_table(_displayed(rows, kind), how)
    STDERR.print(plural(len(rows), "territoire"))


def _kind_or_list(what: str) -> Kind:
    try:
        return check_kind(what)
    except UnknownNameError as error:
        known = (*error.near, *_LISTS)
        raise UnknownNameError(
            "liste inconnue", what, near=near_names(what, known) or known
        ) from None


def _list_of(what: str, settings: Settings) -> pd.DataFrame:
    catalogue = load_catalogue(settings.catalogue_dir)
    if what == "fichiers":
        return open_updated(settings).files()
    if what == "notebooks":
        names = sorted(path.stem for path in settings.notebooks_dir.glob("*.ipynb"))
        return pd.DataFrame({"notebook": names})
    if what == "plans":
        from qpvkit.publish.plan import load_plans  # noqa: PLC0415 - slow to import

        plans = load_plans(settings).values()
        return pd.DataFrame(
            [{"plan": plan.name, "titre": plan.title, "notebook": plan.notebook} for plan in plans]
        )
    if what == "themes":
        counts = pd.Series([item.theme for item in catalogue.indicators.values()]).value_counts()
        return pd.DataFrame(
            [
                {
                    "theme": item.id, "libelle": item.label, "mesure_au_quartier": item.measured,
                    "indicateurs": int(counts.get(item.id, 0)),
                }
                for item in catalogue.themes.values()
            ]
        )  # fmt: skip
    if what == "sources":
        return pd.DataFrame(
            [
                {
                    "source": item.id, "producteur": item.producer, "titre": item.title,
                    "format": item.format, "maille": item.level, "lue": item.used,
                    "officielle": item.official,
                }
                for item in catalogue.sources.values()
            ]
        )  # fmt: skip
    return pd.DataFrame(
        [
            {
                "indicateur": item.id, "libelle": item.label, "theme": item.theme,
                "unite": item.unit, "sens": item.direction, "au_quartier": item.at_qp,
            }
            for item in catalogue.indicators.values()
        ]
    )  # fmt: skip


def _displayed(rows: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    columns = ["code", "label", "population"]
    if kind == "qp":
        columns = ["code", "label", "zoning", "communes", "departement", "region", "population"]
    return rows[columns]
