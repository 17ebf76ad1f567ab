"""A batch: a failure does not lose the others, an interruption loses nothing."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from qpvkit.errors import ReportError, UnknownNameError
from qpvkit.publish import batch
from qpvkit.publish.batch import run_batch
from qpvkit.publish.site import Entry, write_index
from qpvkit.settings import Settings

CODES = ["QN09901M", "QN09902M", "QN97401M"]


@pytest.fixture
def territories() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "code": CODES,
            "label": ["Les Lilas", "A & B", "Anse"],
            "communes": ["Lille", "Lille, Loos", "Saint-Denis"],
            "population": [3240.0, float("nan"), 1000.0],
            "departement": ["59", "59", "974"],
        }
    )


@pytest.fixture
def made(monkeypatch, tmp_path) -> Settings:
    """Replace the notebook by a page of one word; the second quartier fails."""

    def fake(notebook, *, parameters, settings):
        code = parameters["code_qp"]
        if code == "QN09902M":
            message = "05_essai a échoué\n  à la cellule <x>"
            raise ReportError(message)
        page = settings.reports_dir / notebook / f"{code}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("page", encoding="utf-8")
        return page

    monkeypatch.setattr(batch, "run_report", fake)
    return Settings(home=tmp_path)


def run(settings, territories, codes=CODES, **options):
    return run_batch(
        "10_diagnostic_qp", codes, settings=settings, territories=territories, **options
    )


def test_a_failure_does_not_lose_the_others(made, territories):
    result = run(made, territories)
    assert list(result.reports) == ["QN09901M", "QN97401M"]
    assert result.failures == {"QN09902M": "05_essai a échoué à la cellule <x>"}
    manifest = json.loads(result.manifest.read_text(encoding="utf-8"))
    reports = manifest["notebooks"]["10_diagnostic_qp"]
    assert reports["QN09902M"]["state"] == "failed"
    assert reports["QN09902M"]["population"] is None
    assert reports["QN09901M"]["file"] == "10_diagnostic_qp/QN09901M.html"
    assert re.match(r"\d{4}-\d\d-\d\dT", manifest["generated"])


def test_progress_is_told_and_codes_are_made_once(made, territories):
    steps = []
    run(
        made,
        territories,
        ["QN09901M", "QN97401M", "QN09901M"],
        on_progress=lambda *s: steps.append(s),
    )
    assert steps == [("QN09901M", 0, 2), ("QN97401M", 1, 2), ("QN97401M", 2, 2)]


def test_interruption_keeps_what_is_done(made, territories, monkeypatch):
    real = batch.run_report

    def interrupted(notebook, *, parameters, settings):
        if parameters["code_qp"] == "QN97401M":
            raise KeyboardInterrupt
        return real(notebook, parameters=parameters, settings=settings)

    monkeypatch.setattr(batch, "run_report", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(made, territories)
    index = (made.reports_dir / "index.html").read_text(encoding="utf-8")
    manifest = json.loads((made.reports_dir / "manifest.json").read_text(encoding="utf-8"))
    assert 'href="10_diagnostic_qp/QN09901M.html"' in index
    assert "QN97401M" not in index
    assert set(manifest["notebooks"]["10_diagnostic_qp"]) == {"QN09901M", "QN09902M"}


def test_a_second_batch_completes_the_first(made, territories):
    run(made, territories, ["QN09901M"])
    run(made, territories, ["QN97401M"])
    index = (made.reports_dir / "index.html").read_text(encoding="utf-8")
    assert "QN09901M.html" in index
    assert "QN97401M.html" in index


def test_a_page_that_was_removed_leaves_the_index(made, territories):
    first = run(made, territories, ["QN09901M"])
    first.reports["QN09901M"].unlink()
    run(made, territories, ["QN97401M"])
    assert "QN09901M" not in (made.reports_dir / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["{", "[1]", ""])
def test_a_broken_manifest_is_made_anew(made, territories, content):
    made.reports_dir.mkdir(parents=True)
    (made.reports_dir / "manifest.json").write_text(content, encoding="utf-8")
    assert run(made, territories).reports


def test_unknown_notebook_stops_before_anything(made, territories):
    with pytest.raises(UnknownNameError):
        run_batch("99_rien", CODES, settings=made, territories=territories)
    assert not made.reports_dir.exists()


def test_quartier_that_nobody_knows_is_filed_by_its_code(made, territories):
    result = run(made, territories.iloc[:1], ["QN97401M", "XX"])
    reports = json.loads(result.manifest.read_text(encoding="utf-8"))["notebooks"]
    assert reports["10_diagnostic_qp"]["QN97401M"]["departement"] == "974"
    assert reports["10_diagnostic_qp"]["XX"]["departement"] == ""


def test_index_groups_by_departement_lists_failures_and_escapes(made, territories):
    index = run(made, territories).index.read_text(encoding="utf-8")
    assert re.findall(r"<h2>(.*?)</h2>", index) == ["Échecs", "Nord (59)", "La Réunion (974)"]
    assert "A &amp; B" in index
    assert "&lt;x&gt;" in index
    assert "2 rapports sont prêts, 1 échec." in index.replace("\u202f", " ")
    assert "3\u202f240" in index
    assert 'class="banner"' in index
    assert 'lang="fr"' in index


def test_index_asks_nothing_from_outside(made, territories):
    index = run(made, territories).index.read_text(encoding="utf-8")
    assert "://" not in index
    assert "<script" not in index


def test_index_with_nothing(tmp_path):
    page = write_index(Settings(home=tmp_path), "10_diagnostic_qp", [])
    assert "0 rapport est prêt." in page.read_text(encoding="utf-8")


def test_index_is_the_same_whatever_the_order(tmp_path):
    entries = [Entry(code=code, departement="59", file=f"n/{code}.html") for code in CODES]
    settings = Settings(home=tmp_path)
    first = write_index(settings, "n", entries).read_bytes()
    assert write_index(settings, "n", entries[::-1]).read_bytes() == first
