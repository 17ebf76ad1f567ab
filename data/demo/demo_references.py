"""
Compose the invented reference levels of income: commune, EPCI, département, région, France.

An aggregate takes the mean of the medians of its communes, weighted by population: a fair guess
for invented data, and one that keeps the levels in a plausible order.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from demo_formats import csv_text, decimal, plain, save_bytes, save_text, words, workbook_bytes
from demo_income import income
from demo_territory import (
    DEPARTEMENT,
    EPCIS,
    METROPOLITAN,
    NATIONAL_MEDIAN,
    NATIONAL_SPREAD,
    REGION,
    Commune,
)
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

Generator = np.random.Generator
Aggregate = tuple[int, float, float]
Place = tuple[str, str, Aggregate]

FILO_COLUMNS = words(
    "CODGEO LIBGEO NBMEN19 NBPERS19 NBUC19 Q119 Q219 Q319 Q3_Q1 "
    "D119 D219 D319 D419 D619 D719 D819 D919 RD S80S2019 GI19 "
    "PACT19 PTSA19 PCHO19 PBEN19 PPEN19 PPAT19 PPSOC19 PPFAM19 PPMINI19 PPLOGT19 PIMPOT19"
)
CC_COLUMNS = words(
    "CODGEO NBMENFISC21 NBPERSMENFISC21 MED21 PIMP21 TP6021 "
    "TP60AGE121 TP60AGE221 TP60AGE321 TP60AGE421 TP60AGE521 TP60AGE621 TP60TOL121 TP60TOL221 "
    "PACT21 PTSA21 PCHO21 PBEN21 PPEN21 PPAT21 PPSOC21 PPFAM21 PPMINI21 PPLOGT21 PIMPOT21 "
    "D121 D921 RD21"
)
SOURCES = ("PACT", "PTSA", "PCHO", "PBEN", "PPEN", "PPAT", "PPSOC", "PPFAM", "PPMINI")
DECILES = ("D1", "D2", "D3", "D4", "D6", "D7", "D8", "D9")
BY_AGE = (1.25, 1.1, 1.15, 1.05, 0.75, 0.6)
BY_TENURE = (0.4, 1.75)
FULL_FROM = 2_100  # inhabitants under which Filosofi gives the median alone
AGES_FROM = 5_000

# The edge cases: see README.md.
MISSING_REFERENCE = "99012"
SECRET_COMMUNES = {"99010": "median only", "99014": "nothing"}
UNAVAILABLE_COMMUNE = "99011"

FRANCE_OF_WORKBOOK = "France métropolitaine,\n Martinique et La Réunion"
FIGURE_1_NOTES = (
    "ns\u00a0: non significatif.",
    "1. Les personnes pauvres sont celles dont le niveau de vie est inférieur à 60 % du niveau "
    "de vie médian de la France métropolitaine.",
    "Lecture : données de démonstration, entièrement inventées.",
    "Champ\u00a0: territoire fictif.",
    "Sources\u00a0: aucune, jeu de démonstration imitant Filosofi 2021.",
)
FIGURE_2_NOTES = (
    "Notes\u00a0: Les personnes pauvres sont celles dont le niveau de vie est inférieur à 60 % du "
    "niveau de vie médian de la France métropolitaine. \nDonnées de démonstration.",
    *FIGURE_1_NOTES[2:],
)


def aggregate(communes: Sequence[Commune]) -> Aggregate:
    """
    Sum up communes.

    Returns
    -------
    population, median, spread
        Inhabitants, median income in 2021 in euros, spread of its logarithm.
    """
    population = sum(commune.population for commune in communes)
    median = sum(c.median * c.population for c in communes) / population
    spread = sum(c.spread * c.population for c in communes) / population
    return population, median, spread


def write_filosofi_levels(raw: Path, rng: Generator) -> None:
    """Write the five FILO2019_DISP files; the EPCI bear the SIREN that they had then."""
    communes = [(c.code, c.name, aggregate([c])) for c in METROPOLITAN]
    epcis: list[Place] = []
    for epci in EPCIS:
        members = [c for c in METROPOLITAN if c.epci == epci.code]
        if members:
            epcis.append((epci.former_code, epci.name, aggregate(members)))
    whole = aggregate(METROPOLITAN)
    france = (63_110_000, NATIONAL_MEDIAN[2021], NATIONAL_SPREAD)
    levels: dict[str, list[Place]] = {
        "COM": communes,
        "EPCI": sorted(epcis),
        "DEP": [(*DEPARTEMENT, whole)],
        "REG": [(*REGION, whole)],
        "METROPOLE": [("1", "France métropolitaine", france)],
    }
    for level, places in levels.items():
        rows = [_filo_row(code, name, place, rng) for code, name, place in places]
        text = csv_text(FILO_COLUMNS, rows, newline="\r\n", last_newline=False)
        path = raw / f"insee_filosofi_disp/2019/FILO2019_DISP_{level}.csv"
        save_text(path, text, bom=True)


def _filo_row(code: str, name: str, place: Aggregate, rng: Generator) -> dict[str, str]:
    population, median, spread = place
    median *= NATIONAL_MEDIAN[2019] / NATIONAL_MEDIAN[2021]
    values = _with_salaries(income(median, spread, 2019, rng))
    row = {
        "CODGEO": code,
        "LIBGEO": name,
        "NBMEN19": plain(population * 0.44),
        "NBPERS19": plain(population * 0.96),
        "NBUC19": decimal(population * 0.655),
        "Q219": plain(values["MED"]),
    }
    if population < FULL_FROM:
        return row
    row |= {f"{name}19": plain(values[name]) for name in (*DECILES, "Q1", "Q3")}
    row |= {f"{name}19": decimal(values[name]) for name in (*SOURCES, "PPLOGT", "PIMPOT")}
    return row | {
        "Q3_Q1": plain(values["Q3"] - values["Q1"]),
        "RD": decimal(values["RD"]),
        "S80S2019": decimal(values["S80S20"]) + "00",
        "GI19": decimal(values["GINI"], 3),
    }


def _with_salaries(values: dict[str, float]) -> dict[str, float]:
    return values | {"PTSA": values["PACT"] - values["PCHO"] - values["PBEN"]}


def write_filosofi_communes(raw: Path, rng: Generator) -> None:
    """Write the main Filosofi 2021 results by commune, with `s` and `nd`."""
    rows = [_cc_row(commune, rng) for commune in METROPOLITAN]
    path = raw / "insee_filosofi_cc/2021/cc_filosofi_2021_COM.csv"
    save_text(path, csv_text(CC_COLUMNS, rows))


def _cc_row(commune: Commune, rng: Generator) -> dict[str, str]:
    values = _with_salaries(income(commune.median, commune.spread, 2021, rng))
    if commune.code == UNAVAILABLE_COMMUNE:
        return dict.fromkeys(CC_COLUMNS, "nd") | {"CODGEO": commune.code}
    row = dict.fromkeys(CC_COLUMNS, "s") | {
        "CODGEO": commune.code,
        "NBMENFISC21": plain(commune.population * 0.445),
        "NBPERSMENFISC21": plain(commune.population * 0.96),
    }
    if SECRET_COMMUNES.get(commune.code) == "nothing":
        return row
    row["MED21"] = plain(values["MED"])
    if commune.code in SECRET_COMMUNES:
        return row
    row |= {f"{name}21": decimal(values[name]) for name in (*SOURCES, "PPLOGT", "PIMPOT", "RD")}
    row |= {f"{name}21": plain(values[name]) for name in ("D1", "D9")}
    poverty = values["TP60"]
    row["PIMP21"] = decimal(round(64 - 0.62 * poverty))
    if commune.code == MISSING_REFERENCE:
        return row
    row["TP6021"] = decimal(round(poverty))
    if commune.population >= AGES_FROM:
        for rank, factor in enumerate(BY_AGE, start=1):
            row[f"TP60AGE{rank}21"] = decimal(round(poverty * factor))
        for rank, factor in enumerate(BY_TENURE, start=1):
            row[f"TP60TOL{rank}21"] = decimal(round(poverty * factor))
    return row


def write_poverty_workbook(raw: Path, rng: Generator) -> None:
    """Write the workbook of poverty rates in 2021 by région and by département."""
    _, median, spread = aggregate(METROPOLITAN)
    whole = income(median, spread, 2021, rng)
    france = income(NATIONAL_MEDIAN[2021], NATIONAL_SPREAD, 2021, rng)
    workbook = Workbook()
    first = workbook.worksheets[0]
    _fill_figure_1(first, [(REGION[1], whole), (FRANCE_OF_WORKBOOK, france)])
    _fill_figure_2(workbook.create_sheet("Figure 2"), round(whole["TP60"], 1))
    path = raw / "insee_filosofi_taux_pauvrete/2021/taux_pauvrete.xlsx"
    save_bytes(path, workbook_bytes(workbook))


def _fill_figure_1(sheet: Worksheet, rows: list[tuple[str, dict[str, float]]]) -> None:
    sheet.title = "Figure 1"
    sheet.append(["Figure 1 – Niveau de vie et pauvreté par région en 2021"])
    sheet.append([])
    sheet.append(
        [
            *("Région", "Niveau de vie annuel (en euros)", None, None),
            "Rapport\ninterdécile D9/D1",
            "Taux de pauvreté1    (en %)",
            "Intensité de la pauvreté\n(en %)",
        ]
    )
    sheet.append([None, "1er décile (D1)", "Médian", "9e décile (D9)"])
    for span in ("A3:A4", "B3:D3", "E3:E4", "F3:F4", "G3:G4"):
        sheet.merge_cells(span)
    for label, values in rows:
        sheet.append(
            [
                *(label, values["D1"], values["MED"], values["D9"]),
                *(round(values["RD"], 1), round(values["TP60"], 1)),
                round(16 + 0.27 * values["TP60"], 1),
            ]
        )
    _add_notes(sheet, FIGURE_1_NOTES, "G")


def _fill_figure_2(sheet: Worksheet, poverty: float) -> None:
    sheet.append(["Figure 2 – Taux de pauvreté par département en 2021"])
    sheet.append([])
    sheet.append(["Code département", "Département", "Taux de pauvreté (en\u00a0%)"])
    sheet.append([*DEPARTEMENT, poverty])
    _add_notes(sheet, FIGURE_2_NOTES, "C")


def _add_notes(sheet: Worksheet, notes: Sequence[str], last_column: str) -> None:
    for note in notes:
        sheet.append([note])
        sheet.merge_cells(f"A{sheet.max_row}:{last_column}{sheet.max_row}")
