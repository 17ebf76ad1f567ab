"""Planted truth: what the method announces is true as often as announced.

The full form, more worlds and more draws, is `qpvkit calibrate`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from planted import grid_of, names_of, normal_table, values

from qpvkit.measure.stakes import Rules, fit_yardstick, rank_stakes
from qpvkit.measure.stakes.calibration import SETTINGS, check_ranking, plant
from qpvkit.measure.stakes.ranking import rank_draws

RULES = Rules(draws=500)
BARS = {"top_gaps": 0.94, "top_set": 0.90, "rank_intervals": 0.95, "established": 0.80}
WORLDS = SETTINGS | {"very noisy": {"noise": 8.0}, "other errors": {"together": 0.0},
                     "same errors": {"together": 0.95, "noise": 8.0}}  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_levels_hold_whatever_the_shape_of_the_truth_and_the_noise(name):
    """Also when the errors of a stake go together otherwise than the method supposes."""
    found = check_ranking(worlds=2, quartiers=350, rules=RULES, settings={name: WORLDS[name]})
    table = found.set_index("check")
    assert table.loc[list(BARS), "cases"].min() > 150, table.to_string()
    for check, bar in BARS.items():
        assert table.loc[check, "found"] >= bar, table.to_string()


# --- a selection that bites: many stakes, one indicator each -----------------------------------


def long(table, name):
    return table.rename_axis("code").reset_index().melt("code", None, "indicator", name)


def announced(*, stakes=24, se=1.0, quartiers=500, seed=0, reference=None):
    """Rank normal truths seen through noise; what was announced, beside the truth.

    `reference` is the correlation between a quartier and its territory; none by default.
    """
    grid = grid_of(stakes, each=1)
    names = names_of(grid)
    rng = np.random.default_rng(seed + 100)
    truth = normal_table(quartiers, names, seed=seed)
    rows = values(truth + se * rng.standard_normal(truth.shape), se=se)
    yardstick = fit_yardstick(rows)
    sigma = yardstick.series["sigma"].droplevel("vintage")[names]
    known, far = None, truth / sigma
    if reference is not None:
        own = np.sqrt(1 - reference**2) * rng.standard_normal(truth.shape)
        place = reference * truth + own - 1
        usual = ((truth - place) / sigma).median()
        known = long(place, "y_ref").assign(option="commune")
        known["typical"] = known["indicator"].map(usual)
        far = (truth - place) / sigma - 0.5 * usual
    ranking = rank_stakes(
        rows, grid=grid, yardstick=yardstick, references=known,
        rules=Rules(draws=500, min_indicators=1),
    )  # fmt: skip
    ranks = rank_draws(far.to_numpy()[:, None])[:, 0]
    true = long(pd.DataFrame(ranks, index=truth.index, columns=list(grid)), "true_rank")
    found = ranking.stakes.merge(true.rename(columns={"indicator": "stake"}))
    chosen = found.loc[found["rank"].le(3), ["code", "stake"]]
    gaps = ranking.evidence.merge(chosen).merge(long(truth, "true"))
    return found, gaps.merge(rows[["code", "indicator", "y", "se"]])


def held(found):
    """Return how often ranks, sets and « established » were true."""
    inside = found["true_rank"].between(found["rank_low"], found["rank_high"]).mean()
    trio = found.loc[found["true_rank"].le(3)].groupby("code")["in_top_set"].all().mean()
    sure = found.loc[found["verdict"].eq("established"), "true_rank"].le(3)
    return inside, trio, sure.mean(), len(sure)


def test_published_gaps_of_selected_stakes_miss_their_level_and_corrected_ones_hold_it():
    _, gaps = announced()
    corrected = gaps["true"].between(gaps["shrunk_low"], gaps["shrunk_high"]).mean()
    published = (gaps["true"] - gaps["y"]).abs().le(1.96 * gaps["se"]).mean()
    assert corrected >= 0.94
    assert published < 0.90
    luck = (gaps["y"] - gaps["true"]).mean()
    assert luck > 0.5  # selected for being large
    assert abs((gaps["shrunk"] - gaps["true"]).mean()) < luck / 5


def test_ranks_hold_when_many_stakes_compete():
    found, _ = announced(stakes=12, se=0.5)
    inside, trio, sure, count = held(found)
    assert inside >= 0.95
    assert trio >= 0.90
    assert sure >= 0.80
    assert count > 100


def test_levels_hold_against_territories():
    """Quartiers and territories as alike as on the real map, where ρ is 0.2 to 0.6."""
    found, gaps = announced(stakes=12, se=0.4, reference=0.4)
    assert found["regime"].eq("territory").all()
    inside, trio, sure, count = held(found)
    assert inside >= 0.95
    assert trio >= 0.90
    assert sure >= 0.80
    assert count > 100
    assert gaps["true"].between(gaps["shrunk_low"], gaps["shrunk_high"]).mean() >= 0.94


# --- worlds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tails", ["normal", "heavy", "skewed"])
def test_a_world_is_what_it_says(tails):
    one, two = plant(quartiers=500, seed=4, tails=tails), plant(quartiers=500, seed=4, tails=tails)
    pd.testing.assert_frame_equal(one.rows, two.rows)
    theta = one.truth.pivot_table(index="code", columns="indicator", values="y")
    correlation = theta.corr()
    assert correlation.loc["i00", "i01"] == pytest.approx(0.60, abs=0.12)  # of one stake
    assert correlation.loc["i00", "i10"] == pytest.approx(0.15, abs=0.12)  # of two
    seen = one.rows.merge(one.truth, on=["code", "indicator"], suffixes=("", "_true"))
    inside = seen["value_true"].sub(seen["value"]).abs()
    far = inside / (100 * np.sqrt(seen["value_true"] / 100 * (1 - seen["value_true"] / 100)
                                  / seen["base"]))  # fmt: skip
    assert np.sqrt((far**2).mean()) == pytest.approx(1, abs=0.05)


def test_more_noise_means_smaller_bases():
    calm, noisy = plant(quartiers=100, seed=1), plant(quartiers=100, seed=1, noise=8.0)
    both = calm.rows.merge(noisy.rows, on=["code", "indicator"])
    assert (both["base_x"] / both["base_y"]).median() == pytest.approx(8, rel=0.02)
    assert len(noisy.rows) < len(calm.rows)  # small bases are masked
