"""What ordinary means reach a quartier or a contrat: proven, bounded, or not measurable."""

from qpvkit.diagnostic.droit_commun.compose import diagnose_droit_commun
from qpvkit.diagnostic.droit_commun.record import DroitCommun

__all__ = ["DroitCommun", "diagnose_droit_commun"]
