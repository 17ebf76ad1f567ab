"""
Draw the invented territory: a tiling of communes and the perimeters of the quartiers.

Shapes are drawn on a plane in kilometres, then projected to longitude and latitude around an
origin. Neighbouring communes share their vertices exactly, so that the tiling has neither hole
nor overlap.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import shapely
from demo_territory import (
    METROPOLITAN,
    QUARTIERS_2015,
    QUARTIERS_2024,
    Quartier,
    commune_of,
)
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Point, Polygon, affinity
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize, unary_union

MAINLAND = (2.9, 48.0)
OVERSEAS = (55.12, -20.86)
KM_PER_DEGREE = 111.2
DENSITY = 11_500  # inhabitants a km2 of a quartier
INWARDS = 0.3  # shift of a straddling quartier towards its first commune, in radii
BOW_TIE = "QN09905M"
TWO_PARTS = "QN09908M"

Generator = np.random.Generator
Place = tuple[float, float]
G = TypeVar("G", bound=BaseGeometry)


@dataclass(frozen=True, slots=True)
class Shapes:
    """The geometries of the territory, in longitude and latitude, by official code."""

    communes: dict[str, Polygon]
    quartiers_2024: dict[str, MultiPolygon]
    quartiers_2015: dict[str, MultiPolygon]


def draw_shapes(rng: Generator) -> Shapes:
    """Draw every commune and quartier of both zonings."""
    plane = draw_communes(rng)
    overseas = blob((0.0, 0.0), 4.2, 3.4, 36, rng)
    new = {q.code: draw_quartier(q, plane, rng) for q in QUARTIERS_2024}
    old = {q.code: draw_former(q, new, plane, rng) for q in QUARTIERS_2015}
    communes = {code: to_degrees(shape, MAINLAND, 5) for code, shape in plane.items()}
    communes["97490"] = to_degrees(overseas, OVERSEAS, 5)
    perimeters = {
        q.code: to_degrees(new[q.code], OVERSEAS if q.overseas else MAINLAND, 6)
        for q in QUARTIERS_2024
    }
    perimeters[BOW_TIE] = tie_bow(perimeters[BOW_TIE])
    former = {code: to_degrees(shape, MAINLAND, 6) for code, shape in old.items()}
    return Shapes(communes, perimeters, former)


def blob(centre: Place, width: float, height: float, count: int, rng: Generator) -> Polygon:
    """
    Draw an irregular oval.

    Parameters
    ----------
    width, height
        Half-axes, in km.
    count
        Number of vertices.
    """
    step = 2 * math.pi / count
    angles = np.arange(count) * step + rng.uniform(-0.3, 0.3, count) * step
    radius = 1 + rng.normal(0, 0.03, count)
    for wave in (2, 3, 5):
        radius += rng.normal(0, 0.07) * np.cos(wave * angles + rng.uniform(0, 2 * math.pi))
    east = centre[0] + width * radius * np.cos(angles)
    north = centre[1] + height * radius * np.sin(angles)
    return Polygon(np.column_stack([east, north]))


def draw_communes(rng: Generator) -> dict[str, Polygon]:
    """Tile the département: Voronoi cells of the town halls, with wandering borders."""
    outline = blob((-0.2, -0.2), 13.4, 11.2, 64, rng)
    seats = shapely.MultiPoint([commune.seat for commune in METROPOLITAN])
    cells = shapely.voronoi_polygons(seats, extend_to=outline).geoms
    borders = [cell.intersection(outline).boundary for cell in cells]
    arcs = sorted(lines(unary_union(borders)), key=lambda a: tuple(np.round(a.coords, 6).ravel()))
    faces = list(polygonize([wander(arc, rng) for arc in arcs]))
    return {
        commune.code: next(face for face in faces if face.contains(Point(commune.seat)))
        for commune in METROPOLITAN
    }


def lines(network: BaseGeometry) -> list[LineString]:
    """Merge the segments of a network into lines between its nodes."""
    merged = shapely.line_merge(network)
    return [part for part in shapely.get_parts(merged).tolist() if isinstance(part, LineString)]


def wander(arc: LineString, rng: Generator) -> LineString:
    """Make a border irregular between its two ends, which do not move."""
    count = max(3, round(arc.length / 0.8))
    ends = arc.coords
    inner = [arc.interpolate(k / count, normalized=True) for k in range(1, count)]
    noise = rng.normal(0, 0.13, (len(inner), 2))
    moved = [(p.x + dx, p.y + dy) for p, (dx, dy) in zip(inner, noise, strict=True)]
    return LineString([ends[0], *moved, ends[-1]])


def radius_of(quartier: Quartier) -> float:
    """Compute the mean radius of a quartier, in km, from its population."""
    return math.sqrt(quartier.population / DENSITY / math.pi)


def centre_of(quartier: Quartier, plane: dict[str, Polygon]) -> Place:
    """Place a quartier: near the town hall, or on the border when it has two communes."""
    if len(quartier.communes) > 1:
        first, second = (plane[code] for code in quartier.communes)
        (border,) = lines(first.intersection(second))
        middle = border.interpolate(0.5, normalized=True)
        inwards = LineString([middle, Point(commune_of(quartier.communes[0]).seat)])
        centre = inwards.interpolate(INWARDS * radius_of(quartier))
        return (centre.x, centre.y)
    seat = commune_of(quartier.communes[0]).seat
    return (seat[0] + quartier.offset[0], seat[1] + quartier.offset[1])


def draw_quartier(quartier: Quartier, plane: dict[str, Polygon], rng: Generator) -> MultiPolygon:
    """Draw the perimeter of a quartier, as wide as its population needs."""
    radius = radius_of(quartier)
    east, north = centre_of(quartier, plane)
    parts = [blob((east, north), radius * 1.15, radius * 0.87, 26, rng)]
    if quartier.code == TWO_PARTS:
        aside = (east - 2.4 * radius, north + 0.6 * radius)
        parts.append(blob(aside, radius * 0.5, radius * 0.4, 20, rng))
    turn = rng.uniform(0, 180)
    return affinity.rotate(MultiPolygon(parts), turn, origin=(east, north))


def draw_former(
    quartier: Quartier,
    heirs: dict[str, MultiPolygon],
    plane: dict[str, Polygon],
    rng: Generator,
) -> MultiPolygon:
    """Draw the 2015 perimeter of a place: the 2024 one when it was kept (I), else a variant."""
    heir = next((q for q in QUARTIERS_2024 if q.ancestor == quartier.code), None)
    if heir is None:
        return draw_quartier(quartier, plane, rng)
    shape = heirs[heir.code]
    if heir.code.endswith("I"):
        return shape
    ratio = math.sqrt(quartier.population / heir.population) * 0.96
    smaller = affinity.scale(shape, ratio, ratio)
    moved = affinity.translate(smaller, *rng.normal(0, 0.025, 2))
    noise = rng.normal(0, 0.012, shapely.get_num_coordinates(moved) * 2).reshape(-1, 2)
    return MultiPolygon([jitter(part, noise) for part in moved.geoms])


def jitter(part: Polygon, noise: NDArray[np.float64]) -> Polygon:
    """Move each vertex of a ring a little."""
    corners = np.asarray(part.exterior.coords)[:-1]
    return Polygon(corners + noise[: len(corners)])


def tie_bow(shape: MultiPolygon) -> MultiPolygon:
    """Cross two sides of a perimeter, as a few official ones do."""
    corners = list(shape.geoms[0].exterior.coords)
    corners[6], corners[7] = corners[7], corners[6]
    return MultiPolygon([Polygon(corners)])


def to_degrees(shape: G, origin: Place, digits: int) -> G:
    """Turn kilometres around an origin into rounded longitudes and latitudes."""
    longitude, latitude = origin
    scale = np.array([KM_PER_DEGREE * math.cos(math.radians(latitude)), KM_PER_DEGREE])
    place = np.array([longitude, latitude])
    return shapely.transform(shape, lambda points: np.round(points / scale + place, digits))


def rings(shape: BaseGeometry) -> Sequence[object]:
    """Give the coordinates of a polygon or multipolygon as GeoJSON lists."""
    coordinates = shapely.geometry.mapping(shape)["coordinates"]
    return _as_lists(coordinates)


def _as_lists(value: Sequence[object]) -> list[object]:
    return [_as_lists(item) if isinstance(item, tuple | list) else item for item in value]
