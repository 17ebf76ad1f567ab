"""Whom each service is for: inhabitants (norm N0) and people in need (norm N1)."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.diagnostic.droit_commun.scope import Scope
from qpvkit.load.store import Store

BASE_COLUMNS: Final = (
    "kind", "code", "service", "year", "norm", "base", "base_total", "base_unlocated", "need",
    "need_label", "vintage",
)  # fmt: skip


def read_bases(
    uses: pd.DataFrame, scope: Scope, *, store: Store, catalogue: Catalogue
) -> pd.DataFrame:
    """Return the bases of each use, norm by norm; nothing where the need is not known.

    Returns
    -------
    pandas.DataFrame
        Columns `BASE_COLUMNS`, one row per use and norm.
    """
    rows: list[dict[str, Any]] = []
    needs: dict[tuple[str, str, str], dict[str, Any] | None] = {}
    people = scope.wholes.set_index(["kind", "code"])["population"]
    keys = ["kind", "code", "service", "year", "ordinary", "whole_kind", "whole_code"]
    for use in uses[keys].drop_duplicates().to_dict("records"):
        shared = {name: use[name] for name in keys[:4]}
        whole = (use["whole_kind"], use["whole_code"])
        total = float(people[whole])
        if scope.population > 0 and total >= scope.population:
            rows.append({**shared, "norm": "N0", "base": scope.population, "base_total": total,
                         "need_label": "habitants"})  # fmt: skip
        for indicator in catalogue.ordinary[use["ordinary"]].need:
            key = (indicator, *whole)
            if key not in needs:
                needs[key] = _need(indicator, whole, scope, store=store, catalogue=catalogue)
            if (found := needs[key]) is not None:
                rows.append({**shared, "norm": "N1", **found})
                break
    return pd.DataFrame(rows, columns=list(BASE_COLUMNS))


def _need(
    indicator: str, whole: tuple[str, str], scope: Scope, *, store: Store, catalogue: Catalogue
) -> dict[str, Any] | None:
    """Count the people in need in the scope and in what holds it, the same year."""
    item = catalogue.indicator(indicator)
    share = catalogue.units[item.unit].share
    if share and item.base_indicator != "population":
        return None
    codes = list(scope.quartiers["code"])
    own = _people(store, "qp", codes, indicator, share=share)
    own = own.loc[own["need"].notna()]
    full = own.groupby("vintage")["code"].nunique()
    for vintage in sorted(full.index[full.eq(len(codes))], reverse=True):
        inside = float(own.loc[own["vintage"].eq(vintage), "need"].sum())
        total = _total_need(whole, indicator, vintage, share=share, store=store)
        if total is None or total[0] < inside:
            continue
        known, unknown = total
        # people in need that no file counts live outside the quartier: they lower its part, from
        # inside / known down to inside / (known + unknown)
        most = known + unknown
        return {
            "base": inside, "base_total": most if unknown else known,
            "base_unlocated": inside * unknown / known if known and unknown else 0.0,
            "need": indicator, "need_label": _words(item.label, share=share),
            "vintage": int(vintage),
        }  # fmt: skip
    return None


def _words(label: str, *, share: bool) -> str:
    return label if not share else f"{label} × habitants"


def _people(
    store: Store, kind: Any, codes: list[str], indicator: str, *, share: bool  # noqa: ANN401
) -> pd.DataFrame:  # fmt: skip
    """Return how many people an indicator stands for, by territory and vintage."""
    rows = store.observations(kind=kind, codes=codes, indicators=[indicator])
    rows = rows.dropna(subset=["vintage"]).drop_duplicates(["code", "vintage"])
    people = store.territories(kind=kind, codes=codes).set_index("code")["population"]
    heads = rows["code"].map(people).astype("float64")
    need = rows["value"].astype("float64") * (heads / 100 if share else 1.0)
    return rows.assign(need=need)[["code", "vintage", "need"]]


def _total_need(
    whole: tuple[str, str], indicator: str, vintage: Any, *, share: bool, store: Store  # noqa: ANN401
) -> tuple[float, float] | None:  # fmt: skip
    """Return the people in need of a territory, and how many more its silent communes may hold."""
    kind, code = whole
    own = _people(store, kind, [code], indicator, share=share)
    found = own.loc[own["vintage"].eq(vintage), "need"].dropna()
    if len(found):
        return float(found.iloc[0]), 0.0
    if kind != "epci" or not share:
        return None
    links = store.memberships(kind="commune")
    inside = links["within_kind"].eq("epci") & links["within_code"].eq(code)
    communes = list(links.loc[inside, "code"])
    counted = _people(store, "commune", communes, indicator, share=share)
    counted = counted.loc[counted["vintage"].eq(vintage)].dropna(subset=["need"])
    if counted.empty:
        return None
    people = store.territories(kind="commune", codes=communes).set_index("code")["population"]
    silent = people.drop(labels=list(counted["code"]), errors="ignore")
    return float(counted["need"].sum()), float(silent.sum())
