"""Take in the files that an analyst has: recognise, check, file under ``data/raw``."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.errors import FileRefusedError, QpvkitError
from qpvkit.formats import THIN, plural
from qpvkit.load.cache import cached_table, file_digest
from qpvkit.load.files import open_parts
from qpvkit.load.ledger.door import look
from qpvkit.load.parts import Part
from qpvkit.load.sources import Recognition, folder_of, nearest_source, recognise
from qpvkit.load.store import Progress, raw_files
from qpvkit.settings import Settings

Outcome = Literal["ajouté", "remplacé", "déjà là", "inconnu", "refusé"]

_OLD: Final = ".anciens"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TakenTable:
    """What one table of a file was found to be."""

    name: str
    source: str
    title: str
    edition: str
    vintages: dict[str, int | None]
    found_in: str
    used: bool
    counts: dict[str, int]
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one file.

    Attributes
    ----------
    path, outcome
        The file, and whether it was filed, already there, unknown or refused.
    tables
        What its tables are.
    target
        Where it was filed.
    message
        Why it was refused or not recognised.
    """

    path: Path
    outcome: Outcome
    tables: tuple[TakenTable, ...] = ()
    target: Path | None = None
    message: str = ""


def walk(paths: Iterable[Path]) -> list[Path]:
    """Return the files behind paths, folders walked; hidden files are left alone.

    Raises
    ------
    QpvkitError
        A path does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (item for item in sorted(path.rglob("*")) if item.is_file())
            found += [
                item
                for item in inside
                if not any(step.startswith(".") for step in item.relative_to(path).parts)
            ]
        elif path.exists():
            found.append(path)
        else:
            msg = f"Chemin introuvable : {path}. Vérifiez l'orthographe (ls {path.parent})."
            raise QpvkitError(msg)
    return list(dict.fromkeys(item.resolve() for item in found))


def add_files(
    paths: Iterable[Path],
    *,
    settings: Settings,
    catalogue: Catalogue | None = None,
    edition: str = "",
    on_progress: Progress | None = None,
) -> Iterator[Taken]:
    """Recognise, check and file official files, one after the other.

    A file is read whole before it is filed, so that what is under ``data/raw`` can be read. An
    unknown or damaged file is reported and the others go on; nothing already filed is lost, a
    replaced file is kept under ``data/raw/.anciens``.

    Parameters
    ----------
    paths
        Files and folders.
    settings
        A data set that accepts files: ``france``.
    edition
        The edition, when the content does not tell it.

    Raises
    ------
    QpvkitError
        A path does not exist, or the data set is the embedded demo.
    """
    if settings.dataset == "demo":
        msg = "Le jeu « demo » est fourni avec qpvkit et ne se complète pas : --dataset france."
        raise QpvkitError(msg)
    catalogue = catalogue or load_catalogue(settings.catalogue_dir)
    files = walk(paths)
    local = [path for path in settings.local_dir.glob("*/*/*") if path.is_file()]
    filed = {path.resolve(): path for path in [*raw_files(settings).values(), *local]}
    digests = {file_digest(path): path for path in filed.values()}
    for step, path in enumerate(files, start=1):
        if on_progress:
            on_progress(path.name, step, len(files))
        taken = _take(path, settings, catalogue, edition, digests)
        if taken.target is not None:
            digests = {key: kept for key, kept in digests.items() if kept != taken.target}
            digests[file_digest(taken.target)] = taken.target
        yield taken


def _take(
    path: Path,
    settings: Settings,
    catalogue: Catalogue,
    edition: str,
    digests: dict[str, Path],
) -> Taken:
    try:
        sha256 = file_digest(path)
        parts = open_parts(path)
        found = [
            known
            for part in parts
            if (known := recognise(part, catalogue, edition=edition)) is not None
        ]
        if not found:
            return _unrecognised(path, parts, catalogue)
        tables = tuple(_table(known, settings, catalogue, sha256) for known in found)
    except FileRefusedError as error:
        return Taken(path=path, outcome="refusé", message=str(error))
    except OSError as error:
        return Taken(path=path, outcome="refusé", message=f"lecture impossible : {error}")
    if sha256 in digests:
        return Taken(path=path, outcome="déjà là", tables=tables, message=str(digests[sha256]))
    used = sorted(found, key=lambda known: not known.source.used)
    home = settings.local_dir if used[0].source.local else settings.raw_dir
    target, outcome = _file(path, home / folder_of(used[0]))
    return Taken(path=path, outcome=outcome, tables=tables, target=target)


def _table(known: Recognition, settings: Settings, catalogue: Catalogue, sha256: str) -> TakenTable:
    source = known.source
    counts: dict[str, int] = {}
    vintages = dict(known.vintages)
    note = ""
    if source.observed:
        table, record = cached_table(settings, catalogue, known, sha256)
        counts = record["counts"]
        if source.vintage_from == "row":
            years = table.observations["vintage"].dropna()
            vintages |= {str(year): int(year) for year in sorted(years.unique())}
    elif source.used:
        found = look(known, settings, catalogue, sha256=sha256)
        counts, note = {"rows": found.rows}, found.note
        vintages = {str(year): year for year in found.years}
    else:
        counts = {"rows": len(known.frame())}
    return TakenTable(
        name=known.part.name,
        source=source.id,
        title=source.title,
        edition=known.edition,
        vintages=vintages,
        found_in=known.found_in,
        used=source.used,
        counts=counts,
        note=note,
    )


def _unrecognised(path: Path, parts: list[Part], catalogue: Catalogue) -> Taken:
    for part in parts:
        near = nearest_source(part, catalogue)
        if near is not None:
            source, lacking = near
            where = f" ({part.name})" if part.name else ""
            message = (
                f"{path.name}{where} : ressemble à « {source.title} », mais il manque "
                f"{_columns(lacking)}. Reprenez le fichier d'origine du producteur "
                f"({source.producer}) sans retirer de colonne."
            )
            return Taken(path=path, outcome="refusé", message=message)
    what = "aucune table reconnue" if parts else "pas une table de données"
    return Taken(path=path, outcome="inconnu", message=what)


def _columns(lacking: tuple[str, ...]) -> str:
    names = ", ".join(lacking)
    return f"la colonne {names}" if len(lacking) == 1 else f"les colonnes {names}"


def _file(path: Path, folder: Path) -> tuple[Path, Outcome]:
    """Copy under a temporary name, then rename; what stood there is kept aside."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.name
    staging = folder / f".{path.name}.copie"
    shutil.copyfile(path, staging)
    outcome: Outcome = "ajouté"
    if target.exists():
        outcome = "remplacé"
        kept = folder.parent.parent / _OLD / f"{file_digest(target)[:8]}-{target.name}"
        kept.parent.mkdir(parents=True, exist_ok=True)
        target.replace(kept)
    staging.replace(target)
    return target, outcome


def summary(taken: Taken) -> dict[str, Any]:
    """Return one row for the report of ``qpvkit add``."""
    used = taken.tables
    years = sorted({year for table in used for year in table.vintages.values() if year})
    return {
        "fichier": taken.path.name,
        "resultat": taken.outcome,
        "source": ", ".join(dict.fromkeys(table.source for table in used)),
        "edition": ", ".join(dict.fromkeys(table.edition for table in used if table.edition)),
        "millesimes": ", ".join(map(str, years)),
        "lignes": sum(table.counts.get("rows", 0) for table in used),
        "masquees": sum(table.counts.get("masked", 0) for table in used),
        "message": taken.message,
    }


def sentence(taken: Taken) -> str:
    """Say in one French sentence what a file is, or why it was refused."""
    if not taken.tables:
        return taken.message
    return " + ".join(dict.fromkeys(_table_sentence(table) for table in taken.tables))


def _table_sentence(table: TakenTable) -> str:
    years = sorted({year for year in table.vintages.values() if year})
    masked = table.counts.get("masked", 0)
    parts = [
        table.title,
        f"édition {table.edition} ({table.found_in})" if table.edition else "",
        f"millésime{'s' if len(years) > 1 else ''} {', '.join(map(str, years))}" if years else "",
        "" if table.note else plural(table.counts.get("rows", 0), "ligne"),
        plural(masked, "valeur masquée", "valeurs masquées") if masked else "",
        table.note,
        "" if table.used else "classé, pas encore exploité",
    ]
    return " ; ".join(part for part in parts if part).replace(THIN, "")  # a terminal breaks there
