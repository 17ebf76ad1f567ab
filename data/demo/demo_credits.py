"""
Compose the invented credits: investment projects, subsidies, and the partners' own tables.

The tables of the partners take their titles from the catalogue, so that they stay those of the
template; their edge cases (total row, worked example, text amounts) are wanted.
"""

import csv
import tomllib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from demo_formats import archive, csv_text, save_bytes, save_text, words, workbook_bytes
from demo_territory import COMMUNES, EPCIS, commune_of
from openpyxl.workbook.workbook import Workbook

Generator = np.random.Generator
Cells = list[str | float | int | None]

DI19_COLUMNS = words(
    "id_projet id_dep id_terr nom_terr pop19 dotation echelon categorie description cout_total "
    "montant_sub pct_sub lat long"
)
DI18_COLUMNS = words(
    "IDENTIFIANT DOT ECHELON INSEEDEP INSEECOM INSEEEPCI CODGEO BENEFICIAIRE NUMCATEGORIE "
    "CATGEORIE DESCRIPTION COUT SUBVENTION LEVIER LIBGEO LAT LONG POP18"
)
SCDL_COLUMNS = words(
    "nomAttribuant idAttribuant dateConvention referenceDecision nomBeneficiaire idBeneficiaire "
    "objet montant nature conditionsVersement datesPeriodeVersement idRAE notificationUE "
    "pourcentageSubvention"
)
KINDS_OF_PROJECT = (
    ("4 - Education", "Rénovation du groupe scolaire", 210_000),
    ("3 - Environnement, transition énergétique et écologie", "Isolation de la mairie", 64_000),
    ("7 - Construction, habitat, urbanisme et transport", "Réfection de la place", 118_000),
    ("1 - Santé, sanitaire et social", "Maison de santé", 340_000),
)
SMALL = 20_000  # inhabitants under which a commune gets DETR, as the rule of thumb goes
CATEGORIES_2018 = ("Éducation", "Environnement, transition énergétique et écologie")
TEMPLATES = Path(__file__).resolve().parents[1] / "catalogue" / "templates"

# exercice, financeur, nom, programme, nature, thème, étape, maille, code, intitulé, montant,
# bénéficiaires, preuve, source
CREDITS: tuple[Cells, ...] = (
    [2024, "caf", "Caf fictive", "Accompagnement à la scolarité", "droit_commun", "education",
     "cp", "qp", "QN09901M", "Quatre groupes d'enfants", 24_800.5, 61, "B", "Bilan (démo)"],
    [2024, "caf", "Caf fictive", "Accompagnement à la scolarité", "droit_commun", "education",
     "cp", "epci", "200099011", "Toute l'intercommunalité", "96 400,00", 402, "B", "Bilan (démo)"],
    [2024, "departement", None, "Protection maternelle et infantile", "droit_commun", "sante",
     "cp", "qp", "QN09901M", "Consultations", "41\u202f250", 118, "A", "Adresses (démo)"],
    [2024, "departement", None, "Protection maternelle et infantile", "droit_commun", "sante",
     "cp", "epci", "200099011", "Consultations", 310_000, 720, "A", "Adresses (démo)"],
    [2024, "region", None, "Formation des demandeurs d'emploi", "droit_commun", "emploi",
     "ae", "epci", "200099011", "Parcours", 512_300.75, 640, "A", "Adresses (démo)"],
    [2024, "region", None, "Formation des demandeurs d'emploi", "droit_commun", "emploi",
     "ae", "qp", "QN09901M", "Parcours", 38_900, 49, "C", "Part des inscrits (démo)"],
    [2024, "commune", "Valmer-sur-Ondre", "Médiathèque", "droit_commun", "culture_sport",
     "cp", "qp", "QN09902M", "Part selon la population", 57_300, None, "D", "Clé (démo)"],
    [2024, "etat", None, "Contrat de ville, P147", "specifique", "education",
     "cp", "qp", "QN09901M", "Programme de réussite éducative", 88_000, 95, "A", "Adresses (démo)"],
    [2024, "etat", None, "Contrat de ville, P147", "specifique", "emploi",
     "cp", "contrat", "CN09902M", "Chantier d'insertion", 45_000, 14, "A", "Adresses (démo)"],
    [2023, "caf", "Caf fictive", "Accompagnement à la scolarité", "droit_commun", "education",
     "cp", "qp", "QP099004", "Trois groupes d'enfants", 21_900, 55, "B", "Bilan (démo)"],
    # known for the whole commune only: the part of the quartier can but be bounded
    [2024, "commune", "Valmer-sur-Ondre", "Restauration scolaire à tarif social", "droit_commun",
     "education", "cp", "commune", "99001", "Toutes les écoles", 512_000, 1_240, "A",
     "Inscriptions (démo)"],
    # a second year: specific credits rise while ordinary ones fall behind
    [2025, "caf", "Caf fictive", "Accompagnement à la scolarité", "droit_commun", "education",
     "cp", "qp", "QN09901M", "Quatre groupes d'enfants", 25_400, 58, "B", "Bilan (démo)"],
    [2025, "caf", "Caf fictive", "Accompagnement à la scolarité", "droit_commun", "education",
     "cp", "epci", "200099011", "Toute l'intercommunalité", 101_200, 431, "B", "Bilan (démo)"],
    [2025, "departement", None, "Protection maternelle et infantile", "droit_commun", "sante",
     "cp", "qp", "QN09901M", "Consultations", 39_800, 112, "A", "Adresses (démo)"],
    [2025, "departement", None, "Protection maternelle et infantile", "droit_commun", "sante",
     "cp", "epci", "200099011", "Consultations", 322_000, 741, "A", "Adresses (démo)"],
    [2025, "etat", None, "Contrat de ville, P147", "specifique", "education",
     "cp", "qp", "QN09901M", "Programme de réussite éducative", 96_500, 101, "A",
     "Adresses (démo)"],
)  # fmt: skip

# exercice, service, unité, dessert, maille, code, usagers, postes, vacants, agents, moins de
# trois ans, contractuels, départs, heures dues, non remplacées, délai, source
STAFF: tuple[Cells, ...] = (
    [2024, "École élémentaire", "École des Ormeaux (démo)", "quartier", "qp", "QN09901M",
     248, "12,5", 1.5, 12, 7, 4, 5, 8_900, 540, None, "Invention"],
    [2024, "École élémentaire", "École du Centre (démo)", "reference", "commune", "99001",
     231, 11, 0, 11, 2, 1, 1, 8_300, 130, None, "Invention"],
    [2024, "Protection maternelle et infantile", "Centre des Ormeaux (démo)", "quartier", "qp",
     "QN09901M", 410, 5, 2, 3, 2, 1, 2, None, None, 63, "Invention"],
    [2024, "Protection maternelle et infantile", "Centre-ville (démo)", "reference", "commune",
     "99001", 388, 5, 0.5, 5, 1, 0, 0, None, None, 28, "Invention"],
)  # fmt: skip


def write_projects(raw: Path, rng: Generator) -> None:
    """Write DETR and DSIL projects: a workbook for 2019, an OpenDocument sheet for 2018."""
    rows: list[Cells] = []
    for commune in COMMUNES:
        for number in range(int(rng.integers(1, 4))):
            category, words_, usual = KINDS_OF_PROJECT[int(rng.integers(len(KINDS_OF_PROJECT)))]
            fund = "DETR" if commune.population < SMALL else "DSIL"
            cost = round(usual * float(rng.uniform(0.5, 1.6)), 2)
            grant = round(cost * float(rng.uniform(0.2, 0.6)), 2)
            rows.append([
                f"di19_com{len(rows) + 1:05d}", commune.departement[0], commune.code,
                commune.name, commune.population, fund, "commune", category,
                f"{words_} (démo {number + 1})", cost, grant, grant / cost, "48.0", "2.9",
            ])  # fmt: skip
    epci = EPCIS[0]
    rows.append([
        f"di19_epci{len(rows) + 1:05d}", "99", epci.code, epci.name, 85_570, "DSIL", "epci",
        "5 - Actions et services publics", "Maison des services (démo)", 400_000, 160_000.55,
        0.4, "48.0", "2.9",
    ])  # fmt: skip
    workbook = Workbook()
    notice = workbook.worksheets[0]
    notice.title = "infos"
    notice.append(["Projets inventés de toutes pièces (démonstration)"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the real sheet has this name of 36 characters
        sheet = workbook.create_sheet("Projets_dotations_investissement_2019")
    for row in [DI19_COLUMNS, *rows]:
        sheet.append(list(row))
    path = raw / "dgcl_projets_investissement_2019/2019/projets_dotations_investissement_2019.xlsx"
    save_bytes(path, workbook_bytes(workbook))
    _write_projects_2018(raw, rng)


def _write_projects_2018(raw: Path, rng: Generator) -> None:
    rows: list[Cells] = []
    for position, commune in enumerate(COMMUNES, start=1):
        cost = int(rng.integers(20_000, 300_000))
        grant = round(cost * float(rng.uniform(0.2, 0.5)), 2)
        share = f"{grant / cost:.10f}".replace(".", ",")
        fund = "DETR" if commune.population < SMALL else "DSIL"
        rows.append([
            f"2018DI{position:05d}", fund, "Commune", commune.departement[0], commune.code, 0,
            commune.code, commune.name.upper(), 4, CATEGORIES_2018[position % 2],
            "Travaux (démo)", str(cost), grant, share, commune.name, 48.0, 2.9,
            commune.population,
        ])  # fmt: skip
    rows.append([
        "2018DI09999", "DSIL", "Syndicat", "99", "", 0, "", "SIVOM imaginaire", 7,
        "Contrat de ruralité", "Achat de matériel (démo)", "5672", 2836.04, "0,5", "", 0, 0, 0,
    ])  # fmt: skip
    content = _ods([("Projets_DI_2018", [list(DI18_COLUMNS), *rows])])
    save_bytes(raw / "dgcl_projets_investissement_2018/2018/Projets_DI_2018.ods", content)


def _ods(sheets: list[tuple[str, list[Cells]]]) -> bytes:
    """Compose an OpenDocument workbook of values."""
    tables = ""
    for name, rows in sheets:
        lines = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>"
                        for row in rows)  # fmt: skip
        tables += f'<table:table table:name="{name}">{lines}</table:table>'
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} '
        'office:version="1.2"><office:body><office:spreadsheet>'
        f"{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
        f'manifest:version="1.2"><manifest:file-entry manifest:full-path="/" '
        f'manifest:media-type="{kind}"/><manifest:file-entry manifest:full-path="content.xml" '
        'manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return archive(
        [("mimetype", kind.encode()), ("content.xml", content.encode()),
         ("META-INF/manifest.xml", manifest.encode())]
    )  # fmt: skip


def _ods_cell(value: str | float | None) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, str):
        text = value.replace("&", "&amp;").replace("<", "&lt;")
        return (
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p>'
            "</table:table-cell>"
        )
    return (
        f'<table:table-cell office:value-type="float" office:value="{value}">'
        f"<text:p>{value}</text:p></table:table-cell>"
    )


def write_subsidies(raw: Path) -> None:
    """Write the subsidies of an EPCI and of a commune, in the common schema of local data."""
    epci, commune = EPCIS[0], commune_of("99001")
    lines = (
        (epci.name, f"{epci.code}00014", "2024-03-28", "2024-C-041", "Régie des Ormeaux",
         "99000000100010", "Entretien et insertion", "32000"),
        (epci.name, f"{epci.code}00014", "2024-03-28", "2024-C-042", "Maison de quartier",
         "99000000600019", "Activités d'été", "7450.50"),
        (epci.name, f"{epci.code}00014", "2024-06-20", "2024-C-077", "Centre social",
         "99000000400014", "Permanences d'accès aux droits", "18200"),
        (commune.name, "21990001000015", "2024-04-11", "2024-D-012", "Club sportif fictif",
         "99000000700017", "Fonctionnement, saison 2024", "12600"),
        (commune.name, "21990001000015", "2024-04-11", "2024-D-013", "Association des parents",
         "99000000800015", "Aide aux devoirs", ""),
    )  # fmt: skip
    rows = [
        dict(zip(SCDL_COLUMNS, line, strict=False))
        | {"nature": "aide en numéraire", "conditionsVersement": "unique",
           "datesPeriodeVersement": line[2], "notificationUE": "non",
           "pourcentageSubvention": "1"}
        for line in lines
    ]  # fmt: skip
    text = csv_text(SCDL_COLUMNS, rows, separator=",", quoting=csv.QUOTE_MINIMAL)
    save_text(raw / "scdl_subventions/2024/subventions-2024.csv", text)


def write_partner_tables(raw: Path) -> None:
    """Write the inventory of credits and the table of staff, filled in by invented partners."""
    credits_ = [["", *row] for row in CREDITS]
    total = sum(
        value if isinstance(value, int | float) else _text_amount(str(value))
        for value in (row[10] for row in CREDITS)
        if value is not None
    )
    width = len(CREDITS[0]) + 1
    credits_.append(["TOTAL", *[None] * 10, total, *[None] * (width - 12)])
    _write_table(raw, "funding", credits_, "inventaire-credits-2024.xlsx")
    _write_table(raw, "staff", [["", *row] for row in STAFF], "moyens-humains-2024.xlsx")


def _text_amount(text: str) -> float:
    return float(text.replace("\u202f", "").replace(" ", "").replace(",", "."))


def _write_table(raw: Path, name: str, rows: list[list[Any]], file: str) -> None:
    content = tomllib.loads((TEMPLATES / f"{name}.toml").read_text(encoding="utf-8"))
    template = content["template"][0]
    workbook = Workbook()
    notice = workbook.worksheets[0]
    notice.title = "Notice"
    notice.append(["Tableau inventé (démonstration)"])
    sheet = workbook.create_sheet(template["sheet"])
    sheet.append([field["title"] for field in template["fields"]])
    sheet.append([field.get("example") for field in template["fields"]])
    for row in rows:
        sheet.append(row)
    save_bytes(raw / template["source"] / "2024" / file, workbook_bytes(workbook))
