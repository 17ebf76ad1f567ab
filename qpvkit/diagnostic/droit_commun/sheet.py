"""The page per stake: pour quoi, combien, avec qui, comment; and the staff of the services."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.diagnostic.droit_commun.scope import Scope
from qpvkit.diagnostic.panel import open_panel
from qpvkit.diagnostic.record import Diagnostic
from qpvkit.diagnostic.stakes import ranking_inputs, read_rules
from qpvkit.load.store import Store
from qpvkit.measure.droit_commun.staff import compare_staff, staff_measures
from qpvkit.measure.stakes.ranking import rank_stakes

SHEET_COLUMNS: Final = (
    "stake", "label", "theme", "question", "verdict", "quartiers", "of", "services", "effort",
    "alert", "funders", "follow_up", "follow_status", "follow_label", "deadline",
)  # fmt: skip
BACKED: Final = ("established", "probable")
_WORSE: Final = ("short_proven", "short_likely")
_ENOUGH: Final = ("fair", "over")
_NAMES: Final[dict[str, str]] = {
    "posts": "fte", "agents": "staff", "temporary": "contractual", "departures": "left",
    "hours_due": "hours",
}  # fmt: skip
_REFERENCE: Final = "reference"


def quartier_stakes(diagnostic: Diagnostic) -> pd.DataFrame:
    """Return the stakes of one quartier, with the indicator that weighs most in each."""
    rows = diagnostic.stakes[["stake", "label", "theme", "question", "verdict", "p_top3", "rank"]]
    evidence = diagnostic.evidence.loc[diagnostic.evidence["retained"].eq(True)]
    best = evidence.sort_values("z", ascending=False, kind="stable").drop_duplicates("stake")
    names = ["stake", "indicator", "short", "value", "unit", "gap", "people", "base_label",
             "reference_kind", "reference_label", "vintage"]  # fmt: skip
    base = dict(zip(diagnostic.profile["indicator"], diagnostic.profile["base_label"], strict=True))
    best = best.reindex(columns=names).assign(base_label=best["indicator"].map(base))
    backed = rows["verdict"].isin(BACKED).astype(int)
    return rows.assign(quartiers=backed, of=1).merge(best, on="stake", how="left")


def contract_stakes(scope: Scope, *, store: Store, catalogue: Catalogue) -> pd.DataFrame:
    """Count, for each stake, the quartiers of a contrat where it is established or probable."""
    panel = open_panel(store, catalogue, zoning=scope.zoning)
    ranking = rank_stakes(**ranking_inputs(panel, catalogue), rules=read_rules(catalogue))
    own = ranking.stakes.loc[ranking.stakes["code"].isin(scope.quartiers["code"])]
    counts = own.loc[own["verdict"].isin(BACKED)].groupby("stake").size()
    sure = own.loc[own["verdict"].eq("established")].groupby("stake").size()
    scored = own.loc[own["scored"]].groupby("stake").size()
    rows = []
    for item in catalogue.stakes.values():
        backed, read = int(counts.get(item.id, 0)), int(scored.get(item.id, 0))
        verdict = "established" if sure.get(item.id, 0) else "probable"
        verdict = verdict if backed else "uncertain" if read else "not_established"
        rows.append({
            "stake": item.id, "label": item.label, "theme": item.theme, "question": item.question,
            "verdict": verdict, "quartiers": backed, "of": len(scope.quartiers),
        })  # fmt: skip
    return pd.DataFrame(rows)


def compose_sheet(
    stakes: pd.DataFrame, services: pd.DataFrame, coverage: pd.DataFrame, catalogue: Catalogue
) -> pd.DataFrame:
    """Join each stake with the ordinary services that answer it.

    First the stakes that are established or probable and where ordinary effort is short or not
    known; then the other backed stakes; then the rest.

    Parameters
    ----------
    stakes
        Of `quartier_stakes` or `contract_stakes`.
    services
        Of `judge_services`.
    coverage
        Coverage of the indicators of the quartier; empty for a contrat.

    Returns
    -------
    pandas.DataFrame
        Columns `SHEET_COLUMNS` and those of the main indicator where there is one. ``effort`` is
        ``short``, ``disputed`` (depends on the norm), ``unknown`` or ``enough``; ``alert`` marks
        a backed stake whose effort is not enough.
    """
    statuses = dict(zip(coverage["indicator"], coverage["status"], strict=True))
    records: list[Any] = stakes.to_dict("records")
    rows = [_line(row, services, statuses, catalogue) for row in records]
    table = pd.DataFrame(rows)
    order = table.assign(
        last=~table["alert"], weak=~table["verdict"].isin(BACKED),
        less=-table["quartiers"], place=table.get("rank", pd.Series(0, index=table.index)),
    )  # fmt: skip
    order = order.sort_values(["last", "weak", "less", "place"], kind="stable")
    return order.drop(columns=["last", "weak", "less", "place"]).reset_index(drop=True)


def _line(
    row: dict[str, Any], services: pd.DataFrame, statuses: dict[str, str], catalogue: Catalogue
) -> dict[str, Any]:
    answers = _answers(row, services, catalogue)
    funders = dict.fromkeys(name for names in answers["funders"] for name in names)
    follow, status = _follow_up(row["stake"], statuses, catalogue)
    return {
        **row, "services": tuple(answers["ordinary"]), "effort": _effort(answers),
        "alert": row["verdict"] in BACKED and _effort(answers) != "enough",
        "funders": tuple(catalogue.funders[name].label for name in funders),
        "follow_up": follow, "follow_status": status,
        "follow_label": catalogue.measurability[status].label,
        "deadline": next(iter(answers.loc[~answers["measured"], "deadline"]), ""),
    }  # fmt: skip


def _answers(row: dict[str, Any], services: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Return the services that answer a stake; those of its theme for a stake of the contrat."""
    if row["stake"] in catalogue.stakes:
        return services.loc[[row["stake"] in stakes for stakes in services["stakes"]]]
    return services.loc[services["theme"].eq(row["theme"])]


def _effort(answers: pd.DataFrame) -> str:
    """Say whether the ordinary effort for a stake is short, disputed, not known or enough."""
    if answers["verdict"].isin(_WORSE).any():
        return "short"
    if answers["verdict"].eq("depends_on_norm").any():
        return "disputed"
    known = answers["verdict"].isin(_ENOUGH)
    return "enough" if len(answers) and known.all() else "unknown"


def _follow_up(stake: str, statuses: dict[str, str], catalogue: Catalogue) -> tuple[str, str]:
    """Return the indicator that a contrat can follow for a stake, and how far it is published."""
    names = catalogue.stakes[stake].indicators if stake in catalogue.stakes else ()
    codes = [
        (catalogue.coverage[statuses[name]].measurability, statuses[name], name)
        for name in names
        if name in statuses
    ]
    if not codes:
        return "", "M1"
    best = max(codes, key=lambda item: (item[1] == "published", item[0]))
    return catalogue.indicator(best[2]).label, best[0]


def read_staff(staff: pd.DataFrame, scope: Scope, *, confidence: float) -> pd.DataFrame:
    """Compare the units that serve the scope with the units of reference that partners declare.

    Parameters
    ----------
    staff
        Table STAFF.

    Returns
    -------
    pandas.DataFrame
        Rows of `compare_staff`.
    """
    held = set(zip(scope.wholes["kind"], scope.wholes["code"], strict=True))
    held |= set(zip(scope.communes["kind"], scope.communes["code"], strict=True))
    own = staff["serves"].eq("quartier") & staff["code"].isin(
        [scope.code, *scope.quartiers["code"]]
    )
    pairs = zip(staff["kind"], staff["code"], strict=True)
    near = pd.Series([pair in held for pair in pairs], index=staff.index, dtype=bool)
    near &= staff["serves"].eq(_REFERENCE)
    table = pd.concat(
        [staff.loc[own].assign(kind=scope.kind, code=scope.code),
         staff.loc[near].assign(kind=_REFERENCE, code=_REFERENCE)]
    ).rename(columns=_NAMES)  # fmt: skip
    table["year"] = table["year"].astype("int64")
    measures = staff_measures(table, confidence=confidence)
    pair = pd.DataFrame([{
        "kind": scope.kind, "code": scope.code, "reference_kind": _REFERENCE,
        "reference_code": _REFERENCE,
    }])  # fmt: skip
    if measures.empty:
        return measures.assign(ratio=[], ratio_low=[], ratio_high=[], reference_value=[])
    return compare_staff(measures, pairs=pair, confidence=confidence)
