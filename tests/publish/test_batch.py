"""A batch: nothing is lost, nothing is made twice, every fault is told in French."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from notebooks import write_notebook
from qpvkit.errors import ReportError, UnknownNameError
from qpvkit.load.store import open_store
from qpvkit.publish import batch, manifest, report
from qpvkit.publish.batch import BatchOptions, run_batch
from qpvkit.publish.report import FolderError
from qpvkit.publish.runners import can_fork
from qpvkit.settings import Settings

# the demo set has no such quartier: what a batch does before it forks is then without a diagnostic
CODES = ["QN09951M", "QN09952M", "QN09953M"]
QUARTIERS = ["QN09901M", "QN09902M", "QN09903M"]
NOTEBOOK = "05_essai"
forks = pytest.mark.skipif(not can_fork(), reason="ce système ne sait pas dupliquer un processus")


def run(settings, codes=CODES, notebook=NOTEBOOK, **options):
    return run_batch(notebook, codes, settings=settings, options=BatchOptions(**options))


def pages(settings: Settings) -> dict[str, str]:
    return {
        path.relative_to(settings.reports_dir).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in settings.reports_dir.glob("*/*.html")
    }


def entries(settings: Settings) -> dict[str, dict]:
    content = json.loads((settings.reports_dir / "manifest.json").read_text(encoding="utf-8"))
    return {item["page"]: item for item in content["reports"]}


@pytest.fixture(scope="module")
def made(shared_place) -> Settings:
    """Make the three reports once; tests take a copy of the folder."""
    settings = shared_place()
    assert list(run(settings).reports) == CODES
    return settings


@pytest.fixture(scope="module")
def made_with_a_failure(shared_place):
    """Make two reports of three, the other fails until a file is there; tests take a copy."""
    settings = shared_place(
        NOTEBOOK,
        "import os, pathlib\nmended = pathlib.Path(os.environ['QPVKIT_HOME'], 'mended').exists()\n"
        "assert mended or code_qp != 'QN09952M', 'ce quartier échoue'\nprint(code_qp)",
    )  # fmt: skip
    return settings, run(settings)


FAULTS = {
    "QN09951M": "print('as usual')",
    "QN09952M": "raise ValueError('ce quartier échoue')",
    "QN09953M": "while True:\n    pass",
    "QN09954M": "if not mark.exists():\n    mark.touch()\n    os.kill(os.getpid(), 9)",
    "QN09955M": "os.kill(os.getpid(), 9)",
    "QN09956M": "os._exit(3)",
    "QN09957M": "print('as usual')",
}
MADE = ["QN09951M", "QN09954M", "QN09957M"]


@pytest.fixture(scope="module")
def faulty(shared_place, tmp_path_factory):
    """Make one batch in which most reports fail, each in its own way."""
    mark = tmp_path_factory.mktemp("marque") / "once"
    settings = shared_place(
        NOTEBOOK,
        f"import os, pathlib\nmark = pathlib.Path({str(mark)!r})\n"
        f"exec({FAULTS!r}[code_qp])\nprint(code_qp)",
    )  # fmt: skip
    return settings, run(settings, list(FAULTS), timeout=3), mark


@forks
def test_reports_that_fail_in_many_ways_do_not_lose_the_others(faulty):
    settings, result, _ = faulty
    assert list(result.reports) == MADE
    assert set(result.failures) == set(FAULTS) - set(MADE)
    assert {Path(page).stem for page in pages(settings)} == set(MADE)


def test_a_notebook_that_raises_does_not_lose_the_others(made_with_a_failure):
    settings, result = made_with_a_failure
    assert list(result.reports) == ["QN09951M", "QN09953M"]
    assert "ce quartier échoue" in result.failures["QN09952M"]
    assert (settings.reports_dir / NOTEBOOK / "QN09952M.erreur.ipynb").exists()
    assert entries(settings)[f"{NOTEBOOK}/QN09952M.html"]["state"] == "failed"
    assert "ce quartier échoue" in result.index.read_text(encoding="utf-8")


@forks
def test_an_infinite_loop_is_stopped_and_the_others_are_made(faulty):
    _, result, _ = faulty
    assert "--timeout" in result.failures["QN09953M"]
    assert list(result.reports) == MADE


@forks
def test_a_loop_that_refuses_to_be_interrupted_is_killed(place):
    settings = place(
        NOTEBOOK,
        "import signal, time\nif code_qp == 'QN09952M':\n"
        "    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
        "    while True:\n        time.sleep(0.1)",
    )  # fmt: skip
    result = run(settings, CODES[:2], timeout=1)
    assert list(result.reports) == ["QN09951M"]
    assert "a été arrêté" in result.failures["QN09952M"]


@forks
def test_a_killed_child_is_tried_once_more_and_costs_one_report(faulty):
    _, result, mark = faulty
    assert "QN09954M" in result.reports
    assert "signal 9" in result.failures["QN09955M"]
    assert list(result.reports) == MADE
    assert mark.exists()


@forks
def test_a_child_that_leaves_by_itself_says_so(faulty):
    _, result, _ = faulty
    assert "code 3" in result.failures["QN09956M"]


@forks
def test_a_report_sees_nothing_of_another(place):
    settings = place(
        NOTEBOOK,
        "import os, sys, random\n"
        "print('seen' in globals(), os.environ.get('SEEN'), hasattr(sys, 'seen'))",
        "seen = 1\nos.environ['SEEN'] = '1'\nsys.seen = 1\nprint(random.random())",
    )
    run(settings, jobs=1)
    texts = [path.read_text(encoding="utf-8") for path in settings.reports_dir.glob("*/*.html")]
    assert all("False None False" in text for text in texts)
    numbers = [re.search(r"0\.\d{6,}", text)[0] for text in texts]
    assert len(set(numbers)) == 3  # each its own random numbers


def test_a_second_run_makes_nothing_and_writes_nothing(place):
    settings = place()
    first = run(settings)

    def times() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in settings.reports_dir.rglob("*.html")}

    before = times()
    again = run(settings)
    assert (first.fresh, again.fresh) == (0, 3)
    assert again.reports == first.reports
    assert {
        path: path.stat().st_mtime_ns for path in settings.reports_dir.rglob("*.html")
    } == before


def test_force_makes_everything_again_to_the_same_bytes(made, copied):
    settings = copied(made)
    before, page = pages(settings), settings.reports_dir / NOTEBOOK / "QN09951M.html"
    page.write_text("altered", encoding="utf-8")
    assert run(settings, force=True).fresh == 0
    assert pages(settings) == before


def test_a_changed_notebook_or_a_removed_page_is_made_again(made, copied):
    settings = copied(made)
    (settings.reports_dir / NOTEBOOK / "QN09953M.html").unlink()
    assert run(settings).fresh == 2
    write_notebook(settings.notebooks_dir, NOTEBOOK, "print(code_qp, 'new')")
    assert run(settings).fresh == 0


def test_failures_are_tried_again(made_with_a_failure, copied):
    settings = copied(made_with_a_failure[0])
    assert list(settings.reports_dir.rglob("*.erreur.ipynb"))
    (settings.home / "mended").touch()
    result = run(settings)
    assert len(result.reports) == 3
    assert not list(settings.reports_dir.rglob("*.erreur.ipynb"))


@forks
def test_an_interruption_keeps_what_is_done_and_can_be_resumed(place):
    settings = place()

    def stop(code, step, steps):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(
            NOTEBOOK, CODES, settings=settings, options=BatchOptions(jobs=1), on_progress=stop
        )
    assert len(entries(settings)) == 1
    assert "QN09951M" in (settings.reports_dir / "index.html").read_text(encoding="utf-8")
    result = run(settings, force=True, resume=True)
    assert result.fresh == 1
    assert len(result.reports) == 3


@forks
def test_a_batch_killed_by_sigkill_loses_nothing(place):
    settings = place(NOTEBOOK, "import time\ntime.sleep(0.2)\nprint(code_qp)")
    code = (
        "from pathlib import Path\nfrom qpvkit.settings import Settings\n"
        "from qpvkit.publish.batch import run_batch, BatchOptions\n"
        f"s = Settings(home=Path({str(settings.home)!r}), share=Path({str(settings.share)!r}))\n"
        f"run_batch({NOTEBOOK!r}, {CODES!r} * 1, settings=s, options=BatchOptions(jobs=1))"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    for _ in range(600):
        if list(settings.reports_dir.glob("*/QN09951M.html")):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    made = len(list(settings.reports_dir.glob("*/*.html")))
    assert made > 0
    result = run(settings)
    assert result.fresh >= 1
    assert len(result.reports) == 3


def test_disk_full_stops_the_batch_and_says_what_to_do(made, copied, monkeypatch):
    settings = copied(made)
    for code in CODES[1:]:
        (settings.reports_dir / NOTEBOOK / f"{code}.html").unlink()

    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(manifest, "write_atomically", full)
    with pytest.raises(FolderError, match=r"Le disque est plein.*Libérez de la place"):
        run(settings)
    monkeypatch.undo()
    assert len(run(settings).reports) == 3


def test_disk_full_in_a_report_leaves_no_half_page(place, monkeypatch):
    settings = place()
    target = settings.reports_dir / NOTEBOOK / "QN09951M.html"

    def full(self, other):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(FolderError, match="plein"):
        report.run_report(
            NOTEBOOK, parameters={"code_qp": "QN09951M"}, settings=settings, output=target
        )
    assert list(target.parent.iterdir()) == []


@forks
def test_disk_full_in_a_child_stops_the_whole_batch(place):
    settings = place(
        NOTEBOOK,
        "import errno, pathlib\n"
        "def full(self, other): raise OSError(errno.ENOSPC, 'full')\npathlib.Path.replace = full",
    )  # fmt: skip
    with pytest.raises(ReportError, match="Le disque est plein"):
        run(settings)


def test_a_folder_that_is_read_only_is_told_before_anything_runs(place, monkeypatch):
    settings = place()
    real = Path.touch

    def refuse(self, *arguments, **options):
        if self.name == ".verrou":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return real(self, *arguments, **options)

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(FolderError, match=r"Écriture impossible.*Ouvrez ce dossier en écriture"):
        run(settings)


def test_a_file_in_place_of_the_folder_is_told(place):
    settings = place()
    settings.reports_dir.parent.mkdir(parents=True)
    settings.reports_dir.write_text("", encoding="utf-8")
    with pytest.raises(FolderError, match="Écriture impossible"):
        run(settings)


def test_two_batches_at_once_are_refused_with_who_holds_the_folder(made, copied):
    settings = copied(made)
    with (
        manifest.only_batch(settings),
        pytest.raises(ReportError, match=rf"Un autre lot.*processus {os.getpid()} sur"),
    ):
        run(settings)
    assert len(run(settings).reports) == 3


@pytest.mark.parametrize("content", ["{", "[1]", "", '{"version": 1}', "\x00\x01"])
def test_a_corrupt_manifest_is_made_again_from_the_pages(made_with_a_failure, copied, content):
    settings = copied(made_with_a_failure[0])
    path = settings.reports_dir / "manifest.json"
    path.write_text(content, encoding="utf-8")
    (settings.reports_dir / "index.html").unlink()
    result = run(settings, ["QN09951M", "QN09953M"])
    assert result.fresh == 2
    assert "illisible" in result.rebuilt
    assert path.with_name("manifest.json.illisible").exists()
    assert set(entries(settings)) == {f"{NOTEBOOK}/{code}.html" for code in CODES}
    assert entries(settings)[f"{NOTEBOOK}/QN09952M.html"]["state"] == "failed"


@forks
def test_an_unreadable_store_is_told_in_french(place, tmp_path):
    settings = place()
    store = open_store(settings)
    home = tmp_path / "abîmé"
    folder = home / "data" / "store" / "demo" / store.folder.name
    folder.mkdir(parents=True)
    for path in filter(Path.is_file, store.folder.iterdir()):
        (folder / path.name).write_bytes(path.read_bytes()[:100])
    (folder.parent / "manifest.json").write_text(
        (store.folder.parent / "manifest.json").read_text(encoding="utf-8"), encoding="utf-8"
    )
    broken = Settings(home=home, share=settings.share)
    with pytest.raises(ReportError, match=r"ne se lisent pas.*Supprimez"):
        run(broken)


def test_unknown_notebook_stops_before_anything(place):
    settings = place()
    with pytest.raises(UnknownNameError):
        run(settings, notebook="99_rien")
    assert not settings.reports_dir.exists()


def test_pages_are_the_same_whatever_made_them(place):
    """Engine, order, number of jobs: the bytes do not depend on them."""
    source = (
        "import random, qpvkit as qk\nprint(sorted({code_qp, 'a'}), {'x', 'y', code_qp})",
        "qk.load_observations(codes=[code_qp], indicators=['population'])[['indicator', 'value']]",
    )
    made = []
    ways = [{"isolation": "kernel", "jobs": 2}]
    if can_fork():
        ways += [{"isolation": "fork", "jobs": 1}, {"isolation": "fork", "jobs": 3}]
    for rank, way in enumerate(ways):
        settings = place(NOTEBOOK, *source, where=f"m{rank}")
        run(settings, QUARTIERS[::-1] if rank else QUARTIERS, **way)
        made.append(pages(settings))
    assert len(made[0]) == 3
    assert all(one == made[0] for one in made)


def test_where_nothing_can_fork_kernels_are_used(place, monkeypatch):
    monkeypatch.setattr(batch, "can_fork", lambda: False)
    settings = place()
    assert len(run(settings, CODES[:2]).reports) == 2
    with pytest.raises(ReportError, match="--isolation kernel"):
        run(settings, isolation="fork", force=True)
