"""
Compose two invented tables that third parties re-export: RPLS by quartier and the compilation.

Both keep the oddities of the real ones: RPLS mixes `2493.0`, `47` and `"4,8"`; the compilation
has one row for each pair of quartier and commune, and writes the région as a decimal number.
"""

import csv
from pathlib import Path

import numpy as np
from demo_formats import csv_text, save_text, short, words
from demo_income import caf_households, local_poverty
from demo_territory import (
    QUARTIERS_2015,
    QUARTIERS_2024,
    Commune,
    Quartier,
    commune_of,
    epci_of,
)

Generator = np.random.Generator

RPLS_COLUMNS = words(
    "CodGeo Note nbLsPls nbLsMes txVac txVac3m txRot txLsCol txLsInd "
    "txLs1p txLs2p txLs3p txLs4p txLs5pp "
    "txLsm30 txLs30a40 txLs40a60 txLs60a80 txLs80a100 txLs100a120 txLs120p "
    "txLsAv49 txLs49a75 txLs76a88 txLs89a00 txLs01a13 txLsAp13 "
    "txLsPlai txLsPlusAv77 txLsPlusAp77 txLsPls txLsPli moyLoy q1Loy medLoy q3Loy"
)
RPLS_GROUPS = (
    (("txLs1p", "txLs2p", "txLs3p", "txLs4p", "txLs5pp"), (7, 21, 34, 30, 8)),
    (("txLsm30", "txLs30a40", "txLs40a60", "txLs60a80", "txLs80a100"), (3, 6, 27, 47, 17)),
    (("txLsAv49", "txLs49a75", "txLs76a88", "txLs89a00", "txLs01a13"), (2, 68, 18, 7, 5)),
    (("txLsPlai", "txLsPlusAv77", "txLsPlusAp77"), (4, 78, 18)),
)
SMALLEST_SHARE = 2.5  # a share under it is left blank, as a secret
LARGE_STOCK = 2_000  # dwellings over which the new ones are published
RPLS_REFUSED = {"QP099011": "5"}

COMPILED_COLUMNS = words(
    "COG lib_com codeQPV lib_qp insee_reg lib_reg insee_dep lib_dep siren_epci lib_epci "
    "popMuniQPV indiceJeunesse partPopEt partPopImmi partMenImmi partMenEt "
    "partMen1p partMen2p partMen3p partMen45p partMen6pp nombre_menages "
    "nombre_logements_sociaux taux_logements_sociaux taux_d_emploi taux_pauvrete_60% "
    "personnes_couvertes_CAF allocataires_CAF RSA_socle"
)
ALMOST_NOTHING = "QN09912N"
SECRET_COMPILED = {"QN09909I": ["partMen6pp", "indiceJeunesse", "RSA_socle"]}
ABOVE_ONE_HUNDRED = "QN09905M"


def social_dwellings(quartier: Quartier) -> int:
    """Count the social dwellings of a quartier; the poorer it is, the more it has."""
    return round(quartier.population * (0.78 - quartier.profile.median / 32_000))


def write_rpls(raw: Path, rng: Generator) -> None:
    """Write the social housing stock by quartier 2015."""
    rows = [_rpls_row(quartier, rng) for quartier in QUARTIERS_2015]
    text = csv_text(RPLS_COLUMNS, rows, separator=",")
    save_text(raw / "insee_rpls_qpv/2022/rpls_qpv.csv", text)


def _rpls_row(quartier: Quartier, rng: Generator) -> dict[str, str]:
    if quartier.code in RPLS_REFUSED:
        return {"CodGeo": quartier.code, "Note": RPLS_REFUSED[quartier.code]}
    poverty = (16_000 - quartier.profile.median) / 1_000
    values = {"txVac": 2.2 + poverty, "txVac3m": 1.1 + 0.6 * poverty, "txRot": 9 + 0.4 * poverty}
    collective = rng.uniform(86, 99)
    values |= {"txLsCol": collective, "txLsInd": 100 - collective}
    for names, weights in RPLS_GROUPS:
        drawn = np.asarray(weights) * rng.uniform(0.7, 1.3, len(weights))
        shares = 100 * drawn / drawn.sum()
        values |= {name: float(share) for name, share in zip(names, shares, strict=True)}
    row = {name: short(value) for name, value in values.items() if value >= SMALLEST_SHARE}
    mean = 6.1 - 0.2 * poverty + rng.normal(0, 0.1)
    rents = {"moyLoy": mean, "q1Loy": mean * 0.91, "medLoy": mean * 0.98, "q3Loy": mean * 1.07}
    row |= {name: short(value, 2) for name, value in rents.items()}
    dwellings = social_dwellings(quartier)
    if dwellings >= LARGE_STOCK:
        row["nbLsMes"] = f"{dwellings // 70}.0"
    return row | {"CodGeo": quartier.code, "Note": "0", "nbLsPls": f"{dwellings}.0"}


def write_compiled(raw: Path, poverty: dict[str, float], rng: Generator) -> None:
    """
    Write the compilation by quartier 2024.

    Parameters
    ----------
    poverty
        Published poverty rates by code, in %; they are rounded here, as in the real table.
    """
    rows = []
    for quartier in QUARTIERS_2024:
        indicators = _indicators(quartier, poverty, rng)
        secret = SECRET_COMPILED.get(quartier.code, [])
        indicators = {name: text for name, text in indicators.items() if name not in secret}
        rows += [_place(quartier, commune_of(code)) | indicators for code in quartier.communes]
    text = csv_text(COMPILED_COLUMNS, rows, separator=",", quoting=csv.QUOTE_MINIMAL)
    save_text(raw / "compile_qpv2024/2024/analyse_qpv.csv", text)


def _place(quartier: Quartier, commune: Commune) -> dict[str, str]:
    region, departement = commune.region, commune.departement
    return {
        "COG": commune.code,
        "lib_com": commune.name,
        "codeQPV": quartier.code,
        "lib_qp": quartier.label,
        "insee_reg": f"{float(region[0]):.1f}",
        "lib_reg": region[1],
        "insee_dep": departement[0].lstrip("0"),
        "lib_dep": departement[1],
        "siren_epci": commune.epci,
        "lib_epci": epci_of(commune).name,
        "popMuniQPV": str(quartier.population),
    }


def _indicators(quartier: Quartier, poverty: dict[str, float], rng: Generator) -> dict[str, str]:
    profile = quartier.profile
    noise = rng.normal(0, 0.4, 9)
    if quartier.code == ALMOST_NOTHING:
        return {}
    if quartier.overseas:
        return {"partMen1p": f"{31 + noise[0]:.1f}", "taux_d_emploi": f"{profile.employment:.1f}"}
    single, pair = 48 - 5.5 * profile.youth + noise[5], 25.0 + noise[6]
    large = 1.2 + 2.4 * profile.youth
    three = 0.42 * (100 - single - pair - large)
    values = {
        "indiceJeunesse": profile.youth,
        "partPopEt": profile.foreign + noise[0],
        "partPopImmi": profile.foreign * 1.15 + noise[1],
        "partMenImmi": profile.foreign * 1.2 + noise[2],
        "partMenEt": profile.foreign * 0.9 + noise[3],
        "partMen1p": single,
        "partMen2p": pair,
        "partMen3p": three,
        "partMen45p": 100 - single - pair - large - three,
        "partMen6pp": large,
        "taux_d_emploi": profile.employment + 1.5 + noise[4],
    }
    row = {name: f"{value:.1f}" for name, value in values.items()}
    if quartier.code in poverty:
        row["taux_pauvrete_60%"] = f"{poverty[quartier.code]:.0f}.0"
    return row | _dwellings(quartier) | _benefits(quartier)


def _dwellings(quartier: Quartier) -> dict[str, str]:
    homes = quartier.population / (2.0 + 0.2 * quartier.profile.youth)
    social = float(social_dwellings(quartier))
    if quartier.code == ABOVE_ONE_HUNDRED:
        homes = 0.93 * social
    return {
        "nombre_menages": f"{homes:.1f}",
        "nombre_logements_sociaux": f"{social:.1f}",
        "taux_logements_sociaux": f"{100 * social / homes:.2f}",
    }


def _benefits(quartier: Quartier) -> dict[str, str]:
    households = caf_households(quartier, 2024)
    persons = round(households * (1.98 + 0.2 * quartier.profile.youth))
    return {
        "personnes_couvertes_CAF": f"{persons}.0",
        "allocataires_CAF": f"{households}.0",
        "RSA_socle": f"{round(households * (0.08 + 0.0023 * local_poverty(quartier)))}.0",
    }
