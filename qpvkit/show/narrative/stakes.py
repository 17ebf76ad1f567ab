"""What is said of each stake of a quartier: the facts of the tables, put in the grammar."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Final

import pandas as pd

from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import vintage_label
from qpvkit.show.comparison import read_comparison
from qpvkit.show.evidence import asks_of, corrected_people, missing_of
from qpvkit.show.narrative.sentences import (
    Fact,
    ask_sentence,
    fact_sentence,
    gap_sentence,
    level_sentence,
    others_sentence,
    people_clause,
    unread_sentence,
    unusual_sentence,
    verdict_sentence,
)
from qpvkit.show.select import evidence_of, read
from qpvkit.show.words import french, reference_place, reference_rate

_INSIDE: Final = ("commune", "epci")  # a reader may take them as the rest: say that they are not


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StakeStory:
    """Two to six sentences on one stake.

    Attributes
    ----------
    stake, label, verdict, verdict_label, scored
        Which one, and its verdict.
    facts
        What, since when, how much, how many people, compared with what.
    certainty
        How sure the rank is, or whom to ask when there is none.
    """

    stake: str
    label: str
    verdict: str
    verdict_label: str
    scored: bool
    facts: tuple[str, ...]
    certainty: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of them, in reading order."""
        return (*self.facts, *self.certainty)

    @property
    def headline(self) -> str:
        """The sentence that names the main value; empty when nothing is published."""
        return self.facts[0] if self.scored and self.facts else ""


def tell_stakes(d: Diagnostic) -> list[StakeStory]:
    """Tell each stake of the grid, in the order of the ranking.

    Examples
    --------
    >>> from qpvkit.diagnostic import diagnose
    >>> stories = tell_stakes(diagnose("QP099003", dataset="demo"))
    >>> {1 <= len(story.sentences) <= 6 for story in stories}
    {True}
    """
    return [_tell(d, row) for row in read(d).stakes]


def _tell(d: Diagnostic, stake: Any) -> StakeStory:  # noqa: ANN401 - a row of itertuples
    rows = evidence_of(d, str(stake.stake))
    facts, certainty = _scored(d, stake, rows) if stake.scored else _unread(d, stake, rows)
    return StakeStory(
        stake=str(stake.stake),
        label=str(stake.label),
        verdict=str(stake.verdict),
        verdict_label=str(stake.verdict_label),
        scored=bool(stake.scored),
        facts=tuple(french(sentence) for sentence in facts if sentence),
        certainty=tuple(french(sentence) for sentence in certainty if sentence),
    )


def main_evidence(stake: Any, rows: list[Any]) -> Any | None:  # noqa: ANN401 - a row of itertuples
    """Return the first retained indicator that points the way of its stake, else the first."""
    kept = [row for row in rows if row.retained]
    if not kept:
        return None
    way = 1.0 if math.isnan(stake.prominence) or stake.prominence >= 0 else -1.0
    agreeing = (row for row in kept if not math.isnan(row.z) and row.z * way > 0)
    return next(agreeing, kept[0])


def read_fact(row: Any) -> Fact:  # noqa: ANN401 - a row of itertuples
    """Read the published value of an indicator and its main reference."""
    compared = isinstance(row.reference_kind, str)
    return Fact(
        label=row.label, unit=row.unit, value=float(row.value), status=row.status,
        vintage=vintage_label(row.vintage if row.vintage > 0 else None),
        reference=float(row.reference_value) if compared else math.nan,
        place=whole_place(row.reference_kind, row.reference_label) if compared else "",
    )  # fmt: skip


def whole_place(kind: str, label: str) -> str:
    """Say where a reference holds, and that it holds the quartier too.

    Examples
    --------
    >>> whole_place("commune", "Lille"), whole_place("peers", "")
    ('dans la commune de Lille, quartier compris', 'en médiane dans les autres quartiers')
    """
    place = reference_place(kind, label)
    return f"{place}, quartier compris" if kind in _INSIDE else place


def _scored(
    d: Diagnostic,
    stake: Any,  # noqa: ANN401 - a row of itertuples
    rows: list[Any],
) -> tuple[list[str], list[str]]:
    """Tell a stake that is ranked."""
    verdict = verdict_sentence(
        stake.verdict, reason=stake.verdict_reason, rank=stake.rank,
        scored=int(stake.stakes_scored), data=stake.p_top3_data, both=stake.p_top3,
    )  # fmt: skip
    level = level_sentence(stake.prominence_low, stake.prominence_high, regime=stake.regime)
    if stake.verdict == "established" and not stake.prominence_low > 0:
        level = ""  # the verdict says it, with its own margin
    lead = main_evidence(stake, rows)
    facts = [] if lead is None else [*_lead(d, lead), _others(rows, str(lead.indicator))]
    return facts, [verdict, level]


def _lead(d: Diagnostic, row: Any) -> list[str]:  # noqa: ANN401 - a row of itertuples
    """Tell the main indicator of a stake: value, corrected gap, people, place among quartiers."""
    found = read_comparison(row, corrected=True)
    people = people_clause(
        corrected_people(row), row.base_label, label=row.label,
        rate=reference_rate(row.reference_kind) if isinstance(row.reference_kind, str) else "",
    )  # fmt: skip
    own = read(d).profile[row.indicator]
    median = math.nan if row.reference_kind == "peers" else float(own.peers_median)
    unusual = None if pd.isna(own.unusual) else bool(own.unusual)
    return [
        fact_sentence(read_fact(row)),
        gap_sentence(found, corrected=True, people=people),
        unusual_sentence(unusual, median=median, unit=row.unit),
    ]


def _others(rows: list[Any], lead: str) -> str:
    """Say where the other retained indicators point."""
    worse: list[str] = []
    better: list[str] = []
    unsettled: list[str] = []
    for row in rows:
        if not row.retained or row.indicator == lead:
            continue
        tone = read_comparison(row, corrected=True).tone
        side = {"worse": worse, "better": better}.get(tone, unsettled)
        side.append(str(row.short))
    return others_sentence(worse, better, unsettled)


def _unread(
    d: Diagnostic,
    stake: Any,  # noqa: ANN401 - a row of itertuples
    rows: list[Any],
) -> tuple[list[str], list[str]]:
    """Tell a stake that is not established: what is missing, what is known, whom to ask."""
    missing = missing_of(d, str(stake.stake))
    said = [
        unread_sentence(
            str(stake.label), read=int(stake.read), expected=int(stake.expected), missing=missing
        )
    ]
    lead = main_evidence(stake, rows)
    if lead is not None:
        said += _lead(d, lead)[:2]
    return said, [ask_sentence(asks_of(d, str(stake.stake)))]
