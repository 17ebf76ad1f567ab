"""The numbers of the method, read from the catalogue by whoever calls the measures."""

from __future__ import annotations

from dataclasses import dataclass

from qpvkit.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityRules:
    """What the indice d'équité is judged by.

    Attributes
    ----------
    confidence
        Level of the intervals.
    tolerance
        Distance to 1 within which a whole interval is a fair share.
    probability
        From which a shortfall that is not proven is likely.
    exact_below
        Count under which the interval is exact (binomial), not the approximation by logarithms.
    masked_max
        Largest count that a secret may hide, where the producer does not say.
    """

    confidence: float
    tolerance: float
    probability: float
    exact_below: float
    masked_max: float

    @classmethod
    def from_catalogue(cls, catalogue: Catalogue) -> EquityRules:
        """Read the thresholds of a catalogue.

        Examples
        --------
        >>> import qpvkit as qk
        >>> EquityRules.from_catalogue(qk.load_catalogue()).tolerance
        0.1
        """
        return cls(
            confidence=catalogue.threshold("equite_confiance"),
            tolerance=catalogue.threshold("equite_tolerance"),
            probability=catalogue.threshold("equite_probabilite"),
            exact_below=catalogue.threshold("equite_effectif_exact"),
            masked_max=catalogue.threshold("equite_masque_max"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """What access to services is measured by; distances in metres, on foot.

    Attributes
    ----------
    walk
        Ten minutes' walk.
    detour
        Length of the way on foot over the distance as the crow flies.
    radii
        Catchments of the services: short, usual, long.
    decay
        Weights of the three thirds of a catchment.
    spacing
        Step of the points that stand for residents where no grid is known.
    """

    walk: float
    detour: float
    radii: tuple[float, float, float]
    decay: tuple[float, float, float]
    spacing: float

    @classmethod
    def from_catalogue(cls, catalogue: Catalogue) -> AccessRules:
        """Read the thresholds of a catalogue.

        Examples
        --------
        >>> import qpvkit as qk
        >>> AccessRules.from_catalogue(qk.load_catalogue()).radii
        (500.0, 1000.0, 2000.0)
        """
        return cls(
            walk=catalogue.threshold("acces_marche_m"),
            detour=catalogue.threshold("acces_detour"),
            radii=(
                catalogue.threshold("acces_rayon_court_m"),
                catalogue.threshold("acces_rayon_m"),
                catalogue.threshold("acces_rayon_long_m"),
            ),
            decay=(
                1.0,
                catalogue.threshold("acces_poids_median"),
                catalogue.threshold("acces_poids_lointain"),
            ),
            spacing=catalogue.threshold("acces_pas_m"),
        )


def smallest_set(catalogue: Catalogue) -> int:
    """Return the number of quartiers under which an index of inequality is refused.

    Examples
    --------
    >>> import qpvkit as qk
    >>> smallest_set(qk.load_catalogue())
    10
    """
    return int(catalogue.threshold("inegalite_quartiers_min"))
