"""Helpers of the tests: a minimal catalogue, and tiny files written the way producers publish."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
from shapely.geometry import Polygon, box, mapping

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.load.files import open_parts
from qpvkit.load.links import MEMBERSHIP_COLUMNS, as_text
from qpvkit.load.readers import OBSERVATION_COLUMNS, TERRITORY_COLUMNS, Tables, read_table
from qpvkit.load.sources import Recognition, recognise
from qpvkit.settings import Settings

Rows = Sequence[Sequence[str]]

# --- the minimal catalogue -----------------------------------------------------------------------

WORDS = """
[[public]]
id = "tous"
label = "tous les habitants"

[[unit]]
id = "pct"
label = "pourcentage"
suffix = "%"
decimals = 1
gap_suffix = "points"
share = true

[[unit]]
id = "personnes"
label = "personnes"
suffix = ""
decimals = 0

[[secrecy]]
id = "insee"
label = "secret statistique de l'Insee"

[[caveat]]
id = "sondage"
text = "Estimation par sondage."

[[threshold]]
id = "base_ecart_max_annees"
value = 3.0
label = "Écart maximal entre une part et son effectif"
"""

THEMES = """
[[theme]]
id = "population"
label = "Population"
description = "Les habitants."
measured = true

[[theme]]
id = "revenus"
label = "Revenus"
description = "Les revenus des habitants."
measured = true

[[theme]]
id = "tranquillite"
label = "Tranquillité"
description = "Rien n'est publié au quartier."
measured = false
gap = "La base publique s'arrête à la commune."
ask = "La préfecture."
"""

PLACES = """
[[place]]
kind = "france"
code = "FR-METRO"
label = "France métropolitaine"

[[place]]
kind = "region"
code = "01"
label = "Guadeloupe"

[[place]]
kind = "region"
code = "32"
label = "Hauts-de-France"

[[place]]
kind = "region"
code = "93"
label = "Provence-Alpes-Côte d'Azur"
other_labels = ["PACA"]

[[place]]
kind = "departement"
code = "01"
label = "Ain"
region = "84"

[[place]]
kind = "departement"
code = "02"
label = "Aisne"
region = "32"

[[place]]
kind = "departement"
code = "13"
label = "Bouches-du-Rhône"
region = "93"

[[place]]
kind = "departement"
code = "59"
label = "Nord"
region = "32"
"""

ALIASES = """
[[alias]]
kind = "epci"
old = "245900410"
new = "200093201"
since = 2020
note = "Métropole européenne de Lille."
"""

COVERAGE = """
[[coverage]]
id = "published"
measurability = "M5"
label = "publié"
reason = ""
ask = ""
"""

GLOSSARY = """
[[term]]
code = "vintage"
french = "millésime"
meaning = "L'année que les données décrivent."
"""

FUNDERS = """
[[funder]]
id = "etat"
label = "État"
level = "etat"

[[funder]]
id = "autre"
label = "Autre financeur"
level = "autre"
"""

DROIT_COMMUN = """
[[ordinary]]
id = "autre"
label = "Autre service"
theme = "population"
need = ["population"]
funders = ["autre"]
status = "M3"
known = "rien n'est localisé"
holder = "le partenaire"
action = "compter"
deadline = "2027"
"""

SERVICES = """
[[service]]
id = "pharmacie"
label = "Pharmacie"
theme = "population"
"""

_COMMON = """
producer = "Insee"
licence = "Licence Ouverte 2.0"
confidence = "high"
format = "csv"
level = "qp"
"""

SOURCES = f"""
[[source]]
id = "revenus"
title = "Revenus des quartiers 2015"{_COMMON}
kind = "qp"
zoning = 2015
priority = 2
requires = ["CODGEO", "DISP_Q2", "TP60", "PMIMP"]
missing = {{ "" = "secret", s = "secret", ns = "secret", nd = "missing" }}
ensemble = ["Ensemble"]
roles = {{ key = "CODGEO", label = "LIBGEO" }}

[[source.editions]]
id = "2021"
vintage = 2017
vintages = {{ cnaf = 2019 }}
has = ["CC2S"]

[[source.editions]]
id = "2022"
vintage = 2018
vintages = {{ cnaf = 2020 }}
has = ["C_C2SNP"]

[[source]]
id = "demographie"
title = "Démographie des quartiers 2015"{_COMMON}
kind = "qp"
zoning = 2015
requires = ["CODGEO", "POP_MUN", "A", "AM"]
missing = {{ "" = "secret", s = "secret", nd = "missing" }}
ensemble = ["Ensemble"]
roles = {{ key = "CODGEO", label = "LIBGEO", commune_names = "LIB_COM" }}

[[source.editions]]
id = "2018"
vintage = 2013
vintages = {{ population = 2013, cnaf = 2016 }}
totals = {{ A = 300 }}
name = "DEMO_2018"

[[source.editions]]
id = "2020"
vintage = 2016
vintages = {{ cnaf = 2018 }}
totals = {{ A = 400 }}
name = "DEMO_2020"

[[source.editions]]
id = "2022"
vintage = 2018
vintages = {{ population = 2018, cnaf = 2020 }}
totals = {{ A = 330 }}
name = "DEMO_2022"

[[source]]
id = "filosofi"
title = "Filosofi par quartier"{_COMMON}
kind = "qp"
requires = ["codgeo", "disp_(q2|med)_a\\\\d\\\\d", "(disp_)?tp60_?a?\\\\d\\\\d"]
skip_part = "(^|/)meta"
missing = {{ "" = "secret", s = "secret", ns = "secret", nd = "missing" }}
ensemble = ["Ensemble", "00"]
vintage_from = "column"
vintage_pattern = "disp_(?:q2|med)_a(\\\\d\\\\d)"
roles = {{ key = "codgeo" }}

[[source]]
id = "filosofi_disp"
title = "Filosofi, cinq niveaux"{_COMMON}
kind = "auto"
requires = ["CODGEO", "LIBGEO", "NBMEN\\\\d\\\\d", "Q2\\\\d\\\\d"]
missing = {{ "" = "missing", s = "secret" }}
vintage_from = "column"
vintage_pattern = "NBMEN(\\\\d\\\\d)"
roles = {{ key = "CODGEO", label = "LIBGEO" }}

[[source]]
id = "regions"
title = "Niveau de vie par région"{_COMMON}
kind = "region"
part = "^Figure 1$"
requires = ["Région", "Niveau de vie annuel.*Médian", "Taux de pauvreté.*"]
header_rows = 2
missing = {{ "" = "missing", nd = "missing" }}
vintage_from = "title"
vintage_pattern = "en (20\\\\d\\\\d)"
roles = {{ key = "Région", key_is_label = true }}

[[source]]
id = "departements"
title = "Taux de pauvreté par département"{_COMMON}
kind = "departement"
part = "^Figure 2$"
requires = ["Code département", "Département", "Taux de pauvreté.*"]
missing = {{ "" = "missing" }}
vintage_from = "title"
vintage_pattern = "en (20\\\\d\\\\d)"
roles = {{ key = "Code département", label = "Département" }}

[[source]]
id = "ips"
title = "Position sociale des écoles"{_COMMON}
kind = "commune"
repeats = true
requires = ["Rentrée", "UAI", "Commune", "IPS"]
sample = {{ UAI = "\\\\d{{7}}[A-Z]" }}
missing = {{ "" = "missing", NS = "secret" }}
vintage_from = "row"
roles = {{ key = "Commune", year = "Rentrée" }}

[[source]]
id = "delinquance"
title = "Crimes et délits par département"{_COMMON}
kind = "departement"
repeats = true
requires = ["classe", "annee", "Code.département", "tauxpourmille"]
missing = {{ "" = "missing", ndiff = "secret" }}
vintage_from = "row"
roles = {{ key = "Code.département", year = "annee" }}

[[source]]
id = "compile"
title = "Indicateurs compilés par un tiers"{_COMMON}
official = false
kind = "qp"
zoning = 2024
priority = 1
repeats = true
requires = ["codeQPV", "popMuniQPV", "taux_pauvrete_60%", "COG"]
missing = {{ "" = "missing", NA = "missing" }}
roles = {{ key = "codeQPV", label = "lib_qp", communes = "COG", epci = "siren_epci" }}

[[source.editions]]
id = "2024"
vintages = {{ filosofi = 2021 }}

[[source]]
id = "occitanie"
title = "Tableau d'un tiers où le secret vaut zéro"{_COMMON}
official = false
kind = "qp"
zoning = 2015
requires = ["code_qp", "nom_qp", "nbetab"]
missing = {{ "" = "secret" }}
vintage_from = "unstated"
roles = {{ key = "code_qp", label = "nom_qp" }}

[[source]]
id = "perimetres"
title = "Périmètres des quartiers 2024"{_COMMON}
kind = "qp"
zoning = 2024
priority = 9
geometry = true
skip_part = "LB93"
requires = ["code_qp", "lib_qp", "insee_com"]
forbids = ["lib_epci"]
roles = {{ key = "code_qp", label = "lib_qp", communes = "insee_com", epci = "siren_epci" }}

[[source.editions]]
id = "2024"
vintage = 2024

[[source]]
id = "liste"
title = "Liste des quartiers 2024"{_COMMON}
kind = "qp"
zoning = 2024
priority = 8
requires = ["code_qp", "lib_qp", "insee_com", "siren_epci", "lib_epci"]
vintage_from = "unstated"

[source.roles]
key = "code_qp"
label = "lib_qp"
communes = "insee_com"
epci = "siren_epci"
departement = "insee_dep"
region = "insee_reg"

[[source]]
id = "appartenance"
title = "Table d'appartenance des quartiers"{_COMMON}
kind = "qp"
priority = 7
requires = ["qp", "lib_qp", "list_com_20\\\\d\\\\d"]
vintage_from = "column"
vintage_pattern = "list_com_(20\\\\d\\\\d)"
roles = {{ key = "qp", label = "lib_qp", communes = "list_com_20\\\\d\\\\d" }}

[[source]]
id = "points"
title = "Communes ayant un quartier"{_COMMON}
kind = "commune"
priority = 1
requires = ["insee_com", "lib_com", "codes_qp"]
vintage_from = "unstated"
roles = {{ key = "insee_com", label = "lib_com", quartiers = "codes_qp" }}

[[source]]
id = "contours"
title = "Contours des communes"{_COMMON}
kind = "commune"
priority = 3
geometry = true
requires = ["code", "nom", "contour"]
vintage_from = "unstated"
roles = {{ key = "code", label = "nom" }}

[[source]]
id = "cog"
title = "Code officiel géographique"{_COMMON}
kind = "commune"
priority = 10
requires = ["code", "nom", "type", "departement"]
forbids = ["membres"]
keep = {{ type = "commune-actuelle" }}
vintage_from = "unstated"

[source.roles]
key = "code"
label = "nom"
departement = "departement"
region = "region"
population = "population"

[[source]]
id = "epci"
title = "Intercommunalités"{_COMMON}
kind = "epci"
priority = 10
requires = ["code", "nom", "membres"]
vintage_from = "unstated"
roles = {{ key = "code", label = "nom", members = "membres", population = "populationMunicipale" }}

[[source]]
id = "declaree"
title = "Table déclarée, pas encore lue"{_COMMON}
used = false
requires = ["id_poste", "montant", "code_cv"]
"""

_INDICATOR = """
definition = "Une définition."
unit = "{unit}"
direction = "{direction}"
base = "habitants"
aggregation = "none"
publics = ["tous"]
secrecy = "insee"
"""


def indicator(
    name: str,
    columns: str,
    *,
    theme: str = "revenus",
    unit: str = "personnes",
    direction: str = "neutral",
    more: str = "",
) -> str:
    """Write the declaration of one indicator; `columns` is the inside of the TOML list."""
    words = _INDICATOR.format(unit=unit, direction=direction)
    return (
        f'\n[[indicator]]\nid = "{name}"\nlabel = "Libellé {name}"\nshort = "{name}"\n'
        f'theme = "{theme}"{words}{more}\ncolumns = [{columns}]\n'
    )


INDICATORS = "".join(
    (
        indicator(
            "population",
            '{ source = "demographie", column = "POP_MUN", group = "population" },'
            '{ source = "compile", column = "popMuniQPV" }',
            theme="population",
        ),
        indicator(
            "taux_pauvrete",
            '{ source = "revenus", column = "TP60" },'
            '{ source = "filosofi", column = "(disp_)?tp60_?a?{yy}" },'
            '{ source = "compile", column = "taux_pauvrete_60%", group = "filosofi" },'
            '{ source = "regions", column = "Taux de pauvreté.*" },'
            '{ source = "departements", column = "Taux de pauvreté.*" }',
            unit="pct",
            direction="up_is_worse",
            more='base_indicator = "population"\nmeasurement = "fiscal"',
        ),
        indicator(
            "revenu_median",
            '{ source = "revenus", column = "DISP_Q2" },'
            '{ source = "filosofi", column = "disp_(q2|med)_a{yy}" },'
            '{ source = "filosofi_disp", column = "Q2{yy}" },'
            '{ source = "regions", column = "Niveau de vie annuel.*Médian" }',
            direction="up_is_better",
            more='measurement = "sans_modele"',
        ),
        indicator(
            "allocataires",
            '{ source = "demographie", column = "A", note = "NOTE_CNAF", group = "cnaf" }',
        ),
        indicator(
            "part_monoparents",
            '{ source = "demographie", column = "AM", over = "A", times = 100.0, '
            'note = "NOTE_CNAF", group = "cnaf" }',
            unit="pct",
        ),
        indicator(
            "ips_ecoles", '{ source = "ips", column = "IPS", how = "mean", estimated = true }'
        ),
        indicator(
            "cambriolages",
            '{ source = "delinquance", column = "tauxpourmille", '
            'where = { classe = "Cambriolages" } }',
        ),
        indicator(
            "etablissements",
            '{ source = "occitanie", column = "nbetab", zero_is_secret = true }',
        ),
    )
)

MEASUREMENTS = """
[[measurement]]
id = "fiscal"
label = "Fichiers fiscaux"
family = "tax_share"
design_effect = 2.4
people = "filosofi"
note = "Une note."

[[measurement]]
id = "sans_modele"
label = "Sans modèle"
family = "none"
note = "Une note."
"""
STAKES = """
[[stake]]
id = "pauvrete"
label = "Pauvreté"
theme = "revenus"
indicators = ["taux_pauvrete", "revenu_median"]

[[peers]]
id = "size"
label = "les quartiers de taille proche"
bounds = [2000.0]

[[peers]]
id = "type"
label = "les quartiers de même type"

[[verdict]]
id = "established"
label = "établi"
meaning = "Une signification."
"""

FILES = {
    "measurements.toml": MEASUREMENTS,
    "stakes.toml": STAKES,
    "words.toml": WORDS,
    "themes.toml": THEMES,
    "places.toml": PLACES,
    "aliases.toml": ALIASES,
    "coverage.toml": COVERAGE,
    "glossary.toml": GLOSSARY,
    "funders.toml": FUNDERS,
    "services.toml": SERVICES,
    "droit_commun.toml": DROIT_COMMUN,
    "sources/base.toml": SOURCES,
    "indicators/base.toml": INDICATORS,
}


def write_catalogue(folder: Path, *, replace: Mapping[str, str] | None = None) -> Path:
    """Write the minimal catalogue, some of its files replaced or added."""
    for name, text in {**FILES, **(replace or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def small_catalogue(folder: Path, *, replace: Mapping[str, str] | None = None) -> Catalogue:
    """Write the minimal catalogue and load it."""
    return load_catalogue(write_catalogue(folder / "catalogue", replace=replace))


def small_settings(folder: Path, *, replace: Mapping[str, str] | None = None) -> Settings:
    """Return settings of the data set `france` with a minimal catalogue and nothing filed."""
    share = folder / "partage"
    write_catalogue(share / "data" / "catalogue", replace=replace)
    return Settings(dataset="france", home=folder / "maison", share=share)


# --- files as published --------------------------------------------------------------------------


def csv_bytes(rows: Rows, *, separator: str = ";", encoding: str = "utf-8-sig") -> bytes:
    """Write rows the way the Insee does: BOM, semicolons, CRLF."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode(encoding)


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file, its folder created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def write_csv(path: Path, rows: Rows, *, separator: str = ";", encoding: str = "utf-8-sig") -> Path:
    """Write a CSV."""
    return write_bytes(path, csv_bytes(rows, separator=separator, encoding=encoding))


def write_zip(path: Path, members: Mapping[str, bytes]) -> Path:
    """Write an archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_json(path: Path, records: object) -> Path:
    """Write a JSON list of records."""
    return write_bytes(path, json.dumps(records, ensure_ascii=False).encode("utf-8"))


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    """Write a workbook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def geojson_bytes(features: Iterable[tuple[dict[str, Any], Polygon]]) -> bytes:
    """Write a GeoJSON; coordinates are declared to be longitudes and latitudes."""
    collection = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": properties, "geometry": mapping(shape)}
            for properties, shape in features
        ],
    }
    return json.dumps(collection, ensure_ascii=False).encode("utf-8")


def shapefile_members(
    folder: Path, frame: gpd.GeoDataFrame, name: str, *, prj: bool = True
) -> dict[str, bytes]:
    """Write a shapefile and return its members, with or without its projection."""
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_file(folder / f"{name}.shp")
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.glob(f"{name}.*"))
        if prj or path.suffix != ".prj"
    }


# --- tables ready for use ------------------------------------------------------------------------

REVENUS_HEADER = ("CODGEO", "LIBGEO", "DISP_Q2", "TP60", "PMIMP", "C_C2SNP")
DEMOGRAPHIE_HEADER = ("CODGEO", "LIBGEO", "LIB_COM", "POP_MUN", "A", "AM", "NOTE_CNAF")
LISTE_HEADER = (
    "code_qp",
    "lib_qp",
    "insee_com",
    "insee_dep",
    "insee_reg",
    "siren_epci",
    "lib_epci",
)


def revenus_rows(*rows: tuple[str, str, str]) -> list[tuple[str, ...]]:
    """Return the 2022 edition of the incomes: code, median, poverty rate."""
    filled = rows or (("QP059074", "13\u202f100", "46,3"), ("QP059001", "12 500", "51,0"))
    return [
        REVENUS_HEADER,
        *((code, f"Quartier {code}", median, rate, "30,1", "5") for code, median, rate in filled),
    ]


def demographie_rows(*rows: tuple[str, str, str, str, str]) -> list[tuple[str, ...]]:
    """Return demography: code, population, recipients, single parents, note; `A` adds up to 330."""
    filled = rows or (
        ("QP059074", "5 000", "130", "65", ""),
        ("QP059001", "3 000", "200", "50", ""),
    )
    return [
        DEMOGRAPHIE_HEADER,
        *(
            (code, f"Quartier {code}", "Lille", people, count, single, note)
            for code, people, count, single, note in filled
        ),
    ]


def liste_rows() -> list[tuple[str, ...]]:
    """Return a list of quartiers 2024, one of them on two communes, one with a lost zero."""
    return [
        LISTE_HEADER,
        ("QN05972M", "Les Oliveaux", "59350, 59328", "59", "32", "245900410", "MEL"),
        ("QN05901M", "Fives", "59350", "59", "32", "245900410", "MEL"),
        ("QN00101M", "Le Pont", "1053", "1", "84", "200071751", "Bourg"),
    ]


def square(west: float, south: float, size: float = 0.01) -> Polygon:
    """Return a square, in degrees."""
    return box(west, south, west + size, south + size)


def perimetre(
    code: str, shape: Polygon, *, label: str = "Fives", communes: str = "59350"
) -> tuple[dict[str, Any], Polygon]:
    """Return one quartier for `geojson_bytes`."""
    words = {"code_qp": code, "lib_qp": label, "insee_com": communes, "siren_epci": "200093201"}
    return words, shape


# --- reading -------------------------------------------------------------------------------------


def recognise_all(path: Path, catalogue: Catalogue, **options: str) -> list[Recognition]:
    """Return what the tables of a file are, those that are unknown left out."""
    found = [recognise(part, catalogue, **options) for part in open_parts(path)]
    return [item for item in found if item is not None]


def read_one(path: Path, catalogue: Catalogue, **options: str) -> Tables:
    """Read the only known table of a file."""
    (known,) = recognise_all(path, catalogue, **options)
    return read_table(known, catalogue)


def observed(tables: Tables, name: str) -> pd.DataFrame:
    """Return the rows of one indicator, by code."""
    rows = tables.observations
    return rows.loc[rows["indicator"].eq(name)].set_index("code")


# --- tidy tables, to be joined -------------------------------------------------------------------


def tidy(
    *,
    territories: Iterable[tuple[str, str, str]] = (),
    memberships: Iterable[tuple[str, str, str, str]] = (),
    observations: Iterable[tuple[str, str, int | None, float | None]] = (),
    shapes: Mapping[tuple[str, str], Polygon] | None = None,
    source: str = "revenus",
    edition: str = "2022",
    priority: int = 0,
    population: Mapping[str, float] | None = None,
) -> Tables:
    """Return what one table of one file gives.

    Parameters
    ----------
    territories
        Kind, code, label.
    memberships
        Kind, code, kind of the parent, its code — or its name after a tilde: ``~Lille``.
    observations
        Code of a quartier or a commune, indicator, vintage, value; no value is a secret.
    shapes
        Contour by (kind, code).
    population
        Inhabitants by code, for the territories.
    """
    people = population or {}
    named = [
        (kind, code, label, float(people.get(code, float("nan"))), priority, source)
        for kind, code, label in territories
    ]
    links = [
        (
            kind,
            code,
            parent,
            None if inside.startswith("~") else inside,
            inside[1:] if inside.startswith("~") else None,
            source,
        )
        for kind, code, parent, inside in memberships
    ]
    values = [
        (
            "qp" if code.startswith("Q") else "commune",
            code,
            name,
            vintage,
            value,
            "secret" if value is None else "ok",
            None,
            source,
            edition,
        )
        for code, name, vintage, value in observations
    ]
    drawn = dict(shapes or {})
    return Tables(
        territories=as_text(pd.DataFrame(named, columns=list(TERRITORY_COLUMNS))),
        memberships=as_text(pd.DataFrame(links, columns=list(MEMBERSHIP_COLUMNS))),
        observations=as_text(
            pd.DataFrame(values, columns=list(OBSERVATION_COLUMNS)).astype({"vintage": "Int64"})
        ),
        shapes=gpd.GeoDataFrame(
            {
                "kind": [kind for kind, _ in drawn],
                "code": [code for _, code in drawn],
                "priority": [priority] * len(drawn),
            },
            geometry=list(drawn.values()),
            crs="EPSG:4326",
        ),
        counts=dict.fromkeys(("rows", "ignored", "masked", "repaired", "repeated"), 1),
    )
