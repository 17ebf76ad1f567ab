"""Staff and quality of the services of a quartier, in units that people understand.

The method of the parliamentary reports on Seine-Saint-Denis (2018, 2023): at equal mission, are
there as many posts, filled, by people as experienced, who stay, are replaced, and answer as fast?
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd

from qpvkit.measure.droit_commun.inputs import refuse_rows, require_columns
from qpvkit.measure.droit_commun.intervals import Floats, share_interval
from qpvkit.measure.droit_commun.shares import KEYS

STAFF_COLUMNS: Final = (
    *KEYS, "measure", "value", "low", "high", "part", "whole", "units", "units_known",
)  # fmt: skip
_NAME: Final = "Moyens humains et qualité"


class _Ratio(NamedTuple):
    part: str
    whole: str
    model: Literal["share", "rate", "amount"]


MEASURES: Final[dict[str, _Ratio]] = {
    "users_per_fte": _Ratio("users", "fte", "rate"),
    "users_per_effective_fte": _Ratio("users", "effective_fte", "rate"),
    "vacancy": _Ratio("vacant", "posts", "share"),
    "junior": _Ratio("junior", "staff", "share"),
    "contractual": _Ratio("contractual", "staff", "share"),
    "turnover": _Ratio("left", "staff", "rate"),
    "hours_lost": _Ratio("hours_lost", "hours", "amount"),
    "delay_days": _Ratio("delay_sum", "users", "amount"),
}
MEASURE_LABELS: Final[dict[str, str]] = {
    "users_per_fte": "usagers par équivalent temps plein",
    "users_per_effective_fte": "usagers par équivalent temps plein effectivement présent",
    "vacancy": "part de postes vacants",
    "junior": "part d'agents de moins de trois ans d'ancienneté",
    "contractual": "part d'agents contractuels",
    "turnover": "départs dans l'année par agent",
    "hours_lost": "part d'heures non remplacées",
    "delay_days": "délai moyen (jours)",
}
_COUNTS: Final = (
    "users", "fte", "posts", "vacant", "staff", "junior", "contractual", "left", "hours",
    "hours_lost", "delay_days",
)  # fmt: skip


def effective_fte(units: pd.DataFrame, *, junior_weight: float = 1.0) -> pd.Series:
    """Return the full-time equivalents that are really there, unit by unit.

    ``FTE · (1 − vacancy) · (1 − hours not replaced)``. What is not known is taken as null, so the
    result is an upper bound where a column is missing.

    Parameters
    ----------
    units
        ``fte`` (funded), and optionally ``vacant, posts, hours_lost, hours, junior, staff``.
    junior_weight
        What a post held for less than three years counts for; 1, the default, is no discount.

    Examples
    --------
    >>> school = pd.DataFrame({"fte": [10.0], "vacant": [1], "posts": [10], "hours_lost": [50],
    ...     "hours": [1000]})
    >>> round(float(effective_fte(school).iloc[0]), 2)
    8.55
    """
    require_columns(units, ["fte"], measure=_NAME)

    def share(part: str, whole: str) -> pd.Series:
        if not {part, whole} <= set(units.columns):
            return pd.Series(0.0, index=units.index)
        return (units[part] / units[whole].where(units[whole].gt(0))).fillna(0.0)

    present = (1 - share("vacant", "posts")) * (1 - share("hours_lost", "hours"))
    return units["fte"] * present * (1 - (1 - junior_weight) * share("junior", "staff"))


def staff_measures(
    units: pd.DataFrame, *, confidence: float, junior_weight: float = 1.0
) -> pd.DataFrame:
    """Measure the staff and the quality of each service, with intervals.

    Parameters
    ----------
    units
        One row per school, centre or office: ``kind, code`` (the territory that it serves),
        ``service, year``, and any of ``users, fte, posts, vacant, staff, junior`` (under three
        years), ``contractual, left`` (in the year), ``hours`` (due), ``hours_lost`` (not
        replaced), ``delay_days``. The units of a territory are summed.
    confidence
        Level of the intervals: Wilson for shares, exact Poisson for rates. Hours and delays have
        none: an hour lost does not come alone.
    junior_weight
        See `effective_fte`.

    Returns
    -------
    pandas.DataFrame
        Columns `STAFF_COLUMNS`, one row per measure that can be computed; ``units_known`` says
        how many of the ``units`` gave both figures.

    Raises
    ------
    MeasureRefusedError
        A column is missing, a value is negative, a part exceeds its whole.

    Examples
    --------
    >>> school = pd.DataFrame([{"kind": "qp", "code": "QN09901M", "service": "college",
    ...     "year": 2024, "staff": 40, "junior": 14}])
    >>> row = staff_measures(school, confidence=0.95).iloc[0]
    >>> row["measure"], [round(float(row[name]), 3) for name in ("low", "value", "high")]
    ('junior', [0.221, 0.35, 0.505])
    """
    table = _check(units, junior_weight)
    tables = []
    for name, (part, whole, model) in MEASURES.items():
        if not {part, whole} <= set(table.columns):
            continue
        known = table[part].notna() & table[whole].notna()
        sums = (
            table[[*KEYS]]
            .assign(part=table[part].where(known), whole=table[whole].where(known),
                    units=1, units_known=known.astype("int64"))
            .groupby(list(KEYS), sort=True)
            .sum()
            .reset_index()
        )  # fmt: skip
        sums = sums.loc[sums["units_known"].gt(0) & sums["whole"].gt(0)]
        low, high = _limits(sums["part"].to_numpy(float), sums["whole"].to_numpy(float),
                            model=model, confidence=confidence)  # fmt: skip
        tables.append(sums.assign(measure=name, value=sums["part"] / sums["whole"],
                                  low=low, high=high))  # fmt: skip
    if not tables:
        return pd.DataFrame(columns=list(STAFF_COLUMNS))
    result = pd.concat(tables, ignore_index=True)[list(STAFF_COLUMNS)]
    return result.sort_values([*KEYS, "measure"], ignore_index=True)


def compare_staff(
    measures: pd.DataFrame, *, pairs: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """Divide each measure by that of the territory of comparison, with an interval.

    Parameters
    ----------
    measures
        Rows of `staff_measures`.
    pairs
        ``kind, code, reference_kind, reference_code``.
    confidence
        Level: MOVER on Wilson limits for shares (Donner and Zou, 2012), conditional exact
        binomial for rates.

    Returns
    -------
    pandas.DataFrame
        The columns of `measures`, ``reference_kind, reference_code, reference_value`` and
        ``ratio, ratio_low, ratio_high``; above 1, the quartier has more of it.

    Examples
    --------
    >>> rows = [{"kind": kind, "code": code, "service": "college", "year": 2024, "staff": 73,
    ...     "junior": junior} for kind, code, junior in (("qp", "Q", 24), ("epci", "E", 12))]
    >>> pairs = pd.DataFrame([{"kind": "qp", "code": "Q", "reference_kind": "epci",
    ...     "reference_code": "E"}])
    >>> measures = staff_measures(pd.DataFrame(rows), confidence=0.95)
    >>> row = compare_staff(measures, pairs=pairs, confidence=0.95).iloc[0]
    >>> [round(float(row[name]), 2) for name in ("ratio_low", "ratio", "ratio_high")]
    [1.1, 2.0, 3.66]
    """
    require_columns(measures, STAFF_COLUMNS, measure=_NAME)
    require_columns(pairs, ["kind", "code", "reference_kind", "reference_code"], measure=_NAME)
    values = ["value", "low", "high", "part", "whole"]
    joined = ["service", "year", "measure"]
    reference = measures[["kind", "code", *joined, *values]].rename(
        columns={name: f"reference_{name}" for name in ("kind", "code", *values)}
    )
    result = measures.merge(pairs, on=["kind", "code"]).merge(
        reference, on=["reference_kind", "reference_code", *joined], how="inner"
    )
    result["ratio"] = result["value"] / result["reference_value"]
    result["ratio_low"], result["ratio_high"] = np.nan, np.nan
    models = result["measure"].map({name: item.model for name, item in MEASURES.items()})
    shares, rates = models.eq("share"), models.eq("rate")
    limits = ["ratio_low", "ratio_high"]
    result.loc[shares, limits] = _ratio_of_shares(result.loc[shares])
    result.loc[rates, limits] = _ratio_of_rates(result.loc[rates], confidence)
    references = ["reference_kind", "reference_code", "reference_value"]
    return result[[*STAFF_COLUMNS, *references, "ratio", "ratio_low", "ratio_high"]]


def _limits(part: Floats, whole: Floats, *, model: str, confidence: float) -> tuple[Floats, Floats]:
    """Return Wilson's limits of a share, exact Poisson limits of a rate, none of an amount."""
    from scipy.special import gammaincinv  # noqa: PLC0415 - slow to import
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415 - slow to import

    tail = (1 - confidence) / 2
    if model == "share":
        low, high = proportion_confint(part, whole, alpha=2 * tail, method="wilson")
        return np.asarray(low), np.asarray(high)
    if model == "rate":
        least = np.where(part > 0, gammaincinv(np.maximum(part, 1e-9), tail), 0.0)
        return least / whole, gammaincinv(part + 1, 1 - tail) / whole
    return np.full(len(part), np.nan), np.full(len(part), np.nan)


def _ratio_of_shares(rows: pd.DataFrame) -> Floats:
    """Return the MOVER limits of the ratio of two independent shares, from Wilson's limits."""
    p, low, high = (rows[name].to_numpy(float) for name in ("value", "low", "high"))
    q, least, most = (
        rows[f"reference_{name}"].to_numpy(float) for name in ("value", "low", "high")
    )
    product = p * q
    below, above = low * (2 * p - low), high * (2 * p - high)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(product**2 - below * most * (2 * q - most))
        ratio_low = np.where(below > 0, below / (product + root), 0.0)
        root = np.sqrt(product**2 - above * least * (2 * q - least))
        ratio_high = np.where(least > 0, (product + root) / (least * (2 * q - least)), np.inf)
    return np.column_stack([ratio_low, ratio_high])


def _ratio_of_rates(rows: pd.DataFrame, confidence: float) -> Floats:
    """Return the exact limits of the ratio of two Poisson rates, given their total count."""
    part, other = rows["part"].to_numpy(float), rows["reference_part"].to_numpy(float)
    total = part + other
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high, _ = share_interval(
            part / total, total, confidence=confidence, exact_below=np.inf
        )
        scale = rows["reference_whole"].to_numpy(float) / rows["whole"].to_numpy(float)
        return np.column_stack([scale * low / (1 - low), scale * high / (1 - high)])


def _check(units: pd.DataFrame, junior_weight: float) -> pd.DataFrame:
    """Refuse impossible counts; add what is derived from them."""
    require_columns(units, KEYS, measure=_NAME)
    present = [name for name in _COUNTS if name in units]
    refuse_rows(
        units, units[present].lt(0).any(axis=1), measure=_NAME,
        problem="nombre négatif", expected="des effectifs, des heures et des délais positifs.",
    )  # fmt: skip
    for part, whole, model in MEASURES.values():
        if {part, whole} <= set(present) and model != "rate":
            refuse_rows(
                units, units[part].gt(units[whole]), measure=_NAME,
                problem=f"{part} supérieur à {whole}",
                expected=f"{part} inférieur ou égal à {whole}.",
            )  # fmt: skip
    table = units[[*KEYS, *present]].copy()
    if "fte" in table:
        table["effective_fte"] = effective_fte(table, junior_weight=junior_weight)
    if {"delay_days", "users"} <= set(present):
        table["delay_sum"] = table["delay_days"] * table["users"]
    return table
