"""The demo set: invented, labelled so, with every edge case on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

import qpvkit as qk

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def store(demo_store):
    return demo_store


def status(store, code: str, indicator: str, vintage: int | None = None) -> list[str]:
    rows = store.observations(kind="qp", codes=[code], indicators=[indicator])
    rows = rows if vintage is None else rows.loc[rows["vintage"].eq(vintage)]
    return rows["status"].tolist()


def value(store, code: str, indicator: str) -> list[float]:
    return store.observations(kind="qp", codes=[code], indicators=[indicator])["value"].tolist()


def test_all_files_are_recognised_and_none_has_a_problem(store):
    for path, state in store.manifest["files"].items():
        for part in state["parts"]:
            assert "problem" not in part, (path, part)


def test_quartiers_of_both_maps(store):
    rows = store.territories(kind="qp")
    assert rows["zoning"].value_counts().to_dict() == {2024: 13, 2015: 11}


def test_labels_say_that_it_is_invented(store):
    labels = store.territories(kind="qp")["label"]
    assert labels.str.contains(r"\(démo|fictif", case=False).all()


def test_secret_is_a_status_not_a_number(store):
    assert "secret" in status(store, "QN09909I", "taux_pauvrete", 2021)
    assert all(one != 0 for one in value(store, "QN09909I", "taux_pauvrete"))


def test_zero_that_is_a_secret_is_read_as_one(store):
    assert status(store, "QP099003", "part_demandeurs_rsa", 2021) == ["secret"]
    assert status(store, "QP099003", "part_demandeurs_rsa", 2020) == ["ok"]


def test_true_zero_stays_a_zero(store):
    rows = store.observations(kind="qp", codes=["QP099002"])
    assert rows["value"].eq(0).any()


def test_quartier_on_two_communes_counts_once(store):
    links = store.memberships(kind="qp", codes=["QN09904M"])
    communes = links.loc[links["within_kind"].eq("commune")]
    assert set(communes["within_code"]) == {"99001", "99002"}
    assert communes["share"].sum() == pytest.approx(1, abs=0.02)
    assert communes["main"].sum() == 1
    assert (store.territories(kind="qp")["code"] == "QN09904M").sum() == 1


def test_quartier_on_two_epci(store):
    links = store.memberships(kind="qp", codes=["QN09907M"])
    assert set(links.loc[links["within_kind"].eq("epci"), "within_code"]) == {
        "200099011", "200099029",
    }  # fmt: skip


def test_invalid_contour_is_repaired(store):
    assert store.shapes(kind="qp").geometry.is_valid.all()
    assert store.manifest["counts"]["repaired"] >= 1


def test_low_quality_is_flagged(store):
    assert "low_quality" in status(store, "QN09903I", "taux_pauvrete", 2021)


def test_missing_reference_gives_no_gap_with_the_commune():
    gaps = qk.diagnose("QN09910M", dataset="demo").gaps
    poverty = gaps.loc[gaps["indicator"].eq("taux_pauvrete")]
    assert "commune" not in set(poverty["reference_kind"])
    assert {"departement", "region"} <= set(poverty["reference_kind"])


def test_absent_quartier_is_said_absent_not_zero():
    diagnostic = qk.diagnose("QN09906M", dataset="demo")
    row = diagnostic.coverage.set_index("indicator").loc["niveau_vie_median"]
    assert row["status"] == "absent"
    assert "niveau_vie_median" not in set(diagnostic.profile["indicator"])


def test_overseas_quartier_is_measured_in_its_own_projection():
    diagnostic = qk.diagnose("QN97490N", dataset="demo")
    assert (
        diagnostic.places.loc[diagnostic.places["kind"].eq("departement"), "code"].item() == "974"
    )
    shape = diagnostic.contours.loc[diagnostic.contours["focus"]].to_crs(2975)
    assert 10_000 < shape.area.item() < 5_000_000


def test_old_siren_is_understood(store):
    assert qk.find_territory("249900017").code == "200099011"


def test_quartier_with_almost_nothing_still_gets_a_diagnostic():
    diagnostic = qk.diagnose("QN09912N", dataset="demo")
    unknown = diagnostic.coverage.loc[diagnostic.coverage["status"].ne("published")]
    assert len(unknown) > 50
    assert unknown["ask"].ne("").all()


def test_same_vintage_only(store):
    for code in store.territories(kind="qp")["code"]:
        found = qk.diagnose(code, dataset="demo", store=store)
        pairs = found.gaps.merge(
            found.profile[["indicator", "vintage"]], on=["indicator", "vintage"]
        )
        assert len(pairs) == len(found.gaps)


def test_a_departement_that_only_holds_quartiers_is_a_territory(store):
    assert qk.find_territory("99", kind="departement").label.startswith("Département fictif")
    assert len(qk.load_territories(kind="region", store=store)) >= 2
