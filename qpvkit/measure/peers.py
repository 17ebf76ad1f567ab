"""Where a quartier stands among the other quartiers of its map."""

from __future__ import annotations

from typing import Final

import pandas as pd

_SERIES: Final = ["indicator", "vintage"]
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
    others = peers.rename(columns={"value": "other", "code": "peer"})
    joined = others.merge(
        wanted.rename(columns={"value": "own", "code": "self"}), on=_SERIES, how="inner"
    )
    joined = joined.loc[joined["peer"] != joined["self"]]
    grouped = joined.groupby(_SERIES, dropna=False)
    table = pd.DataFrame({"peers": grouped.size()})
    for name, level in _QUANTILES.items():
        table[name] = grouped["other"].quantile(level)
    senses = {"up_is_worse": 1.0, "up_is_better": -1.0, "neutral": 0.0}
    sign = joined["direction"].map(senses).astype("float64").fillna(0.0)
    favourable = ((joined["own"] - joined["other"]) * sign).gt(0).astype(float)
    favourable = favourable.where(sign.ne(0) & joined["own"].notna())
    table["position"] = favourable.groupby([joined[key] for key in _SERIES], dropna=False).mean()
    result = wanted[_SERIES].merge(table.reset_index(), on=_SERIES, how="left")
    result["peers"] = result["peers"].fillna(0).astype(int)
    return result
