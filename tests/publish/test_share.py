"""A batch whose workers see nothing of this machine but an address."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from clusters import CODES, NOTEBOOK, SLOW, pages, task_of, two_workers

from qpvkit.errors import ReportError, UnknownNameError
from qpvkit.load.store import open_store
from qpvkit.publish import cluster
from qpvkit.publish.batch import BatchOptions, run_batch
from qpvkit.publish.place import shown
from qpvkit.publish.shard import make_shard
from qpvkit.publish.share import open_share
from qpvkit.settings import Settings

fsspec = pytest.importorskip("fsspec", reason="fsspec n'est pas installé (extra cluster)")
pytest.importorskip("distributed", reason="dask n'est pas installé (extra cluster)")
from fsspec.implementations.local import LocalFileSystem  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # dask warns of what it closes


class Plain(LocalFileSystem):
    """As an object store: it cannot rename, and a sending may be cut short or refused."""

    protocol = "plain"
    mv = fsspec.AbstractFileSystem.mv
    breaks: OSError | None = None
    left = 10**9
    sent: list[str] = []  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return LocalFileSystem._strip_protocol(str(path).removeprefix("plain://"))

    def put_file(self, path1: Any, path2: Any, callback: Any = None, **options: Any) -> None:
        if type(self).left <= 0 and type(self).breaks is not None:
            half = Path(path1).read_bytes()
            Path(path2).write_bytes(half[: len(half) // 2])
            raise type(self).breaks
        type(self).left -= 1
        type(self).sent.append(str(path2))
        super().put_file(path1, path2, **options)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.register_implementation("plain", Plain, clobber=True)
    for name, value in (("breaks", None), ("left", 10**9), ("sent", [])):
        monkeypatch.setattr(Plain, name, value)


@pytest.fixture
def url(tmp_path: Path) -> str:
    (tmp_path / "partage").mkdir()
    return f"plain://{tmp_path / 'partage'}"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of the workers: another machine would have its own."""
    monkeypatch.setenv("QPVKIT_HOME", str(tmp_path / "ouvrier"))
    return tmp_path / "ouvrier"


def order_of(url: str, settings: Settings, **options: Any) -> dict[str, Any]:
    bundle = open_share(url).send_inputs(settings, open_store(settings))
    order = {"dataset": "demo", "home": "", "share": "", "url": url, "bundle": bundle}
    return {**order, "timeout": 60, **options}


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_workers_that_share_nothing_but_an_address_lose_one_of_them(place, tmp_path, elsewhere):
    settings = place(NOTEBOOK, SLOW)
    (tmp_path / "partage").mkdir()
    there = tmp_path / "partage" / "reports" / "demo"
    with two_workers(lambda: list(there.glob("*/*.html"))) as (address, killed):
        options = BatchOptions(cluster=address, jobs=1, share=f"file://{tmp_path / 'partage'}")
        result = run_batch(NOTEBOOK, CODES, settings=settings, options=options)
    assert killed
    assert (sorted(result.reports), result.failures) == (CODES, {})
    alone = place(NOTEBOOK, SLOW, where="seul")
    run_batch(NOTEBOOK, CODES, settings=alone, options=BatchOptions(jobs=2))
    assert pages(settings) == pages(alone)
    assert {path.name: path.read_bytes() for path in there.glob("*/*.html")} == pages(alone)
    told = json.loads((there / "manifest.json").read_text(encoding="utf-8"))["reports"]
    assert sorted(item["code"] for item in told) == CODES
    wanted = ["index.html", "manifest.json", *(f"{NOTEBOOK}/{code}.html" for code in CODES)]
    assert [name for name in files(there) if not name.startswith("tables/")] == sorted(wanted)
    assert (there / "index.html").read_bytes() == result.index.read_bytes()
    assert (there / "tables" / "quartiers.csv").exists()
    assert list(elsewhere.glob("data/store/partage/*/home/reports/demo/*/*.html"))


def test_what_is_there_is_not_sent_again(place, url):
    settings = place()
    share, store = open_share(url), open_store(settings)
    first = share.send_inputs(settings, store)
    Plain.sent.clear()
    assert share.send_inputs(settings, store) == first
    assert [Path(name).parent.name for name in Plain.sent] == ["bundles"]
    notebook = settings.notebooks_dir / f"{NOTEBOOK}.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    Plain.sent.clear()
    assert share.send_inputs(settings, store) != first
    assert len(Plain.sent) == 2  # the notebook and the list


def test_what_partners_gave_is_sent_with_an_agreement_only(place, url):
    settings = dataclasses.replace(place(), home=place().home.parent / "à moi", dataset="france")
    (settings.home / "data" / "local" / "contrats").mkdir(parents=True)
    (settings.local_dir / "contrats" / "ici.toml").write_text("id = 'ici'", encoding="utf-8")
    store = open_store(place())
    root = Path(url.removeprefix("plain://"))
    with pytest.raises(ReportError, match=r"1 fichier de data/local.*--share-local"):
        open_share(url).send_inputs(settings, store)
    assert not root.exists() or not files(root)


def test_a_sending_cut_short_is_never_read_and_is_taken_up(place, url, elsewhere, monkeypatch):
    settings = place()
    monkeypatch.setattr(Plain, "left", 5)
    monkeypatch.setattr(Plain, "breaks", OSError("connexion perdue"))
    with pytest.raises(ReportError, match="connexion perdue"):
        order_of(url, settings)
    root = Path(url.removeprefix("plain://"))
    assert not list(root.glob("bundles/*"))
    monkeypatch.setattr(Plain, "left", 10**9)
    order = order_of(url, settings)
    found = open_share(url).fetch_inputs(order["bundle"], "demo")
    assert found.home.is_relative_to(elsewhere)
    assert open_store(found).manifest == open_store(settings).manifest
    kept = open_store(found).folder / "territories.parquet"
    assert kept.read_bytes() == (open_store(settings).folder / kept.name).read_bytes()


def test_what_was_fetched_long_ago_is_removed(place, url, elsewhere):
    settings = place()
    share, store = open_share(url), open_store(settings)
    old = share.fetch_inputs(share.send_inputs(settings, store), "demo").home.parent
    os.utime(old, (0, 0))
    place(NOTEBOOK, "print(2)")
    new = share.fetch_inputs(share.send_inputs(settings, store), "demo").home.parent
    assert new.is_dir()
    assert not old.exists()
    kept = [path for path in new.rglob("*") if path.is_file()]
    contents = {path.read_bytes() for path in kept}
    assert len(list((new.parent / "objects").iterdir())) == len(contents)


def test_a_damaged_object_is_refused(place, url, elsewhere):
    order = order_of(url, place())
    listed = json.loads(
        (Path(url.removeprefix("plain://")) / f"bundles/{order['bundle']}.json").read_text()
    )
    victim = next(row[0] for row in listed.values() if row[1])
    path = Path(url.removeprefix("plain://")) / "objects" / victim
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(ReportError, match="abîmé"):
        open_share(url).fetch_inputs(order["bundle"], "demo")


def test_a_shard_leaves_what_is_there_on_a_place_that_cannot_rename(place, url, elsewhere):
    settings = place()
    order = order_of(url, settings)
    make_shard([task_of(CODES[0])], order)
    shutil.rmtree(elsewhere)  # another machine
    Plain.sent.clear()
    both = make_shard([task_of(code) for code in CODES[:2]], order)
    assert [item["error"] for item in both] == ["", ""]
    sent = [name for name in Plain.sent if name.endswith(".html")]
    assert [Path(name).stem for name in sent] == [CODES[1]]
    Plain.sent.clear()
    make_shard([task_of(code) for code in CODES[:2]], {**order, "force": True})
    assert sum(name.endswith(".html") for name in Plain.sent) == 2
    found = Path(url.removeprefix("plain://")) / "reports" / "demo"
    assert files(found) == [f"{NOTEBOOK}/{code}.html" for code in CODES[:2]]


def test_the_notebook_of_a_failure_comes_back_and_goes_away(place, url, elsewhere):
    settings = place(NOTEBOOK, "raise ValueError('non')")
    share = open_share(url)
    (outcome,) = make_shard([task_of(CODES[0])], order_of(url, settings))
    assert "non" in outcome["error"]
    share.fetch_report(settings, outcome["page"], failed=True)
    assert files(settings.reports_dir) == [f"{NOTEBOOK}/{CODES[0]}.erreur.ipynb"]
    settings = place(NOTEBOOK, "print(1)")
    make_shard([task_of(CODES[0])], order_of(url, settings))
    found = Path(url.removeprefix("plain://")) / "reports" / "demo"
    assert files(found) == [f"{NOTEBOOK}/{CODES[0]}.html"]
    share.fetch_report(settings, outcome["page"], failed=False)
    assert files(settings.reports_dir) == [f"{NOTEBOOK}/{CODES[0]}.html"]


def test_pages_made_here_before_are_put_too(place, url):
    """Everything is up to date: no cluster is needed, and the place is whole."""
    settings = place()
    run_batch(NOTEBOOK, CODES[:2], settings=settings, options=BatchOptions(jobs=2))
    options = BatchOptions(cluster="tcp://127.0.0.1:9", share=url)
    result = run_batch(NOTEBOOK, CODES[:2], settings=settings, options=options)
    assert result.fresh == 2
    found = Path(url.removeprefix("plain://")) / "reports" / "demo"
    for code in CODES[:2]:
        name = f"{NOTEBOOK}/{code}.html"
        assert (found / name).read_bytes() == (settings.reports_dir / name).read_bytes()
    Plain.sent.clear()
    run_batch(NOTEBOOK, CODES[:2], settings=settings, options=options)
    assert not [name for name in Plain.sent if name.endswith((".html", ".gpkg"))][1:]  # the index


def test_a_page_that_is_not_the_one_made_is_a_failure(place, url, monkeypatch):
    settings = place()
    share = open_share(url)
    page = settings.reports_dir / f"{NOTEBOOK}/{CODES[0]}.html"
    page.parent.mkdir(parents=True)
    page.write_text("autre chose", encoding="utf-8")
    share.put_report(settings, f"{NOTEBOOK}/{CODES[0]}.html", failed=False)
    made = cluster.Outcome(page=f"{NOTEBOOK}/{CODES[0]}.html", record={"notebook": NOTEBOOK})
    assert "n'est pas celle" in cluster._checked(made, settings, share).error


@pytest.mark.parametrize("address", ["partage", "/mnt/partage", "zzz://partage"])
def test_an_address_of_no_known_form_is_refused(address):
    with pytest.raises(UnknownNameError, match="file:///mnt/partage"):
        open_share(address)


def test_the_package_that_is_missing_is_named(monkeypatch):
    from fsspec.registry import known_implementations

    monkeypatch.setitem(known_implementations, "absent", {"class": "paquet_absent.Files"})
    with pytest.raises(ReportError, match="pip install paquet_absent"):
        open_share("absent://seau/qpvkit")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), "lecture seule"),
        (OSError(30, "Read-only file system"), "lecture seule"),
        (ConnectionRefusedError("refus"), r"hors d'atteinte \(refus\)"),
    ],
)
def test_a_place_that_cannot_be_used_is_told(url, monkeypatch, error, words):
    monkeypatch.setattr(Plain, "left", 0)
    monkeypatch.setattr(Plain, "breaks", error)
    with pytest.raises(ReportError, match=words):
        open_share(url)


def test_a_password_is_never_shown():
    assert shown("sftp://marie:se@cret@machine/x") == "sftp://machine/x"
    assert shown("file:///mnt/a@b") == "file:///mnt/a@b"
