"""Types of quartiers: the same table gives the same types, whatever its order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.measure.stakes.typology import typology


def groups(*sizes, seed=0, columns=3):
    """Return well separated groups of quartiers."""
    rng = np.random.default_rng(seed)
    pieces = [rng.normal(10 * rank, 1, (size, columns)) for rank, size in enumerate(sizes)]
    points = np.concatenate(pieces)
    codes = [f"Q{rank:03d}" for rank in range(len(points))]
    return pd.DataFrame(points, index=codes, columns=[f"d{k}" for k in range(columns)])


def test_types_are_numbered_by_size():
    table = groups(20, 60, 40)
    found = typology(table, classes=3)
    assert found.value_counts().to_dict() == {"type 1": 60, "type 2": 40, "type 3": 20}
    assert found[table.index[:20]].eq("type 3").all()
    assert found[table.index[20:80]].eq("type 1").all()


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1_000))
def test_the_order_of_the_rows_does_not_matter(seed):
    table = groups(30, 30, 30, seed=seed) + np.random.default_rng(seed).normal(0, 4, (90, 3))
    first = typology(table, classes=4)
    again = typology(table.sample(frac=1, random_state=seed), classes=4)
    pd.testing.assert_series_equal(first.sort_index(), again.sort_index())


def test_the_unit_of_a_descriptor_does_not_matter():
    table = groups(30, 50) + np.random.default_rng(0).normal(0, 4, (80, 3))
    other = table.assign(d1=table["d1"] * 1_000)
    pd.testing.assert_series_equal(typology(table, classes=3), typology(other, classes=3))


def test_a_quartier_with_a_missing_descriptor_has_no_type():
    table = groups(30, 30)
    table.loc["Q005", "d1"] = np.nan
    found = typology(table, classes=2)
    assert "Q005" not in found.index
    assert len(found) == 59


def test_a_descriptor_that_few_quartiers_have_is_left_out():
    table = groups(30, 30).assign(rare=np.nan)
    table.loc[table.index[:20], "rare"] = 1.0
    assert len(typology(table, classes=2)) == 60


def test_a_constant_descriptor_changes_nothing():
    table = groups(30, 50)
    pd.testing.assert_series_equal(
        typology(table, classes=2), typology(table.assign(same=5.0), classes=2)
    )


@pytest.mark.parametrize(("quartiers", "types"), [(0, 0), (11, 0), (19, 0), (20, 2), (34, 3)])
def test_ten_quartiers_a_type_or_none(quartiers, types):
    table = groups(quartiers) if quartiers else groups(1).iloc[:0]
    assert typology(table, classes=5).nunique() == types


def test_no_descriptor_at_all():
    assert typology(pd.DataFrame(index=[f"Q{k}" for k in range(50)])).empty


def test_what_was_given_is_not_changed():
    table = groups(20, 20)
    before = table.copy()
    typology(table)
    pd.testing.assert_frame_equal(table, before)
