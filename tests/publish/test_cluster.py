"""A batch on a Dask cluster: a worker may die, every report is there exactly once."""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import pytest

from qpvkit.errors import ReportError, UnknownNameError
from qpvkit.publish import cluster
from qpvkit.publish.batch import BatchOptions, run_batch
from qpvkit.publish.tasks import Task

distributed = pytest.importorskip("distributed", reason="dask n'est pas installé (extra cluster)")
pytestmark = pytest.mark.filterwarnings("ignore")  # dask warns of what it closes

CODES = ["QN09901M", "QN09902M", "QN09903M", "QN09904M", "QN09905M", "QN09906M"]
NOTEBOOK = "05_essai"


def pages(settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in settings.reports_dir.glob("*/*.html")}


def test_a_worker_killed_in_mid_batch_costs_no_report(place):
    """Kill one of two workers once a page is there; compare with a batch of this machine."""
    slow = "import time\ntime.sleep(0.5)\nprint(code_qp)"
    settings = place(NOTEBOOK, slow)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as here,
    ):
        killed: list[int] = []

        def kill() -> None:
            with distributed.Client(here) as client:
                found = client.run(os.getpid)
                deadline = time.monotonic() + 120
                while not pages(settings) and time.monotonic() < deadline:
                    time.sleep(0.05)
                busy = [address for address, keys in client.processing().items() if keys]
                killed.append(found[busy[0]])
                os.kill(killed[0], signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        result = run_batch(
            NOTEBOOK, CODES, settings=settings,
            options=BatchOptions(cluster=here.scheduler_address, jobs=1),
        )  # fmt: skip
        thread.join()
    assert killed
    assert sorted(result.reports) == CODES
    assert result.failures == {}
    manifest = json.loads(result.manifest.read_text(encoding="utf-8"))
    assert sorted(item["code"] for item in manifest["reports"]) == CODES
    assert sorted(pages(settings)) == [f"{code}.html" for code in CODES]
    alone = place(NOTEBOOK, slow, where="seul")
    run_batch(NOTEBOOK, CODES, settings=alone, options=BatchOptions(jobs=2))
    assert pages(alone) == pages(settings)


def test_a_shard_leaves_what_another_worker_made(place):
    settings = place()
    places = {"dataset": "demo", "home": str(settings.home), "share": str(settings.share)}
    tasks = [
        {"notebook": NOTEBOOK, "code": code, "page": f"{NOTEBOOK}/{code}.html",
         "parameters": {"code_qp": code, "dataset": "demo"}}
        for code in CODES[:2]
    ]  # fmt: skip
    first = cluster.make_shard(tasks[:1], places, jobs=1, timeout=60)
    before = {path: path.stat().st_mtime_ns for path in settings.reports_dir.rglob("*.html")}
    both = cluster.make_shard(tasks, places, jobs=1, timeout=60)
    assert {outcome["page"] for outcome in both} == {task["page"] for task in tasks}
    assert [outcome["record"] for outcome in both if outcome["page"] == tasks[0]["page"]] == [
        first[0]["record"]
    ]
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize("address", ["ici", "local:", "local:deux"])
def test_an_address_of_no_known_form_is_refused(place, address):
    with pytest.raises(UnknownNameError, match="local:2"):
        run_batch(NOTEBOOK, CODES, settings=place(), options=BatchOptions(cluster=address))


def test_a_cluster_that_does_not_answer_is_told(place, monkeypatch):
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    with pytest.raises(ReportError, match="ne répond pas"):
        run_batch(
            NOTEBOOK, CODES, settings=place(), options=BatchOptions(cluster="tcp://127.0.0.1:9")
        )


def test_shards_share_the_tasks_between_the_workers():
    tasks = [
        Task(notebook="n", code=str(rank), parameters={}, page=f"{rank}.html")
        for rank in range(1600)
    ]
    shards = list(cluster._shards(tasks, workers=4))
    assert [task for shard in shards for task in shard] == tasks
    assert max(map(len, shards)) <= 50
    assert len(list(cluster._shards(tasks[:3], workers=2))) == 3
