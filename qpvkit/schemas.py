"""What each table that crosses a border must look like.

A schema is checked once, where the table enters the store, lazily: all breaches are reported
together, in French. It never casts nor fills; tidying is the reader's job.
"""

from __future__ import annotations

from typing import Final, get_args

import pandas as pd
import pandera.errors
import pandera.pandas as pa

from qpvkit.codes import KINDS
from qpvkit.errors import QpvkitError
from qpvkit.records import Grade, Level, Nature, Stage, Status


class SchemaError(QpvkitError, ValueError):
    """A table breaks its contract; every breach is in the message."""


_KIND = pa.Check.isin(KINDS)
_PLACE = {"kind": pa.Column(str, _KIND), "code": pa.Column(str, pa.Check.str_length(min_value=2))}

TERRITORIES: Final = pa.DataFrameSchema(
    {
        **_PLACE,
        "label": pa.Column(str),
        "zoning": pa.Column("Int64", pa.Check.isin([2015, 2024]), nullable=True),
        "population": pa.Column(float, pa.Check.ge(0), nullable=True),
        "population_vintage": pa.Column("Int64", nullable=True),
    },
    unique=["kind", "code"],
    name="territoires",
)
MEMBERSHIPS: Final = pa.DataFrameSchema(
    {
        **_PLACE,
        "within_kind": pa.Column(str, _KIND),
        "within_code": pa.Column(str),
        "share": pa.Column(float, pa.Check.in_range(0, 1.0001), nullable=True),
        "share_basis": pa.Column(str, pa.Check.isin(["", "whole", "surface"])),
        "main": pa.Column(bool),
    },
    unique=["kind", "code", "within_kind", "within_code"],
    name="appartenances",
)
OBSERVATIONS: Final = pa.DataFrameSchema(
    {
        **_PLACE,
        "indicator": pa.Column(str),
        "vintage": pa.Column("Int64", pa.Check.in_range(1990, 2100), nullable=True),
        "value": pa.Column(float, nullable=True),
        "status": pa.Column(str, pa.Check.isin(get_args(Status))),
        "base": pa.Column(float, pa.Check.ge(0), nullable=True),
        "base_vintage": pa.Column("Int64", nullable=True),
        "source": pa.Column(str),
        "edition": pa.Column(str),
    },
    checks=[
        pa.Check(
            lambda frame: frame["value"].notna() | frame["status"].isin(["secret", "missing"]),
            error="une valeur absente doit dire pourquoi (secret ou missing)",
        ),
        pa.Check(
            lambda frame: frame["value"].isna() | ~frame["status"].isin(["secret", "missing"]),
            error="une valeur masquée ne doit pas avoir de nombre",
        ),
    ],
    unique=["kind", "code", "indicator", "vintage"],
    name="observations",
)
_COUNT = pa.Column(float, pa.Check.ge(0), nullable=True)
_YEAR = pa.Check.in_range(1990, 2100)
FUNDING: Final = pa.DataFrameSchema(
    {
        "line_id": pa.Column(str),
        "funder": pa.Column(str, pa.Check.str_length(min_value=1)),
        "funder_name": pa.Column(str),
        "level": pa.Column(str, pa.Check.isin(get_args(Level))),
        "programme": pa.Column(str),
        "nature": pa.Column(str, pa.Check.isin(get_args(Nature))),
        "theme": pa.Column(str),
        "year": pa.Column("Int64", _YEAR),
        "stage": pa.Column(str, pa.Check.isin(get_args(Stage))),
        "kind": pa.Column(str, pa.Check.isin(["", *KINDS])),
        "code": pa.Column(str),
        "label": pa.Column(str),
        "amount_cents": pa.Column("int64", pa.Check.ge(0)),
        "amount_eur": pa.Column(float, pa.Check.ge(0)),
        "beneficiaries": _COUNT,
        "evidence_grade": pa.Column(str, pa.Check.isin(get_args(Grade))),
        "nominal": pa.Column(bool),
        "flags": pa.Column(str),
        "source": pa.Column(str),
    },
    checks=[
        pa.Check(
            lambda frame: frame["kind"].eq("") == frame["code"].eq(""),
            error="une ligne sans maille n'a pas de code, et inversement",
        ),
        pa.Check(
            lambda frame: (frame["amount_eur"] * 100 - frame["amount_cents"]).abs() < 0.5,
            error="les euros et les centimes doivent être les mêmes",
        ),
    ],
    unique=["line_id"],
    name="financements",
)
SERVICES: Final = pa.DataFrameSchema(
    {
        "service_id": pa.Column(str),
        "service": pa.Column(str),
        "type": pa.Column(str),
        "label": pa.Column(str),
        "capacity": _COUNT,
        "commune": pa.Column(str),
        "x": pa.Column(float, pa.Check.in_range(-180, 180), nullable=True),
        "y": pa.Column(float, pa.Check.in_range(-90, 90), nullable=True),
        "qp2015": pa.Column(str),
        "qp2024": pa.Column(str),
        "qp_quality": pa.Column(str),
        "priority_education": pa.Column(str),
        "source": pa.Column(str),
        "vintage": pa.Column("Int64", _YEAR, nullable=True),
    },
    checks=[
        pa.Check(
            lambda frame: frame["x"].isna() == frame["y"].isna(),
            error="un point a deux coordonnées, ou aucune",
        ),
    ],
    unique=["service_id"],
    name="services",
)
STAFF: Final = pa.DataFrameSchema(
    {
        "staff_id": pa.Column(str),
        "service": pa.Column(str),
        "unit": pa.Column(str),
        "serves": pa.Column(str, pa.Check.isin(["quartier", "reference"])),
        **_PLACE,
        "year": pa.Column("Int64", _YEAR),
        **dict.fromkeys(
            ("users", "posts", "vacant", "agents", "junior", "temporary", "departures",
             "hours_due", "hours_lost", "delay_days"),
            _COUNT,
        ),
        "comment": pa.Column(str),
        "source": pa.Column(str),
    },
    unique=["staff_id"],
    name="moyens humains",
)  # fmt: skip


def check_table(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Check a table at the door and return it unchanged.

    Raises
    ------
    SchemaError
        With every breach: column, rule, number of rows, first values at fault.
    """
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        lines = []
        for (column, rule), group in cases.groupby(["column", "check"], dropna=False):
            shown = ", ".join(str(value) for value in group["failure_case"].head(3))
            lines.append(f"colonne {column}, règle {rule} : {len(group)} cas (ex. {shown})")
        msg = f"Table {schema.name} : " + " ; ".join(lines) + "."
        raise SchemaError(msg) from errors
    return frame
