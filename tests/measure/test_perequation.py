"""Credits of communes with and without a quartier, matched on population and potential."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qpvkit.measure.perequation import compare_communes, per_inhabitant


def communes(*rows: tuple[str, float, float, bool]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["code", "population", "potential", "has_qp"])


def lines(**cents: int) -> pd.DataFrame:
    return pd.DataFrame({"code": list(cents), "amount_cents": list(cents.values())})


def simulated(count: int, gap: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw communes whose credits fall with size; those with a quartier get `gap` more."""
    rng = np.random.default_rng(seed)
    population = np.exp(rng.normal(8.5, 1.0, count))
    potential = np.exp(rng.normal(9.9, 0.1, count))
    has_qp = rng.random(count) < 1 / (1 + np.exp(9.5 - np.log(population)))
    rate = np.maximum(0, 60 - 5 * np.log(population) + gap * has_qp + rng.normal(0, 4, count))
    codes = [f"c{number}" for number in range(count)]
    table = pd.DataFrame(
        {"code": codes, "population": population, "potential": potential, "has_qp": has_qp}
    )
    cents = np.round(rate * population * 100).astype("int64")
    return table, pd.DataFrame({"code": codes, "amount_cents": cents})


def test_a_case_worked_by_hand():
    """1 000 inhabitants get 3 €, the two communes alike get 1 € and 2 €: 1.5 € more."""
    table = communes(
        ("a", 1000, 800, True), ("b", 1000, 800, False), ("c", 1000, 800, False),
        ("d", 90_000, 2_000, False),
    )  # fmt: skip
    found = compare_communes(table, lines(a=300_000, b=100_000, c=200_000, d=9), neighbours=2)
    assert (found.received, found.expected, found.difference) == (3.0, 1.5, 1.5)
    assert found.pairs["comparators"].tolist() == [2]
    assert np.isnan(found.low)  # one pair gives no interval


def test_a_commune_that_received_nothing_counts_for_zero():
    table = communes(("a", 1000, 800, True), ("b", 1000, 800, False))
    found = compare_communes(table, lines(a=100_000), neighbours=1)
    assert (found.received, found.expected) == (1.0, 0.0)
    assert found.groups.set_index("has_qp")["without"].to_dict() == {False: 1, True: 0}


def test_several_lines_of_a_commune_are_added_up():
    credits_ = pd.DataFrame({"code": ["a", "a"], "amount_cents": [1, 2]})
    found = compare_communes(communes(("a", 1, 1, True), ("b", 1, 1, False)), credits_)
    assert found.received == pytest.approx(0.03)


def test_a_commune_without_equal_is_named_and_left_out():
    table = communes(("big", 230_000, 900, True), ("b", 1_000, 900, False), ("c", 900, 900, False))
    found = compare_communes(table, lines(big=1))
    assert found.unmatched == ("big",)
    assert np.isnan(found.difference)
    assert len(found.pairs) == 0


def test_a_commune_of_unknown_potential_is_named():
    table = communes(("a", 1_000, float("nan"), True), ("b", 1_000, 900, False))
    found = compare_communes(table, lines(a=1))
    assert found.incomplete == ("a",)


@pytest.mark.parametrize("has_qp", [True, False])
def test_one_group_alone_gives_no_comparison(has_qp):
    found = compare_communes(communes(("a", 1_000, 900, has_qp)), lines(a=1))
    assert np.isnan(found.difference)
    assert len(found.pairs) == 0


def test_matching_removes_the_effect_of_size():
    """Unmatched, the big communes seem to get less; there is no such effect once matched."""
    table, credits_ = simulated(3_000, gap=0.0, seed=1)
    found = compare_communes(table, credits_)
    raw = found.groups.set_index("has_qp")["per_inhabitant"]
    assert raw[True] < raw[False] - 2
    assert found.low < 0 < found.high
    balance = found.balance.set_index("trait")
    assert abs(balance.loc["population", "before"]) > 0.5
    assert abs(balance.loc["population", "after"]) < 0.1


def test_intervals_contain_the_truth_most_of_the_time():
    hits = 0
    for seed in range(40):
        table, credits_ = simulated(800, gap=3.0, seed=seed)
        found = compare_communes(table, credits_)
        hits += found.low <= 3.0 <= found.high
    assert hits >= 35  # 38 are expected


def test_arguments_are_left_unchanged_and_results_repeat():
    table, credits_ = simulated(300, gap=1.0, seed=3)
    before = table.copy(), credits_.copy()
    first, second = compare_communes(table, credits_), compare_communes(table, credits_)
    assert (first.low, first.high) == (second.low, second.high)
    assert table.equals(before[0])
    assert credits_.equals(before[1])


def test_per_inhabitant_of_an_unknown_population_is_unknown():
    places = pd.DataFrame({"code": ["a", "b"], "population": [float("nan"), 0.0]})
    found = per_inhabitant(lines(a=100, b=100), places)
    assert found["euros_per_inhabitant"].isna().all()
    assert found["cents"].tolist() == [100, 100]
