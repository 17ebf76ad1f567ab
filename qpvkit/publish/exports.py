"""The tables behind the reports, for a spreadsheet and for QGIS: written once for all."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.formats import plural
from qpvkit.load.store import Store
from qpvkit.load.territories import load_territories
from qpvkit.settings import Settings

_FOLDER: Final = "tables"
_VERSION: Final = "1"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A table to link: its file, relative to the index, and what it holds."""

    file: str
    label: str


def write_exports(codes: Sequence[str], *, settings: Settings, store: Store) -> list[Download]:
    """Write the tables of some quartiers, unless they are there already.

    ``quartiers.csv`` and ``quartiers.xlsx`` have one row for each quartier and one column for each
    indicator, at its last vintage; ``indicateurs.csv`` one row for each value, with its vintage,
    its status and its source; ``quartiers.gpkg`` the contours with the columns of the first. A
    masked value is an empty cell, whose status is in ``indicateurs.csv``.
    """
    if not codes:
        return []
    folder = settings.reports_dir / _FOLDER
    wanted = sorted(codes)
    mark = hashlib.sha256(
        "\x1f".join([_VERSION, str(store.manifest["fingerprint"]), *wanted]).encode()
    ).hexdigest()
    files = _labels(len(wanted))
    done = folder / ".fait"
    fresh = done.exists() and done.read_text(encoding="utf-8") == mark
    if not fresh or not all((folder / Path(item.file).name).exists() for item in files):
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, wanted, settings, store)
        done.write_text(mark, encoding="utf-8")
    return [item for item in files if (folder / Path(item.file).name).exists()]


def _labels(count: int) -> list[Download]:
    quartiers = plural(count, "quartier")
    return [
        Download(file=f"{_FOLDER}/quartiers.xlsx", label=f"Classeur XLSX : {quartiers}"),
        Download(
            file=f"{_FOLDER}/quartiers.csv", label=f"CSV : {quartiers}, une colonne par indicateur"
        ),
        Download(
            file=f"{_FOLDER}/indicateurs.csv", label="CSV : une ligne par valeur, avec sa source"
        ),
        Download(
            file=f"{_FOLDER}/quartiers.gpkg",
            label="GeoPackage pour QGIS : les contours et les valeurs",
        ),
    ]


def _write(folder: Path, codes: list[str], settings: Settings, store: Store) -> None:
    catalogue = load_catalogue(settings.catalogue_dir)
    values = _last_values(codes, catalogue, store)
    quartiers = _wide(codes, values, settings, store)
    dictionary = _dictionary(values, catalogue)
    _write_csv(folder / "quartiers.csv", quartiers)
    _write_csv(folder / "indicateurs.csv", values)
    _write_workbook(folder / "quartiers.xlsx", quartiers, dictionary)
    shapes = store.shapes(kind="qp", codes=codes)
    if len(shapes):
        drawn = shapes[["code", "geometry"]].merge(quartiers, on="code", how="left")
        path = folder / "quartiers.gpkg"
        path.unlink(missing_ok=True)
        gpd.GeoDataFrame(drawn, geometry="geometry", crs=shapes.crs).to_file(
            path, layer="quartiers", engine="pyogrio"
        )


def _last_values(codes: list[str], catalogue: Catalogue, store: Store) -> pd.DataFrame:
    """Return the last vintage of each indicator of each quartier."""
    rows = store.observations(kind="qp", codes=codes)
    rows = rows.loc[rows["indicator"].isin(catalogue.indicators)]
    rows = rows.sort_values("vintage", na_position="first", kind="stable")
    rows = rows.drop_duplicates(["code", "indicator"], keep="last")
    units = {item.id: item.unit for item in catalogue.indicators.values()}
    labels = {item.id: item.short for item in catalogue.indicators.values()}
    order = {name: rank for rank, name in enumerate(catalogue.indicators)}
    rows = rows.assign(
        label=rows["indicator"].map(labels),
        unit=rows["indicator"].map(units),
        rank=rows["indicator"].map(order),
    ).sort_values(["code", "rank"])
    columns = [
        "code",
        "indicator",
        "label",
        "vintage",
        "value",
        "unit",
        "status",
        "base",
        "source",
        "edition",
    ]
    return rows[columns].reset_index(drop=True)


def _wide(codes: list[str], values: pd.DataFrame, settings: Settings, store: Store) -> pd.DataFrame:
    rows = load_territories(kind="qp", settings=settings, store=store)
    rows = rows.loc[rows["code"].isin(codes)].sort_values("code")
    columns = ["code", "label", "zoning", "communes", "epci", "departement", "region", "population"]
    columns = [name for name in columns if name in rows.columns]
    names = list(dict.fromkeys(values["indicator"]))
    table = values.pivot(  # noqa: PD010 - one value for each pair
        index="code", columns="indicator", values="value"
    ).reindex(columns=names)
    texts = {name: rows[name].map(_harmless) for name in ("label", "communes")}
    return rows[columns].assign(**texts).merge(table.reset_index(), on="code", how="left")


def _dictionary(values: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Say what each column is: a number never travels alone."""
    groups = values.groupby("indicator", sort=False)
    rows = []
    for name, group in groups:
        item = catalogue.indicator(str(name))
        years = sorted({int(year) for year in group["vintage"].dropna()})
        rows.append(
            {
                "indicateur": item.id, "libelle": item.label, "unite": item.unit,
                "sens": item.direction, "millesimes": ", ".join(map(str, years)),
                "sources": ", ".join(sorted(set(group["source"]))),
                "quartiers_renseignes": int(group["value"].notna().sum()),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write what a French spreadsheet opens: BOM, semicolons, decimal commas."""
    frame.to_csv(path, sep=";", decimal=",", encoding="utf-8-sig", index=False)


def _write_workbook(path: Path, quartiers: pd.DataFrame, dictionary: pd.DataFrame) -> None:
    """Write two sheets, headings kept in view."""
    import openpyxl  # noqa: PLC0415 - here only

    book = openpyxl.Workbook(write_only=True)
    for name, frame in (("quartiers", quartiers), ("indicateurs", dictionary)):
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "B2"
        sheet.append(list(map(str, frame.columns)))
        for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False):
            sheet.append(list(row))
    book.save(path)


def _harmless(text: object) -> str:
    """Keep a spreadsheet from reading a text as a formula."""
    words = str(text)
    return f"'{words}" if words.startswith(_FORMULA) else words
