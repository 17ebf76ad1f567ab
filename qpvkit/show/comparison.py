"""What may be said of a difference: the only place where a verb is chosen.

A word never goes against the margin of error, nor beyond what is printed: a difference is said
only when the printed interval leaves zero out, « similaire » only when it holds within the
difference that matters.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Final, Literal

import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.formats import DASH
from qpvkit.show.words import interval_text, is_share

Judgement = Literal[
    "different", "slight", "similar", "inconclusive", "multiple", "no_interval", "none"
]
Tone = Literal["worse", "better", "neutral"]

SAID: Final[tuple[Judgement, ...]] = ("different", "slight")
_UNDECIDED: Final[dict[Judgement, str]] = {
    "similar": "similaire",
    "inconclusive": "non conclusif",
    "multiple": "non conclusif",
    "no_interval": "marge d'erreur inconnue",
    "none": DASH,
}
_SIDES: Final[dict[Tone, str]] = {"worse": "plus défavorable", "better": "plus favorable"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A difference, its margin of error, and what was tested.

    Attributes
    ----------
    gap, low, high
        Value minus reference and its interval, natural unit; NaN where not known.
    reference
        The value compared with: amounts are similar in proportion to it.
    unit
        Its identifier in the catalogue.
    direction
        up_is_worse, up_is_better or neutral.
    tested
        Whether the difference stands once all the comparisons are counted; None when it was not
        tested.
    """

    gap: float
    low: float
    high: float
    reference: float
    unit: str
    direction: str
    tested: bool | None = None

    @property
    def judgement(self) -> Judgement:
        """What the interval allows to say.

        Examples
        --------
        >>> facts = {"reference": 30.0, "unit": "pct", "direction": "up_is_worse"}
        >>> [Comparison(gap=gap, low=gap - 3, high=gap + 3, **facts).judgement for gap in (5, 1)]
        ['different', 'inconclusive']
        >>> Comparison(gap=0.2, low=-0.4, high=0.8, **facts).judgement
        'similar'
        """
        if math.isnan(self.gap):
            return "none"
        if math.isnan(self.low) or math.isnan(self.high):
            return "no_interval"
        far = max(abs(self.low), abs(self.high))
        apart = self._printed(self.low) > 0 or self._printed(self.high) < 0
        if apart and self.tested is not False:
            return "slight" if far <= self.relevant else "different"
        if far <= self.relevant:
            return "similar"
        return "multiple" if apart else "inconclusive"

    @property
    def relevant(self) -> float:
        """The difference that matters, in the unit of the gap."""
        catalogue = load_catalogue()
        if is_share(self.unit):
            return catalogue.threshold("ecart_pertinent_points")
        return catalogue.threshold("ecart_pertinent_relatif") * abs(self.reference)

    @property
    def said(self) -> bool:
        """Whether the difference may be called one."""
        return self.judgement in SAID

    @property
    def tone(self) -> Tone:
        """On which side the quartier stands; neutral when it may not be said."""
        if not self.said or self.direction == "neutral":
            return "neutral"
        worse = (self.gap > 0) == (self.direction == "up_is_worse")
        return "worse" if worse else "better"

    @property
    def words(self) -> str:
        """The judgement in a few words, for a table."""
        if not self.said:
            return _UNDECIDED[self.judgement]
        side = _SIDES.get(self.tone) or ("plus élevé" if self.gap > 0 else "moins élevé")
        return f"un peu {side}" if self.judgement == "slight" else side

    @property
    def margin(self) -> str:
        """The interval in words; a dash when there is none."""
        return interval_text(self.low, self.high, self.unit)

    def _printed(self, value: float) -> float:
        return round(value, load_catalogue().units[self.unit].decimals)


def read_comparison(row: Any, *, corrected: bool = False) -> Comparison:  # noqa: ANN401 - a row of itertuples
    """Read a row of `Diagnostic.gaps` or of `Diagnostic.evidence`.

    Parameters
    ----------
    row
        A row of itertuples.
    corrected
        Take the gap once the luck of being selected is taken back (`evidence` only).
    """
    prefix = "shrunk_" if corrected else ""
    return Comparison(
        gap=_float(getattr(row, f"{prefix}gap")),
        low=_float(getattr(row, f"{prefix}gap_low")),
        high=_float(getattr(row, f"{prefix}gap_high")),
        reference=_float(row.reference_value),
        unit=row.unit,
        direction=row.direction,
        tested=None if pd.isna(row.different) else bool(row.different),
    )


def _float(value: Any) -> float:  # noqa: ANN401 - a cell, pd.NA included
    return math.nan if pd.isna(value) else float(value)
