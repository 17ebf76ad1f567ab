"""The map of the index: one dot for each territory, mainland and overseas side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from qpvkit.codes import departement_of, metric_crs
from qpvkit.load.store import Store

_WIDTH: Final = 640.0
_TALL: Final = 520.0
_INSET: Final = 110.0
_EDGE: Final = 14.0
_FINE: Final = 0.6  # points: finer would not be seen
Points = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A territory on the map, in points."""

    code: str
    page: str
    x: float
    y: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Atlas:
    """The map: its size, the outlines behind, the dots."""

    width: float
    height: float
    land: tuple[str, ...]
    dots: tuple[Dot, ...]


def draw_atlas(pages: Mapping[str, str], *, store: Store) -> Atlas | None:
    """Place a dot for each territory that has a page and a contour; None when none has.

    Each overseas projection gets an inset below the mainland.

    Parameters
    ----------
    pages
        Code of a quartier → page.
    """
    shapes = store.shapes(kind="qp", codes=list(pages))
    shapes = shapes.loc[~shapes.geometry.is_empty]  # official files hold some
    if shapes.empty:
        return None
    zones: dict[int, list[int]] = {}
    for position, code in enumerate(shapes["code"]):
        zones.setdefault(int(metric_crs(departement_of(str(code), "qp"))), []).append(position)
    outlines = store.shapes(kind="departement")
    dots: list[Dot] = []
    land: list[str] = []
    ordered = sorted(zones, key=lambda zone: -len(zones[zone]))
    left, bottom = 0.0, 0.0
    for rank, zone in enumerate(ordered):
        main = rank == 0
        rows = shapes.iloc[zones[zone]]
        metric = rows.geometry.to_crs(zone).representative_point()
        room = (_WIDTH, _TALL) if main else (_INSET, _INSET)
        frame = _Frame(
            np.column_stack([metric.x, metric.y]), room=room, left=left,
            top=0.0 if main else bottom,
        )  # fmt: skip
        places = frame.place(np.column_stack([metric.x, metric.y]))
        land += _land(outlines, rows, zone, frame)
        dots += [
            Dot(code=str(code), page=pages[str(code)], x=float(x), y=float(y))
            for code, (x, y) in zip(rows["code"], places, strict=True)
        ]
        if main:
            bottom, height = frame.height, frame.height
        else:
            left += _INSET
            height = bottom + _INSET
    return Atlas(width=_WIDTH, height=round(height, 1), land=tuple(land), dots=tuple(dots))


class _Frame:
    """From metres to points, as large as the room allows."""

    def __init__(
        self, metres: Points, *, room: tuple[float, float], left: float, top: float
    ) -> None:
        low, high = metres.min(axis=0), metres.max(axis=0)
        span = np.maximum(high - low, 20_000.0)  # a single town is not blown up to the whole map
        inner = np.array(room) - 2 * _EDGE
        self.scale = float(min(inner / span))
        self.middle = (low + high) / 2
        self.height = float(span[1] * self.scale + 2 * _EDGE)
        tall = self.height if room[1] == _TALL else room[1]
        self.centre = np.array([left + room[0] / 2, top + tall / 2])

    def place(self, metres: Points) -> Points:
        """Return points whose origin is the top left corner."""
        moved: Points = (metres - self.middle) * np.array([self.scale, -self.scale]) + self.centre
        return moved.round(1)


def _land(
    outlines: gpd.GeoDataFrame, rows: gpd.GeoDataFrame, zone: int, frame: _Frame
) -> list[str]:
    """Return the outlines of the départements behind the dots, where the store has them."""
    wanted = {departement_of(str(code), "qp") for code in rows["code"]}
    near = outlines.loc[outlines["code"].isin(wanted)]
    if near.empty:
        return []
    drawn = near.geometry.to_crs(zone).simplify(_FINE / frame.scale)
    rings = [
        ring
        for shape in drawn
        for part in shapely.get_parts(shape)
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    return [
        "M" + " ".join(f"{x:g},{y:g}" for x, y in frame.place(shapely.get_coordinates(ring))) + "Z"
        for ring in rings
    ]
