"""What the page of the droit commun says, draws and refuses to say."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

import qpvkit as qk
from qpvkit.show.blocks import Note, Table
from qpvkit.show.chart import Chart
from qpvkit.show.droit_commun.words import conclusion, not_measurable

SHOWN = [
    qk.droit_commun_title, qk.describe_droit_commun, qk.stake_sheet, qk.plot_equity,
    qk.equity_table, qk.services_table, qk.map_services, qk.access_table, qk.radii_table,
    qk.quartiers_access_table, qk.inequality_table, qk.plot_effort, qk.plot_evidence,
    qk.money_table, qk.substitution_note, qk.above_table, qk.posts_table, qk.perequation_table,
    qk.staff_table, qk.droit_commun_caveats, qk.droit_commun_data,
]  # fmt: skip


def plain(markup: str) -> str:
    """Return a text with ordinary spaces and apostrophes."""
    return markup.replace("\u202f", " ").replace("\xa0", " ").replace("’", "'")


@pytest.fixture(scope="module")
def d() -> qk.DroitCommun:
    return qk.diagnose_droit_commun("QN09901M", dataset="demo")


@pytest.fixture(scope="module")
def bare(d: qk.DroitCommun) -> qk.DroitCommun:
    """The same quartier when no table of credits, of staff nor of services is loaded."""
    empty = {
        name: getattr(d, name).iloc[:0]
        for name in ("equity", "verdicts", "money", "above", "posts", "staff", "substitution",
                     "inequality")
    }  # fmt: skip
    services = d.services.assign(
        verdict="not_measurable", measured=False, status="M3", status_label="existe"
    )
    return dataclasses.replace(
        d, **empty, services=services, measurability=0.0, reach=None, perequation=()
    )


@pytest.mark.parametrize("show", SHOWN, ids=lambda one: one.__name__)
def test_every_piece_is_shown_in_french_and_twice_the_same(d, show):
    markup = show(d).to_html()
    assert markup == show(d).to_html()
    assert not re.search(r"\bnan\b|None|NaT|<NA>", re.sub(r"base64,[^\"]+", "", markup))


@pytest.mark.parametrize("show", SHOWN, ids=lambda one: one.__name__)
def test_every_piece_survives_that_nothing_is_loaded(bare, show):
    assert not re.search(r"\bnan\b|None|<NA>", re.sub(r"base64,[^\"]+", "", show(bare).to_html()))


def test_the_first_line_is_what_to_act_on(d):
    text = plain(qk.describe_droit_commun(d).markup)
    first = re.search(r"<strong>(.*?)</strong>", text)
    assert first is not None
    assert first[1].startswith("Pauvreté et faibles ressources : enjeu probable")
    assert "Taux de mesurabilité : 18 %, soit 3 services avec un verdict sur 17" in text


def test_nothing_known_is_not_said_to_be_fair(bare):
    text = plain(qk.describe_droit_commun(bare).markup)
    assert "aucun indice d'équité n'est calculé" in text
    assert "Taux de mesurabilité : 0 %" in text
    assert isinstance(qk.plot_equity(bare), Note)
    assert isinstance(qk.equity_table(bare), Note)
    assert "conforme" not in text


def test_the_fixed_sentence_of_what_cannot_be_measured(d):
    row = next(row for row in d.services.itertuples(index=False) if not row.measured)
    assert re.fullmatch(
        r"Non mesurable à l'échelle du QPV : .+ ; détenteur : .+ ; action : .+ ; échéance : .+\.",
        not_measurable(row),
    )


def test_the_fixed_sentence_of_what_does_not_conclude(d):
    row = next(row for row in d.equity.itertuples(index=False) if row.known == "total")
    assert re.fullmatch(
        r"Non conclusif : 100 % des bénéficiaires sans adresse ; selon qu'ils résident ou non dans "
        r"le QPV l'indice va de 0,00 à \d+,\d\d\.",
        plain(conclusion(row)),
    )


def test_grade_d_is_grey_and_proves_nothing(d):
    weak = d.equity.assign(evidence_grade="D", verdict="not_measurable", reason="grade_d")
    chart = qk.plot_equity(dataclasses.replace(d, equity=weak))
    assert isinstance(chart, Chart)
    assert "niveau de preuve D" in chart.alt
    body = chart.svg().split("niveau de preuve D : ne prouve rien")[1]
    assert "#b8480a" not in body.lower()
    table = plain(qk.equity_table(dataclasses.replace(d, equity=weak)).to_html())
    assert "Non mesurable : réparti au prorata" in table


def test_an_index_of_zero_and_one_without_limit_are_drawn(d):
    odd = d.equity.copy()
    odd.loc[odd.index[0], ["index", "low", "index_low", "index_high"]] = 0.0
    odd.loc[odd.index[1], "high"] = np.inf
    chart = qk.plot_equity(dataclasses.replace(d, equity=odd))
    assert isinstance(chart, Chart)
    assert "sans limite" in chart.alt


def test_charts_say_that_data_are_invented_and_where_they_come_from(d):
    for show in (qk.plot_equity, qk.plot_effort, qk.plot_evidence, qk.map_services):
        chart = show(d)
        assert "Données inventées" in chart.svg()
        assert chart.source
        assert chart.alt.endswith(".")


def test_posts_are_said_counted_and_over_the_quartiers_added_up(d):
    table = plain(qk.posts_table(d).to_html())
    assert "comptés, jamais payés" in table
    assert "28 720" in table


def test_substitution_alert_is_written(d):
    text = plain(qk.substitution_note(d).text)
    assert text.startswith("Alerte de substitution : la part des crédits spécifiques passe de 57 %")


def test_a_conclusion_that_changes_with_the_distance_is_said_so(d):
    assert "change de sens : ne pas conclure" in plain(qk.radii_table(d).to_html())


def test_the_sheet_has_the_four_questions_and_opens_on_the_alert(d):
    sheet = qk.stake_sheet(d)
    assert isinstance(sheet, Table)
    assert list(sheet.frame) == ["Enjeu", "Pour quoi", "Combien", "Avec qui", "Comment"]
    assert sheet.groups[0].startswith("À traiter d’abord")
    assert "M5" in sheet.frame["Comment"].iloc[0]
