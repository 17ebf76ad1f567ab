from .catalogue import load_catalogue
from .diagnostic import Diagnostic, diagnose
from .diagnostic.droit_commun import DroitCommun, diagnose_droit_commun
from .diagnostic.survey import Survey, survey_verdicts
from .errors import QpvkitError
from .load.contracts import load_contracts
from .load.funding import import_summaries, load_funding, load_staff
from .load.indicators import load_observations, reference_values
from .load.services import load_services
from .load.territories import Territory, find_territory, load_territories
from .measure.droit_commun.access import accessibility
from .measure.droit_commun.equity import equity_index
from .measure.gaps import compute_gaps
from .publish.batch import run_batch
from .publish.report import run_report
from .settings import Settings
from .show.chart import Chart
from .show.charts import plot_gaps, plot_profile
from .show.droit_commun.access import (
    access_table,
    inequality_table,
    map_services,
    quartiers_access_table,
    radii_table,
)
from .show.droit_commun.charts import plot_effort, plot_equity, plot_evidence
from .show.droit_commun.sheet import droit_commun_caveats, droit_commun_data, stake_sheet
from .show.droit_commun.tables import (
    above_table,
    equity_table,
    grades_note,
    money_table,
    perequation_table,
    posts_table,
    services_table,
    staff_table,
    substitution_note,
)
from .show.droit_commun.words import describe_droit_commun, droit_commun_title
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
    "DroitCommun",
    "QpvkitError",
    "Settings",
    "Survey",
    "Territory",
    "above_table",
    "access_table",
    "accessibility",
    "caveats_list",
    "compute_gaps",
    "correlations_table",
    "coverage_table",
    "data_links",
    "describe",
    "describe_droit_commun",
    "diagnose",
    "diagnose_droit_commun",
    "droit_commun_caveats",
    "droit_commun_data",
    "droit_commun_title",
    "equity_index",
    "equity_table",
    "evidence_table",
    "find_territory",
    "folded",
    "gaps_table",
    "grades_note",
    "identity_table",
    "import_summaries",
    "inequality_table",
    "load_catalogue",
    "load_contracts",
    "load_funding",
    "load_observations",
    "load_services",
    "load_staff",
    "load_territories",
    "map_quartier",
    "map_services",
    "map_severity",
    "method_table",
    "missing_stakes_table",
    "money_table",
    "pairs_table",
    "perequation_table",
    "plot_effort",
    "plot_equity",
    "plot_evidence",
    "plot_gaps",
    "plot_profile",
    "plot_spine",
    "plot_stakes",
    "posts_table",
    "profile_table",
    "publics_table",
    "quartiers_access_table",
    "radii_table",
    "reference_values",
    "references_table",
    "report_title",
    "run_batch",
    "run_report",
    "sensitivity_summary",
    "sensitivity_table",
    "services_table",
    "sizes_table",
    "sources_table",
    "staff_table",
    "stake_sections",
    "stake_sheet",
    "stakes_table",
    "substitution_note",
    "survey_summary",
    "survey_title",
    "survey_verdicts",
    "theme_sections",
    "verdicts_table",
    "voices_table",
]
