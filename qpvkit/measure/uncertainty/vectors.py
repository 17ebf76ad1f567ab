"""One shape in, the same shape out: scalars, numpy arrays and pandas Series."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from qpvkit.errors import BadArgumentError

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
Vector: TypeAlias = "float | npt.ArrayLike | pd.Series[Any]"


def align(*values: Vector) -> tuple[list[FloatArray], Callable[[FloatArray], Any]]:
    """Broadcast numbers together; give back the way to return to what was given.

    Parameters
    ----------
    *values
        Scalars, arrays, or Series that share one index. None and NA become NaN.

    Returns
    -------
    tuple
        The arrays of floats, and a function from a result to a Series if any value was one, to a
        float if all were scalars, else to an array.

    Examples
    --------
    >>> (x, n), restore = align(pd.Series([1, 2], index=["a", "b"]), 10)
    >>> restore(x / n).to_dict()
    {'a': 0.1, 'b': 0.2}
    """
    indexes = [value.index for value in values if isinstance(value, pd.Series)]
    for index in indexes[1:]:
        _check_same_index(indexes[0], index)
    floats = [_to_float(value) for value in values]
    try:
        arrays = [np.array(item) for item in np.broadcast_arrays(*floats)]
    except ValueError as error:
        shapes = ", ".join(str(item.shape) for item in floats)
        message = (
            f"tailles incompatibles : {shapes}. "
            "À faire : donner des tableaux de même longueur, ou un seul nombre."
        )
        raise BadArgumentError(message, argument="shape", value=shapes) from error

    def restore(result: FloatArray) -> Any:  # noqa: ANN401 - what was given
        if indexes:
            return pd.Series(result, index=indexes[0])
        return float(result) if np.ndim(result) == 0 else result

    return arrays, restore


def _to_float(value: Vector) -> FloatArray:
    if isinstance(value, pd.Series):
        return value.to_numpy(dtype="float64", na_value=np.nan)
    return np.asarray(value, dtype="float64")


def critical(level: float) -> float:
    """Return the two-sided normal quantile of a confidence level.

    Examples
    --------
    >>> round(critical(0.95), 3)
    1.96
    """
    if not 0 < level < 1:
        message = (
            f"niveau de confiance impossible : {level!r}. "
            "Un niveau est compris entre 0 et 1, bornes exclues. À faire : écrire level=0.95."
        )
        raise BadArgumentError(message, argument="level", value=level)
    return NormalDist().inv_cdf((1 + level) / 2)


def grouping(groups: object, size: int, *, like: Vector) -> IntArray:
    """Return the number of each row's group; −1 for a row that has none.

    Parameters
    ----------
    groups
        The labels, as long as the rows; None for one group.
    size
        How many rows there are.
    like
        The rows: if they and the labels are Series, they must share one index.

    Examples
    --------
    >>> grouping(["b", "a", None, "b"], 4, like=[1, 2, 3, 4]).tolist()
    [0, 1, -1, 0]
    """
    if groups is None:
        return np.zeros(size, dtype=np.int64)
    if isinstance(groups, pd.Series) and isinstance(like, pd.Series):
        _check_same_index(groups.index, like.index)
    labels = groups if isinstance(groups, pd.Series | pd.Index) else pd.Series(groups)
    if len(labels) != size:
        message = (
            f"{len(labels)} groupes pour {size} lignes. À faire : donner un groupe à chaque ligne."
        )
        raise BadArgumentError(message, argument="groups", value=len(labels))
    return np.asarray(pd.factorize(labels)[0], dtype=np.int64)


def _check_same_index(first: pd.Index, second: pd.Index) -> None:
    if not first.equals(second):
        message = (
            "deux Series n'ont pas le même index : leurs lignes ne se correspondent pas. "
            "À faire : les aligner d'abord, par exemple avec a.align(b, join='inner')."
        )
        raise BadArgumentError(message, argument="index", value=second)
