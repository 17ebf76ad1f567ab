"""Observations of the store: of one territory, of those that it is compared with, of its peers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from qpvkit.codes import KINDS, Kind, Zoning
from qpvkit.load.store import Store, open_store
from qpvkit.settings import Settings


def load_observations(
    *,
    kind: Kind = "qp",
    codes: Iterable[str] | None = None,
    indicators: Iterable[str] | None = None,
    settings: Settings | None = None,
    store: Store | None = None,
) -> pd.DataFrame:
    """Load observations of one kind of territory.

    Returns
    -------
    pandas.DataFrame
        ``kind, code, indicator, vintage, value, status, base, base_vintage, source, edition``.
        A masked value is a row without value, whose status says why.

    Examples
    --------
    >>> rows = load_observations(codes=["QN09901M"], indicators=["population"])
    >>> rows["status"].tolist()
    ['ok']
    """
    store = store or open_store(settings or Settings())
    return store.observations(kind=kind, codes=codes, indicators=indicators)


def reference_values(
    places: pd.DataFrame, *, indicators: Sequence[str], store: Store
) -> pd.DataFrame:
    """Return the published values of the territories with which a quartier is compared.

    Parameters
    ----------
    places
        Columns ``kind``, ``code``, ``label``.
    indicators
        The indicators wanted.

    Returns
    -------
    pandas.DataFrame
        Observations with the column ``label``; masked values, and values whose year the source
        does not state, are left out: nothing can be compared with them.
    """
    pieces = [
        store.observations(
            kind=kind, codes=places.loc[places["kind"].eq(kind), "code"], indicators=indicators
        )
        for kind in KINDS
        if places["kind"].eq(kind).any()
    ]
    stacked = pd.concat(pieces, ignore_index=True) if pieces else store.observations(kind="qp")
    labels = places.drop_duplicates(["kind", "code"])[["kind", "code", "label"]]
    joined = stacked.merge(labels, on=["kind", "code"], how="inner")
    return joined.loc[joined["value"].notna() & joined["vintage"].notna()].reset_index(drop=True)


def map_values(indicators: Sequence[str], *, zoning: Zoning, store: Store) -> pd.DataFrame:
    """Return the published values of some indicators for all the quartiers of a map.

    Columns ``code, indicator, vintage, value, status, base, source``.
    """
    columns = ("code", "indicator", "vintage", "value", "status", "base", "source")
    rows = store.observations(kind="qp", indicators=indicators, columns=columns)
    prefix = "QP" if zoning == 2015 else "QN"
    kept = rows["code"].str.startswith(prefix) & rows["value"].notna()
    return rows.loc[kept].reset_index(drop=True)
