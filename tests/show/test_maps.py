"""The map: what it draws, in which projection, how it says where."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from fakes import contours, diagnostic, empty, plain
from shapely.affinity import translate
from shapely.geometry import GeometryCollection, Point, box

from qpvkit.load.territories import Territory
from qpvkit.show.blocks import Note
from qpvkit.show.maps import _frame_of, _round_length, map_quartier


def texts(chart) -> list[str]:
    return [plain(text.get_text()) for text in chart.figure.axes[0].texts]


def test_map_names_the_quartier_and_its_communes():
    assert {"Les Lilas", "Lille", "Arras", "autres quartiers prioritaires"} <= set(
        texts(map_quartier(diagnostic()))
    )


def test_alternative_text_says_where():
    alt = plain(map_quartier(diagnostic()).alt)
    assert "à cheval sur les communes de Lille et d'Arras" in alt
    assert "1 autre quartier prioritaire sur la carte" in alt


def test_lone_quartier_is_said_alone():
    d = diagnostic()
    chart = map_quartier(diagnostic(contours=d.contours.iloc[:2]))
    assert "Aucun autre quartier prioritaire sur la carte" in plain(chart.alt)
    assert "dans la commune de Lille" in plain(chart.alt)
    assert "autres quartiers prioritaires" not in texts(chart)


def test_no_contour_gives_a_note():
    d = diagnostic()
    assert isinstance(map_quartier(diagnostic(contours=empty(d.contours))), Note)
    assert isinstance(map_quartier(diagnostic(contours=d.contours.iloc[1:])), Note)


def test_an_empty_contour_gives_a_note_or_is_left_out_of_the_map_of_another():
    d = diagnostic()
    nothing = d.contours.geometry.where(~d.contours["focus"], GeometryCollection())
    note = map_quartier(diagnostic(contours=d.contours.set_geometry(nothing)))
    assert isinstance(note, Note)
    assert "vide dans le fichier officiel" in plain(note.text)
    both = gpd.GeoDataFrame(pd.concat([d.contours, d.contours.set_geometry(nothing).iloc[:1]]))
    assert "Les Lilas" in texts(map_quartier(diagnostic(contours=both)))


def test_scale_bar_is_true():
    d = diagnostic()
    chart = map_quartier(d)
    frame, _ = _frame_of(d.contours.to_crs(2154))
    words = next(text for text in texts(chart) if text.endswith(" km"))
    kilometres = float(words.removesuffix(" km").replace(",", "."))
    bar = chart.figure.axes[0].collections[-1].get_segments()[0]
    assert np.ptp(bar[:, 0]) == pytest.approx(kilometres * 1000 * frame.scale)


def test_overseas_uses_the_legal_projection():
    """In Lambert-93, a circle of La Réunion would be an ellipse thousands of kilometres away."""
    ground = gpd.GeoDataFrame(
        {
            "kind": ["qp", "commune"], "code": ["QN97401M", "97411"],
            "label": ["Rond", "Saint-Denis"], "focus": [True, False],
        },
        geometry=[Point(340_000, 7_690_000).buffer(400), box(337e3, 7_687e3, 343e3, 7_693e3)],
        crs=2975,
    ).to_crs(4326)  # fmt: skip
    place = Territory(kind="qp", code="QN97401M", label="Rond", zoning=2024)
    chart = map_quartier(diagnostic(contours=ground, territory=place))
    outline = max((patch.get_path() for patch in chart.figure.axes[0].patches[:-1]), key=len)
    width, height = np.ptp(outline.vertices[outline.codes != 79], axis=0)
    assert width == pytest.approx(height, rel=0.02)


def test_holes_are_kept():
    paths = [p.get_path() for p in map_quartier(diagnostic()).figure.axes[0].patches]
    assert any((path.codes == 79).sum() == 2 for path in paths if path.codes is not None)


def test_speck_is_circled():
    shapes = contours()
    shapes.loc[0, "geometry"] = box(3.05, 50.60, 3.0505, 50.6003)
    far = translate(shapes.geometry.iloc[2], xoff=0.3)
    shapes.loc[2, "geometry"] = far
    plain_map, circled = map_quartier(diagnostic()), map_quartier(diagnostic(contours=shapes))
    count = [len(chart.figure.axes[0].patches) for chart in (plain_map, circled)]
    assert count[1] == count[0] + 1


@pytest.mark.parametrize("metres", [99.0, 730.0, 2400.0, 50_000.0])
def test_round_length_is_below_and_not_far(metres):
    assert metres / 2.6 < _round_length(metres) <= metres
    assert math.log10(_round_length(metres)) % 1 == pytest.approx(
        min((math.log10(k) for k in (1, 2, 5)), key=lambda v: abs(
            v - math.log10(_round_length(metres)) % 1)), abs=1e-9)  # fmt: skip
