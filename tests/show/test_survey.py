"""Pages about a whole map: every count adds up, nobody is named."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from qpvkit.diagnostic.survey import VERDICTS, survey_verdicts
from qpvkit.show.survey import (
    correlations_table,
    pairs_table,
    sizes_table,
    survey_summary,
    survey_title,
    verdicts_table,
)


@pytest.fixture(scope="module")
def survey():
    return survey_verdicts(zoning=2015, dataset="demo")


def test_every_quartier_is_counted_once(survey):
    unread = int(survey.unread["quartiers"].sum())
    assert int(survey.by_size["quartiers"].sum()) == survey.quartiers
    assert int(survey.by_size["with_result"].sum()) + unread == survey.quartiers


def test_each_stake_has_one_verdict_a_ranked_quartier(survey):
    totals = survey.by_stake[list(VERDICTS)].sum(axis=1)
    assert (totals == totals.iloc[0]).all()


def test_the_tables_name_no_quartier(survey):
    shown = [verdicts_table, sizes_table, correlations_table, pairs_table, survey_summary]
    page = "".join(show(survey).to_html() for show in shown)
    assert "QP099" not in page


def test_the_summary_counts_what_the_tables_count(survey):
    text = survey_summary(survey).text
    assert text.startswith(f"Sur {survey.quartiers} quartiers, ")
    assert str(int(survey.by_size["with_result"].sum())) in text


def test_an_unknown_population_has_a_row_of_its_own(survey):
    rows = survey.by_size.assign(low=float("nan"), high=float("nan"))
    html = sizes_table(dataclasses.replace(survey, by_size=rows)).to_html()
    assert "population non publiée" in html


def test_nothing_to_show_is_a_sentence(survey):
    empty = dataclasses.replace(
        survey,
        by_stake=survey.by_stake.iloc[:0],
        correlations=survey.correlations.iloc[:0],
        pairs=survey.pairs.iloc[:0],
    )
    for show in (verdicts_table, correlations_table, pairs_table):
        assert show(empty).text


def test_the_title_says_which_map(survey):
    assert "2015" in survey_title(survey).to_html()


def test_a_correlation_that_cannot_be_computed_is_a_dash(survey):
    row = pd.DataFrame(
        {"stake": ["a"], "label": ["A"], "with_size": [float("nan")], "with_size_quartiers": [1],
         "with_poverty": [float("nan")], "with_poverty_quartiers": [0]}
    )  # fmt: skip
    assert "–" in correlations_table(dataclasses.replace(survey, correlations=row)).to_html()
