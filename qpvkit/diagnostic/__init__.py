"""Everything about one territory: load and measure put together."""

from qpvkit.diagnostic.compose import diagnose
from qpvkit.diagnostic.record import Diagnostic

__all__ = ["Diagnostic", "diagnose"]
