"""Compose the invented tables of youth, schools, crime and family benefits, above the quartier."""

import csv
import unicodedata
from pathlib import Path

import numpy as np
from demo_formats import csv_text, decimal, plain, save_text, words
from demo_income import poverty_rate
from demo_quartiers import share_out
from demo_references import aggregate
from demo_territory import (
    COMMUNES,
    DEPARTEMENT,
    EPCIS,
    OVERSEAS_DEPARTEMENT,
    OVERSEAS_REGION,
    REGION,
    Commune,
    commune_of,
)

Generator = np.random.Generator
Place = tuple[str, str, tuple[Commune, ...]]

NEET_COLUMNS = ["codgeo", "libgeo", "an", "part_non_inseres"]
CENSUSES = {2007: 0.92, 2008: 0.94, 2012: 1.03, 2013: 1.05, 2017: 1.02, 2018: 1.0}
LOCAL_CENSUSES = (2008, 2013, 2018)
NEET_UNKNOWN = "99014"

IPS_COLUMNS = [
    *("Rentrée scolaire", "Académie", "Code du département", "Département", "UAI"),
    *("Nom de l'établissment", "Code INSEE de la commune", "Nom de la commune"),
    *("Secteur", "IPS"),
]
UAI_LETTERS = "ABCDEFGHJKLMNPRTUVWXYZ"
SCHOOLS = (
    ("99001", "ECOLE ELEMENTAIRE DES ORMEAUX", "public", 71.8),
    ("99001", "ECOLE MATERNELLE DU GRAND PRE", "public", 79.4),
    ("99001", "ECOLE PRIMAIRE LA VERRERIE", "public", 88.6),
    ("99001", "ECOLE PRIMAIRE CENTRE", "public", 108.3),
    ("99001", "ECOLE PRIMAIRE PRIVEE SAINTE ORIANE", "privé sous contrat", 121.0),
    ("99002", "ECOLE ELEMENTAIRE BEAU MARAIS", "public", 83.1),
    ("99002", "ECOLE PRIMAIRE DES TISSERANDS", "public", 91.2),
    ("99003", "ECOLE PRIMAIRE DES HAUTES BORNES", "public", 94.7),
    ("99005", "ECOLE PRIMAIRE DU PONT LEVANT", "public", 89.9),
    ("99007", "ECOLE ELEMENTAIRE DU CLOS FLEURI", "public", 74.5),
    ("99007", "ECOLE PRIMAIRE CENTRE", "public", 99.6),
    ("99008", "ECOLE PRIMAIRE DU MOULIN", "public", 96.2),
    ("99012", "ECOLE PRIMAIRE DE LA SABLIERE", "public", 93.8),
    ("99014", "ECOLE PRIMAIRE", "public", None),
    ("97490", "ECOLE PRIMAIRE ANSE IMAGINAIRE", "public", 68.4),
)
COLLEGES = (
    ("99001", "COLLEGE DES ORMEAUX", "public", 78.2),
    ("99001", "COLLEGE DU CENTRE", "public", 104.5),
    ("99002", "COLLEGE DES TISSERANDS", "public", 90.7),
    ("99007", "COLLEGE DE CASTELONDRE", "public", 84.3),
    ("99012", "COLLEGE PRIVE DU HAUT ARCELLES", "privé sous contrat", 112.9),
    ("97490", "COLLEGE DE PORT FICTIF", "public", 72.6),
)

CRIME_CLASSES = (
    ("Homicides", "victime", 0.014),
    ("Coups et blessures volontaires", "victime", 6.4),
    ("Coups et blessures volontaires intrafamiliaux", "victime", 3.7),
    ("Autres coups et blessures volontaires", "victime", 2.7),
    ("Violences sexuelles", "victime", 1.5),
    ("Vols avec armes", "infraction", 0.09),
    ("Vols violents sans arme", "infraction", 0.71),
    ("Vols sans violence contre des personnes", "victime entendue", 7.6),
    ("Cambriolages de logement", "infraction", 5.8),
    ("Vols de véhicules", "véhicule", 2.1),
    ("Vols dans les véhicules", "véhicule", 4.0),
    ("Vols d'accessoires sur véhicules", "véhicule", 1.6),
    ("Destructions et dégradations volontaires", "infraction", 8.8),
    ("Escroqueries", "victime", 5.9),
    ("Trafic de stupéfiants", "Mis en cause", 0.66),
    ("Usage de stupéfiants", "Mis en cause", 3.6),
)
PER_DWELLING = "Cambriolages de logement"
DWELLINGS_PER_HEAD = 0.487
NOT_LOCATED = "NA"

CAF_COLUMNS = words(
    "CODGEO NOTE A PERCOU AI AM ACSSENF ACAVENF AC3ENF "
    "ENF ENF_2 ENF_3_5 ENF_6_10 ENF_11_14 ENF_15_17 ENF_18_24 "
    "A_ETUD A_NETUD_24 AAL AAPL AAAH APPA ARSAS"
)
IRIS = (
    *(("990010101", 5_900), ("990010102", 4_700), ("990010103", 5_300), ("990010201", 4_100)),
    *(("990020101", 4_300), ("990020102", 3_600), ("990030101", 3_100), ("990070101", 6_300)),
    *(("990070102", 4_900), ("990120000", 5_960), ("990130000", 6_840), ("990140000", 410)),
)
IRIS_REFUSED = {"990130000": "3", "990140000": "5"}


def neet_share(communes: tuple[Commune, ...]) -> float:
    """Guess the share of the 15-24 neither in work nor in study, in %."""
    _, median, spread = aggregate(communes)
    return 8 + 0.55 * poverty_rate(median, spread, 2021)


def write_neet(raw: Path, rng: Generator) -> None:
    """Write the share of youth neither in work nor in study at four levels."""
    mainland = tuple(c for c in COMMUNES if c.departement == DEPARTEMENT)
    overseas = tuple(c for c in COMMUNES if c.departement == OVERSEAS_DEPARTEMENT)
    epcis = [(e.code, e.name, tuple(c for c in COMMUNES if c.epci == e.code)) for e in EPCIS]
    levels: dict[str, tuple[list[Place], tuple[int, ...]]] = {
        "communes": ([(c.code, c.name, (c,)) for c in COMMUNES], LOCAL_CENSUSES),
        "epci": (epcis, LOCAL_CENSUSES),
        "dpt": ([(*DEPARTEMENT, mainland), (*OVERSEAS_DEPARTEMENT, overseas)], tuple(CENSUSES)),
        "region": ([(*OVERSEAS_REGION, overseas), (*REGION, mainland)], tuple(CENSUSES)),
    }
    for level, (places, years) in levels.items():
        rows = [row for place in places for row in _neet_rows(place, years, rng)]
        text = csv_text(NEET_COLUMNS, rows, newline="\r\n", last_newline=False)
        save_text(raw / f"odt_neet/2018/neet_{level}_2018.csv", text, bom=True)


def _neet_rows(place: Place, years: tuple[int, ...], rng: Generator) -> list[dict[str, str]]:
    code, name, communes = place
    share = neet_share(communes)
    rows = []
    for year in years:
        value = decimal(share * CENSUSES[year] * rng.normal(1, 0.02)) + "0"
        text = "" if code == NEET_UNKNOWN else value
        rows.append(dict(zip(NEET_COLUMNS, (code, name, str(year), text), strict=True)))
    return rows


def write_schools(raw: Path) -> None:
    """Write the social position index of schools and collèges; a hidden index reads `NS`."""
    for kind, entries, first in (("ecoles", SCHOOLS, 101), ("colleges", COLLEGES, 1)):
        rows = [_school_row(first + rank, *entry) for rank, entry in enumerate(entries)]
        path = raw / f"men_ips_{kind}/2021/fr-en-ips_{kind}_2022.csv"
        save_text(path, csv_text(IPS_COLUMNS, rows, newline="\r\n"))


def _school_row(
    rank: int, code: str, name: str, sector: str, index: float | None
) -> dict[str, str]:
    commune = commune_of(code)
    departement = commune.departement[0].zfill(3)
    number = int(departement) * 10_000 + rank
    cells = (
        *("2021-2022", "ACADEMIE FICTIVE", departement, capitals(commune.departement[1])),
        f"{number:07d}{UAI_LETTERS[number % len(UAI_LETTERS)]}",
        *(name, code, capitals(commune.name), sector),
        "NS" if index is None else f"{index:.1f}",
    )
    return dict(zip(IPS_COLUMNS, cells, strict=True))


def capitals(name: str) -> str:
    """Write a name in capitals, without accent, hyphen or apostrophe."""
    text = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "OE"))
    letters = "".join(letter for letter in text if not unicodedata.combining(letter))
    return letters.upper().replace("-", " ").replace("'", " ")


def write_crime(raw: Path, rng: Generator) -> None:
    """Write recorded crime by département and région, years 22 and 23, with its `NA` rows."""
    population = sum(c.population for c in COMMUNES if c.departement == DEPARTEMENT)
    counts = {
        (label, year): round(rate * rng.normal(1, 0.04) * population / 1_000)
        for label, _, rate in CRIME_CLASSES
        for year in ("22", "23")
    }
    for level in ("dep", "reg"):
        area = ["Code.région"] if level == "reg" else ["Code.département", "Code.région"]
        columns = ["classe", "annee", *area, "unité.de.compte", "millPOP", "millLOG"]
        columns += ["faits", "POP", "LOG", "tauxpourmille"]
        rows = []
        for label, unit, _ in CRIME_CLASSES:
            for year in ("22", "23"):
                head = {"classe": label, "annee": year, "unité.de.compte": unit}
                rows.append(head | _crime_row(label, counts[label, year], population, level))
                blank = {c: NOT_LOCATED for c in columns if c not in head}
                rows.append(head | blank | {"faits": "0"})
        text = csv_text(columns, rows, quoting=csv.QUOTE_ALL).replace('"NA"', "NA")
        path = raw / f"ssmsi_delinquance/2023/donnee-{level}-2023.csv"
        save_text(path, text, bom=True)


def _crime_row(label: str, count: int, population: int, level: str) -> dict[str, str]:
    dwellings = population * DWELLINGS_PER_HEAD
    rate = 1_000 * count / (dwellings if label == PER_DWELLING else population)
    pattern = f"{rate:.14e}" if level == "dep" else f"{rate:.17f}"
    return {
        "Code.département": DEPARTEMENT[0],
        "Code.région": REGION[0],
        "millPOP": "21",
        "millLOG": "20",
        "faits": plain(count),
        "POP": plain(population),
        "LOG": decimal(dwellings, 10),
        "tauxpourmille": pattern.replace(".", ","),
    }


def write_caf_iris(raw: Path, rng: Generator) -> None:
    """Write the family benefits of a few IRIS."""
    rows = [_caf_row(code, population, rng) for code, population in IRIS]
    path = raw / "insee_caf_iris/2020/data_CAF_2020_IRIS.csv"
    save_text(path, csv_text(CAF_COLUMNS, rows, newline="\r\n"))


def _caf_row(code: str, population: int, rng: Generator) -> dict[str, str]:
    if code in IRIS_REFUSED:
        return {"CODGEO": code, "NOTE": IRIS_REFUSED[code]}
    households = round(population * rng.uniform(0.2, 0.34))
    alone, parent, couple, family = share_out(households, [0.46, 0.15, 0.07, 0.32])
    children = round(households * rng.uniform(0.85, 1.1))
    ages = share_out(children, [0.16, 0.16, 0.25, 0.2, 0.13, 0.1])
    counts = {"A": households, "AI": alone, "AM": parent, "ACSSENF": couple, "ACAVENF": family}
    counts |= {"PERCOU": households + children + family + couple, "AC3ENF": family // 3}
    counts |= {"ENF": children} | dict(zip(CAF_COLUMNS[10:16], ages, strict=True))
    parts = (0.03, 0.13, 0.52, 0.38, 0.1, 0.35, 0.17)
    names = CAF_COLUMNS[16:]
    counts |= {name: round(households * part) for name, part in zip(names, parts, strict=True)}
    return {"CODGEO": code, "NOTE": "0"} | {name: plain(n) for name, n in counts.items()}
