"""Compose the invented equipments: the equipment base, the schools, the health establishments."""

from pathlib import Path

import numpy as np
from demo_formats import archive, csv_text, save_bytes, save_text, words
from demo_geometry import Shapes
from demo_territory import COMMUNES, QUARTIERS_2015, QUARTIERS_2024, Commune
from pyproj import Transformer
from shapely import MultiPolygon, Point, Polygon

Generator = np.random.Generator

BPE_COLUMNS = words(
    "AN NOMRS SIRET DEPCOM TYPEQU LAMBERT_X LAMBERT_Y LONGITUDE LATITUDE QUALITE_XY EPSG DCIRIS "
    "QP2024 QUALI_QP2024 QP2015 QUALI_QP2015"
)
# code of the equipment base, inhabitants for one of them
TYPES = (
    ("C107", 5_000), ("C108", 4_000), ("C109", 5_500), ("C201", 11_000), ("D265", 1_300),
    ("D307", 3_200), ("D281", 900), ("D502", 6_000), ("F307", 12_000), ("A206", 9_000),
    ("E107", 2_500),
)  # fmt: skip
SCHOOL_COLUMNS = words(
    "identifiant_de_l_etablissement nom_etablissement type_etablissement statut_public_prive "
    "code_commune nom_commune latitude longitude appartenance_education_prioritaire etat "
    "nombre_d_eleves"
)
SCHOOLS = (
    ("0990101A", "École des Ormeaux", "Ecole", "QN09901M", "REP+", "OUVERT", "248"),
    ("0990102B", "École du Grand Pré", "Ecole", "QN09902M", "REP", "OUVERT", "196"),
    ("0990103C", "Collège de la Verrerie", "Collège", "QN09903I", "REP", "OUVERT", "512"),
    ("0990104D", "Collège Fictif", "Collège", "QN09908M", "", "OUVERT", "604"),
    ("0990105E", "École fermée", "Ecole", "QN09908M", "", "A FERMER", ""),
)
FINESS = (
    ("990000101", "PHARMACIE DES ORMEAUX", "620", "001", "99", "QN09901M"),
    ("990000102", "CENTRE DE SANTE FICTIF", "124", "007", "99", "QN09908M"),
    ("990000103", "MAISON DE SANTE SANS ADRESSE", "603", "012", "99", ""),
)
MISPLACED = 17  # one equipment out of so many has no coordinates


def write_equipment(raw: Path, shapes: Shapes, rng: Generator) -> None:
    """Write one row per equipment, in a ZIP, with the quartier in which it stands."""
    rows = []
    for commune in COMMUNES:
        shape = shapes.communes[commune.code]
        for code, people in TYPES:
            count = rng.poisson(commune.population / people)
            for point in _points_in(shape, int(count), rng):
                rows.append(_equipment(commune, code, point, shapes, len(rows)))
    text = csv_text(BPE_COLUMNS, rows)
    meta = csv_text(["COD_VAR", "LIB_VAR"], [{"COD_VAR": "TYPEQU", "LIB_VAR": "Type (démo)"}])
    members = [("BPE25.csv", text.encode()), ("varmod_BPE25.csv", meta.encode())]
    save_bytes(raw / "insee_bpe_detail/2025/BPE25.zip", archive(members))


def _points_in(shape: Polygon, count: int, rng: Generator) -> list[Point]:
    """Draw points in a commune, denser towards its middle where people live."""
    middle = shape.representative_point()
    west, south, east, north = shape.bounds
    found: list[Point] = []
    while len(found) < count:
        point = Point(
            rng.normal(middle.x, (east - west) / 6), rng.normal(middle.y, (north - south) / 6)
        )
        if shape.contains(point):
            found.append(point)
    return found


def _equipment(
    commune: Commune, code: str, point: Point, shapes: Shapes, rank: int
) -> dict[str, str]:
    epsg = 2975 if commune.code.startswith("974") else 2154
    x, y = Transformer.from_crs(4326, epsg, always_xy=True).transform(point.x, point.y)
    row = {
        "AN": "2025",
        "NOMRS": f"Équipement {rank + 1} (démo)",
        "SIRET": "_Z",
        "DEPCOM": commune.code,
        "TYPEQU": code,
        "QUALITE_XY": "Bonne",
        "EPSG": str(epsg),
        "DCIRIS": f"{commune.code}0000",
    }
    if rank % MISPLACED == MISPLACED - 1:
        blank = dict.fromkeys(("LAMBERT_X", "LAMBERT_Y", "LONGITUDE", "LATITUDE"), "")
        unknown = dict.fromkeys(("QP2024", "QUALI_QP2024", "QP2015", "QUALI_QP2015"), "_U")
        return row | blank | unknown | {"QUALITE_XY": "_U"}
    degrees = {"LONGITUDE": f"{point.x:.6f}", "LATITUDE": f"{point.y:.6f}"}
    if rank % 2:  # half of the rows give metres only
        degrees = {"LONGITUDE": "", "LATITUDE": ""}
    new = _inside(point, shapes.quartiers_2024, [q.code for q in QUARTIERS_2024])
    old = _inside(point, shapes.quartiers_2015, [q.code for q in QUARTIERS_2015])
    return (
        row
        | {"LAMBERT_X": f"{x:.1f}", "LAMBERT_Y": f"{y:.1f}"}
        | degrees
        | {"QP2024": new or "_Z", "QUALI_QP2024": "1" if new else "_Z"}
        | {"QP2015": old or "_Z", "QUALI_QP2015": "1" if old else "_Z"}
    )


def _inside(point: Point, shapes: dict[str, MultiPolygon], codes: list[str]) -> str:
    return next((code for code in codes if shapes[code].buffer(0).contains(point)), "")


def write_school_list(raw: Path, shapes: Shapes) -> None:
    """Write the list of schools, one of them closing."""
    rows = []
    for uai, name, kind, quartier, priority, state, pupils in SCHOOLS:
        point = shapes.quartiers_2024[quartier].buffer(0).representative_point()
        commune = next(q.communes[0] for q in QUARTIERS_2024 if q.code == quartier)
        rows.append(
            {"identifiant_de_l_etablissement": uai, "nom_etablissement": f"{name} (démo)",
             "type_etablissement": kind, "statut_public_prive": "Public",
             "code_commune": commune, "latitude": f"{point.y:.6f}",
             "longitude": f"{point.x:.6f}", "appartenance_education_prioritaire": priority,
             "etat": state, "nombre_d_eleves": pupils}
        )  # fmt: skip
    text = csv_text(SCHOOL_COLUMNS, rows)
    save_text(raw / "men_annuaire/2025/fr-en-annuaire-education-2025.csv", text, bom=True)


def write_health(raw: Path, shapes: Shapes) -> None:
    """Write the health establishments: two sections, no header, projected coordinates."""
    sites, places = [], []
    for number, name, category, commune, departement, quartier in FINESS:
        cells = [""] * 32
        cells[0], cells[1], cells[3] = "structureet", number, f"{name} (DEMO)"
        cells[12], cells[13], cells[18] = commune, departement, category
        sites.append(";".join(cells))
        if quartier:
            point = shapes.quartiers_2024[quartier].buffer(0).representative_point()
            x, y = Transformer.from_crs(4326, 2154, always_xy=True).transform(point.x, point.y)
            origin = "1,ATLASANTE,100,BAN,EPSG:2154 RGF93/Lambert-93"
            places.append(f"geolocalisation;{number};{x:.1f};{y:.1f};{origin};2025-01-01")
    text = "\n".join(["finess;etalab;0;2025-01-01", *sites, *places, ""])
    save_text(raw / "ans_finess/2025/etalab-cs1100507-stock-2025.csv", text)
