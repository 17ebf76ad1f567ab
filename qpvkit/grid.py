"""What may be ranked: measurement models, stakes, comparable quartiers, verdicts."""

from __future__ import annotations

from typing import Literal

import pydantic

from qpvkit.records import Identifier, Model, Words

Family = Literal[
    "register", "census_sample", "tax_share", "tax_quantile", "perturbed", "proxy", "none"
]
Peers = Literal["all", "region", "size", "type"]
Verdict = Literal["established", "probable", "uncertain", "not_established"]


class Measurement(Model):
    """Where the error of a published value comes from, and how large it is.

    Attributes
    ----------
    fraction
        Sampling fraction of a survey (0 to 1).
    design_effect
        Variance over that of a simple random sample of the same people.
    noise
        Largest deviation, in units of the count, added against disclosure.
    people
        Indicators of one group are measured on the same people: their errors go together.
    """

    id: Identifier
    label: Words
    family: Family
    fraction: float = pydantic.Field(default=1.0, gt=0, le=1)
    design_effect: float = pydantic.Field(default=1.0, ge=1)
    noise: float = pydantic.Field(default=0.0, ge=0)
    people: str = ""
    note: Words


class Stake(Model):
    """A local problem backed by indicators, in order of preference."""

    id: Identifier
    label: Words
    theme: Identifier
    question: str = ""
    indicators: tuple[Identifier, ...] = ()  # none: nothing measures it at this scale


class PeerGroup(Model):
    """Quartiers among which a value is unusual or not.

    Attributes
    ----------
    bounds
        Numbers of inhabitants between two classes of size.
    indicators, classes
        Context that describes a type of quartier, and how many types; never what is ranked.
    """

    id: Peers
    label: Words
    bounds: tuple[float, ...] = ()
    indicators: tuple[Identifier, ...] = ()
    classes: int = pydantic.Field(default=5, ge=2)


class VerdictWords(Model):
    """How sure a stake is, in words."""

    id: Verdict
    label: Words
    meaning: Words
