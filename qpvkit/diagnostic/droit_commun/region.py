"""Access across the quartiers of a région: whether the poorer ones have less of it."""

from __future__ import annotations

from typing import Final

import pandas as pd

from qpvkit.diagnostic.droit_commun.reach import spread_quartiers
from qpvkit.diagnostic.droit_commun.scope import Scope
from qpvkit.load.store import Store
from qpvkit.measure.droit_commun.access import accessibility
from qpvkit.measure.droit_commun.inequality import concentration_index, theil_index
from qpvkit.measure.droit_commun.rules import AccessRules

INEQUALITY_COLUMNS: Final = ("service", "measure", "value", "low", "high", "quartiers", "residents")
_POVERTY: Final = "taux_pauvrete"


def read_inequality(
    scope: Scope, *, services: pd.DataFrame, store: Store, rules: AccessRules, minimum: int,
    confidence: float,
) -> pd.DataFrame:  # fmt: skip
    """Measure how unequal access is across the quartiers of the région of a contrat.

    Returns
    -------
    pandas.DataFrame
        Columns `INEQUALITY_COLUMNS`: for each service, the share of residents within reach in the
        région (``residents``), the index of concentration by poverty (``concentration``) and
        Theil's T (``theil``), weighted by population. Empty for a quartier, without a service, and
        under `minimum` quartiers.
    """
    nothing = pd.DataFrame(columns=list(INEQUALITY_COLUMNS))
    region = scope.whole("region")
    if scope.kind != "contrat" or region is None or services.empty:
        return nothing
    table = _quartiers(str(region["code"]), scope, services, store, rules)
    pieces = []
    for service, rows in table.groupby("service", sort=True):
        known = rows.dropna(subset=["poverty"])
        if len(known) < minimum or not known["use"].gt(0).any():
            continue
        index = concentration_index(known, minimum=minimum, confidence=confidence)
        first = index.loc[index["measure"].eq("use")].assign(measure="concentration")
        theil = theil_index(rows, minimum=minimum).loc[lambda frame: frame["measure"].eq("total")]
        residents = (rows["use"] * rows["population"]).sum() / rows["population"].sum()
        both = pd.concat([first, theil.assign(measure="theil")])
        pieces.append(both.assign(service=service, residents=residents))
    if not pieces:
        return nothing
    return pd.concat(pieces, ignore_index=True).reindex(columns=list(INEQUALITY_COLUMNS))


def _quartiers(
    region: str, scope: Scope, services: pd.DataFrame, store: Store, rules: AccessRules
) -> pd.DataFrame:
    """Return the use of each service by each quartier of a région, its poverty and population."""
    links = store.memberships(kind="qp")
    prefix = "QP" if scope.zoning == 2015 else "QN"
    inside = links["within_kind"].eq("region") & links["within_code"].eq(region)
    codes = links.loc[inside & links["code"].str.startswith(prefix), "code"].unique()
    people = store.territories(kind="qp", codes=codes)[["code", "population"]]
    points = spread_quartiers(people, store, spacing=rules.spacing)
    if points.empty:
        return pd.DataFrame(columns=["service", "code", "use", "poverty", "population"])
    access = accessibility(points, services=services, rules=rules)
    poverty = store.observations(kind="qp", codes=codes, indicators=[_POVERTY])
    poverty = poverty.dropna(subset=["value", "vintage"]).sort_values("vintage")
    latest = poverty.drop_duplicates("code", keep="last").set_index("code")["value"]
    return pd.DataFrame(
        {
            "service": access["service"], "code": access["code"], "use": access["within"],
            "population": access["people"], "poverty": access["code"].map(latest),
        }
    )  # fmt: skip
