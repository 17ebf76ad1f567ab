"""Contours: repaired, measured in metres."""

from __future__ import annotations

import geopandas as gpd
import pytest
from builders import square
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from qpvkit.load.shapes import area_shares, repair

BOWTIE = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
SPIKE = Polygon([(0, 0), (1, 0), (1, 1), (2, 2), (1, 1), (0, 1)])


def frame(**shapes):
    """Return shapes by code."""
    return gpd.GeoDataFrame({"code": list(shapes)}, geometry=list(shapes.values()), crs="EPSG:4326")


def share_of(shares):
    """Return the share of each (quartier, commune)."""
    pairs = zip(shares["code"], shares["within_code"], strict=True)
    return dict(zip(pairs, shares["share"], strict=True))


# --- repair ------------------------------------------------------------------------------------


def test_sound_shapes_are_left_alone():
    shapes = gpd.GeoSeries([square(3, 50), None], crs="EPSG:4326")
    mended, count = repair(shapes)
    assert count == 0
    assert mended.equals(shapes)


def test_an_invalid_shape_is_mended_and_counted():
    shapes = gpd.GeoSeries([square(3, 50), BOWTIE, None], index=[4, 7, 9], crs="EPSG:2154")
    mended, count = repair(shapes)
    assert count == 1
    assert mended.index.tolist() == [4, 7, 9]
    assert mended.crs == shapes.crs
    assert mended.loc[7].is_valid
    assert isinstance(mended.loc[7], MultiPolygon)
    assert mended.loc[7].area == pytest.approx(2)
    assert mended.loc[4].equals(shapes.loc[4])
    assert mended.loc[9] is None


def test_lines_that_the_repair_leaves_behind_are_dropped():
    mended, count = repair(gpd.GeoSeries([SPIKE], crs="EPSG:4326"))
    assert count == 1
    assert mended.iloc[0].geom_type in ("Polygon", "MultiPolygon")
    assert mended.iloc[0].area == pytest.approx(1)


def test_the_shapes_of_the_caller_are_not_changed():
    shapes = gpd.GeoSeries([BOWTIE], crs="EPSG:4326")
    repair(shapes)
    assert not shapes.iloc[0].is_valid


# --- shares of surface -------------------------------------------------------------------------


def test_a_quartier_across_two_communes_is_shared_by_surface():
    quartiers = frame(QN05972M=box(3.00, 50.60, 3.04, 50.61))
    communes = frame(**{"59350": box(2.9, 50.5, 3.03, 50.7), "59328": box(3.03, 50.5, 3.2, 50.7)})
    shares = share_of(area_shares(quartiers, communes))
    assert shares["QN05972M", "59350"] == pytest.approx(0.75, abs=1e-3)
    assert shares["QN05972M", "59328"] == pytest.approx(0.25, abs=1e-3)


@settings(max_examples=15, deadline=None)
@given(cut=st.floats(0.02, 0.98))
def test_communes_that_tile_a_quartier_share_it_whole(cut):
    middle = 3 + 0.04 * cut
    communes = frame(
        **{"59350": box(2.9, 50.5, middle, 50.7), "59328": box(middle, 50.5, 3.2, 50.7)}
    )
    shares = area_shares(frame(QN05972M=box(3.00, 50.60, 3.04, 50.61)), communes)
    assert shares["share"].sum() == pytest.approx(1, abs=1e-4)


def test_a_sliver_of_digitisation_is_left_out():
    quartiers = frame(QN05972M=box(3.00, 50.60, 3.04, 50.61))
    communes = frame(
        **{"59350": box(2.9, 50.5, 3.0399, 50.7), "59328": box(3.0399, 50.5, 3.2, 50.7)}
    )
    assert area_shares(quartiers, communes)["within_code"].tolist() == ["59350"]


def test_a_neighbour_that_only_touches_has_no_share():
    quartiers = frame(QN05972M=square(3.00, 50.60))
    communes = frame(**{"59350": square(3.00, 50.60), "59328": square(3.01, 50.60)})
    assert area_shares(quartiers, communes)["within_code"].tolist() == ["59350"]


def test_overseas_quartiers_are_measured_in_their_own_projection():
    quartiers = frame(
        QN05972M=box(3.00, 50.60, 3.02, 50.61),
        QN97401M=box(55.40, -20.90, 55.42, -20.89),
        QN97301M=box(-52.32, 4.92, -52.30, 4.93),
    )
    communes = frame(
        **{
            "59350": box(2.9, 50.5, 3.01, 50.7), "59328": box(3.01, 50.5, 3.2, 50.7),
            "97411": box(55.3, -21, 55.41, -20.8), "97415": box(55.41, -21, 55.5, -20.8),
            "97302": box(-52.4, 4.8, -52.31, 5), "97307": box(-52.31, 4.8, -52.2, 5),
        }
    )  # fmt: skip
    shares = area_shares(quartiers, communes)
    assert len(shares) == 6
    assert shares["share"].to_numpy() == pytest.approx([0.5] * 6, abs=1e-3)


def test_a_quartier_outside_the_communes_has_no_share():
    shares = area_shares(frame(QN05972M=square(3, 50)), frame(**{"13055": square(5.3, 43.3)}))
    assert shares.empty
    assert list(shares.columns) == ["code", "within_code", "share"]


def test_without_quartier_there_is_no_share():
    shares = area_shares(frame(), frame(**{"59350": square(3, 50)}))
    assert shares.empty
