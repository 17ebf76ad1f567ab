"""The numbers of the method, in one frozen record; the catalogue holds their values."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the ranking of stakes is made with.

    Attributes
    ----------
    balance
        λ: 1 looks at the gap to the territory, 0 at what is unusual for a quartier.
    draws, seed
        Of the Monte Carlo; the seed is fixed, so that a page is the same twice. What the data
        alone make of the ranking is cheaper to draw, and drawn eight times as often.
    top
        How many stakes a contract keeps: the « trio de tête ».
    set_level, interval_level
        Of the set that holds the true trio; of ranks and of gaps.
    redundancy
        National |ρ| from which two indicators say the same thing.
    min_share, min_indicators
        What must be read of a stake before it is scored.
    min_peers
        Quartiers below which a scale is indicative only.
    max_age
        Years behind the latest vintage of the map beyond which an indicator no longer counts.
    sure, positive, likely
        Thresholds of the verdicts: P(top three) and P(unfavourable) of an established stake,
        P(top three) of a probable one.
    """

    balance: float = 0.5
    draws: int = 2000
    seed: int = 2024
    top: int = 3
    set_level: float = 0.90
    interval_level: float = 0.95
    redundancy: float = 0.85
    min_share: float = 0.5
    min_indicators: int = 2
    min_peers: int = 30
    max_age: int = 8
    sure: float = 0.80
    positive: float = 0.95
    likely: float = 0.50
