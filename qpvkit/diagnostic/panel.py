"""All the quartiers of a map with the error of each value: what one quartier is measured against.

A panel is fitted once per store and map, then kept: hundreds of reports share it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import REFERENCES, Kind, Zoning
from qpvkit.diagnostic.kept import Panel, panel_folder, read_panel, write_panel
from qpvkit.load.indicators import map_values
from qpvkit.load.memory import read_peers
from qpvkit.load.reads import note, unrecorded
from qpvkit.load.store import Store
from qpvkit.measure.gaps import choose_vintages
from qpvkit.measure.part_whole import compare_parts
from qpvkit.measure.peers import SortedPeers, sort_peers
from qpvkit.measure.scales import sign_of, to_scale
from qpvkit.measure.stakes.typology import typology
from qpvkit.measure.stakes.yardstick import (
    Yardstick,
    fit_yardstick,
    group_medians,
    scale_values,
    vintage_key,
)
from qpvkit.measure.uncertainty import funnel
from qpvkit.measure.uncertainty.errors import measurement_errors
from qpvkit.memo import by_identity

_CACHED: Final = 4
_NOT_STATED: Final = -1


def open_panel(store: Store, catalogue: Catalogue, *, zoning: Zoning) -> Panel:
    """Return the panel of a map: fitted once for a store, kept with its tables, then shared.

    Parameters
    ----------
    store
        The panel is that of its files.
    zoning
        2015 or 2024: quartiers of two maps are never pooled.
    """
    with unrecorded():
        return _panel(_Key(store=store, catalogue=catalogue), zoning)


def open_peers(store: Store, *, zoning: Zoning, indicators: Iterable[str]) -> SortedPeers:
    """Return the sorted values of all the quartiers of a map; sorted once for a store.

    Those who record reads are told of these indicators only. The two maps are two populations:
    their quartiers are never pooled.
    """
    note("peers", {"zoning": [str(zoning)], "indicator": sorted(set(indicators))})
    return _sorted_peers(store.folder, zoning)


def note_panel(indicators: Iterable[str], catalogue: Catalogue, *, zoning: Zoning) -> None:
    """Tell those who record reads what a ranking owes to the panel.

    A quartier's stakes depend on the other quartiers through the indicators that it publishes
    and the context that sorts quartiers into types, and on the territories' values of these
    indicators through the usual gaps.
    """
    names = sorted(set(indicators))
    quartiles = {other for name in names for other in catalogue.indicator(name).quartiles}
    context = catalogue.peers["type"].indicators if "type" in catalogue.peers else ()
    note("peers", {"zoning": [str(zoning)], "indicator": [*names, *quartiles, *context]})
    note("references", {"indicator": names})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Key:
    """A store and a catalogue, equal when their contents are."""

    store: Store
    catalogue: Catalogue

    def __hash__(self) -> int:
        return hash(self.store.folder)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Key):
            return NotImplemented
        return self.store.folder == other.store.folder and self.catalogue is other.catalogue


@functools.lru_cache(maxsize=_CACHED)
def _sorted_peers(folder: Path, zoning: Zoning) -> SortedPeers:
    return sort_peers(read_peers(folder, zoning))


@functools.lru_cache(maxsize=_CACHED)
def _panel(key: _Key, zoning: Zoning) -> Panel:
    folder = panel_folder(key.store.folder, zoning, key.catalogue.model_dump_json())
    panel = read_panel(folder)
    if panel is None:
        panel = fit_panel(key.store, key.catalogue, zoning=zoning)
        write_panel(folder, panel)
    return panel


def fit_panel(store: Store, catalogue: Catalogue, *, zoning: Zoning) -> Panel:
    """Measure all the quartiers of a map."""
    facts = error_facts(catalogue)
    names = list(facts.index)
    ends = {*facts["first"], *facts["third"]} - {"", *names}  # quartiles that nobody ranks
    known = map_values([*names, *sorted(ends)], zoning=zoning, store=store)
    official = {source.id: source.official for source in catalogue.sources.values()}
    known = known.assign(official=known["source"].map(official).astype(bool))
    ranked = known.loc[known["indicator"].isin(names)]
    chosen = choose_vintages(ranked, _comparable(names, store))
    places = store.territories(kind="qp")
    values = with_errors(
        chosen, facts, population=places.set_index("code")["population"], quartiles=known
    )
    yardstick = fit_yardstick(values)
    scaled = scale_values(values, yardstick)
    groups = _groups(values, places, catalogue, store, zoning)
    fewest = int(catalogue.threshold("enjeux_quartiers_min"))
    return Panel(
        rows=values,
        yardstick=yardstick,
        scaled=scaled,
        unusual=_unusual(values),
        references=_references(values, yardstick, facts, store),
        groups=groups,
        medians={
            name: group_medians(scaled, codes, min_peers=fewest) for name, codes in groups.items()
        },
    )


@by_identity
def error_facts(catalogue: Catalogue) -> pd.DataFrame:
    """Return, for each indicator that may be ranked, its sense, scale and measurement model."""
    rows = []
    for item in catalogue.indicators.values():
        if not (item.scored and item.measurement):
            continue
        model = catalogue.measurements[item.measurement]
        unit = catalogue.units[item.unit]
        rows.append(
            {
                "indicator": item.id, "direction": item.direction, "scale": unit.scale,
                "share": unit.share, "counted": item.base_indicator, "family": model.family,
                "fraction": model.fraction, "design_effect": model.design_effect,
                "noise": model.noise, "people": model.people, "measurement": model.id,
                "quantile": item.quantile, "supposed_base": item.supposed_base,
                "first": item.quartiles[0] if item.quartiles else "",
                "third": item.quartiles[-1] if item.quartiles else "",
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows).set_index("indicator")
    return frame.astype({"quantile": float, "supposed_base": float})


def with_errors(
    rows: pd.DataFrame, facts: pd.DataFrame, *, population: pd.Series, quartiles: pd.DataFrame
) -> pd.DataFrame:
    """Give values their place on their scale and their error.

    Parameters
    ----------
    rows
        ``code, indicator, vintage, value, base``; indicators without a model are left out.
    facts
        From `error_facts`.
    population
        Code → inhabitants, for the bases that no file gives.
    quartiles
        Published values of the same quartiers, the quartiles of incomes among them.
    """
    frame = rows.loc[rows["indicator"].isin(facts.index) & rows["value"].notna()]
    frame = frame.join(facts, on="indicator")
    supposed = frame["base"].isna() & frame["supposed_base"].notna()
    likely = frame["code"].map(population).astype(float) * frame["supposed_base"]
    frame = frame.assign(
        base=frame["base"].mask(supposed, likely).astype(float),
        supposed=supposed & likely.notna(),
        sign=sign_of(frame["direction"]),
    )
    for column, name in (("first_quartile", "first"), ("third_quartile", "third")):
        frame[column] = _other_value(frame, quartiles, name)
    errors = measurement_errors(frame)
    kept = ["code", "indicator", "vintage", "value", "base", "supposed", "scale", "share", "sign",
            "people", "measurement"]  # fmt: skip
    return pd.concat([frame[kept], errors], axis=1).reset_index(drop=True)


def _other_value(frame: pd.DataFrame, known: pd.DataFrame, column: str) -> pd.Series:
    """Return the value of the indicator that `column` names, same quartier, same vintage."""
    wanted = known.loc[known["indicator"].isin(set(frame[column]) - {""})]
    values = dict(zip(_keys(wanted, "indicator"), wanted["value"].astype(float), strict=True))
    found = [values.get(key, np.nan) for key in _keys(frame, column)]
    return pd.Series(found, index=frame.index, dtype=float)


def _keys(rows: pd.DataFrame, column: str) -> Iterator[tuple[str, str, int]]:
    """Yield the quartier, the indicator and the vintage of each row."""
    return zip(rows["code"], rows[column], vintage_key(rows["vintage"]), strict=True)


def _comparable(names: list[str], store: Store) -> pd.DataFrame:
    """Return the series for which some territory of comparison is known."""
    columns = ("indicator", "vintage")
    pieces = [
        store.observations(kind=kind, indicators=names, columns=columns).drop_duplicates()
        for kind in REFERENCES
    ]
    return pd.concat(pieces).drop_duplicates()


def _unusual(values: pd.DataFrame) -> pd.DataFrame:
    """Place each quartier in the funnel of its series (Spiegelhalter 2005)."""
    family = values["indicator"] + "@" + vintage_key(values["vintage"]).astype(str)
    found = funnel(values["y"], values["se"], groups=family, between="huber")
    columns = {"z": np.asarray(found.z), "p": np.asarray(found.p)}
    return values[["code", "indicator", "vintage"]].assign(**columns)


def _references(
    values: pd.DataFrame, yardstick: Yardstick, facts: pd.DataFrame, store: Store
) -> pd.DataFrame:
    """Return the value of each territory of comparison, of the rest where it can be had."""
    pieces = [
        piece for kind in REFERENCES if len(piece := _one_reference(values, facts, kind, store))
    ]
    columns = ["code", "indicator", "option", "y_ref", "typical"]
    if not pieces:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(pieces, ignore_index=True)
    rows["vintage"] = vintage_key(rows["vintage"])
    rows = rows.join(yardstick.series[["sigma"]], on=["indicator", "vintage"])
    rows["gap"] = rows["sign"] * (rows["y"] - rows["y_ref"]) / rows["sigma"]
    grouped = rows.groupby(["indicator", "vintage", "option"])["gap"]
    return rows.assign(typical=grouped.transform("median"))[columns]


def _one_reference(
    values: pd.DataFrame, facts: pd.DataFrame, kind: Kind, store: Store
) -> pd.DataFrame:
    held = _holders(kind, store)
    known = store.observations(
        kind=kind, codes=held["within_code"], indicators=list(facts.index),
        columns=("code", "indicator", "vintage", "value", "base"),
    )  # fmt: skip
    known = known.loc[known["value"].notna() & known["vintage"].notna()]
    if known.empty:
        return pd.DataFrame()
    wanted = known[["code", "indicator", "vintage", "value", "base"]].rename(
        columns={"code": "within_code", "value": "reference_value", "base": "reference_base"}
    )
    people = store.territories(kind=kind).set_index("code")["population"]
    pairs = values.merge(held, on="code").merge(wanted, on=["within_code", "indicator", "vintage"])
    counted = pairs["indicator"].map(facts["counted"]).eq("population")
    pairs["reference_base"] = pairs["reference_base"].fillna(
        pairs["within_code"].map(people).where(counted)
    )
    published = pairs.assign(base=pairs["base"].mask(pairs["supposed"]))  # nothing is subtracted
    rest = compare_parts(published)["rest_value"]
    level = rest.fillna(pairs["reference_value"])
    y_ref = np.full(len(pairs), np.nan)
    for scale in set(pairs["scale"]):
        rows = pairs["scale"].eq(scale).to_numpy()
        y_ref[rows] = to_scale(level.to_numpy(float)[rows], scale)
    kept = ["code", "indicator", "vintage", "y", "sign"]
    return pairs[kept].assign(option=kind, y_ref=y_ref)


def _holders(kind: Kind, store: Store) -> pd.DataFrame:
    """Return ``code, within_code, inside`` for the quartiers of the store."""
    if kind == "france":
        codes = store.territories(kind="qp")["code"]
        nation = list(store.territories(kind="france")["code"])[:1] * len(codes)
        return pd.DataFrame({"code": codes[: len(nation)], "within_code": nation, "inside": True})
    links = store.memberships(kind="qp")
    links = links.loc[links["within_kind"].eq(kind)]
    single = links.groupby("code")["within_code"].transform("size").eq(1)
    main = links.assign(inside=single).sort_values("main").drop_duplicates("code", keep="last")
    return main[["code", "within_code", "inside"]]


def _groups(
    values: pd.DataFrame, places: pd.DataFrame, catalogue: Catalogue, store: Store, zoning: Zoning
) -> dict[str, pd.Series]:
    """Sort the quartiers into comparable ones: all, région, class of size, type."""
    codes = values["code"].drop_duplicates()
    size = places.set_index("code")["population"].reindex(codes)
    links = store.memberships(kind="qp", codes=codes)
    region = links.loc[links["within_kind"].eq("region")].drop_duplicates("code")
    bounds = [-np.inf, *catalogue.peers["size"].bounds, np.inf]
    classes = pd.cut(size.dropna(), bounds, right=False).astype(str)
    words = catalogue.peers["type"]
    context = map_values(list(words.indicators), zoning=zoning, store=store)
    newest = context.sort_values("vintage").drop_duplicates(["code", "indicator"], keep="last")
    wide = newest.pivot_table(index="code", columns="indicator", values="value", aggfunc="first")
    wide = wide.reindex(codes).assign(size=np.log(size.where(size > 0)))
    found: dict[str, Any] = {
        "all": pd.Series("all", index=codes),
        "region": region.set_index("code")["within_code"],
        "size": classes,
        "type": typology(wide, classes=words.classes),
    }
    return found
