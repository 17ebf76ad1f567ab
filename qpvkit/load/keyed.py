"""A column of words as numbers: one table of words, and one number for each row."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Rows = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordColumn:
    """The words of a column, and the rows of each.

    Attributes
    ----------
    words
        The words, each once.
    numbers
        For each row, the place of its word; −1 for a missing one.

    Examples
    --------
    >>> column = WordColumn.of(pd.Series(["QN2", "QN1", "QN2"], dtype="category"))
    >>> column.rows(["QN2"]).tolist(), list(column.take(np.array([1, 2])))
    ([0, 2], ['QN1', 'QN2'])
    """

    words: pd.Index
    numbers: npt.NDArray[Any]

    @classmethod
    def of(cls, column: pd.Series) -> WordColumn:
        """Take up a column of categories."""
        return cls(words=column.cat.categories, numbers=column.cat.codes.to_numpy())

    @functools.cached_property
    def places(self) -> dict[str, int]:
        """The place of each word."""
        return {str(word): place for place, word in enumerate(self.words)}

    def rows(self, values: Iterable[str], among: Rows | None = None) -> Rows:
        """Return the rows that hold one of the values, in order; `among` some, or all of them."""
        wanted = [self.places[value] for value in values if value in self.places]
        if among is not None:
            return among[np.isin(self.numbers[among], np.array(wanted, self.numbers.dtype))]
        order, starts = self._sorted
        found = [order[starts[place] : starts[place + 1]] for place in wanted]
        if len(found) == 1:  # a stable sort leaves the rows of a word in order
            return found[0]
        return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)

    def take(self, rows: Rows) -> pd.api.extensions.ExtensionArray:
        """Return the words of some rows."""
        taken: pd.api.extensions.ExtensionArray = self.words.array.take(
            self.numbers[rows], allow_fill=True
        )
        return taken

    def categories(self) -> pd.Categorical:
        """Return the whole column as categories."""
        return pd.Categorical.from_codes(self.numbers, categories=self.words)

    @functools.cached_property
    def _sorted(self) -> tuple[Rows, Rows]:
        """The rows sorted by word, and where each word begins."""
        order = np.argsort(self.numbers, kind="stable")
        begins = np.arange(len(self.words) + 1)
        return order, np.searchsorted(self.numbers[order], begins)
