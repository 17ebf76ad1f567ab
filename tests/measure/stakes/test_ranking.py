"""The ranking: what must not change it, what must, and what never ranks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import grid_of, names_of, normal_table, references, values

from qpvkit.measure.stakes import Rules, fit_yardstick, rank_stakes
from qpvkit.measure.stakes.calibration import plant
from qpvkit.measure.stakes.ranking import STAKE_COLUMNS, rank_draws, top_set

RULES = Rules(draws=200)
GRID = grid_of(6)
seeds = st.integers(0, 10_000)
PROBABILITIES = ["p_top3", "p_top3_data", "p_top3_choices", "p_positive"]


def rank(rows, *, grid=None, yardstick=None, rules=RULES, **facts):
    return rank_stakes(
        rows, grid=grid or GRID, yardstick=yardstick or fit_yardstick(rows), rules=rules, **facts
    )


def keyed(ranking):
    return ranking.stakes.set_index(["code", "stake"]).sort_index()


def same(one, other, *, moved=0.0):
    """Check that two rankings say the same of the same stakes."""
    one, other = keyed(one), keyed(other)
    common = one.index.intersection(other.index)
    assert len(common)
    first, second = one.loc[common], other.loc[common]
    for column in ("verdict", "verdict_reason", "in_top_set", "scored", "read", "independent"):
        pd.testing.assert_series_equal(first[column], second[column])
    for column in ("rank", "rank_low", "rank_high"):
        pd.testing.assert_series_equal(first[column], second[column])
    for column in ("prominence", "prominence_low", "prominence_high", "severity", "specificity"):
        np.testing.assert_allclose(first[column], second[column], atol=1e-6, err_msg=column)
    for column in PROBABILITIES:
        np.testing.assert_allclose(first[column], second[column], atol=moved, err_msg=column)


def world(quartiers=40, *, seed=0, grid=None, **facts):
    return values(normal_table(quartiers, names_of(grid or GRID), seed=seed), **facts)


# --- what must not change it -------------------------------------------------------------------


@settings(deadline=None, max_examples=5)
@given(seed=seeds)
def test_the_order_of_the_rows(seed):
    """The table of a map is sorted by indicator, not by quartier: results must follow codes."""
    rows = world(seed=seed)
    first = rank(rows)
    again = rank(rows.sample(frac=1, random_state=seed), yardstick=fit_yardstick(rows))
    same(first, again)
    pd.testing.assert_frame_equal(first.stakes, again.stakes)


def test_results_belong_to_their_quartier():
    """One quartier has one bad stake: it is the only one said to have it, wherever its rows are."""
    table = normal_table(80, names_of(GRID), seed=1) * 0.2
    table.loc["Q0017", ["i20", "i21"]] = 4.0
    rows = values(table).sort_values(["indicator", "code"], ascending=[True, False])
    found = rank(rows).stakes
    worst = found.sort_values("prominence").iloc[-1]
    assert (worst["code"], worst["stake"], worst["rank"]) == ("Q0017", "e2", 1)


@settings(deadline=None, max_examples=5)
@given(seed=seeds, factor=st.floats(1e-3, 1e3), shift=st.floats(-50, 50))
def test_the_unit_of_an_indicator(seed, factor, shift):
    table = normal_table(40, names_of(GRID), seed=seed)
    errors = table * 0 + 0.3
    other, wider = table.copy(), errors.copy()
    other["i00"], wider["i00"] = table["i00"] * factor + shift, errors["i00"] * factor
    same(rank(values(table, se=errors)), rank(values(other, se=wider)), moved=0.01)


@settings(deadline=None, max_examples=5)
@given(seed=seeds, factor=st.floats(0.01, 100))
def test_the_currency_of_an_income(seed, factor):
    table = normal_table(40, names_of(GRID), seed=seed) * 0.2 + 9.5
    euros, others = (values(table + step, scale="log") for step in (0.0, np.log(factor)))
    same(rank(euros), rank(others), moved=0.01)


@settings(deadline=None, max_examples=5)
@given(seed=seeds)
def test_the_sense_in_which_a_rate_is_told(seed):
    """Without a job is what is not with a job: 100 − x, the other way up."""
    rows = world(seed=seed, scale="logit")
    turned = rows.copy()
    told = turned["indicator"].isin(["i00", "i11", "i30"])
    turned.loc[told, "value"] = 100 - turned.loc[told, "value"]
    turned.loc[told, ["y", "sign"]] *= -1
    same(rank(rows), rank(turned), moved=0.01)


@settings(deadline=None, max_examples=5)
@given(seed=seeds, extreme=st.floats(-8, 8))
def test_a_quartier_more_when_the_yardstick_is_fixed(seed, extreme):
    rows = world(seed=seed)
    yardstick = fit_yardstick(rows)
    newcomer = values(normal_table(1, names_of(GRID), prefix="A") * 0 + extreme)
    same(rank(rows, yardstick=yardstick), rank(pd.concat([newcomer, rows]), yardstick=yardstick))


def test_the_other_quartiers_ranked_with_it():
    """Alone or with a hundred others, some without the same indicators: the same to the draw."""
    known = plant(quartiers=130, seed=3)
    rows, grid = known.rows, known.grid
    hidden = rows["code"].lt("Q00040") & rows["indicator"].str.startswith(("i0", "i3"))
    rows = rows.loc[~hidden].reset_index(drop=True)
    yardstick = fit_yardstick(rows)
    whole = keyed(rank(rows, grid=grid, yardstick=yardstick))
    for code in ("Q00003", "Q00047", "Q00048", "Q00129"):
        alone = rank(rows.loc[rows["code"].eq(code)], grid=grid, yardstick=yardstick)
        pd.testing.assert_frame_equal(keyed(alone), whole.loc[[code]], rtol=1e-9)


def test_the_territories_that_other_quartiers_have():
    """Two kinds of territory here, five elsewhere: the odds of each are the quartier's own."""
    rows = world()
    yardstick = fit_yardstick(rows)
    here = rows["code"].eq("Q0007")
    known = pd.concat([
        references(rows.loc[here], {"commune": 0.5, "france": 1.5}),
        references(rows.loc[~here], dict.fromkeys("abcde", 0.3)),
    ])  # fmt: skip
    whole = keyed(rank(rows, yardstick=yardstick, references=known))
    alone = keyed(
        rank(rows.loc[here], yardstick=yardstick,
             references=known.loc[known["code"].eq("Q0007")])
    )  # fmt: skip
    pd.testing.assert_frame_equal(alone, whole.loc[["Q0007"]], rtol=1e-9)
    assert alone["regime"].eq("territory").all()


def test_the_same_seed_gives_the_same_page():
    rows = world(10)
    one, two = rank(rows), rank(rows)
    pd.testing.assert_frame_equal(one.stakes, two.stakes)
    pd.testing.assert_frame_equal(one.evidence, two.evidence)


def test_another_seed_moves_probabilities_by_what_draws_allow():
    rows = world(40)
    one, two = (
        keyed(rank(rows, rules=dataclasses.replace(RULES, draws=4_000, seed=seed)))
        for seed in (1, 2)
    )
    for column in PROBABILITIES:
        assert (one[column] - two[column]).abs().max() < 5 * np.sqrt(0.5 / 4_000), column
    pd.testing.assert_series_equal(one["prominence"], two["prominence"])


def test_what_was_given_is_not_changed():
    rows = world()
    known = references(rows, {"commune": 1.0})
    before = rows.copy(), known.copy()
    rank(rows, references=known)
    pd.testing.assert_frame_equal(rows, before[0])
    pd.testing.assert_frame_equal(known, before[1])


# --- what never ranks --------------------------------------------------------------------------


@settings(deadline=None, max_examples=5)
@given(seed=seeds, secret=st.sampled_from(sorted(GRID)))
def test_a_secret_never_ranks(seed, secret):
    rows = world(seed=seed)
    hidden = rows["code"].eq("Q0005") & rows["indicator"].isin(GRID[secret])
    for told in (rows.loc[~hidden], rows.assign(**{
        name: rows[name].mask(hidden) for name in ("value", "y", "se")
    })):  # fmt: skip
        found = keyed(rank(told, yardstick=fit_yardstick(rows))).loc["Q0005"]
        row = found.loc[secret]
        assert (row["verdict"], row["verdict_reason"]) == ("not_established", "few_indicators")
        assert not row["in_top_set"]
        assert row[["rank", "rank_high", "p_top3", "p_positive", "prominence"]].isna().all()
        others = found.drop(secret)
        assert sorted(others["rank"]) == [1, 2, 3, 4, 5]
        assert others["p_top3"].sum() == pytest.approx(3)


def test_one_indicator_of_two_is_not_enough():
    rows = world()
    rows = rows.loc[~(rows["code"].eq("Q0005") & rows["indicator"].eq("i00"))]
    assert not keyed(rank(rows)).loc[("Q0005", "e0"), "scored"]


@pytest.mark.parametrize("odd", ["flat", "bare", "context", "old"])
def test_what_cannot_be_placed_never_ranks(odd):
    rows = world()
    mine = rows["indicator"].isin(["i00", "i01"])
    change = {
        "flat": {"y": 3.0, "value": 3.0}, "bare": {"se": np.nan}, "context": {"sign": 0.0},
        "old": {"vintage": 2005},
    }[odd]  # fmt: skip
    for name, value in change.items():
        rows[name] = rows[name].mask(mine, value)
    found = keyed(rank(rows))
    row = found.xs("e0", level="stake")
    assert not row["scored"].any()
    assert row["rank"].isna().all()
    reasons = rank(rows).evidence.query("stake == 'e0'")["reason"].unique().tolist()
    wanted = {"flat": "no_scale", "bare": "no_error", "context": "no_scale", "old": "too_old"}
    assert reasons == [wanted[odd]]


def test_three_stakes_or_fewer_are_never_established():
    grid = {name: GRID[name] for name in ("e0", "e1", "e2")}
    rows = world()
    rows.loc[rows["code"].eq("Q0005"), "y"] = 5.0
    found = keyed(rank(rows, grid=grid)).loc["Q0005"]
    assert found["p_top3"].tolist() == [1, 1, 1]
    assert found["verdict"].tolist() == ["probable"] * 3
    assert found["verdict_reason"].tolist() == ["few_stakes"] * 3


def test_a_map_of_eleven_quartiers_establishes_nothing():
    """The 2015 map of the demo has eleven: results, but none is final."""
    rows = world(11)
    rows.loc[rows["code"].eq("Q0005") & rows["indicator"].isin(GRID["e0"]), "y"] = 50.0
    found = rank(rows).stakes
    assert np.isfinite(found["p_top3"]).all()
    assert found["peers"].eq(11).all()
    assert set(found["verdict"]) <= {"probable", "uncertain"}
    assert found["verdict_reason"].eq("few_peers").all()


@pytest.mark.parametrize("quartiers", [1, 2, 3])
def test_a_map_of_almost_nobody_still_answers(quartiers):
    found = rank(world(quartiers)).stakes
    assert len(found) == quartiers * len(GRID)
    assert set(found["verdict"]) <= {"probable", "uncertain", "not_established"}


def test_a_map_where_nothing_is_published_still_answers():
    rows = world(3).assign(value=np.nan, y=np.nan, se=np.nan)
    found = rank(rows)
    assert found.stakes["verdict"].eq("not_established").all()
    assert found.evidence["reason"].eq("not_published").all()


def test_no_quartier_at_all():
    rows = world()
    found = rank(rows.iloc[:0], yardstick=fit_yardstick(rows))
    assert list(found.stakes.columns) == list(STAKE_COLUMNS)
    assert found.stakes.empty


# --- severity, specificity, λ ------------------------------------------------------------------


def at(balance, *, gaps=None, typical=None, se=1e-4):
    """Rank quartiers whose every indicator has a reference of its own."""
    rng = np.random.default_rng(9)
    rows = world(se=se)
    known = references(rows, gaps or {"commune": 0.0})
    known["y_ref"] = rows["y"].to_numpy() - rng.normal(1.0, 1.0, len(rows))
    usual = {name: rng.normal(1.0, 1.0) for name in names_of(GRID)}
    known["typical"] = known["indicator"].map(usual) if typical is None else typical
    found = rank(rows, references=known, rules=dataclasses.replace(RULES, balance=balance))
    return found.stakes


@pytest.mark.parametrize(("balance", "column"), [(1.0, "severity"), (0.0, "specificity")])
def test_at_the_ends_of_lambda_the_order_is_that_of_one_or_the_other(balance, column):
    found = at(balance)
    assert found["regime"].eq("territory").all()
    np.testing.assert_allclose(found["prominence"], found[column], atol=1e-3)
    wanted = found.groupby("code")[column].rank(ascending=False)
    pd.testing.assert_series_equal(found["rank"], wanted, check_names=False)


def test_between_the_ends_prominence_is_their_mean():
    found = at(0.3)
    wanted = 0.3 * found["severity"] + 0.7 * found["specificity"]
    np.testing.assert_allclose(found["prominence"], wanted, atol=1e-3)


def test_a_reference_equal_to_the_quartier_gives_no_severity():
    rows = world()
    found = rank(rows, references=references(rows, {"commune": 0.0}))
    assert found.stakes["severity"].abs().max() < 1e-9
    assert found.evidence["severity"].abs().max() < 1e-9


def test_one_missing_reference_is_not_taken_as_null():
    """The quartier is then ranked among quartiers, and keeps the severity that is known."""
    rows = world()
    known = references(rows, {"commune": 0.8})
    hole = known["code"].eq("Q0005") & known["indicator"].eq("i00")
    found = keyed(rank(rows, references=known.loc[~hole]))
    assert found.loc["Q0005", "regime"].eq("quartiers").all()
    assert found.drop("Q0005")["regime"].eq("territory").all()
    alone = keyed(rank(rows)).loc["Q0005"]
    np.testing.assert_allclose(found.loc["Q0005", "prominence"], alone["prominence"])
    assert found.loc["Q0005", "severity"].notna().all()


def test_the_first_territory_known_for_all_indicators_is_the_default():
    rows = world(se=1e-4)
    known = references(rows, {"commune": 0.0, "epci": 1.0})
    hole = known["indicator"].eq("i00") & known["option"].eq("commune")
    found = rank(rows, references=known.loc[~hole], rules=dataclasses.replace(RULES, balance=1.0))
    sigma = fit_yardstick(rows).series["sigma"].droplevel("vintage")
    wanted = (1 / sigma[["i10", "i11"]]).mean()
    assert found.stakes["regime"].eq("territory").all()
    assert found.stakes.loc[found.stakes["stake"].eq("e1"), "severity"].tolist() == pytest.approx(
        [wanted] * 40
    )


def test_without_references_there_is_no_severity():
    found = rank(world()).stakes
    assert found["severity"].isna().all()
    assert found["regime"].eq("quartiers").all()


def test_a_shift_of_comparable_quartiers_moves_what_is_unusual():
    rows = world(se=1e-4)
    shift = pd.Series(np.where(rows["indicator"].isin(GRID["e0"]), 10.0, 0.0), index=rows.index)
    found = rank(rows, shifts={"region": shift}).stakes
    assert found.loc[found["stake"].eq("e0"), "rank"].eq(6).all()


# --- probabilities, ranks and sets -------------------------------------------------------------


def test_numbers_that_go_together():
    known = plant(quartiers=80, seed=5)
    found = rank(known.rows, grid=known.grid).stakes
    scored = found.loc[found["scored"]]
    assert scored[PROBABILITIES].apply(lambda p: p.between(0, 1)).all(axis=None)
    assert (scored["rank_low"] <= scored["rank_high"]).all()
    assert (scored["prominence_low"] < scored["prominence_high"]).all()
    for column in ("p_top3", "p_top3_data", "p_top3_choices"):
        total = scored.groupby("code")[column].sum()
        assert total.to_numpy() == pytest.approx(np.full(len(total), 3.0)), column
    for _, ranks in scored.groupby("code")["rank"]:
        assert sorted(ranks) == list(range(1, len(ranks) + 1))


def test_a_stake_that_dominates_is_established_and_first():
    rows = world(300)
    mine = rows["code"].eq("Q0005")
    rows.loc[mine, "y"] = rows.loc[mine, "indicator"].isin(GRID["e3"]).map({True: 4.0, False: 0.0})
    row = keyed(rank(rows)).loc[("Q0005", "e3")]
    assert (row["verdict"], row["rank"], row["rank_high"]) == ("established", 1, 1)
    assert row["p_top3"] == 1


def test_pure_noise_establishes_next_to_nothing():
    rng = np.random.default_rng(1)
    table = normal_table(300, names_of(GRID)) * 0
    noisy = table + rng.standard_normal(table.shape)
    found = rank(values(noisy, se=1.0)).stakes
    assert found["verdict"].eq("established").mean() < 0.01


@settings(deadline=None, max_examples=50)
@given(seed=seeds, stakes=st.integers(1, 9), missing=st.integers(0, 3))
def test_ranks_at_each_draw_are_a_permutation(seed, stakes, missing):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.standard_normal((2, 5, stakes)), 1)  # ties
    scores[..., : min(missing, stakes - 1)] = np.nan
    ranks = rank_draws(scores)
    assert (np.sort(ranks, axis=2) == np.arange(1, stakes + 1)).all()
    scored = np.isfinite(scores[0, 0])
    assert ranks[..., scored].max() == scored.sum()
    for draw in range(5):
        ordered = scores[0, draw, np.argsort(ranks[0, draw])][: scored.sum()]
        assert (np.diff(ordered) <= 0).all()


def trios(seed, stakes=7, draws=400):
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((3, draws, stakes)) + rng.normal(0, 1, (3, 1, stakes))
    return rank_draws(scores) <= 3


@settings(deadline=None, max_examples=50)
@given(seed=seeds, level=st.floats(0.5, 0.99))
def test_the_set_holds_the_whole_trio_as_often_as_announced(seed, level):
    draws = trios(seed)
    found = top_set(draws, level=level)
    held = (draws <= found[:, None, :]).all(axis=2).mean(axis=1)
    assert (held >= level).all()
    assert (found.sum(axis=1) >= 3).all()
    likely = draws.mean(axis=1)
    for row in range(3):  # who is inside is likelier than who is outside
        if not found[row].all():
            assert likely[row][found[row]].min() >= likely[row][~found[row]].max()
            smallest = np.where(found[row], likely[row], np.inf).argmin()
            less = found[row].copy()
            less[smallest] = False
            assert (draws[row] <= less).all(axis=1).mean() < level  # none is there for nothing


@settings(deadline=None, max_examples=40)
@given(seed=seeds, low=st.floats(0.5, 0.99), high=st.floats(0.5, 0.99))
def test_a_higher_level_never_makes_a_smaller_set(seed, low, high):
    low, high = sorted((low, high))
    draws = trios(seed)
    assert (top_set(draws, level=low) <= top_set(draws, level=high)).all()


def test_a_certain_trio_is_its_own_set():
    draws = np.zeros((1, 50, 6), dtype=bool)
    draws[..., [1, 4, 5]] = True
    assert top_set(draws, level=0.99)[0].tolist() == [False, True, False, False, True, True]


# --- what is printed of the values -------------------------------------------------------------


def test_printed_values_have_their_luck_taken_back():
    known = plant(quartiers=200, seed=2, noise=8.0)
    found = rank(known.rows, grid=known.grid)
    detail = found.evidence.merge(known.rows[["code", "indicator", "value"]])
    centre = detail.groupby("indicator")["value"].transform("median")
    pulled = (detail["shrunk"] - centre).abs() <= (detail["value"] - centre).abs() + 1.0
    assert pulled.mean() > 0.97
    ordered = detail["shrunk_low"].lt(detail["shrunk"]) & detail["shrunk"].lt(detail["shrunk_high"])
    assert ordered.all()
    assert detail["shrunk_low"].ge(0).all()
    assert detail["shrunk_high"].le(100).all()


def test_what_has_no_error_has_no_printed_value():
    rows = world()
    bare = rows["indicator"].eq("i00")
    rows["se"] = rows["se"].mask(bare)
    found = rank(rows).evidence.set_index("indicator")
    assert found.loc["i00", ["shrunk", "shrunk_low", "shrunk_high"]].isna().all(axis=None)
    assert found.loc["i00", "z"].notna().all()
