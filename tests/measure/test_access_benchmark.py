"""Access to every service of France, on generated points of that number; nothing is asserted timed.

Run with `pytest --benchmark-only tests/measure/test_access_benchmark.py`.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd

from qpvkit.measure.droit_commun.access import accessibility
from qpvkit.measure.droit_commun.rules import AccessRules

RULES = AccessRules(
    walk=800, detour=1.3, radii=(500, 1000, 2000), decay=(1.0, 0.68, 0.22), spacing=50
)
_WHOLE = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from test_access_benchmark import RULES, generated_france
from qpvkit.measure.droit_commun.access import accessibility
people, services = generated_france(services=2_800_000, cells=700_000, quartiers=1_609)
found = accessibility(people, services=services, rules=RULES)
print(len(found), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def generated_france(
    *, services: int, cells: int, quartiers: int, types: int = 188, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return people and services clustered in 900 towns, as many types as the BPE counts.

    147 points a quartier: the mean area of the real ones, at one point every 50 m.
    """
    rng = np.random.default_rng(seed)
    towns = rng.uniform(0, 900_000, (900, 2))
    size = np.exp(rng.normal(0, 1, 900))

    def around(count, spread):
        town = rng.choice(900, count, p=size / size.sum())
        return town, towns[town] + rng.normal(0, spread, (count, 2))

    _, shops = around(services, 4_000)
    share = 1 / np.arange(1, types + 1) ** 0.8
    kinds = np.array([f"t{n:03}" for n in range(types)])
    offer = pd.DataFrame(
        {"type": rng.choice(kinds, services, p=share / share.sum()),
         "x": shops[:, 0], "y": shops[:, 1], "crs": 2154}
    )  # fmt: skip
    _, centres = around(quartiers, 3_000)
    homes = np.repeat(centres, 147, axis=0) + rng.uniform(-300, 300, (quartiers * 147, 2))
    town, grid = around(cells, 5_000)
    grid, kept = np.unique(np.round(grid / 200) * 200, axis=0, return_index=True)
    people = pd.concat(
        [
            pd.DataFrame(
                {"kind": "qp", "code": np.repeat(np.arange(quartiers), 147).astype(str),
                 "x": homes[:, 0], "y": homes[:, 1], "people": 22.0, "origin": "spread"}
            ),
            pd.DataFrame(
                {"kind": "epci", "code": town[kept].astype(str),
                 "x": grid[:, 0], "y": grid[:, 1], "people": 60.0, "origin": "grid"}
            ),
        ],
        ignore_index=True,
    )  # fmt: skip
    return people.assign(crs=2154), offer


def test_access_of_one_region(benchmark):
    """A twentieth of France: 140 000 services of 188 types, some 80 quartiers."""
    people, services = generated_france(services=140_000, cells=35_000, quartiers=80)
    found = benchmark.pedantic(
        accessibility, args=(people,), kwargs={"services": services, "rules": RULES}, rounds=3
    )
    assert found["within"].between(0, 1).all()


def test_access_of_all_france(benchmark, benchmark_note, request):
    """2 800 000 services of 188 types and 858 000 points where people live, in a fresh process."""

    def measure() -> list[int]:
        done = subprocess.run(
            [sys.executable, "-c", _WHOLE, str(request.path.parent)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return [int(word) for word in done.stdout.split()]

    rows, peak = benchmark.pedantic(measure, rounds=1)
    benchmark_note(f"access of all France: {rows} rows, peak memory {peak} MiB")
    assert rows > 0
