"""The command line on the demo set: what it prints, how it refuses, that nothing is lost."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from qpvkit.cli import app, main
from qpvkit.console import Format, print_table


def call(*words: str):
    """Run the command in this process."""
    return CliRunner().invoke(app, list(words))


def command(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from qpvkit.cli import main; main()", *words],
        capture_output=True, text=True, cwd=cwd, check=False, env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip


@pytest.fixture
def told(capsys, monkeypatch):
    """Return what runs the whole command, its errors told, without a process of its own."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["qpvkit", *words])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(words, left.value.code, out, err)

    return run


def test_list_qp_counts_each_quartier_once():
    rows = json.loads(call("list", "qp", "--zoning", "2024", "--format", "json").stdout)
    assert len(rows) == 13
    assert len({row["code"] for row in rows}) == 13


def test_list_filters_by_epci_under_its_old_siren():
    new = json.loads(call("list", "qp", "--epci", "200099011", "--format", "json").stdout)
    old = json.loads(call("list", "qp", "--epci", "249900017", "--format", "json").stdout)
    assert new
    assert old == new


@pytest.mark.parametrize(
    "what", ["indicateurs", "themes", "sources", "fichiers", "notebooks", "plans"]
)
def test_list_of_the_catalogue_reads_back_as_csv(what):
    result = call("list", what, "--format", "csv")
    assert result.exit_code == 0
    assert len(pd.read_csv(io.StringIO(result.stdout), sep=";")) > 0


def test_show_a_territory_in_lower_case():
    rows = json.loads(call("show", "qn09901m", "--format", "json").stdout)
    assert {row["indicator"] for row in rows} >= {"population", "taux_pauvrete"}


@pytest.mark.parametrize("name", ["taux_pauvrete", "insee_qpv15_revenus"])
def test_show_an_indicator_and_a_source(name):
    result = call("show", name, "--format", "csv")
    assert result.exit_code == 0
    assert name in result.stdout


def test_check_says_what_is_declared_and_read():
    rows = json.loads(call("check", "--format", "json").stdout)
    facts = {row["objet"]: row["constat"] for row in rows}
    assert int(facts["indicateurs"].split(",")[0]) >= 60
    assert int(facts["sources"].split()[0]) >= 40
    assert facts["contours réparés"] != "0"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["list", "quartiers"], "liste inconnue"),
        (["show", "QN09999M"], "Noms proches"),
        (["list", "qp", "--dataset", "lille"], "jeu de données inconnu"),
        (["list", "qp", "--zoning", "2020"], "géographie prioritaire inconnue"),
        (["add", "introuvable.csv"], "Chemin introuvable"),
        (["add", ".", "--dataset", "demo"], "--dataset france"),
        (["run", "10_diagnostic_qp", "--set", "code_qp"], "nom=valeur"),
        (["run", "10_diagnostique", "--set", "code_qp=QN09901M"], "10_diagnostic_qp"),
        (["run", "10_diagnostic_qp", "--set", "code=QN09901M"], "code_qp"),
        (["build", "--departement", "75"], "Aucun quartier"),
        (["build", "--only", "QN09999M"], "Noms proches"),
        (["batch", "quartiers_2042"], "quartiers_2024"),
        (["batch", "quartiers_2024", "--isolation", "bulle"], "isolation inconnue"),
        (["batch", "quartiers_2024", "--cluster", "ici", "--force"], "local:2"),
        (["build", "--share", "s3://seau/qpvkit"], "--share va avec --cluster"),
        (["status", "rien"], "plan de lot inconnu"),
    ],
)
def test_a_mistake_gets_one_french_sentence(told, words, expected):
    done = told(*words)
    assert done.returncode == 1
    assert expected in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["lister"], "Commande mal écrite"),
        (["list"], "Il manque"),
        (["list", "qp", "--regions", "32"], "Option inconnue"),
        (["build", "--limit", "zéro"], "Valeur refusée"),
    ],
)
def test_a_misspelt_command_is_explained_in_french(told, words, expected):
    done = told(*words)
    assert done.returncode == 2
    assert expected in done.stderr


def test_a_data_set_without_files_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("QPVKIT_HOME", str(tmp_path))
    done = command("list", "qp", "--dataset", "france")
    assert done.returncode == 1
    assert "qpvkit add" in done.stderr


def test_every_command_has_a_french_help():
    for name in ("add", "template", "list", "show", "check", "build", "batch", "status", "bench",
                 "run", "calibrate", "glossary"):  # fmt: skip
        text = call(name, "--help").stdout
        assert "Usage" in text
        assert len(text.splitlines()) > 5


@pytest.mark.parametrize("name", ["funding", "staff"])
def test_a_template_is_written_once_and_read_back_when_filled(tmp_path, monkeypatch, name):
    monkeypatch.setenv("QPVKIT_HOME", str(tmp_path / "maison"))
    path = tmp_path / "modele.csv"
    assert call("template", name, "--output", str(path)).exit_code == 0
    again = command("template", name, "--output", str(path))
    assert again.returncode == 1
    assert "existe déjà" in again.stderr
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text + text.splitlines()[1].removeprefix("EXEMPLE") + "\n", encoding="utf-8")
    (row,) = json.loads(call("add", str(path), "--format", "json").stdout)
    assert row["resultat"] == "ajouté", row["message"]
    assert (tmp_path / "maison" / "data" / "local").is_dir()


def test_an_unknown_template_names_those_that_exist():
    done = command("template", "financement")
    assert done.returncode == 1
    assert "modèle inconnu : 'financement'" in done.stderr


def test_a_formula_is_printed_inert_in_csv(capsys):
    frame = pd.DataFrame({"nom": ["=HYPERLINK(1)", "@SUM(1)", "-12,5", "Lille"], "n": [1, 2, 3, 4]})
    print_table(frame, Format.CSV)
    assert capsys.readouterr().out.splitlines() == [
        "nom;n", "'=HYPERLINK(1);1", "'@SUM(1);2", "-12,5;3", "Lille;4",
    ]  # fmt: skip


def test_build_from_another_folder_makes_two_reports_and_an_index(tmp_path):
    folder = tmp_path / "dossier avec espaces"
    folder.mkdir()
    done = command("build", "--only", "QN09901M", "--only", "qp099001", cwd=folder)
    assert done.returncode == 0, done.stderr
    index = Path(done.stdout.strip().rsplit(" : ", 1)[1])
    assert index.name == "index.html"
    text = index.read_text(encoding="utf-8")
    assert "QN09901M" in text
    assert "QP099001" in text
    assert not list(folder.iterdir())


def test_add_names_a_file_by_its_content_and_keeps_going(tmp_path, monkeypatch):
    monkeypatch.setenv("QPVKIT_HOME", str(tmp_path / "maison"))
    demo = Path(__file__).parents[1] / "data" / "demo" / "raw"
    folder = tmp_path / "mes fichiers"
    folder.mkdir()
    table = demo / "insee_qpv15_revenus" / "2022" / "REVN_2022.csv"
    (folder / "sans nom.dat").write_bytes(table.read_bytes())
    (folder / "coupé.csv").write_bytes(table.read_bytes()[:-900])
    (folder / "notice.txt").write_text("Bonjour.", encoding="utf-8")
    result = call("add", str(folder), "--format", "json")
    assert result.exit_code == 1  # one file was refused
    rows = {row["fichier"]: row for row in json.loads(result.stdout)}
    assert rows["sans nom.dat"]["resultat"] == "ajouté"
    assert rows["sans nom.dat"]["source"] == "insee_qpv15_revenus"
    assert rows["sans nom.dat"]["millesimes"] == "2018, 2020"
    assert rows["coupé.csv"]["resultat"] == "refusé"
    assert "téléchargez de nouveau" in rows["coupé.csv"]["message"]
    assert rows["notice.txt"]["resultat"] == "inconnu"
    again = call("add", str(folder / "sans nom.dat"))
    assert again.exit_code == 0
    assert "déjà là" in again.stdout


def test_batch_is_told_before_and_after(told, monkeypatch, tmp_path):
    share = tmp_path / "maison"
    share.mkdir()
    home = Path(os.environ["QPVKIT_HOME"])
    call("list", "qp")  # the store is there
    (share / "data").symlink_to(home / "data")
    monkeypatch.setenv("QPVKIT_HOME", str(share))
    words = ("batch", "quartiers_2024", "--only", "QN09901M", "--only", "QN09902M")
    before = told(*words, "--dry-run")
    assert before.stdout.count("jamais produit") == 2
    assert not list((share / "reports").rglob("*.html"))
    made = command(*words, "--jobs", "2")
    assert made.returncode == 0, made.stderr
    assert "2 rapports" in made.stdout
    again = command(*words)
    assert "dont 2 déjà à jour" in again.stdout
    page = share / "reports" / "demo" / "10_diagnostic_qp" / "QN09902M.html"
    page.unlink()
    state = told("status", "quartiers_2024", "--only", "QN09901M", "--only", "QN09902M",
                 "--all", "--format", "json")  # fmt: skip
    rows = {row["code"]: row["état"] for row in json.loads(state.stdout)}
    assert rows == {"QN09901M": "à jour", "QN09902M": "absent"}
