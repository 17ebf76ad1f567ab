"""Timings, printed by `pytest --benchmark-only`; nothing here asserts a duration."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

import qpvkit as qk
from qpvkit.load.store import Store, open_store
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
def test_store_of_all_real_files(benchmark, real_taken, real_settings: Settings):
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
    benchmark.extra_info["peak_memory_mib"] = peak
    assert peak > 0


@pytest.mark.real
def test_load_one_real_report(benchmark, real_store: Store, real_settings: Settings):
    """Load and compute everything that one report needs."""

    def load() -> qk.Diagnostic:
        return qk.diagnose("QP059074", dataset="france", store=open_store(real_settings))

    assert benchmark(load).territory.code == "QP059074"


def test_load_one_demo_report(benchmark):
    """The same on the demo set."""
    diagnostic = benchmark(qk.diagnose, "QN09901M", dataset="demo")
    benchmark.extra_info["peak_memory_mib"] = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    )
    assert Path(diagnostic.sources["file"].iloc[0].split(", ")[0]).suffix
