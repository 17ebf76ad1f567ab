"""Sharp bounds on what goes to a quartier when only a larger total is known.

A pro rata gives one figure and hides that it is a choice. What is really known (how many people
may be served in each zone, how many are located there already, which sites each zone can use and
how many people each site serves) leaves an interval. The bounds are *sharp*: each end is reached
by a distribution that respects all that is known, and nothing outside can be. Without sites they
have a closed form (Duncan and Davis, 1953); with sites they are those of a flow from zones to
sites, a linear program whose ends are whole numbers when the data are.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from qpvkit.errors import MeasureRefusedError
from qpvkit.measure.droit_commun.inputs import refuse_repeats, refuse_rows, require_columns

BOUNDS_COLUMNS: Final = (
    "within", "code", "low", "high", "share_low", "share_high", "prorata", "position",
    "worst_error",
)  # fmt: skip
_NAME: Final = "Bornes de la part du quartier"


def bound_beneficiaries(
    zones: pd.DataFrame,
    *,
    totals: pd.DataFrame,
    sites: pd.DataFrame | None = None,
    links: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Bound the beneficiaries of each zone from the total of the territory that holds them.

    Parameters
    ----------
    zones
        All the zones that make up each territory, the remainder included: ``within`` (the
        territory), ``code``, ``eligible`` (the most people that may be served there) and
        optionally ``located`` (people known to be served there, 0 by default).
    totals
        ``within, total``: the beneficiaries of each territory.
    sites
        Optional: ``within, site`` and ``users`` (how many people the site serves) or ``capacity``
        (how many at most); NaN where it is not known.
    links
        Optional, with `sites`: ``code, site``, the zones that each site serves (school sector,
        distance). Without it every zone may use every site of its territory.

    Returns
    -------
    pandas.DataFrame
        Columns `BOUNDS_COLUMNS`, one row per zone: the bounds in people and as shares of the
        total; ``prorata``, the split in proportion to the eligible; ``position``, where it stands
        from the lower bound (0) to the upper one (1), NaN when the two meet; ``worst_error``, by
        how many people the pro rata may be wrong. Give ``low`` and ``high`` to `equity_index` as
        ``served_low`` and ``served_high``.

    Raises
    ------
    MeasureRefusedError
        A column is missing, a value negative, or no distribution respects what is given.

    Examples
    --------
    900 children in a commune, 120 of 1 000 eligible ones in the quartier:

    >>> zones = pd.DataFrame({"within": "59350", "code": ["QN09901M", "reste"],
    ...     "eligible": [120, 880]})
    >>> totals = pd.DataFrame({"within": ["59350"], "total": [900]})
    >>> found = bound_beneficiaries(zones, totals=totals).iloc[0]
    >>> [round(float(found[name]), 2) for name in ("low", "high", "prorata", "position")]
    [20.0, 120.0, 108.0, 0.88]
    """
    table = _check(zones, totals)
    if sites is None:
        table["low"], table["high"] = _closed_form(table)
    else:
        table["low"], table["high"] = _flows(table, _check_sites(sites, table), links)
    all_eligible = table.groupby("within")["eligible"].transform("sum")
    table["prorata"] = table["total"] * table["eligible"] / all_eligible
    table["share_low"] = table["low"] / table["total"]
    table["share_high"] = table["high"] / table["total"]
    width = table["high"] - table["low"]
    table["position"] = (table["prorata"] - table["low"]) / width.where(width.gt(0))
    table["worst_error"] = np.maximum(
        table["high"] - table["prorata"], table["prorata"] - table["low"]
    )
    return table[list(BOUNDS_COLUMNS)]


def _check(zones: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """Join the total to its zones; refuse what cannot be, such as more served than eligible."""
    require_columns(zones, ["within", "code", "eligible"], measure=_NAME)
    require_columns(totals, ["within", "total"], measure=_NAME)
    refuse_repeats(zones, ["within", "code"], measure=_NAME)
    table = zones.merge(totals[["within", "total"]], on="within", how="inner", validate="m:1")
    if "located" not in table:
        table["located"] = 0.0
    numbers = ["eligible", "located", "total"]
    table[numbers] = table[numbers].astype("float64")
    table["located"] = table["located"].fillna(0.0)
    refuse_rows(
        table, table[numbers].isna().any(axis=1) | table[numbers].lt(0).any(axis=1),
        measure=_NAME, problem="nombre négatif ou inconnu",
        expected="un total et des personnes éligibles connus, dans toutes les zones.",
    )  # fmt: skip
    refuse_rows(
        table, table["located"].gt(table["eligible"]), measure=_NAME,
        problem="plus de bénéficiaires localisés que de personnes éligibles",
        expected="located inférieur ou égal à eligible.",
    )  # fmt: skip
    sums = table.groupby("within")[["eligible", "located"]].transform("sum")
    impossible = table["total"].gt(sums["eligible"]) | table["total"].lt(sums["located"])
    refuse_rows(
        table, impossible, measure=_NAME,
        problem="le total est hors de ce que permettent les personnes éligibles et localisées",
        expected="la somme de located ≤ total ≤ la somme de eligible.",
    )  # fmt: skip
    return table


def _closed_form(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return what the other zones force into a zone, and what they leave to it."""
    sums = table.groupby("within")[["eligible", "located"]].transform("sum")
    forced = table["total"] - (sums["eligible"] - table["eligible"])
    left = table["total"] - (sums["located"] - table["located"])
    return forced.clip(lower=table["located"]), left.clip(upper=table["eligible"])


def _check_sites(sites: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Give each site the least and the most people that it serves."""
    require_columns(sites, ["within", "site"], measure=_NAME)
    refuse_repeats(sites, ["within", "site"], measure=_NAME)
    result = sites.loc[sites["within"].isin(table["within"])].copy()
    for name in ("users", "capacity"):
        result[name] = result[name].astype("float64") if name in result else np.nan
    refuse_rows(
        result, result[["users", "capacity"]].lt(0).any(axis=1), measure=_NAME,
        problem="nombre négatif", expected="des usagers et des capacités positifs.",
    )  # fmt: skip
    result["least"] = result["users"].fillna(0.0)
    result["most"] = result["users"].fillna(result["capacity"]).fillna(np.inf)
    return result


def _flows(
    table: pd.DataFrame, sites: pd.DataFrame, links: pd.DataFrame | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Solve, territory by territory, the flows that send least and most from each zone."""
    low, high = np.empty(len(table)), np.empty(len(table))
    by_territory = dict(tuple(sites.groupby("within")))
    for within, places in table.reset_index(drop=True).groupby("within", sort=False):
        local = by_territory.get(within, sites.iloc[:0]).reset_index(drop=True)
        pairs = (
            places[["code"]]
            .reset_index(names="zone")
            .merge(local[["site"]].reset_index(names="place"), how="cross")
        )
        if links is not None:
            pairs = pairs.merge(links[["code", "site"]].drop_duplicates(), on=["code", "site"])
        ends = _solve(places, local, pairs, str(within))
        low[places.index], high[places.index] = ends
    return low, high


def _solve(
    places: pd.DataFrame, sites: pd.DataFrame, pairs: pd.DataFrame, within: str
) -> tuple[list[float], list[float]]:
    """Solve the two linear programs of each zone of one territory.

    `milp` without integer variables is HiGHS with two-sided limits: a flow has whole ends anyway.
    """
    from scipy.optimize import LinearConstraint, milp  # noqa: PLC0415 - slow to import
    from scipy.sparse import csr_array, vstack  # noqa: PLC0415 - slow to import

    count = len(pairs)
    ones, columns = np.ones(count), np.arange(count)
    zone = pairs["zone"].map({row: n for n, row in enumerate(places.index)}).to_numpy(np.int64)
    by_zone = csr_array((ones, (zone, columns)), shape=(len(places), count))
    by_site = csr_array((ones, (pairs["place"], columns)), shape=(len(sites), count))
    total = float(places["total"].iloc[0])
    limits = LinearConstraint(
        vstack([by_zone, by_site, csr_array(ones[None, :])]),
        np.concatenate([places["located"], sites["least"], [total]]),
        np.concatenate([places["eligible"], sites["most"], [total]]),
    )
    ends: tuple[list[float], list[float]] = ([], [])
    for row in range(len(places)):
        target = by_zone[[row]].toarray().ravel()
        for sign, found in zip((1.0, -1.0), ends, strict=True):
            solved = milp(sign * target, constraints=limits) if count else None
            if solved is None or not solved.success:
                raise MeasureRefusedError(
                    _NAME,
                    problem=f"aucune répartition ne respecte les données de {within}.",
                    expected="des usagers et des capacités dont la somme permet le total, et des "
                    "sites ouverts aux zones qui les utilisent.",
                    action="vérifiez le total, les capacités et les liens entre zones et sites.",
                )
            found.append(float(target @ solved.x))
    return ends
