"""Say what a file is: which source, which edition, which vintage. Content decides, not the name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import EXAMPLES, KIND_LABELS
from qpvkit.errors import FileRefusedError
from qpvkit.load.parts import Part, header_names
from qpvkit.records import Edition, Source

FoundIn = Literal[
    "colonnes", "total publié", "nom du fichier", "dossier", "option", "titre", "lignes",
    "déclaration", "non précisé",
]  # fmt: skip

Headers = dict[tuple[int, int], tuple[str, ...]]  # (position, rows of header) → names

_HEADER_SEARCH: Final = 15
_SAMPLE_SHARE: Final = 0.8


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """A table whose nature is known.

    Attributes
    ----------
    part, source
        The table and the declaration that it matches.
    header
        Position of its header row.
    edition
        The publication; a year, or the empty string.
    vintages
        Year described, by group of columns; the empty group is the default. None: the source
        does not say it.
    found_in
        Where the edition or vintage was read.
    """

    part: Part
    source: Source
    header: int
    edition: str
    vintages: dict[str, int | None]
    found_in: FoundIn

    @property
    def names(self) -> tuple[str, ...]:
        """The column names."""
        return header_names(self.part.head, self.header, self.source.header_rows)

    @property
    def vintage(self) -> int | None:
        """The default vintage."""
        return self.vintages.get("")

    def frame(self) -> pd.DataFrame:
        """Return the rows that the source keeps."""
        frame = self.part.frame(self.header, self.source.header_rows)
        for pattern, rows in self.source.keep.items():
            column = find_column(tuple(map(str, frame.columns)), pattern)
            if column is not None:
                frame = frame.loc[frame[column].astype(str).str.fullmatch(rows)]
        return frame


def find_column(names: Sequence[str], pattern: str) -> str | None:
    """Return the first column whose whole name matches, case ignored; None for an empty pattern.

    Examples
    --------
    >>> find_column(["CODGEO", "DISP_MED_A21"], r"disp_(q2|med)_a\\d\\d")
    'DISP_MED_A21'
    """
    if not pattern:
        return None
    compiled = re.compile(pattern, re.IGNORECASE)
    return next((name for name in names if compiled.fullmatch(name)), None)


def role_of(frame: pd.DataFrame, source: Source, role: str) -> pd.Series | None:
    """Return the column that plays a part in a table, or None."""
    column = find_column(tuple(map(str, frame.columns)), getattr(source.roles, role))
    return None if column is None else frame[column]


def bad_code(recognition: Recognition, line: int, text: str) -> FileRefusedError:
    """Return the refusal of a code that cannot be read."""
    kind = recognition.source.kind
    example = "un code officiel"
    if kind != "" and kind != "auto":  # noqa: PLR1714 - narrows the type
        example = f"le code d'un territoire ({KIND_LABELS[kind]}), par exemple {EXAMPLES[kind]},"
    return FileRefusedError(
        recognition.part.path,
        where=f"{recognition.part.name} ligne {line}".strip(),
        problem=f"code illisible « {text} ».",
        expected=f"{example} dans la colonne {recognition.source.roles.key}.",
        action="reprenez le fichier d'origine : un tableur change les codes en nombres.",
    )


def recognise(
    part: Part, catalogue: Catalogue, *, edition: str = "", folder_edition: str = ""
) -> Recognition | None:
    """Find the declared source that a table matches, or None.

    Parameters
    ----------
    part
        A table of an opened file.
    edition
        Chosen by the analyst, when the content does not tell two editions apart.
    folder_edition
        The folder in which the file was filed before.

    Raises
    ------
    FileRefusedError
        The source is known, but not the edition: the message lists the candidates.
    """
    headers: Headers = {}
    matches = [
        (source, header)
        for source in catalogue.sources.values()
        if source.readable and (header := _header_of(part, source, headers)) is not None
    ]
    if not matches:
        return None
    source, header = max(matches, key=lambda match: len(match[0].requires))
    chosen, vintages, found_in = _vintages(part, source, header, edition, folder_edition)
    return Recognition(
        part=part, source=source, header=header, edition=chosen, vintages=vintages,
        found_in=found_in,
    )  # fmt: skip


def nearest_source(part: Part, catalogue: Catalogue) -> tuple[Source, tuple[str, ...]] | None:
    """Return the source that a table almost matches, with the columns that it lacks.

    Serves to say « il manque la colonne X » instead of « fichier inconnu » when at least two
    thirds of the expected columns are there.
    """
    best: tuple[float, Source, tuple[str, ...]] | None = None
    rows = part.head[: 1 if part.form in ("json", "vector") else _HEADER_SEARCH]
    for source in catalogue.sources.values():
        if len(source.requires) < 3 or (source.part and not re.search(source.part, part.name)):
            continue
        for names in rows:
            lacking = tuple(item for item in source.requires if find_column(names, item) is None)
            share = 1 - len(lacking) / len(source.requires)
            if lacking and share >= 2 / 3 and (best is None or share > best[0]):
                best = (share, source, lacking)
    return None if best is None else best[1:]


def _header_of(part: Part, source: Source, headers: Headers) -> int | None:
    """Return the position of the header that a source requires; `headers` remembers the names."""
    sheet = part.name.rsplit(" › ", 1)[-1]
    if source.part and not re.search(source.part, sheet):
        return None
    if source.skip_part and re.search(source.skip_part, part.name):
        return None
    if source.record_types:
        cells = [row[0] for row in part.head[1:] if row]
        return 0 if cells and all(cell in source.record_types for cell in cells) else None
    for position in range(min(_HEADER_SEARCH, len(part.head))):
        spot = (position, source.header_rows)
        if spot not in headers:
            headers[spot] = header_names(part.head, *spot)
        names = headers[spot]
        if all(find_column(names, pattern) for pattern in source.requires):
            refused = any(find_column(names, pattern) for pattern in source.forbids)
            return None if refused or not _sampled(part, source, position, names) else position
        if part.form in ("json", "vector"):
            return None
    return None


def _sampled(part: Part, source: Source, header: int, names: Sequence[str]) -> bool:
    for pattern, rows in source.sample.items():
        column = find_column(names, pattern)
        if column is None:
            return False
        place = list(names).index(column)
        cells = [row[place] for row in part.head[header + 1 :] if len(row) > place]
        hits = sum(1 for cell in cells if re.match(rows, cell))
        if not cells or hits < _SAMPLE_SHARE * len(cells):
            return False
    return True


def _vintages(
    part: Part, source: Source, header: int, edition: str, folder_edition: str
) -> tuple[str, dict[str, int | None], FoundIn]:
    names = header_names(part.head, header, source.header_rows)
    if source.vintage_from == "column":
        year = _year_in(names, source.vintage_pattern)
        return str(year), {"": year}, "colonnes"
    if source.vintage_from == "title":
        titles = [" ".join(row) for row in part.head[:header]]
        year = _year_in(titles, f".*{source.vintage_pattern}.*")
        if year is None:
            raise FileRefusedError(
                part.path,
                where=part.name,
                problem="le titre du tableau ne dit pas son année.",
                expected=f"un titre contenant « {source.vintage_pattern} ».",
                action="vérifiez que le classeur est celui de l'Insee, non retouché.",
            )
        return str(year), {"": year}, "titre"
    if source.vintage_from == "row":
        return "", {}, "lignes"
    if source.vintage_from == "unstated" or not source.editions:
        return "", {"": None}, "non précisé"
    chosen, found_in = _edition(part, source, header, edition, folder_edition)
    return chosen.id, {"": chosen.vintage, **chosen.vintages}, found_in


def _year_in(texts: Sequence[str], pattern: str) -> int | None:
    for text in texts:
        found = re.fullmatch(pattern, text, re.IGNORECASE)
        if found:
            digits = next(group for group in found.groups() if group)
            return int(digits) if len(digits) == 4 else 2000 + int(digits)
    return None


def _edition(
    part: Part, source: Source, header: int, asked: str, folder_edition: str
) -> tuple[Edition, FoundIn]:
    """Tell the edition: by its columns, its published totals, the analyst, the folder, the name."""
    names = header_names(part.head, header, source.header_rows)
    candidates = [
        item
        for item in source.editions
        if all(find_column(names, column) for column in item.has)
        and not any(find_column(names, column) for column in item.lacks)
    ]
    by_id = {item.id: item for item in candidates}
    if asked in by_id:
        return by_id[asked], "option"
    if asked and (len(candidates) != 1 or asked in {item.id for item in source.editions}):
        raise _unknown_edition(part, source, candidates or list(source.editions))
    if len(candidates) == 1:
        alone = len(source.editions) == 1
        return candidates[0], "déclaration" if alone else "colonnes"
    if len(candidates) > 1:
        totals = _totals(part, source, header, candidates)
        for item in candidates:
            if item.totals and all(totals.get(key) == value for key, value in item.totals.items()):
                return item, "total publié"
    if folder_edition in by_id:
        return by_id[folder_edition], "dossier"
    named = [item for item in candidates if item.name and re.search(item.name, part.path.name)]
    if len(named) == 1:
        return named[0], "nom du fichier"
    raise _unknown_edition(part, source, candidates or list(source.editions))


def _totals(
    part: Part, source: Source, header: int, candidates: Sequence[Edition]
) -> dict[str, float]:
    wanted = {column for item in candidates for column in item.totals}
    if not wanted:
        return {}
    frame = part.frame(header, source.header_rows)
    key = find_column(tuple(map(str, frame.columns)), source.roles.key)
    rows = frame.loc[~frame[key].isin(source.ensemble)] if key else frame
    plain = {
        column: rows[column].str.replace(r"\s", "", regex=True).str.replace(",", ".")
        for column in wanted & set(rows.columns)
    }
    return {
        column: float(pd.to_numeric(texts, errors="coerce").sum())
        for column, texts in plain.items()
    }


def _unknown_edition(part: Part, source: Source, candidates: Sequence[Edition]) -> FileRefusedError:
    listed = ", ".join(item.id for item in candidates)
    return FileRefusedError(
        part.path,
        where=part.name,
        problem=f"« {source.title} » reconnu, mais ni le contenu ni le nom ne disent l'édition.",
        expected=f"l'une des éditions {listed}.",
        action=f"qpvkit add {part.path.name} --edition ÉDITION",
    )


def folder_of(recognition: Recognition) -> Path:
    """Return where a file is filed below ``data/raw``: source, then edition or vintage."""
    return Path(recognition.source.id) / (recognition.edition or "sans-edition")
