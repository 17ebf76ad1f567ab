"""A small invented `Diagnostic`, with every case that a figure or a sentence must survive."""

from __future__ import annotations

import dataclasses
import math

import fake_stakes
import geopandas as gpd
import pandas as pd
from shapely.geometry import Polygon, box

from qpvkit.diagnostic import Diagnostic
from qpvkit.load.territories import Territory

NAN = math.nan
# indicator, label, short, theme, unit, direction, vintage, value, status, base, base_label, cuts
_ROWS = [
    ("habitants", "Population municipale", "Habitants", "population", "personnes", "neutral",
     2021, 3240.0, "ok", NAN, "habitants", (1200.0, 1500.0, 2500.0, 4000.0, 6000.0), NAN),
    ("part_seules", "Part des personnes seules", "Personnes seules", "population", "pct",
     "neutral", 2021, 36.2, "ok", 1400.0, "ménages", (30.0, 33.0, 37.0, 40.0, 44.0), NAN),
    ("pauvrete", "Taux de pauvreté", "Taux de pauvreté", "revenus", "pct", "up_is_worse",
     2021, 46.3, "ok", 53291.0, "habitants", (38.0, 41.0, 44.0, 48.0, 55.0), 0.62),
    ("niveau_vie", "Niveau de vie médian", "Niveau de vie médian", "revenus", "eur_an",
     "up_is_better", 2021, 13620.0, "estimated", NAN, "personnes",
     (11000.0, 12000.0, 13000.0, 14000.0, 15000.0), 0.3),
    ("emploi", "Taux d'emploi", "Taux d'emploi", "emploi", "pct", "up_is_better",
     2020, 44.5, "low_quality", 2100.0, "personnes de 15 à 64 ans", (40.0, 43.0, 46.0, 49.0, 52.0),
     0.7),
    ("precaires", "Part des emplois précaires", "Emplois précaires", "emploi", "pct",
     "up_is_worse", 2020, 20.0, "ok", 934.0, "personnes ayant un emploi",
     (18.0, 20.0, 22.0, 25.0, 27.0), 0.25),
    ("sans_bac", "Part des non-diplômés", "Sans diplôme", "education", "pct", "up_is_worse",
     2020, NAN, "secret", NAN, "personnes", (20.0, 25.0, 30.0, 35.0, 40.0), NAN),
    ("vacance", "Taux de vacance", "Vacance", "logement", "pct", "up_is_worse",
     2020, NAN, "missing", NAN, "logements", (NAN,) * 5, NAN),
]  # fmt: skip
# indicator, reference kind, code, label, value, gap, worse, people, low, high, different, why whole
_GAPS = [
    (
        "part_seules",
        "commune",
        "59350",
        "Lille",
        50.0,
        -13.8,
        pd.NA,
        -193.2,
        NAN,
        NAN,
        pd.NA,
        "no_error",
    ),
    ("pauvrete", "commune", "59350", "Lille", 27.0, 19.3, True, 10285.163, 18.4, 20.2, True, ""),
    (
        "pauvrete",
        "france",
        "FR-METRO",
        "France métropolitaine",
        14.9,
        31.4,
        True,
        16733.0,
        30.5,
        32.3,
        True,
        "outside",
    ),
    (
        "niveau_vie",
        "commune",
        "59350",
        "Lille",
        18970.0,
        -5350.0,
        True,
        NAN,
        -5760.0,
        -4940.0,
        True,
        "median",
    ),
    (
        "emploi",
        "commune",
        "59350",
        "Lille",
        60.0,
        -15.5,
        True,
        -325.5,
        -18.6,
        -12.4,
        True,
        "no_base",
    ),
    (
        "precaires",
        "commune",
        "59350",
        "Lille",
        21.5,
        -1.5,
        False,
        -14.0,
        -4.2,
        1.4,
        False,
        "no_base",
    ),
]
_SOURCE = "insee_revenus"
_THIRD = "compile"


def _profile() -> pd.DataFrame:
    names = ["indicator", "label", "short", "theme", "unit", "direction", "vintage", "value",
             "status", "base", "base_label", "cuts", "position"]  # fmt: skip
    frame = pd.DataFrame(_ROWS, columns=names)
    for place, name in enumerate(("p10", "p25", "median", "p75", "p90")):
        frame[f"peers_{name}"] = [cuts[place] for cuts in frame["cuts"]]
    return frame.drop(columns="cuts").assign(
        vintage=frame["vintage"].astype("Int64"),
        base_vintage=pd.array([2021] * len(frame), dtype="Int64"),
        peers=12,
        source=_SOURCE,
        edition="2021",
        official=[theme != "emploi" for theme in frame["theme"]],
        scored=frame["direction"] != "neutral",
        measurement="recensement",
        value_low=frame["value"] * 0.96,
        value_high=frame["value"] * 1.04,
        n_eff=frame["base"],
        no_interval="",
        supposed=False,
        unusual=pd.array(
            [
                name == "pauvrete" if name in ("pauvrete", "emploi") else pd.NA
                for name in frame["indicator"]
            ],
            dtype="boolean",
        ),
        unusual_z=NAN,
        unusual_p=NAN,
        publics=[("tous",)] * len(frame),
    )


def _gaps(profile: pd.DataFrame) -> pd.DataFrame:
    names = ["indicator", "reference_kind", "reference_code", "reference_label",
             "reference_value", "gap", "worse", "people", "gap_low", "gap_high", "different",
             "comparison_reason"]  # fmt: skip
    frame = pd.DataFrame(_GAPS, columns=names)
    words = ["indicator", "short", "theme", "unit", "direction", "vintage", "value", "base_label"]
    frame = frame.astype({"worse": "boolean", "different": "boolean"})
    rest = frame["comparison_reason"].eq("")
    frame = frame.assign(
        reference_source="insee_communes",
        comparison=["rest" if known else "whole" for known in rest],
        rest_value=(frame["reference_value"] - 2.1).where(rest),
        rest_gap=(frame["gap"] + 2.1).where(rest),
    )
    return frame.merge(profile[words], on="indicator")


def _coverage() -> pd.DataFrame:
    rows = [
        *[("revenus", f"r{n}", f"Revenu {n}", "published", "publié", "", "") for n in range(6)],
        ("education", "sans_bac", "Part des non-diplômés", "masked", "masqué",
         "Secret statistique.", "Insee : demander un regroupement."),
        *[("emploi", f"e{n}", f"Emploi {n}", "not_loaded", "fichier non chargé",
           "Aucun fichier chargé.", "Télécharger la table.") for n in range(4)],
        ("culture_sport", "", "Culture et sport", "not_at_qp", "non mesurable au quartier",
         "Rien n'est publié.", "Service des sports."),
    ]  # fmt: skip
    names = ["theme", "indicator", "label", "status", "status_label", "reason", "ask"]
    return pd.DataFrame(rows, columns=names)


def _sources() -> pd.DataFrame:
    rows = [
        (_SOURCE, "Insee", "Revenus des quartiers", "2021", "2021", "Licence Ouverte 2.0", True,
         "https://www.insee.fr/fr/statistiques/1", "revenus.csv"),
        ("insee_communes", "Insee", "Revenus des communes", "", "2021", "Licence Ouverte 2.0",
         True, "javascript:alert(1)", ""),
        (_THIRD, "Untel", "Compilation", "2024", "2021", "MIT", False, "", "compile.csv"),
    ]  # fmt: skip
    names = ["source", "producer", "title", "edition", "vintages", "licence", "official", "page",
             "file"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def contours() -> gpd.GeoDataFrame:
    """Two communes, the quartier astride, a neighbour with a hole."""
    ring = Polygon(
        box(3.00, 50.60, 3.01, 50.61).exterior,
        [list(box(3.004, 50.604, 3.006, 50.606).exterior.coords)],
    )
    rows = [
        ("qp", "QN05901M", "Les Lilas", True, box(3.045, 50.60, 3.055, 50.61)),
        ("commune", "59350", "Lille", False, box(2.98, 50.58, 3.05, 50.64)),
        ("commune", "59512", "Arras", False, box(3.05, 50.58, 3.12, 50.64)),
        ("qp", "QN05902M", "Autre", False, ring),
    ]
    names = ["kind", "code", "label", "focus", "geometry"]
    return gpd.GeoDataFrame(rows, columns=names, geometry="geometry", crs="EPSG:4326")


def diagnostic(**changes: object) -> Diagnostic:
    """Return the invented diagnostic; `changes` replaces some of its parts."""
    profile = _profile()
    gaps = _gaps(profile)
    places = pd.DataFrame(
        [
            ("commune", "59350", "Lille", 0.62, "surface", True, 236000.0),
            ("commune", "59512", "Arras", 0.38, "surface", False, 42000.0),
            ("epci", "200093201", "Métropole Européenne de Lille", 1.0, "whole", True, 1.2e6),
            ("departement", "59", "Nord", 1.0, "whole", True, 2.6e6),
            ("france", "FR-METRO", "France métropolitaine", 1.0, "whole", True, NAN),
        ],
        columns=["kind", "code", "label", "share", "share_basis", "main", "population"],
    )
    made = Diagnostic(
        territory=Territory(
            kind="qp", code="QN05901M", label="Les Lilas", zoning=2024, population=3240.0,
            population_vintage=2021,
        ),
        dataset="demo", reference="commune", peers="all", places=places, profile=profile,
        gaps=gaps, stakes=fake_stakes.stakes(), sensitivity=fake_stakes.sensitivity(),
        voices=fake_stakes.voices(), contract="", evidence=fake_stakes.evidence(profile, gaps),
        pairs=fake_stakes.pairs(), coverage=_coverage(), sources=_sources(),
        caveats=pd.DataFrame(
            {
                "text": ["À lire avec prudence : c'est un test."],
                "indicators": [("Pauvreté", "Emploi", "Âge", "Logement", "Niveau de vie")],
            }
        ),
        contours=contours(),
        thresholds=pd.DataFrame(
            {"id": ["a", "b"], "label": ["Effectif minimal", "Part"], "value": [11.0, 0.25]}
        ),
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def empty(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the same table without a row."""
    return frame.iloc[:0]


def plain(markup: str) -> str:
    """Return a text with ordinary spaces, to compare it without counting the thin ones."""
    return markup.replace("\u202f", " ").replace("\xa0", " ").replace("’", "'")
