"""
Compose the invented tables of income: Filosofi by quartier and the yearly REVN tables.

Standards of living are taken as log-normal. One median and one spread then give quantiles,
poverty rate, Gini index and the make-up of income, which makes the columns of a row agree with
one another: where the median is low, poverty and the share of benefits are high.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import NormalDist

import numpy as np
from demo_formats import (
    NO_BREAK_SPACE,
    archive,
    csv_text,
    decimal,
    grouped,
    save_bytes,
    save_text,
    short,
    words,
)
from demo_territory import NATIONAL_MEDIAN, QUARTIERS_2015, QUARTIERS_2024, Quartier

Generator = np.random.Generator
NORMAL = NormalDist()
POVERTY_LINE = 0.6
MEAN_SPREAD = 0.42
FILOSOFI_OF_EDITION = {2021: 2017, 2022: 2018}

SHARES = {f"D{k}": k / 10 for k in (1, 2, 3, 4, 6, 7, 8, 9)} | {"Q1": 0.25, "MED": 0.5, "Q3": 0.75}
QP_NAMES = words(
    "Q1 MED Q3 EQ D1 D2 D3 D4 D6 D7 D8 D9 RD GINI S80S20 "
    "PACT PCHO PPEN PPAT PPSOC PPFAM PPMINI PPLOGT PIMPOT TP60 NOTE"
)
DIGITS = {"EQ": 2, "GINI": 3}
REVN_WIDTH = 1024
REVN_HEAD = words(
    "CODGEO LIBGEO PMIMP DECUC_Q2 DECUC_Q1 DECUC_Q3 BREV DECUC_D1 DECUC_D9 DECUC_D1D9 "
    "DISP_Q2 DISP_Q1 DISP_Q3 TP60 DISP_D1 DISP_D9 DISP_D1D9 PACT PPEN PPSOC PIMPOT PPAT NOTE_FILO C"
)
REVN_C2S = {2021: ["CC2S"], 2022: ["C_C2SNP", "C_C2SP"]}
REVN_TAIL = ["NOTE_CNAM", "A", "APPA", "ARSAS", "AAAH", "NOTE_CNAF"]

# The edge cases: see README.md.
ABSENT = {"QP099009", "QN09906M", "QN97490N"}
LOW_QUALITY = {"QP099006", "QN09903I"}
CNAF_REFUSED = {(2022, "QP099008")}
ALL_MARKED = {"QN09909I": "s", "QN09912N": "nd"}
CELLS_MARKED = {"QN09911N": {"PCHO": "ns", "PPAT": "ns", "PPMINI": "s"}}
NEVER_TAXED_SHOWN = {"QP099007", "QP099011"}

LABELS = {
    "Q1": "1er quartile de revenu disponible (en euros)",
    "MED": "Médiane du revenu disponible (en euros)",
    "Q3": "3e quartile de revenu disponible (en euros)",
    "EQ": "(Q3-Q1)/Médiane du revenu disponible",
    "RD": "Rapport interdécile D9/D1",
    "GINI": "Indice de Gini",
    "S80S20": "Rapport S80/S20",
    "PACT": "Part des revenus d'activité (en %)",
    "PCHO": "Part des indemnités de chômage (en %)",
    "PPEN": "Part des pensions, retraites et rentes (en %)",
    "PPAT": "Part des revenus du patrimoine (en %)",
    "PPSOC": "Part des prestations sociales (en %)",
    "PPFAM": "Part des prestations familiales (en %)",
    "PPMINI": "Part des minima sociaux (en %)",
    "PPLOGT": "Part des prestations logement (en %)",
    "PIMPOT": "Part des impôts (en %)",
    "TP60": "Taux de pauvreté au seuil de 60 % (en %)",
    "NOTE": "Note de précaution",
}


def quantiles(median: float, spread: float, rng: Generator) -> dict[str, int]:
    """Draw the quantiles of a log-normal income, in euros rounded to ten."""
    noise = rng.normal(1, 0.004, len(SHARES))
    return {
        name: round(median * math.exp(spread * NORMAL.inv_cdf(share)) * factor / 10) * 10
        for (name, share), factor in zip(SHARES.items(), noise, strict=True)
    }


def poverty_rate(median: float, spread: float, vintage: int) -> float:
    """Compute the share of persons under 60 % of the national median, in %."""
    line = POVERTY_LINE * NATIONAL_MEDIAN[vintage]
    return 100 * NORMAL.cdf(math.log(line / median) / spread)


def inequality(spread: float) -> dict[str, float]:
    """Compute the Gini index and the S80/S20 ratio of a log-normal income."""
    z = NORMAL.inv_cdf(0.8)
    top, bottom = 1 - NORMAL.cdf(z - spread), NORMAL.cdf(-z - spread)
    return {"GINI": 2 * NORMAL.cdf(spread / math.sqrt(2)) - 1, "S80S20": top / bottom}


def make_up(poverty: float, rng: Generator) -> dict[str, float]:
    """Share income between its sources, in %; the first five sum to 100."""
    poor = poverty / 100
    social = round(62 * poor**1.15 * rng.normal(1, 0.03), 1)
    pensions = round(30 - 20 * poor + rng.normal(0, 2), 1)
    wealth = round(max(0.8, 10.5 - 18 * poor + rng.normal(0, 0.4)), 1)
    taxes = round(22 * poor - 19 + rng.normal(0, 0.4), 1)
    family, minimum = round(0.28 * social, 1), round(0.45 * social, 1)
    return {
        "PACT": 100 - pensions - wealth - social - taxes,
        "PCHO": 2 + 8 * poor + rng.normal(0, 0.3),
        "PBEN": 6.5 - 7 * poor,
        "PPEN": pensions,
        "PPAT": wealth,
        "PPSOC": social,
        "PPFAM": family,
        "PPMINI": minimum,
        "PPLOGT": social - family - minimum,
        "PIMPOT": taxes,
    }


def median_of(quartier: Quartier, vintage: int) -> float:
    """Compute the median of a quartier in another year than 2021."""
    national = NATIONAL_MEDIAN[vintage] / NATIONAL_MEDIAN[2021]
    drift: float = (1 + quartier.profile.trend) ** (vintage - 2021)
    return quartier.profile.median * national * drift


def income(median: float, spread: float, vintage: int, rng: Generator) -> dict[str, float]:
    """Draw every indicator of income of a territory."""
    values: dict[str, float] = dict(quantiles(median, spread, rng))
    values["EQ"] = (values["Q3"] - values["Q1"]) / values["MED"]
    values["RD"] = values["D9"] / values["D1"]
    values["TP60"] = poverty_rate(values["MED"], spread, vintage)
    return values | inequality(spread) | make_up(values["TP60"], rng)


def local_poverty(quartier: Quartier) -> float:
    """Compute the poverty rate of a quartier in 2021, in %, before any secrecy."""
    return poverty_rate(quartier.profile.median, quartier.profile.spread, 2021)


def mean_median(quartiers: Sequence[Quartier], vintage: int) -> float:
    """Average the medians of quartiers, weighted by population."""
    total = sum(q.population for q in quartiers)
    return sum(median_of(q, vintage) * q.population for q in quartiers) / total


def caf_households(quartier: Quartier, edition: int) -> int:
    """Count the households paid by the CAF: the same number in DEMO and in REVN."""
    growth = 1 + 0.02 * (edition - 2021)
    return round(quartier.population * (0.05 + 0.0058 * local_poverty(quartier)) * growth)


def write_filosofi_2019(raw: Path, rng: Generator) -> None:
    """Write Filosofi 2019 by quartier 2015, with its `Ensemble` row."""
    median = mean_median(QUARTIERS_2015, 2019)
    rows = [_qp_row("Ensemble", income(median, MEAN_SPREAD, 2019, rng), 19, NO_BREAK_SPACE)]
    for quartier in QUARTIERS_2015:
        values = income(median_of(quartier, 2019), quartier.profile.spread, 2019, rng)
        row = _qp_row(quartier.code, values, 19, NO_BREAK_SPACE)
        if quartier.code not in ABSENT:
            rows.append(row)
    columns = ["CODGEO", *(f"DISP_{name}_A19" for name in QP_NAMES)]
    path = raw / "insee_qpv_filosofi/2019/data_filo19_qp_revdis.csv"
    save_text(path, csv_text(columns, rows, newline="\r\n"))


def _qp_row(code: str, values: Mapping[str, float], year: int, space: str) -> dict[str, str]:
    row = {"CODGEO": code}
    for name in QP_NAMES:
        if name == "NOTE":
            text = "1" if code in LOW_QUALITY else "0"
        elif name in SHARES:
            text = grouped(values[name], space)
        else:
            text = decimal(values[name], DIGITS.get(name, 1))
        mark = ALL_MARKED.get(code, CELLS_MARKED.get(code, {}).get(name))
        row[f"DISP_{name}_A{year}"] = mark if mark and name != "NOTE" else text
    return row


def write_filosofi_2021(raw: Path, rng: Generator) -> dict[str, float]:
    """
    Write Filosofi 2021 by quartier 2024, as a ZIP with its dictionary and its total.

    Returns
    -------
    poverty
        The poverty rates that are published, by code.
    """
    rows, poverty = [], {}
    for quartier in QUARTIERS_2024:
        values = income(quartier.profile.median, quartier.profile.spread, 2021, rng)
        if quartier.code in ABSENT:
            continue
        rows.append(_qp_row(quartier.code, values, 21, ""))
        if quartier.code not in ALL_MARKED:
            poverty[quartier.code] = values["TP60"]
    median = mean_median([q for q in QUARTIERS_2024 if not q.overseas], 2021)
    total = _qp_row("00", income(median, MEAN_SPREAD, 2021, rng), 21, "")
    columns = ["CODGEO", *(f"DISP_{name}_A21" for name in QP_NAMES)]
    stem = "revenu-disponible-qp24-2021"
    members = [
        (f"meta_indic-{stem}_QP.csv", _dictionary()),
        (f"{stem}_QP.csv", csv_text(columns, rows)),
        (f"{stem}_ENSQP.csv", csv_text(columns, [total])),
    ]
    content = archive((name, text.encode("utf-8-sig")) for name, text in members)
    save_bytes(raw / "insee_qpv_filosofi/2021/revenus_pauvrete_2021_qp24_v2_csv.zip", content)
    return poverty


def _dictionary() -> str:
    columns = ["COD_VAR", "LIB_VAR", "COD_MOD", "LIB_MOD"]
    published = [q for q in QUARTIERS_2024 if q.code not in ABSENT]
    rows = [("CODGEO", "Code du quartier prioritaire", q.code, q.label) for q in published]
    for name in QP_NAMES:
        rank = "1er" if name == "D1" else f"{name[1:]}e"
        decile = f"{rank} décile de revenu disponible (en euros)"
        rows.append((f"DISP_{name}_A21", LABELS.get(name, decile), "", ""))
    return csv_text(columns, [dict(zip(columns, row, strict=True)) for row in rows])


def write_revenues(raw: Path, rng: Generator) -> None:
    """Write REVN 2021 and 2022 by quartier 2015; the year is the one of publication."""
    for edition in FILOSOFI_OF_EDITION:
        rows = [
            _revn_row(quartier, edition, rng)
            for quartier in QUARTIERS_2015
            if quartier.code not in ABSENT
        ]
        columns = [*REVN_HEAD, *REVN_C2S[edition], *REVN_TAIL]
        text = csv_text(columns, rows, newline="\r\n", width=REVN_WIDTH, last_newline=False)
        save_text(raw / f"insee_qpv15_revenus/{edition}/REVN_{edition}.csv", text, bom=True)


def _revn_row(quartier: Quartier, edition: int, rng: Generator) -> dict[str, str]:
    vintage = FILOSOFI_OF_EDITION[edition]
    values = income(median_of(quartier, vintage), quartier.profile.spread, vintage, rng)
    names = {"Q1": "Q1", "MED": "Q2", "Q3": "Q3", "D1": "D1", "D9": "D9"}
    row = {"CODGEO": quartier.code, "LIBGEO": quartier.label}
    row |= {f"DISP_{name}": grouped(values[key]) for key, name in names.items()}
    declared = {name: _declared(values[key], values["TP60"]) for key, name in names.items()}
    row |= {f"DECUC_{name}": grouped(value) for name, value in declared.items()}
    row["DISP_D1D9"] = decimal(values["RD"])
    if declared["D1"]:
        row["DECUC_D1D9"] = decimal(declared["D9"] / declared["D1"])
    row |= {
        name: decimal(values[name]) for name in ("TP60", "PACT", "PPEN", "PPSOC", "PIMPOT", "PPAT")
    }
    if quartier.code not in NEVER_TAXED_SHOWN:
        row["PMIMP"] = short(45 - 0.52 * values["TP60"])
    row["BREV"] = decimal(35 + 0.57 * values["TP60"])
    row["NOTE_FILO"] = "1" if quartier.code in LOW_QUALITY and edition == 2022 else "0"
    return row | _benefits(quartier, edition, rng)


def _declared(disposable: float, poverty: float) -> int:
    """Guess the income declared before benefits and taxes; the poorest tenth may have none."""
    value = disposable * 1.42 - 9_300 - 1_500 * poverty / 100 - 40 * max(0.0, poverty - 41)
    return 0 if value < 500 else round(value / 10) * 10


def _benefits(quartier: Quartier, edition: int, rng: Generator) -> dict[str, str]:
    covered = quartier.population * rng.normal(0.94, 0.02)
    row = {"C": grouped(covered), "NOTE_CNAM": "0", "NOTE_CNAF": "0"}
    free = covered * 0.0055 * local_poverty(quartier) * rng.normal(1, 0.03)
    if edition == 2021:
        row["CC2S"] = grouped(free)
    else:
        row |= {"C_C2SNP": grouped(free), "C_C2SP": grouped(covered * 0.06)}
    if (edition, quartier.code) in CNAF_REFUSED:
        return row | {"NOTE_CNAF": "5"}
    households = caf_households(quartier, edition)
    minimum = 0.08 + 0.0023 * local_poverty(quartier)
    parts = {"APPA": 0.35, "ARSAS": minimum, "AAAH": 0.12}
    row["A"] = grouped(households)
    noise = rng.normal(1, 0.04, len(parts))
    return row | {
        name: grouped(households * part * factor)
        for (name, part), factor in zip(parts.items(), noise, strict=True)
    }
