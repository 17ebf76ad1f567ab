"""The verdict of each programme, and what is said of each service that has none."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.diagnostic.droit_commun.uses import OTHER
from qpvkit.measure.droit_commun.equity import EQUITY_COLUMNS, equity_index
from qpvkit.measure.droit_commun.rules import EquityRules
from qpvkit.measure.droit_commun.verdicts import measurable_share, weigh_norms

VERDICT_COLUMNS: Final = (
    "kind", "code", "service", "year", "unit", "verdict_n0", "verdict_n1", "verdict", "norm",
    "ordinary", "label", "known", "evidence_grade", "whole_label",
)  # fmt: skip
SERVICE_COLUMNS: Final = (
    "ordinary", "label", "theme", "stakes", "funders", "verdict", "norm", "year", "unit",
    "programme",
    "measured", "reason", "status", "status_label", "known", "holder", "action", "deadline",
)  # fmt: skip
_FACTS: Final = ["service", "year", "unit", "ordinary", "label", "whole_kind", "whole_code",
                 "whole_label", "known", "source", "served", "served_total"]  # fmt: skip
_POINTS: Final = ["index", "rest_ratio", "shortfall", "shortfall_eur"]
_SHORT: Final = ("short_proven", "short_likely", "depends_on_norm", "inconclusive", "fair", "over")


def read_equity(uses: pd.DataFrame, bases: pd.DataFrame, *, rules: EquityRules) -> pd.DataFrame:
    """Compute and judge the index of every use, people and euros apart.

    Returns
    -------
    pandas.DataFrame
        The columns of `equity_index`, those of the use (``ordinary, label, whole_kind,
        whole_code, whole_label, known, source, served, served_total``) and of its base
        (``need_label, vintage``), the latest years first. Where the need of a part of the
        territory is not published, bounds only: the point is NaN.
    """
    columns = [*EQUITY_COLUMNS, *_FACTS[3:], "need_label", "vintage"]
    pieces = []
    numbers = ["base", "base_total", "base_unlocated"]
    bases = bases.astype(dict.fromkeys(numbers, "float64")).fillna({"base_unlocated": 0.0})
    for _, rows in uses.groupby("unit", sort=False):
        found = equity_index(rows, bases=bases, rules=rules)
        facts = bases[["service", "year", "norm", "need_label", "vintage", "base_unlocated"]]
        found = found.merge(rows[_FACTS], on=["service", "year", "unit"])
        found = found.merge(facts, on=["service", "year", "norm"], how="left")
        found[_POINTS] = found[_POINTS].mask(found["base_unlocated"].gt(0))
        pieces.append(found[columns])
    if not pieces:
        return pd.DataFrame(columns=columns)
    order = ["year", "service", "unit", "norm"]
    ascending = [False, True, False, True]
    return pd.concat(pieces).sort_values(order, ascending=ascending, ignore_index=True)


def read_verdicts(equity: pd.DataFrame) -> pd.DataFrame:
    """Put the norms side by side for each use: columns `VERDICT_COLUMNS`."""
    if equity.empty:
        return pd.DataFrame(columns=list(VERDICT_COLUMNS))
    words = ["ordinary", "label", "known", "evidence_grade", "whole_label"]
    pieces = []
    for unit, rows in equity.groupby("unit", sort=False):
        facts = rows.drop_duplicates(["service", "year"])[["service", "year", *words]]
        pieces.append(weigh_norms(rows).assign(unit=unit).merge(facts, on=["service", "year"]))
    table = pd.concat(pieces, ignore_index=True)[list(VERDICT_COLUMNS)]
    # nothing located at all: bounds that hold 1 are no verdict, they say that nothing is known
    empty = table["known"].eq("total") & table["verdict"].eq("inconclusive")
    return table.assign(
        verdict=table["verdict"].mask(empty, "not_measurable"), norm=table["norm"].mask(empty, "")
    )


def judge_services(
    verdicts: pd.DataFrame, equity: pd.DataFrame, catalogue: Catalogue
) -> pd.DataFrame:
    """Give each service that a contrat should name its latest verdict, or why it has none.

    Beneficiaries before euros: the number served is nearer to the service than its cost.

    Returns
    -------
    pandas.DataFrame
        Columns `SERVICE_COLUMNS`, the services of the catalogue then the other programmes of the
        ledger. ``measured`` says whether there is a verdict; ``status`` is M0 to M5.
    """
    rows = [
        _judge(item.id, item.label, verdicts.loc[verdicts["ordinary"].eq(item.id)], equity,
               catalogue)
        for item in catalogue.ordinary.values()
        if item.id != OTHER
    ]  # fmt: skip
    others = verdicts.loc[verdicts["ordinary"].eq(OTHER)]
    rows += [
        _judge(OTHER, str(name), group, equity, catalogue)
        for name, group in others.groupby("service", sort=True)
    ]
    return pd.DataFrame(rows, columns=list(SERVICE_COLUMNS))


def measurable_rate(services: pd.DataFrame) -> float:
    """Return the share of the services named that have a verdict (taux de mesurabilité)."""
    return measurable_share(services, named=len(services))


def _judge(
    name: str, label: str, found: pd.DataFrame, equity: pd.DataFrame, catalogue: Catalogue
) -> dict[str, Any]:
    item = catalogue.ordinary[name]
    best = _best(found)
    verdict = "not_measurable" if best is None else str(best["verdict"])
    measured = verdict != "not_measurable"
    grade = "" if best is None else str(best["evidence_grade"])
    status = ("M5" if grade in ("A", "B") else "M4") if measured else item.status
    return {
        "ordinary": name, "label": label, "theme": item.theme, "stakes": item.stakes,
        "funders": item.funders, "verdict": verdict,
        "norm": "" if best is None else str(best["norm"]),
        "year": pd.NA if best is None else int(best["year"]),
        "unit": "" if best is None else str(best["unit"]),
        "programme": "" if best is None else str(best["service"]),
        "measured": measured, "reason": "" if best is None else _reason(best, equity),
        "status": status, "status_label": catalogue.measurability[status].label,
        "known": item.known, "holder": item.holder, "action": item.action,
        "deadline": item.deadline,
    }  # fmt: skip


def _best(found: pd.DataFrame) -> pd.Series | None:
    """Return the latest use with a verdict, people before euros, the most worrying first."""
    if found.empty:
        return None
    order = {verdict: rank for rank, verdict in enumerate(_SHORT)}
    ranked = found.assign(
        none=found["verdict"].eq("not_measurable"),
        euros=found["unit"].eq("eur"),
        place=found["verdict"].map(order).fillna(len(order)),
        recent=-found["year"].astype(int),
    )
    return ranked.sort_values(["none", "euros", "recent", "place"], kind="stable").iloc[0]


def _reason(best: pd.Series, equity: pd.DataFrame) -> str:
    """Return why the index of a use does not conclude."""
    if best["known"] == "total" and best["verdict"] == "not_measurable":
        return "total_only"
    same = equity["service"].eq(best["service"]) & equity["year"].eq(best["year"])
    rows = equity.loc[same & equity["unit"].eq(best["unit"])]
    norm = best["norm"] or "N1"
    reasons = rows.loc[rows["norm"].eq(norm), "reason"].replace("", np.nan).dropna()
    return str(reasons.iloc[0]) if len(reasons) else ""
