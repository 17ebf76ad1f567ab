"""The records of the catalogue about partners: who pays, who serves, which table they fill in."""

from __future__ import annotations

from typing import Literal

import pydantic

from qpvkit.records import Identifier, Level, Measurable, Model, Words, check_expression


class Funder(Model):
    """Who pays: a kind of body, with the names it goes by and the form of its SIREN."""

    id: Identifier
    label: Words
    level: Level
    other_labels: tuple[str, ...] = ()
    siren: str = ""  # regular expression on the SIREN, where the form tells the kind of body
    places: dict[str, str] = pydantic.Field(
        default={}
    )  # SIREN → code of the territory, where no rule gives it


class Service(Model):
    """A service to residents, with the producers' codes that mean it."""

    id: Identifier
    label: Words
    theme: Identifier
    codes: dict[str, tuple[str, ...]] = pydantic.Field(
        default={}
    )  # source → producer's codes, old and new


class Ordinary(Model):
    """A service of the droit commun that a contrat is expected to name.

    Attributes
    ----------
    programmes
        Expressions on the programmes of the ledger that are this service; the first service that
        matches wins.
    need, beneficiaries
        Indicators: the people in need (norm N1), the first published at both scales, and those
        served where an official file counts them at both.
    points
        The located services that give access to it.
    stakes, funders
        The stakes that it answers, and who must act.
    status
        How far it can be measured as long as no partner gives figures.
    known, holder, action, deadline
        The facts of the sentence said of a service that has no verdict: what exists and at which
        scale, who holds it, what to do and by when.
    """

    id: Identifier
    label: Words
    theme: Identifier
    programmes: tuple[str, ...] = ()
    need: tuple[Identifier, ...] = ("taux_pauvrete",)
    beneficiaries: Identifier | Literal[""] = ""
    points: tuple[Identifier, ...] = ()
    stakes: tuple[Identifier, ...] = ()
    funders: tuple[Identifier, ...] = pydantic.Field(min_length=1)
    status: Measurable
    known: Words
    holder: Words
    action: Words
    deadline: Words

    @pydantic.field_validator("programmes")
    @classmethod
    def _readable_programmes(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            check_expression(pattern)
        return patterns


class MeasurabilityWords(Model):
    """What a status of measurability says."""

    id: Measurable
    label: Words


class TemplateField(Model):
    """One column of a table that partners fill in."""

    name: Identifier
    title: Words
    help: Words
    reads: Literal["text", "year", "amount", "count", "number", "choice", "place"]
    required: bool = False
    choices: tuple[str, ...] = ()  # « code : libellé » or « code »
    choices_from: Literal["", "funders", "themes"] = ""
    example: str = ""
    at_most: str = ""  # the field that this one cannot exceed


class Template(Model):
    """A table that partners fill in: a sheet, its columns and its notice."""

    id: Identifier
    sheet: Words
    title: Words
    source: Identifier
    notice: tuple[str, ...]
    fields: tuple[TemplateField, ...] = pydantic.Field(min_length=1)
