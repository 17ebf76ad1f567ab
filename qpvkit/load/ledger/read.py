"""Read an official table of credits into lines of the ledger, following its declaration."""

from __future__ import annotations

import dataclasses
import re
from typing import Final

import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import PATTERNS, Kind
from qpvkit.errors import FileRefusedError
from qpvkit.formats import number
from qpvkit.load.keys import fold
from qpvkit.load.ledger.lines import (
    FUNDING_COLUMNS,
    ImportSummary,
    count_words,
    totals_by_funder,
)
from qpvkit.load.ledger.money import euros, read_cents
from qpvkit.load.ledger.places import body_of, funder_of, read_places
from qpvkit.load.sources import Recognition, find_column
from qpvkit.load.values import read_values
from qpvkit.records import AmountColumn, Ledger

OUT_OF_SCOPE: Final = "hors du champ déclaré"
TOTAL: Final = "ligne de total"
NEGATIVE: Final = "montant négatif"
REPEATED: Final = "doublon exact"
NO_YEAR: Final = "exercice illisible"

_TOTAL: Final = r"(?i)((grand|sous)[ -]?)?tota(l|ux)( g[ée]n[ée]ra(l|ux))?( \d{4})?\s*:?|ensemble"
_YEAR: Final = r"(?<!\d)((?:19|20)\d\d)(?!\d)"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The lines of one table, and what became of the others."""

    lines: pd.DataFrame
    summary: ImportSummary


def read_lines(recognition: Recognition, catalogue: Catalogue, *, digest: str) -> Lines:
    """Read one recognised table of credits.

    No line is lost: what cannot be used is set aside under a reason and counted, with its euros.

    Parameters
    ----------
    digest
        First characters of the file's sha256: they make the identifiers of the lines unique.

    Raises
    ------
    FileRefusedError
        No column of euros, no line that can be used, or a year that nothing tells.
    """
    source = recognition.source
    ledger = source.ledger
    if ledger is None:
        msg = f"{source.id} ne déclare pas [source.ledger]."
        raise TypeError(msg)
    frame = recognition.part.frame(recognition.header, source.header_rows)
    pieces = [
        _one_amount(frame, column, name, recognition, ledger, catalogue)
        for column in ledger.amounts
        if (name := find_column(tuple(map(str, frame.columns)), column.column)) is not None
    ]
    if not pieces:
        raise _no_amount(recognition, ledger)
    rows = pd.concat(pieces, ignore_index=True)
    kept = rows["reason"].eq("")
    if not kept.any():
        raise _nothing_kept(recognition, rows)
    lines = _as_lines(rows.loc[kept], digest, source.id)
    summary = ImportSummary(
        source=source.id,
        file=recognition.part.path.name,
        part=recognition.part.name,
        lines=len(rows),
        kept=len(lines),
        aside={str(k): int(v) for k, v in rows.loc[~kept, "reason"].value_counts().items()},
        flags=count_words(lines["flags"]),
        totals=totals_by_funder(rows["funder_name"], rows["cents"], kept),
        rounded=int(rows["rounded"].sum()),
    )
    return Lines(lines=lines, summary=summary)


def _role(frame: pd.DataFrame, pattern: str) -> pd.Series:
    """Return the text of a declared column, blank where the table has none."""
    name = find_column(tuple(map(str, frame.columns)), pattern)
    if name is None:
        return pd.Series("", index=frame.index, dtype="str")
    return frame[name].astype("str").str.strip()


def _one_amount(
    frame: pd.DataFrame,
    column: AmountColumn,
    name: str,
    recognition: Recognition,
    ledger: Ledger,
    catalogue: Catalogue,
) -> pd.DataFrame:
    roles = ledger.roles
    money = read_cents(frame[name])
    year = _years(frame, recognition, ledger)
    programme = _role(frame, roles.programme)
    rows = pd.DataFrame(
        {
            "row": frame.index,
            "cents": money["cents"],
            "rounded": money["rounded"],
            "year": year,
            "programme": programme if column.programme == "" else column.programme,
            "stage": column.stage,
            "nature": ledger.nature,
            "theme": _themes(_role(frame, roles.theme), ledger),
            "label": _role(frame, roles.label),
            "beneficiaries": _counts(_role(frame, roles.beneficiaries), recognition),
            "evidence_grade": ledger.evidence_grade,
            "nominal": ledger.nominal,
        },
        index=frame.index,
    )
    rows = rows.join(_funders(frame, ledger, catalogue))
    rows = rows.join(_located(frame, rows["funder"], rows["siren"], ledger, catalogue))
    rows["reason"] = _reasons(frame, rows, money["problem"], recognition, ledger)
    rows["flags"] = _flags(frame, rows, ledger)
    return rows


def _reasons(
    frame: pd.DataFrame,
    rows: pd.DataFrame,
    problem: pd.Series,
    recognition: Recognition,
    ledger: Ledger,
) -> pd.Series:
    """Say why a line is set aside; empty for those that are kept. The first reason wins."""
    inside = pd.Series(data=True, index=frame.index)
    for pattern, wanted in recognition.source.keep.items():
        inside &= _role(frame, pattern).str.fullmatch(wanted)
    whole = frame.astype("str")
    tests = {
        OUT_OF_SCOPE: ~inside,
        TOTAL: whole.apply(lambda texts: texts.str.strip().str.fullmatch(_TOTAL)).any(axis=1),
        "": problem.ne(""),
        NEGATIVE: rows["cents"].lt(0).fillna(value=False),
        REPEATED: whole.duplicated() & (ledger.same_line == "aside"),
        NO_YEAR: rows["year"].isna(),
    }
    reason = pd.Series("", index=frame.index, dtype="str")
    for name, hit in tests.items():
        reason = reason.mask(hit & reason.eq(""), name or problem)
    return reason


def _years(frame: pd.DataFrame, recognition: Recognition, ledger: Ledger) -> pd.Series:
    if ledger.roles.year:
        texts = _role(frame, ledger.roles.year)
        if texts.ne("").any():
            return pd.to_numeric(texts.str.extract(_YEAR)[0]).astype("Int64")
    for text in (recognition.part.name, recognition.part.path.name):
        found = re.search(ledger.year_in, text) if ledger.year_in else None
        if found:
            return pd.Series(int(found.group(1)), index=frame.index, dtype="Int64")
    raise FileRefusedError(
        recognition.part.path,
        where=recognition.part.name,
        problem="rien ne dit l'exercice de ces crédits.",
        expected="l'année dans une colonne, le nom de la feuille ou celui du fichier.",
        action="ajoutez l'année au nom du fichier, par exemple criteres-2024.csv.",
    )


def _themes(texts: pd.Series, ledger: Ledger) -> pd.Series:
    result = pd.Series("", index=texts.index, dtype="str")
    for pattern, theme in ledger.themes.items():
        result = result.mask(result.eq("") & texts.str.contains(f"(?i){pattern}"), theme)
    return result


def _counts(texts: pd.Series, recognition: Recognition) -> pd.Series:
    return read_values(texts, {"": "missing"}, path=recognition.part.path)["value"]


def _funders(frame: pd.DataFrame, ledger: Ledger, catalogue: Catalogue) -> pd.DataFrame:
    """Return funder, its name as published, its level and its SIREN."""
    siren = _role(frame, ledger.roles.funder_siren).str.replace(r"\D", "", regex=True).str[:9]
    name = _role(frame, ledger.roles.funder_name)
    if ledger.funder:
        funder = pd.Series(ledger.funder, index=frame.index, dtype="str")
    else:
        known = {text: funder_of(text, catalogue) for text in siren.unique()}
        by_label = {
            fold(label): item.id
            for item in catalogue.funders.values()
            for label in (item.label, *item.other_labels)
        }
        said = name.map(lambda text: by_label.get(fold(text), "autre"))
        funder = siren.map(known).where(siren.map(known).ne(""), said)
    label = funder.map({item.id: item.label for item in catalogue.funders.values()})
    level = funder.map({item.id: item.level for item in catalogue.funders.values()})
    return pd.DataFrame(
        {"funder": funder, "funder_name": name.where(name.ne(""), label), "level": level,
         "siren": siren}
    )  # fmt: skip


def _located(
    frame: pd.DataFrame,
    funder: pd.Series,
    siren: pd.Series,
    ledger: Ledger,
    catalogue: Catalogue,
) -> pd.DataFrame:
    """Place each line by its code; else by its funder's SIREN, its département, its région."""
    roles = ledger.roles
    text = _role(frame, roles.place)
    places = read_places(text, catalogue)
    places["placed_by"] = places["kind"].ne("").map({True: "code", False: ""})
    if roles.funder_siren:
        pairs = pd.DataFrame({"siren": siren, "funder": funder}).drop_duplicates()
        known = {
            (row.siren, row.funder): body_of(str(row.siren), str(row.funder), catalogue)
            for row in pairs.itertuples(index=False)
        }
        found = [known[pair] for pair in zip(siren, funder, strict=True)]
        _fill(places, pd.DataFrame(found, index=frame.index, columns=["kind", "code"]), "code")
    parents: tuple[tuple[Kind, str], ...] = (
        ("departement", roles.departement), ("region", roles.region),
    )  # fmt: skip
    for kind, pattern in parents:
        code = _role(frame, pattern).str.zfill(2)
        good = code.str.fullmatch(PATTERNS[kind].pattern) & code.ne("00")  # 00: whole country
        fallback = pd.DataFrame({"kind": kind, "code": code}).where(good, "")
        _fill(places, fallback, "parent")
    places["text"] = text
    return places


def _fill(places: pd.DataFrame, found: pd.DataFrame, how: str) -> None:
    free = places["kind"].eq("") & found["kind"].ne("")
    places.loc[free, ["kind", "code"]] = found.loc[free, ["kind", "code"]]
    places.loc[free, "placed_by"] = how


def _flags(frame: pd.DataFrame, rows: pd.DataFrame, ledger: Ledger) -> pd.Series:
    """Return the cautions of each line, words separated by a space."""
    coded = bool(ledger.roles.place)
    by_table = rows["kind"].eq("") & rows["funder"].eq("commune") & rows["siren"].ne("")
    ident = _role(frame, ledger.roles.id)
    kept = rows["reason"].eq("")
    tests = {
        "nominal": rows["nominal"],
        "sans_code": coded & rows["placed_by"].ne("code") & rows["text"].eq(""),
        "code_illisible": coded & rows["placed_by"].ne("code") & rows["text"].ne(""),
        "non_localise": rows["kind"].eq("") & ~by_table,
        "identifiant_repete": ident.ne("") & ident.where(kept).duplicated(keep=False) & kept,
        "financeur_inconnu": rows["funder"].eq("autre"),
        **dict.fromkeys(ledger.flags, pd.Series(data=True, index=frame.index)),
    }
    words = pd.Series("", index=frame.index, dtype="str")
    for name, hit in tests.items():
        words = words.mask(hit, words + f" {name}")
    return words.str.strip()


def _as_lines(rows: pd.DataFrame, digest: str, source: str) -> pd.DataFrame:
    order = rows.groupby("row").cumcount()  # the second amount of a wide table
    suffix = ("." + order.astype("str")).where(order.gt(0), "")
    lines = rows.assign(
        line_id=source + ":" + digest + ":" + rows["row"].astype("str") + suffix,
        amount_cents=rows["cents"].astype("int64"),
        amount_eur=euros(rows["cents"]),
        beneficiaries=rows["beneficiaries"].astype("float64"),
        source=source,
    )  # fmt: skip
    result = lines[[*FUNDING_COLUMNS, "siren"]].reset_index(drop=True)
    words = ("funder", "funder_name", "level", "programme", "theme", "kind", "code", "label")
    return result.astype(dict.fromkeys(words, "str"))


def _no_amount(recognition: Recognition, ledger: Ledger) -> FileRefusedError:
    wanted = ", ".join(column.column for column in ledger.amounts)
    return FileRefusedError(
        recognition.part.path,
        where=recognition.part.name,
        problem="aucune colonne de montant n'a été trouvée.",
        expected=f"une colonne répondant à {wanted}.",
        action="reprenez le fichier d'origine ; si l'intitulé a changé, corrigez le catalogue.",
    )


def _nothing_kept(recognition: Recognition, rows: pd.DataFrame) -> FileRefusedError:
    reasons = rows["reason"].value_counts()
    listed = ", ".join(f"{name} : {number(count)}" for name, count in reasons.items())
    return FileRefusedError(
        recognition.part.path,
        where=recognition.part.name,
        problem=f"aucune ligne utilisable ({listed}).",
        expected="au moins une ligne avec un exercice et un montant positif.",
        action="vérifiez que le fichier est entier et qu'il n'a pas été retouché.",
    )
