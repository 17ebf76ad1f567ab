"""The process that forks: few threads, no hang in its children, nothing left when we go."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from qpvkit.publish.runners import can_fork, job_of, run_forked, zygote_environment
from qpvkit.publish.tasks import Task

pytestmark = pytest.mark.skipif(
    not can_fork(), reason="ce système ne sait pas dupliquer un processus"
)
NOTEBOOK = "05_essai"
THREADS = (  # each uses a library that keeps threads or locks
    "import numpy as np, pyarrow.parquet as pq, qpvkit as qk, shapely\n"
    "from qpvkit.load.store import open_store\n"
    "from qpvkit.settings import load_settings\n"
    "store = open_store(load_settings())\n"
    "table = pq.read_table(store.folder / 'observations_qp.parquet')\n"
    "frame = table.to_pandas().groupby('code')['value'].sum()\n"
    "product = np.linalg.inv(np.random.rand(200, 200) + np.eye(200) * 200)\n"
    "area = store.shapes(kind='qp').to_crs(2154).buffer(10).union_all().area\n"
    "print(len(table) > 0, len(frame) > 0, product.shape, area > 0)"
)


def tasks(count: int) -> list[Task]:
    return [
        Task(notebook=NOTEBOOK, code=f"QN{rank:05}M", page=f"{NOTEBOOK}/{rank}.html",
             parameters={"code_qp": f"QN{rank:05}M", "dataset": "demo"})
        for rank in range(count)
    ]  # fmt: skip


def start(settings, count: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "qpvkit.publish.zygote"], env=zygote_environment(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    process.stdin.write(json.dumps(job_of(tasks(count), settings, 2, 60.0)) + "\n")
    process.stdin.close()
    return process


def test_few_threads_are_alive_when_it_forks(place):
    """One of ours; the others are idle workers of Arrow, which renews them in a child."""
    process = start(place(), 1)
    ready = json.loads(process.stdout.readline())
    process.stdout.read()
    process.wait()
    process.stdout.close()
    assert ready["ready"] is True
    assert ready["threads"] <= 4


def test_no_file_is_open_when_it_forks(place):
    """Children would share the place in it, and read what another one asked for."""
    settings = place()
    job = job_of([Task(notebook=NOTEBOOK, code="QN09901M", parameters={"code_qp": "QN09901M"},
                       page=f"{NOTEBOOK}/QN09901M.html")], settings, 1, 60.0)  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "qpvkit.publish.zygote"], env=zygote_environment(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    process.stdin.write(json.dumps(job) + "\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["ready"]
    held = {Path(file.path).name for file in psutil.Process(process.pid).open_files()}
    process.communicate()
    assert held <= {"proj.db"}  # PROJ forgets its handles in a child


def test_children_measure_words_that_nobody_measured_before(place):
    script = (
        "from qpvkit.show.canvas import text_width\n"
        "rank = int(code_qp[2:7])\n"
        "letters = [chr(letter) for letter in range(0x100 + 40 * rank, 0x500)]\n"
        "print(round(sum(map(text_width, letters * 3)) / len(letters), 3) > 0)"
    )
    settings, found = place(NOTEBOOK, script), []
    run_forked([*tasks(24)], found.append, settings, 6)
    assert [outcome.error for outcome in found] == [""] * 24


def test_children_read_parquet_invert_and_reproject_without_a_hang(place):
    settings = place(NOTEBOOK, THREADS)
    found = []
    run_forked(tasks(24), found.append, settings, 4, timeout=60)
    assert len(found) == 24
    assert [outcome.error for outcome in found if outcome.error] == []
    page = settings.reports_dir / NOTEBOOK / "0.html"
    assert "True True (200, 200) True" in page.read_text(encoding="utf-8")


def test_costs_of_each_report_are_told(place):
    found = []
    run_forked(tasks(1), found.append, place(), 1)
    assert found[0].cpu > 0
    assert found[0].peak_mib > 10
    assert found[0].record["parameters"]["code_qp"] == "QN00000M"


def test_termination_takes_the_children_along(place):
    process = start(place(NOTEBOOK, "import time\ntime.sleep(120)"), 2)
    assert json.loads(process.stdout.readline())["ready"] is True
    parent = psutil.Process(process.pid)
    deadline = time.monotonic() + 30
    while len(parent.children()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    children = parent.children()
    assert len(children) == 2
    process.terminate()
    process.wait(timeout=20)
    process.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
