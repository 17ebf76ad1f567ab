from .catalogue import load_catalogue
from .diagnostic import Diagnostic, diagnose
from .diagnostic.survey import Survey, survey_verdicts
from .errors import QpvkitError
from .load.contracts import load_contracts
from .load.funding import import_summaries, load_funding, load_staff
from .load.indicators import load_observations, reference_values
from .load.services import load_services
from .load.territories import Territory, find_territory, load_territories
from .measure.gaps import compute_gaps
from .publish.batch import run_batch
from .publish.report import run_report
from .settings import Settings
from .show.chart import Chart
from .show.charts import plot_gaps, plot_profile
from .show.evidence import evidence_table, missing_stakes_table, stakes_table
from .show.maps import map_quartier
from .show.narrative import describe
from .show.publics import publics_table
from .show.sections import (
    caveats_list,
    data_links,
    folded,
    report_title,
    stake_sections,
    theme_sections,
)
from .show.sensitivity import sensitivity_summary, sensitivity_table
from .show.severity import map_severity
from .show.spine import plot_spine
from .show.stakes import plot_stakes
from .show.survey import (
    correlations_table,
    pairs_table,
    sizes_table,
    survey_summary,
    survey_title,
    verdicts_table,
)
from .show.tables import (
    coverage_table,
    gaps_table,
    identity_table,
    method_table,
    profile_table,
    references_table,
    sources_table,
)
from .show.voices import voices_table

__version__: str

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
    "evidence_table",
    "find_territory",
    "folded",
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
    "map_severity",
    "method_table",
    "missing_stakes_table",
    "pairs_table",
    "plot_gaps",
    "plot_profile",
    "plot_spine",
    "plot_stakes",
    "profile_table",
    "publics_table",
    "reference_values",
    "references_table",
    "report_title",
    "run_batch",
    "run_report",
    "sensitivity_summary",
    "sensitivity_table",
    "sizes_table",
    "sources_table",
    "stake_sections",
    "stakes_table",
    "survey_summary",
    "survey_title",
    "survey_verdicts",
    "theme_sections",
    "verdicts_table",
    "voices_table",
]
