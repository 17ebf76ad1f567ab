"""Access to located services from a scope, and from the rest of its intercommunalité."""

from __future__ import annotations

import dataclasses
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from qpvkit.codes import departement_of, metric_crs
from qpvkit.diagnostic.droit_commun.scope import Scope
from qpvkit.load.store import Store
from qpvkit.measure.droit_commun.access import access_sensitivity, accessibility, compare_access
from qpvkit.measure.droit_commun.people import PEOPLE_COLUMNS, project_points, spread_people
from qpvkit.measure.droit_commun.rules import AccessRules

_REST_STEP: Final = 200.0  # metres between the points of the communes around: 4 times coarser
_FAR: Final = 20_000.0  # metres around the people beyond which a service changes nothing


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What is reached on foot.

    Attributes
    ----------
    access
        One row per service: the columns of `compare_access` for the scope, ``reference_*`` being
        NaN where the rest of the intercommunalité is not known.
    radii
        The same at each declared radius.
    quartiers
        One row per quartier and service: the columns of `accessibility`, without a supply.
    services
        The points around: ``service, label, commune, x, y, crs, departement, longitude, latitude``.
    around
        The kind, code and name of the territory compared with; empty texts when there is none.
    silent
        Inhabitants of that territory that no contour places: they are left out.
    """

    access: pd.DataFrame
    radii: pd.DataFrame
    quartiers: pd.DataFrame
    services: pd.DataFrame
    around: tuple[str, str, str]
    silent: float


def read_reach(
    scope: Scope, *, services: pd.DataFrame, store: Store, rules: AccessRules
) -> Reach | None:
    """Measure access from the scope; None without a contour, a population or a service."""
    homes = _perimeters(scope.quartiers, store)
    if homes.empty or services.empty:
        return None
    own = spread_people(homes, spacing=rules.spacing)
    points = _near(services, own)
    if points.empty:
        return None
    around, rest, silent = _rest(scope, homes, store)
    together = own.assign(kind=scope.kind, code=scope.code)
    people = pd.concat([together, rest], ignore_index=True) if len(rest) else together
    pairs = pd.DataFrame(
        {"kind": [scope.kind], "code": [scope.code], "reference_kind": [around[0]],
         "reference_code": [around[1]]}
    )  # fmt: skip
    access = accessibility(people, services=points, rules=rules)
    radii = access_sensitivity(people, services=points, rules=rules)
    return Reach(
        access=compare_access(access, pairs=pairs),
        radii=compare_access(radii, pairs=pairs),
        quartiers=accessibility(own, services=points, rules=rules),
        services=points,
        around=around if len(rest) else ("", "", ""),
        silent=silent,
    )


def locate(services: pd.DataFrame) -> pd.DataFrame:
    """Project the services that have a place and that the catalogue names.

    Parameters
    ----------
    services
        Table SERVICES.
    """
    known = services.loc[services["service"].ne("") & services["x"].notna()]
    known = known.loc[known["commune"].ne("")].reset_index(drop=True)
    if known.empty:
        return known.assign(crs=0, departement="", longitude=0.0, latitude=0.0)
    departements = known["commune"].map(lambda code: departement_of(code, "commune"))
    places = project_points(known["x"], known["y"], departements=departements)
    # the producers' capacities are not comparable from one source to another: a place is a place
    return pd.DataFrame(
        {
            "type": known["service"], "service": known["service"], "label": known["label"],
            "commune": known["commune"], "source": known["source"], "vintage": known["vintage"],
            "longitude": known["x"], "latitude": known["y"], "departement": departements,
            "x": places["x"], "y": places["y"], "crs": places["crs"],
        }
    )  # fmt: skip


def spread_quartiers(quartiers: pd.DataFrame, store: Store, *, spacing: float) -> pd.DataFrame:
    """Return points for the residents of some quartiers: ``code, population`` in, points out."""
    return spread_people(_perimeters(quartiers, store), spacing=spacing)


def _perimeters(quartiers: pd.DataFrame, store: Store) -> pd.DataFrame:
    """Return the perimeters in metres, with the population of each."""
    shapes = store.shapes(kind="qp", codes=quartiers["code"])
    people = quartiers.set_index("code")["population"]
    shapes = shapes.assign(population=shapes["code"].map(people))
    shapes = shapes.loc[shapes["population"].gt(0) & ~shapes.geometry.is_empty]
    return _project(shapes, "qp")


def _project(shapes: gpd.GeoDataFrame, kind: str) -> pd.DataFrame:
    if shapes.empty:
        return pd.DataFrame(columns=["kind", "code", "population", "crs", "geometry"])
    first = str(shapes["code"].iloc[0])
    crs = metric_crs(departement_of(first, "qp" if kind == "qp" else "commune"))
    drawn = shapely.make_valid(gpd.GeoSeries(shapes.geometry).to_crs(crs).to_numpy())
    table = pd.DataFrame({"kind": kind, "code": shapes["code"], "population": shapes["population"]})
    return table.assign(crs=crs, geometry=list(drawn)).reset_index(drop=True)


def _rest(
    scope: Scope, homes: pd.DataFrame, store: Store
) -> tuple[tuple[str, str, str], pd.DataFrame, float]:
    """Return the residents of the intercommunalité outside every quartier of the map."""
    nothing = ("", "", ""), pd.DataFrame(columns=list(PEOPLE_COLUMNS)), 0.0
    whole = scope.whole("epci")
    if whole is None:
        return nothing
    links = store.memberships(kind="commune")
    inside = links["within_kind"].eq("epci") & links["within_code"].eq(whole["code"])
    codes = list(links.loc[inside, "code"])
    known = store.territories(kind="commune", codes=codes).set_index("code")["population"]
    left, cut = _outside(known, scope, store)
    shapes = store.shapes(kind="commune", codes=codes)
    shapes = shapes.assign(population=shapes["code"].map(left))
    shapes = shapes.loc[shapes["population"].gt(0) & ~shapes.geometry.is_empty]
    drawn = _project(shapes, "commune")
    drawn = drawn.loc[drawn["crs"].eq(homes["crs"].iloc[0])] if len(drawn) else drawn
    if drawn.empty:
        return nothing
    quartiers = _project(cut.assign(population=1.0), "qp")
    holes = shapely.union_all(quartiers["geometry"].to_numpy()) if len(quartiers) else None
    if holes is not None:
        free = shapely.difference(drawn["geometry"].to_numpy(), holes)
        drawn = drawn.assign(geometry=list(free))
        drawn = drawn.loc[shapely.area(free) > 0]
    points = spread_people(drawn, spacing=_REST_STEP)
    around = ("epci", str(whole["code"]), str(whole["label"]))
    silent = float(left.sum() - drawn["population"].sum())
    return around, points.assign(kind="epci", code=around[1]), silent


def _outside(people: pd.Series, scope: Scope, store: Store) -> tuple[pd.Series, gpd.GeoDataFrame]:
    """Take the residents of the quartiers off their communes; return their contours too."""
    links = store.memberships(kind="qp")
    prefix = "QP" if scope.zoning == 2015 else "QN"
    held = links["within_kind"].eq("commune") & links["within_code"].isin(people.index)
    links = links.loc[held & links["code"].str.startswith(prefix)]
    inside = store.territories(kind="qp", codes=links["code"].unique())
    population = inside.set_index("code")["population"].fillna(0.0)
    taken = links["code"].map(population) * links["share"].fillna(1.0)
    sums = taken.groupby(links["within_code"]).sum()
    left = (people - sums.reindex(people.index).fillna(0.0)).clip(lower=0.0)
    return left, store.shapes(kind="qp", codes=links["code"].unique())


def _near(services: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Keep the services of the same projection that are not at the other end of the country."""
    x, y = people["x"].to_numpy(), people["y"].to_numpy()
    same = services["crs"].eq(people["crs"].iloc[0])
    close = np.abs(services["x"] - x.mean()).le(_FAR + np.ptp(x))
    close &= np.abs(services["y"] - y.mean()).le(_FAR + np.ptp(y))
    near: pd.DataFrame = services.loc[same & close].reset_index(drop=True)
    return near
