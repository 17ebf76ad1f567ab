"""What residents and partners say, laid beside what the statistics say; never merged.

Two axes and four quadrants: a stake that both point to is a shared priority; one that only the
statistics point to is a blind spot; one that only the voices point to is felt, and to be looked
into; the others are watched.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd

Quadrant = Literal["shared", "blind_spot", "felt", "watched"]
VOICE_COLUMNS: Final = ("stake", "voice", "voice_low", "voice_high", "respondents")
_DRAWS: Final = 2000
_POINTED: Final = ("established", "probable")


def tally_votes(votes: pd.DataFrame, *, level: float = 0.95, seed: int = 2024) -> pd.DataFrame:
    """Share the points between stakes, with the interval of another draw of respondents.

    Each respondent counts the same. The interval is the percentile bootstrap over respondents
    (Efron 1979, Ann Stat 7:1): it speaks of who came, not of those who did not.

    Parameters
    ----------
    votes
        ``group, respondent, stake, points`` (100 points a respondent).

    Returns
    -------
    pandas.DataFrame
        Columns `VOICE_COLUMNS`, shares in %, the largest first; limits are NaN with fewer than
        five respondents.

    Examples
    --------
    >>> votes = pd.DataFrame({"group": "A", "respondent": ["p1", "p1", "p2"],
    ...     "stake": ["emploi", "soins", "emploi"], "points": [60.0, 40.0, 100.0]})
    >>> tally_votes(votes)[["stake", "voice"]].to_numpy().tolist()
    [['emploi', 80.0], ['soins', 20.0]]
    """
    if votes.empty:
        return pd.DataFrame(columns=list(VOICE_COLUMNS))
    cards = votes.pivot_table(
        index=["group", "respondent"], columns="stake", values="points", aggfunc="sum",
        fill_value=0.0,
    )  # fmt: skip
    points = cards.to_numpy(float)
    count = len(points)
    low = high = np.full(points.shape[1], np.nan)
    if count >= 5:
        drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), _DRAWS)
        tail = (1 - level) / 2
        low, high = np.quantile(drawn @ points / count, [tail, 1 - tail], axis=0)
    table = pd.DataFrame(
        {
            "stake": list(cards.columns), "voice": points.mean(axis=0), "voice_low": low,
            "voice_high": high, "respondents": count,
        }
    )  # fmt: skip
    order = ["voice", "stake"]
    return table.sort_values(order, ascending=[False, True]).reset_index(drop=True)


def place_quadrants(stakes: pd.DataFrame, voices: pd.DataFrame) -> pd.Series:
    """Place each stake in one of the four quadrants.

    The statistics point to a stake when it is established or probable; the voices when it gets
    more than an equal share of the points. A stake that nothing measures is never « watched »
    for want of data alone: it is ``felt`` when the voices name it.

    Parameters
    ----------
    stakes
        ``stake, verdict``.
    voices
        From `tally_votes`, over the same stakes.

    Returns
    -------
    pandas.Series
        ``shared, blind_spot, felt, watched``; an empty text without a vote.

    Examples
    --------
    >>> stakes = pd.DataFrame({"stake": ["a", "b"], "verdict": ["established", "uncertain"]})
    >>> voices = pd.DataFrame({"stake": ["a", "b"], "voice": [10.0, 90.0]})
    >>> place_quadrants(stakes, voices).tolist()
    ['blind_spot', 'felt']
    """
    if voices.empty:
        return pd.Series("", index=stakes.index)
    heard = stakes["stake"].map(voices.set_index("stake")["voice"]).fillna(0.0)
    loud = heard > 100 / len(stakes)
    pointed = stakes["verdict"].isin(_POINTED)
    named: list[Quadrant] = []
    for strong, said in zip(pointed, loud, strict=True):
        named.append(("shared" if said else "blind_spot") if strong else
                     ("felt" if said else "watched"))  # fmt: skip
    return pd.Series(named, index=stakes.index)
