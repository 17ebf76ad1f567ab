"""What stands around the numbers: places, contours, sources, caveats, thresholds."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import REFERENCES
from qpvkit.formats import vintage_label
from qpvkit.load.store import Store
from qpvkit.load.territories import Territory


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
    named: dict[str, list[tuple[str, Any]]] = {}
    for source_id, edition, year in [
        *zip(profile["source"], profile["edition"], profile["vintage"], strict=True),
        *zip(gaps["reference_source"], [""] * len(gaps), gaps["vintage"], strict=True),
    ]:
        named.setdefault(str(source_id), []).append((edition, year))
    files = {str(name): rows for name, rows in store.files().groupby("source")}
    rows = []
    for source_id, uses in named.items():
        source = catalogue.source(source_id)
        years = sorted({int(year) for _, year in uses if not pd.isna(year)})
        editions = sorted({edition for edition, _ in uses if edition})
        dated = list(map(str, years)) if source.vintage_from in ("column", "title") else []
        held = files.get(source.id)
        rows.append(
            {
                "source": source.id, "producer": source.producer, "title": source.title,
                "edition": ", ".join(editions),
                "vintages": ", ".join(map(str, years)) or vintage_label(None),
                "licence": source.licence, "official": source.official, "page": source.page,
                "file": "" if held is None else _read_of(held, {*editions, *dated}),
            }
        )  # fmt: skip
    columns = [
        "source", "producer", "title", "edition", "vintages", "licence", "official", "page", "file",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _read_of(files: pd.DataFrame, editions: set[str]) -> str:
    """Name the files of the editions used; all those of the source where none is dated."""
    used = files.loc[files["edition"].isin(editions)]
    return ", ".join(dict.fromkeys((used if len(used) else files)["file"]))


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
