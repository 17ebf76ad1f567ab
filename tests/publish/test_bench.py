"""The four ways are measured on the same reports; no duration is asserted."""

from __future__ import annotations

import json
import math

import pytest

from qpvkit.load.store import open_store
from qpvkit.publish.bench import Measure, bench_json, bench_table, run_bench
from qpvkit.publish.tasks import Task


@pytest.fixture
def tasks():
    code = "QN09901M"
    page = f"05_essai/{code}.html"
    return [Task(notebook="05_essai", code=code, parameters={"code_qp": code}, page=page)]


def test_each_way_is_run_and_measured(place, tasks):
    settings, told = place(), []
    measures = run_bench(
        tasks, settings=settings, store=open_store(settings), jobs=1, repeats=1, few=1,
        on_progress=lambda *progress: told.append(progress),
    )  # fmt: skip
    assert [(m.way, m.reports) for m in measures] == [(way, 1) for way in "abcd"]
    assert all(m.wall[0] > 0 and m.cpu[0] > 0 and m.peak_mib > 0 for m in measures)
    starts = {m.way: m.start[0] for m in measures}
    assert 0 < starts["c"] < measures[2].wall[0]
    assert math.isnan(starts["a"])
    assert len(told) == 4
    assert list(bench_table(measures)["durée / (c)"])[2] == 1.0
    told = json.loads(bench_json(measures), parse_constant=pytest.fail)  # NaN is not JSON
    assert told["measures"][0]["start"] == [None]


def test_what_one_more_report_costs_leaves_the_start_out():
    measure = Measure(way="c", reports=11, wall=(2.0, 3.0), cpu=(1.0, 1.0), start=(12.0, 13.0),
                      peak_mib=1.0)  # fmt: skip
    assert measure.flat == pytest.approx((1.0 + 2.0) / 2)
