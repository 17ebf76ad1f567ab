"""The `qpvkit` command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import pandas as pd
import typer

from qpvkit import console
from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.codes import ZONINGS, Kind, Zoning
from qpvkit.console import STDERR, STDOUT, Format, print_table
from qpvkit.errors import QpvkitError, UnknownNameError, near_names
from qpvkit.formats import plural
from qpvkit.load import intake
from qpvkit.load.store import Store, open_store
from qpvkit.load.territories import check_kind, find_territory, load_territories
from qpvkit.settings import Settings, load_settings

app = typer.Typer(
    name="qpvkit",
    help="Diagnostics des quartiers prioritaires pour les contrats de ville 2024-2030.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_NOTEBOOK: Final = "10_diagnostic_qp"
_LISTS: Final = ("indicateurs", "themes", "sources", "fichiers", "notebooks")

DatasetOption = Annotated[
    str | None,
    typer.Option("--dataset", help="Jeu de données : demo (fourni, inventé) ou france (le vôtre)."),
]
FormatOption = Annotated[
    Format, typer.Option("--format", help="Présentation : table, csv ou json (pour un script).")
]
RegionOption = Annotated[str | None, typer.Option("--region", help="Code région, par exemple 32.")]
DepartementOption = Annotated[
    str | None, typer.Option("--departement", help="Code département, par exemple 59.")
]
EpciOption = Annotated[str | None, typer.Option("--epci", help="SIREN de l'intercommunalité.")]
CommuneOption = Annotated[str | None, typer.Option("--commune", help="Code Insee de la commune.")]
ZoningOption = Annotated[
    int | None, typer.Option("--zoning", help="Géographie prioritaire : 2015 ou 2024.")
]


@app.command("add")
def add_command(
    paths: Annotated[list[Path], typer.Argument(help="Fichiers ou dossiers officiels.")],
    dataset: DatasetOption = "france",
    edition: Annotated[
        str, typer.Option("--edition", help="Édition, si le contenu ne permet pas de la dire.")
    ] = "",
    how: FormatOption = Format.TABLE,
) -> None:
    """Reconnaître des fichiers officiels par leur contenu et les ranger dans data/raw."""
    settings = load_settings(dataset)
    with console.progress("Lecture") as advance:
        taken = list(
            intake.add_files(paths, settings=settings, edition=edition, on_progress=advance)
        )
    rows = pd.DataFrame([intake.summary(item) for item in taken])
    if how is Format.TABLE:
        said = pd.DataFrame(
            {
                "résultat": rows["resultat"],
                "fichier": rows["fichier"],
                "ce que c'est": [intake.sentence(item) for item in taken],
            }
        )
        print_table(said, how)
    else:
        print_table(rows, how)
    counts = rows["resultat"].value_counts()
    STDERR.print(
        "  ".join(f"{name} : {count}" for name, count in counts.items())
        + f"\nFichiers rangés dans {settings.raw_dir}"
    )
    if (rows["resultat"] == "refusé").any():
        raise typer.Exit(1)


@app.command("template")
def template_command(
    name: Annotated[str, typer.Argument(help="funding (crédits) ou staff (moyens humains).")],
    output: Annotated[
        Path | None, typer.Option("--output", help="Fichier à écrire, .xlsx ou .csv.")
    ] = None,
) -> None:
    """Écrire un tableau vide à faire remplir par les partenaires, à relire par qpvkit add."""
    # openpyxl is slow to import, and needed here only
    from qpvkit.load.ledger.template import write_template  # noqa: PLC0415

    catalogue = load_catalogue(load_settings().catalogue_dir)
    template = catalogue.template(name)
    path = output or Path(f"modele-{template.id}.xlsx")
    STDOUT.print(f"Écrit : {write_template(template, path, catalogue=catalogue)}")


@app.command("list")
def list_command(
    what: Annotated[
        str,
        typer.Argument(
            help="qp, commune, epci, departement, region, france, "
            "indicateurs, themes, sources, fichiers ou notebooks."
        ),
    ],
    dataset: DatasetOption = None,
    zoning: ZoningOption = None,
    region: RegionOption = None,
    departement: DepartementOption = None,
    epci: EpciOption = None,
    commune: CommuneOption = None,
    how: FormatOption = Format.TABLE,
) -> None:
    """Lister des territoires, ou ce que déclare le catalogue."""
    settings = load_settings(dataset)
    if what in _LISTS:
        print_table(_list_of(what, settings), how)
        return
    kind = _kind_or_list(what)
    rows = load_territories(
        kind=kind, zoning=_zoning(zoning), region=region, departement=departement, epci=epci,
        commune=commune, settings=settings, store=_open(settings),
    )  # fmt: skip
    print_table(_displayed(rows, kind), how)
    STDERR.print(plural(len(rows), "territoire"))


@app.command("show")
def show_command(
    name: Annotated[str, typer.Argument(help="Code de territoire, indicateur ou source.")],
    dataset: DatasetOption = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Maille, quand le code est ambigu.")
    ] = None,
    how: FormatOption = Format.TABLE,
) -> None:
    """Montrer ce que l'on sait d'un territoire, d'un indicateur ou d'une source."""
    settings = load_settings(dataset)
    catalogue = load_catalogue(settings.catalogue_dir)
    if name in catalogue.indicators:
        print_table(_fields(catalogue.indicators[name].model_dump()), how, title=name)
        return
    if name in catalogue.sources:
        print_table(_fields(catalogue.sources[name].model_dump()), how, title=name)
        return
    store = _open(settings)
    chosen = check_kind(kind) if kind else None
    territory = find_territory(name, kind=chosen, settings=settings, store=store)
    rows = store.observations(kind=territory.kind, codes=[territory.code])
    labels = {item.id: item.short for item in catalogue.indicators.values()}
    rows = rows.assign(libelle=rows["indicator"].map(labels))
    columns = ["indicator", "libelle", "vintage", "value", "status", "base", "source"]
    print_table(rows[columns], how, title=f"{territory.code} – {territory.label}")


@app.command("check")
def check_command(
    dataset: DatasetOption = None,
    how: FormatOption = Format.TABLE,
) -> None:
    """Vérifier le catalogue et les fichiers rangés ; le code de sortie est 1 s'il y a un défaut."""
    settings = load_settings(dataset)
    catalogue = load_catalogue(settings.catalogue_dir)
    store = _open(settings)
    problems = [
        {"objet": path, "constat": part["problem"]}
        for path, state in store.manifest["files"].items()
        for part in state.get("parts", [])
        if "problem" in part
    ]
    rows = pd.DataFrame(_checked(catalogue, store) + problems, columns=["objet", "constat"])
    print_table(rows, how)
    if problems:
        STDERR.print(f"{plural(len(problems), 'fichier')} à remplacer.")
        raise typer.Exit(1)


@app.command("build")
def build_command(
    dataset: DatasetOption = None,
    zoning: ZoningOption = None,
    region: RegionOption = None,
    departement: DepartementOption = None,
    epci: EpciOption = None,
    commune: CommuneOption = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Seulement ce quartier (répétable).")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Au plus N rapports.")] = None,
    notebook: Annotated[str, typer.Option("--notebook", help="Notebook à exécuter.")] = _NOTEBOOK,
) -> None:
    """Produire un rapport par quartier, et une page d'accueil avec les liens."""
    # papermill and nbconvert are slow to import, and needed here only
    from qpvkit.publish.batch import run_batch  # noqa: PLC0415

    settings = load_settings(dataset)
    store = _open(settings)
    rows = load_territories(
        kind="qp", zoning=_zoning(zoning), region=region, departement=departement, epci=epci,
        commune=commune, settings=settings, store=store,
    )  # fmt: skip
    if only:
        codes = [
            find_territory(code, kind="qp", settings=settings, store=store).code for code in only
        ]
        rows = rows.set_index("code").loc[codes].reset_index()
    rows = rows.head(limit) if limit else rows
    if rows.empty:
        msg = "Aucun quartier ne répond à ces critères : qpvkit list qp"
        raise QpvkitError(msg)
    with console.progress("Rapports", unit="rapports") as advance:
        result = run_batch(
            notebook, list(rows["code"]), settings=settings, territories=rows, on_progress=advance
        )
    for code, message in result.failures.items():
        STDERR.print(f"[bold]{code}[/bold] : {message}", markup=True)
    STDOUT.print(f"{plural(len(result.reports), 'rapport')} ; page d'accueil : {result.index}")
    if result.failures:
        STDERR.print(f"{plural(len(result.failures), 'échec')}, voir la page d'accueil.")
        raise typer.Exit(1)


@app.command("run")
def run_command(
    notebook: Annotated[str, typer.Argument(help="Nom du notebook, par exemple 10_diagnostic_qp.")],
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="Paramètre du notebook, nom=valeur (répétable)."),
    ] = None,
    dataset: DatasetOption = None,
    output: Annotated[Path | None, typer.Option("--output", help="Fichier HTML à écrire.")] = None,
) -> None:
    """Exécuter un notebook et l'exporter en une page HTML autonome."""
    from qpvkit.publish.report import run_report  # noqa: PLC0415 - slow to import

    settings = load_settings(dataset)
    parameters = _parameters(values or [])
    store = _open(settings)
    if "code_qp" in parameters:
        code = parameters["code_qp"]
        found = find_territory(code, kind="qp", settings=settings, store=store)
        parameters["code_qp"] = found.code
    if dataset is not None or "dataset" not in parameters:
        parameters["dataset"] = settings.dataset
    with STDERR.status("Exécution du notebook…"):
        path = run_report(notebook, parameters=parameters, settings=settings, output=output)
    STDOUT.print(f"Rapport : {path}")


@app.command("glossary")
def glossary_command(
    check: Annotated[
        bool, typer.Option("--check", help="Vérifier seulement que GLOSSAIRE.md est à jour.")
    ] = False,
) -> None:
    """Écrire GLOSSAIRE.md à partir du catalogue."""
    from qpvkit.show.glossary import write_glossary  # noqa: PLC0415

    settings = load_settings()
    text = write_glossary(load_catalogue(settings.catalogue_dir))
    path = settings.share / "GLOSSAIRE.md"
    current = path.read_text(encoding="utf-8") if path.exists() else ""
    if check and current != text:
        msg = "GLOSSAIRE.md n'est plus à jour avec le catalogue : qpvkit glossary"
        raise QpvkitError(msg)
    if not check:
        path.write_text(text, encoding="utf-8")
        STDOUT.print(f"Écrit : {path}")


# --- help for the commands ---------------------------------------------------------------------


def _open(settings: Settings) -> Store:
    with console.progress("Mise à jour des tables") as advance:
        return open_store(settings, on_progress=advance)


def _zoning(value: int | None) -> Zoning | None:
    for known in ZONINGS:
        if value == known:
            return known
    if value is None:
        return None
    raise UnknownNameError("géographie prioritaire inconnue", str(value), near=map(str, ZONINGS))


def _kind_or_list(what: str) -> Kind:
    try:
        return check_kind(what)
    except UnknownNameError as error:
        known = (*error.near, *_LISTS)
        raise UnknownNameError(
            "liste inconnue", what, near=near_names(what, known) or known
        ) from None


def _list_of(what: str, settings: Settings) -> pd.DataFrame:
    catalogue = load_catalogue(settings.catalogue_dir)
    if what == "fichiers":
        return _open(settings).files()
    if what == "notebooks":
        names = sorted(path.stem for path in settings.notebooks_dir.glob("*.ipynb"))
        return pd.DataFrame({"notebook": names})
    if what == "themes":
        counts = pd.Series([item.theme for item in catalogue.indicators.values()]).value_counts()
        return pd.DataFrame(
            [
                {
                    "theme": item.id, "libelle": item.label, "mesure_au_quartier": item.measured,
                    "indicateurs": int(counts.get(item.id, 0)),
                }
                for item in catalogue.themes.values()
            ]
        )  # fmt: skip
    if what == "sources":
        return pd.DataFrame(
            [
                {
                    "source": item.id, "producteur": item.producer, "titre": item.title,
                    "format": item.format, "maille": item.level, "lue": item.used,
                    "officielle": item.official,
                }
                for item in catalogue.sources.values()
            ]
        )  # fmt: skip
    return pd.DataFrame(
        [
            {
                "indicateur": item.id, "libelle": item.label, "theme": item.theme,
                "unite": item.unit, "sens": item.direction, "au_quartier": item.at_qp,
            }
            for item in catalogue.indicators.values()
        ]
    )  # fmt: skip


def _displayed(rows: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    columns = ["code", "label", "population"]
    if kind == "qp":
        columns = ["code", "label", "zoning", "communes", "departement", "region", "population"]
    return rows[columns]


def _fields(record: dict[str, Any]) -> pd.DataFrame:
    filled = {key: value for key, value in record.items() if value not in ("", (), {}, None)}
    return pd.DataFrame({"champ": list(filled), "valeur": [str(v) for v in filled.values()]})


def _checked(catalogue: Catalogue, store: Store) -> list[dict[str, str]]:
    """Say what the catalogue declares and what the store holds."""
    measured = sum(theme.measured for theme in catalogue.themes.values())
    at_qp = sum(item.at_qp for item in catalogue.indicators.values())
    counts = store.manifest["counts"]
    files = store.files()
    return [
        {
            "objet": "indicateurs",
            "constat": f"{len(catalogue.indicators)}, dont {at_qp} au quartier",
        },
        {"objet": "thèmes", "constat": f"{len(catalogue.themes)}, dont {measured} mesurés"},
        {"objet": "sources", "constat": f"{len(catalogue.sources)} déclarées"},
        {"objet": "fichiers lus", "constat": str(files["file"].nunique())},
        {"objet": "lignes lues", "constat": str(counts["rows"])},
        {"objet": "lignes écartées (notes, clés vides)", "constat": str(counts["ignored"])},
        {"objet": "valeurs masquées", "constat": str(counts["masked"])},
        {"objet": "contours réparés", "constat": str(counts["repaired"])},
        {"objet": "valeurs en conflit entre fichiers", "constat": str(counts["conflicts"])},
        {"objet": "noms de communes non résolus", "constat": str(counts["unresolved_communes"])},
    ]


def _parameters(values: list[str]) -> dict[str, str]:
    parameters = {}
    for value in values:
        name, mark, content = value.partition("=")
        if not mark or not name.strip():
            msg = f"--set {value} : écrivez nom=valeur, par exemple --set code_qp=QN09901M."
            raise QpvkitError(msg)
        parameters[name.strip()] = content.strip()
    return parameters


def main() -> None:
    """Run the command line; errors that a user can mend are one French sentence."""
    try:
        code = app(standalone_mode=False)
    except QpvkitError as error:
        STDERR.print(f"[bold]{type(error).__name__}[/bold] :", end=" ")
        STDERR.print(str(error), markup=False)
        sys.exit(1)
    except console.USAGE_ERROR as error:
        STDERR.print(console.usage_sentence(error, sys.argv[1:]), markup=False)
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        STDERR.print("Interrompu : ce qui était fait est gardé.")
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
