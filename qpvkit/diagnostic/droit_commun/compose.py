"""Gather what is proven, bounded and unknown of the droit commun of a quartier or a contrat."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import pandas as pd

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.diagnostic.compose import diagnose
from qpvkit.diagnostic.context import read_thresholds
from qpvkit.diagnostic.droit_commun.judged import (
    judge_services,
    measurable_rate,
    read_equity,
    read_verdicts,
)
from qpvkit.diagnostic.droit_commun.money import (
    Perequation,
    read_above,
    read_money,
    read_perequation,
    read_posts,
    read_substitution,
)
from qpvkit.diagnostic.droit_commun.needs import read_bases
from qpvkit.diagnostic.droit_commun.reach import Reach, locate, read_reach
from qpvkit.diagnostic.droit_commun.record import DroitCommun
from qpvkit.diagnostic.droit_commun.region import read_inequality
from qpvkit.diagnostic.droit_commun.scope import Scope, find_scope
from qpvkit.diagnostic.droit_commun.sheet import (
    compose_sheet,
    contract_stakes,
    quartier_stakes,
    read_staff,
)
from qpvkit.diagnostic.droit_commun.uses import read_counted, read_uses
from qpvkit.load.funding import load_funding, load_staff
from qpvkit.load.services import load_services
from qpvkit.load.store import Store, open_store
from qpvkit.measure.droit_commun.rules import AccessRules, EquityRules, smallest_set
from qpvkit.settings import load_settings

_SOURCES: Final = ["source", "producer", "title", "edition", "vintages", "licence", "official",
                   "page", "file"]  # fmt: skip
_CAVEATS: Final = (
    "droit_commun_part_attendue", "droit_commun_proximite", "droit_commun_repartition",
    "droit_commun_postes", "droit_commun_perequation",
)  # fmt: skip


def diagnose_droit_commun(
    code: str, *, dataset: str | None = None, store: Store | None = None
) -> DroitCommun:
    """Say what the data prove, bound and cannot say of the ordinary means of a territory.

    Parameters
    ----------
    code
        The code of a quartier (``QN…``, ``QP…``) or of a contrat de ville (``CN…``, ``CV…``).
    dataset
        ``demo`` or ``france``; the environment's choice, else the demo, by default.
    store
        An open store, to spare its opening in a loop.

    Raises
    ------
    UnknownNameError
        No such quartier, contrat or data set: gives near names.
    MeasureRefusedError
        The partners' tables contradict themselves, such as more people served in the quartier
        than in its intercommunalité.

    Examples
    --------
    >>> found = diagnose_droit_commun("QN09901M", dataset="demo")
    >>> bool(found.verdicts["verdict"].eq("short_proven").any())
    True
    >>> round(found.measurability, 2)
    0.18
    """
    settings = load_settings(dataset)
    catalogue = load_catalogue(settings.catalogue_dir)
    store = store or open_store(settings, catalogue=catalogue)
    scope = find_scope(code, settings=settings, store=store)
    rules = EquityRules.from_catalogue(catalogue)
    lines = load_funding(settings=settings, store=store)
    uses = _uses(lines, scope, store, catalogue)
    bases = read_bases(uses, scope, store=store, catalogue=catalogue)
    equity = read_equity(uses, bases, rules=rules)
    verdicts = read_verdicts(equity)
    services = judge_services(verdicts, equity, catalogue)
    money = read_money(lines, scope)
    points = locate(load_services(settings=settings))
    access = AccessRules.from_catalogue(catalogue)
    reach = read_reach(scope, services=points, store=store, rules=access)
    perequation = read_perequation(
        lines, scope, settings=settings, store=store, catalogue=catalogue
    )
    above, posts = read_above(lines, scope), read_posts(lines, scope)
    if scope.kind == "qp":
        one = diagnose(scope.code, dataset=settings.dataset, store=store)
        stakes, coverage = quartier_stakes(one), one.coverage
    else:
        stakes = contract_stakes(scope, store=store, catalogue=catalogue)
        coverage = pd.DataFrame(columns=["indicator", "status"])
    smallest = smallest_set(catalogue)
    return DroitCommun(
        scope=scope,
        dataset=settings.dataset,
        equity=equity,
        verdicts=verdicts,
        services=services,
        measurability=measurable_rate(services),
        reach=reach,
        money=money,
        above=above,
        posts=posts,
        perequation=perequation,
        staff=read_staff(load_staff(settings=settings), scope, confidence=rules.confidence),
        substitution=read_substitution(uses, money, scope, bases=bases, rules=rules),
        inequality=read_inequality(
            scope, services=points, store=store, rules=access, minimum=smallest,
            confidence=rules.confidence,
        ),
        sheet=compose_sheet(stakes, services, coverage, catalogue),
        sources=_sources(lines, scope, reach, perequation, uses=uses, catalogue=catalogue),
        caveats=_caveats(catalogue),
        thresholds=read_thresholds(catalogue, domain="droit_commun"),
        contours=_contours(scope, store),
    )  # fmt: skip


def _uses(lines: pd.DataFrame, scope: Scope, store: Store, catalogue: Catalogue) -> pd.DataFrame:
    """Read what partners declare and what official files count."""
    names = sorted({item.beneficiaries for item in catalogue.ordinary.values()} - {""})
    own = store.observations(kind="qp", codes=scope.quartiers["code"], indicators=names)
    above = [
        store.observations(kind=kind, codes=[code], indicators=names)
        for kind, code in zip(scope.wholes["kind"], scope.wholes["code"], strict=True)
    ]
    held = pd.concat(above, ignore_index=True) if above else own.iloc[:0]
    declared = read_uses(lines, scope, catalogue)
    counted = read_counted(own, held, scope, catalogue)
    pieces = [piece for piece in (declared, counted) if len(piece)]
    return pd.concat(pieces, ignore_index=True) if pieces else declared


def _caveats(catalogue: Catalogue) -> pd.DataFrame:
    rows = [{"text": catalogue.caveats[name].text, "indicators": ()} for name in _CAVEATS]
    return pd.DataFrame(rows)


def _contours(scope: Scope, store: Store) -> gpd.GeoDataFrame:
    """Gather the contours of the quartiers, of their communes and of the other quartiers there."""
    communes = store.shapes(kind="commune", codes=scope.communes["code"])
    own = store.shapes(kind="qp", codes=scope.quartiers["code"])
    near = store.neighbours(scope.communes["code"], zoning=scope.zoning)
    others = store.shapes(kind="qp", codes=near.loc[~near.isin(scope.quartiers["code"])])
    stacked = pd.concat(
        [own.assign(focus=True), communes.assign(focus=False), others.assign(focus=False)]
    )
    names = store.territories(codes=stacked["code"].unique())[["kind", "code", "label"]]
    named = stacked.merge(names, on=["kind", "code"], how="left")
    frame = gpd.GeoDataFrame(named, geometry="geometry", crs="EPSG:4326")
    return frame[["kind", "code", "label", "focus", "geometry"]]


def _sources(
    lines: pd.DataFrame, scope: Scope, reach: Reach | None, perequation: tuple[Perequation, ...],
    *, uses: pd.DataFrame, catalogue: Catalogue,
) -> pd.DataFrame:  # fmt: skip
    """List the sources behind the page, with their years."""
    codes = {scope.code, *scope.quartiers["code"], *scope.wholes["code"], *scope.contrats["code"]}
    read = lines.loc[lines["code"].isin(codes), ["source", "year"]]
    if perequation:
        years = [item.year for item in perequation]
        granted = lines["flags"].str.contains("perequation") & lines["year"].isin(years)
        read = pd.concat([read, lines.loc[granted, ["source", "year"]]])
    counted = uses.loc[uses["stage"].eq(""), ["source", "year"]]
    pieces = [read.astype({"year": "Int64"}), counted.astype({"year": "Int64"})]
    if reach is not None:
        served = reach.services[["source", "vintage"]].rename(columns={"vintage": "year"})
        pieces.append(served.astype({"year": "Int64"}))
    named = pd.concat([piece for piece in pieces if len(piece)] or [pieces[0]]).drop_duplicates()
    rows = []
    for name, group in named.groupby("source", sort=True):
        source = catalogue.source(str(name))
        years = sorted({int(year) for year in group["year"].dropna()})
        rows.append(
            {
                "source": source.id, "producer": source.producer, "title": source.title,
                "edition": "", "vintages": ", ".join(map(str, years)), "licence": source.licence,
                "official": source.official, "page": source.page, "file": "",
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=_SOURCES)
