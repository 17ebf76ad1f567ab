"""A panel is the same for all reports; one quartier is measured as in its map."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic import diagnose
from qpvkit.diagnostic.kept import panel_folder, read_panel, write_panel
from qpvkit.diagnostic.panel import error_facts, fit_panel, open_panel, with_errors
from qpvkit.diagnostic.stakes import ranking_inputs, read_rules
from qpvkit.load.reads import recording
from qpvkit.measure.stakes.ranking import rank_stakes


@pytest.fixture(scope="module")
def store(demo_store):
    return demo_store


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


# --- kept beside the tables --------------------------------------------------------------------


def parts_of(panel):
    yield from (panel.rows, panel.scaled, panel.unusual, panel.references)
    yield from (getattr(panel.yardstick, name) for name in panel.yardstick.__slots__)
    yield from (*panel.groups.values(), *panel.medians.values())


@pytest.mark.parametrize("zoning", [2015, 2024])
def test_a_panel_read_again_is_the_one_that_was_fitted(store, tmp_path, zoning):
    fitted = fit_panel(store, load_catalogue(), zoning=zoning)
    write_panel(tmp_path / f"{zoning}-x", fitted)
    kept = read_panel(tmp_path / f"{zoning}-x")
    assert [list(kept.groups), list(kept.medians)] == [list(fitted.groups), list(fitted.medians)]
    for found, expected in zip(parts_of(kept), parts_of(fitted), strict=True):
        check = (
            pd.testing.assert_series_equal
            if isinstance(expected, pd.Series)
            else pd.testing.assert_frame_equal
        )
        check(found, expected)


def test_a_panel_of_other_code_is_not_read_and_goes_when_a_new_one_comes(panel, tmp_path):
    old, new = tmp_path / "2015-old", tmp_path / "2015-new"
    other = tmp_path / "2024-old"
    for folder in (old, other, new):
        write_panel(folder, panel)
    assert read_panel(old) is None
    assert read_panel(new) is not None
    assert read_panel(other) is not None


def test_another_catalogue_has_another_panel(tmp_path):
    assert panel_folder(tmp_path, 2015, "a") != panel_folder(tmp_path, 2015, "b")


def test_a_damaged_panel_is_fitted_again(panel, tmp_path):
    folder = tmp_path / "2015-x"
    write_panel(folder, panel)
    (folder / "rows.parquet").write_bytes(b"PAR1 and then nothing")
    assert read_panel(folder) is None
    write_panel(folder, panel)
    (folder / "yardstick.people.parquet").unlink()
    assert read_panel(folder) is None


def test_a_store_that_cannot_be_written_is_no_trouble(panel, tmp_path):
    place = tmp_path / "file"
    place.write_text("not a folder")
    write_panel(place / "2015-x", panel)
    assert read_panel(place / "2015-x") is None
