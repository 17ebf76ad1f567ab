"""What is known of two shares: the quartier's in what a service gives, and in those it is for."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from qpvkit.errors import MeasureRefusedError
from qpvkit.measure.droit_commun.inputs import refuse_repeats, refuse_rows, require_columns
from qpvkit.measure.droit_commun.intervals import Floats, median_share, share_interval
from qpvkit.measure.droit_commun.rules import EquityRules

KEYS: Final = ("kind", "code", "service", "year")
GRADES: Final = ("A", "B", "C", "D")
NORMS: Final = ("N0", "N1", "N2")
_USES: Final = (*KEYS, "unit", "evidence_grade", "served", "served_total")
_BASES: Final = (*KEYS, "norm", "base", "base_total")
_OPTIONAL_USES: Final = (
    "served_low", "served_high", "unlocated", "masked_max", "key_error", "events_total",
    "amount_total",
)  # fmt: skip
_OPTIONAL_BASES: Final = ("base_error", "base_unlocated")
_ZERO_IF_ABSENT: Final = ["unlocated", "key_error", "base_error", "base_unlocated"]
_STATUSES: Final = ("ok", "secret", "missing")
NAME: Final = "Indice d'équité"


def pair_bases(uses: pd.DataFrame, bases: pd.DataFrame, *, kappa: float | None) -> pd.DataFrame:
    """Check both tables, then give each use one row per norm, with its base where it is known."""
    require_columns(uses, _USES, measure=NAME)
    require_columns(bases, _BASES, measure=NAME)
    _check_uses(uses)
    _check_bases(bases)
    weighted = bases if kappa is None else _weigh_need(bases, kappa)
    norms = pd.DataFrame({"norm": NORMS[: 2 if kappa is None else 3]})
    rows = uses.merge(norms, how="cross").merge(
        weighted[[*_BASES, *(name for name in _OPTIONAL_BASES if name in weighted)]],
        on=[*KEYS, "norm"],
        how="left",
    )
    numbers = [*_OPTIONAL_USES, *_OPTIONAL_BASES]
    rows = rows.assign(**{name: np.nan for name in numbers if name not in rows})
    if "status" not in rows:
        rows["status"] = "ok"
    numbers += ["served", "served_total", "base", "base_total"]
    rows[numbers] = rows[numbers].astype("float64")
    rows[_ZERO_IF_ABSENT] = rows[_ZERO_IF_ABSENT].fillna(0.0)
    return rows


def known_shares(rows: pd.DataFrame, *, rules: EquityRules) -> pd.DataFrame:
    """Return the two shares with their bounds, and the interval of the first.

    Columns: ``share_low, share, share_high`` and ``base_low, base, base_high`` are what the data
    leave possible (equal when everybody is located); ``floor, ceiling`` add the noise to the
    first two bounds, around ``mid_low, mid_high``; ``exact`` says how.
    """
    total, unlocated = rows["served_total"], rows["unlocated"]
    masked = rows["status"].eq("secret")
    served = rows["served"].where(rows["status"].eq("ok"))
    hidden = rows["masked_max"].fillna(rules.masked_max).where(masked)
    low = rows["served_low"].fillna(served).fillna((0.0 * hidden).where(masked))
    high = rows["served_high"].fillna(served.fillna(hidden) + unlocated)
    need, all_need, lost = rows["base"], rows["base_total"], rows["base_unlocated"]
    known = pd.DataFrame(
        {
            "share_low": low / total,
            "share": served / (total - unlocated),
            "share_high": np.minimum(high, total) / total,
            "base_low": need / all_need,
            "base": need / (all_need - lost),
            "base_high": (need + lost) / all_need,
            "size": rows["events_total"].fillna(total.mask(is_money(rows["unit"]), np.inf)),
            "base_error": rows["base_error"],
            "key_error": rows["key_error"],
        }
    )
    bases = ["base_low", "base", "base_high"]
    known[bases] = known[bases].where(known["base_low"].gt(0))
    options = {"confidence": rules.confidence, "exact_below": rules.exact_below}
    size = known["size"].to_numpy()
    for bound, side in (("low", "floor"), ("high", "ceiling")):
        values: Floats = known[f"share_{bound}"].to_numpy()
        limits = share_interval(values, size, **options)
        known[side] = limits[0] if bound == "low" else limits[1]
        known[f"exact_{bound}"] = limits[2]
        known[f"mid_{bound}"] = median_share(values, size)
    return known


def is_money(units: pd.Series) -> pd.Series:
    """Tell which units are amounts, whose euros are not so many independent cases.

    Examples
    --------
    >>> is_money(pd.Series(["eur", "personnes", "etp"])).tolist()
    [True, False, False]
    """
    return units.str.startswith("eur")


def survey_error(part: float, rest: float, *, share: float) -> float:
    """Return the standard error of ``ln(E_Q / E_T)`` from what a survey says of Q and of the rest.

    Q is inside T: the error of ``E_Q / (E_Q + E_R)`` is ``(1 − e)·√(cv_Q² + cv_R²)``, less than
    the sum of the errors of Q and of T taken as independent.

    Parameters
    ----------
    part, rest
        Coefficients of variation (standard error over estimate) of the need in the quartier and
        in the rest of the territory.
    share
        ``e``, the estimated share of the quartier, from 0 to 1.

    Examples
    --------
    >>> round(survey_error(0.12, 0.05, share=0.1), 3)
    0.117
    """
    return float((1 - share) * np.hypot(part, rest))


def _weigh_need(bases: pd.DataFrame, kappa: float) -> pd.DataFrame:
    """Replace N2 by need where each intense need counts for kappa ordinary ones."""
    if kappa <= 1:
        raise MeasureRefusedError(
            NAME,
            problem=f"coefficient de besoin kappa = {kappa}.",
            expected="un nombre supérieur à 1, écrit dans le contrat de ville.",
            action="retirez kappa pour s'en tenir aux normes N0 et N1.",
        )
    need = bases.loc[bases["norm"].eq("N1")]
    intense = bases.loc[bases["norm"].eq("N2")]
    both = intense.merge(need, on=list(KEYS), suffixes=("", "_need"))
    extra = kappa - 1
    for name in ("base", "base_total", "base_unlocated"):
        if name in both:
            both[name] = both[f"{name}_need"].fillna(0.0) + extra * both[name].fillna(0.0)
    if "base_error" in both:  # both shares move together at worst: the larger error holds
        both["base_error"] = both[["base_error", "base_error_need"]].max(axis=1)
    return pd.concat([bases.loc[bases["norm"].ne("N2")], both[bases.columns]], ignore_index=True)


def _check_uses(uses: pd.DataFrame) -> None:
    """Refuse uses that cannot be: repeated, negative, larger than their whole, ungraded."""
    refuse_repeats(uses, list(KEYS), measure=NAME)
    _refuse_negatives(uses, ("served", "served_total", *_OPTIONAL_USES))
    unlocated = uses.get("unlocated", pd.Series(0.0, index=uses.index)).fillna(0.0)
    refuse_rows(
        uses, uses["served"].fillna(0.0) + unlocated > uses["served_total"], measure=NAME,
        problem="plus de bénéficiaires dans le quartier, ou sans adresse, que dans le territoire",
        expected="served + unlocated inférieur ou égal à served_total.",
    )  # fmt: skip
    if {"served_low", "served_high"} <= set(uses.columns):
        refuse_rows(
            uses, uses["served_low"] > uses["served_high"], measure=NAME,
            problem="bornes inversées", expected="served_low inférieur ou égal à served_high.",
        )  # fmt: skip
    refuse_rows(
        uses, ~uses["evidence_grade"].isin(GRADES), measure=NAME,
        problem="niveau de preuve inconnu", expected=f"une lettre parmi {', '.join(GRADES)}.",
    )  # fmt: skip
    if "status" in uses:
        refuse_rows(
            uses, ~uses["status"].isin(_STATUSES), measure=NAME,
            problem="statut inconnu", expected=f"un statut parmi {', '.join(_STATUSES)}.",
        )  # fmt: skip


def _check_bases(bases: pd.DataFrame) -> None:
    """Refuse bases that cannot be: repeated, negative, larger than their whole, unknown norm."""
    refuse_repeats(bases, [*KEYS, "norm"], measure=NAME)
    _refuse_negatives(bases, ("base", "base_total", *_OPTIONAL_BASES))
    lost = bases.get("base_unlocated", pd.Series(0.0, index=bases.index)).fillna(0.0)
    refuse_rows(
        bases, bases["base"] + lost > bases["base_total"], measure=NAME,
        problem="plus de personnes dans le quartier, ou sans adresse, que dans le territoire",
        expected="base + base_unlocated inférieur ou égal à base_total.",
    )  # fmt: skip
    refuse_rows(
        bases, ~bases["norm"].isin(NORMS), measure=NAME,
        problem="norme inconnue", expected=f"une norme parmi {', '.join(NORMS)}.",
    )  # fmt: skip


def _refuse_negatives(frame: pd.DataFrame, names: tuple[str, ...]) -> None:
    """Refuse negative counts and errors."""
    present = [name for name in names if name in frame]
    refuse_rows(
        frame, frame[present].lt(0).any(axis=1), measure=NAME,
        problem="nombre négatif", expected="des effectifs, des montants et des erreurs positifs.",
    )  # fmt: skip
