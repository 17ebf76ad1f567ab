"""Compose the invented maps and lists of places: quartiers, communes, official geography."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from demo_formats import (
    archive,
    csv_text,
    feature_collection,
    json_lines,
    save_bytes,
    save_geopackage,
    save_text,
    words,
)
from demo_geometry import G, Shapes, rings
from demo_territory import (
    COMMUNES,
    DELEGATED,
    DEPARTEMENT,
    EPCIS,
    METROPOLITAN,
    OVERSEAS_DEPARTEMENT,
    OVERSEAS_REGION,
    QUARTIERS_2015,
    QUARTIERS_2024,
    REGION,
    Commune,
    Epci,
    Quartier,
    commune_of,
    epci_codes,
    epci_of,
)
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

CRS84 = "urn:ogc:def:crs:OGC:1.3:CRS84"
TO_LAMBERT = Transformer.from_crs("EPSG:4326", "EPSG:2154", always_xy=True)
LAMBERT_93 = "urn:ogc:def:crs:EPSG::2154"
HEXAGONE = "QP2024_France_Hexagonale_LB93"
WORLD = "QP2024_France_Hexagonale_Outre_Mer_WGS84"

LIST_COLUMNS = words(
    "code_qp lib_qp insee_reg lib_reg insee_dep lib_dep insee_com lib_com siren_epci lib_epci"
)
LIST_WIDTH = 14
EXCEL_FORMULA = "QN09907M"
EPCI_COLUMNS = ["CODGEO", "LIBGEO", "EPCI", "LIBEPCI", "DEP", "REG"]
# The 2015 map writes some names otherwise than the official geography: an old commune, no
# ligature, two spaces after a comma.
FREE_SPELLINGS = {
    "QP099005": "Pont-Ardelle,  Castelondre",
    "QP099008": "Coeurdanne",
    "QP099011": DELEGATED[1],
}


def to_lambert(shape: G) -> G:
    """Project a geometry to Lambert 93, rounded to ten centimetres."""

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(np.column_stack(TO_LAMBERT.transform(*points.T)), 1)

    return shapely.transform(shape, project)


def write_perimeters_2024(raw: Path, shapes: Shapes) -> None:
    """Write the ZIP of the 2024 perimeters: one GeoJSON a CRS, as ANCT publishes it."""
    perimeters = shapes.quartiers_2024
    world = [
        _feature(rank, quartier, perimeters[quartier.code])
        for rank, quartier in enumerate(QUARTIERS_2024, start=1)
    ]
    hexagone = [
        _feature(rank, quartier, to_lambert(perimeters[quartier.code]))
        for rank, quartier in enumerate(QUARTIERS_2024, start=1)
        if not quartier.overseas
    ]
    members = [
        (f"GEOJSON/{HEXAGONE}.geojson", hexagone, HEXAGONE, LAMBERT_93),
        (f"GEOJSON/{WORLD}.geojson", world, WORLD, CRS84),
    ]
    content = archive(
        (path, feature_collection(features, name=name, crs=crs).encode())
        for path, features, name, crs in members
    )
    save_bytes(raw / "anct_qpv2024_perimetres/2024/qpv-2024-geojson.zip", content)


def _feature(rank: int, quartier: Quartier, shape: BaseGeometry) -> dict[str, Any]:
    first = commune_of(quartier.communes[0])
    properties = {
        "fid": float(rank),
        "code_qp": quartier.code,
        "lib_qp": quartier.label,
        "insee_reg": first.region[0],
        "lib_reg": first.region[1],
        "insee_dep": first.departement[0],
        "lib_dep": first.departement[1],
        "insee_com": ", ".join(quartier.communes),
        "lib_com": ", ".join(commune_of(code).name for code in quartier.communes),
        "siren_epci": ", ".join(epci_codes(quartier)),
    }
    geometry = {"type": shape.geom_type, "coordinates": rings(shape)}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def write_list_2024(raw: Path) -> None:
    """Write the list of the 2024 quartiers, with its two spellings of several communes."""
    rows = [_list_row(quartier) for quartier in QUARTIERS_2024]
    text = csv_text(LIST_COLUMNS, [*rows, {}], newline="\r\n", width=LIST_WIDTH)
    save_text(raw / "anct_qpv2024_liste/2024/listeqp2024-cog2024.csv", text, bom=True)


def _list_row(quartier: Quartier) -> dict[str, str]:
    first = commune_of(quartier.communes[0])
    codes = "; ".join(quartier.communes)
    if quartier.code == EXCEL_FORMULA:
        codes = f'="{";".join(quartier.communes)}"'
    names = {epci.code: epci.name for epci in EPCIS}
    return {
        "code_qp": quartier.code,
        "lib_qp": quartier.label,
        "insee_reg": first.region[0],
        "lib_reg": first.region[1],
        "insee_dep": first.departement[0],
        "lib_dep": first.departement[1],
        "insee_com": codes,
        "lib_com": "; ".join(commune_of(code).name for code in quartier.communes),
        "siren_epci": "; ".join(epci_codes(quartier)),
        "lib_epci": "; ".join(names[code] for code in epci_codes(quartier)),
    }


def write_perimeters_2015(raw: Path, shapes: Shapes) -> None:
    """Write the GeoPackage of the 2015 perimeters, with the communes of the time."""
    quartiers = {
        "CODE_QP": [q.code for q in QUARTIERS_2015],
        "NOM_QP": [q.label for q in QUARTIERS_2015],
        "COMMUNE_QP": [_free_names(q) for q in QUARTIERS_2015],
    }
    polygons = [to_lambert(shapes.quartiers_2015[q.code]) for q in QUARTIERS_2015]
    communes = [_admin_express(commune) for commune in METROPOLITAN]
    outlines = [shapely.MultiPolygon([to_lambert(shapes.communes[c.code])]) for c in METROPOLITAN]
    columns: dict[str, Any] = {name: [row[name] for row in communes] for name in communes[0]}
    columns["POPULATION"] = np.array(columns["POPULATION"], dtype="int32")
    layers = {
        "cities": gpd.GeoDataFrame(columns, geometry=outlines, crs="EPSG:2154"),
        "qpvs": gpd.GeoDataFrame(quartiers, geometry=polygons, crs="EPSG:2154"),
    }
    save_geopackage(raw / "anct_qpv2015_perimetres/2015/qp2015.gpkg", layers)


def _free_names(quartier: Quartier) -> str:
    names = ", ".join(commune_of(code).name for code in quartier.communes)
    return FREE_SPELLINGS.get(quartier.code, names)


def _admin_express(commune: Commune) -> dict[str, Any]:
    seat = commune.code == METROPOLITAN[0].code
    return {
        "ID": f"COMMUNE_00000000{commune.code}000",
        "NOM": commune.name,
        "NOM_M": commune.name.upper(),
        "INSEE_COM": commune.code,
        "STATUT": "Préfecture de région" if seat else "Commune simple",
        "POPULATION": commune.population,
        "INSEE_CAN": "NR" if seat else "01",
        "INSEE_ARR": "1",
        "INSEE_DEP": commune.departement[0],
        "INSEE_REG": commune.region[0],
        "SIREN_EPCI": commune.epci,
    }


def write_contours(raw: Path, shapes: Shapes) -> None:
    """Write the contours of communes and départements, on one line as france-geojson does."""
    folder = raw / "contours_communes/2018"
    outlines = [(c.code, c.name, shapes.communes[c.code]) for c in COMMUNES]
    save_text(folder / "communes-demo.geojson", _contours(outlines))
    mainland = shapely.union_all([shapes.communes[c.code] for c in METROPOLITAN])
    departements = [
        (*DEPARTEMENT, mainland),
        (*OVERSEAS_DEPARTEMENT, shapes.communes["97490"]),
    ]
    save_text(folder / "departements-demo.geojson", _contours(departements))


def _contours(places: Sequence[tuple[str, str, BaseGeometry]]) -> str:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": shape.geom_type, "coordinates": rings(shape)},
            "properties": {"code": code, "nom": name},
        }
        for code, name, shape in places
    ]
    document = {"type": "FeatureCollection", "features": features}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def write_official_geography(raw: Path) -> None:
    """Write communes, EPCI, départements and régions as JSON lists, one record a line."""
    folder = raw / "cog_decoupage/2026"
    communes = [_commune_record(c) for c in METROPOLITAN]
    overseas = [_commune_record(c) for c in COMMUNES if c not in METROPOLITAN]
    records = [*communes, _delegated_record(), *overseas]
    save_text(folder / "communes.json", json_lines(records))
    save_text(folder / "epci.json", json_lines([_epci_record(epci) for epci in EPCIS]))
    zones = (
        (DEPARTEMENT, REGION, "99001", "metro"),
        (OVERSEAS_DEPARTEMENT, OVERSEAS_REGION, "97490", "drom"),
    )
    departements = [
        {"code": dep[0], "region": reg[0], "chefLieu": seat, "nom": dep[1]}
        | {"typeLiaison": 0, "zone": zone}
        for dep, reg, seat, zone in zones
    ]
    regions = [
        {"code": reg[0], "chefLieu": seat, "nom": reg[1], "typeLiaison": 0, "zone": zone}
        for _, reg, seat, zone in sorted(zones, key=lambda entry: entry[1])
    ]
    save_text(folder / "departements.json", json_lines(departements))
    save_text(folder / "regions.json", json_lines(regions))


def _commune_record(commune: Commune) -> dict[str, Any]:
    departement = commune.departement[0]
    record: dict[str, Any] = {
        "code": commune.code,
        "nom": commune.name,
        "typeLiaison": 0,
        "zone": "metro" if commune in METROPOLITAN else "drom",
        "arrondissement": f"{departement}1",
        "departement": departement,
        "region": commune.region[0],
        "type": "commune-actuelle",
        "rangChefLieu": 4 if commune.code == "99001" else 0,
    }
    if commune.code == DELEGATED[2]:
        record["anciensCodes"] = [DELEGATED[0]]
    return record | {
        "siren": _siren(commune),
        "codesPostaux": [commune.postcode],
        "population": commune.population,
    }


def _siren(commune: Commune) -> str:
    return f"21{commune.code[:2]}0{commune.code[2:]}0"


def _delegated_record() -> dict[str, Any]:
    code, name, seat = DELEGATED
    return {
        "code": code,
        "nom": name,
        "typeLiaison": 0,
        "zone": "metro",
        "type": "commune-deleguee",
        "chefLieu": seat,
        "arrondissement": f"{DEPARTEMENT[0]}1",
        "departement": DEPARTEMENT[0],
        "region": REGION[0],
    }


def _epci_record(epci: Epci) -> dict[str, Any]:
    members = [c for c in COMMUNES if c.epci == epci.code]
    members.sort(key=lambda c: -c.population)
    population = sum(c.population for c in members)
    return {
        "code": epci.code,
        "nom": epci.name,
        "type": epci.kind,
        "modeFinancement": "FPU",
        "populationTotale": round(population * 1.018),
        "populationMunicipale": population,
        "membres": [
            {
                "code": c.code,
                "siren": _siren(c),
                "nom": c.name,
                "populationTotale": round(c.population * 1.018),
                "populationMunicipale": c.population,
            }
            for c in members
        ],
    }


def write_epci_2020(raw: Path) -> None:
    """Write the table of communes and EPCI of 2020, which still bears the former SIREN."""
    rows = [
        dict(
            zip(
                EPCI_COLUMNS,
                (
                    *(c.code, c.name, epci_of(c).former_code, epci_of(c).name),
                    *(c.departement[0], c.region[0]),
                ),
                strict=True,
            )
        )
        for c in COMMUNES
    ]
    text = csv_text(EPCI_COLUMNS, rows, newline="\r\n", last_newline=False)
    save_text(raw / "insee_epci_communes/2020/EPCI_2020.csv", text, bom=True)
