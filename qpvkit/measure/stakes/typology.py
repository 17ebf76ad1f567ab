"""Types of quartiers, from what describes their population and never from what is ranked."""

from __future__ import annotations

import numpy as np
import pandas as pd

_SEED = 2024


def typology(descriptors: pd.DataFrame, *, classes: int = 5) -> pd.Series:
    """Sort quartiers into types with similar populations.

    k-means on standardised descriptors (MacQueen 1967; k-means++ start, fixed seed): the classes
    are numbered by decreasing size, so that the same table always gives the same numbers.

    Parameters
    ----------
    descriptors
        One row per quartier, one column per descriptor; a quartier with a missing descriptor has
        no type, and columns known for fewer than two quartiers in five are left out.
    classes
        How many types; fewer when there are not ten quartiers for each.

    Returns
    -------
    pandas.Series
        ``type 1, type 2…`` indexed like the rows that have one.

    Examples
    --------
    >>> table = pd.DataFrame({"young": [10.0, 11, 12] * 7 + [50.0, 51, 52] * 7})
    >>> typology(table, classes=2).value_counts().tolist()
    [21, 21]
    """
    from scipy.cluster.vq import kmeans2  # noqa: PLC0415 - slow to import

    known = descriptors.loc[:, descriptors.notna().mean().ge(0.4)].dropna()
    count = min(classes, len(known) // 10)
    if count < 2 or known.empty or not len(known.columns):
        return pd.Series(dtype="str")
    known = known.sort_index()
    spread = known.std().replace(0, 1.0)
    points = ((known - known.mean()) / spread).to_numpy(float)
    _, labels = kmeans2(points, count, minit="++", rng=np.random.default_rng(_SEED), iter=50)
    sizes = np.bincount(labels, minlength=count)
    rank = np.empty(count, dtype=int)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(1, count + 1)
    return pd.Series([f"type {rank[label]}" for label in labels], index=known.index)
