"""The records of the catalogue about partners: who pays, who serves, which table they fill in."""

from __future__ import annotations

from typing import Literal

import pydantic

from qpvkit.records import Identifier, Level, Model, Words


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
