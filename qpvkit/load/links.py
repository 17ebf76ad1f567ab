"""Which territory lies within which: every spelling of the official lists, made into pairs."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import PATTERNS, Kind, read_commune_list
from qpvkit.errors import BadCodeError, FileRefusedError
from qpvkit.load.sources import Recognition, bad_code, role_of
from qpvkit.records import Source

_PARENT_ROLES: Final[dict[str, Kind]] = {
    "communes": "commune", "epci": "epci", "departement": "departement", "region": "region",
}  # fmt: skip
_WORDS: Final = ("indicator", "status", "edition", "label")
_NUMBERS: Final = ("value", "base", "population")
MEMBERSHIP_COLUMNS: Final = ("kind", "code", "within_kind", "within_code", "within_label", "source")


def read_links(
    frame: pd.DataFrame, named: pd.DataFrame, recognition: Recognition, catalogue: Catalogue
) -> pd.DataFrame:
    """Return the memberships that a table declares.

    A parent known by name only has ``within_label`` and no ``within_code``: the store resolves
    it against the code officiel géographique.
    """
    source = recognition.source
    pieces = [
        _links(frame, named, recognition, role, within, catalogue)
        for role, within in _PARENT_ROLES.items()
    ]
    pieces += [_named_communes(frame, named, source), _reversed_links(frame, named, recognition)]
    pieces.append(_members(frame, named, recognition))
    found = [piece for piece in pieces if piece is not None and len(piece)]
    if not found:
        return as_text(pd.DataFrame(columns=list(MEMBERSHIP_COLUMNS)))
    result = pd.concat(found, ignore_index=True).assign(source=source.id)
    result = result.loc[result["kind"].ne("ensemble_qp")]
    result = result.reindex(columns=list(MEMBERSHIP_COLUMNS)).drop_duplicates(ignore_index=True)
    return as_text(result)


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the columns of words their text type, whatever pandas inferred on the way."""
    words = frame.columns.intersection([*MEMBERSHIP_COLUMNS, *_WORDS])
    return frame.astype(dict.fromkeys(words, "str")).astype(
        dict.fromkeys(frame.columns.intersection(list(_NUMBERS)), "float64")
    )


def _links(
    frame: pd.DataFrame,
    named: pd.DataFrame,
    recognition: Recognition,
    role: str,
    within: Kind,
    catalogue: Catalogue,
) -> pd.DataFrame | None:
    texts = role_of(frame, recognition.source, role)
    if texts is None:
        return None
    texts = texts.astype(str)
    split = texts.map(lambda text: _split_codes(text, within))
    if split.map(lambda codes: codes is None).any():
        line = split.index[split.map(lambda codes: codes is None).to_numpy()][0]
        raise bad_code(recognition, line, str(texts.loc[line]))
    aliases = catalogue.alias_map(within)
    links = named.assign(within_kind=within, within_code=split).explode("within_code")
    links["within_code"] = links["within_code"].replace(aliases)
    return links.dropna(subset=["within_code"])


def _split_codes(text: str, kind: Kind) -> list[str] | None:
    if kind == "commune":
        try:
            return read_commune_list(text)
        except BadCodeError:
            return None
    tokens = [token.removesuffix(".0") for token in re.split(r"[\s,;]+", text.strip('="')) if token]
    width = {"epci": 9}.get(kind, 2)
    codes = [token.zfill(width) for token in tokens if token not in ("NA", "ZZZZZZZZZ")]
    return [code for code in codes if PATTERNS[kind].fullmatch(code)]


def _named_communes(
    frame: pd.DataFrame, named: pd.DataFrame, source: Source
) -> pd.DataFrame | None:
    """Communes given by name only: resolved later, against the code officiel géographique."""
    texts = role_of(frame, source, "commune_names")
    if texts is None or role_of(frame, source, "communes") is not None:
        return None
    split = texts.astype(str).str.split(r"\s*[,;]\s*", regex=True)
    links = named.assign(within_kind="commune", within_label=split).explode("within_label")
    links["within_label"] = links["within_label"].str.strip()
    return links.loc[links["within_label"].fillna("").ne("")]


def _reversed_links(
    frame: pd.DataFrame, named: pd.DataFrame, recognition: Recognition
) -> pd.DataFrame | None:
    texts = role_of(frame, recognition.source, "quartiers")
    if texts is None:
        return None
    split = texts.astype(str).str.upper().str.findall(PATTERNS["qp"].pattern)
    links = named.assign(within_kind=named["kind"], within_code=named["code"], kind="qp")
    return links.assign(code=split).explode("code").dropna(subset=["code"])


def _members(
    frame: pd.DataFrame, named: pd.DataFrame, recognition: Recognition
) -> pd.DataFrame | None:
    lists = role_of(frame, recognition.source, "members")
    if lists is None:
        return None
    try:
        codes = lists.map(lambda members: [str(member["code"]) for member in members])
    except (KeyError, TypeError) as error:
        raise FileRefusedError(
            recognition.part.path,
            problem=f"un membre de la liste {lists.name} n'a pas de code.",
            expected="un code de commune pour chaque membre.",
            action="reprenez le fichier d'origine.",
        ) from error
    links = named.assign(within_kind=named["kind"], within_code=named["code"], kind="commune")
    return links.assign(code=codes).explode("code").dropna(subset=["code"])
