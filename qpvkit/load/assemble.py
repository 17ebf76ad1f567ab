"""Join what every file gave into the tables of the store: one row per key, and why."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import union_categoricals

from qpvkit.catalogue import Catalogue
from qpvkit.codes import departement_of, zoning_of
from qpvkit.load.keys import fold
from qpvkit.load.readers import Tables
from qpvkit.load.shapes import area_shares

_KEY: Final = ["kind", "code"]
_WORDS: Final = ("kind", "code", "indicator", "status", "source", "edition")
_NUMBERS: Final = ("vintage", "value", "base")
_SERIES: Final = ["kind", "code", "indicator", "vintage"]
# Paris, Lyon and Marseille: an arrondissement is written for its commune
_WHOLE_COMMUNE: Final = {"13": "13055", "69": "69123", "75": "75056"}
_TOLERANCE: Final = 0.051  # two editions may round the same value to the unit or the tenth


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """The tables of the store, and what was counted while joining them."""

    territories: pd.DataFrame
    memberships: pd.DataFrame
    observations: pd.DataFrame
    shapes: gpd.GeoDataFrame
    counts: dict[str, int]


def assemble(tables: list[Tables], catalogue: Catalogue) -> Assembled:
    """Join the tables of all files.

    Where two sources give the same observation, the official one wins over a third party, then
    the latest edition; what differs is counted as ``conflicts``, never averaged.
    """
    observations, conflicts = _observations(tables, catalogue)
    shapes = _shapes(tables)
    territories = _territories(tables, catalogue, observations, shapes)
    memberships, unresolved = _memberships(tables, catalogue, territories, shapes)
    territories = _with_parents(territories, memberships, catalogue)
    counts = {
        key: sum(table.counts[key] for table in tables)
        for key in ("rows", "ignored", "masked", "repaired", "repeated")
    }
    observations = _with_bases(observations, catalogue)
    return Assembled(
        territories=territories,
        memberships=memberships,
        observations=observations,
        shapes=shapes,
        counts={**counts, "conflicts": conflicts, "unresolved_communes": unresolved},
    )


def _concat(frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0].copy()


# --- observations ------------------------------------------------------------------------------


def _observations(tables: list[Tables], catalogue: Catalogue) -> tuple[pd.DataFrame, int]:
    """Keep one row per key; words become categories, since all France has millions of rows."""
    frames = [table.observations for table in tables if len(table.observations)]
    frames = frames or [tables[0].observations]
    stacked = pd.concat([frame[list(_NUMBERS)] for frame in frames], ignore_index=True)
    for word in _WORDS:
        pieces = [frame[word].astype("category") for frame in frames]
        stacked[word] = union_categoricals(pieces, sort_categories=True)
    key = _packed(stacked, _SERIES)
    order = np.lexsort((_rank(stacked, catalogue), key))
    sorted_key = key[order]
    last = np.append(sorted_key[1:] != sorted_key[:-1], True)[: len(sorted_key)]
    conflicts = _conflicts(stacked["value"].to_numpy()[order], sorted_key)
    kept = stacked.iloc[order[last]].reset_index(drop=True)
    return kept[["kind", "code", "indicator", *_NUMBERS, "status", "source", "edition"]], conflicts


def _packed(frame: pd.DataFrame, columns: list[str]) -> npt.NDArray[np.int64]:
    """Pack several columns into one integer that sorts as they do."""
    packed = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        values = frame[column]
        if isinstance(values.dtype, pd.CategoricalDtype):
            codes, size = values.cat.codes.to_numpy(np.int64), len(values.cat.categories)
        else:
            codes, size = values.fillna(0).to_numpy(np.int64), 2200
        packed = packed * size + codes
    return packed


def _rank(frame: pd.DataFrame, catalogue: Catalogue) -> npt.NDArray[np.int64]:
    """Rank rows of one key: official first, then published, then priority, then edition."""
    names = frame["source"].cat.categories
    official = np.array([catalogue.source(name).official for name in names], dtype=np.int64)
    priority = np.array([catalogue.source(name).priority for name in names], dtype=np.int64)
    source = frame["source"].cat.codes.to_numpy()
    published = frame["value"].notna().to_numpy(np.int64)
    edition = frame["edition"].cat.codes.to_numpy(np.int64)
    return ((official[source] * 2 + published) * 100 + priority[source]) * 10_000 + edition


def _conflicts(values: npt.NDArray[np.float64], sorted_key: npt.NDArray[np.int64]) -> int:
    """Count the keys to which two files give values that differ beyond rounding."""
    if not len(values):
        return 0
    starts = np.flatnonzero(np.append(True, sorted_key[1:] != sorted_key[:-1]))
    low = np.fmin.reduceat(values, starts)
    high = np.fmax.reduceat(values, starts)
    scale = np.clip(np.fmax(np.abs(low), np.abs(high)), 1.0, 20.0)
    return int(np.nansum((high - low) > _TOLERANCE * scale))


def _with_bases(observations: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Give each share the published count that is its denominator, of the nearest vintage."""
    limit = int(catalogue.threshold("base_ecart_max_annees"))
    base_of = {
        item.id: item.base_indicator
        for item in catalogue.indicators.values()
        if item.base_indicator
    }
    unknown = pd.Series(pd.NA, index=observations.index, dtype="Int64")
    result = observations.assign(base_vintage=unknown)
    own = result["base"].notna()
    result.loc[own, "base_vintage"] = result.loc[own, "vintage"]
    words: dict[str, Any] = dict.fromkeys(["kind", "code", "indicator"], "str")
    needed = ~own & result["value"].notna() & result["indicator"].isin(base_of)
    wanted = result.loc[needed, _SERIES].astype(words)
    known = observations["indicator"].isin(set(base_of.values())) & observations["value"].notna()
    counts = observations.loc[known, [*_SERIES, "value"]].astype(words)
    if wanted.empty or counts.empty:
        return result
    pairs = wanted.assign(row=wanted.index, counted=wanted["indicator"].map(base_of))
    pairs = pairs.merge(
        counts.rename(columns={"indicator": "counted", "vintage": "year", "value": "count"}),
        on=["kind", "code", "counted"],
    )
    away = (pairs["vintage"] - pairs["year"]).abs().astype("Float64")
    both_unstated = pairs["vintage"].isna() & pairs["year"].isna()
    pairs["away"] = away.mask(both_unstated, 0).fillna(limit)
    pairs = pairs.loc[pairs["away"] <= limit].sort_values(["row", "away"])
    nearest = pairs.drop_duplicates("row").set_index("row")
    result.loc[nearest.index, "base"] = nearest["count"]
    result.loc[nearest.index, "base_vintage"] = nearest["year"]
    return result


# --- territories -------------------------------------------------------------------------------


def _shapes(tables: list[Tables]) -> gpd.GeoDataFrame:
    frames = [table.shapes for table in tables if len(table.shapes)]
    if not frames:
        return gpd.GeoDataFrame({"kind": [], "code": []}, geometry=[], crs="EPSG:4326")
    stacked = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs="EPSG:4326")
    stacked = stacked.sort_values("priority", ascending=False, kind="stable")
    kept = stacked.drop_duplicates(_KEY)[["kind", "code", "geometry"]]
    return gpd.GeoDataFrame(kept.sort_values(_KEY).reset_index(drop=True), crs="EPSG:4326")


def _territories(
    tables: list[Tables],
    catalogue: Catalogue,
    observations: pd.DataFrame,
    shapes: gpd.GeoDataFrame,
) -> pd.DataFrame:
    stacked = _concat([table.territories for table in tables])
    observed = observations[_KEY].drop_duplicates().astype("str")
    used = pd.concat([observed, pd.DataFrame(shapes[_KEY])]).drop_duplicates()
    used = used.loc[used["kind"].ne("ensemble_qp")].assign(label="", priority=-1)
    places = pd.DataFrame(
        [
            {"kind": p.kind, "code": p.code, "label": p.label, "priority": 20}
            for p in catalogue.places
        ],
        columns=["kind", "code", "label", "priority"],
    )
    known = set(zip(used["kind"], used["code"], strict=True)) | set(
        zip(stacked["kind"], stacked["code"], strict=True)
    )
    places = places.loc[
        [pair in known for pair in zip(places["kind"], places["code"], strict=True)]
    ]
    stacked = pd.concat([stacked, used, places], ignore_index=True)
    stacked["label"] = stacked["label"].replace("", pd.NA)
    stacked = stacked.sort_values("priority", ascending=False, kind="stable")
    first = stacked.groupby(_KEY, sort=True)[["label", "population"]].first().reset_index()
    first["label"] = first["label"].fillna(first["code"]).astype(str)
    return _with_population(first, observations)


def _with_population(territories: pd.DataFrame, observations: pd.DataFrame) -> pd.DataFrame:
    """Take the population that is observed, else the one of the code géographique."""
    counted = observations.loc[
        observations["indicator"].eq("population") & observations["value"].notna()
    ]
    counted = counted.astype(dict.fromkeys(_KEY, "str"))
    latest = counted.sort_values("vintage", na_position="first").drop_duplicates(_KEY, keep="last")
    latest = latest[[*_KEY, "value", "vintage"]].rename(
        columns={"value": "observed", "vintage": "population_vintage"}
    )
    joined = territories.merge(latest, on=_KEY, how="left")
    joined["population"] = joined["observed"].fillna(joined["population"]).astype(float)
    joined["population_vintage"] = joined["population_vintage"].astype("Int64")
    zoning = joined["code"].where(joined["kind"].eq("qp")).map(zoning_of, na_action="ignore")
    joined["zoning"] = zoning.astype("Int64")
    columns = [*_KEY, "label", "zoning", "population", "population_vintage"]
    return joined[columns].astype({"kind": "str", "code": "str", "label": "str"})


def _with_parents(
    territories: pd.DataFrame, memberships: pd.DataFrame, catalogue: Catalogue
) -> pd.DataFrame:
    """Add the territories that are known only as what holds others."""
    known = set(zip(territories["kind"], territories["code"], strict=True))
    parents = memberships[["within_kind", "within_code"]].drop_duplicates()
    labels = {(place.kind, place.code): place.label for place in catalogue.places}
    rows = [
        {"kind": kind, "code": code, "label": labels.get((kind, code), code)}
        for kind, code in zip(parents["within_kind"], parents["within_code"], strict=True)
        if (kind, code) not in known
    ]
    if not rows:
        return territories
    added = pd.DataFrame(rows).reindex(columns=territories.columns).astype(territories.dtypes)
    return pd.concat([territories, added], ignore_index=True).sort_values(_KEY, ignore_index=True)


# --- memberships -------------------------------------------------------------------------------


def _memberships(
    tables: list[Tables],
    catalogue: Catalogue,
    territories: pd.DataFrame,
    shapes: gpd.GeoDataFrame,
) -> tuple[pd.DataFrame, int]:
    stacked = _concat([table.memberships for table in tables])
    rank = {source.id: source.priority for source in catalogue.sources.values()}
    stacked["priority"] = stacked["source"].map(rank)
    names = _concat([table.territories for table in tables])
    resolved, unresolved = _resolve_names(stacked, names)
    links = _best_source(resolved)
    links = _inherit(links, catalogue)
    return _with_shares(links, territories, shapes), unresolved


def _resolve_names(links: pd.DataFrame, names: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Turn the communes' names of the 2015 tables into codes, within the quartier's département.

    Every label that some file gives to a commune is tried, the most official first: older tables
    bear older names.
    """
    named = links["within_code"].isna()
    departements = {departement_of(code, "qp") for code in links.loc[named, "code"].unique()}
    communes = names.loc[names["kind"].eq("commune")].sort_values("priority", ascending=False)
    communes = communes.drop_duplicates(["code", "label"])
    communes = communes.loc[
        [departement_of(code, "commune") in departements for code in communes["code"]]
    ]
    known: dict[tuple[str, str], str] = {}
    for code, label in zip(communes["code"], communes["label"], strict=True):
        known.setdefault((departement_of(code, "commune"), fold(label)), code)
    codes = []
    for code, label in zip(links.loc[named, "code"], links.loc[named, "within_label"], strict=True):
        departement = departement_of(code, "qp")
        name = fold(str(label))
        found = known.get((departement, name))
        if found is None and re.search(r"\b\d+(er|e|eme)\b", name):
            found = _WHOLE_COMMUNE.get(departement)
        codes.append(found)
    links = links.copy()
    links.loc[named, "within_code"] = codes
    unresolved = links.loc[links["within_code"].isna(), ["code", "within_label"]]
    return links.dropna(subset=["within_code"]), len(unresolved.drop_duplicates())


def _best_source(links: pd.DataFrame) -> pd.DataFrame:
    """For a child and a kind of parent, keep the links of the source that knows best."""
    key = ["kind", "code", "within_kind"]
    best = links.groupby(key)["priority"].transform("max")
    kept = links.loc[links["priority"].eq(best), [*key, "within_code"]]
    return kept.drop_duplicates().reset_index(drop=True)


def _inherit(links: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Complete: département from the code, région from the catalogue, EPCI from the commune."""
    region_of = {p.code: p.region for p in catalogue.places if p.kind == "departement" and p.region}
    quartiers = pd.Series(links.loc[links["kind"].eq("qp"), "code"].unique(), dtype=object)
    within = pd.DataFrame({"kind": "qp", "code": quartiers})
    departement = quartiers.map(lambda code: departement_of(code, "qp"))
    derived = [
        within.assign(within_kind="departement", within_code=departement),
        within.assign(within_kind="region", within_code=departement.map(region_of)),
    ]
    by_commune = links.loc[links["kind"].eq("qp") & links["within_kind"].eq("commune")].merge(
        links.loc[links["kind"].eq("commune") & links["within_kind"].eq("epci")],
        left_on="within_code", right_on="code", suffixes=("", "_commune"),
    )  # fmt: skip
    derived.append(
        by_commune[["kind", "code"]].assign(
            within_kind="epci", within_code=by_commune["within_code_commune"]
        )
    )
    have = set(zip(links["kind"], links["code"], links["within_kind"], strict=True))
    extra = pd.concat(derived, ignore_index=True).dropna(subset=["within_code"])
    new = [
        trio not in have
        for trio in zip(extra["kind"], extra["code"], extra["within_kind"], strict=True)
    ]
    return pd.concat([links, extra.loc[new].drop_duplicates()], ignore_index=True)


def _with_shares(
    links: pd.DataFrame, territories: pd.DataFrame, shapes: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Mark the main parent: by share of surface where contours exist, else the most populated."""
    key = ["kind", "code", "within_kind"]
    alone = links.groupby(key)["within_code"].transform("size").eq(1)
    result = links.assign(
        share=alone.map({True: 1.0, False: float("nan")}),
        share_basis=alone.map({True: "whole", False: ""}),
    )
    shares = _surface_shares(result, shapes)
    if len(shares):
        result = result.merge(shares, on=["kind", "code", "within_kind", "within_code"], how="left")
        measured = result["surface"].notna() & result["share"].isna()
        result.loc[measured, "share"] = result.loc[measured, "surface"]
        result.loc[measured, "share_basis"] = "surface"
    people = territories.set_index(_KEY)["population"]
    pairs = pd.MultiIndex.from_frame(result[["within_kind", "within_code"]])
    result["people"] = people.reindex(pairs).to_numpy()
    order = result.sort_values(
        ["share", "people", "within_code"], ascending=[False, False, True], kind="stable"
    )
    result["main"] = ~order.duplicated(key).reindex(result.index)
    columns = [*key, "within_code", "share", "share_basis", "main"]
    text: dict[str, Any] = dict.fromkeys(
        ["kind", "code", "within_kind", "within_code", "share_basis"], "str"
    )
    result = result[columns].astype({**text, "share": "float64"})
    return result.sort_values(columns[:4], ignore_index=True)


def _surface_shares(links: pd.DataFrame, shapes: gpd.GeoDataFrame) -> pd.DataFrame:
    split = links.loc[
        links["share"].isna() & links["kind"].eq("qp") & links["within_kind"].eq("commune")
    ]
    quartiers = shapes.loc[shapes["kind"].eq("qp") & shapes["code"].isin(split["code"])]
    communes = shapes.loc[shapes["kind"].eq("commune") & shapes["code"].isin(split["within_code"])]
    undrawn = split.loc[~split["within_code"].isin(communes["code"]), "code"]
    quartiers = quartiers.loc[~quartiers["code"].isin(undrawn)]
    if quartiers.empty or communes.empty:
        return pd.DataFrame()
    shares = area_shares(quartiers, communes).rename(columns={"share": "surface"})
    return shares.assign(kind="qp", within_kind="commune")
