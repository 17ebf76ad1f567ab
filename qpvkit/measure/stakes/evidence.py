"""Which indicators back a stake in a quartier, and why the others do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from qpvkit.measure.scales import Floats
from qpvkit.measure.stakes.redundancy import clusters
from qpvkit.measure.stakes.rules import Rules

EVIDENCE_COLUMNS: Final = (
    "code", "stake", "indicator", "vintage", "retained", "reason", "stands_for",
)  # fmt: skip


def read_evidence(
    scaled: pd.DataFrame, *, grid: Mapping[str, Sequence[str]], pairs: pd.DataFrame,
    codes: Sequence[str], latest: int, rules: Rules,
) -> pd.DataFrame:  # fmt: skip
    """Tell, for each quartier, what each indicator of each stake is worth.

    Parameters
    ----------
    scaled
        Values placed on the yardstick: ``code, indicator, vintage, y, z, e``.
    grid
        Stake → its indicators, in order of preference.
    pairs
        Redundant pairs, from `redundant_pairs`.
    codes
        The quartiers.
    latest
        The most recent vintage of the map, whatever these quartiers have.

    Returns
    -------
    pandas.DataFrame
        One row per quartier × stake × indicator, in the order of `codes` and of `grid`, columns
        `EVIDENCE_COLUMNS`: ``retained`` in the score or not, and ``reason``: ``not_published,
        too_old, no_error, no_scale, redundant`` (``stands_for`` then names the indicator that
        already says it) or an empty text.
    """
    heads = {stake: clusters(names, pairs) for stake, names in grid.items()}
    wanted = [(stake, name) for stake, names in grid.items() for name in names]
    stakes, names = (np.array(side, object) for side in zip(*wanted, strict=True))
    found = _find(scaled, list(codes), list(names))
    read = {name: _taken(scaled[name], found) for name in ("vintage", "y", "z", "e")}
    old = (read["vintage"] > 0) & (read["vintage"] < latest - rules.max_age)
    cases = [np.isnan(read["y"]), old, np.isnan(read["z"]), np.isnan(read["e"])]
    reason = np.select(cases, ["not_published", "too_old", "no_scale", "no_error"], "")
    usable = reason == ""
    stands_for = np.full(reason.shape, "", object)
    families: dict[tuple[str, str], list[int]] = {}
    for place, (stake, name) in enumerate(wanted):
        families.setdefault((stake, heads[stake][name]), []).append(place)
    for places in families.values():
        inside = usable[:, places]
        first = names[places][inside.argmax(axis=1)]
        repeated = inside & (inside.cumsum(axis=1) > 1)
        stands_for[:, places] = np.where(repeated, first[:, None], "")
    repeated = stands_for != ""
    columns = {
        "code": np.repeat(np.array(codes, object), len(wanted)),
        "stake": np.tile(stakes, len(codes)),
        "indicator": np.tile(names, len(codes)),
        "vintage": read["vintage"].ravel(),
        "retained": (usable & ~repeated).ravel(),
        "reason": np.where(repeated, "redundant", reason).astype(object).ravel(),
        "stands_for": stands_for.ravel(),
    }
    words = dict.fromkeys(("code", "stake", "indicator", "reason", "stands_for"), "str")
    return pd.DataFrame(columns)[list(EVIDENCE_COLUMNS)].astype(words)


def _find(scaled: pd.DataFrame, codes: list[str], names: list[str]) -> npt.NDArray[np.intp]:
    """Return the row of each quartier and indicator, quartier × indicator; −1 for none."""
    known = list(dict.fromkeys(names))
    rows = pd.Index(codes).get_indexer(pd.Index(scaled["code"]))
    columns = pd.Index(known).get_indexer(pd.Index(scaled["indicator"]))
    kept = np.flatnonzero((rows >= 0) & (columns >= 0))
    table = np.full((len(codes), len(known)), -1)
    table[rows[kept], columns[kept]] = kept
    return table[:, [known.index(name) for name in names]]


def _taken(column: pd.Series, rows: npt.NDArray[np.intp]) -> Floats:
    """Return the numbers that stand in some rows; NaN for row −1."""
    numbers = np.append(column.to_numpy(float, na_value=np.nan), np.nan)
    return np.asarray(numbers[rows])


def read_coverage(evidence: pd.DataFrame, *, rules: Rules) -> pd.DataFrame:
    """Count what was read of each stake.

    Returns
    -------
    pandas.DataFrame
        ``code, stake, expected, read`` (published, recent, with an error model; redundant ones
        count as read), ``independent`` (retained in the score), ``coverage`` (read / expected)
        and ``scored`` (enough was read).
    """
    read = evidence["reason"].isin(["", "redundant"])
    keys = evidence[["code", "stake"]]
    pair = keys.groupby(["code", "stake"], sort=False).ngroup().to_numpy()
    counts = keys.drop_duplicates().reset_index(drop=True)
    for name, counted in {"expected": read | True, "read": read,
                          "independent": evidence["retained"]}.items():  # fmt: skip
        counts[name] = np.bincount(pair, weights=counted, minlength=len(counts)).astype(int)
    counts["coverage"] = counts["read"] / counts["expected"]
    enough = counts["coverage"].ge(rules.min_share) & counts["read"].ge(rules.min_indicators)
    return counts.assign(scored=enough & counts["independent"].gt(0))
