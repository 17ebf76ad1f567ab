"""The choices of the method, drawn at random: what the ranking owes to them.

Saisana, Saltelli and Tarantola (2005), J R Stat Soc A 168:307: normalisation, weights and
aggregation are choices; a ranking that does not survive them is not a finding.
"""

from __future__ import annotations

import dataclasses
from typing import Final

import numpy as np

from qpvkit.measure.scales import Floats, from_scale

_CHOICES_STREAM: Final = 1  # apart from the stream of the data
_FARTHEST: Final = 8.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """One set of choices a draw.

    Attributes
    ----------
    option
        Which shift (a reference, or a group of comparable quartiers), as a number in [0, 1).
    balance
        λ, between 0.25 and 0.75.
    natural
        Whether values are compared in natural units rather than on their scale.
    worst
        Whether a stake is worth its worst indicator rather than their mean.
    weights
        Draw × indicator, exponential: Dirichlet once normalised within a stake.
    """

    option: Floats
    balance: Floats
    natural: np.ndarray
    worst: np.ndarray
    weights: Floats

    def only(self, used: np.ndarray) -> Choices:
        """Keep some indicators."""
        return dataclasses.replace(self, weights=self.weights[:, used])


def draw_choices(draws: int, indicators: int, *, seed: int) -> Choices:
    """Draw sets of choices; the same seed gives the same choices."""
    stream = np.random.default_rng([seed, _CHOICES_STREAM])
    return Choices(
        option=stream.random(draws),
        balance=stream.uniform(0.25, 0.75, draws),
        natural=stream.random(draws) < 0.5,
        worst=stream.random(draws) < 0.5,
        weights=stream.exponential(size=(draws, indicators)),
    )


def fixed_choices(draws: int, indicators: int, *, balance: float) -> Choices:
    """Return the default choices, the same at each draw."""
    return Choices(
        option=np.zeros(draws),
        balance=np.full(draws, balance),
        natural=np.zeros(draws, dtype=bool),
        worst=np.zeros(draws, dtype=bool),
        weights=np.ones((draws, indicators)),
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What turns scaled values into scores, for some quartiers.

    Attributes
    ----------
    members
        Quartier × stake × indicator: 1 where the indicator is retained.
    options
        How many options each quartier has, the first ones of `shifts` and `typical`.
    shifts
        Option × quartier × indicator: what is subtracted from a scaled value.
    typical
        Option × quartier × indicator: the usual gap of a quartier, subtracted (1 − λ) times; 0
        where the comparison is with the other quartiers only.
    sign, median, sigma, middle, dispersion
        Of each indicator: its sense, and its centre and spread on its scale and in natural
        units, quartier × indicator.
    scale
        Of each indicator.
    """

    members: Floats
    options: np.ndarray
    shifts: Floats
    typical: Floats
    sign: Floats
    median: Floats
    sigma: Floats
    middle: Floats
    dispersion: Floats
    scale: np.ndarray

    def only(self, used: np.ndarray) -> Frame:
        """Keep some indicators: the last axis of everything but the options."""
        names = {item.name for item in dataclasses.fields(self)} - {"options"}
        return dataclasses.replace(
            self, **{name: getattr(self, name)[..., used] for name in sorted(names)}
        )


def score(theta: Floats, frame: Frame, choices: Choices) -> Floats:
    """Return the score of each stake: quartier × draw × stake, NaN where not scored.

    Parameters
    ----------
    theta
        Quartier × draw × indicator: true scaled values.
    """
    count = frame.options[:, None]
    chosen = np.minimum((choices.option * count).astype(int), count - 1)
    row = np.arange(len(chosen))[:, None]
    usual = (1 - choices.balance)[None, :, None] * frame.typical[chosen, row]
    shift = frame.shifts[chosen, row] + usual
    above = theta - shift
    if choices.natural.any():
        rows = choices.natural
        above[:, rows] = _natural(theta[:, rows], frame) - _natural(shift[:, rows], frame)
    return _aggregate(above, frame.members, choices)


def _natural(scaled: Floats, frame: Frame) -> Floats:
    """Return scaled values measured in natural units: distance to the middle over its spread."""
    y = frame.median[:, None] + frame.sign[:, None] * frame.sigma[:, None] * scaled
    x = from_scale(y, frame.scale)
    far = (x - frame.middle[:, None]) * (frame.sign / frame.dispersion)[:, None]
    return np.clip(far, -_FARTHEST, _FARTHEST)


def _aggregate(above: Floats, members: Floats, choices: Choices) -> Floats:
    """Put the indicators of a stake together: their weighted mean, or the worst of them."""
    swapped = members.transpose(0, 2, 1)
    total = choices.weights[None] @ swapped
    with np.errstate(invalid="ignore", divide="ignore"):
        result = ((above * choices.weights[None]) @ swapped) / total
    if choices.worst.any():
        rows = above[:, choices.worst]
        for stake in range(members.shape[1]):
            columns = np.asarray(members[:, stake].max(axis=0) > 0)
            outside = members[:, None, stake, columns] == 0
            worst = np.where(outside, -np.inf, rows[..., columns]).max(axis=2, initial=-np.inf)
            result[:, choices.worst, stake] = worst
    scored = np.asarray(members.max(axis=2, initial=0) > 0)
    return np.where(scored[:, None], result, np.nan)
