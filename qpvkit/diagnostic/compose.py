"""Gather what is known, and not known, of one quartier."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.codes import REFERENCES, Kind
from qpvkit.coverage import read_coverage
from qpvkit.diagnostic.context import (
    read_caveats,
    read_contours,
    read_places,
    read_sources,
    read_thresholds,
)
from qpvkit.diagnostic.kept import Panel
from qpvkit.diagnostic.panel import error_facts, note_panel, open_panel, open_peers, with_errors
from qpvkit.diagnostic.record import Diagnostic
from qpvkit.diagnostic.stakes import (
    add_voices,
    find_unusual,
    ranking_inputs,
    read_rules,
    tally_groups,
    word_evidence,
    word_stakes,
)
from qpvkit.errors import UnknownNameError
from qpvkit.grid import Peers
from qpvkit.load.indicators import reference_values
from qpvkit.load.store import Store, open_store
from qpvkit.load.territories import Territory, find_territory
from qpvkit.load.voices import find_contract, own_grid
from qpvkit.measure.gaps import choose_vintages, compute_gaps
from qpvkit.measure.peers import summarise_peers
from qpvkit.measure.stakes.layout import lay_out_stakes
from qpvkit.measure.stakes.ranking import rank_layout
from qpvkit.measure.stakes.sensitivity import vary_layout
from qpvkit.memo import by_identity
from qpvkit.settings import load_settings


def diagnose(
    code_qp: str,
    *,
    reference: Kind = "commune",
    peers: Peers = "all",
    dataset: str | None = None,
    store: Store | None = None,
) -> Diagnostic:
    """Gather what is known, and not known, of one quartier.

    Parameters
    ----------
    code_qp
        The code of the quartier, 2015 or 2024 map; case does not matter.
    reference
        The kind of territory put first in comparisons: commune, epci, departement, region or
        france.
    peers
        The comparable quartiers put first: ``all`` those of the map, ``region``, ``size`` (a
        class of population) or ``type`` (a similar population).
    dataset
        ``demo`` or ``france``; the environment's choice, else the demo, by default.
    store
        An open store, to spare its opening in a loop.

    Raises
    ------
    UnknownNameError
        No such quartier, data set or kind of reference: gives near names.

    Examples
    --------
    >>> d = diagnose("QN09901M", dataset="demo")
    >>> d.territory.code, d.profile["indicator"].is_unique
    ('QN09901M', True)
    """
    _check(reference, peers)
    settings = load_settings(dataset)
    catalogue = load_catalogue(settings.catalogue_dir)
    store = store or open_store(settings, catalogue=catalogue)
    territory = find_territory(code_qp, kind="qp", settings=settings, store=store)
    zoning = territory.zoning or 2024
    places = read_places(territory, store)
    own = _own_values(territory, catalogue, store)
    compared = places.loc[places["kind"].ne("commune") | places["main"]]
    references = reference_values(compared, indicators=sorted(set(own["indicator"])), store=store)
    chosen = choose_vintages(own, references)
    panel = open_panel(store, catalogue, zoning=zoning)
    measured = with_errors(
        chosen, error_facts(catalogue), quartiles=own,
        population=pd.Series({territory.code: territory.population}),
    )  # fmt: skip
    note_panel(measured["indicator"], catalogue, zoning=zoning)
    others = open_peers(store, zoning=zoning, indicators=chosen["indicator"])
    summary = summarise_peers(chosen, others, directions=_senses(catalogue))
    profile = _profile(chosen, summary, catalogue)
    profile = _with_uncertainty(profile, measured, panel, catalogue, territory.code)
    known = _describe_references(references, places, catalogue)
    gaps = _gaps(profile, known, reference, catalogue)
    epcis = [str(code) for code in places.loc[places["kind"].eq("epci"), "code"]]
    contract = find_contract(
        territory.code, epcis, folder=settings.contracts_dir, catalogue=catalogue
    )
    grid = own_grid(contract, catalogue) if contract else catalogue.stakes
    rules = read_rules(catalogue)
    inputs = ranking_inputs(
        panel, catalogue, values=measured, peers=peers, reference=reference, grid=grid
    )
    layout = lay_out_stakes(**inputs, rules=rules)
    ranking = rank_layout(layout, rules)
    code = territory.code
    return Diagnostic(
        territory=territory,
        dataset=settings.dataset,
        reference=reference,
        peers=peers,
        places=places,
        profile=profile,
        gaps=gaps,
        stakes=add_voices(word_stakes(ranking, catalogue, code, grid=grid), contract),
        sensitivity=vary_layout(layout, rules),
        voices=tally_groups(contract),
        contract=contract.label if contract else "",
        evidence=word_evidence(
            ranking, profile, gaps, catalogue, code=code, reference=reference, grid=grid
        ),
        pairs=ranking.pairs,
        coverage=read_coverage(
            own, territory, catalogue, store, elsewhere=store.published(zoning=zoning)
        ),
        sources=read_sources(profile, gaps, catalogue, store),
        caveats=read_caveats(profile, catalogue),
        contours=read_contours(territory, places, store),
        thresholds=read_thresholds(catalogue),
    )


def _check(reference: str, peers: str) -> None:
    """Refuse an unknown territory of comparison or set of quartiers."""
    if reference not in REFERENCES:
        raise UnknownNameError("territoire de comparaison inconnu", reference, near=REFERENCES)
    if peers not in (known := get_args(Peers)):
        raise UnknownNameError("quartiers comparables inconnus", peers, near=known)


def _with_uncertainty(
    profile: pd.DataFrame, measured: pd.DataFrame, panel: Panel, catalogue: Catalogue, code: str
) -> pd.DataFrame:
    """Add to the profile how sure each value is, and whether it stands out among quartiers."""
    errors = ["indicator", "measurement", "value_low", "value_high", "n_eff", "no_interval",
              "supposed"]  # fmt: skip
    unusual = find_unusual(panel, code, discovery=catalogue.threshold("fausses_decouvertes"))
    joined = profile.merge(measured[errors], on="indicator", how="left")
    joined = joined.merge(unusual, on="indicator", how="left")
    unknown = joined["no_interval"].isna()
    joined["no_interval"] = joined["no_interval"].mask(unknown, "no_model")
    joined["measurement"] = joined["measurement"].fillna("")
    joined["supposed"] = joined["supposed"].eq(True)
    return joined.astype({"unusual": "boolean"})


def _describe_references(
    references: pd.DataFrame, places: pd.DataFrame, catalogue: Catalogue
) -> pd.DataFrame:
    """Add to reference values their people, their rounding, and whether they hold it all."""
    facts = places.drop_duplicates(["kind", "code"])[["kind", "code", "population"]]
    joined = references.merge(facts, on=["kind", "code"], how="left")
    counted = joined["indicator"].map(
        lambda name: catalogue.indicator(name).base_indicator == "population"
    )
    alone = places["kind"].value_counts()
    steps = _half_steps(catalogue)
    pairs = zip(joined["indicator"], joined["source"], strict=True)
    return joined.assign(
        reference_base=joined["base"].fillna(joined["population"].where(counted)),
        inside=joined["kind"].map(alone).eq(1),
        rounding=[steps.get(pair, 0.0) for pair in pairs],
    )


@by_identity
def _half_steps(catalogue: Catalogue) -> dict[tuple[str, str], float]:
    """Return half the step of publication of each indicator in each source."""
    return {
        (item.id, column.source): column.step / 2
        for item in catalogue.indicators.values()
        for column in item.columns
    }


def _own_values(territory: Territory, catalogue: Catalogue, store: Store) -> pd.DataFrame:
    own = store.observations(kind="qp", codes=[territory.code])
    own = own.loc[own["indicator"].isin(catalogue.indicators)]
    official = {source.id: source.official for source in catalogue.sources.values()}
    return own.assign(official=own["source"].map(official).astype(bool))


@by_identity
def _senses(catalogue: Catalogue) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "indicator": item.id,
                "direction": item.direction,
                "share": catalogue.units[item.unit].share,
            }
            for item in catalogue.indicators.values()
            if item.aggregation != "sum"  # two head counts are not compared, their rates are
        ]
    )


def _profile(chosen: pd.DataFrame, peers: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    themes = {theme: rank for rank, theme in enumerate(catalogue.themes)}
    joined = chosen.merge(_words(catalogue), on="indicator").merge(
        peers, on=["indicator", "vintage"]
    )
    joined = joined.assign(place=joined["theme"].map(themes)).sort_values(["place", "rank"])
    return joined.drop(columns=["kind", "code", "place", "rank"]).reset_index(drop=True)


@by_identity
def _words(catalogue: Catalogue) -> pd.DataFrame:
    """Return what the profile says of each indicator of the catalogue."""
    return pd.DataFrame(
        [
            {
                "indicator": item.id, "label": item.label, "short": item.short,
                "theme": item.theme, "unit": item.unit, "direction": item.direction,
                "publics": item.publics, "base_label": item.base, "scored": item.scored,
                "rank": rank,
            }
            for rank, item in enumerate(catalogue.indicators.values())
        ]
    )  # fmt: skip


def _gaps(
    profile: pd.DataFrame, references: pd.DataFrame, reference: Kind, catalogue: Catalogue
) -> pd.DataFrame:
    """Compare with territories of the same vintage, and with the other quartiers elsewhere."""
    known = set(zip(references["indicator"], references["vintage"], strict=True))
    series = zip(profile["indicator"], profile["vintage"], strict=True)
    compared = np.array([pair in known for pair in series], dtype=bool)
    alone = profile.loc[~(compared & profile["value"].notna()) & profile["peers"].gt(0)]
    others = pd.DataFrame(
        {
            "kind": "peers", "code": "", "label": "médiane des autres quartiers",
            "indicator": alone["indicator"], "vintage": alone["vintage"],
            "value": alone["peers_median"], "source": alone["source"],
        }
    )  # fmt: skip
    gaps = compute_gaps(
        profile, pd.concat([references, others]), indicators=_senses(catalogue),
        discovery=catalogue.threshold("fausses_decouvertes"),
    )  # fmt: skip
    # a median of quartiers is no territory: whether one is unusual among them is another test
    untested = gaps["reference_kind"].eq("peers")
    gaps = gaps.assign(
        different=gaps["different"].mask(untested),
        **{name: gaps[name].mask(untested) for name in ("p_value", "p_adjusted")},
    )
    words = profile[["indicator", "short", "theme", "unit", "direction", "base_label"]]
    result = gaps.merge(words, on="indicator")
    order = {kind: rank for rank, kind in enumerate((reference, *REFERENCES, "peers"))}
    order[reference] = -1
    result = result.assign(
        rank=result["reference_kind"].map(order),
        place=result["indicator"].map({name: i for i, name in enumerate(profile["indicator"])}),
    ).sort_values(["place", "rank", "reference_code"])
    return result.drop(columns=["rank", "place"]).reset_index(drop=True)
