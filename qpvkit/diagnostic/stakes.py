"""The stakes of one quartier: ranked against its map, put into words, laid beside the voices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import Kind
from qpvkit.diagnostic.kept import Panel
from qpvkit.grid import Peers, Stake
from qpvkit.load.voices import VOTE_COLUMNS, Contract, ballots
from qpvkit.measure.stakes.ranking import STAKE_COLUMNS, Ranking
from qpvkit.measure.stakes.rules import Rules
from qpvkit.measure.stakes.voices import VOICE_COLUMNS, place_quadrants, tally_votes
from qpvkit.measure.stakes.yardstick import group_shift, scale_values
from qpvkit.measure.uncertainty import benjamini_hochberg

_FROM_PROFILE: Final = (
    "indicator", "label", "short", "theme", "unit", "direction", "publics", "value", "status",
    "base", "base_label",
)  # fmt: skip
_FROM_GAPS: Final = (
    "reference_kind", "reference_label", "reference_value", "gap", "gap_low", "gap_high",
    "rest_value", "rest_gap", "comparison", "comparison_reason", "different", "people",
)  # fmt: skip


def read_rules(catalogue: Catalogue) -> Rules:
    """Read the numbers of the method in the catalogue."""
    return Rules(
        balance=catalogue.threshold("enjeux_lambda"),
        draws=int(catalogue.threshold("enjeux_tirages")),
        seed=int(catalogue.threshold("enjeux_graine")),
        top=int(catalogue.threshold("enjeux_tete")),
        set_level=catalogue.threshold("enjeux_niveau_ensemble"),
        interval_level=catalogue.threshold("enjeux_niveau_intervalle"),
        redundancy=catalogue.threshold("enjeux_redondance"),
        min_share=catalogue.threshold("enjeux_part_lue"),
        min_indicators=int(catalogue.threshold("enjeux_indicateurs_min")),
        min_peers=int(catalogue.threshold("enjeux_quartiers_min")),
        max_age=int(catalogue.threshold("enjeux_anciennete_max")),
        sure=catalogue.threshold("enjeux_etabli"),
        positive=catalogue.threshold("enjeux_defavorable"),
        likely=catalogue.threshold("enjeux_probable"),
    )


def ranking_inputs(
    panel: Panel, catalogue: Catalogue, *, values: pd.DataFrame | None = None,
    peers: Peers = "all", reference: Kind = "commune", grid: Mapping[str, Stake] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Gather what `rank_stakes` and `vary_choices` take, but for the rules.

    Parameters
    ----------
    values
        The values of the quartiers, from `with_errors`; all those of the panel by default.
    peers
        The comparable quartiers put first; the others are part of the choices that are drawn.
    reference
        The kind of territory put first, likewise.
    grid
        The candidate stakes; those of the catalogue by default.
    """
    rows = panel.rows if values is None else values
    scaled = scale_values(rows, panel.yardstick)
    order = [peers, *(name for name in panel.groups if name != peers)]
    references = panel.references
    if values is not None:
        references = references.loc[references["code"].isin(set(rows["code"]))]
    first = references["option"].ne(reference)
    candidates = catalogue.stakes if grid is None else grid
    return {
        "values": rows,
        "grid": {item.id: item.indicators for item in candidates.values() if item.indicators},
        "yardstick": panel.yardstick,
        "references": references.assign(first=first).sort_values("first", kind="stable"),
        "shifts": {
            name: group_shift(scaled, panel.groups[name], panel.medians[name]) for name in order
        },
    }


def find_unusual(panel: Panel, code: str, *, discovery: float) -> pd.DataFrame:
    """Tell which indicators of a quartier are unusual among the others.

    Returns
    -------
    pandas.DataFrame
        ``indicator, unusual_z, unusual_p, unusual``: the p-value is adjusted over the
        indicators of the quartier (Benjamini and Hochberg); ``unusual`` is NA where not tested.
    """
    rows = panel.unusual.loc[panel.unusual["code"].eq(code)]
    adjusted = pd.Series(benjamini_hochberg(rows["p"]), index=rows.index, dtype=float)
    flags = adjusted.le(discovery).astype("boolean").mask(adjusted.isna())
    return pd.DataFrame(
        {
            "indicator": rows["indicator"], "unusual_z": rows["z"], "unusual_p": adjusted,
            "unusual": flags,
        }
    )  # fmt: skip


def word_stakes(
    ranking: Ranking, catalogue: Catalogue, code: str, *, grid: Mapping[str, Stake]
) -> pd.DataFrame:
    """Give the ranked stakes of a quartier their words, the most prominent first."""
    words = pd.DataFrame(
        [
            {"stake": item.id, "label": item.label, "theme": item.theme, "question": item.question}
            for item in grid.values()
        ]
    )
    verdicts = {name: item.label for name, item in catalogue.verdicts.items()}
    rows = ranking.stakes.loc[ranking.stakes["code"].eq(code)]
    joined = words.merge(rows, on="stake", how="left")
    joined = _with_unread(joined, grid)
    joined["verdict_label"] = joined["verdict"].map(verdicts)
    joined = joined.sort_values(["scored", "rank"], ascending=[False, True], kind="stable")
    columns = ["stake", "label", "theme", "question", "verdict_label", *STAKE_COLUMNS[2:]]
    return joined[columns].reset_index(drop=True)


def _with_unread(joined: pd.DataFrame, grid: Mapping[str, Stake]) -> pd.DataFrame:
    """Say of a stake that nothing measures, here or anywhere, that nothing is established."""
    expected = joined["stake"].map({item.id: len(item.indicators) for item in grid.values()})
    reason = expected.gt(0).map({True: "few_indicators", False: "no_indicator"})
    count, fewest = joined["stakes_scored"].max(), joined["peers"].max()
    blanks: dict[str, Any] = {
        "verdict": "not_established", "verdict_reason": reason, "scored": False,
        "in_top_set": False, "regime": "quartiers", "expected": expected, "read": 0,
        "independent": 0, "coverage": 0.0,
        "stakes_scored": 0 if pd.isna(count) else count,
        "peers": 0.0 if pd.isna(fewest) else fewest,
    }  # fmt: skip
    unread = joined["verdict"].isna()
    filled = {
        name: joined[name].astype(object).mask(unread, value) for name, value in blanks.items()
    }
    return joined.assign(**filled).astype(
        {"scored": bool, "in_top_set": bool, "expected": int, "read": int, "independent": int,
         "coverage": float, "stakes_scored": int, "peers": float}
    )  # fmt: skip


def add_voices(stakes: pd.DataFrame, contract: Contract | None) -> pd.DataFrame:
    """Lay beside the stakes what the contract retains and what its people said.

    Returns
    -------
    pandas.DataFrame
        `stakes` with ``adopted`` (NA without a contract), ``voice, voice_low, voice_high`` (% of
        the points, all groups together), ``respondents`` and ``quadrant``.
    """
    if contract is None:
        empty = pd.array([pd.NA] * len(stakes), dtype="boolean")
        return stakes.assign(
            adopted=empty, voice=np.nan, voice_low=np.nan, voice_high=np.nan, respondents=0,
            quadrant="",
        )  # fmt: skip
    retained = {item.id for item in contract.stake}
    voices = tally_votes(ballots(contract))
    joined = stakes.merge(voices, on="stake", how="left")
    heard = len(voices) > 0
    joined["respondents"] = int(voices["respondents"].iloc[0]) if heard else 0
    joined["voice"] = joined["voice"].astype(float).fillna(0.0 if heard else np.nan)
    return joined.assign(
        adopted=joined["stake"].isin(retained).astype("boolean"),
        quadrant=place_quadrants(joined, voices),
    ).astype({"voice_low": float, "voice_high": float})


def tally_groups(contract: Contract | None) -> pd.DataFrame:
    """Return the votes of each group apart: ``group, date`` and the columns of `tally_votes`."""
    votes = ballots(contract) if contract else pd.DataFrame(columns=list(VOTE_COLUMNS))
    pieces = [
        tally_votes(rows).assign(group=rows["group"].iloc[0], date=rows["date"].iloc[0])
        for _, rows in votes.groupby(["group", "date"], sort=False)
    ]
    columns = ["group", "date", *VOICE_COLUMNS]
    return pd.concat(pieces)[columns] if pieces else pd.DataFrame(columns=columns)


def word_evidence(
    ranking: Ranking, profile: pd.DataFrame, gaps: pd.DataFrame, catalogue: Catalogue,
    *, code: str, reference: Kind, grid: Mapping[str, Stake],
) -> pd.DataFrame:  # fmt: skip
    """Give the evidence of a quartier its words, its reference and its corrected gaps."""
    rows = ranking.evidence.loc[ranking.evidence["code"].eq(code)]
    if rows.empty:
        rows = _no_evidence(ranking.evidence.columns, grid)
    rows = rows.drop(columns=["code"]).merge(
        profile[list(_FROM_PROFILE)], on="indicator", how="left"
    )
    names = {item.id: item for item in catalogue.indicators.values()}
    for column in ("label", "short", "unit", "direction", "theme"):
        rows[column] = [getattr(names[name], column) for name in rows["indicator"]]
    rows["publics"] = [names[name].publics for name in rows["indicator"]]
    main = gaps.loc[gaps["reference_kind"].isin([reference, "peers"])]
    main = main.drop_duplicates("indicator")[["indicator", *_FROM_GAPS]]
    rows = rows.merge(main, on="indicator", how="left")
    against = rows["reference_value"]
    for name in ("shrunk", "shrunk_low", "shrunk_high"):
        rows[name.replace("shrunk", "shrunk_gap")] = rows[name] - against
    return rows


def _no_evidence(columns: pd.Index, grid: Mapping[str, Stake]) -> pd.DataFrame:
    pairs = [(stake.id, name) for stake in grid.values() for name in stake.indicators]
    rows = pd.DataFrame(pairs, columns=["stake", "indicator"])
    rows = rows.assign(code="", retained=False, reason="not_published", stands_for="")
    return rows.reindex(columns=columns).astype({"vintage": "float64", "z": "float64"})
