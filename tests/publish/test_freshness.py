"""Only what uses a row that changed is made again, and `status` says which row."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from qpvkit.load.digests import write_digests
from qpvkit.load.reads import make_read, recording
from qpvkit.load.store import Store, open_store
from qpvkit.publish.freshness import judge
from qpvkit.publish.manifest import Entry, Manifest
from qpvkit.publish.parameters import find_notebook
from qpvkit.publish.record import make_record, read_record, shared_inputs, sign_page
from qpvkit.publish.tasks import Task
from qpvkit.settings import Settings

NOTEBOOK = "10_diagnostic_qp"


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(home=Path(os.environ["QPVKIT_HOME"]))


@pytest.fixture(scope="module")
def store(settings) -> Store:
    return open_store(settings)


@pytest.fixture(scope="module")
def made(store, settings, tmp_path_factory):
    """A manifest in which every quartier of the demo has its diagnostic."""
    import qpvkit as qk

    folder = tmp_path_factory.mktemp("rapports")
    manifest, tasks = Manifest(folder=folder), []
    for code in store.territories(kind="qp")["code"]:
        with recording() as reads:
            qk.diagnose(code, dataset="demo", store=store)
        task = Task(
            notebook=NOTEBOOK, code=code, parameters={"code_qp": code}, page=f"n/{code}.html"
        )
        record = make_record(
            find_notebook(NOTEBOOK, settings=settings), task.parameters, {"code": code}, reads,
            settings=settings, digests=store.digests(),
        )  # fmt: skip
        manifest.entries[task.page] = Entry(
            page=task.page, notebook=NOTEBOOK, code=code, record=record,
            store=store.manifest["fingerprint"],
        )  # fmt: skip
        tasks.append(task)
    return manifest, tasks


def changed_store(store: Store, folder: Path, table: str, change) -> Store:
    """Return a copy of the store in which a table was changed."""
    shutil.copytree(store.folder, folder)
    path = folder / f"{table}.parquet"
    change(pd.read_parquet(path)).to_parquet(path, index=False)
    write_digests(folder)
    return Store(folder, {**store.manifest, "fingerprint": "other"})


def stale(made, settings, other) -> dict[str, str]:
    manifest, tasks = made
    copy = Manifest(folder=manifest.folder, entries=dict(manifest.entries))
    verdicts = judge(tasks, copy, settings=settings, store=other)
    return {verdict.task.code: verdict.why for verdict in verdicts if verdict.state != "fresh"}


def test_nothing_is_stale_when_nothing_changed(made, settings, store, tmp_path):
    assert stale(made, settings, store) == {}
    same = changed_store(store, tmp_path / "t", "observations_qp", lambda rows: rows)
    assert stale(made, settings, same) == {}


def test_a_changed_value_touches_the_quartier_and_those_that_compare_with_it(
    made, settings, store, tmp_path
):
    rows = store.observations(kind="qp")
    rows = rows.loc[rows["value"].notna() & rows["code"].str.startswith("QP")]
    users = rows.groupby("indicator")["code"].nunique()
    total = rows["code"].nunique()
    indicator = users.loc[users.lt(total)].idxmax()  # some quartiers do not have it
    code = rows.loc[rows["indicator"].eq(indicator), "code"].iloc[0]

    def change(table: pd.DataFrame) -> pd.DataFrame:
        here = table["code"].eq(code) & table["indicator"].eq(indicator) & table["value"].notna()
        return table.assign(value=table["value"].where(~here, table["value"] + 1))

    found = stale(made, settings, changed_store(store, tmp_path / "t", "observations_qp", change))
    all_rows = store.observations(kind="qp")
    having = set(all_rows.loc[all_rows["indicator"].eq(indicator), "code"])
    expected = {name for name in having if name.startswith("QP")} | {code}
    assert set(found) == expected
    assert len(found) < len(made[1])
    assert f"les indicateurs de {code}" in found[code]
    other = next(name for name in found if name != code)
    assert found[other] == f"a changé : {indicator} des autres quartiers"


def test_a_changed_contour_touches_the_quartier_and_its_neighbours(made, settings, store, tmp_path):
    code = "QN09901M"

    def change(table: pd.DataFrame) -> pd.DataFrame:
        kept = table["code"].ne(code)
        return table.loc[kept]

    found = stale(made, settings, changed_store(store, tmp_path / "t", "shapes_qp", change))
    assert code in found
    assert "les contours" in found[code]
    assert len(found) < len(made[1]) / 2


def test_a_changed_notebook_is_told(made, settings, store, tmp_path):
    manifest, tasks = made
    share = tmp_path / "ici"
    (share / "notebooks").mkdir(parents=True)
    (share / "data").symlink_to(settings.share / "data")
    text = find_notebook(NOTEBOOK, settings=settings).read_text(encoding="utf-8")
    (share / "notebooks" / f"{NOTEBOOK}.ipynb").write_text(text + "\n", encoding="utf-8")
    other = Settings(home=settings.home, share=share)
    verdicts = judge(tasks, manifest, settings=other, store=store)
    assert {verdict.why for verdict in verdicts} == {"a changé : le notebook"}


def test_record_goes_into_a_page_and_back(tmp_path, store, settings):
    record = make_record(
        find_notebook(NOTEBOOK, settings=settings), {"code_qp": "QN09901M"},
        {"label": "É --> x", "stakes": []}, [make_read("territories", {"code": ["QN09901M"]})],
        settings=settings, digests=store.digests(),
    )  # fmt: skip
    page = tmp_path / "p.html"
    page.write_text(sign_page("<html></html>\n", record), encoding="utf-8")
    assert read_record(page) == record
    assert page.read_text(encoding="utf-8").count("-->") == 1
    page.write_text("<html></html>", encoding="utf-8")
    assert read_record(page) is None


def test_shared_inputs_change_with_the_catalogue(tmp_path, settings):
    share = tmp_path / "ici"
    shutil.copytree(settings.share / "data" / "catalogue", share / "data" / "catalogue")
    other = Settings(home=settings.home, share=share)
    notebook = find_notebook(NOTEBOOK, settings=settings)
    before = shared_inputs(notebook, other)
    (share / "data" / "catalogue" / "more.toml").write_text("", encoding="utf-8")
    after = shared_inputs(notebook, other)
    assert {name for name in after if after[name] != before[name]} == {"catalogue"}


def test_a_changed_value_of_a_territory_touches_those_that_publish_the_indicator(
    made, settings, store, tmp_path
):
    def change(table: pd.DataFrame) -> pd.DataFrame:
        here = table["indicator"].eq("taux_pauvrete") & table["value"].notna()
        return table.assign(value=table["value"].where(~here, table["value"] + 1))

    other = changed_store(store, tmp_path / "t", "observations_departement", change)
    found = stale(made, settings, other)
    rows = store.observations(kind="qp", indicators=["taux_pauvrete"])
    using = set(rows.loc[rows["value"].notna(), "code"])
    assert using <= set(found)
    words = "taux_pauvrete des territoires de comparaison"
    assert all(words in found[code] for code in using)
    assert len(found) < len(made[1])


def test_a_list_that_comes_back_is_written_once(store, settings):
    names = tuple(f"indicateur_{rank}" for rank in range(100))
    reads = [make_read(f"observations_{kind}", {"indicator": names}) for kind in ("qp", "epci")]
    record = make_record(
        find_notebook(NOTEBOOK, settings=settings), {}, {}, reads, settings=settings,
        digests=store.digests(),
    )  # fmt: skip
    assert sign_page("", record).count("indicateur_99") == 1
