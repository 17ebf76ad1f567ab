"""Which indicators back a stake in a quartier, and why the others do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

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
    wanted = pd.DataFrame(
        [
            (stake, name, rank, heads[stake][name])
            for stake, names in grid.items()
            for rank, name in enumerate(names)
        ],
        columns=["stake", "indicator", "rank", "head"],
    )
    named = pd.DataFrame({"code": list(codes)}, dtype="str")
    every = wanted.merge(named, how="cross")
    columns = ["code", "indicator", "vintage", "y", "z", "e"]
    rows = every.merge(scaled[columns], on=["code", "indicator"], how="left")
    dated = rows["vintage"].fillna(-1).gt(0)
    cases = [
        rows["y"].isna(),
        dated & rows["vintage"].lt(latest - rules.max_age),
        rows["z"].isna(),
        rows["e"].isna(),
    ]
    reasons = ["not_published", "too_old", "no_scale", "no_error"]
    rows["reason"] = np.select(cases, reasons, "")
    rows = rows.sort_values(["code", "stake", "head", "rank"], kind="stable")
    usable = rows["reason"].eq("")
    order = usable.astype(int).groupby([rows[k] for k in ("code", "stake", "head")]).cumsum()
    repeated = usable & order.gt(1)
    first = rows.loc[usable & order.eq(1), ["code", "stake", "head", "indicator"]]
    rows = rows.merge(
        first.rename(columns={"indicator": "kept"}), on=["code", "stake", "head"], how="left"
    ).set_index(rows.index)
    rows["reason"] = rows["reason"].mask(repeated, "redundant")
    rows["stands_for"] = rows["kept"].where(repeated, "")
    rows["retained"] = usable & ~repeated
    place = {stake: position for position, stake in enumerate(grid)}
    among = {code: position for position, code in enumerate(codes)}
    rows = rows.assign(place=rows["stake"].map(place), among=rows["code"].map(among))
    rows = rows.sort_values(["among", "place", "rank"], kind="stable")
    return rows[list(EVIDENCE_COLUMNS)].reset_index(drop=True)


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
    counts = (
        evidence.assign(read=read)
        .groupby(["code", "stake"], sort=False)
        .agg(expected=("indicator", "size"), read=("read", "sum"), independent=("retained", "sum"))
        .reset_index()
    )
    counts["coverage"] = counts["read"] / counts["expected"]
    enough = counts["coverage"].ge(rules.min_share) & counts["read"].ge(rules.min_indicators)
    return counts.assign(scored=enough & counts["independent"].gt(0))
