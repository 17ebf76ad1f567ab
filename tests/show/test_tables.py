"""The tables: accessible HTML, French numbers, groups, safe links, notes when empty."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from fakes import diagnostic, empty, plain

from qpvkit.publish.export import stylesheet
from qpvkit.show.blocks import Note, Table
from qpvkit.show.tables import (
    NO_REFERENCE,
    coverage_table,
    gaps_table,
    identity_table,
    method_table,
    profile_table,
    references_table,
    sources_table,
)

ALL = {
    "identity": identity_table,
    "profile": lambda d: profile_table(d, theme="revenus"),
    "gaps": gaps_table,
    "other gaps": lambda d: gaps_table(d, unit_kind="other"),
    "references": references_table,
    "coverage": coverage_table,
    "sources": sources_table,
    "method": method_table,
}


def cells(table: Table, column: str) -> list[str]:
    return [plain(text) for text in table.frame[column]]


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_table_is_accessible_and_the_same_at_each_run(make):
    table = make(diagnostic())
    markup = table._repr_html_()
    root = ET.fromstring(f"<body>{markup}</body>")
    caption = root.find(".//caption")
    assert "".join(caption.itertext()).strip()
    assert caption.get("id") == table.name
    assert all(head.get("scope") == "col" for head in root.findall(".//thead//th"))
    assert all(
        row.find("th").get("scope") in {"row", "rowgroup"} for row in root.findall(".//tbody/tr")
    )
    assert make(diagnostic())._repr_html_() == markup


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_wide_table_scrolls_in_its_own_box_that_a_keyboard_reaches(make):
    table = make(diagnostic())
    markup = table.to_html()
    wide = len(table.frame.columns) > 3
    assert ('class="table wide' in markup) is wide
    assert ('tabindex="0"' in markup) is wide


def test_names_of_cells_are_written_once_for_a_phone():
    frame = pd.DataFrame({"Enjeu": ["a", "b"], "Rang d'ici \\ <1>": ["1", "2"], "Où": ["x", "y"]})
    markup = Table(frame=frame, caption="c", name="t", stacked=True).to_html()
    box = ET.fromstring(f"<body>{markup}</body>").find("div")
    assert box.get("style") == "--h2:'Rang d\\27 ici \\\\ <1>';--h3:'Où'"
    assert "style" not in Table(frame=frame, caption="c", name="t").to_html()


def test_numbers_are_aligned_by_column_and_their_words_may_wrap():
    frame = pd.DataFrame({"a": ["x"] * 4, "b": ["1 200", "–", "non publié", "s"], "c": ["2"] * 4})
    markup = Table(frame=frame, caption="c", name="t", numeric=("b",)).to_html()
    assert '<div class="table n2">' in markup
    assert "<td>1 200</td>" in markup
    assert "<td>–</td>" in markup
    assert '<td class="words">non publié</td>' in markup


def test_the_sheet_of_the_page_knows_as_many_columns_as_our_tables_have():
    sheet = stylesheet()
    for rank in range(2, 13):
        assert f".stacked td:nth-child({rank}){{--h:var(--h{rank})}}" in sheet
        assert f":where(.n{rank}) td:nth-child({rank})" in sheet
    assert all(len(make(diagnostic()).frame.columns) <= 12 for make in ALL.values())


def test_words_are_escaped():
    table = Table(frame=pd.DataFrame({"a": ["<b>"]}), caption="x & y", name="t", source="<i>")
    assert "<b>" not in table.to_html()
    assert "<i>" not in table.to_html()


def test_identity():
    rows = dict(zip(*(cells(identity_table(diagnostic()), c) for c in ("Rubrique", "Valeur")),
                    strict=True))  # fmt: skip
    assert (
        rows["Communes"] == "Lille (59350, 62 % de la surface) ; Arras (59512, 38 % de la surface)"
    )
    assert rows["Habitants"] == "3 240 (millésime 2021)"
    assert rows["Intercommunalité"] == "Métropole Européenne de Lille (200093201)"


def test_profile_marks_secret_missing_and_doubt():
    d = diagnostic()
    assert cells(profile_table(d, theme="education"), "Quartier") == ["s"]
    assert cells(profile_table(d, theme="logement"), "Quartier") == ["nd"]
    assert cells(profile_table(d, theme="emploi"), "Quartier") == [
        "44,5 % (qualité faible)", "20,0 %",
    ]  # fmt: skip
    assert cells(profile_table(d, theme="revenus"), "Quartier")[1] == "13 620 €/an (estimé)"


def test_profile_dates_a_base_of_another_year():
    d = diagnostic()
    assert cells(profile_table(d, theme="emploi"), "Effectif") == ["2 100 (2021)", "934 (2021)"]
    assert cells(profile_table(d, theme="revenus"), "Effectif") == ["53 291", "–"]


def test_gaps_are_grouped_by_sense_unfavourable_first():
    table = gaps_table(diagnostic())
    assert list(dict.fromkeys(table.groups)) == [
        "Plus défavorable dans le quartier",
        "Non conclusif\xa0: la marge d’erreur ne permet pas de trancher",
        "Éléments de contexte, ni favorables ni défavorables",
    ]
    assert cells(table, "Écart") == ["+19,3 points", "−15,5 points", "−1,5 point", "−13,8 points"]
    assert cells(table, "Personnes concernées")[:2] == [
        "environ +10 300 habitants", "environ −330 personnes de 15 à 64 ans",
    ]  # fmt: skip
    assert cells(table, "Source") == ["officielle", "tierce", "tierce", "officielle"]


def test_colour_is_never_the_only_sign():
    table = gaps_table(diagnostic())
    senses = {"worse": "défavorable", "better": "favorable", "neutral": "contexte|Non conclusif"}
    for tone, group in zip(table.tones, table.groups, strict=True):
        assert re.search(senses[tone], group)


def test_margins_are_written_beside_the_gaps():
    margins = cells(gaps_table(diagnostic()), "Marge d’erreur")
    assert margins == [
        "de +18,4 à +20,2 points", "de −18,6 à −12,4 points", "de −4,2 à +1,4 points", "–",
    ]  # fmt: skip


def test_the_rest_of_the_territory_or_why_it_is_out_of_reach():
    column = "Reste de la commune (quartier déduit)"
    assert cells(gaps_table(diagnostic()), column) == [
        "24,9 % (écart +21,4 points)", "effectif du territoire non publié",
        "effectif du territoire non publié", "marge d'erreur inconnue",
    ]  # fmt: skip
    assert cells(gaps_table(diagnostic(), unit_kind="other"), column) == [
        "une médiane ne se soustrait pas"
    ]


@pytest.mark.parametrize(
    ("low", "high", "tested", "group"),
    [
        (-1.6, -0.2, True, "Plus favorable"), (-1.6, -0.2, False, "Similaire"),
        (-4.0, -0.2, False, "Non conclusif"), (-1.9, 1.5, False, "Similaire"),
        (float("nan"), float("nan"), pd.NA, "Sans marge d’erreur"),
    ],
)  # fmt: skip
def test_groups_follow_what_may_be_said(low, high, tested, group):
    d = diagnostic()
    row = d.gaps["indicator"] == "precaires"
    gaps = d.gaps[row].assign(gap=-0.9, gap_low=low, gap_high=high)
    gaps["different"] = pd.array([tested], dtype="boolean")
    assert gaps_table(diagnostic(gaps=gaps)).groups[0].startswith(group)


def test_nobody_is_concerned_by_a_difference_that_is_not_established():
    assert cells(gaps_table(diagnostic()), "Personnes concernées")[2] == "–"


def test_null_gap_is_neither_favourable_nor_unfavourable():
    d = diagnostic()
    gaps = d.gaps.assign(gap=d.gaps["gap"].where(d.gaps["indicator"] != "precaires", 0.04))
    table = gaps_table(diagnostic(gaps=gaps))
    row = cells(table, "Indicateur").index("Part des emplois précaires")
    assert table.groups[row].startswith("Non conclusif")
    assert cells(table, "Écart")[row] == "0,0 point"


def test_gaps_in_other_units_have_no_people():
    table = gaps_table(diagnostic(), unit_kind="other")
    assert cells(table, "Écart") == ["−5 350 €/an"]
    assert "Personnes concernées" not in table.frame
    assert "Commune de Lille" in table.frame


def test_references_have_a_column_each_and_a_word_where_there_is_no_value():
    table = references_table(diagnostic())
    assert list(table.frame.columns)[3:] == ["Commune de Lille", "France métropolitaine"]
    assert cells(table, "France métropolitaine") == ["14,9 %", NO_REFERENCE, NO_REFERENCE]


def test_coverage_says_why_and_whom_and_counts_long_lists():
    table = coverage_table(diagnostic())
    assert cells(table, "Ce qui manque") == [
        "Part des non-diplômés", "Emploi et insertion (4)", "Culture et sport",
    ]  # fmt: skip
    assert [plain(group) for group in table.groups] == [
        "Masqué (1)", "Fichier non chargé (4)", "Non mesurable au quartier (1)",
    ]  # fmt: skip
    assert all(cells(table, "À qui le demander"))


def test_sources_link_web_pages_only():
    markup = sources_table(diagnostic()).to_html()
    assert 'href="https://www.insee.fr/fr/statistiques/1"' in markup
    assert "javascript" not in markup
    assert "Untel (source tierce)" in plain(markup)


def test_method_writes_whole_numbers_whole():
    assert cells(method_table(diagnostic()), "Valeur") == ["11", "0,25"]


@pytest.mark.parametrize(
    ("make", "field"),
    [(gaps_table, "gaps"), (references_table, "gaps"), (sources_table, "sources"),
     (ALL["profile"], "profile"), (coverage_table, "coverage")],
    ids=["gaps", "references", "sources", "profile", "coverage"],
)  # fmt: skip
def test_nothing_to_say_gives_a_note(make, field):
    d = diagnostic()
    note = make(diagnostic(**{field: empty(getattr(d, field))}))
    assert isinstance(note, Note)
    assert re.search(r"[Aa]ucun|Tous|Pas de", note.text)


def test_duplicate_names_of_columns_do_not_lose_cells():
    table = gaps_table(diagnostic(), reference="france")
    assert cells(table, "France métropolitaine") == ["14,9 %"]
