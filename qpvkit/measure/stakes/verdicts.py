"""How sure a stake is: established, probable, uncertain, or not established for want of data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from qpvkit.measure.stakes.rules import Rules


def give_verdicts(table: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Give each stake its verdict and, where one rule holds it back, why.

    A stake is established when it is in the top three whether the data alone vary or the data
    and the choices together. With three stakes or fewer, being in the top three says nothing;
    with few quartiers behind the scale, no verdict is final: both are held at « probable ».

    Parameters
    ----------
    table
        ``scored, stakes_scored, peers, p_top3, p_top3_data, p_positive, p_positive_data, read,
        coverage``.

    Returns
    -------
    pandas.DataFrame
        With ``verdict`` and ``verdict_reason``: ``few_indicators, few_stakes, few_peers`` or an
        empty text.
    """
    p_top = table[["p_top3", "p_top3_data"]].min(axis=1)
    p_positive = table[["p_positive", "p_positive_data"]].min(axis=1)
    ranked = table["stakes_scored"].gt(rules.top)
    positive = p_positive.ge(rules.positive)
    sure = p_top.ge(rules.sure) & positive
    likely = p_top.ge(rules.likely).where(ranked, positive)
    few_peers = table["peers"].lt(rules.min_peers)
    cases = [~table["scored"], sure & ranked & ~few_peers, likely]
    verdicts = ["not_established", "established", "probable"]
    reasons = [~table["scored"], ~ranked, few_peers]
    words = ["few_indicators", "few_stakes", "few_peers"]
    return table.assign(
        verdict=_first(cases, verdicts, "uncertain"),
        verdict_reason=_first(reasons, words, ""),
    )


def _first(cases: Sequence[pd.Series], words: Sequence[str], other: str) -> list[str]:
    """Return, row by row, the word of the first case that holds."""
    table = np.select([case.to_numpy(bool) for case in cases], range(len(cases)), len(cases))
    named = [*words, other]
    return [named[int(rank)] for rank in table]
