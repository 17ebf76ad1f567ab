"""How sure a figure is: intervals, comparisons, multiplicity, overdispersion, medians.

Every function takes scalars, numpy arrays or pandas Series and returns the same shape. What the
data cannot answer is NaN; what no data could answer is a `BadArgumentError`. scipy and
statsmodels, slow to import, are imported by the functions that need them.
"""

from qpvkit.measure.uncertainty.comparisons import (
    koopman,
    miettinen_nurminen,
    newcombe,
    score_test,
)
from qpvkit.measure.uncertainty.intervals import (
    Interval,
    byar,
    clopper_pearson,
    dobson,
    midp,
    poisson_exact,
    rate_interval,
    wilson,
)
from qpvkit.measure.uncertainty.medians import median_interval, quantile_log_error
from qpvkit.measure.uncertainty.multiplicity import benjamini_hochberg
from qpvkit.measure.uncertainty.overdispersion import Estimate, Funnel, arcsine, funnel

__all__ = [
    "Estimate",
    "Funnel",
    "Interval",
    "arcsine",
    "benjamini_hochberg",
    "byar",
    "clopper_pearson",
    "dobson",
    "funnel",
    "koopman",
    "median_interval",
    "midp",
    "miettinen_nurminen",
    "newcombe",
    "poisson_exact",
    "quantile_log_error",
    "rate_interval",
    "score_test",
    "wilson",
]
