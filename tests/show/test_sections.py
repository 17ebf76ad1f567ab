"""Pieces of a report: title, themes, caveats, data to download."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from urllib.parse import unquote

import fake_stakes
import pandas as pd
import pytest
from fakes import diagnostic, plain

from qpvkit.show.blocks import Note, Table
from qpvkit.show.sections import (
    _parts,
    caveats_list,
    data_links,
    folded,
    report_title,
    stake_sections,
    table_csv,
    theme_sections,
)


def files(d) -> dict[str, str]:
    markup = data_links(d).to_html()
    found = re.findall(r'download="([^"]+)" href="data:text/csv;charset=utf-8,([^"]+)"', markup)
    return {name: unquote(data) for name, data in found}


def test_title_is_the_only_first_heading_and_escapes():
    d = diagnostic()
    named = dataclasses.replace(d.territory, label="A & B")
    assert report_title(diagnostic(territory=named)).to_html().startswith("<h1>A &amp; B<span")


def test_index_is_told_the_first_stakes_with_their_verdicts():
    told = report_title(diagnostic()).facts["stakes"]
    assert [(stake["id"], stake["verdict"]) for stake in told] == [
        ("pauvrete", "établi"), ("acces_emploi", "probable"), ("emploi_femmes", "incertain"),
    ]  # fmt: skip
    unread = diagnostic(stakes=fake_stakes.nothing_ranked())
    assert report_title(unread).facts["stakes"] == []


def test_stakes_of_the_first_set_have_a_heading_each_and_the_others_are_folded():
    markup = stake_sections(diagnostic()).to_html()
    first, others = markup.split("<summary>1 autre enjeu mesuré</summary>")
    assert re.findall(r'<h3 id="enjeu-(\w+)">', first) == [
        "pauvrete", "acces_emploi", "emploi_femmes", "qualification",
    ]  # fmt: skip
    assert re.findall(r'<h4 id="enjeu-(\w+)">', others) == ["acces_soins"]
    assert markup.count("<table>") == 5
    assert "Vacance des logements" not in markup


def test_no_ranked_stake_leaves_the_word_to_the_chart():
    assert not stake_sections(diagnostic(stakes=fake_stakes.nothing_ranked())).markup.strip()


def test_a_folded_block_keeps_its_words():
    table = Table(frame=pd.DataFrame({"a": ["x < y"]}), caption="c", name="t")
    markup = folded(table, summary="Voir : tout").to_html()
    assert "<summary>Voir\xa0: tout</summary>" in markup
    assert "x &lt; y" in markup
    assert "<details>" not in folded(Note(text="rien"), summary="Voir").to_html()


def test_files_write_nothing_twice():
    found = files(diagnostic())
    assert "pauvrete;Niveau" not in found["QN05901M_preuves.csv"]
    assert "short" not in found["QN05901M_ecarts.csv"].splitlines()[0]
    header = found["QN05901M_preuves.csv"].splitlines()[0]
    assert ";shrunk_gap" in header
    assert not {"label", "status", "shrunk", "comparison"} & set(header.split(";"))
    assert "published" not in found["QN05901M_couverture.csv"]


def test_every_indicator_is_named_in_the_profile_or_with_what_is_missing():
    d = diagnostic()
    rows = {
        name: list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
        for name, text in files(d).items()
    }
    told = [*rows["QN05901M_profil.csv"], *rows["QN05901M_couverture.csv"]]
    named = {row["indicator"]: row["label"] for row in told}
    wanted = {row["indicator"] for row in rows["QN05901M_ecarts.csv"]}
    assert wanted
    assert all(named[indicator] for indicator in wanted)


def test_themes_are_headings_of_the_third_level_in_the_catalogue_order():
    markup = theme_sections(diagnostic()).to_html()
    assert re.findall(r'<h3 id="theme-(\w+)">', markup) == [
        "population", "revenus", "emploi", "education", "logement",
    ]  # fmt: skip
    assert markup.count("<figure") == markup.count("<figcaption") == 5
    assert len(re.findall(r"<table>", markup)) == 5


def test_theme_with_nothing_drawn_opens_its_table():
    d = diagnostic()
    only = d.profile[d.profile["indicator"] == "habitants"]
    markup = theme_sections(diagnostic(profile=only)).to_html()
    assert "<details open>" in markup
    assert "3 240 habitants" in plain(markup) or "3 240 personnes" in plain(markup)


def test_long_theme_is_shared_between_figures_of_equal_size():
    sizes = [len(part) for part in _parts(list("abcdefghijklmnop"))]
    assert sizes == [8, 8]
    assert _parts([]) == []


def test_data_hold_the_whole_tables():
    d = diagnostic()
    found = files(d)
    assert list(found) == [
        f"QN05901M_{name}.csv" for name in ("enjeux", "preuves", "profil", "ecarts", "couverture")
    ]
    rows = list(csv.DictReader(io.StringIO(found["QN05901M_profil.csv"].removeprefix("\ufeff")),
                               delimiter=";"))  # fmt: skip
    assert len(rows) == len(d.profile)
    poverty = next(row for row in rows if row["indicator"] == "pauvrete")
    assert poverty["value"] == "46,3"
    assert poverty["vintage"] == "2021"
    assert next(row for row in rows if row["indicator"] == "sans_bac")["value"] == ""


def test_csv_starts_with_a_bom_for_french_spreadsheets():
    assert files(diagnostic())["QN05901M_ecarts.csv"].startswith("\ufeff")


@pytest.mark.parametrize("text", ["=1+1", "+33", "-cmd", "@SUM(A1)", "\tx", "\rx", "|x", "%x"])
def test_a_text_never_runs_as_a_formula(text):
    line = table_csv(pd.DataFrame({"nom": [text]})).split("\r\n", 1)[1]
    assert line.lstrip('"').startswith("'")


def test_numbers_stay_numbers_even_below_zero():
    lines = table_csv(pd.DataFrame({"a": [-3.25, 0.1 + 0.2, 1234567.0, 53291.3]})).splitlines()
    assert lines[1:] == ["-3,25", "0,3", "1234567", "53291,3"]


def test_csv_quotes_what_would_break_a_line():
    assert '"a;b ""c"""' in table_csv(pd.DataFrame({"n": ['a;b "c"']}))


def test_caveats():
    assert "C’est un test" not in caveats_list(diagnostic()).to_html()
    assert "c’est un test" in caveats_list(diagnostic()).to_html()
    assert "(Pauvreté, Emploi, Âge et 2 autres)" in caveats_list(diagnostic()).to_html()
    none = pd.DataFrame({"text": [], "indicators": []})
    assert isinstance(caveats_list(diagnostic(caveats=none)), Note)
