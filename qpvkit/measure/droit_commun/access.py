"""Access to services on foot: who is within reach, how far the nearest is, how much is offered.

Distances are as the crow flies, multiplied by a declared detour factor. A service that is near
may still be closed, full, dear or unknown to those who need it: proximity is not access.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from qpvkit.measure.droit_commun.catchment import catchment_supply
from qpvkit.measure.droit_commun.inputs import refuse_rows, require_columns
from qpvkit.measure.droit_commun.intervals import Floats
from qpvkit.measure.droit_commun.people import PEOPLE_COLUMNS
from qpvkit.measure.droit_commun.rules import AccessRules

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

_Places = dict[int, tuple[Floats, Floats]]  # by projection: coordinates, capacities
ACCESS_COLUMNS: Final = (
    "kind", "code", "service", "people", "origin", "reach", "within", "nearest", "catchment",
    "supply", "evidence_grade",
)  # fmt: skip
_GRADES: Final = {"grid": "B", "spread": "C"}
_TILE: Final = 5_000.0  # metres; neighbours in memory are neighbours on the ground
_FAR: Final = 1e8  # metres, farther than any service
_NAME: Final = "Accès aux services"


def accessibility(
    people: pd.DataFrame,
    *,
    services: pd.DataFrame,
    rules: AccessRules,
    reach: float | None = None,
    catchment: float | None = None,
) -> pd.DataFrame:
    """Measure the access of each territory's residents to each type of service.

    Parameters
    ----------
    people
        Points where residents live (`spread_people`, `place_people`): ``kind, code, x, y, crs,
        people, origin``, and optionally ``need``, the people in need at that point (everybody by
        default). Give the points around the quartiers too: they compete for the same services.
    services
        ``type, x, y, crs`` and optionally ``capacity`` (posts, places; 1 by default), in metres.
        Do not cut them at a border that residents cross.
    rules
        The thresholds of the method.
    reach, catchment
        Metres on foot: that of the share within reach (ten minutes by default), and that from
        which residents come to a service (1 000 m by default).

    Returns
    -------
    pandas.DataFrame
        Columns `ACCESS_COLUMNS`, one row per territory and type: ``within``, the share of
        residents at `reach` metres or less; ``nearest``, the median distance in metres to the
        nearest one (NaN where there is none in that projection); ``supply``, capacity within the
        catchment per person in need (E2SFCA, mean over the people in need), NaN when only
        quartiers are given, for nobody then competes with them. ``evidence_grade`` is B where
        residents are known by grid cell, C where they are spread in the perimeter.

    Raises
    ------
    MeasureRefusedError
        A column or a coordinate is missing, a number of people or a capacity is negative.

    Examples
    --------
    >>> import qpvkit as qk
    >>> rules = AccessRules.from_catalogue(qk.load_catalogue())
    >>> people = pd.DataFrame({"kind": ["qp", "epci"], "code": ["QN09901M", "200000001"],
    ...     "x": [0.0, 5000.0], "y": 0.0, "crs": 2154, "people": [900.0, 4000.0],
    ...     "origin": "grid"})
    >>> post = pd.DataFrame({"type": ["poste"], "x": [500.0], "y": 0.0, "crs": 2154})
    >>> found = accessibility(people, services=post, rules=rules)
    >>> found[["code", "within", "nearest"]].to_numpy().tolist()
    [['200000001', 0.0, 5850.0], ['QN09901M', 1.0, 650.0]]
    """
    _check(people, services)
    reach = rules.walk if reach is None else reach
    catchment = rules.radii[1] if catchment is None else catchment
    homes = _Homes.from_points(people)
    alone = bool(people["kind"].eq("qp").all())
    tables = []
    for service, places in _by_type(services):
        nearest = homes.nearest(places) * rules.detour
        supply = (
            np.full(len(nearest), np.nan)
            if alone
            else homes.supply(places, radius=catchment / rules.detour, decay=rules.decay)
        )
        table = homes.groups.assign(
            service=service,
            within=homes.mean(nearest <= reach + 1e-6, homes.people),
            nearest=homes.median(nearest),
            supply=homes.mean(supply, homes.need),
        )
        tables.append(table)
    result = pd.concat(tables or [homes.groups.assign(service="")[:0]], ignore_index=True)
    result = result.reindex(columns=list(ACCESS_COLUMNS))
    result["reach"], result["catchment"] = reach, catchment
    result["evidence_grade"] = result["origin"].map(_GRADES)
    return result.sort_values(["kind", "code", "service"], ignore_index=True)


def access_sensitivity(
    people: pd.DataFrame, *, services: pd.DataFrame, rules: AccessRules
) -> pd.DataFrame:
    """Measure access again at each declared radius, for the reach and for the catchment.

    A conclusion that changes from one radius to the next is not one.

    Parameters
    ----------
    people, services, rules
        As in `accessibility`.

    Returns
    -------
    pandas.DataFrame
        Columns `ACCESS_COLUMNS`, one row per territory, type and radius.
    """
    tables = [
        accessibility(people, services=services, rules=rules, reach=radius, catchment=radius)
        for radius in rules.radii
    ]
    keys = ["kind", "code", "service", "reach"]
    return pd.concat(tables, ignore_index=True).sort_values(keys, ignore_index=True)


def compare_access(access: pd.DataFrame, *, pairs: pd.DataFrame) -> pd.DataFrame:
    """Put the access of each quartier beside that of what surrounds it, the quartiers excluded.

    Parameters
    ----------
    access
        Rows of `accessibility` or `access_sensitivity`.
    pairs
        ``kind, code, reference_kind, reference_code``; a quartier across two intercommunalités
        has two rows.

    Returns
    -------
    pandas.DataFrame
        One row per pair, type and radius: the columns of `access`, ``reference_within,
        reference_nearest, reference_supply``, ``within_gap`` (difference of the shares) and
        ``supply_ratio`` (1: the same supply per need).

    Examples
    --------
    >>> access = pd.DataFrame({"kind": ["qp", "epci"], "code": ["QN09901M", "200000001"],
    ...     "service": "poste", "people": 1.0, "origin": "grid", "reach": 800.0,
    ...     "within": [0.9, 0.6], "nearest": [300.0, 700.0], "catchment": 1000.0,
    ...     "supply": [0.001, 0.002], "evidence_grade": "B"})
    >>> pairs = pd.DataFrame({"kind": ["qp"], "code": ["QN09901M"], "reference_kind": ["epci"],
    ...     "reference_code": ["200000001"]})
    >>> row = compare_access(access, pairs=pairs).iloc[0]
    >>> round(float(row["within_gap"]), 2), float(row["supply_ratio"])
    (0.3, 0.5)
    """
    require_columns(access, ACCESS_COLUMNS, measure=_NAME)
    require_columns(pairs, ["kind", "code", "reference_kind", "reference_code"], measure=_NAME)
    shared = ["service", "reach", "catchment"]
    values = ["within", "nearest", "supply"]
    reference = access[["kind", "code", *shared, *values]].rename(
        columns={name: f"reference_{name}" for name in ("kind", "code", *values)}
    )
    result = access.merge(pairs, on=["kind", "code"]).merge(
        reference, on=["reference_kind", "reference_code", *shared], how="left"
    )
    result["within_gap"] = result["within"] - result["reference_within"]
    known = result["reference_supply"].where(result["reference_supply"].gt(0))
    result["supply_ratio"] = result["supply"] / known
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Homes:
    """Points where people live, ordered on the ground, with one tree per projection."""

    groups: pd.DataFrame
    group: npt.NDArray[np.int64]
    people: Floats
    need: Floats
    local: dict[int, tuple[npt.NDArray[np.int64], Floats, cKDTree]]

    @classmethod
    def from_points(cls, points: pd.DataFrame) -> _Homes:
        """Order points by tiles of ground, which halves the time of the searches."""
        from scipy.spatial import cKDTree  # noqa: PLC0415 - slow to import

        x, y = points["x"].to_numpy(float), points["y"].to_numpy(float)
        order = np.lexsort((x, y, y // _TILE, x // _TILE, points["crs"].to_numpy()))
        points = points.iloc[order].reset_index(drop=True)
        keys = points.groupby(["kind", "code"], sort=False)
        group = np.asarray(keys.ngroup(), dtype=np.int64)
        groups = points[["kind", "code"]].drop_duplicates(ignore_index=True)
        people = points["people"].to_numpy(float)
        groups["people"] = np.bincount(group, people, minlength=len(groups))
        groups["origin"] = keys["origin"].max().to_numpy()  # "spread" after "grid"
        local: dict[int, tuple[npt.NDArray[np.int64], Floats, cKDTree]] = {}
        crs = points["crs"].to_numpy(np.int64)
        for code in np.unique(crs):
            rows = np.flatnonzero(crs == code)
            places = points.loc[rows, ["x", "y"]].to_numpy(float)
            local[int(code)] = (rows, places, cKDTree(places))
        need = points["need"].to_numpy(float) if "need" in points else people
        return cls(groups=groups, group=group, people=people, need=need, local=local)

    def nearest(self, places: _Places) -> Floats:
        """Return the distance from each point to the nearest service, infinite if there is none."""
        from scipy.spatial import cKDTree  # noqa: PLC0415 - slow to import

        distance = np.full(len(self.people), np.inf)
        for crs, (here, _) in places.items():
            if crs in self.local:
                rows, homes, _ = self.local[crs]
                distance[rows] = cKDTree(here).query(homes, workers=-1)[0]
        return distance

    def supply(self, places: _Places, *, radius: float, decay: tuple[float, ...]) -> Floats:
        """Return the supply per person in need within reach of each point."""
        total = np.zeros(len(self.people))
        for crs, (here, capacity) in places.items():
            if crs in self.local:
                rows, _, tree = self.local[crs]
                total[rows] = catchment_supply(
                    self.need[rows], tree=tree, places=here, capacity=capacity,
                    radius=radius, decay=decay,
                )  # fmt: skip
        return total

    def mean(self, values: Floats | npt.NDArray[np.bool_], weights: Floats) -> Floats:
        """Return the weighted mean of each territory; NaN where nobody weighs."""
        count = len(self.groups)
        mass = np.bincount(self.group, weights, minlength=count)
        sums = np.bincount(self.group, weights * values, minlength=count)
        mean: Floats = np.divide(sums, mass, out=np.full(count, np.nan), where=mass > 0)
        return mean

    def median(self, values: Floats) -> Floats:
        """Return the median over the residents of each territory; NaN where it is not finite."""
        key = self.group * _FAR + np.minimum(values, _FAR)  # one sort: six times faster than two
        order = np.argsort(key)
        group, weight = self.group[order], self.people[order]
        running = np.cumsum(weight)
        mass = np.bincount(group, weight, minlength=len(self.groups))
        before = np.cumsum(mass) - mass
        place = np.searchsorted(running, before + mass / 2 * (1 - 1e-12))
        found = values[order][np.minimum(place, len(values) - 1)]
        return np.where((mass > 0) & np.isfinite(found), found, np.nan)


def _by_type(services: pd.DataFrame) -> Iterator[tuple[str, _Places]]:
    """Yield each type of service with its places and capacities in each projection."""
    table = services[["type", "crs", "x", "y"]].assign(capacity=services.get("capacity", 1.0))
    for service, rows in table.groupby("type", sort=True):
        places: _Places = {}
        crs = rows["crs"].to_numpy(np.int64)
        points = rows[["x", "y", "capacity"]].to_numpy(np.float64)
        for code in np.unique(crs):
            here = points[crs == code]
            places[int(code)] = (here[:, :2], here[:, 2])
        yield str(service), places


def _check(people: pd.DataFrame, services: pd.DataFrame) -> None:
    """Refuse points without place, negative numbers of people and negative capacities."""
    require_columns(people, PEOPLE_COLUMNS, measure=_NAME)
    require_columns(services, ["type", "x", "y", "crs"], measure=_NAME)
    counts = people[[name for name in ("people", "need") if name in people]]
    refuse_rows(
        people, ~counts.ge(0).all(axis=1) | people[["x", "y"]].isna().any(axis=1), measure=_NAME,
        problem="point sans coordonnées, population inconnue ou négative",
        expected="des coordonnées en mètres et des effectifs positifs.",
    )  # fmt: skip
    capacity = services.get("capacity", pd.Series(1.0, index=services.index))
    refuse_rows(
        services.rename(columns={"type": "service"}),
        ~capacity.ge(0) | services[["x", "y"]].isna().any(axis=1), measure=_NAME,
        problem="service sans coordonnées, capacité inconnue ou négative",
        expected="des services situés, écartés et comptés au chargement s'ils ne le sont pas.",
    )  # fmt: skip
