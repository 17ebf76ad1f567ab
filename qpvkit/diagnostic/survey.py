"""What the method says of all the quartiers of a map: how often it concludes, and on whom."""

from __future__ import annotations

import dataclasses
from typing import Final

import numpy as np
import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.codes import Zoning
from qpvkit.diagnostic.kept import Panel
from qpvkit.diagnostic.panel import open_panel
from qpvkit.diagnostic.stakes import ranking_inputs, read_rules
from qpvkit.grid import Verdict
from qpvkit.load.store import Store, open_store
from qpvkit.measure.stakes.ranking import rank_stakes
from qpvkit.settings import load_settings

VERDICTS: Final[tuple[Verdict, ...]] = ("established", "probable", "uncertain", "not_established")
_POVERTY: Final = "taux_pauvrete"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Verdicts over a map, counted; no quartier is named.

    Attributes
    ----------
    dataset, zoning, quartiers
        Which map, and how many quartiers it has.
    by_stake
        ``stake, label``, how many quartiers have each verdict, ``reasons`` of those not
        established: ``few_indicators``.
    by_size
        ``low, high`` (bounds of a class of inhabitants; NaN when not known), ``quartiers``,
        ``with_result`` (at least one stake scored), ``with_established``, ``established`` (mean
        number per quartier).
    correlations
        ``stake, label``, Spearman correlation of the probability of the top three with
        population (``with_size``) and with the poverty rate (``with_poverty``), and on how many
        quartiers each.
    pairs
        Redundant indicators: ``indicator, other, rho``, with their short names.
    unread
        Quartiers without any stake scored, by reason: ``reason, quartiers``.
    """

    dataset: str
    zoning: Zoning
    quartiers: int
    by_stake: pd.DataFrame
    by_size: pd.DataFrame
    correlations: pd.DataFrame
    pairs: pd.DataFrame
    unread: pd.DataFrame


def survey_verdicts(
    *, zoning: Zoning = 2015, dataset: str | None = None, store: Store | None = None
) -> Survey:
    """Rank the stakes of every quartier of a map and count the verdicts.

    Parameters
    ----------
    zoning
        2015 or 2024.
    dataset
        ``demo`` or ``france``; the environment's choice, else the demo, by default.

    Examples
    --------
    >>> survey = survey_verdicts(zoning=2015, dataset="demo")
    >>> survey.quartiers, len(survey.by_stake) > 0
    (11, True)
    """
    settings = load_settings(dataset)
    catalogue = load_catalogue(settings.catalogue_dir)
    store = store or open_store(settings, catalogue=catalogue)
    panel = open_panel(store, catalogue, zoning=zoning)
    ranking = rank_stakes(**ranking_inputs(panel, catalogue), rules=read_rules(catalogue))
    labels = {item.id: item.label for item in catalogue.stakes.values()}
    stakes = ranking.stakes.assign(label=ranking.stakes["stake"].map(labels))
    places = store.territories(kind="qp")
    places = places.loc[places["zoning"].eq(zoning)]
    short = {item.id: item.short for item in catalogue.indicators.values()}
    return Survey(
        dataset=settings.dataset,
        zoning=zoning,
        quartiers=len(places),
        by_stake=_by_stake(stakes),
        by_size=_by_size(stakes, places, catalogue.peers["size"].bounds),
        correlations=_correlations(stakes, places, panel),
        pairs=ranking.pairs.assign(
            short=ranking.pairs["indicator"].map(short),
            other_short=ranking.pairs["other"].map(short),
        ),
        unread=_unread(stakes, places),
    )


def _by_stake(stakes: pd.DataFrame) -> pd.DataFrame:
    counts = pd.crosstab([stakes["stake"], stakes["label"]], stakes["verdict"])
    counts = counts.reindex(columns=list(VERDICTS), fill_value=0)
    order = counts["established"].sort_values(ascending=False, kind="stable").index
    return counts.loc[order].reset_index().rename_axis(columns=None)


def _by_size(stakes: pd.DataFrame, places: pd.DataFrame, bounds: tuple[float, ...]) -> pd.DataFrame:
    per_quartier = stakes.groupby("code").agg(
        scored=("scored", "any"),
        established=("verdict", lambda names: names.eq("established").sum()),
    )
    joined = places.set_index("code")[["population"]].join(per_quartier)
    edges = [-np.inf, *bounds, np.inf]
    joined["size"] = pd.cut(joined["population"], edges, right=False)
    joined = joined.fillna({"scored": False, "established": 0}).astype({"established": float})
    unknown = joined["size"].isna()
    joined["size"] = joined["size"].cat.codes.mask(unknown, len(edges))
    table = joined.groupby("size").agg(
        quartiers=("scored", "size"), with_result=("scored", "sum"),
        with_established=("established", lambda counts: counts.gt(0).sum()),
        established=("established", "mean"),
    )  # fmt: skip
    ends = [*edges, np.nan, np.nan]  # the last class is that of unknown populations
    lows = [ends[int(rank)] if rank < len(edges) else np.nan for rank in table.index]
    highs = [ends[int(rank) + 1] if rank < len(edges) else np.nan for rank in table.index]
    return table.reset_index(drop=True).assign(low=lows, high=highs)


def _correlations(stakes: pd.DataFrame, places: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    poverty = panel.rows.loc[panel.rows["indicator"].eq(_POVERTY)].set_index("code")["value"]
    scored = stakes.loc[stakes["scored"]].assign(
        size=lambda frame: frame["code"].map(places.set_index("code")["population"]),
        poverty=lambda frame: frame["code"].map(poverty),
    )
    rows = []
    for (stake, label), group in scored.groupby(["stake", "label"], sort=False):
        row: dict[str, object] = {"stake": stake, "label": label}
        for name, column in (("with_size", "size"), ("with_poverty", "poverty")):
            known = group[["p_top3", column]].dropna()
            enough = len(known) > 2
            rho = known.corr(method="spearman").iloc[0, 1] if enough else np.nan
            row |= {name: rho, f"{name}_quartiers": len(known)}
        rows.append(row)
    columns = ["stake", "label", "with_size", "with_size_quartiers", "with_poverty",
               "with_poverty_quartiers"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _unread(stakes: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Count the quartiers without a result, with the reason."""
    scored = set(stakes.loc[stakes["scored"], "code"])
    ranked = set(stakes["code"])
    few = len(ranked - scored)
    nothing = len(set(places["code"]) - ranked)
    rows = [("few_indicators", few), ("nothing_published", nothing)]
    return pd.DataFrame(rows, columns=["reason", "quartiers"])
