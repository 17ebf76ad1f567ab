"""A batch on a Dask cluster: a worker may die, every report is there exactly once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from clusters import CODES, NOTEBOOK, SLOW, pages, task_of, two_workers

from qpvkit.errors import ReportError, UnknownNameError
from qpvkit.publish import cluster, shard
from qpvkit.publish.batch import BatchOptions, run_batch
from qpvkit.publish.shard import make_shard
from qpvkit.publish.tasks import Task

pytest.importorskip("distributed", reason="dask n'est pas installé (extra cluster)")
pytestmark = pytest.mark.filterwarnings("ignore")  # dask warns of what it closes


def reports(settings) -> dict[str, Path]:
    found = settings.reports_dir.rglob("*.html")
    return {path.relative_to(settings.reports_dir).as_posix(): path for path in found}


def test_a_worker_killed_in_mid_batch_costs_no_report(place):
    """Kill one of two workers once a page is there; compare with a batch of this machine."""
    settings = place(NOTEBOOK, SLOW)
    with two_workers(lambda: pages(settings)) as (address, killed):
        result = run_batch(
            NOTEBOOK, CODES, settings=settings, options=BatchOptions(cluster=address, jobs=1)
        )
    assert killed
    assert sorted(result.reports) == CODES
    assert result.failures == {}
    manifest = json.loads(result.manifest.read_text(encoding="utf-8"))
    assert sorted(item["code"] for item in manifest["reports"]) == CODES
    assert sorted(pages(settings)) == [f"{code}.html" for code in CODES]
    alone = place(NOTEBOOK, SLOW, where="seul")
    run_batch(NOTEBOOK, CODES, settings=alone, options=BatchOptions(jobs=2))
    assert pages(alone) == pages(settings)


def test_a_shard_leaves_what_another_worker_made(place):
    settings = place()
    places = {"dataset": "demo", "home": str(settings.home), "share": str(settings.share)}
    order = {**places, "timeout": 60}
    tasks = [task_of(code) for code in CODES[:2]]
    first = make_shard(tasks[:1], order)
    before = {path: path.stat().st_mtime_ns for path in settings.reports_dir.rglob("*.html")}
    both = make_shard(tasks, order)
    assert {outcome["page"] for outcome in both} == {task["page"] for task in tasks}
    assert [outcome["record"] for outcome in both if outcome["page"] == tasks[0]["page"]] == [
        first[0]["record"]
    ]
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_forced_shard_makes_again_all_but_what_it_said(place, monkeypatch):
    settings = place()
    places = {"dataset": "demo", "home": str(settings.home), "share": str(settings.share)}
    order = {**places, "timeout": 60, "force": True}
    tasks = [task_of(code) for code in CODES[:2]]
    first = make_shard(tasks, order)
    before = {page: path.stat().st_mtime_ns for page, path in reports(settings).items()}
    said = {
        outcome["page"]: {**outcome, "mark": shard.mark_of(outcome["record"])} for outcome in first
    }
    kept = tasks[0]["page"]
    monkeypatch.setattr(shard, "_said", lambda topic: {kept: said[kept]})
    again = make_shard(tasks, order)
    after = {page: path.stat().st_mtime_ns for page, path in reports(settings).items()}
    assert [page for page in after if after[page] == before[page]] == [kept]
    assert {item["page"]: item["record"] for item in again} == {
        item["page"]: item["record"] for item in first
    }


def test_a_forced_batch_that_loses_a_worker_makes_few_pages_twice(place, tmp_path, monkeypatch):
    """Count the runs of each notebook: only what nobody was told of is made again."""
    monkeypatch.setattr(cluster, "_SHARDS_BY_WORKER", 1)
    log = tmp_path / "runs"
    settings = place(NOTEBOOK, f"{SLOW}\nwith open({str(log)!r}, 'a') as f: f.write(code_qp + ' ')")

    def runs() -> list[str]:
        return log.read_text(encoding="utf-8").split() if log.exists() else []

    run_batch(NOTEBOOK, CODES, settings=settings, options=BatchOptions(jobs=2))
    made = pages(settings)
    log.unlink()
    with two_workers(lambda: len(runs()) > 2) as (address, killed):
        options = BatchOptions(cluster=address, jobs=1, force=True)
        result = run_batch(NOTEBOOK, CODES, settings=settings, options=options)
    assert killed
    assert (sorted(result.reports), result.failures, result.fresh) == (CODES, {}, 0)
    assert pages(settings) == made
    assert sorted(set(runs())) == CODES
    assert len(runs()) <= len(CODES) + 2  # in the air, or made and not said yet


def test_reports_are_told_as_they_are_made(place, monkeypatch):
    monkeypatch.setattr(cluster, "_SHARDS_BY_WORKER", 1)
    settings = place(NOTEBOOK, SLOW)
    there: list[int] = []
    run_batch(
        NOTEBOOK, CODES, settings=settings, options=BatchOptions(cluster="local:1", jobs=1),
        on_progress=lambda code, done, total: there.append(len(pages(settings))),
    )  # fmt: skip
    assert len(there) == len(CODES)
    assert there[0] < len(CODES)  # one shard holds them all


def test_another_software_is_refused(place):
    settings = place()
    places = {"dataset": "demo", "home": str(settings.home), "share": str(settings.share)}
    with pytest.raises(ReportError, match="n'a pas le même qpvkit"):
        make_shard([task_of(CODES[0])], {**places, "timeout": 60, "needs": {"software": "autre"}})


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
