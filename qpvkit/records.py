"""The records of the catalogue: frozen pydantic models that refuse unknown keys and casts."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import pydantic

from qpvkit.codes import Kind, Zoning

Direction = Literal["up_is_worse", "up_is_better", "neutral"]
Aggregation = Literal["sum", "weighted_mean", "none"]
Status = Literal["ok", "secret", "missing", "estimated", "low_quality"]
Scale = Literal["identity", "logit", "log"]
Nature = Literal["droit_commun", "specifique"]
Stage = Literal["ae", "cp"]
Grade = Literal["A", "B", "C", "D"]
Level = Literal["etat", "region", "departement", "epci", "commune", "operateur", "autre"]
Feeds = Literal["observations", "funding", "services", "staff", "contracts"]
Identifier = Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Words = Annotated[str, pydantic.StringConstraints(min_length=1, strip_whitespace=True)]


def check_expression(pattern: str) -> None:
    """Refuse a regular expression that Python cannot read, as a model refuses a value."""
    try:
        re.compile(pattern)
    except re.error as error:
        msg = f"expression régulière illisible « {pattern} » ({error})"
        raise ValueError(msg) from error


class Model(pydantic.BaseModel):
    """A frozen record that refuses unknown keys and implicit casts."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)


class Theme(Model):
    """A theme of the contrat de ville; it may have no indicator at the scale of the quartier."""

    id: Identifier
    label: Words
    description: Words
    measured: bool
    gap: str = ""  # why nothing is measured, when `measured` is false
    ask: str = ""  # whom to ask

    @pydantic.model_validator(mode="after")
    def _explain_the_void(self) -> Theme:
        if not self.measured and not (self.gap and self.ask):
            msg = "un thème sans indicateur doit dire pourquoi (gap) et qui solliciter (ask)"
            raise ValueError(msg)
        return self


class Public(Model):
    """The people an indicator is about, such as jeunes, femmes or seniors."""

    id: Identifier
    label: Words


class Unit(Model):
    """How a value is written."""

    id: Identifier
    label: Words
    suffix: str
    decimals: int = pydantic.Field(ge=0, le=4)
    gap_suffix: str = ""  # « points » for a gap between two percentages
    share: bool = False  # a percentage of a base: a gap converts into people
    scale: Scale = "identity"  # on which values of differences are comparable


class SecrecyRule(Model):
    """What a producer masks, and why."""

    id: Identifier
    label: Words


class Caveat(Model):
    """A declared limit that travels with the number."""

    id: Identifier
    text: Words


class Column(Model):
    """Where an indicator stands in one source.

    `column` is a regular expression on the official name, case ignored; ``{yy}`` stands for the
    two digits of the vintage. With `over`, the value is ``times · column / over``.
    """

    source: Identifier
    column: str
    over: str = ""
    times: float = 1.0
    note: str = ""  # column whose non-zero value means low quality or not published
    group: str = ""  # family of columns with a vintage of its own (cnaf, cnam, pole_emploi…)
    where: dict[str, str] = {}
    how: Literal["value", "mean"] = "value"
    estimated: bool = False
    zero_is_secret: bool = False
    step: float = pydantic.Field(default=0.0, ge=0)  # to which the producer rounds, in its unit

    @pydantic.model_validator(mode="after")
    def _readable_expressions(self) -> Column:
        for pattern in (self.column, self.over, self.note, *self.where):
            check_expression(pattern.replace("{yy}", "00"))
        return self


class Indicator(Model):
    """One thing measured: its words, its sense, its base, and where official files hold it."""

    id: Identifier
    label: Words
    short: Words
    definition: Words
    theme: Identifier
    unit: Identifier
    direction: Direction
    base: Words
    base_indicator: str = ""  # the count that is the denominator, where it is published
    aggregation: Aggregation
    publics: tuple[str, ...] = pydantic.Field(min_length=1)
    secrecy: Identifier
    measurement: str = ""  # where the error of a value comes from; asked of what may be ranked
    quantile: float | None = pydantic.Field(default=None, gt=0, lt=1)  # of a tax quantile
    quartiles: tuple[str, ...] = ()  # first and third quartiles of the same incomes
    supposed_base: float | None = pydantic.Field(default=None, gt=0, le=1)  # share of inhabitants
    at_qp: bool = True  # published at the scale of the quartier
    ask: str = ""  # whom to ask when it is not
    caveats: tuple[str, ...] = ()
    columns: tuple[Column, ...] = pydantic.Field(min_length=1)

    @property
    def scored(self) -> bool:
        """Whether the indicator may ever point to a stake; context never does."""
        return self.direction != "neutral"


class Edition(Model):
    """One publication of a source, with the years that its columns describe."""

    id: str
    vintage: int | None = None
    vintages: dict[str, int] = {}  # per group of columns
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    totals: dict[str, float] = {}  # published totals that identify the edition
    name: str = ""  # regular expression on the file's name, used as a last resort


class Roles(Model):
    """Which column plays which part. Every name is a regular expression, case ignored."""

    key: str = ""
    label: str = ""
    key_is_label: bool = False
    communes: str = ""  # codes, in any spelling
    commune_names: str = ""
    epci: str = ""
    departement: str = ""
    region: str = ""
    quartiers: str = ""  # the codes of the quartiers of a commune
    members: str = ""  # the list of communes inside a JSON record
    population: str = ""
    year: str = ""


class AmountColumn(Model):
    """One column of euros of a funding table; a wide table has several, one per programme."""

    column: Words
    programme: str = ""
    stage: Stage = "ae"


class LedgerRoles(Model):
    """Which column of a funding table plays which part; regular expressions, case ignored.

    `place` holds a code whose form tells its kind: commune, EPCI, département or contrat.
    """

    id: str = ""
    year: str = ""
    programme: str = ""
    theme: str = ""
    label: str = ""
    beneficiary: str = ""
    beneficiaries: str = ""
    place: str = ""
    departement: str = ""
    region: str = ""
    funder_name: str = ""
    funder_siren: str = ""


class Ledger(Model):
    """How the lines of a funding table are read.

    `nominal` marks amounts that are a unit cost times a count, not a payment; `same_line` says
    whether two identical lines are one line written twice (aside) or may be two payments (keep).
    """

    amounts: tuple[AmountColumn, ...] = pydantic.Field(min_length=1)
    roles: LedgerRoles
    funder: Identifier | Literal[""] = ""  # empty: read in the line
    nature: Nature
    evidence_grade: Grade
    nominal: bool = False
    same_line: Literal["aside", "keep"] = "aside"
    year_in: str = ""  # where no column holds the year: expression on the sheet or file name
    themes: dict[str, Identifier] = {}  # expression on the published theme → our theme
    flags: tuple[str, ...] = ()  # what every line of the source must be known for


class Points(Model):
    """How the services of a table of places are read; expressions, case ignored."""

    id: str = ""
    label: str = ""
    type: str = ""  # column of the producer's type
    service: Identifier | Literal[""] = ""  # the one service of a table that has no type
    capacity: str = ""
    commune: str = ""
    longitude: str = ""
    latitude: str = ""
    x: str = ""
    y: str = ""
    epsg: str = ""
    qp2015: str = ""
    qp2024: str = ""
    qp_quality: str = ""
    priority_education: str = ""
    year: str = ""
    year_in: str = ""  # where no column holds the year: expression on the file's name
    open_when: dict[str, str] = {}  # column → expression of the rows that are open


class Source(Model):
    """An official file: who made it, how to recognise it by its content, how to read it."""

    id: Identifier
    producer: Words
    title: Words
    page: str = ""
    url: str = ""
    licence: Words
    confidence: Literal["high", "medium", "low"]
    format: Words  # as published: csv, zip(csv), xlsx, geojson…
    encoding: str = ""
    separator: str = ""
    level: Words
    official: bool = True  # false: recombined by a third party
    used: bool = True  # false: declared and filed, not read into the store yet
    feeds: Feeds = "observations"  # the table that the file fills
    local: bool = False  # a table of the partners: never leaves the machine
    ledger: Ledger | None = None
    points: Points | None = None
    record_types: tuple[str, ...] = ()  # first cell of each line, in a file without header
    priority: int = 0  # which source names a territory when several do
    kind: Kind | Literal["auto", ""] = ""
    zoning: Zoning | None = None
    part: str = ""  # sheet, layer or archive member, as a regular expression
    skip_part: str = ""
    requires: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    header_rows: int = pydantic.Field(default=1, ge=1, le=2)
    geometry: bool = False
    repeats: bool = False  # several rows for one key (quartier × commune)
    missing: dict[str, Status] = {}
    ensemble: tuple[str, ...] = ()  # keys of the all-quartiers row
    keep: dict[str, str] = {}  # column → regular expression of the rows to read
    sample: dict[str, str] = {}  # column → expression that most of the first rows must match
    vintage_from: Literal["edition", "column", "row", "title", "unstated"] = "edition"
    vintage_pattern: str = ""
    roles: Roles = Roles()
    editions: tuple[Edition, ...] = ()
    caveats: tuple[str, ...] = ()
    notes: str = ""

    @property
    def readable(self) -> bool:
        """Whether the declaration is enough to recognise a file."""
        return bool(self.requires or self.record_types)

    @property
    def observed(self) -> bool:
        """Whether the file gives territories, memberships or observations to the store."""
        return self.used and self.feeds == "observations"

    @pydantic.model_validator(mode="after")
    def _coherent(self) -> Source:
        if self.observed and not (self.requires and self.kind and (self.roles.key)):
            msg = "une source utilisée (used = true) déclare requires, kind et roles.key"
            raise ValueError(msg)
        if self.used and self.feeds == "funding" and self.ledger is None and not self.local:
            msg = "une source de crédits (feeds = funding) déclare [source.ledger]"
            raise ValueError(msg)
        if self.used and self.feeds == "services" and self.points is None:
            msg = "une source de services (feeds = services) déclare [source.points]"
            raise ValueError(msg)
        patterns = (self.part, self.skip_part, self.vintage_pattern, *self.requires, *self.forbids)
        for pattern in (
            *patterns,
            *self.keep.values(),
            *self.sample.values(),
            *self.roles.model_dump().values(),
            *(self.ledger.roles.model_dump().values() if self.ledger else ()),
            *(item.column for item in (self.ledger.amounts if self.ledger else ())),
            *(self.points.model_dump().values() if self.points else ()),
        ):
            check_expression(pattern if isinstance(pattern, str) else "")
        return self


class Alias(Model):
    """A code that was replaced by another one."""

    kind: Kind
    old: str
    new: str
    since: int
    note: str = ""


class Place(Model):
    """A région, a département or France: code, label and other spellings."""

    kind: Kind
    code: str
    label: Words
    region: str = ""
    other_labels: tuple[str, ...] = ()


class Term(Model):
    """A word of the trade, for the glossary."""

    code: Words
    french: Words
    meaning: Words


class Threshold(Model):
    """A number of the method, printed in the footer of the reports that apply it."""

    id: Identifier
    value: float
    label: Words
    domain: Literal["diagnostic", "droit_commun"] = "diagnostic"


CoverageStatus = Literal[
    "published", "masked", "unavailable", "absent", "other_zoning", "not_loaded", "not_at_qp"
]


Measurable = Literal["M0", "M1", "M2", "M3", "M4", "M5"]


class CoverageWords(Model):
    """What is said of an indicator that is, or is not, known for a quartier."""

    id: CoverageStatus
    measurability: Measurable
    label: Words
    reason: str
    ask: str
