"""Contours: repair what is invalid, measure what overlaps."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from qpvkit.codes import departement_of, metric_crs


def repair(shapes: gpd.GeoSeries) -> tuple[gpd.GeoSeries, int]:
    """Make every polygon valid and count those that were not.

    Lines and points that the repair leaves behind are dropped: a quartier is a surface.

    Returns
    -------
    tuple
        The sound polygons, same index and CRS, and the number repaired.
    """
    wrong = ~shapes.is_valid & shapes.notna()
    if not wrong.any():
        return shapes, 0
    mended = [
        _polygons(shapely.make_valid(shape)) if bad else shape
        for shape, bad in zip(shapes.to_numpy(), wrong.to_numpy(), strict=True)
    ]
    return gpd.GeoSeries(mended, index=shapes.index, crs=shapes.crs), int(wrong.sum())


def _polygons(shape: BaseGeometry) -> BaseGeometry:
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    kept = [
        part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")
    ]
    return shapely.union_all(kept)


def area_shares(quartiers: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share the surface of each quartier between the communes that it crosses.

    A surface is not a population: the share orders the communes of a quartier, and says so.

    Parameters
    ----------
    quartiers, communes
        Columns ``code`` and ``geometry``, EPSG:4326.

    Returns
    -------
    pandas.DataFrame
        Columns ``code``, ``within_code``, ``share`` (0 to 1); pairs under 0.5 % are slivers of
        digitisation and left out.
    """
    pieces = []
    crs = quartiers["code"].map(lambda code: metric_crs(departement_of(code, "qp")))
    for epsg in sorted(set(crs)):
        flat = quartiers.loc[crs.eq(epsg), ["code", "geometry"]].to_crs(epsg)
        cut = gpd.overlay(
            flat,
            communes[["code", "geometry"]].rename(columns={"code": "within_code"}).to_crs(epsg),
            how="intersection",
            keep_geom_type=True,
        )
        whole = dict(zip(flat["code"], flat.geometry.area, strict=True))
        pieces.append(
            pd.DataFrame(
                {
                    "code": cut["code"],
                    "within_code": cut["within_code"],
                    "share": cut.geometry.area / cut["code"].map(whole).astype("float64"),
                }
            )
        )
    if not pieces:
        return pd.DataFrame({"code": [], "within_code": [], "share": []})
    stacked = pd.concat(pieces, ignore_index=True)
    shares = stacked.groupby(["code", "within_code"])["share"].sum().reset_index()
    return shares.loc[shares["share"] > 0.005].reset_index(drop=True)
