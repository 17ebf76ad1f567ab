"""Diagnostics of the quartiers prioritaires (QPV) for the contrats de ville 2024-2030.

Four verbs: load, measure, show, publish. ``d = qk.diagnose("QN09901M")`` gathers everything
about one quartier; ``qk.plot_*``, ``qk.map_*`` and ``qk.*_table`` show it.
"""

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic import Diagnostic, diagnose
from qpvkit.errors import QpvkitError
from qpvkit.load.indicators import load_observations, reference_values
from qpvkit.load.territories import Territory, find_territory, load_territories
from qpvkit.measure.gaps import compute_gaps
from qpvkit.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "Diagnostic",
    "QpvkitError",
    "Settings",
    "Territory",
    "compute_gaps",
    "diagnose",
    "find_territory",
    "load_catalogue",
    "load_observations",
    "load_territories",
    "reference_values",
]
