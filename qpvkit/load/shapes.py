"""Contours: repair what is invalid, measure what overlaps."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

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
    mended = shapes.copy()
    mended.loc[wrong] = shapes.loc[wrong].make_valid().map(_polygons)
    return mended, int(wrong.sum())


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
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
    for epsg, group in quartiers.groupby(crs.to_numpy()):
        flat = group[["code", "geometry"]].to_crs(int(epsg))
        cut = gpd.overlay(
            flat,
            communes[["code", "geometry"]]
            .rename(columns={"code": "within_code"})
            .to_crs(int(epsg)),
            how="intersection",
            keep_geom_type=True,
        )
        whole = flat.set_index("code").area
        cut["share"] = cut.area / cut["code"].map(whole)
        pieces.append(cut[["code", "within_code", "share"]])
    if not pieces:
        return pd.DataFrame({"code": [], "within_code": [], "share": []})
    shares = pd.concat(pieces, ignore_index=True)
    shares = shares.groupby(["code", "within_code"], as_index=False)["share"].sum()
    return shares.loc[shares["share"] > 0.005].reset_index(drop=True)
