"""The indice d'équité: what a quartier receives, over the part that a declared norm expects."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from qpvkit.measure.droit_commun.intervals import Floats, probability_below, widen
from qpvkit.measure.droit_commun.rules import EquityRules
from qpvkit.measure.droit_commun.shares import KEYS, known_shares, pair_bases
from qpvkit.measure.droit_commun.verdicts import judge

EQUITY_COLUMNS: Final = (
    *KEYS, "norm", "index", "low", "high", "index_low", "index_high", "probability",
    "rest_ratio", "rest_low", "rest_high", "shortfall", "shortfall_low", "shortfall_high", "unit",
    "shortfall_eur", "shortfall_eur_low", "shortfall_eur_high", "evidence_grade", "method",
    "verdict", "reason",
)  # fmt: skip


def equity_index(
    uses: pd.DataFrame, *, bases: pd.DataFrame, rules: EquityRules, kappa: float | None = None
) -> pd.DataFrame:
    """Compare what a quartier receives with its fair share, norm by norm, and judge.

    ``index = (B_Q / B_T) / (E_Q / E_T)``: 1 is the fair share. The territory T holds the quartier
    Q, and given B_T the count B_Q is binomial. The ratio to the rest of the territory,
    ``(B_Q / E_Q) / (B_R / E_R)``, follows from the same interval, so the two always agree.

    Parameters
    ----------
    uses
        One row per territory, service and year: ``kind, code, service, year, unit,
        evidence_grade`` (A to D), ``served`` (B_Q) and ``served_total`` (B_T). Optional columns:
        ``status`` (``ok``, ``secret``, ``missing``), ``masked_max`` (the largest count that the
        secret hides), ``unlocated`` (beneficiaries of T without a usable address),
        ``served_low`` and ``served_high`` (bounds known otherwise, see `bound_beneficiaries`),
        ``key_error`` (standard error of ln B_Q when a key allocated it), ``amount_total`` (euros
        spent on T, for a shortfall in euros) and ``events_total`` (how many decisions or people
        stand behind an amount: ``(Σa)² / Σa²`` when they are unequal).
    bases
        ``kind, code, service, year, norm, base`` (E_Q) and ``base_total`` (E_T): N0 the
        population of the relevant age, N1 the people in need, N2 those among them whose need is
        intense. Optional: ``base_error``, the standard error of ``ln(E_Q / E_T)`` when a survey
        gave them (see `survey_error`), and ``base_unlocated``.
    rules
        The thresholds of the method.
    kappa
        How many people in need one person in intense need counts for, above 1, as the contrat
        says; without it N2 is not computed.

    Returns
    -------
    pandas.DataFrame
        Columns `EQUITY_COLUMNS`, one row per use and norm. ``index`` is the point, among located
        beneficiaries, NaN where only bounds are known; ``index_low`` and ``index_high`` are what
        the data leave possible without any noise; ``low`` and ``high`` add the noise.
        ``probability`` is that of an index under 1, at the bound which favours the service most.
        ``shortfall`` is positive when something is missing, in `unit`. ``method`` is ``exact``,
        ``log_ratio`` or ``accounts`` (an amount without counted events: no noise).

    Raises
    ------
    MeasureRefusedError
        A column is missing, a row stands twice, a part exceeds its whole, a value is negative or
        unknown, `kappa` is not above 1.

    Notes
    -----
    The variance of the base is added only where a survey estimated it: beneficiaries are drawn
    among the people in need, so a counted base adds no noise to the share that is compared.

    Examples
    --------
    Job seekers of Pays de la Loire: 23 % live in the quartiers, for 10 % of the 15 to 64.

    >>> import qpvkit as qk
    >>> key = {"kind": "region", "code": "52", "service": "emploi", "year": 2018}
    >>> uses = pd.DataFrame([{**key, "unit": "personnes", "evidence_grade": "A",
    ...     "served": 2300.0, "served_total": 10000.0}])
    >>> bases = pd.DataFrame([{**key, "norm": "N0", "base": 10.0, "base_total": 100.0}])
    >>> rules = EquityRules.from_catalogue(qk.load_catalogue())
    >>> row = equity_index(uses, bases=bases, rules=rules).iloc[0]
    >>> [round(float(row[name]), 2) for name in ("low", "index", "high")], row["verdict"]
    ([2.22, 2.3, 2.38], 'over')
    """
    rows = pair_bases(uses, bases, kappa=kappa)
    known = known_shares(rows, rules=rules)
    arrays = {str(name): known[name].to_numpy() for name in known}
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [
            rows[[*KEYS, "norm", "unit", "evidence_grade"]],
            _index(arrays, rules.confidence),
            _against_rest(arrays, rules.confidence),
            _shortfall(rows, arrays, rules.confidence),
        ]
    result = pd.concat(parts, axis=1).assign(no_base=known["base"].isna())
    sampled = np.where(known["exact_low"] | known["exact_high"], "exact", "log_ratio")
    sampled = np.where(np.isinf(known["size"]), "accounts", sampled)
    result["method"] = np.where(result["high"].isna(), "", sampled)
    words = judge(result, tolerance=rules.tolerance, probability=rules.probability)
    return pd.concat([result, words], axis=1)[list(EQUITY_COLUMNS)]


def _index(known: dict[str, Floats], confidence: float) -> pd.DataFrame:
    """Return the index, its bounds and its interval."""
    error = np.hypot(known["base_error"], known["key_error"])
    base_low, base_high = known["base_low"], known["base_high"]
    return pd.DataFrame(
        {
            "index": known["share"] / known["base"],
            "index_low": known["share_low"] / base_high,
            "index_high": known["share_high"] / base_low,
            "low": widen(
                known["floor"] / base_high, known["mid_low"] / base_high, error,
                confidence=confidence, side=-1,
            ),
            "high": widen(
                known["ceiling"] / base_low, known["mid_high"] / base_low, error,
                confidence=confidence, side=1,
            ),
            "probability": probability_below(
                known["share_high"], known["size"], base_low, error
            ),
        }
    )  # fmt: skip


def _against_rest(known: dict[str, Floats], confidence: float) -> pd.DataFrame:
    """Return the ratio to the rest of the territory: the odds of the two shares compared."""
    base, base_low, base_high = (
        _odds(np.where(known[f"base{end}"] < 1, known[f"base{end}"], np.nan))  # no rest, no ratio
        for end in ("", "_low", "_high")
    )
    base_error = known["base_error"] / (1 - known["base"])
    low_error = np.hypot(base_error, known["key_error"] / (1 - known["share_low"]))
    high_error = np.hypot(base_error, known["key_error"] / (1 - known["share_high"]))
    return pd.DataFrame(
        {
            "rest_ratio": _odds(known["share"]) / base,
            "rest_low": widen(
                _odds(known["floor"]) / base_high, _odds(known["mid_low"]) / base_high, low_error,
                confidence=confidence, side=-1,
            ),
            "rest_high": widen(
                _odds(known["ceiling"]) / base_low, _odds(known["mid_high"]) / base_low,
                high_error, confidence=confidence, side=1,
            ),
        }
    )  # fmt: skip


def _shortfall(rows: pd.DataFrame, known: dict[str, Floats], confidence: float) -> pd.DataFrame:
    """Return what is missing to the fair share, in the unit of the service and in euros."""
    base_error, key_error = known["base_error"], known["key_error"]
    base_low, base_high = known["base_low"], known["base_high"]
    floor = widen(known["floor"], known["mid_low"], key_error, confidence=confidence, side=-1)
    ceiling = widen(known["ceiling"], known["mid_high"], key_error, confidence=confidence, side=1)
    lowest = widen(base_low, base_low, base_error, confidence=confidence, side=-1)
    highest = widen(base_high, base_high, base_error, confidence=confidence, side=1)
    least = base_low - known["share_high"]
    most = base_high - known["share_low"]
    gaps = {
        "": known["base"] - known["share"],
        "_low": least - np.hypot(base_low - lowest, ceiling - known["share_high"]),
        "_high": most + np.hypot(highest - base_high, known["share_low"] - floor),
    }
    total, euros = rows["served_total"].to_numpy(), rows["amount_total"].to_numpy()
    return pd.DataFrame(
        {f"shortfall{suffix}": gap * total for suffix, gap in gaps.items()}
        | {f"shortfall_eur{suffix}": gap * euros for suffix, gap in gaps.items()}
    )


def _odds(share: Floats) -> Floats:
    """Return p / (1 − p): infinite when everything is in the quartier."""
    return share / (1 - share)
