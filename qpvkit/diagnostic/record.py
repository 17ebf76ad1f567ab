"""`Diagnostic`: everything about one territory, in one frozen record."""

from __future__ import annotations

import dataclasses
import html

import geopandas as gpd
import pandas as pd

from qpvkit.codes import KIND_LABELS, Kind
from qpvkit.formats import number, vintage_label
from qpvkit.grid import Peers
from qpvkit.load.territories import Territory
from qpvkit.measure.stakes.sensitivity import Sensitivity


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
    peers
        The comparable quartiers put first (``all`` by default).
    places
        The territories that hold the quartier: ``kind, code, label, share, share_basis, main,
        population``; `main` marks the commune retained for comparisons.
    profile
        One row per indicator published for the quartier: ``indicator, label, short, theme, unit,
        direction, publics`` (tuple), ``vintage`` (Int64), ``value, status, base, base_label,
        base_vintage, source, edition, official, scored``, and the other quartiers of the same
        map at the same vintage: ``peers, peers_p10, peers_p25, peers_median, peers_p75,
        peers_p90``, ``position`` (share of the other quartiers in a more favourable situation,
        0 to 1; NaN for a neutral indicator). Masked values are rows with a NaN value. Their
        uncertainty: ``measurement`` (model), ``value_low, value_high`` (95 %), ``n_eff,
        no_interval`` (why there is none), ``supposed`` (the base behind the interval is a share
        of the inhabitants, not published), and ``unusual`` (NA where not tested): whether the
        quartier stands out among the others, overdispersion and multiplicity accounted for, with
        ``unusual_z, unusual_p``.
    gaps
        One row per indicator × comparison of the same vintage: ``indicator, short, theme, unit,
        direction, vintage, value, reference_kind, reference_code, reference_label,
        reference_value, reference_source, base_label, gap`` (value − reference, natural unit),
        ``worse`` (True, False, or NA when the indicator is neutral or the gap is null), ``people``
        (residents by whom the quartier exceeds the reference, NaN when no base is published).
        `reference_kind` is one of commune, epci, departement, region, france, peers (median of
        the other quartiers, used where no territory has the same vintage).
    stakes
        One row per stake of the grid, as ranked: ``stake, label, theme, question, verdict,
        verdict_label, verdict_reason, rank, rank_low, rank_high, p_top3, p_top3_data,
        p_top3_choices, p_positive, in_top_set, prominence, prominence_low, prominence_high,
        severity, specificity, regime, scored, stakes_scored, expected, read, independent,
        coverage, peers, adopted`` (by the contract; NA without a list), ``voice, voice_low,
        voice_high`` (% of the residents' and partners' points, NaN without a vote),
        ``respondents, quadrant`` (``shared, blind_spot, felt, watched`` or an empty text).
    sensitivity
        The order of the stakes under each other choice, see `Sensitivity`.
    voices
        The votes of each group: ``group, date, stake, voice, voice_low, voice_high,
        respondents``.
    contract
        The name of the contrat de ville, empty when no file describes it.
    evidence
        One row per stake × indicator: ``stake, indicator, label, short, unit, direction,
        publics, vintage, value, status, retained, reason, stands_for``, the place among quartiers
        in σ ``z, z_low, z_high`` with the ``center, sigma`` of its scale, ``severity,
        specificity, shrunk, shrunk_low, shrunk_high`` (the value once the luck of being selected
        is taken back), and of the main reference ``reference_kind, reference_label,
        reference_value, gap, gap_low, gap_high, people`` and ``shrunk_gap, shrunk_gap_low,
        shrunk_gap_high``.
    pairs
        The redundant indicators: ``indicator, other, rho``.
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
    peers: Peers
    places: pd.DataFrame
    profile: pd.DataFrame
    gaps: pd.DataFrame
    stakes: pd.DataFrame
    sensitivity: Sensitivity
    voices: pd.DataFrame
    contract: str
    evidence: pd.DataFrame
    pairs: pd.DataFrame
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
