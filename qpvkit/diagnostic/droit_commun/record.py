"""`DroitCommun`: what ordinary means reach a quartier or a contrat, and how sure that is."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import pandas as pd

from qpvkit.diagnostic.droit_commun.money import Perequation
from qpvkit.diagnostic.droit_commun.reach import Reach
from qpvkit.diagnostic.droit_commun.scope import Scope


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DroitCommun:
    """What is proven, bounded and unknown of the ordinary means of a quartier or a contrat.

    Attributes
    ----------
    scope
        The quartier or the contrat, its quartiers and what holds them.
    dataset
        ``demo`` or ``france``.
    equity
        One row per programme, year, unit and norm, see `read_equity`.
    verdicts
        One row per programme, year and unit: verdicts under N0 and N1, and the one that results.
    services
        One row per service that a contrat should name: its verdict, or the facts of the sentence
        « Non mesurable… ».
    measurability
        Taux de mesurabilité, 0 to 1: services with a verdict over services named.
    reach
        Access on foot to located services; None when nothing can be measured.
    money
        Euros known at this scale by year, stage and nature, with the mix of evidence.
    above
        Lines known at larger scales only: context, never spread.
    posts
        Posts of the P147 over the inhabitants of the quartiers of the contrat.
    perequation
        DETR and DSIL of the communes, by year; never spending in the quartier.
    staff
        Staff and quality against units of reference.
    substitution
        Ordinary and specific effort year by year, with the alert.
    inequality
        Concentration and Theil across the quartiers of the région (contrat only): ``service,
        measure, value, low, high, quartiers``.
    sheet
        One row per stake: pour quoi, combien, avec qui, comment.
    sources, caveats, thresholds
        As in `Diagnostic`; the thresholds are those of the droit commun.
    contours
        ``kind, code, label, focus, geometry``, EPSG:4326.
    """

    scope: Scope
    dataset: str
    equity: pd.DataFrame
    verdicts: pd.DataFrame
    services: pd.DataFrame
    measurability: float
    reach: Reach | None
    money: pd.DataFrame
    above: pd.DataFrame
    posts: pd.DataFrame
    perequation: tuple[Perequation, ...]
    staff: pd.DataFrame
    substitution: pd.DataFrame
    inequality: pd.DataFrame
    sheet: pd.DataFrame
    sources: pd.DataFrame
    caveats: pd.DataFrame
    thresholds: pd.DataFrame
    contours: gpd.GeoDataFrame
