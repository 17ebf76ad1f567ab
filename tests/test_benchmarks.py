"""Timings and memory, printed by `pytest --benchmark-only`; nothing asserts a duration."""

from __future__ import annotations

import subprocess
import sys

import pytest

import qpvkit as qk
from qpvkit.load.indicators import reference_values
from qpvkit.load.store import Store, open_store
from qpvkit.load.territories import find_territory
from qpvkit.settings import Settings

_FRESH_BUILD = """
import resource, sys
from pathlib import Path
from qpvkit.load.store import open_store
from qpvkit.settings import Settings
open_store(Settings(dataset="france", home=Path(sys.argv[1])), rebuild=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.real
def test_store_of_all_real_files(benchmark, real_taken, real_settings: Settings, benchmark_note):
    """Build the store from raw files in a fresh process, cached readings removed."""

    def clear() -> None:
        for folder in (real_settings.store_dir / "parts").glob("*"):
            for item in folder.iterdir():
                item.unlink()
            folder.rmdir()

    def build() -> int:
        done = subprocess.run(
            [sys.executable, "-c", _FRESH_BUILD, str(real_settings.home)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return int(done.stdout)

    peak = benchmark.pedantic(build, setup=clear, rounds=3)
    benchmark_note(f"store of all real files: peak memory {peak} MiB")
    assert peak > 0


@pytest.mark.real
def test_load_what_one_real_report_needs(benchmark, real_store: Store, real_settings: Settings):
    """Read from the store all that one report shows, without measuring anything."""

    def load() -> int:
        store = open_store(real_settings)
        place = find_territory("QP059074", settings=real_settings, store=store)
        links = store.memberships(kind="qp", codes=[place.code])
        parents = links.rename(columns={"code": "child", "kind": "child_kind"}).rename(
            columns={"within_kind": "kind", "within_code": "code"}
        )
        labelled = parents[["kind", "code"]].merge(
            store.territories(codes=parents["code"]), on=["kind", "code"]
        )
        own = store.observations(kind="qp", codes=[place.code])
        reference_values(labelled, indicators=sorted(set(own["indicator"])), store=store)
        communes = labelled.loc[labelled["kind"].eq("commune"), "code"]
        around = store.neighbours(communes, zoning=place.zoning)
        store.shapes(kind="qp", codes=[place.code, *around])
        store.shapes(kind="commune", codes=communes)
        return len(store.peers(zoning=2015))

    assert benchmark(load) > 0


@pytest.mark.real
def test_diagnose_one_real_quartier(benchmark, real_store: Store, real_settings: Settings):
    """Load and measure everything that one report shows."""
    found = benchmark(lambda: qk.diagnose("QP059074", dataset="france"))
    assert found.territory.code == "QP059074"


def test_diagnose_one_demo_quartier(benchmark):
    """The same on the demo set."""
    found = benchmark(qk.diagnose, "QN09901M", dataset="demo")
    assert found.territory.code == "QN09901M"
