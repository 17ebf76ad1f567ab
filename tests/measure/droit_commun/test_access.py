"""Access to services: PySAL's figures, conservation, distances, refusals."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from access import Access, weights
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from qpvkit.errors import MeasureRefusedError
from qpvkit.measure.droit_commun.access import (
    ACCESS_COLUMNS,
    access_sensitivity,
    accessibility,
    compare_access,
)
from qpvkit.measure.droit_commun.catchment import floating_catchment, step_weights
from qpvkit.measure.droit_commun.people import (
    PEOPLE_COLUMNS,
    place_people,
    project_points,
    project_shapes,
    spread_people,
)
from qpvkit.measure.droit_commun.rules import AccessRules

RULES = AccessRules(
    walk=800, detour=1.3, radii=(500, 1000, 2000), decay=(1.0, 0.68, 0.22), spacing=50
)
STRAIGHT = AccessRules(
    walk=800, detour=1.0, radii=(500, 1000, 2000), decay=(1.0, 0.68, 0.22), spacing=50
)


def people(rows, origin="grid"):
    """Return points: kind, code, x, people (y = 0, Lambert-93)."""
    table = pd.DataFrame(rows, columns=["kind", "code", "x", "people"])
    return table.assign(y=0.0, crs=2154, origin=origin)


def services(rows):
    """Return services: type, x, capacity (y = 0, Lambert-93)."""
    return pd.DataFrame(rows, columns=["type", "x", "capacity"]).assign(y=0.0, crs=2154)


def town(seed, homes=60, posts=25):
    rng = np.random.default_rng(seed)
    place = pd.DataFrame(
        {
            "kind": np.where(np.arange(homes) < 20, "qp", "epci"),
            "code": np.where(np.arange(homes) < 20, "QN09901M", "200000001"),
            "x": rng.uniform(0, 3000, homes),
            "y": rng.uniform(0, 3000, homes),
            "crs": 2154,
            "people": rng.integers(1, 300, homes).astype(float),
            "origin": "grid",
        }
    )
    offer = pd.DataFrame(
        {
            "type": rng.choice(["poste", "creche"], posts),
            "x": rng.uniform(0, 3000, posts),
            "y": rng.uniform(0, 3000, posts),
            "crs": 2154,
            "capacity": rng.integers(1, 9, posts).astype(float),
        }
    )
    return place, offer


# --- published cases ---------------------------------------------------------------------------

# PySAL access, tests/test_hospital_example.py (BSD-3): demand 100, 50, 10; supply 15, 20, 100;
# weight 1/cost, pairs beyond 61 left out. Costs: own place 1; 1–3, 2–3, 3–1 and 3–2 as given.
HOSPITAL = [
    ((40, 40, 40, 40), (0.3314441169802766, 0.5798281320669381, 7.286418169862544)),
    ((20, 20, 40, 40), (0.43534022087638047, 0.683724235963042, 5.727976611420986)),
    ((40, 40, 20, 20), (0.3310719131614654, 0.5778577857785778, 7.299991939492457)),
]


@pytest.mark.parametrize(("costs", "expected"), HOSPITAL)
def test_hospital_example_of_pysal(costs, expected):
    person = np.array([0, 1, 2, 0, 1, 2, 2])
    service = np.array([0, 1, 2, 2, 2, 0, 1])
    found = floating_catchment(
        np.array([100.0, 50.0, 10.0]),
        capacity=np.array([15.0, 20.0, 100.0]),
        person=person,
        service=service,
        weight=1 / np.array([1.0, 1, 1, *costs]),
    )
    assert found == pytest.approx(expected, rel=1e-12)


def test_hospital_example_with_the_two_nearer_places():
    person, service = np.array([0, 1, 2, 0, 1, 2, 2, 0, 1]), np.array([0, 1, 2, 2, 2, 0, 1, 1, 0])
    found = floating_catchment(
        np.array([100.0, 50.0, 10.0]), capacity=np.array([15.0, 20.0, 100.0]), person=person,
        service=service, weight=1 / np.array([1.0, 1, 1, 20, 20, 20, 20, 40, 40]),
    )  # fmt: skip
    expected = (0.44256839539858406, 0.6667582799658271, 5.7405246461850234)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", [1, 44])
@pytest.mark.parametrize("decay", [(1.0,), (1.0, 0.68, 0.22)])
def test_supply_is_that_of_pysal_access(seed, decay):
    """The installed PySAL package, on the same points: 2SFCA and enhanced 2SFCA."""
    place, offer = town(seed)
    offer = offer.assign(type="poste")
    distance = cdist(place[["x", "y"]], offer[["x", "y"]])
    origin, dest = np.meshgrid(range(len(place)), range(len(offer)), indexing="ij")
    cost = pd.DataFrame({"origin": origin.ravel(), "dest": dest.ravel(), "cost": distance.ravel()})
    for table in (place, offer):
        table.index.name = "geoid"
    peer = Access(
        demand_df=place, demand_index=True, demand_value="people", supply_df=offer,
        supply_index=True, supply_value="capacity", cost_df=cost, cost_origin="origin",
        cost_dest="dest", cost_name="cost",
    )  # fmt: skip
    steps = {1000 * (n + 1) / len(decay): weight for n, weight in enumerate(decay)}
    expected = peer.two_stage_fca(name="f", max_cost=1000, weight_fn=weights.step_fn(steps))[
        "f_capacity"
    ].fillna(0)
    rules = AccessRules(walk=800, detour=1, radii=(500, 1000, 2000), decay=decay, spacing=50)
    each = place.assign(code=[f"{n:03}" for n in range(len(place))])
    found = accessibility(each, services=offer, rules=rules).sort_values("code")
    assert found["supply"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-10)


def test_a_step_holds_its_far_end():
    found = step_weights(np.array([1.0, 1.5, 2, 3, 3.01]), radius=3, decay=(1.0, 0.68, 0.22))
    assert found.tolist() == [1, 0.68, 0.68, 0.22, 0]


# --- measures ----------------------------------------------------------------------------------


def test_worked_example():
    """900 at 600 m as the crow flies walk 780 m; 100 at 700 m walk 910 m, beyond ten minutes."""
    homes = people([("qp", "Q", 0, 900), ("qp", "Q", -100, 100), ("epci", "E", 4000, 5000)])
    found = accessibility(homes, services=services([("poste", 600, 2)]), rules=RULES)
    row = found.set_index("code").loc["Q"]
    assert (row["within"], row["nearest"], row["people"]) == pytest.approx((0.9, 780.0, 1000.0))
    # all within 1 000 m on foot, third step: 2 posts for 1 000 people, weights cancel but for one
    assert row["supply"] == pytest.approx(2 / 1000)
    assert tuple(found.columns) == ACCESS_COLUMNS


def test_a_near_service_may_be_short_of_supply():
    """Both at 100 m from a post of the same size, shared with 10 000 people in the first case."""
    homes = people([("qp", "Q", 0, 1000), ("epci", "E", 100, 9000), ("epci", "F", 9000, 1000)])
    offer = services([("poste", 100, 1), ("poste", 9000, 1)])
    found = accessibility(homes, services=offer, rules=RULES).set_index("code")
    assert found["within"].tolist() == [1, 1, 1]
    assert found.loc["Q", "supply"] == pytest.approx(found.loc["F", "supply"] / 10)


def test_need_replaces_people_in_the_supply_only():
    homes = people([("qp", "Q", 0, 1000), ("epci", "E", 100, 1000)]).assign(need=[300.0, 100.0])
    row = accessibility(homes, services=services([("poste", 50, 4)]), rules=RULES).iloc[1]
    assert (row["supply"], row["people"]) == pytest.approx((4 / 400, 1000))


def test_quartiers_alone_have_no_supply_since_nobody_competes():
    homes = people([("qp", "Q", 0, 1000)], origin="spread")
    row = accessibility(homes, services=services([("poste", 50, 4)]), rules=RULES).iloc[0]
    assert np.isnan(row["supply"])
    assert (row["within"], row["evidence_grade"]) == (1.0, "C")


def test_the_share_within_grows_with_the_radius():
    place, offer = town(3)
    found = access_sensitivity(place, services=offer, rules=RULES)
    assert sorted(found["reach"].unique()) == [500, 1000, 2000]
    for _, rows in found.groupby(["code", "service"]):
        assert rows["within"].is_monotonic_increasing
        assert rows["nearest"].eq(rows["nearest"].iloc[0]).all()


def test_nothing_is_measured_between_two_projections():
    homes = people([("qp", "Q", 0, 100), ("epci", "E", 0, 100)])
    offer = services([("poste", 0, 1)]).assign(crs=2975)
    found = accessibility(homes, services=offer, rules=RULES)
    assert found["within"].eq(0).all()
    assert found["nearest"].isna().all()
    assert found["supply"].eq(0).all()


def test_no_service_gives_an_empty_table_with_its_columns():
    found = accessibility(people([("qp", "Q", 0, 1)]), services=services([]), rules=RULES)
    assert (len(found), tuple(found.columns)) == (0, ACCESS_COLUMNS)


def test_the_rest_of_the_epci_is_beside_the_quartier():
    place, offer = town(9)
    found = accessibility(place, services=offer, rules=RULES)
    pairs = pd.DataFrame(
        [("qp", "QN09901M", "epci", "200000001"), ("qp", "QN09901M", "epci", "absent")],
        columns=["kind", "code", "reference_kind", "reference_code"],
    )
    compared = compare_access(found, pairs=pairs)
    assert len(compared) == 2 * found["service"].nunique()
    known = compared.loc[compared["reference_code"].eq("200000001")]
    assert (known["within_gap"] == known["within"] - known["reference_within"]).all()
    missing = compared.loc[compared["reference_code"].eq("absent")]
    assert missing["supply_ratio"].isna().all()


# --- properties --------------------------------------------------------------------------------


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 999))
def test_all_that_is_offered_in_reach_goes_to_someone(seed):
    place, offer = town(seed)
    found = accessibility(place, services=offer, rules=STRAIGHT)
    near = cdist(offer[["x", "y"]], place[["x", "y"]]).min(axis=1) <= 1000
    expected = offer["capacity"].where(near, 0).groupby(offer["type"]).sum()
    given_out = (found["supply"] * found["people"]).groupby(found["service"]).sum()
    assert given_out.to_numpy() == pytest.approx(expected.to_numpy())


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 999))
def test_distances_are_those_of_every_pair(seed):
    place, offer = town(seed)
    found = accessibility(place, services=offer, rules=STRAIGHT)
    for _, row in found.iterrows():
        mine = place.loc[place["code"].eq(row["code"])]
        posts = offer.loc[offer["type"].eq(row["service"])]
        nearest = cdist(mine[["x", "y"]], posts[["x", "y"]]).min(axis=1)
        weight = mine["people"].to_numpy()
        assert row["within"] == pytest.approx(weight[nearest <= 800].sum() / weight.sum())
        repeated = np.repeat(nearest, weight.astype(int))
        median = np.quantile(repeated, 0.5, method="inverted_cdf")
        assert row["nearest"] == pytest.approx(median)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 999), east=st.floats(-1e5, 1e5), scale=st.floats(0.1, 100))
def test_order_origin_and_units_do_not_matter(seed, east, scale):
    place, offer = town(seed)
    moved = place.sample(frac=1, random_state=seed).assign(x=lambda t: t["x"] + east)
    bigger = offer.sample(frac=1, random_state=seed).assign(
        x=lambda t: t["x"] + east, capacity=lambda t: t["capacity"] * scale
    )
    one = accessibility(place, services=offer, rules=RULES)
    two = accessibility(moved, services=bigger, rules=RULES)
    two["supply"] /= scale
    pd.testing.assert_frame_equal(one, two, rtol=1e-6)


# --- where people live --------------------------------------------------------------------------


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 999))
def test_cells_are_split_without_losing_anybody(seed):
    rng = np.random.default_rng(seed)
    column, row = np.meshgrid(np.arange(100, 2000, 200.0), np.arange(100, 2000, 200.0))
    cells = pd.DataFrame(
        {"x": column.ravel(), "y": row.ravel(), "crs": 2154,
         "people": rng.integers(0, 99, column.size), "around": "200000001"}
    )  # fmt: skip
    shapes = [
        shapely.Point(rng.uniform(0, 2000, 2)).buffer(rng.uniform(10, 400)) for _ in range(4)
    ]  # they may overlap, as simplified contours do
    quartiers = pd.DataFrame({"kind": "qp", "code": list("abcd"), "crs": 2154, "geometry": shapes})
    found = place_people(cells, perimeters=quartiers)
    assert found["people"].sum() == pytest.approx(cells["people"].sum())
    assert found["people"].ge(0).all()
    assert tuple(found.columns) == PEOPLE_COLUMNS
    inside = found.loc[found["kind"].eq("qp")]
    by_code = dict(zip("abcd", shapes, strict=True))
    for _, point in inside.iterrows():
        assert shapely.Point(point["x"], point["y"]).distance(by_code[point["code"]]) < 100


def test_a_cell_across_a_border_is_shared_by_area():
    cells = pd.DataFrame({"x": [100.0], "y": 100.0, "crs": 2154, "people": 80.0, "around": "E"})
    quartier = pd.DataFrame(
        {"kind": "qp", "code": ["Q"], "crs": 2154, "geometry": [shapely.box(0, 0, 50, 200)]}
    )
    found = place_people(cells, perimeters=quartier)
    assert found[["kind", "code", "people"]].to_numpy().tolist() == [
        ["qp", "Q", 20.0], ["epci", "E", 60.0],
    ]  # fmt: skip
    assert found["x"].tolist() == [25.0, 100.0]


def test_cells_of_another_projection_stay_outside():
    cells = pd.DataFrame({"x": [100.0], "y": 100.0, "crs": 2975, "people": 80.0, "around": "E"})
    quartier = pd.DataFrame(
        {"kind": "qp", "code": ["Q"], "crs": 2154, "geometry": [shapely.box(0, 0, 999, 999)]}
    )
    assert place_people(cells, perimeters=quartier)["code"].tolist() == ["E"]


def test_spread_points_are_inside_and_keep_the_population():
    shape = shapely.Polygon([(0, 0), (400, 0), (0, 300)])
    crumb = shapely.box(0, 0, 1, 1)
    quartiers = pd.DataFrame(
        {"kind": "qp", "code": ["Q", "R"], "crs": 2154, "geometry": [shape, crumb],
         "population": [1234.0, 10.0]}
    )  # fmt: skip
    found = spread_people(quartiers, spacing=50)
    assert found.groupby("code")["people"].sum().tolist() == pytest.approx([1234.0, 10.0])
    assert found["origin"].eq("spread").all()
    for code, around in (("Q", shape), ("R", crumb)):
        mine = found.loc[found["code"].eq(code)]
        assert shapely.contains_xy(around, mine["x"], mine["y"]).all()
        assert mine["people"].eq(mine["people"].iloc[0]).all()
    with pytest.raises(MeasureRefusedError, match="population inconnue"):
        spread_people(quartiers.assign(population=np.nan), spacing=50)


def test_need_follows_people_where_it_is_given():
    cells = pd.DataFrame(
        {"x": [100.0], "y": 100.0, "crs": 2154, "people": 80.0, "need": 8.0, "around": "E"}
    )
    quartier = pd.DataFrame(
        {"kind": "qp", "code": ["Q"], "crs": 2154, "geometry": [shapely.box(0, 0, 50, 200)],
         "population": 40.0, "need": 10.0}
    )  # fmt: skip
    assert place_people(cells, perimeters=quartier)["need"].tolist() == [2.0, 6.0]
    assert spread_people(quartier, spacing=50)["need"].tolist() == [2.5] * 4


def test_points_and_shapes_are_projected_by_departement():
    found = project_points([3.06, 55.45], [50.63, -20.88], departements=["59", "974"])
    assert found["crs"].tolist() == [2154, 2975]
    shapes = gpd.GeoDataFrame(
        {"kind": "qp", "code": ["A", "B"], "departement": ["59", "974"]},
        geometry=[shapely.Point(3.06, 50.63).buffer(0.001), shapely.Point(55.45, -20.88)],
        crs=4326,
    )
    projected = project_shapes(shapes)
    assert projected["crs"].tolist() == [2154, 2975]
    centre = projected["geometry"].iloc[0].centroid
    assert (centre.x, centre.y) == pytest.approx((found["x"][0], found["y"][0]), abs=0.1)
    assert not isinstance(projected, gpd.GeoDataFrame)


# --- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("homes", "offer", "words"),
    [
        (people([("qp", "Q", np.nan, 1)]), services([("a", 0, 1)]), "point sans coordonnées"),
        (people([("qp", "Q", 0, -1)]), services([("a", 0, 1)]), "négative"),
        (people([("qp", "Q", 0, 1)]), services([("a", np.nan, 1)]), "service sans coordonnées"),
        (people([("qp", "Q", 0, 1)]), services([("a", 0, -1)]), "capacité"),
        (people([("qp", "Q", 0, 1)]).drop(columns="crs"), services([("a", 0, 1)]), "absentes"),
    ],
)
def test_impossible_points_are_refused_in_french(homes, offer, words):
    with pytest.raises(MeasureRefusedError, match=words):
        accessibility(homes, services=offer, rules=RULES)
