"""Compose the invented services and posts: France services, adult relays, FONJEP, contracts."""

import json
from pathlib import Path
from typing import Any

import shapely
from demo_formats import feature_collection, save_text, words
from demo_geometry import Shapes
from demo_maps import CRS84
from demo_territory import COMMUNES, EPCIS, QUARTIERS_2024, commune_of

FS_COLUMNS = words(
    "id_fs insee_dep lib_fs adresse complement_adresse insee_com code_postal lib_com "
    "latitude longitude mail telephone h_lundi h_mardi h_mercredi h_jeudi h_vendredi h_samedi "
    "prise_rdv commentaire type_fs format_fs groupe_fs labellisation_fs"
)
WEEKDAY = "09:00 - 12:00 / 13:30 - 17:00"
# Rank, commune, quartier nearby, shift in degrees, street, fixed or itinerant.
SERVICES = (
    ("9001", "99001", "QN09901M", (0.0004, -0.0003), "3 Place des Ormeaux", "Fixe"),
    ("9002", "99007", "QN09908M", (0.0061, 0.0027), "12 Rue de la Halle", "Fixe"),
    ("9003", "99012", "QN09910M", (-0.0023, 0.0034), "1 Rue de l'Église", "Fixe_antenne(s)"),
    ("9004", "99009", "", (0.0, 0.0), "8 Route d'Ozelay", "Itinérante"),
)

CONTRACTS = {
    "200099011": "CN09901M",
    "200099029": "CN09902M",
    "200099037": "CN09903N",
    "249700099": "CN97490N",
}
RELAY_COST = 21_900.5
FONJEP_COST = 7_050
RELAYS = (
    ("09924R000100", "99000000100010", "REGIE DE QUARTIER DES ORMEAUX", "CN09901M"),
    ("09924R000200", "99000000100010", "REGIE DE QUARTIER DES ORMEAUX", "CN09901M"),
    ("09924R000300", "99000000200018", "ASSOCIATION LE TRAIT D'UNION FICTIF", "CN09901M"),
    ("09924R000400", "99000000300016", "COMMUNE DE VALMER SUR ONDRE", "CN09901M"),
    ("09924R000500", "99000000400014", "CENTRE SOCIAL DU CLOS FLEURI", "CN09902M"),
    ("09924R000600", "99000000400014", "CENTRE SOCIAL DU CLOS FLEURI", "CN09902M"),
    ("09924R000600", "99000000400014", "CENTRE SOCIAL DU CLOS FLEURI", "CN09902M"),
    ("97424R000100", "99000000500011", "ASSOCIATION ANSE IMAGINAIRE", "CN97490N"),
)
FONJEP_POSTS = (
    ("D99001", "MAISON DE QUARTIER DU GRAND PRE", 1.0, "CN09901M"),
    ("D99002", "RÉGIE DE QUARTIER DES ORMEAUX", 1.0, "CN09901M"),
    ("D99003", "CENTRE SOCIAL DU CLOS FLEURI", 1.0, "CN09902M"),
    ("D99004", "ASSOCIATION SABLIERE EN FÊTE", 0.5, "CN09903N"),
    ("D99005", "ASSOCIATION SANS CONTRAT", 1.0, ""),
)


def write_france_services(raw: Path, shapes: Shapes) -> None:
    """Write four France services points, in or near the quartiers."""
    rows = []
    for number, code, quartier, shift, street, form in SERVICES:
        near = shapes.quartiers_2024[quartier] if quartier else shapes.communes[code]
        point = near.representative_point()
        cells = {
            "id_fs": number,
            "insee_dep": "99",
            "lib_fs": f"France services de {commune_of(code).name} (démo)",
            "adresse": street,
            "insee_com": code,
            "code_postal": commune_of(code).postcode,
            "lib_com": commune_of(code).name,
            "mail": f"fs{number}@demo.invalid",
            "telephone": f"01 99 00 {number[:2]} {number[2:]}",
            "h_lundi": WEEKDAY,
            "h_mercredi": WEEKDAY,
            "h_vendredi": "09:00 - 12:00",
            "prise_rdv": "Non",
            "type_fs": "Principal",
            "format_fs": form,
            "labellisation_fs": "Espace labellisé 01/01/2024",
        }
        place = {"latitude": point.y + shift[1], "longitude": point.x + shift[0]}
        quoted = {name: f'"{text}"' for name, text in cells.items()}
        rows.append(quoted | {name: f"{value:.6f}" for name, value in place.items()})
    header = [f'"{column}"' for column in FS_COLUMNS]
    lines = [header, *([row.get(column, "") for column in FS_COLUMNS] for row in rows)]
    text = "".join(",".join(line) + "\n" for line in lines)
    save_text(raw / "anct_france_services/2024/liste-fs-20240801.csv", text)


def write_posts(raw: Path) -> None:
    """Write adult relays and FONJEP posts, with a repeated post and one without contract."""
    relays = [
        {
            "id_poste": post,
            "code_tiers": siret,
            "raison_sociale": employer,
            "annee": 2024,
            "montant": RELAY_COST,
            "code_cv": contract,
        }
        | _area(contract)
        for post, siret, employer, contract in RELAYS
    ]
    path = raw / "anct_adultes_relais/2024/adulte-relais-2024.json"
    save_text(path, _one_line(relays))
    posts = []
    for post, employer, part, contract in FONJEP_POSTS:
        amount = FONJEP_COST * part
        record = {"id_poste": post, "raison_sociale": employer, "montant": round(amount)}
        known = {"code_cv": contract} if contract else {}
        posts.append(record | {"annee": "2024"} | known | _area(contract))
    save_text(raw / "anct_postes_fonjep/2024/postes-fonjep-2024.json", _one_line(posts))


def _area(contract: str) -> dict[str, str]:
    if contract.startswith("CN974"):
        return {"insee_dep": "974", "insee_reg": "04"}
    return {"insee_dep": "99", "insee_reg": "99"}


def _one_line(records: list[dict[str, Any]]) -> str:
    return json.dumps(records, ensure_ascii=False, separators=(",", ":"))


def write_contracts(raw: Path, shapes: Shapes) -> None:
    """
    Write the contrats de ville as points.

    The population counts a straddling quartier once for each commune, as the real file does.
    """
    features = []
    for epci in EPCIS:
        members = [c for c in COMMUNES if c.epci == epci.code]
        centre = shapely.union_all([shapes.communes[c.code] for c in members]).centroid
        codes = {c.code for c in members}
        population = sum(q.population * len(codes & set(q.communes)) for q in QUARTIERS_2024)
        departement = members[0].departement[0]
        properties = {
            "codgeo": epci.code,
            "code_cv": CONTRACTS[epci.code],
            "lib_cv": f"{departement} - {epci.name}",
            "insee_dep": departement,
            "pop": float(population),
        }
        point = [round(centre.x, 6), round(centre.y, 6)]
        geometry = {"type": "Point", "coordinates": point}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    text = feature_collection(features, name="geom_cv_ctr", crs=CRS84)
    save_text(raw / "anct_contrats_de_ville/2024/geom_cv_ctr_2024.geojson", text)
