"""Inequality across quartiers: PySAL's figures for equal populations, weights as replication."""

from __future__ import annotations

from pathlib import Path

import libpysal
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.errors import MeasureRefusedError
from qpvkit.measure.droit_commun.inequality import (
    INEQUALITY_COLUMNS,
    concentration_index,
    theil_index,
)

# PySAL inequality 1.1.2 on its mexico.csv (BSD-3): Gini, Theil T, between, within (hanson98).
MEXICO = {
    "pcgdp1940": (0.3537237117345285, 0.20894344230358594, 0.03458890004670406),
    "pcgdp1950": (0.29644613439022827, 0.1522245052653124, 0.02816852907872249),
    "pcgdp1960": (0.2537183285655905, 0.10472941488245856, 0.052609214821841936),
    "pcgdp1970": (0.25513356494927303, 0.10194724969688372, 0.059312191112279346),
    "pcgdp1980": (0.24505338049421577, 0.09560112758525616, 0.03205257097345335),
    "pcgdp1990": (0.25181825879538217, 0.1051125639798185, 0.02963731218314942),
    "pcgdp2000": (0.2581130824882791, 0.10660832349588023, 0.036358718879680466),
}


@pytest.fixture(scope="module")
def mexico() -> pd.DataFrame:
    folder = Path(libpysal.__file__).parent / "examples" / "mexico"
    return pd.read_csv(folder / "mexico.csv")


def region(rows: int, seed: int = 0, spread: float = 0.8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "use": rng.uniform(0, 2, rows),
            "need": rng.uniform(0.1, 1, rows),
            "poverty": rng.uniform(20, 60, rows),
            "population": np.exp(rng.normal(8, spread, rows)).round(),
            "dep": rng.integers(0, 4, rows),
        }
    )


@pytest.mark.parametrize("column", sorted(MEXICO))
def test_equal_populations_give_the_figures_of_pysal(mexico, column):
    gini, theil, between = MEXICO[column]
    table = pd.DataFrame(
        {"use": mexico[column], "population": 7.0, "group": mexico["hanson98"],
         "poverty": -mexico[column]}
    )  # fmt: skip
    found = theil_index(table, minimum=10, group="group").set_index("measure")["value"]
    assert found.to_numpy() == pytest.approx([theil, between, theil - between], abs=1e-12)
    ranked_by_itself = concentration_index(table, minimum=10)["value"].iloc[0]
    assert ranked_by_itself == pytest.approx(gini, abs=1e-12)


def test_zeros_as_in_the_unit_case_of_pysal():
    table = pd.DataFrame({"use": [0, 0, 0, 10, 10, 10], "population": 1, "g": [0, 0, 0, 1, 1, 1]})
    found = theil_index(table, minimum=6, group="g")["value"]
    assert found.to_numpy() == pytest.approx([np.log(2), np.log(2), 0.0])


def test_the_installed_pysal_agrees(mexico):
    from inequality.gini import Gini
    from inequality.theil import TheilD

    values = mexico["pcgdp2000"].to_numpy()
    assert Gini(values).g == pytest.approx(MEXICO["pcgdp2000"][0])
    assert TheilD(values, mexico["hanson98"].to_numpy()).bg[0] == pytest.approx(
        MEXICO["pcgdp2000"][2]
    )


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 6), min_size=10, max_size=20), st.integers(0, 99))
def test_a_weight_is_a_replication(counts, seed):
    table = region(len(counts), seed).assign(population=np.array(counts, dtype=float))
    repeated = table.loc[table.index.repeat(counts)].assign(population=1.0)
    for measure in (
        lambda t: theil_index(t, minimum=10, group="dep")["value"],
        lambda t: concentration_index(t, minimum=10)["value"],
    ):
        assert measure(table).to_numpy() == pytest.approx(measure(repeated).to_numpy(), abs=1e-10)


@settings(deadline=None, max_examples=20)
@given(scale=st.floats(0.001, 1e6), seed=st.integers(0, 99))
def test_units_and_row_order_do_not_matter(scale, seed):
    table = region(15, seed)
    moved = table.sample(frac=1, random_state=seed).assign(
        use=lambda t: t["use"] * scale, population=lambda t: t["population"] * 3
    )
    columns = ["value", "error", "low", "high"]
    one, two = (concentration_index(t, minimum=10)[columns] for t in (table, moved))
    assert two.to_numpy() == pytest.approx(one.to_numpy(), rel=1e-6, abs=1e-9)
    one, two = (theil_index(t, minimum=10, group="dep")["value"] for t in (table, moved))
    assert two.to_numpy() == pytest.approx(one.to_numpy(), rel=1e-6, abs=1e-9)


def test_between_and_within_are_positive_and_sum_to_the_total():
    found = theil_index(region(40, 3), minimum=10, group="dep").set_index("measure")
    assert (found["value"] >= 0).all()
    assert found.loc[["between", "within"], "share"].sum() == pytest.approx(1.0)


def test_the_error_is_the_published_one_for_equal_populations():
    """Kakwani, Wagstaff and van Doorslaer (1997), for n equal groups, times n/(n − 1)."""
    table = region(30, 5).assign(population=1.0).sort_values("poverty", ascending=False)
    found = concentration_index(table[["use", "poverty", "population"]], minimum=10).iloc[0]
    h, n = table["use"].to_numpy(), 30
    rank = (np.arange(n) + 0.5) / n
    curve = np.cumsum(h) / h.sum()
    terms = h / h.mean() * (2 * rank - 1 - found["value"]) + 2
    terms -= np.concatenate(([0], curve[:-1])) + curve
    published = np.sqrt((np.mean(terms**2) - (1 + found["value"]) ** 2) / n)
    assert found["error"] == pytest.approx(published * n / (n - 1), rel=1e-9)


def test_intervals_hold_the_truth_for_unequal_quartiers():
    rng = np.random.default_rng(11)

    def draw(rows: int) -> pd.DataFrame:
        poverty = rng.uniform(20, 60, rows)
        use = np.exp(rng.normal(-0.3, 0.3, rows)) * (0.1 + 0.002 * poverty)
        population = np.exp(rng.normal(8, 0.8, rows))
        return pd.DataFrame({"use": use, "poverty": poverty, "population": population})

    truth = concentration_index(draw(200_000), minimum=10)["value"].iloc[0]
    found = pd.concat([concentration_index(draw(40), minimum=10) for _ in range(300)])
    held = found["low"].le(truth) & found["high"].ge(truth)
    assert held.mean() >= 0.93


def test_more_for_the_poorer_is_negative_and_equals_share_one_rank():
    table = pd.DataFrame({"use": np.arange(10.0), "poverty": np.arange(10.0), "population": 1.0})
    assert concentration_index(table, minimum=10)["value"].iloc[0] < 0
    flat = table.assign(poverty=30.0)
    assert concentration_index(flat, minimum=10)["value"].iloc[0] == pytest.approx(0.0)


def test_horizontal_inequity_is_null_when_use_follows_need():
    table = region(20, 8).assign(need=lambda t: t["use"] * 4)
    found = concentration_index(table, minimum=10).set_index("measure")
    assert tuple(found.reset_index().columns) == INEQUALITY_COLUMNS
    row = found.loc["horizontal_inequity"]
    assert (row["value"], row["error"]) == pytest.approx((0.0, 0.0), abs=1e-12)


@pytest.mark.parametrize("measure", [concentration_index, theil_index])
def test_too_few_quartiers_are_refused_in_french(measure):
    table = region(12)
    table.loc[:2, "use"] = np.nan
    with pytest.raises(MeasureRefusedError, match=r"9 quartiers .* au moins 10 quartiers"):
        measure(table, minimum=10)
    with pytest.raises(MeasureRefusedError, match="nombre négatif"):
        measure(region(12).assign(use=-1.0), minimum=10)
    with pytest.raises(MeasureRefusedError, match="est nulle"):
        measure(region(12).assign(use=0.0), minimum=10)
    with pytest.raises(MeasureRefusedError, match="colonnes absentes : use"):
        measure(region(12).drop(columns="use"), minimum=10)
