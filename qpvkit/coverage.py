"""What is published for a quartier, what is not, why, and whom to ask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.load.store import Store
from qpvkit.load.territories import Territory
from qpvkit.records import CoverageStatus, Indicator, Source

COVERAGE_COLUMNS: Final = (
    "theme", "indicator", "label", "status", "status_label", "reason", "ask",
)  # fmt: skip


def read_coverage(
    own: pd.DataFrame,
    territory: Territory,
    catalogue: Catalogue,
    store: Store,
    *,
    elsewhere: Iterable[str],
) -> pd.DataFrame:
    """Give one row per indicator that the catalogue expects, and per theme without any.

    Parameters
    ----------
    own
        The observations of the quartier: ``indicator, value, status``.
    territory
        The quartier.
    elsewhere
        The indicators published for some other quartier of the same map.

    Returns
    -------
    pandas.DataFrame
        Columns `COVERAGE_COLUMNS`.
    """
    loaded = set(store.files()["source"])
    known = set(elsewhere)
    published = set(own.loc[own["value"].notna(), "indicator"])
    statuses = dict(zip(own["indicator"], own["status"], strict=True))
    rows = []
    for item in catalogue.indicators.values():
        source = _expected_source(item, territory, catalogue, loaded)
        status = _status(item, source, territory, published, statuses, known)
        facts = _facts(source, territory, item.ask)
        rows.append(_row((item.theme, item.id, item.label), status, catalogue, facts))
    for theme in catalogue.themes.values():
        if not theme.measured:
            facts = _facts(None, territory, theme.ask)
            what = (theme.id, "", theme.label)
            rows.append(_row(what, "not_at_qp", catalogue, facts, theme.gap))
    table = pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS))
    rank = {theme: place for place, theme in enumerate(catalogue.themes)}
    return table.sort_values("theme", key=lambda names: names.map(rank), kind="stable").reset_index(
        drop=True
    )


def _expected_source(
    item: Indicator, territory: Territory, catalogue: Catalogue, loaded: set[str]
) -> Source:
    """Return the source that should give the indicator: of the right map, then loaded first."""
    sources = [catalogue.source(column.source) for column in item.columns]
    at_qp = [source for source in sources if source.kind == "qp"] or sources
    fitting = [source for source in at_qp if source.zoning in (None, territory.zoning)] or at_qp
    return min(fitting, key=lambda source: (source.id not in loaded, not source.official))


def _status(
    item: Indicator,
    source: Source,
    territory: Territory,
    published: set[str],
    statuses: dict[str, str],
    elsewhere: set[str],
) -> CoverageStatus:
    if item.id in published:
        return "published"
    if item.id in statuses:
        return "masked" if statuses[item.id] == "secret" else "unavailable"
    if not item.at_qp:
        return "not_at_qp"
    if item.id in elsewhere:
        return "absent"
    if source.zoning not in (None, territory.zoning):
        return "other_zoning"
    return "not_loaded"


def _row(
    what: tuple[str, str, str],
    status: CoverageStatus,
    catalogue: Catalogue,
    facts: dict[str, str],
    gap: str = "",
) -> dict[str, str]:
    """Write one row: `what` is (theme, indicator, label), `facts` fill the sentences."""
    words = catalogue.coverage[status]
    theme, indicator, label = what
    return {
        "theme": theme,
        "indicator": indicator,
        "label": label,
        "status": status,
        "status_label": words.label,
        "reason": gap or words.reason.format(**facts),
        "ask": words.ask.format(**facts),
    }


def _facts(source: Source | None, territory: Territory, ask: str) -> dict[str, str]:
    return {
        "producer": source.producer if source else "",
        "title": source.title if source else "",
        "zoning": str(territory.zoning),
        "ask": ask,
    }
