"""Many tests at once: p-values adjusted so that false discoveries keep their promised share.

Reference
---------
Benjamini and Hochberg (1995), J R Stat Soc B 57:289.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from qpvkit.errors import BadArgumentError
from qpvkit.measure.uncertainty.vectors import Vector, align, grouping


def benjamini_hochberg(p: Vector, *, groups: object = None) -> Vector:
    """Return p-values adjusted for the false discovery rate, within each group.

    Among the tests whose adjusted p-value is at most 5 %, at most 5 % are expected to be false
    discoveries, when tests are independent or positively dependent.

    Parameters
    ----------
    p
        p-values. NaN stays NaN and does not count among the tests.
    groups
        The family of each test, as long as `p` (the quartier, say); one family by default.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        Adjusted p-values, of the shape of `p`.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03]).round(3).tolist()
    [0.03, 0.04, nan, 0.04]
    >>> benjamini_hochberg([0.01, 0.04, 0.03], groups=["a", "a", "b"]).tolist()
    [0.02, 0.04, 0.03]
    """
    from scipy.stats import false_discovery_control  # noqa: PLC0415 - slow to import

    (values,), restore = align(p)
    wrong = values[(values < 0) | (values > 1)]
    if wrong.size:
        message = (
            f"p-valeur impossible : {float(wrong[0])!r}. Une p-valeur est comprise entre 0 et 1. "
            "À faire : donner les p-valeurs elles-mêmes, ni des pourcentages ni des scores."
        )
        raise BadArgumentError(message, argument="p", value=float(wrong[0]))
    flat = values.ravel()
    family = grouping(groups, flat.size, like=p)
    adjusted = np.full(flat.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(flat) & (family >= 0))
    for rows in pd.Series(tested).groupby(family[tested]).indices.values():
        places = tested[rows]
        adjusted[places] = false_discovery_control(flat[places])
    result: Vector = restore(adjusted.reshape(values.shape))
    return result
