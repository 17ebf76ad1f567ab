"""One report: checked before it runs, reproducible, kept with its error when it fails."""

from __future__ import annotations

import html
import os
import sys

import nbformat
import pytest

from qpvkit.errors import ReportError, UnknownNameError
from qpvkit.publish.report import NotebookFailedError, find_notebook, run_report
from qpvkit.settings import Settings


def run(settings, **parameters):
    return run_report("05_essai", parameters=parameters, settings=settings)


def test_unknown_notebook_gives_near_names():
    with pytest.raises(UnknownNameError) as caught:
        find_notebook("10_diagnostic_pq", settings=Settings())
    assert "10_diagnostic_qp" in caught.value.near


@pytest.mark.parametrize("name", ["../10_diagnostic_qp", "", "tmp"])
def test_a_name_is_not_a_path(name, small):
    with pytest.raises(UnknownNameError):
        find_notebook(name, settings=small)


def test_unknown_parameter_stops_before_anything_runs(small):
    with pytest.raises(UnknownNameError) as caught:
        run(small, code_pq="QN09901M")
    assert "code_qp" in caught.value.near
    assert "code_qp, dataset, seuil" in str(caught.value)
    assert not small.reports_dir.exists()


@pytest.mark.parametrize(
    ("name", "value"), [("seuil", "beaucoup"), ("compte", "1.5"), ("vite", "peut-être"),
                        ("code_qp", 1004)],
)  # fmt: skip
def test_value_of_another_type_is_refused(small, name, value):
    with pytest.raises(UnknownNameError, match=name):
        run(small, **{name: value})


def test_values_are_typed_by_the_cell_and_the_kernel_is_this_python(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = run(small, code_qp="QN01004M", seuil="2,5", compte="7", vite="oui", codes="01, 02")
    text = html.unescape(page.read_text(encoding="utf-8"))
    assert "('QN01004M', 2.5, 7, True, ['01', '02'])" in text
    assert sys.executable in text
    assert str(small.home) in text
    assert "demo" in text
    assert not list(page.parent.glob(".*"))


def test_name_of_the_page_tells_the_values_that_are_not_usual(small):
    page = run(small, code_qp="QN09903M", compte="4")
    assert page == small.reports_dir / "05_essai" / "QN09903M_compte-4.html"
    assert run(small).name == "QN09901M.html"


def test_dataset_chooses_the_folder(small):
    assert run(small, dataset="france").parent.parent.name == "france"


def test_failure_tells_the_cell_and_keeps_the_notebook(small):
    with pytest.raises(ReportError) as caught:
        run(small, code_qp="QN09902M")
    error = caught.value
    assert isinstance(error, NotebookFailedError)
    assert error.notebook == "05_essai"
    assert error.parameters["code_qp"] == "QN09902M"
    assert error.cell == "assert code_qp != 'QN09902M', 'ce quartier échoue'"
    assert error.cause == "AssertionError : ce quartier échoue"
    assert error.kept == small.reports_dir / "05_essai" / "QN09902M.erreur.ipynb"
    kept = nbformat.read(error.kept, as_version=4)
    assert any(o.output_type == "error" for c in kept.cells for o in c.get("outputs", []))
    for part in ("05_essai", "code_qp=QN09902M", "ce quartier échoue", "QN09902M.erreur.ipynb"):
        assert part in str(error)
    assert not error.kept.with_name("QN09902M.html").exists()


def test_success_takes_the_old_error_away(small):
    folder = small.reports_dir / "05_essai"
    folder.mkdir(parents=True)
    old = folder / "QN09901M.erreur.ipynb"
    old.write_text("{}", encoding="utf-8")
    run(small, code_qp="QN09901M")
    assert not old.exists()


def test_dead_kernel_is_a_report_error(small):
    from notebooks import write_notebook

    write_notebook(small.notebooks_dir, "05_essai", "import os\nos._exit(3)")
    with pytest.raises(NotebookFailedError, match="noyau"):
        run(small)


def test_environment_is_put_back(small):
    before = dict(os.environ)
    run(small)
    assert dict(os.environ) == before


def test_two_runs_of_the_real_notebook_are_equal(report, tmp_path):
    again = run_report(
        "10_diagnostic_qp",
        parameters={"code_qp": "QN09901M"},
        settings=Settings(home=type(tmp_path)(os.environ["QPVKIT_HOME"])),
        output=tmp_path / "encore.html",
    )
    assert again.read_bytes() == report.read_bytes()


def test_report_names_no_folder_of_the_machine(report, full_report):
    for path in (report, full_report):
        text = path.read_text(encoding="utf-8")
        assert os.environ["QPVKIT_HOME"] not in text
        assert str(Settings().share) not in text
