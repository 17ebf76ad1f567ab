"""How often the intervals of the indice d'équité hold the truth, when the truth is known."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from qpvkit.measure.droit_commun.equity import equity_index
from qpvkit.measure.droit_commun.inputs import require_columns
from qpvkit.measure.droit_commun.rules import EquityRules

_CASE = ("total", "base_share", "index", "unlocated_inside", "unlocated_outside", "base_error")


def coverage_cases(
    *,
    totals: Sequence[float] = (5, 20, 50, 100, 300, 1000, 5000),
    base_shares: Sequence[float] = (0.02, 0.1, 0.3),
    indexes: Sequence[float] = (0.3, 0.6, 1.0, 1.5),
    unlocated: Sequence[tuple[float, float]] = ((0.0, 0.0), (0.1, 0.1), (0.3, 0.05), (0.0, 0.4)),
    base_errors: Sequence[float] = (0.0, 0.1, 0.25),
) -> pd.DataFrame:
    """Cross the situations in which coverage is measured.

    Parameters
    ----------
    totals
        Beneficiaries in the territory (B_T).
    base_shares
        True share of the quartier in the base (E_Q / E_T).
    indexes
        True indices d'équité.
    unlocated
        Chances of having no usable address, in the quartier and elsewhere; they may differ.
    base_errors
        Standard errors of ``ln(E_Q / E_T)``; 0 for a register.

    Examples
    --------
    >>> len(coverage_cases())
    1008
    """
    rows = itertools.product(totals, base_shares, indexes, unlocated, base_errors)
    return pd.DataFrame(
        [(total, share, index, *lost, error) for total, share, index, lost, error in rows],
        columns=list(_CASE),
        dtype="float64",
    )


def simulate_coverage(
    cases: pd.DataFrame, *, rules: EquityRules, draws: int = 1000, seed: int = 20240331,
    masked: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Draw beneficiaries where the truth is known, and count the intervals that hold it.

    Parameters
    ----------
    cases
        Rows of `coverage_cases`.
    rules
        The thresholds of the method, that of secrecy included.
    draws
        Draws per case; the standard error of a coverage of 95 % is 0.7 point with 1 000.
    seed
        Of the random numbers.
    masked
        Hide counts up to ``rules.masked_max``, zero included, as a producer would.

    Returns
    -------
    pandas.DataFrame
        `cases` with the share of draws where the interval holds the true ``index_covered``,
        ``rest_covered`` (ratio to the rest) and ``shortfall_covered``, and ``finite``: the share
        where the upper bound of the index is finite.

    Examples
    --------
    >>> import qpvkit as qk
    >>> rules = EquityRules.from_catalogue(qk.load_catalogue())
    >>> cases = coverage_cases(totals=[50], base_shares=[0.1], indexes=[0.6],
    ...     unlocated=[(0.0, 0.0)], base_errors=[0.0])
    >>> row = simulate_coverage(cases, rules=rules, draws=400).iloc[0]
    >>> bool(row["index_covered"] > 0.93), float(row["finite"])
    (True, 1.0)
    """
    require_columns(cases, _CASE, measure="Simulation de la couverture")
    rng = np.random.default_rng(seed)
    drawn = cases.loc[cases.index.repeat(draws), list(_CASE)].reset_index(names="case")
    total = drawn["total"].to_numpy(np.int64)
    true_share = (drawn["base_share"] * drawn["index"]).to_numpy()
    inside = rng.binomial(total, true_share)
    lost_inside = rng.binomial(inside, drawn["unlocated_inside"].to_numpy())
    lost_outside = rng.binomial(total - inside, drawn["unlocated_outside"].to_numpy())
    noise = rng.normal(0.0, 1.0, len(drawn)) * drawn["base_error"].to_numpy()
    keys = pd.DataFrame({"kind": "qp", "code": np.arange(len(drawn)), "service": "s", "year": 0})
    uses = keys.assign(
        unit="personnes", evidence_grade="A", served=inside - lost_inside, served_total=total,
        unlocated=lost_inside + lost_outside,
    )  # fmt: skip
    if masked:
        hidden = uses["served"].le(rules.masked_max)
        uses["status"] = np.where(hidden, "secret", "ok")
        uses["served"] = uses["served"].astype("float64").mask(hidden)
    bases = keys.assign(
        norm="N1", base=np.minimum(drawn["base_share"] * np.exp(noise), 0.999), base_total=1.0,
        base_error=drawn["base_error"],
    )  # fmt: skip
    found = equity_index(uses, bases=bases, rules=rules)
    found = found.loc[found["norm"].eq("N1")].reset_index(drop=True)
    base_share = drawn["base_share"].to_numpy()
    truths = {
        "index": drawn["index"].to_numpy(),
        "rest": true_share / (1 - true_share) * (1 - base_share) / base_share,
        "shortfall": (base_share - true_share) * total,
    }
    names = {"index": ("low", "high")}
    held = pd.DataFrame({"case": drawn["case"], "finite": np.isfinite(found["high"])})
    for name, truth in truths.items():
        low, high = names.get(name, (f"{name}_low", f"{name}_high"))
        held[f"{name}_covered"] = found[low].le(truth + 1e-12) & found[high].ge(truth - 1e-12)
    return cases.join(held.groupby("case").mean())
