"""What stands around the numbers: places, contours, sources, caveats, thresholds."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import Kind
from qpvkit.formats import vintage_label
from qpvkit.load.store import Store
from qpvkit.load.territories import Territory

REFERENCES: Final[tuple[Kind, ...]] = ("commune", "epci", "departement", "region", "france")


def read_places(territory: Territory, store: Store) -> pd.DataFrame:
    """List the territories that hold the quartier, France included."""
    links = store.memberships(kind=territory.kind, codes=[territory.code])
    links = links[["within_kind", "within_code", "share", "share_basis", "main"]].rename(
        columns={"within_kind": "kind", "within_code": "code"}
    )
    nation = store.territories(kind="france")[["kind", "code"]].assign(
        share=1.0, share_basis="whole", main=True
    )
    places = pd.concat([links, nation], ignore_index=True)
    known = store.territories(codes=places["code"])
    places = places.merge(known[["kind", "code", "label", "population"]], on=["kind", "code"])
    rank = places["kind"].map({kind: rank for rank, kind in enumerate(REFERENCES)})
    order = places.assign(rank=rank, second=~places["main"]).sort_values(["rank", "second", "code"])
    columns = ["kind", "code", "label", "share", "share_basis", "main", "population"]
    return order[columns].reset_index(drop=True)


def read_sources(
    profile: pd.DataFrame, gaps: pd.DataFrame, catalogue: Catalogue, store: Store
) -> pd.DataFrame:
    """List the files behind the numbers of the report."""
    named = pd.concat(
        [
            profile[["source", "edition", "vintage"]],
            gaps[["reference_source", "vintage"]]
            .rename(columns={"reference_source": "source"})
            .assign(edition=""),
        ]
    ).drop_duplicates()
    read = store.files()
    rows = []
    for source_id, group in named.groupby("source", sort=False):
        source = catalogue.source(str(source_id))
        years = sorted({int(year) for year in group["vintage"].dropna()})
        editions = sorted({edition for edition in group["edition"] if edition})
        files = read.loc[read["source"].eq(source.id)]
        dated = list(map(str, years)) if source.vintage_from in ("column", "title") else []
        used = files.loc[files["edition"].isin([*editions, *dated])]
        rows.append(
            {
                "source": source.id, "producer": source.producer, "title": source.title,
                "edition": ", ".join(editions),
                "vintages": ", ".join(map(str, years)) or vintage_label(None),
                "licence": source.licence, "official": source.official, "page": source.page,
                "file": ", ".join(dict.fromkeys((used if len(used) else files)["file"])),
            }
        )  # fmt: skip
    columns = [
        "source", "producer", "title", "edition", "vintages", "licence", "official", "page", "file",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def read_caveats(profile: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Gather the caveats of the indicators and of the sources, with the indicators concerned."""
    concerned: dict[str, list[str]] = {}
    for name, short, source in zip(
        profile["indicator"], profile["short"], profile["source"], strict=True
    ):
        declared = (*catalogue.indicator(name).caveats, *catalogue.source(source).caveats)
        for caveat in dict.fromkeys(declared):
            concerned.setdefault(caveat, []).append(short)
    rows = [
        {"text": catalogue.caveats[name].text, "indicators": tuple(shorts)}
        for name, shorts in concerned.items()
    ]
    return pd.DataFrame(rows, columns=["text", "indicators"])


def read_contours(territory: Territory, places: pd.DataFrame, store: Store) -> gpd.GeoDataFrame:
    """Gather the contours of the quartier, of its communes and of its neighbours in them."""
    communes = places.loc[places["kind"].eq("commune")]
    around = store.shapes(kind="commune", codes=communes["code"])
    near = store.neighbours(communes["code"], zoning=territory.zoning)
    quartiers = store.shapes(kind="qp", codes=[territory.code, *near])
    own = quartiers["code"].eq(territory.code)
    stacked = pd.concat([quartiers.loc[own], around, quartiers.loc[~own]], ignore_index=True)
    labels = pd.concat([store.territories(kind="qp", codes=quartiers["code"]), communes])
    names = dict(zip(labels["kind"] + labels["code"], labels["label"], strict=True))
    named = stacked.assign(
        label=(stacked["kind"] + stacked["code"]).map(names).astype("str"),
        focus=stacked["kind"].eq("qp") & stacked["code"].eq(territory.code),
    )
    return named[["kind", "code", "label", "focus", "geometry"]]


def read_thresholds(catalogue: Catalogue, *, domain: str = "diagnostic") -> pd.DataFrame:
    """List the numbers of the method of one kind of report: ``id, label, value``."""
    return pd.DataFrame(
        [
            {"id": item.id, "label": item.label, "value": item.value}
            for item in catalogue.thresholds.values()
            if item.domain == domain
        ]
    )
