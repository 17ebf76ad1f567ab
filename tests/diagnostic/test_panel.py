"""A panel is the same for all reports; one quartier is measured as in its map."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic import diagnose
from qpvkit.diagnostic.panel import error_facts, open_panel, with_errors
from qpvkit.diagnostic.stakes import ranking_inputs, read_rules
from qpvkit.load.reads import recording
from qpvkit.load.store import open_store
from qpvkit.measure.stakes.ranking import rank_stakes
from qpvkit.settings import Settings


@pytest.fixture(scope="module")
def store():
    return open_store(Settings(dataset="demo"))


@pytest.fixture(scope="module")
def panel(store):
    return open_panel(store, load_catalogue(), zoning=2015)


def test_a_panel_is_fitted_once(store, panel):
    assert open_panel(store, load_catalogue(), zoning=2015) is panel


def test_each_map_has_its_own_quartiers(store, panel):
    other = open_panel(store, load_catalogue(), zoning=2024)
    assert not set(panel.rows["code"]) & set(other.rows["code"])


def test_only_indicators_with_a_model_and_a_sense_are_in_the_panel(panel):
    catalogue = load_catalogue()
    assert all(catalogue.indicators[name].scored for name in panel.rows["indicator"].unique())
    off = panel.rows.loc[panel.rows["y"].isna()]
    assert (off["scale"].eq("log") & off["value"].eq(0)).all()  # a null income has no logarithm


def test_a_supposed_base_is_a_share_of_the_inhabitants_and_says_so():
    facts = error_facts(load_catalogue())
    rows = pd.DataFrame(
        {"code": ["QP1"], "indicator": ["taux_emploi"], "vintage": [2018], "value": [45.0],
         "base": [np.nan]}
    )  # fmt: skip
    population = pd.Series({"QP1": 2000.0})
    found = with_errors(rows, facts, population=population, quartiles=rows).iloc[0]
    assert found["supposed"]
    assert found["base"] == pytest.approx(0.62 * 2000)


def test_without_population_a_supposed_base_stays_unknown():
    facts = error_facts(load_catalogue())
    rows = pd.DataFrame(
        {"code": ["QP1"], "indicator": ["taux_emploi"], "vintage": [2018], "value": [45.0],
         "base": [np.nan]}
    )  # fmt: skip
    nobody = pd.Series(dtype=float)
    found = with_errors(rows, facts, population=nobody, quartiles=rows).iloc[0]
    assert not found["supposed"]
    assert found["no_interval"] == "no_base"
    assert np.isnan(found["se"])


def test_a_quartier_has_in_its_report_the_verdicts_of_the_whole_map(panel):
    catalogue = load_catalogue()
    rules = read_rules(catalogue)
    whole = rank_stakes(**ranking_inputs(panel, catalogue), rules=rules).stakes
    d = diagnose("QP099001", dataset="demo")
    mine = whole.loc[whole["code"].eq("QP099001")].set_index("stake")
    for row in d.stakes.loc[d.stakes["scored"]].itertuples():
        assert row.verdict == mine.loc[row.stake, "verdict"]
        assert row.rank == mine.loc[row.stake, "rank"]


def test_a_report_tells_what_it_owes_to_the_other_quartiers(store):
    with recording() as reads:
        diagnose("QP099001", dataset="demo", store=store)
    peers = [dict(read.wanted) for read in reads if read.table == "peers"]
    named = {name for wanted in peers for name in wanted["indicator"]}
    assert "taux_pauvrete" in named
    assert all(wanted["zoning"] == ("2015",) for wanted in peers)
