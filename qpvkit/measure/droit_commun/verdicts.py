"""Verdicts of the indice d'équité: what is proven, what is likely, what cannot be said."""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
import pandas as pd

from qpvkit.measure.droit_commun.inputs import require_columns
from qpvkit.measure.droit_commun.shares import KEYS

Verdict = Literal[
    "short_proven", "short_likely", "fair", "over", "inconclusive", "not_measurable",
    "depends_on_norm",
]  # fmt: skip
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
VERDICT_LABELS: Final[dict[Verdict, str]] = {
    "short_proven": "sous-doté démontré",
    "short_likely": "sous-doté probable",
    "fair": "conforme",
    "over": "sur-représenté",
    "inconclusive": "non conclusif",
    "not_measurable": "non mesurable",
    "depends_on_norm": "dépend de la norme",
}
Reason = Literal["", "grade_d", "no_use", "no_base", "bounds", "noise"]
REASON_LABELS: Final[dict[Reason, str]] = {
    "": "",
    "grade_d": "réparti au prorata de la population : le résultat suppose ce qu'il faut prouver",
    "no_use": "la part du quartier parmi les bénéficiaires n'est pas connue",
    "no_base": "la population visée par la norme n'est pas connue dans le quartier",
    "bounds": "les bénéficiaires sans adresse ou masqués suffiraient à changer la conclusion",
    "noise": "les effectifs sont trop petits pour départager un écart du hasard",
}
_SIDES: Final = {"short_proven": -1, "short_likely": -1, "fair": 0, "over": 1}


def judge(equity: pd.DataFrame, *, tolerance: float, probability: float) -> pd.DataFrame:
    """Give each index a verdict, and the reason why there is none.

    In this order: *not measurable* (grade D, or a share is unknown), *fair* (the whole interval
    is within the tolerance: a gap may be certain and too small to matter), *short, proven* (the
    upper limit, bounds included, is under 1), *over* (the lower limit is above 1), *short,
    likely* (even the most favourable point is under the tolerance, and an index under 1 is
    probable enough), otherwise *inconclusive*.

    Parameters
    ----------
    equity
        ``index_low, index_high, low, high, probability, evidence_grade``.
    tolerance, probability
        Thresholds of `EquityRules`.

    Returns
    -------
    pandas.DataFrame
        Columns ``verdict`` and ``reason``, on the index of `equity`.

    Examples
    --------
    >>> one = pd.DataFrame({"index_low": [0.6], "index_high": [0.6], "low": [0.4], "high": [0.9],
    ...     "probability": [0.99], "evidence_grade": ["A"]})
    >>> judge(one, tolerance=0.1, probability=0.8)["verdict"].tolist()
    ['short_proven']
    >>> judge(one.assign(evidence_grade="D"), tolerance=0.1, probability=0.8).iloc[0].tolist()
    ['not_measurable', 'grade_d']
    """
    low, high = equity["low"], equity["high"]
    unknown = low.isna() | high.isna()
    grade_d = equity["evidence_grade"].eq("D")
    likely = equity["index_high"].lt(1 - tolerance) & equity["probability"].ge(probability)
    verdict = np.select(
        [
            unknown | grade_d,
            low.ge(1 - tolerance) & high.le(1 + tolerance),
            high.lt(1),
            low.gt(1),
            likely,
        ],
        ["not_measurable", "fair", "short_proven", "over", "short_likely"],
        default="inconclusive",
    )
    undecided = verdict == "inconclusive"
    wide = equity["index_low"].lt(1) & equity["index_high"].gt(1)
    wide &= equity["index_high"].gt(equity["index_low"])
    no_base = unknown & equity.get("no_base", pd.Series(False, index=equity.index))
    reason = np.select(
        [no_base, unknown, grade_d, undecided & wide, undecided],
        ["no_base", "no_use", "grade_d", "bounds", "noise"],
        default="",
    )
    return pd.DataFrame({"verdict": verdict, "reason": reason}, index=equity.index)


def weigh_norms(equity: pd.DataFrame) -> pd.DataFrame:
    """Put the verdicts of the norms side by side, and say when the norm decides.

    Need (N1) gives the verdict. Where the need is not known, population (N0) does. When both
    conclude and not to the same side of the fair share, the verdict depends on the norm.

    Parameters
    ----------
    equity
        Rows of `equity_index`.

    Returns
    -------
    pandas.DataFrame
        ``kind, code, service, year``, one ``verdict_n0, verdict_n1`` (and ``verdict_n2`` where it
        was computed), ``verdict``, and ``norm``: that on which the verdict rests, empty when it
        depends on it or cannot be measured.

    Examples
    --------
    >>> key = {"kind": "qp", "code": "QN09901M", "service": "emploi", "year": 2024}
    >>> both = pd.DataFrame([{**key, "norm": "N0", "verdict": "over"},
    ...     {**key, "norm": "N1", "verdict": "short_proven"}])
    >>> weigh_norms(both)["verdict"].tolist()
    ['depends_on_norm']
    """
    require_columns(equity, [*KEYS, "norm", "verdict"], measure="Verdict d'équité")
    wide = equity.pivot_table(
        index=list(KEYS), columns="norm", values="verdict", aggfunc="first", sort=False
    )
    norms = sorted({"N0", "N1"} | set(wide.columns))
    wide = wide.reindex(columns=norms).fillna("not_measurable")
    need, people = wide["N1"], wide["N0"]
    sides = need.map(_SIDES), people.map(_SIDES)
    disagree = sides[0].notna() & sides[1].notna() & sides[0].ne(sides[1])
    fallback = need.eq("not_measurable")
    verdict = need.mask(fallback, people).mask(disagree, "depends_on_norm")
    nothing = disagree | verdict.eq("not_measurable")
    norm = pd.Series(np.where(fallback, "N0", "N1"), index=wide.index).mask(nothing, "")
    columns = {f"verdict_{name.lower()}": wide[name] for name in norms}
    return pd.DataFrame({**columns, "verdict": verdict, "norm": norm}).reset_index()


def measurable_share(verdicts: pd.DataFrame, *, named: int) -> float:
    """Return the share of the services named in a contrat that have a verdict.

    A service without data, or with grade D alone, has none: *inconclusive* is a verdict.

    Parameters
    ----------
    verdicts
        Rows of `weigh_norms`, one territory and year.
    named
        How many services the contrat names, at least as many as have a verdict.

    Examples
    --------
    >>> measurable_share(pd.DataFrame({"verdict": ["fair", "not_measurable"]}), named=4)
    0.25
    """
    return float(verdicts["verdict"].ne("not_measurable").sum() / named) if named else float("nan")


def evidence_mix(lines: pd.DataFrame, *, by: list[str]) -> pd.DataFrame:
    """Return the share of the euros at each grade of evidence.

    Parameters
    ----------
    lines
        Funding lines: `by`, ``evidence_grade``, ``amount_eur``.
    by
        Columns that make a group, such as ``["kind", "code"]``.

    Returns
    -------
    pandas.DataFrame
        `by`, ``evidence_grade, amount_eur, share``; the shares of a group sum to 1.

    Examples
    --------
    >>> lines = pd.DataFrame({"code": "QN09901M", "evidence_grade": ["A", "D"],
    ...     "amount_eur": [28.0, 72.0]})
    >>> evidence_mix(lines, by=["code"])["share"].tolist()
    [0.28, 0.72]
    """
    require_columns(lines, [*by, "evidence_grade", "amount_eur"], measure="Niveau de preuve")
    sums = lines.groupby([*by, "evidence_grade"])["amount_eur"].sum().reset_index()
    sums["share"] = sums["amount_eur"] / sums.groupby(by)["amount_eur"].transform("sum")
    return sums
