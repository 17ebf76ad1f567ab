"""Everything about one territory, in one frozen `Diagnostic`."""

from __future__ import annotations

import dataclasses
import html
from typing import Final

import geopandas as gpd
import pandas as pd

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.codes import KIND_LABELS, Kind
from qpvkit.coverage import read_coverage
from qpvkit.errors import UnknownNameError
from qpvkit.formats import number, vintage_label
from qpvkit.load.indicators import peer_values, reference_values
from qpvkit.load.store import Store, open_store
from qpvkit.load.territories import Territory, find_territory
from qpvkit.measure.gaps import choose_vintages, compute_gaps
from qpvkit.measure.peers import summarise_peers
from qpvkit.settings import load_settings

_REFERENCES: Final[tuple[Kind, ...]] = ("commune", "epci", "departement", "region", "france")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """What is known, and not known, of one quartier.

    Attributes
    ----------
    territory
        The quartier.
    dataset
        ``demo`` or ``france``.
    reference
        The kind of territory put first in comparisons (``commune`` by default).
    places
        The territories that hold the quartier: ``kind, code, label, share, share_basis, main,
        population``; `main` marks the commune retained for comparisons.
    profile
        One row per indicator published for the quartier: ``indicator, label, short, theme, unit,
        direction, publics`` (tuple), ``vintage`` (Int64), ``value, status, base, base_label,
        base_vintage, source, edition, official, scored``, and the other quartiers of the same
        map at the same vintage: ``peers, peers_p10, peers_p25, peers_median, peers_p75,
        peers_p90``, ``position`` (share of the other quartiers in a more favourable situation,
        0 to 1; NaN for a neutral indicator). Masked values are rows with a NaN value.
    gaps
        One row per indicator × comparison of the same vintage: ``indicator, short, theme, unit,
        direction, vintage, value, reference_kind, reference_code, reference_label,
        reference_value, reference_source, base_label, gap`` (value − reference, natural unit),
        ``worse`` (True, False, or NA when the indicator is neutral or the gap is null), ``people``
        (residents by whom the quartier exceeds the reference, NaN when no base is published).
        `reference_kind` is one of commune, epci, departement, region, france, peers (median of
        the other quartiers, used where no territory has the same vintage).
    coverage
        One row per indicator that the catalogue expects: ``theme, indicator, label, status``
        (``published, masked, unavailable, absent, other_zoning, not_loaded, not_at_qp``),
        ``status_label, reason, ask``.
    sources
        One row per source × edition used: ``source, producer, title, edition, vintages, licence,
        official, page, file``.
    caveats
        Sentences that must be read with the numbers: ``text, indicators`` (tuple of the short
        names that a sentence concerns).
    contours
        ``kind, code, label, focus, geometry`` in EPSG:4326: the quartier (`focus`), its communes
        and the other quartiers of those communes. Empty when no contour is loaded.
    thresholds
        The numbers of the method, ``id, label, value``.
    """

    territory: Territory
    dataset: str
    reference: Kind
    places: pd.DataFrame
    profile: pd.DataFrame
    gaps: pd.DataFrame
    coverage: pd.DataFrame
    sources: pd.DataFrame
    caveats: pd.DataFrame
    contours: gpd.GeoDataFrame
    thresholds: pd.DataFrame

    def _repr_html_(self) -> str:
        """Return the heading card of the report."""
        place = self.territory
        zoning = f"géographie prioritaire {place.zoning}" if place.zoning else ""
        inhabitants = (
            f"{number(place.population)} habitants "
            f"(millésime {vintage_label(place.population_vintage)})"
        )
        return (
            '<header class="card">'
            f"<p>{html.escape(KIND_LABELS[place.kind])} · {html.escape(place.code)} · {zoning}</p>"
            f"<p><strong>{html.escape(place.label)}</strong> – {inhabitants}</p>"
            "</header>"
        )


def diagnose(
    code_qp: str,
    *,
    reference: Kind = "commune",
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
    if reference not in _REFERENCES:
        raise UnknownNameError("territoire de comparaison inconnu", reference, near=_REFERENCES)
    settings = load_settings(dataset)
    catalogue = load_catalogue(settings.catalogue_dir)
    store = store or open_store(settings, catalogue=catalogue)
    territory = find_territory(code_qp, kind="qp", settings=settings, store=store)
    zoning = territory.zoning or 2024
    places = _places(territory, store)
    own = _own_values(territory, catalogue, store)
    compared = places.loc[places["kind"].ne("commune") | places["main"]]
    references = reference_values(compared, indicators=sorted(set(own["indicator"])), store=store)
    chosen = choose_vintages(own, references)
    others = peer_values(zoning=zoning, store=store, indicators=chosen["indicator"])
    peers = summarise_peers(chosen, others, directions=_senses(catalogue))
    profile = _profile(chosen, peers, catalogue)
    gaps = _gaps(profile, references, reference, catalogue)
    return Diagnostic(
        territory=territory,
        dataset=settings.dataset,
        reference=reference,
        places=places,
        profile=profile,
        gaps=gaps,
        coverage=read_coverage(
            own, territory, catalogue, store, elsewhere=store.published(zoning=zoning)
        ),
        sources=_sources(profile, gaps, catalogue, store),
        caveats=_caveats(profile, catalogue),
        contours=_contours(territory, places, store),
        thresholds=_thresholds(catalogue),
    )


def _places(territory: Territory, store: Store) -> pd.DataFrame:
    """List the territories that hold the quartier, France included."""
    links = store.memberships(kind=territory.kind, codes=[territory.code])
    links = links[["within_kind", "within_code", "share", "share_basis", "main"]].rename(
        columns={"within_kind": "kind", "within_code": "code"}
    )
    nation = store.territories(kind="france")[["kind", "code"]].assign(
        share=1.0, share_basis="whole", main=True
    )
    places = pd.concat([links, nation], ignore_index=True)
    known = store.territories(codes=places["code"])
    places = places.merge(known[["kind", "code", "label", "population"]], on=["kind", "code"])
    rank = places["kind"].map({kind: rank for rank, kind in enumerate(_REFERENCES)})
    order = places.assign(rank=rank, second=~places["main"]).sort_values(["rank", "second", "code"])
    columns = ["kind", "code", "label", "share", "share_basis", "main", "population"]
    return order[columns].reset_index(drop=True)


def _own_values(territory: Territory, catalogue: Catalogue, store: Store) -> pd.DataFrame:
    own = store.observations(kind="qp", codes=[territory.code])
    own = own.loc[own["indicator"].isin(catalogue.indicators)]
    official = {source.id: source.official for source in catalogue.sources.values()}
    return own.assign(official=own["source"].map(official).astype(bool))


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
    words = pd.DataFrame(
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
    themes = {theme: rank for rank, theme in enumerate(catalogue.themes)}
    joined = chosen.merge(words, on="indicator").merge(peers, on=["indicator", "vintage"])
    joined = joined.assign(place=joined["theme"].map(themes)).sort_values(["place", "rank"])
    return joined.drop(columns=["kind", "code", "place", "rank"]).reset_index(drop=True)


def _gaps(
    profile: pd.DataFrame, references: pd.DataFrame, reference: Kind, catalogue: Catalogue
) -> pd.DataFrame:
    """Compare with territories of the same vintage, and with the other quartiers elsewhere."""
    senses = _senses(catalogue)
    gaps = compute_gaps(profile, references, indicators=senses)
    alone = profile.loc[~profile["indicator"].isin(gaps["indicator"]) & profile["peers"].gt(0)]
    others = pd.DataFrame(
        {
            "kind": "peers", "code": "", "label": "médiane des autres quartiers",
            "indicator": alone["indicator"], "vintage": alone["vintage"],
            "value": alone["peers_median"], "source": alone["source"],
        }
    )  # fmt: skip
    by_peers = compute_gaps(alone, others, indicators=senses)
    stacked = pd.concat([frame for frame in (gaps, by_peers) if len(frame)] or [gaps])
    words = profile[["indicator", "short", "theme", "unit", "direction", "base_label"]]
    result = stacked.merge(words, on="indicator")
    order = {kind: rank for rank, kind in enumerate((reference, *_REFERENCES, "peers"))}
    order[reference] = -1
    result = result.assign(
        rank=result["reference_kind"].map(order),
        place=result["indicator"].map({name: i for i, name in enumerate(profile["indicator"])}),
    ).sort_values(["place", "rank", "reference_code"])
    return result.drop(columns=["rank", "place"]).reset_index(drop=True)


def _sources(
    profile: pd.DataFrame, gaps: pd.DataFrame, catalogue: Catalogue, store: Store
) -> pd.DataFrame:
    """List the files behind the numbers of the report."""
    named = pd.concat(
        [
            profile[["source", "edition", "vintage"]],
            gaps[["reference_source", "vintage"]]
            .rename(columns={"reference_source": "source"})
            .assign(edition=""),
        ]
    ).drop_duplicates()
    read = store.files()
    rows = []
    for source_id, group in named.groupby("source", sort=False):
        source = catalogue.source(str(source_id))
        years = sorted({int(year) for year in group["vintage"].dropna()})
        editions = sorted({edition for edition in group["edition"] if edition})
        files = read.loc[read["source"].eq(source.id)]
        dated = list(map(str, years)) if source.vintage_from in ("column", "title") else []
        used = files.loc[files["edition"].isin([*editions, *dated])]
        rows.append(
            {
                "source": source.id, "producer": source.producer, "title": source.title,
                "edition": ", ".join(editions),
                "vintages": ", ".join(map(str, years)) or vintage_label(None),
                "licence": source.licence, "official": source.official, "page": source.page,
                "file": ", ".join(dict.fromkeys((used if len(used) else files)["file"])),
            }
        )  # fmt: skip
    columns = [
        "source", "producer", "title", "edition", "vintages", "licence", "official", "page", "file",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _caveats(profile: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Gather the caveats of the indicators and of the sources, with the indicators concerned."""
    concerned: dict[str, list[str]] = {}
    for name, short, source in zip(
        profile["indicator"], profile["short"], profile["source"], strict=True
    ):
        declared = (*catalogue.indicator(name).caveats, *catalogue.source(source).caveats)
        for caveat in dict.fromkeys(declared):
            concerned.setdefault(caveat, []).append(short)
    rows = [
        {"text": catalogue.caveats[name].text, "indicators": tuple(shorts)}
        for name, shorts in concerned.items()
    ]
    return pd.DataFrame(rows, columns=["text", "indicators"])


def _contours(territory: Territory, places: pd.DataFrame, store: Store) -> gpd.GeoDataFrame:
    """Gather the contours of the quartier, of its communes and of its neighbours in them."""
    communes = places.loc[places["kind"].eq("commune")]
    own = store.shapes(kind="qp", codes=[territory.code])
    around = store.shapes(kind="commune", codes=communes["code"])
    links = store.neighbours(communes["code"], zoning=territory.zoning)
    others = store.shapes(kind="qp", codes=links.loc[links.ne(territory.code)])
    stacked = pd.concat(
        [own.assign(focus=True), around.assign(focus=False), others.assign(focus=False)]
    )
    labels = pd.concat([store.territories(kind="qp", codes=stacked["code"]), communes])
    named = stacked.merge(labels[["kind", "code", "label"]], on=["kind", "code"], how="left")
    frame = gpd.GeoDataFrame(named, geometry="geometry", crs="EPSG:4326")
    return frame[["kind", "code", "label", "focus", "geometry"]]


def _thresholds(catalogue: Catalogue) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"id": item.id, "label": item.label, "value": item.value}
            for item in catalogue.thresholds.values()
        ]
    )
