"""Where a quartier stands among the other quartiers of its map."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

_SERIES: Final = ["indicator", "vintage"]
_UNSTATED: Final = -1.0  # a vintage that the source does not state only meets itself
_UNWANTED: Final = -2.0
_QUANTILES: Final = {
    "peers_p10": 0.10, "peers_p25": 0.25, "peers_median": 0.50, "peers_p75": 0.75,
    "peers_p90": 0.90,
}  # fmt: skip


def summarise_peers(
    values: pd.DataFrame, peers: pd.DataFrame, *, directions: pd.DataFrame
) -> pd.DataFrame:
    """Describe the other quartiers at the vintage of each value.

    Parameters
    ----------
    values
        One quartier: ``code, indicator, vintage, value``.
    peers
        Published values of all the quartiers of the map: ``code, indicator, vintage, value``; the
        quartier itself is left out.
    directions
        ``indicator, direction``.

    Returns
    -------
    pandas.DataFrame
        One row per row of `values`: ``indicator, vintage, peers`` (how many), the quantiles
        ``peers_p10 … peers_p90`` (linear interpolation, Hyndman and Fan type 7) and ``position``,
        the share (0 to 1) of the other quartiers in a strictly more favourable situation; NaN
        when the indicator is neutral or nothing is published.
    """
    wanted = values[["code", *_SERIES, "value"]].merge(directions, on="indicator", how="left")
    others = _same_series(peers, wanted).rename(columns={"value": "other", "code": "peer"})
    joined = others.merge(
        wanted.rename(columns={"value": "own", "code": "self"}), on=_SERIES, how="inner"
    )
    joined = joined.loc[joined["peer"] != joined["self"]]
    series = joined.groupby(_SERIES, dropna=False, sort=False).ngroup().to_numpy(np.int64)
    table = _quantiles(joined["other"].to_numpy(), series)
    senses = {"up_is_worse": 1.0, "up_is_better": -1.0, "neutral": 0.0}
    sign = joined["direction"].map(senses).astype("float64").fillna(0.0)
    favourable = ((joined["own"] - joined["other"]) * sign).gt(0).astype(float)
    favourable = favourable.where(sign.ne(0) & joined["own"].notna())
    table["position"] = favourable.groupby(series).mean()
    names = joined[_SERIES].assign(series=series).drop_duplicates("series")
    result = wanted[_SERIES].merge(
        names.merge(table, left_on="series", right_index=True).drop(columns="series"),
        on=_SERIES,
        how="left",
    )
    result["peers"] = result["peers"].fillna(0).astype(int)
    return result


def _same_series(peers: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Keep the peers' values of the wanted indicators, at the wanted vintage of each."""
    indicator = peers["indicator"].astype("category")
    years = wanted.set_index("indicator")["vintage"].astype("Float64").fillna(_UNSTATED)
    year_of = years.reindex(indicator.cat.categories).fillna(_UNWANTED).to_numpy(float)
    year = peers["vintage"].astype("Float64").fillna(_UNSTATED).to_numpy(float)
    kept: pd.DataFrame = peers.loc[year_of[indicator.cat.codes] == year]
    return kept.assign(indicator=kept["indicator"].astype("str"), code=kept["code"].astype("str"))


def _quantiles(values: npt.NDArray[np.float64], series: npt.NDArray[Any]) -> pd.DataFrame:
    """Return the number of values and their quantiles, one row per series."""
    order = np.lexsort((values, series))
    sorted_values = values[order]
    sizes = np.bincount(series)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    table = pd.DataFrame({"peers": sizes})
    for name, level in _QUANTILES.items():
        place = (sizes - 1) * level
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, sizes - 1)
        low, high = sorted_values[starts + below], sorted_values[starts + above]
        table[name] = low + (high - low) * (place - below)
    return table
