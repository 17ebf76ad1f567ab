"""Diagnostics of the quartiers prioritaires (QPV) for the contrats de ville 2024-2030.

Four verbs: load, measure, show, publish. ``d = qk.diagnose("QN09901M")`` gathers everything
about one quartier; ``qk.plot_*``, ``qk.map_*`` and ``qk.*_table`` show it.
"""

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic import Diagnostic, diagnose
from qpvkit.diagnostic.survey import Survey, survey_verdicts
from qpvkit.errors import QpvkitError
from qpvkit.load.contracts import load_contracts
from qpvkit.load.funding import import_summaries, load_funding, load_staff
from qpvkit.load.indicators import load_observations, reference_values
from qpvkit.load.services import load_services
from qpvkit.load.territories import Territory, find_territory, load_territories
from qpvkit.measure.gaps import compute_gaps
from qpvkit.publish.batch import run_batch
from qpvkit.publish.report import run_report
from qpvkit.settings import Settings
from qpvkit.show.chart import Chart
from qpvkit.show.charts import plot_gaps, plot_profile
from qpvkit.show.maps import map_quartier
from qpvkit.show.narrative import describe
from qpvkit.show.sections import caveats_list, data_links, report_title, theme_sections
from qpvkit.show.sensitivity import sensitivity_summary, sensitivity_table
from qpvkit.show.survey import (
    correlations_table,
    pairs_table,
    sizes_table,
    survey_summary,
    survey_title,
    verdicts_table,
)
from qpvkit.show.tables import (
    coverage_table,
    gaps_table,
    identity_table,
    method_table,
    profile_table,
    references_table,
    sources_table,
)

__version__ = "0.1.0"

__all__ = [
    "Chart",
    "Diagnostic",
    "QpvkitError",
    "Settings",
    "Survey",
    "Territory",
    "caveats_list",
    "compute_gaps",
    "correlations_table",
    "coverage_table",
    "data_links",
    "describe",
    "diagnose",
    "find_territory",
    "gaps_table",
    "identity_table",
    "import_summaries",
    "load_catalogue",
    "load_contracts",
    "load_funding",
    "load_observations",
    "load_services",
    "load_staff",
    "load_territories",
    "map_quartier",
    "method_table",
    "pairs_table",
    "plot_gaps",
    "plot_profile",
    "profile_table",
    "reference_values",
    "references_table",
    "report_title",
    "run_batch",
    "run_report",
    "sensitivity_summary",
    "sensitivity_table",
    "sizes_table",
    "sources_table",
    "survey_summary",
    "survey_title",
    "survey_verdicts",
    "theme_sections",
    "verdicts_table",
]
