"""Timings of the ranking on planted quartiers, printed; nothing timed is asserted.

Run with `pytest --benchmark-only tests/measure/stakes/test_stakes_benchmark.py`.
"""

from __future__ import annotations

import resource

import pytest

from qpvkit.measure.stakes import Rules, fit_yardstick, rank_stakes
from qpvkit.measure.stakes.calibration import plant
from qpvkit.measure.stakes.sensitivity import vary_choices

RULES = Rules(draws=2000)


@pytest.fixture(scope="module")
def france():
    """Return 1 600 planted quartiers and their yardstick."""
    world = plant(quartiers=1600, seed=1)
    return world, fit_yardstick(world.rows)


def test_all_france(benchmark, france, benchmark_note):
    """1 600 quartiers × 2 000 draws × 8 stakes of 3 indicators."""
    world, yardstick = france
    found = benchmark.pedantic(
        rank_stakes, args=(world.rows,),
        kwargs={"grid": world.grid, "yardstick": yardstick, "rules": RULES},
        rounds=3, warmup_rounds=1,
    )  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    benchmark_note(f"stakes of 1 600 quartiers, 2 000 draws: peak memory of the process {peak} MiB")
    assert found.stakes["code"].nunique() == 1600


def test_one_quartier(benchmark, france):
    """One quartier of them, 2 000 draws."""
    world, yardstick = france
    mine = world.rows.loc[world.rows["code"].eq("Q00800")]
    found = benchmark(rank_stakes, mine, grid=world.grid, yardstick=yardstick, rules=RULES)
    assert len(found.stakes) == len(world.grid)


def test_sensitivity_of_one_quartier(benchmark, france):
    """The page of sensitivity of one quartier."""
    world, yardstick = france
    mine = world.rows.loc[world.rows["code"].eq("Q00800")]
    found = benchmark(vary_choices, mine, grid=world.grid, yardstick=yardstick, rules=RULES)
    assert found.scenarios["stake"].nunique() == len(world.grid)


def test_fit_the_yardstick_of_all_france(benchmark, france):
    """The scale of a map: once a store."""
    found = benchmark(fit_yardstick, france[0].rows)
    assert len(found.series) == 24
