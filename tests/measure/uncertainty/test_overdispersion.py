"""The funnel adjusted for overdispersion."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.errors import BadArgumentError
from qpvkit.measure.uncertainty import arcsine, funnel


def spiegelhalter(y, s, target, share):
    """Return phi, tau² and z by the formulas, one group, nothing vectorised by group."""
    naive = (y - target) / s
    low, high = np.quantile(naive, [share, 1 - share])
    phi = np.mean(np.clip(naive, low, high) ** 2)
    w, k = 1 / s**2, len(y)
    tau2 = max(0.0, (k * phi - (k - 1)) / (w.sum() - (w**2).sum() / w.sum()))
    return phi, tau2, (y - target) / np.sqrt(s**2 + tau2)


def sample(seed, size=40, tau=0.1):
    rng = np.random.default_rng(seed)
    s = rng.uniform(0.02, 0.2, size)
    return rng.normal(0.5, np.hypot(s, tau)), s


def test_by_hand_three_values_without_winsorising():
    # y = 0, 1, 5 ; s = 1 ; cible 2 : z = −2, −1, 3 ; phi = 14 / 3 ; w = 1
    # tau² = (14 − 2) / (3 − 3 / 3) = 6 ; z ajusté = (y − 2) / √7
    result = funnel([0, 1, 5], 1.0, winsorised=0)
    assert result.target == pytest.approx([2, 2, 2])
    assert result.phi == pytest.approx([14 / 3] * 3)
    assert result.tau == pytest.approx([np.sqrt(6)] * 3)
    assert result.z == pytest.approx([-2 / np.sqrt(7), -1 / np.sqrt(7), 3 / np.sqrt(7)])
    assert result.p == pytest.approx([0.4497, 0.7055, 0.2568], abs=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2])
def test_groups_follow_the_formulas_one_by_one(share):
    frames = []
    for seed, tau in enumerate([0.0, 0.05, 0.3]):
        y, s = sample(seed, tau=tau)
        frames.append(pd.DataFrame({"y": y, "s": s, "group": f"g{seed}", "target": seed / 4}))
    table = pd.concat(frames, ignore_index=True).sample(frac=1, random_state=0)
    result = funnel(
        table["y"], table["s"], target=table["target"], groups=table["group"], winsorised=share
    )
    for _, part in table.groupby("group"):
        y, s, target = (part[name].to_numpy() for name in ("y", "s", "target"))
        phi, tau2, z = spiegelhalter(y, s, target, share)
        np.testing.assert_allclose(result.phi[part.index], phi)
        np.testing.assert_allclose(result.tau[part.index] ** 2, tau2, atol=1e-14)
        np.testing.assert_allclose(result.z[part.index], z)


def test_missing_rows_change_nothing_for_the_others():
    y, s = sample(3)
    whole = funnel(y, s)
    padded = funnel(
        np.r_[y, np.nan, 1.0, 1.0, 1.0, 9.0], np.r_[s, 0.1, np.nan, 0.0, -1.0, 0.1],
        groups=["a"] * (len(y) + 4) + [None],
    )  # fmt: skip
    for one, other in zip(whole, padded, strict=True):
        np.testing.assert_allclose(other[: len(y)], one)
    assert np.isnan(padded.z[len(y) :]).all()
    assert np.isnan(padded.p[len(y) :]).all()


def test_one_alone_is_compared_with_nobody():
    result = funnel([1.0, 2.0, 3.0], 0.1, groups=["a", "b", "b"], target=0.0)
    assert np.isnan(result.z).tolist() == [True, False, False]


def test_without_overdispersion_false_alarms_are_at_most_the_level():
    rng = np.random.default_rng(20240103)
    s = rng.uniform(0.01, 0.1, 20_000)
    groups = np.repeat(np.arange(100), 200)
    result = funnel(rng.normal(0.0, s), s, target=0.0, groups=groups)
    assert 0.03 < np.mean(result.p < 0.05) <= 0.052


def spread_out(seed, *, size=400, groups=50, outliers=0):
    """Return groups whose members differ by 0.1 beside errors of 0.01 to 0.05; outliers first."""
    rng = np.random.default_rng(seed)
    s = rng.uniform(0.01, 0.05, (groups, size))
    y = rng.normal(0.0, np.hypot(s, 0.1))
    y[:, :outliers] += 1.0
    return y.ravel(), s.ravel(), np.repeat(np.arange(groups), size)


def test_the_published_estimate_is_too_small_and_the_consistent_one_is_not():
    y, s, groups = spread_out(20240104)
    assert np.mean(np.abs(y / s) > 1.96) > 0.5  # without any adjustment
    published = funnel(y, s, groups=groups)
    assert 0.06 < np.median(published.tau) < 0.08
    assert 0.10 < np.mean(published.p < 0.05) < 0.18
    consistent = funnel(y, s, groups=groups, between="huber")
    assert np.median(consistent.tau) == pytest.approx(0.1, rel=0.03)
    assert np.mean(consistent.p < 0.05) == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize("between", ["spiegelhalter", "huber"])
def test_outliers_do_not_hide_themselves(between):
    y, s, groups = spread_out(20240106, outliers=10)
    result = funnel(y, s, groups=groups, between=between)
    assert (result.p.reshape(50, 400)[:, :10] < 1e-6).all()
    assert np.median(result.tau) < 0.12
    hidden = funnel(y, s, groups=groups, winsorised=0)
    assert np.median(hidden.tau) > 0.15


def test_huber_without_winsorising_solves_paule_and_mandel():
    y, s = sample(5, tau=0.2)
    result = funnel(y, s, target=0.5, between="huber", winsorised=0)
    assert np.sum(result.z**2) == pytest.approx(len(y) - 1)


def test_huber_finds_each_group_by_itself_and_none_where_there_is_none():
    y = pd.Series([0.0, 0.1, -0.1, 5.0, 0.0, 1.0, 5.0, -4.0, None])
    groups = ["calm"] * 3 + ["alone"] + ["wide"] * 4 + ["empty"]
    result = funnel(y, 1.0, target=0.0, groups=groups, between="huber")
    assert result.tau[:3].tolist() == [0, 0, 0]
    assert np.isnan(result.z[[3, 8]]).all()
    wide = funnel(y[4:8], 1.0, target=0.0, between="huber")
    assert result.tau[4:8].tolist() == pytest.approx(wide.tau.tolist())
    assert wide.tau.iloc[0] > 1
    assert funnel([], [], between="huber").z.shape == (0,)


def test_the_arcsine_makes_the_error_of_a_share_independent_of_it():
    rng = np.random.default_rng(20240105)
    for share in (0.1, 0.5, 0.8):
        value, error = arcsine(rng.binomial(200, share, 20_000), 200)
        assert np.std(value) == pytest.approx(error[0], rel=0.05)
        assert np.mean(value) == pytest.approx(np.arcsin(np.sqrt(share)), abs=0.005)
    assert np.isnan(arcsine([3, 1, np.nan], [2, 0, 5]).value).all()


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    shift=st.floats(-5, 5),
    scale=st.floats(0.01, 100),
    between=st.sampled_from(["spiegelhalter", "huber"]),
)
def test_the_unit_does_not_matter_and_opposites_are_opposite(seed, shift, scale, between):
    y, s = sample(seed)
    result = funnel(y, s, between=between)
    other = funnel(y * scale + shift, s * scale, between=between)
    np.testing.assert_allclose(other.z, result.z, atol=1e-6)
    np.testing.assert_allclose(funnel(-y, s, between=between).z, -result.z, atol=1e-6)


@pytest.mark.parametrize("winsorised", [-0.1, 0.5, 10])
def test_an_impossible_winsorising_is_refused(winsorised):
    with pytest.raises(BadArgumentError, match="écrêtée"):
        funnel([1.0, 2.0], 1.0, winsorised=winsorised)


def test_an_unknown_estimate_is_refused():
    with pytest.raises(BadArgumentError, match="between='huber'"):
        funnel([1.0, 2.0], 1.0, between="dersimonian")
