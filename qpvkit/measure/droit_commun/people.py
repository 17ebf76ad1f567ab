"""Points that stand for residents: cells of the 200 m grid, or points spread in a perimeter.

Coordinates are metres in the legal projection of the département, whose EPSG code travels with
each point: nothing is ever measured between two projections.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from qpvkit.codes import metric_crs
from qpvkit.measure.droit_commun.inputs import refuse_rows, require_columns
from qpvkit.measure.droit_commun.intervals import Floats

PEOPLE_COLUMNS: Final = ("kind", "code", "x", "y", "crs", "people", "origin")
_SLIVER: Final = 1e-9  # share of a cell under which two borders touch and do not overlap
_NAME: Final = "Répartition de la population"


def project_points(
    longitude: Iterable[float], latitude: Iterable[float], *, departements: Iterable[str]
) -> pd.DataFrame:
    """Project points to the metric coordinates of their département.

    Parameters
    ----------
    longitude, latitude
        Degrees (EPSG:4326).
    departements
        Code of the département of each point.

    Returns
    -------
    pandas.DataFrame
        ``x, y`` in metres and ``crs``, the EPSG code.

    Examples
    --------
    >>> project_points([3.06], [50.63], departements=["59"]).round().iloc[0].astype(int).tolist()
    [704252, 7059226, 2154]
    """
    from pyproj import Transformer  # noqa: PLC0415 - slow to import

    codes = pd.Series(list(departements), dtype="str")
    crs = codes.map({code: metric_crs(code) for code in codes.unique()}).to_numpy(np.int64)
    east, north = np.array(list(longitude), float), np.array(list(latitude), float)
    x, y = np.full(len(crs), np.nan), np.full(len(crs), np.nan)
    for code in np.unique(crs):
        here = crs == code
        transformer = Transformer.from_crs(4326, int(code), always_xy=True)
        x[here], y[here] = transformer.transform(east[here], north[here])
    return pd.DataFrame({"x": x, "y": y, "crs": crs})


def project_shapes(perimeters: gpd.GeoDataFrame) -> pd.DataFrame:
    """Project perimeters to the metric coordinates of their département, and repair them.

    Parameters
    ----------
    perimeters
        ``kind, code, departement, geometry`` in EPSG:4326, and any other column.

    Returns
    -------
    pandas.DataFrame
        The same rows, the geometry as plain shapely objects in metres, and ``crs``.
    """
    require_columns(perimeters, ["kind", "code", "departement"], measure=_NAME)
    crs = perimeters["departement"].map(metric_crs).astype("int64")
    shapes = pd.Series(index=perimeters.index, dtype="object")
    for code in crs.unique():
        here = crs.eq(code)
        local = gpd.GeoDataFrame(perimeters.loc[here])
        shapes[here] = list(local.to_crs(int(code)).geometry)
    table = pd.DataFrame(perimeters.drop(columns=str(perimeters.geometry.name)))
    return table.assign(crs=crs, geometry=shapely.make_valid(shapes.to_numpy(dtype=object)))


def spread_people(perimeters: pd.DataFrame, *, spacing: float) -> pd.DataFrame:
    """Spread the population of each perimeter evenly: where residents live inside is not known.

    Parameters
    ----------
    perimeters
        ``kind, code, crs, geometry`` in metres (see `project_shapes`), ``population``, and
        optionally ``need``, the people in need, spread alike.
    spacing
        Step of the points, in metres; a perimeter that no point falls in gets one, inside it.

    Returns
    -------
    pandas.DataFrame
        Columns `PEOPLE_COLUMNS` (and ``need``), ``origin`` being ``spread``. Each perimeter keeps
        its population.

    Raises
    ------
    MeasureRefusedError
        A population is missing or negative.

    Examples
    --------
    >>> square = pd.DataFrame({"kind": "qp", "code": ["QN09901M"], "crs": 2154,
    ...     "population": [1200.0], "geometry": [shapely.box(0, 0, 200, 100)]})
    >>> points = spread_people(square, spacing=50)
    >>> len(points), float(points["people"].sum())
    (8, 1200.0)
    """
    require_columns(perimeters, ["kind", "code", "crs", "population", "geometry"], measure=_NAME)
    refuse_rows(
        perimeters, ~perimeters["population"].ge(0), measure=_NAME,
        problem="population inconnue ou négative", expected="une population par périmètre.",
    )  # fmt: skip
    points = [_lattice(shape, spacing) for shape in perimeters["geometry"]]
    counts = np.array([len(item) for item in points], dtype=np.int64)
    rows = perimeters.loc[perimeters.index.repeat(counts)].reset_index(drop=True)
    places = np.concatenate(points) if points else np.empty((0, 2))
    each = np.repeat(counts, counts)
    rows = rows.assign(
        x=places[:, 0], y=places[:, 1], people=rows["population"].to_numpy(float) / each,
        origin="spread",
    )  # fmt: skip
    if "need" not in rows:
        return rows[list(PEOPLE_COLUMNS)]
    return rows.assign(need=rows["need"].to_numpy(float) / each)[[*PEOPLE_COLUMNS, "need"]]


def place_people(
    cells: pd.DataFrame, *, perimeters: pd.DataFrame, outside: str = "epci", side: float = 200.0
) -> pd.DataFrame:
    """Split the people of grid cells between the perimeters that they meet and what is around.

    A cell across a border gives each side the people of its share of area, at the centre of that
    share; nobody is lost or counted twice.

    Parameters
    ----------
    cells
        ``x, y`` (centre, metres), ``crs``, ``people``, ``around``, the code of the territory of
        `outside` in which the cell stands, and optionally ``need``, the people in need.
    perimeters
        ``kind, code, crs, geometry`` in metres; they do not overlap.
    outside
        Kind of the territory that holds what no perimeter covers; its code is ``around``.
    side
        Side of a cell, in metres.

    Returns
    -------
    pandas.DataFrame
        Columns `PEOPLE_COLUMNS` (and ``need``), ``origin`` being ``grid``.

    Examples
    --------
    >>> cells = pd.DataFrame({"x": [100.0], "y": [100.0], "crs": 2154, "people": [80.0],
    ...     "around": "200093201"})
    >>> quartier = pd.DataFrame({"kind": "qp", "code": ["QN09901M"], "crs": 2154,
    ...     "geometry": [shapely.box(0, 0, 50, 200)]})
    >>> place_people(cells, perimeters=quartier)[["code", "people"]].to_numpy().tolist()
    [['QN09901M', 20.0], ['200093201', 60.0]]
    """
    require_columns(cells, ["x", "y", "crs", "people", "around"], measure=_NAME)
    require_columns(perimeters, ["kind", "code", "crs", "geometry"], measure=_NAME)
    cells = cells.reset_index(drop=True)
    pieces = [_cut(cells, around, side) for _, around in perimeters.groupby("crs")]
    inside = pd.concat(pieces, ignore_index=True) if pieces else _cut(cells[:0], perimeters, side)
    cell, share = inside["cell"].to_numpy(np.int64), inside["share"].to_numpy(float)
    covered = np.bincount(cell, share, minlength=len(cells))
    counts = ["people", *(["need"] if "need" in cells else [])]
    kept = share / np.maximum(covered, 1.0)[cell]
    rest = cells.rename(columns={"around": "code"}).assign(kind=outside)
    for name in counts:
        number = cells[name].to_numpy(float)
        inside[name] = number[cell] * kept
        rest[name] = number * np.maximum(1.0 - covered, 0.0)
    inside["crs"] = cells["crs"].to_numpy()[cell]
    result = pd.concat([inside, rest.loc[covered < 1 - _SLIVER]], ignore_index=True)
    columns = [*PEOPLE_COLUMNS, *counts[1:]]
    return result.assign(origin="grid").reindex(columns=columns)


def _cut(cells: pd.DataFrame, perimeters: pd.DataFrame, side: float) -> pd.DataFrame:
    """Return the pieces of cells that perimeters of one projection cover, each at its centre."""
    local = cells.loc[cells["crs"].isin(perimeters["crs"])]
    x, y = local["x"].to_numpy(float), local["y"].to_numpy(float)
    half = side / 2
    boxes = np.asarray(shapely.box(x - half, y - half, x + half, y + half))
    shapes = perimeters["geometry"].to_numpy(dtype=object)
    shape, box = shapely.STRtree(boxes).query(shapes, predicate="intersects")
    shared = shapely.intersection(boxes[box], shapes[shape])
    share = shapely.area(shared) / side**2
    kept = share > _SLIVER
    centre = shapely.centroid(shared[kept])
    owners = perimeters[["kind", "code"]].iloc[shape[kept]].reset_index(drop=True)
    placed: pd.DataFrame = owners.assign(
        x=shapely.get_x(centre), y=shapely.get_y(centre), share=share[kept],
        cell=local.index.to_numpy()[box[kept]],
    )  # fmt: skip
    return placed


def _lattice(shape: BaseGeometry, spacing: float) -> Floats:
    """Return the points of a regular lattice that fall in a shape, or one point inside it."""
    west, south, east, north = shape.bounds
    columns = np.arange(west + spacing / 2, max(east, west + spacing), spacing)
    rows = np.arange(south + spacing / 2, max(north, south + spacing), spacing)
    grid: npt.NDArray[np.float64] = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    shapely.prepare(shape)
    inside = grid[shapely.contains_xy(shape, grid[:, 0], grid[:, 1])]
    if len(inside):
        return inside
    point = shape.representative_point()
    return np.array([[point.x, point.y]])
