"""
Compose the invented yearly tables of demography (DEMO) and job seekers (IPRO) by quartier.

Counts are shared out by largest remainders, so that the parts of a row sum to its totals, as
they do in the published files.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from demo_formats import csv_text, decimal, grouped, plain, save_text, short, words
from demo_income import CNAF_REFUSED, caf_households, local_poverty
from demo_territory import (
    DELEGATED,
    QUARTIERS_2015,
    Quartier,
    commune_names,
    commune_of,
    priority_population,
)

Generator = np.random.Generator
Counts = dict[str, int]

DEMO_WIDTH, IPRO_WIDTH = 191, 226
RATES = words(
    "TX_F TX_TOT_0A24 TX_F_0A24 TX_TOT_60ETPLUS TX_F_60ETPLUS IND_JEUNE "
    "TX_TOT_MEN1 TX_TOT_MEN6 TX_TOT_ET TX_F_ET"
)
CAF = words(
    "A PERCOU AM AI ACSSENF ACAVENF AC3ENF A_NETUD_24 A_ETUD "
    "ENF ENF_2 ENF_3_5 ENF_6_10 ENF_11_14 ENF_15_17 ENF_18_24"
)
PLACE = ["POP_MUN", "POP_COM_QP", "POP_COM", "LIB_COM"]
DEMO_COLUMNS = ["CODGEO", "LIBGEO", *PLACE, *RATES, "NOTE_RP", *CAF, "NOTE_CNAF"]
DEMO_ORIGINAL = ["CODGEO", *PLACE, *RATES, *CAF, "NOTE_CNAF"]

LEVELS = ("INFCAPBEP", "CAPBEP", "BAC", "SUPBAC")
SPANS = ("DUR1", "DUR2", "DUR3", "DUR4")
JOBS = ("ABCDE", "ABC", "ABC_RSA", "A")
CHANGES = [f"EVOL_{part}_T4" for part in ("ABC", "ABC_F", "ABC_H", "A", "A_F", "A_H")]
IPRO_COLUMNS = [
    *("CODGEO", "LIBGEO", "TX_TOT_EMPL", "TX_F_EMPL", "TX_ET_EMPL"),
    *("TX_TOT_EDLIM", "TX_F_EDLIM", "TX_ET_EDLIM"),
    *("CA", "NOTE_ASP", "EVOL_CA_N_E ", "NOTE_ASP_E"),
    *(f"{job}{sex}" for job in JOBS for sex in ("", "_F", "_H")),
    *("ABC_25", "ABC_2649", "ABC_50", "ABC_FR", "ABC_E"),
    *(f"ABC_{level}{sex}" for sex in ("", "_F", "_H") for level in LEVELS),
    *(f"ABC_{span}{sex}" for sex in ("", "_F", "_H") for span in SPANS),
    *("NOTE_PE", *CHANGES, "NOTE_PE_T"),
]

# The edge cases: see README.md.
SECRET_RATES = {
    "QP099007": ["TX_F_0A24", "TX_TOT_60ETPLUS", "TX_F_60ETPLUS", "IND_JEUNE", "TX_TOT_MEN6"],
    "QP099009": ["TX_F_60ETPLUS", "TX_TOT_MEN6"],
    "QP099011": ["TX_TOT_MEN6", "TX_F_ET"],
}
SECRET_JOBS = {"QP099007": ["TX_ET_EMPL", "TX_F_EDLIM", "TX_ET_EDLIM", "CA", "EVOL_CA_N_E "]}
ZERO_FOR_SECRET = (2022, "QP099003")
PE_REFUSED = (2021, "QP099011")
FEWEST_STUDENTS = 15


def share_out(total: int, weights: Sequence[float]) -> list[int]:
    """
    Share out a whole number by largest remainders.

    Examples
    --------
    >>> share_out(10, [1, 1, 1])
    [4, 3, 3]
    """
    exact = np.asarray(weights, dtype=float) / sum(weights) * total
    parts = np.floor(exact).astype(int)
    order = np.argsort(parts - exact, kind="stable")
    parts[order[: total - int(parts.sum())]] += 1
    return [int(part) for part in parts]


def write_demography(raw: Path, rng: Generator) -> None:
    """Write DEMO 2021 and 2022 (spreadsheet exports) and 2019 (Insee's own CSV)."""
    for edition in (2021, 2022):
        rows = [_demo_row(quartier, edition, rng) for quartier in QUARTIERS_2015]
        text = csv_text(DEMO_COLUMNS, rows, newline="\r\n", width=DEMO_WIDTH, last_newline=False)
        folder = raw / f"insee_qpv15_demographie/{edition}"
        save_text(folder / f"DEMO_{edition}.csv", text, bom=True)
    rows = [_demo_original(quartier, rng) for quartier in QUARTIERS_2015]
    text = csv_text(DEMO_ORIGINAL, [_everyone(), *rows], newline="\r\n")
    save_text(raw / "insee_qpv15_demographie/2019/data_DEMO_2019_V1_QP.csv", text)


def _rates(quartier: Quartier, rng: Generator) -> dict[str, float]:
    profile = quartier.profile
    noise = rng.normal(0, 0.5, len(RATES))
    young = 24 + 9 * profile.youth**0.8
    old = 32 - 8 * profile.youth
    large = 1.2 + 2.4 * profile.youth
    values = [
        *(52.0, young, young - 1.8, old, old + 2.4, profile.youth),
        *(48 - 5.5 * profile.youth, large, profile.foreign, profile.foreign - 0.9),
    ]
    values = [value + change for value, change in zip(values, noise, strict=True)]
    return dict(zip(RATES, values, strict=True)) | {"IND_JEUNE": profile.youth}


def _households(quartier: Quartier, edition: int) -> Counts:
    total = caf_households(quartier, edition)
    kinds = share_out(total, [0.19, 0.45, 0.08, 0.28])
    counts = dict(zip(("AM", "AI", "ACSSENF", "ACAVENF"), kinds, strict=True))
    children = round(total * (0.62 + 0.2 * quartier.profile.youth))
    ages = share_out(children, [0.155, 0.15, 0.26, 0.2, 0.14, 0.095])
    return counts | {
        "A": total,
        "PERCOU": total + children + round(0.36 * total),
        "AC3ENF": round(0.45 * counts["ACAVENF"]),
        "A_NETUD_24": round(0.08 * total),
        "A_ETUD": round(0.03 * total),
        "ENF": children,
        **dict(zip(CAF[-6:], ages, strict=True)),
    }


def _demo_row(quartier: Quartier, edition: int, rng: Generator) -> dict[str, str]:
    secret = SECRET_RATES.get(quartier.code, [])
    row = {"CODGEO": quartier.code, "LIBGEO": quartier.label, "NOTE_RP": "0", "NOTE_CNAF": "0"}
    row |= {name: grouped(value) for name, value in _populations(quartier).items()}
    row["LIB_COM"] = commune_names(quartier)
    rates = _rates(quartier, rng)
    row |= {name: decimal(rates[name]) for name in RATES if name not in secret}
    if (edition, quartier.code) in CNAF_REFUSED:
        return row | {"NOTE_CNAF": "5"}
    counts = _households(quartier, edition)
    if counts["A_ETUD"] < FEWEST_STUDENTS:
        del counts["A_ETUD"]
    return row | {name: grouped(value) for name, value in counts.items()}


def _populations(quartier: Quartier) -> Counts:
    return {
        "POP_MUN": quartier.population,
        "POP_COM_QP": priority_population(QUARTIERS_2015, quartier.communes),
        "POP_COM": sum(commune_of(code).population for code in quartier.communes),
    }


def _demo_original(quartier: Quartier, rng: Generator) -> dict[str, str]:
    earlier = rng.normal(0.98, 0.015)
    row = {"CODGEO": quartier.code, "NOTE_CNAF": "0"}
    row |= {name: plain(value * earlier) for name, value in _populations(quartier).items()}
    row["POP_COM_QP"] = plain(_populations(quartier)["POP_COM_QP"] * 0.98)
    row["POP_COM"] = plain(_populations(quartier)["POP_COM"] * 0.985)
    single = quartier.communes == (DELEGATED[2],)
    row["LIB_COM"] = DELEGATED[1] if single else commune_names(quartier)
    secret = SECRET_RATES.get(quartier.code, [])
    row |= {
        name: short(value) for name, value in _rates(quartier, rng).items() if name not in secret
    }
    return row | {name: plain(value) for name, value in _households(quartier, 2019).items()}


def _everyone() -> dict[str, str]:
    """Compose the `Ensemble` row: sums of counts, rounded to the hundred, and usual rates."""
    row = {"CODGEO": "Ensemble", "POP_MUN": plain(sum(q.population for q in QUARTIERS_2015) * 0.98)}
    rates = (52.2, 38.9, 36.8, 17.2, 19.1, 1.8, 38.4, 4.9, 22.4, 21.3)
    row |= dict(zip(RATES, map(short, rates), strict=True))
    counts = [_households(quartier, 2019) for quartier in QUARTIERS_2015]
    return row | {name: plain(round(sum(c[name] for c in counts), -2)) for name in CAF}


def write_insertion(raw: Path, rng: Generator) -> None:
    """Write IPRO 2021 and 2022: employment rates and job seekers."""
    before = {q.code: _job_seekers(q, 1.06, rng) for q in QUARTIERS_2015}
    for edition, growth in ((2021, 1.02), (2022, 0.94)):
        rows = []
        for quartier in QUARTIERS_2015:
            counts = _job_seekers(quartier, growth, rng)
            rows.append(_ipro_row(quartier, edition, counts, before[quartier.code], rng))
            before[quartier.code] = counts
        text = csv_text(IPRO_COLUMNS, rows, newline="\r\n", width=IPRO_WIDTH, last_newline=False)
        folder = raw / f"insee_qpv15_insertion/{edition}"
        save_text(folder / f"IPRO_{edition}.csv", text, bom=True)


def _job_seekers(quartier: Quartier, growth: float, rng: Generator) -> Counts:
    active = quartier.population * 0.62
    rate = (0.35 - 0.0028 * quartier.profile.employment) * growth * rng.normal(1, 0.02)
    women = rng.normal(0.47, 0.012)
    totals = share_out(round(active * rate), [women, 1 - women])
    minimum = 0.11 + 0.0029 * local_poverty(quartier)
    counts: Counts = {}
    for sex, total in zip(("_F", "_H"), totals, strict=True):
        counts |= {f"ABCDE{sex}": round(total * 1.16), f"ABC{sex}": total}
        counts[f"ABC_RSA{sex}"] = round(total * minimum * rng.normal(1, 0.04))
        counts[f"A{sex}"] = round(total * rng.normal(0.57, 0.012))
        for parts, weights in ((LEVELS, (4, 8, 5, 4)), (SPANS, (40, 17, 19, 24))):
            drawn = np.asarray(weights) * rng.uniform(0.85, 1.15, len(weights))
            split = share_out(total, [float(weight) for weight in drawn])
            counts |= {f"ABC_{n}{sex}": count for n, count in zip(parts, split, strict=True)}
    for stem in (*JOBS, *(f"ABC_{part}" for part in (*LEVELS, *SPANS))):
        counts[stem] = counts[f"{stem}_F"] + counts[f"{stem}_H"]
    ages = share_out(counts["ABC"], [rng.uniform(0.13, 0.17), 0.59, rng.uniform(0.23, 0.29)])
    foreign = min(0.6, quartier.profile.foreign / 100 * 1.5)
    origins = share_out(counts["ABC"], [1 - foreign, foreign])
    names = ("ABC_25", "ABC_2649", "ABC_50", "ABC_FR", "ABC_E")
    return counts | dict(zip(names, [*ages, *origins], strict=True))


def _ipro_row(
    quartier: Quartier, edition: int, counts: Counts, before: Counts, rng: Generator
) -> dict[str, str]:
    row = {"CODGEO": quartier.code, "LIBGEO": quartier.label}
    row |= _employment(quartier, edition, rng)
    row |= dict.fromkeys(("NOTE_ASP", "NOTE_ASP_E", "NOTE_PE", "NOTE_PE_T"), "0")
    secret = SECRET_JOBS.get(quartier.code, [])
    row = {name: text for name, text in row.items() if name not in secret}
    if (edition, quartier.code) == PE_REFUSED:
        return row | {"NOTE_PE": "5", "NOTE_PE_T": "5"}
    row |= {name: grouped(value) for name, value in counts.items()}
    for column in CHANGES:
        name = column.removeprefix("EVOL_").removesuffix("_T4")
        row[column] = decimal(100 * (counts[name] / before[name] - 1))
    if (edition, quartier.code) == ZERO_FOR_SECRET:
        row |= dict.fromkeys(("ABC_RSA", "ABC_RSA_F", "ABC_RSA_H"), "0")
    return row


def _employment(quartier: Quartier, edition: int, rng: Generator) -> dict[str, str]:
    profile = quartier.profile
    rate = profile.employment + 0.6 * (edition - 2021) + rng.normal(0, 0.3)
    limited = 46 - 0.45 * profile.employment + rng.normal(0, 0.5)
    values = {
        "TX_TOT_EMPL": rate,
        "TX_F_EMPL": rate - profile.women_gap,
        "TX_ET_EMPL": rate - 4.5 + rng.normal(0, 1),
        "TX_TOT_EDLIM": limited,
        "TX_F_EDLIM": limited + rng.normal(0.6, 0.8),
        "TX_ET_EDLIM": limited + rng.normal(3, 1),
        "EVOL_CA_N_E ": rng.normal(10, 30),
    }
    return {name: decimal(value) for name, value in values.items()} | {
        "CA": grouped(quartier.population / rng.uniform(280, 400))
    }
