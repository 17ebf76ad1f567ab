"""Read a recognised table into tidy rows, following its declaration in the catalogue.

There is one reader, not one script a file: which column is the key, the label or an indicator,
what is masked and how, is declared in TOML. A new edition of a known table needs no code.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Final, cast

import geopandas as gpd
import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import zoning_of
from qpvkit.errors import FileRefusedError
from qpvkit.load import keys
from qpvkit.load.links import as_text, read_links
from qpvkit.load.shapes import repair
from qpvkit.load.sources import Recognition, bad_code, find_column, role_of
from qpvkit.load.values import read_values
from qpvkit.records import Column, Indicator, Source

READER_VERSION: Final = 1  # raise it when the same file and catalogue would give other rows

_CODE_LIKE: Final = r"(?i)Q[PN]\w*\d\w*"
OBSERVATION_COLUMNS: Final = (
    "kind", "code", "indicator", "vintage", "value", "status", "base", "source", "edition",
)  # fmt: skip
TERRITORY_COLUMNS: Final = ("kind", "code", "label", "population", "priority", "source")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What one table of one file gives.

    Attributes
    ----------
    territories, memberships, observations
        Tidy rows; see the ``*_COLUMNS`` constants.
    shapes
        Contours in EPSG:4326, columns ``kind``, ``code``, ``priority``, ``geometry``.
    counts
        ``rows`` read, ``ignored`` (notes, blank keys), ``masked`` values, ``repaired`` geometries,
        ``repeated`` rows.
    """

    territories: pd.DataFrame
    memberships: pd.DataFrame
    observations: pd.DataFrame
    shapes: gpd.GeoDataFrame
    counts: dict[str, int]


def read_table(recognition: Recognition, catalogue: Catalogue) -> Tables:
    """Read one recognised table.

    Raises
    ------
    FileRefusedError
        A code, a value or a geometry that cannot be read, a key given twice, two maps of
        quartiers mixed: with the line, the column, what was expected and what to do.
    """
    source = recognition.source
    frame = recognition.frame()
    named = _key_frame(frame, recognition, catalogue)
    ignored = len(frame) - len(named)
    frame = frame.loc[named.index]
    repeated = _refuse_duplicates(frame, named, recognition)
    observations = _observations(frame, named, recognition, catalogue)
    shapes, repaired = _shapes(frame, named, source)
    masked = int(observations["status"].isin(["secret", "missing"]).sum())
    return Tables(
        territories=_territories(frame, named, recognition),
        memberships=read_links(frame, named, recognition, catalogue),
        observations=observations,
        shapes=shapes,
        counts={
            "rows": len(frame),
            "ignored": ignored,
            "masked": masked,
            "repaired": repaired,
            "repeated": repeated,
        },
    )


# --- keys ------------------------------------------------------------------------------------


def _key_frame(frame: pd.DataFrame, recognition: Recognition, catalogue: Catalogue) -> pd.DataFrame:
    """Return kind and code of each row that names a territory; refuse unreadable codes."""
    source = recognition.source
    key = cast("pd.Series", role_of(frame, source, "key"))
    label = role_of(frame, source, "label")
    name = recognition.part.name or recognition.part.path.name
    named = keys.read_keys(key, label, source, catalogue, table_name=name)
    blank = key.astype(str).str.strip().isin(["", *source.missing])
    wrong = named["code"].isna() & ~blank
    if recognition.part.form == "sheet":  # notes below the table are not codes; mangled codes are
        wrong &= key.astype(str).str.strip().str.fullmatch(_CODE_LIKE)
    if wrong.any():
        line = named.index[wrong.to_numpy()][0]
        raise bad_code(recognition, line, str(key.loc[line]))
    named = named.dropna(subset=["code"]).astype("str")
    if named.empty:
        raise FileRefusedError(
            recognition.part.path,
            where=recognition.part.name,
            problem="aucune ligne ne porte un code de territoire.",
            expected=f"des codes dans la colonne {key.name}.",
            action="téléchargez le fichier de nouveau : celui-ci est vide.",
        )
    _refuse_mixed_zonings(named, recognition)
    return named


def _refuse_mixed_zonings(named: pd.DataFrame, recognition: Recognition) -> None:
    codes = named.loc[named["kind"] == "qp", "code"]
    found = codes.map(zoning_of)
    declared = recognition.source.zoning
    wrong = found != (declared or (found.iloc[0] if len(found) else 0))
    if len(found) and wrong.any():
        line = found.index[wrong.to_numpy()][0]
        raise FileRefusedError(
            recognition.part.path,
            where=f"ligne {line}",
            problem=f"géographies mêlées : {codes.loc[line]} est de {found.loc[line]}.",
            expected=f"des quartiers {declared or found.iloc[0]} seulement.",
            action="séparez les deux géographies : leurs codes ne se correspondent pas.",
        )


def _refuse_duplicates(frame: pd.DataFrame, named: pd.DataFrame, recognition: Recognition) -> int:
    columns = ["kind", "code"]
    year = role_of(frame, recognition.source, "year")
    marked = named.assign(year="" if year is None else year)
    twice = marked.duplicated([*columns, "year"])
    if twice.any() and not recognition.source.repeats:
        line = marked.index[twice.to_numpy()][0]
        raise FileRefusedError(
            recognition.part.path,
            where=f"{recognition.part.name} ligne {line}".strip(),
            problem=f"le code {named.loc[line, 'code']} est donné deux fois.",
            expected="une ligne par territoire.",
            action="supprimez la ligne en double, ou reprenez le fichier d'origine.",
        )
    return int(twice.sum())


# --- observations -----------------------------------------------------------------------------


def _observations(
    frame: pd.DataFrame, named: pd.DataFrame, recognition: Recognition, catalogue: Catalogue
) -> pd.DataFrame:
    source = recognition.source
    pieces = [
        piece
        for indicator in catalogue.indicators.values()
        for column in indicator.columns
        if column.source == source.id
        and (piece := _one_indicator(frame, named, recognition, indicator, column)) is not None
    ]
    if not pieces:
        return as_text(pd.DataFrame(columns=list(OBSERVATION_COLUMNS)))
    result = pd.concat(pieces, ignore_index=True)
    result["source"] = source.id
    result["edition"] = recognition.edition
    result["vintage"] = result["vintage"].astype("Int64")
    return as_text(result.loc[:, list(OBSERVATION_COLUMNS)])


def _one_indicator(
    frame: pd.DataFrame,
    named: pd.DataFrame,
    recognition: Recognition,
    indicator: Indicator,
    column: Column,
) -> pd.DataFrame | None:
    names = tuple(map(str, frame.columns))
    year = role_of(frame, recognition.source, "year")
    if year is None and column.group not in recognition.vintages:
        return None  # this edition does not date that family of columns
    if year is None:
        vintage: Any = recognition.vintages[column.group]
    else:
        vintage = year.map(_year)
    digits = rf"{vintage % 100:02d}" if isinstance(vintage, int) else r"\d\d"
    name = find_column(names, column.column.replace("{yy}", digits))
    if name is None:
        return None
    rows = _matching(frame, names, column)
    read = _values(frame.loc[rows], name, column, recognition)
    piece = named.loc[rows, ["kind", "code"]].assign(
        indicator=indicator.id, vintage=vintage, value=read["value"], status=read["status"],
        base=read["base"],
    )  # fmt: skip
    if column.note:
        piece = _apply_note(piece, frame, column.note.replace("{yy}", digits))
    return _one_row_each(piece, column, recognition)


def _matching(frame: pd.DataFrame, names: tuple[str, ...], column: Column) -> pd.Index:
    keep = pd.Series(data=True, index=frame.index)
    for pattern, wanted in column.where.items():
        name = find_column(names, pattern)
        if name is not None:
            keep &= frame[name].eq(wanted)
    return frame.index[keep.to_numpy()]


def _values(
    frame: pd.DataFrame, name: str, column: Column, recognition: Recognition
) -> pd.DataFrame:
    marks = recognition.source.missing
    path = recognition.part.path
    read = read_values(frame[name], marks, path=path).assign(base=float("nan"))
    if column.zero_is_secret:
        zero = read["value"].eq(0)
        read.loc[zero, "status"] = "secret"
        read.loc[zero, "value"] = float("nan")
    if column.over:
        over_name = find_column(tuple(map(str, frame.columns)), column.over)
        if over_name is None:
            raise FileRefusedError(
                path,
                problem=f"il manque la colonne {column.over}, dénominateur de {name}.",
                expected=f"la colonne {column.over}.",
                action="reprenez le fichier d'origine, sans colonne retirée.",
            )
        below = read_values(frame[over_name], marks, path=path)
        known = read["status"].eq("ok") & below["status"].eq("ok") & below["value"].gt(0)
        lost = read["status"].eq("ok") & ~known
        read.loc[lost, "status"] = below["status"].where(below["status"].ne("ok"), "missing")
        read["base"] = below["value"].where(known)
        read["value"] = (read["value"] / below["value"]).where(known)
    read["value"] *= column.times
    if column.estimated:
        read.loc[read["status"].eq("ok"), "status"] = "estimated"
    return read


def _apply_note(piece: pd.DataFrame, frame: pd.DataFrame, note: str) -> pd.DataFrame:
    """Turn the producer's quality note into a status: a flagged value is of low quality."""
    name = find_column(tuple(map(str, frame.columns)), note)
    if name is None:
        return piece
    flagged = ~frame.loc[piece.index, name].astype(str).str.strip().isin(["", "0"])
    published = piece["value"].notna()
    piece.loc[flagged & published, "status"] = "low_quality"
    piece.loc[flagged & ~published, "status"] = "missing"
    return piece


def _one_row_each(piece: pd.DataFrame, column: Column, recognition: Recognition) -> pd.DataFrame:
    keys_ = ["kind", "code", "indicator", "vintage"]
    if column.how == "mean":
        grouped = piece.dropna(subset=["value"]).groupby(keys_, dropna=False, sort=False)
        result = grouped["value"].agg(value="mean", base="count").reset_index()
        return result.assign(status="estimated" if column.estimated else "ok")
    if not piece.duplicated(keys_).any():
        return piece
    distinct = piece.drop_duplicates([*keys_, "value", "status"])
    clash = distinct.duplicated(keys_)
    if clash.any():
        line = distinct.index[clash.to_numpy()][0]
        raise FileRefusedError(
            recognition.part.path,
            where=f"ligne {line}",
            problem=f"{distinct.loc[line, 'code']} porte deux valeurs différentes.",
            expected="la même valeur à chaque ligne d'un même territoire.",
            action="corrigez la valeur, ou reprenez le fichier d'origine.",
        )
    return distinct


def _year(text: str) -> int:
    digits = re.match(r"\d{4}|\d{2}", str(text).strip())
    year = int(digits.group()) if digits else 0
    return year if year > 99 else 2000 + year


# --- territories, memberships, shapes ---------------------------------------------------------


def _territories(
    frame: pd.DataFrame, named: pd.DataFrame, recognition: Recognition
) -> pd.DataFrame:
    source = recognition.source
    label = role_of(frame, source, "label")
    population = role_of(frame, source, "population")
    counted = (
        float("nan")
        if population is None
        else read_values(population, {"": "missing"}, path=recognition.part.path)["value"]
    )
    rows = named.assign(
        label="" if label is None else label.astype(str).str.strip(),
        population=counted,
        priority=source.priority,
        source=source.id,
    )
    rows = rows.loc[rows["kind"].ne("ensemble_qp"), list(TERRITORY_COLUMNS)]
    return as_text(rows.drop_duplicates(["kind", "code"]).reset_index(drop=True))


def _shapes(
    frame: pd.DataFrame, named: pd.DataFrame, source: Source
) -> tuple[gpd.GeoDataFrame, int]:
    if not source.geometry or not isinstance(frame, gpd.GeoDataFrame):
        empty = gpd.GeoDataFrame(
            {"kind": [], "code": [], "priority": []}, geometry=[], crs="EPSG:4326"
        )
        return empty, 0
    sound, repaired = repair(frame.geometry)
    shapes = gpd.GeoDataFrame(
        {"kind": named["kind"], "code": named["code"], "priority": source.priority},
        geometry=sound,
        crs=frame.crs,
    )
    return shapes.to_crs("EPSG:4326").reset_index(drop=True), repaired
