"""Invented stakes, evidence and pairs: every verdict, every reason, every sense of a gap."""

from __future__ import annotations

import math

import pandas as pd

from qpvkit.measure.stakes.sensitivity import SCENARIO_COLUMNS, Sensitivity

NAN = math.nan
# stake, label, theme, verdict, verdict label, reason, rank, low, high, p both, p data, p choices,
# in set, prominence, low, high, read, expected
_STAKES = [
    ("pauvrete", "Pauvreté et faibles ressources", "revenus", "established", "établi", "",
     1.0, 1.0, 1.0, 0.97, 1.0, 1.0, True, 0.9, 0.7, 1.0, 2, 2),
    ("acces_emploi", "Accès à l'emploi", "emploi", "probable", "probable", "",
     2.0, 1.0, 4.0, 0.62, 0.94, 0.7, True, 0.4, 0.1, 0.6, 2, 3),
    ("emploi_femmes", "Emploi des femmes", "egalite_femmes_hommes", "uncertain", "incertain", "",
     3.0, 2.0, 5.0, 0.4, 0.66, 0.2, True, 0.2, -0.1, 0.5, 2, 4),
    ("qualification", "Faible qualification", "education", "uncertain", "incertain", "",
     4.0, 2.0, 5.0, 0.38, 0.27, 0.2, True, 0.1, -0.2, 0.4, 2, 4),
    ("acces_soins", "Accès aux soins", "sante", "uncertain", "incertain", "",
     5.0, 5.0, 5.0, 0.001, 0.0, 0.0, False, -0.8, -1.2, -0.3, 2, 2),
    ("parc_social_vacant", "Vacance des logements", "logement", "not_established", "non établi",
     "few_indicators", NAN, NAN, NAN, NAN, NAN, NAN, False, NAN, NAN, NAN, 0, 2),
]  # fmt: skip
# stake, indicator, retained, reason, stands for, z, low, high, severity, corrected gap, low, high
_EVIDENCE = [
    ("pauvrete", "pauvrete", True, "", "", 0.6, 0.5, 0.7, 3.9, 19.0, 18.1, 19.9),
    ("pauvrete", "niveau_vie", False, "redundant", "pauvrete", 0.5, 0.3, 0.7, 4.4,
     -5300.0, -5700.0, -4900.0),
    ("acces_emploi", "emploi", True, "", "", 0.4, 0.1, 0.6, NAN, -12.0, -15.0, -9.0),
    ("acces_emploi", "precaires", True, "", "", -0.3, -0.8, 0.3, NAN, -1.2, -4.0, 1.8),
    ("acces_emploi", "sans_bac", False, "not_published", "", NAN, NAN, NAN, NAN, NAN, NAN, NAN),
    ("emploi_femmes", "precaires", True, "", "", -0.3, -0.8, 0.3, NAN, -1.2, -4.0, 1.8),
    ("qualification", "precaires", True, "", "", -0.3, -0.8, 0.3, NAN, 0.2, -1.2, 1.6),
    ("acces_soins", "emploi", True, "", "", -0.4, -0.7, -0.1, NAN, 4.0, 2.5, 5.5),
    ("parc_social_vacant", "vacance", False, "not_published", "", NAN, NAN, NAN, NAN, NAN, NAN,
     NAN),
    ("parc_social_vacant", "sans_bac", False, "too_old", "", NAN, NAN, NAN, NAN, NAN, NAN, NAN),
]  # fmt: skip


def stakes() -> pd.DataFrame:
    """Return six stakes: established, probable, uncertain three times, not established."""
    names = ["stake", "label", "theme", "verdict", "verdict_label", "verdict_reason", "rank",
             "rank_low", "rank_high", "p_top3", "p_top3_data", "p_top3_choices", "in_top_set",
             "prominence", "prominence_low", "prominence_high", "read", "expected"]  # fmt: skip
    frame = pd.DataFrame(_STAKES, columns=names)
    scored = frame["rank"].notna()
    return frame.assign(
        question="Pourquoi ?", scored=scored, stakes_scored=int(scored.sum()), regime="quartiers",
        p_positive=frame["p_top3"], severity=NAN, specificity=frame["prominence"],
        independent=frame["read"], coverage=frame["read"] / frame["expected"], peers=200.0,
        adopted=pd.array([pd.NA] * len(frame), dtype="boolean"), voice=NAN, voice_low=NAN,
        voice_high=NAN, respondents=0, quadrant="",
    )  # fmt: skip


def evidence(profile: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """Return what backs them, with the words and the references of the invented diagnostic."""
    names = ["stake", "indicator", "retained", "reason", "stands_for", "z", "z_low", "z_high",
             "severity", "shrunk_gap", "shrunk_gap_low", "shrunk_gap_high"]  # fmt: skip
    frame = pd.DataFrame(_EVIDENCE, columns=names)
    words = ["indicator", "label", "short", "theme", "unit", "direction", "publics", "vintage",
             "value", "status", "base", "base_label"]  # fmt: skip
    known = profile[words].astype({"vintage": float})
    against = ["indicator", "reference_kind", "reference_label", "reference_value", "gap",
               "gap_low", "gap_high", "rest_value", "rest_gap", "comparison",
               "comparison_reason", "different", "people"]  # fmt: skip
    main = gaps[gaps["reference_kind"] == "commune"]
    rows = frame.merge(known, on="indicator", how="left").merge(
        main[against], on="indicator", how="left"
    )
    return rows.assign(
        specificity=rows["z"], center=0.0, sigma=1.0,
        shrunk=rows["reference_value"] + rows["shrunk_gap"],
        shrunk_low=rows["reference_value"] + rows["shrunk_gap_low"],
        shrunk_high=rows["reference_value"] + rows["shrunk_gap_high"],
    )  # fmt: skip


def pairs() -> pd.DataFrame:
    """Return one redundant pair."""
    return pd.DataFrame([("niveau_vie", "pauvrete", 0.96)], columns=["indicator", "other", "rho"])


def nothing_ranked() -> pd.DataFrame:
    """Return the same stakes, none of which is measured enough."""
    unread = stakes().assign(
        verdict="not_established", verdict_label="non établi", verdict_reason="few_indicators",
        scored=False, in_top_set=False, stakes_scored=0, read=0,
    )  # fmt: skip
    numbers = [name for name in unread if name.startswith(("rank", "p_", "prominence"))]
    return unread.assign(**dict.fromkeys(numbers, NAN))


def sensitivity() -> Sensitivity:
    """Return no scenario at all."""
    scenarios = pd.DataFrame(columns=list(SCENARIO_COLUMNS))
    return Sensitivity(scenarios=scenarios, stability=NAN, contested=())


def voices() -> pd.DataFrame:
    """Return no vote at all."""
    names = ["group", "date", "stake", "voice", "voice_low", "voice_high", "respondents"]
    return pd.DataFrame(columns=names)
