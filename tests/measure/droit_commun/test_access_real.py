"""France services around the 204 quartiers of région 32, from the official files."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import qpvkit as qk
from qpvkit.measure.droit_commun.access import access_sensitivity, accessibility
from qpvkit.measure.droit_commun.people import project_points, project_shapes, spread_people
from qpvkit.measure.droit_commun.rules import AccessRules

pytestmark = pytest.mark.real

RULES = AccessRules.from_catalogue(qk.load_catalogue())
HAUTS_DE_FRANCE = ["02", "59", "60", "62", "80"]


@pytest.fixture(scope="module")
def quartiers(real_files: Path) -> pd.DataFrame:
    contours = gpd.read_file(real_files / "qpv-2024/contours/qpv2024_simplified.geojson")
    compiled = pd.read_csv(real_files / "qpv-2024/indicateurs-compiles/analyse_qpv.csv")
    population = compiled.drop_duplicates("codeQPV").set_index("codeQPV")["popMuniQPV"]
    region = contours.loc[contours["insee_reg"].eq("32")]
    region = region.rename(columns={"code_qp": "code", "insee_dep": "departement"})
    return project_shapes(region.assign(kind="qp", population=region["code"].map(population)))


@pytest.fixture(scope="module")
def france_services(real_files: Path) -> pd.DataFrame:
    path = real_files / "services/liste-fs-20240801.csv"
    table = pd.read_csv(path, dtype={"insee_dep": "str"})
    places = project_points(table["longitude"], table["latitude"], departements=table["insee_dep"])
    return places.assign(type="france_services", departement=table["insee_dep"])


@pytest.fixture(scope="module")
def found(quartiers: pd.DataFrame, france_services: pd.DataFrame) -> pd.DataFrame:
    people = spread_people(quartiers, spacing=RULES.spacing)
    return accessibility(people, services=france_services, rules=RULES)


def test_every_quartier_and_every_resident_is_there(found, france_services):
    """204 quartiers and 753 115 inhabitants (INSEE); 205 France services in the région (ANCT)."""
    assert len(found) == 204
    assert found["people"].sum() == pytest.approx(753_115)
    assert france_services["departement"].isin(HAUTS_DE_FRANCE).sum() == 205


def test_one_resident_in_five_is_ten_minutes_from_a_france_services(found):
    residents = (found["within"] * found["people"]).sum()
    assert residents / found["people"].sum() == pytest.approx(0.19, abs=0.01)
    assert found["within"].gt(0).sum() == pytest.approx(62, abs=2)
    assert found["evidence_grade"].eq("C").all()  # spread in the perimeter, and said so
    assert found["supply"].isna().all()  # nobody else than the quartiers is given


def test_the_points_give_the_share_of_area_that_shapely_gives(found, quartiers, france_services):
    """An independent way: discs of 800 m / 1.3 around the services, cut by each perimeter."""
    here = france_services.loc[france_services["crs"].eq(2154)]
    points = shapely.points(here["x"].to_numpy(), here["y"].to_numpy())
    discs = shapely.buffer(points, RULES.walk / RULES.detour, quad_segs=64)
    tree = shapely.STRtree(discs)
    shares = []
    for shape in quartiers["geometry"]:
        near = shapely.union_all(discs[tree.query(shape, predicate="intersects")])
        shares.append(shapely.area(shapely.intersection(near, shape)) / shapely.area(shape))
    expected = pd.Series(shares, index=quartiers["code"])
    gap = found.set_index("code")["within"] - expected
    assert gap.abs().max() < 0.06
    assert abs(np.average(gap, weights=found.set_index("code")["people"])) < 0.003


def test_a_quartier_with_a_france_services_inside_has_one_in_reach(
    found, quartiers, france_services
):
    x, y = france_services["x"].to_numpy(), france_services["y"].to_numpy()
    lambert = france_services["crs"].eq(2154).to_numpy()
    inside = [
        bool((shapely.contains_xy(shape, x, y) & lambert).any()) for shape in quartiers["geometry"]
    ]
    assert sum(inside) == 35
    reached = found.set_index("code")["within"].reindex(quartiers["code"]).to_numpy()
    assert (reached[np.array(inside)] > 0).all()


def test_the_radius_changes_the_answer_and_is_shown(quartiers, france_services):
    people = spread_people(quartiers, spacing=RULES.spacing)
    table = access_sensitivity(people, services=france_services, rules=RULES)
    residents = (table["within"] * table["people"]).groupby(table["reach"]).sum() / 753_115
    assert residents.to_numpy() == pytest.approx([0.10, 0.25, 0.49], abs=0.01)
