"""The index: every report, its failures, its filters, its tables; the same at each writing."""

from __future__ import annotations

import re

import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from qpvkit.load.store import Store, open_store
from qpvkit.publish.atlas import draw_atlas
from qpvkit.publish.exports import write_exports
from qpvkit.publish.manifest import Entry
from qpvkit.publish.record import Record
from qpvkit.publish.site import Link, Row, write_index, write_site
from qpvkit.settings import Settings

FACTS = {"stakes": [{"id": "emploi", "label": "Emploi", "verdict": "probable"}], "contrat": "C"}


@pytest.fixture
def written(place):
    settings = place("10_diagnostic_qp")
    record = Record(notebook="10_diagnostic_qp", parameters={}, facts=FACTS)
    entries = [
        Entry(page="10_diagnostic_qp/QN09901M.html", notebook="10_diagnostic_qp", code="QN09901M",
              record=record),
        Entry(page="10_diagnostic_qp/QP099001.html", notebook="10_diagnostic_qp", code="QP099001",
              state="failed", error="<cellule> en faute"),
        Entry(page="10_diagnostic_qp/QN97401M.html", notebook="10_diagnostic_qp", code="QN97401M",
              record=record),
        Entry(page="01_ensemble.html", notebook="01_ensemble", record=record),
    ]  # fmt: skip
    store = open_store(settings)
    write_site(settings, entries[::-1], store=store)
    return settings, store, entries


def test_index_tells_reports_failures_and_escapes(written):
    settings, _, _ = written
    page = (settings.reports_dir / "index.html").read_text(encoding="utf-8")
    assert "3 rapports sont prêts, 1 échec." in page.replace("\u202f", " ")
    assert "&lt;cellule&gt; en faute" in page
    assert 'href="10_diagnostic_qp/QN09901M.html"' in page
    assert 'href="01_ensemble.html"' in page
    assert "Emploi" in page
    assert 'lang="fr"' in page
    assert 'class="banner"' in page
    assert re.search(r'data-departement="974"', page)  # read in the code: nobody knows it


def test_index_asks_nothing_from_outside(written):
    page = (written[0].reports_dir / "index.html").read_text(encoding="utf-8")
    assert "://" not in page
    assert "src=" not in page


def test_index_does_not_depend_on_the_order(written):
    settings, store, entries = written
    path = settings.reports_dir / "index.html"
    before = path.read_bytes()
    write_site(settings, entries, store=store)
    assert path.read_bytes() == before


def test_index_with_nothing(tmp_path):
    page = write_index(Settings(home=tmp_path), [])
    assert "0 rapport est prêt." in page.read_text(encoding="utf-8")


def test_a_filter_with_one_value_is_left_out(tmp_path):
    row = Row(code="QN1", departement=("59", "Nord (59)"), links=(Link(title="D", page="a.html"),))
    page = write_index(Settings(home=tmp_path), [row]).read_text(encoding="utf-8")
    assert 'data-facet="departement"' not in page


def test_tables_are_linked_and_read_back(written):
    settings, store, _ = written
    page = (settings.reports_dir / "index.html").read_text(encoding="utf-8")
    folder = settings.reports_dir / "tables"
    for name in ("quartiers.csv", "quartiers.xlsx", "indicateurs.csv", "quartiers.gpkg"):
        assert f'href="tables/{name}"' in page
        assert (folder / name).stat().st_size > 0
    wide = pd.read_csv(folder / "quartiers.csv", sep=";", decimal=",", encoding="utf-8-sig")
    assert set(wide["code"]) == {"QN09901M", "QP099001"}
    rows = pd.read_csv(folder / "indicateurs.csv", sep=";", decimal=",", encoding="utf-8-sig")
    own = store.observations(kind="qp", codes=["QN09901M"], indicators=["population"])
    here = rows.loc[rows["code"].eq("QN09901M") & rows["indicator"].eq("population"), "value"]
    assert here.tolist() == own.sort_values("vintage")["value"].tolist()[-1:]
    book = openpyxl.load_workbook(folder / "quartiers.xlsx")
    assert book.sheetnames == ["quartiers", "indicateurs"]
    assert pyogrio.read_info(folder / "quartiers.gpkg")["features"] == 2


def test_masked_values_are_empty_cells_with_a_status(written):
    rows = pd.read_csv(
        written[0].reports_dir / "tables" / "indicateurs.csv", sep=";", decimal=",",
        encoding="utf-8-sig",
    )  # fmt: skip
    masked = rows["status"].isin(["secret", "missing"])
    assert rows.loc[masked, "value"].isna().all()


def test_tables_are_written_once(written):
    settings, store, _ = written
    path = settings.reports_dir / "tables" / "quartiers.xlsx"
    before = path.stat().st_mtime_ns
    write_exports(["QP099001", "QN09901M", "QN97401M"], settings=settings, store=store)
    assert path.stat().st_mtime_ns == before


def test_atlas_puts_overseas_beside(written):
    _, store, _ = written
    atlas = draw_atlas({"QN09901M": "a.html", "QN09902M": "b.html"}, store=store)
    assert {dot.code for dot in atlas.dots} == {"QN09901M", "QN09902M"}
    assert all(0 <= dot.x <= atlas.width and 0 <= dot.y <= atlas.height for dot in atlas.dots)
    assert draw_atlas({"QN00000M": "a.html"}, store=store) is None


def test_an_empty_contour_has_no_dot_and_leaves_the_others_in_place(written, monkeypatch):
    _, store, _ = written
    whole = Store.shapes

    def one_empty(store, *, kind, codes=None):
        found = whole(store, kind=kind, codes=codes)
        empty = shapely.GeometryCollection()
        return found.set_geometry(found.geometry.where(found["code"].ne("QN09901M"), empty))

    monkeypatch.setattr(Store, "shapes", one_empty)
    atlas = draw_atlas({"QN09901M": "a.html", "QN09902M": "b.html"}, store=store)
    assert [dot.code for dot in atlas.dots] == ["QN09902M"]
    assert 0 <= atlas.dots[0].y <= atlas.height
    assert draw_atlas({"QN09901M": "a.html"}, store=store) is None
