"""
Write the invented demo data set of qpvkit, in the formats of the official files.

The territory, its inhabitants and every figure are made up; only the shape of the files is that
of the official ones, with their habits (BOM, separators, spaces of thousands, empty trailing
columns, `Ensemble` rows). Two runs with the same libraries write the same bytes.

Examples
--------
Write the set again, beside this script::

    python data/demo/generate.py
"""

import argparse
from pathlib import Path

import demo_compiled
import demo_context
import demo_credits
import demo_equipment
import demo_geometry
import demo_income
import demo_maps
import demo_quartiers
import demo_references
import demo_services
import numpy as np
from demo_formats import save_text

SEED = 990
NOTICE = """JEU DE DÉMONSTRATION ENTIÈREMENT INVENTÉ

Les fichiers de ce dossier ont la forme des fichiers officiels, mais rien n'y est vrai : ni les
territoires (département 99, région 99, commune 97490), ni les quartiers, ni un seul chiffre.
Aucun résultat tiré de ces fichiers ne décrit un quartier prioritaire réel.

Produit par data/demo/generate.py (graine 990).
"""


def generate(out: Path) -> None:
    """
    Write the whole data set.

    Parameters
    ----------
    out
        Folder in which `raw/` is written; files that exist are replaced.
    """
    raw = out / "raw"
    rng = np.random.default_rng(SEED)
    maps, income, quartiers, references, context = rng.spawn(5)
    credits_, equipment = rng.spawn(2)
    save_text(raw / "DEMO.txt", NOTICE)
    shapes = write_places(raw, maps)
    demo_income.write_filosofi_2019(raw, income)
    poverty = demo_income.write_filosofi_2021(raw, income)
    demo_income.write_revenues(raw, income)
    demo_quartiers.write_demography(raw, quartiers)
    demo_quartiers.write_insertion(raw, quartiers)
    demo_compiled.write_rpls(raw, quartiers)
    demo_compiled.write_compiled(raw, poverty, quartiers)
    demo_references.write_filosofi_levels(raw, references)
    demo_references.write_filosofi_communes(raw, references)
    demo_references.write_poverty_workbook(raw, references)
    demo_context.write_neet(raw, context)
    demo_context.write_schools(raw)
    demo_context.write_crime(raw, context)
    demo_context.write_caf_iris(raw, context)
    demo_credits.write_projects(raw, credits_)
    demo_credits.write_subsidies(raw)
    demo_credits.write_partner_tables(raw)
    demo_equipment.write_equipment(raw, shapes, equipment)
    demo_equipment.write_school_list(raw, shapes)
    demo_equipment.write_health(raw, shapes)


def write_places(raw: Path, rng: np.random.Generator) -> demo_geometry.Shapes:
    """Write what has a place on the map, and give the shapes that the other files stand on."""
    shapes = demo_geometry.draw_shapes(rng)
    demo_maps.write_perimeters_2024(raw, shapes)
    demo_maps.write_list_2024(raw)
    demo_maps.write_perimeters_2015(raw, shapes)
    demo_maps.write_contours(raw, shapes)
    demo_maps.write_official_geography(raw)
    demo_maps.write_epci_2020(raw)
    demo_services.write_france_services(raw, shapes)
    demo_services.write_posts(raw)
    demo_services.write_contracts(raw, shapes)
    return shapes


def main() -> None:
    """Read the command line and write the data set."""
    parser = argparse.ArgumentParser(description="Écrit le jeu de démonstration, inventé.")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).parent,
        help="dossier où écrire raw/ (par défaut : celui du script)",
    )
    generate(parser.parse_args().out)


if __name__ == "__main__":
    main()
