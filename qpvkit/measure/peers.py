"""Where a quartier stands among the other quartiers of its map."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

_SERIES: Final = ["indicator", "vintage"]
_UNSTATED: Final = -1  # a vintage that the source does not state only meets itself
_QUANTILES: Final = {
    "peers_p10": 0.10, "peers_p25": 0.25, "peers_median": 0.50, "peers_p75": 0.75,
    "peers_p90": 0.90,
}  # fmt: skip
_SENSES: Final = {"up_is_worse": 1.0, "up_is_better": -1.0}
Floats = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SortedPeers:
    """The published values of a map, sorted within each series: get one with `sort_peers`.

    Attributes
    ----------
    spans
        ``indicator, vintage`` (−1 when not stated) → first row and the one after the last.
    values, codes
        The values, and the place of their quartier in `places`.
    places
        Code of a quartier → its place.
    """

    spans: dict[tuple[str, int], tuple[int, int]]
    values: Floats
    codes: npt.NDArray[Any]
    places: dict[str, int]

    def others(self, code: str, indicator: str, vintage: int) -> Floats:
        """Return the values of the other quartiers, in order; none for an unknown series."""
        start, stop = self.spans.get((indicator, vintage), (0, 0))
        place = self.places.get(code, -1)
        return np.asarray(self.values[start:stop][self.codes[start:stop] != place])


def sort_peers(peers: pd.DataFrame) -> SortedPeers:
    """Sort the values of all the quartiers of a map, once for many reports.

    Parameters
    ----------
    peers
        ``code, indicator, vintage, value``; one row per quartier and series.

    Examples
    --------
    >>> peers = pd.DataFrame({"code": ["A", "B", "C"], "indicator": "taux", "vintage": 2021,
    ...     "value": [3.0, 1.0, 2.0]})
    >>> sort_peers(peers).others("B", "taux", 2021).tolist()
    [2.0, 3.0]
    """
    codes, indicators = (peers[name].astype("category").cat for name in ("code", "indicator"))
    years = peers["vintage"].astype("Float64").fillna(_UNSTATED).to_numpy(np.int64)
    values = peers["value"].to_numpy(float)
    names = indicators.codes.to_numpy()
    order = np.lexsort((values, years, names))
    names, years = names[order], years[order]
    edges = np.flatnonzero((np.diff(names) != 0) | (np.diff(years) != 0)) + 1
    starts = np.concatenate(([0], edges)) if len(order) else edges
    stops = np.append(edges, len(order)) if len(order) else edges
    words = [str(word) for word in indicators.categories]
    return SortedPeers(
        spans={
            (words[names[start]], int(years[start])): (int(start), int(stop))
            for start, stop in zip(starts, stops, strict=True)
        },
        values=values[order],
        codes=codes.codes.to_numpy()[order],
        places={str(code): place for place, code in enumerate(codes.categories)},
    )


def summarise_peers(
    values: pd.DataFrame, peers: pd.DataFrame | SortedPeers, *, directions: pd.DataFrame
) -> pd.DataFrame:
    """Describe the other quartiers at the vintage of each value.

    Parameters
    ----------
    values
        One quartier: ``code, indicator, vintage, value``.
    peers
        Published values of all the quartiers of the map: ``code, indicator, vintage, value``, or
        the same sorted by `sort_peers`; the quartier itself is left out.
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
    known = peers if isinstance(peers, SortedPeers) else sort_peers(peers)
    senses = dict(zip(directions["indicator"], directions["direction"].map(_SENSES), strict=True))
    years = values["vintage"].astype("Float64").fillna(_UNSTATED).to_numpy(np.int64)
    rows = []
    for code, name, year, own in zip(
        values["code"], values["indicator"], years, values["value"].to_numpy(float), strict=True
    ):
        others = known.others(str(code), str(name), int(year))
        position = _position(own, others, float(senses.get(name, np.nan)))
        rows.append((len(others), *_quantiles(others), position))
    table = pd.DataFrame(rows, columns=["peers", *_QUANTILES, "position"], index=values.index)
    joined = pd.concat([values[_SERIES], table.astype({"peers": int})], axis=1)
    return joined.reset_index(drop=True)


def _quantiles(others: Floats) -> list[float]:
    """Return the quantiles of sorted values; NaN of none."""
    if not len(others):
        return [np.nan] * len(_QUANTILES)
    places = (len(others) - 1) * np.array(list(_QUANTILES.values()))
    below = np.floor(places).astype(np.int64)
    low, high = others[below], others[np.minimum(below + 1, len(others) - 1)]
    return list(low + (high - low) * (places - below))


def _position(own: float, others: Floats, sense: float) -> float:
    """Return the share of sorted values in a better situation; NaN where none is better."""
    if not len(others) or np.isnan(own) or np.isnan(sense):
        return np.nan
    if sense > 0:
        better = np.searchsorted(others, own, side="left")
    else:
        better = len(others) - np.searchsorted(others, own, side="right")
    return float(better) / len(others)
