"""What partners declare: their inventory of credits, and the staff of their services."""

from __future__ import annotations

from typing import Final

import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.load.ledger.lines import (
    FUNDING_COLUMNS,
    FunderTotal,
    ImportSummary,
    count_words,
    totals_by_funder,
)
from qpvkit.load.ledger.money import euros
from qpvkit.load.ledger.read import Lines
from qpvkit.load.ledger.table import TOTAL, Known, read_sheet
from qpvkit.load.sources import Recognition

STAFF_COLUMNS: Final = (
    "staff_id", "service", "unit", "serves", "kind", "code", "year", "users", "posts", "vacant",
    "agents", "junior", "temporary", "departures", "hours_due", "hours_lost", "delay_days",
    "comment", "source",
)  # fmt: skip
_COUNTS: Final = (
    "users", "posts", "vacant", "agents", "junior", "temporary", "departures", "hours_due",
    "hours_lost", "delay_days",
)  # fmt: skip


def read_inventory(
    recognition: Recognition, catalogue: Catalogue, *, digest: str, known: Known
) -> Lines:
    """Read the inventory of credits of the partners into lines of the ledger.

    Raises
    ------
    TableRefusedError
        With every mistake of the table at once, by sheet, row and column.
    """
    source = recognition.source
    sheet = read_sheet(recognition, catalogue.template("funding"), catalogue, known=known)
    rows = sheet.rows
    label = rows["funder"].map({item.id: item.label for item in catalogue.funders.values()})
    other = rows["funder"].eq("autre")
    lines = rows.assign(
        line_id=[f"{source.id}:{digest}:{line}" for line in rows.index],
        funder_name=rows["funder_name"].where(rows["funder_name"].ne(""), label),
        level=rows["funder"].map({item.id: item.level for item in catalogue.funders.values()}),
        year=rows["year"].astype("Int64"),
        amount_cents=rows["amount"].astype("int64"),
        amount_eur=euros(rows["amount"]),
        beneficiaries=rows["beneficiaries"].astype("float64"),
        nominal=False,
        flags=other.map({True: "financeur_inconnu", False: ""}),
        source=source.id,
        siren="",
    )
    kept = pd.Series(data=True, index=rows.index)
    totals = totals_by_funder(lines["funder_name"], lines["amount_cents"].astype("Int64"), kept)
    if sheet.aside_cents:
        put = sheet.aside_cents
        totals = (*totals, FunderTotal(funder=TOTAL, read=put, kept=0, aside=put))
    summary = ImportSummary(
        source=source.id,
        file=recognition.part.path.name,
        part=recognition.part.name,
        lines=len(rows) + sum(sheet.aside.values()),
        kept=len(rows),
        aside=sheet.aside,
        flags=count_words(lines["flags"]),
        totals=totals,
    )
    return Lines(lines=lines[[*FUNDING_COLUMNS, "siren"]].reset_index(drop=True), summary=summary)


def read_staff(
    recognition: Recognition, catalogue: Catalogue, *, digest: str, known: Known
) -> pd.DataFrame:
    """Read the table of staff and quality of the partners; an empty cell is unknown, not zero.

    Raises
    ------
    TableRefusedError
        With every mistake of the table at once, by sheet, row and column.
    """
    source = recognition.source
    sheet = read_sheet(recognition, catalogue.template("staff"), catalogue, known=known)
    rows = sheet.rows.astype(dict.fromkeys(_COUNTS, "float64"))
    staff = rows.assign(
        staff_id=[f"{source.id}:{digest}:{line}" for line in rows.index],
        year=rows["year"].astype("Int64"),
        source=source.id,
    )
    return staff[list(STAFF_COLUMNS)].reset_index(drop=True)
