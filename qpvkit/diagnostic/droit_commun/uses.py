"""What the ledger and the files count of each service, in the quartier and in what holds it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.diagnostic.droit_commun.scope import Scope
from qpvkit.measure.droit_commun.bounds import bound_beneficiaries
from qpvkit.partners import Ordinary

USE_COLUMNS: Final = (
    "kind", "code", "service", "year", "unit", "evidence_grade", "status", "served",
    "served_total", "served_low", "served_high", "ordinary", "label", "whole_kind", "whole_code",
    "whole_label", "known", "stage", "source",
)  # fmt: skip
_NOT_ORDINARY: Final = ("perequation", "budget_communal", "siege")
STAGES: Final = ("cp", "ae")  # payments first: they are what was really done
OTHER: Final = "autre"


def service_of(programme: str, ordinary: Mapping[str, Ordinary]) -> str:
    """Return the service of the catalogue that a programme is, ``autre`` when none matches.

    Examples
    --------
    >>> import qpvkit as qk
    >>> services = qk.load_catalogue().ordinary
    >>> service_of("Accompagnement à la scolarité", services), service_of("Divers", services)
    ('accompagnement_scolarite', 'autre')
    """
    for item in ordinary.values():
        if any(re.search(pattern, programme, re.IGNORECASE) for pattern in item.programmes):
            return item.id
    return OTHER


def ordinary_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """Keep the lines of ordinary means: neither specific, nor posts, nor grants to communes."""
    words = "|".join(_NOT_ORDINARY)
    apart = lines["flags"].str.contains(rf"\b(?:{words})\b", regex=True).astype(bool)
    kept = lines["nature"].eq("droit_commun") & ~lines["nominal"] & ~apart
    return lines.loc[kept & lines["programme"].ne("")]


def read_uses(lines: pd.DataFrame, scope: Scope, catalogue: Catalogue) -> pd.DataFrame:
    """Put what each programme gives to the scope beside what it gives to what holds it.

    Beneficiaries and euros are two rows, told apart by ``unit``. Where the quartier's part is not
    declared, or only that of some quartiers of a contrat, the row holds bounds.

    Parameters
    ----------
    lines
        The ledger, all natures.

    Returns
    -------
    pandas.DataFrame
        Columns `USE_COLUMNS`. ``known`` is ``located``, ``partial`` (some quartiers) or ``total``
        (only the larger territory).
    """
    wanted = ordinary_lines(lines)
    rows: list[dict[str, Any]] = []
    groups: Iterable[tuple[Any, pd.DataFrame]] = wanted.groupby(["programme", "year"], sort=True)
    for (programme, year), group in groups:
        ordinary = service_of(str(programme), catalogue.ordinary)
        facts = {
            "kind": scope.kind, "code": scope.code, "service": str(programme),
            "year": int(year), "ordinary": ordinary, "label": str(programme),
        }  # fmt: skip
        for unit, column in (("personnes", "beneficiaries"), ("eur", "amount_eur")):
            found = _one_use(group, column, scope)
            if found is not None:
                rows.append({**facts, "unit": unit, **found})
    return pd.DataFrame(rows, columns=list(USE_COLUMNS))


def _one_use(group: pd.DataFrame, column: str, scope: Scope) -> dict[str, Any] | None:
    """Return what is served of one unit, in one stage only: engaged and paid never add up."""
    options = [
        found
        for stage in STAGES
        if (found := _at_stage(group.loc[group["stage"].eq(stage)], column, scope)) is not None
    ]
    return min(options, key=lambda found: found["known"] != "located", default=None)


def _at_stage(group: pd.DataFrame, column: str, scope: Scope) -> dict[str, Any] | None:
    group = group.loc[group[column].notna()]
    wholes: list[Any] = list(scope.wholes.itertuples(index=False))
    for whole in wholes:
        above = group.loc[group["kind"].eq(whole.kind) & group["code"].eq(whole.code)]
        if not len(above):
            continue
        served = _own(group, column, scope, total=float(above[column].sum()))
        if served["known"] == "total" and column != "beneficiaries":
            return None  # euros without any located one: the bounds would say nothing
        if served["known"] == "total":
            served |= _total_only(float(above[column].sum()), scope, float(whole.population))
        grades = [*above["evidence_grade"], *served.pop("grades")]
        sources = sorted({*above["source"], *served.pop("sources")})
        return {
            **served, "served_total": float(above[column].sum()), "evidence_grade": max(grades),
            "stage": group["stage"].iloc[0],
            "whole_kind": whole.kind, "whole_code": whole.code, "whole_label": whole.label,
            "source": " ".join(sources),
        }  # fmt: skip
    return None


def _own(group: pd.DataFrame, column: str, scope: Scope, *, total: float) -> dict[str, Any]:
    """Return the part of the scope: its own lines, else those of its quartiers, else nothing."""
    own = group.loc[group["kind"].eq(scope.kind) & group["code"].eq(scope.code)]
    if scope.kind != "qp" and not len(own):
        parts = group.loc[group["kind"].eq("qp") & group["code"].isin(scope.quartiers["code"])]
        if len(parts):
            return _from_quartiers(parts, column, scope, total=total)
    facts = {"grades": list(own["evidence_grade"]), "sources": set(own["source"])}
    if not len(own):
        return facts | {"known": "total", "status": "missing", "served": np.nan}
    return facts | {"known": "located", "status": "ok", "served": float(own[column].sum())}


def _from_quartiers(
    parts: pd.DataFrame, column: str, scope: Scope, *, total: float
) -> dict[str, Any]:
    """Add up the quartiers that are declared; those that are not may hold all that is left."""
    known = float(parts[column].sum())
    facts = {"grades": list(parts["evidence_grade"]), "sources": set(parts["source"])}
    others = scope.quartiers.loc[~scope.quartiers["code"].isin(parts["code"])]
    if not len(others):
        return facts | {"known": "located", "status": "ok", "served": known}
    room = float(others["population"].sum()) if column == "beneficiaries" else np.inf
    return facts | {
        "known": "partial", "status": "missing", "served": np.nan, "served_low": known,
        "served_high": min(total, known + room),
    }  # fmt: skip


def _total_only(total: float, scope: Scope, population: float) -> dict[str, float]:
    """Bound the part of the scope from the total: at most its inhabitants, at least the rest."""
    inside = scope.population
    if not population > inside or total > population:
        return {}
    zones = pd.DataFrame(
        {"within": "t", "code": ["q", "r"], "eligible": [inside, population - inside]}
    )
    totals = pd.DataFrame({"within": ["t"], "total": [total]})
    found = bound_beneficiaries(zones, totals=totals).iloc[0]
    return {"served_low": float(found["low"]), "served_high": float(found["high"])}


def read_counted(
    own: pd.DataFrame, above: pd.DataFrame, scope: Scope, catalogue: Catalogue
) -> pd.DataFrame:
    """Read the beneficiaries that official files count at both scales, the same year.

    Parameters
    ----------
    own, above
        Observations of the quartiers and of the territories that hold them:
        ``kind, code, indicator, vintage, value, status, source``.
    """
    rows: list[dict[str, Any]] = []
    places = list(zip(scope.wholes["kind"], scope.wholes["code"], strict=True))
    labels = dict(zip(places, scope.wholes["label"], strict=True))
    for item in catalogue.ordinary.values():
        mine = own.loc[own["indicator"].eq(item.beneficiaries) & own["value"].notna()]
        theirs = above.loc[above["indicator"].eq(item.beneficiaries) & above["value"].notna()]
        groups: Iterable[tuple[Any, pd.DataFrame]] = mine.groupby("vintage")
        for vintage, group in groups:
            if set(group["code"]) != set(scope.quartiers["code"]):
                continue
            year = theirs.loc[theirs["vintage"].eq(vintage)]
            held: dict[Any, Any] = {
                (row.kind, row.code): row for row in year.itertuples(index=False)
            }
            pair = next((pair for pair in places if pair in held), None)
            if pair is None:
                continue
            once = group.drop_duplicates("code")
            rows.append({
                "kind": scope.kind, "code": scope.code, "service": item.id, "year": int(vintage),
                "unit": "personnes", "evidence_grade": "A", "status": "ok",
                "served": float(once["value"].sum()), "served_total": float(held[pair].value),
                "ordinary": item.id, "label": item.label, "whole_kind": pair[0],
                "whole_code": pair[1], "whole_label": labels[pair], "known": "located",
                "stage": "", "source": str(once["source"].iloc[0]),
            })  # fmt: skip
    return pd.DataFrame(rows, columns=list(USE_COLUMNS))
