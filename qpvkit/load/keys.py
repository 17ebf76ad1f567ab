"""Which territory a row is about: kind and code, from a code, a label or both."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import PATTERNS, Kind, zoning_of
from qpvkit.records import Source

_SHORT_KINDS: Final[tuple[Kind, ...]] = ("departement", "region", "france")


def fold(text: str) -> str:
    """Fold a name for comparison: no accent, no case, no punctuation.

    Examples
    --------
    >>> fold("Provence-Alpes-Côte d'Azur")
    'provence alpes cote d azur'
    """
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign)).casefold()
    return " ".join("".join(sign if sign.isalnum() else " " for sign in letters).split())


def read_keys(
    key: pd.Series,
    label: pd.Series | None,
    source: Source,
    catalogue: Catalogue,
    *,
    table_name: str = "",
) -> pd.DataFrame:
    """Return the kind and code of each row; code is missing where the row names no territory.

    Parameters
    ----------
    key
        The declared key column, as text.
    label
        The labels, needed to tell région ``01`` from département ``01``.
    source, catalogue
        The declaration, and the places and aliases it may refer to.
    table_name
        The archive member or file, which alone tells the map (``qp15``, ``qp24``) of a table that
        holds nothing but the all-quartiers row.

    Returns
    -------
    pandas.DataFrame
        Columns ``kind`` and ``code``, same index as `key`.
    """
    text = key.astype(str).str.strip()
    if source.roles.key_is_label:
        named = _from_labels(text, catalogue)
    elif source.kind == "auto":
        named = _from_shapes(text, label, catalogue)
    else:
        named = _of_kind(text, source.kind, catalogue)  # type: ignore[arg-type]
        if label is not None and source.kind in _SHORT_KINDS:
            named = _refuse_swapped(named, label.astype(str), catalogue)
    ensemble = text.isin(source.ensemble)
    if ensemble.any():
        zoning = str(source.zoning or _zoning_of(named, table_name))
        named.loc[ensemble, "kind"] = "ensemble_qp"
        named.loc[ensemble, "code"] = zoning
    return named


def _refuse_swapped(named: pd.DataFrame, label: pd.Series, catalogue: Catalogue) -> pd.DataFrame:
    """Drop rows whose code and label name two different places: neither can be trusted."""
    known = _places(catalogue)
    swapped = [
        any(place_kind == kind for place_kind, _ in found)
        and not any((place_kind, place) == (kind, code) for place_kind, place in found)
        for kind, code, found in zip(
            named["kind"],
            named["code"],
            (known.get(fold(name), []) for name in label),
            strict=True,
        )
    ]
    named.loc[swapped, "code"] = None
    return named


def _zoning_of(named: pd.DataFrame, table_name: str) -> int:
    """Tell the map of the all-quartiers row: from the codes beside it, else from the name."""
    codes = named["code"].dropna()
    if len(codes):
        return zoning_of(str(codes.iloc[0]))
    return 2015 if re.search(r"qp(v?15|v?2015)", table_name, re.IGNORECASE) else 2024


def _of_kind(text: pd.Series, kind: Kind, catalogue: Catalogue) -> pd.DataFrame:
    code = text.str.upper().str.removesuffix(".0")
    width = {"commune": 5, "epci": 9, "departement": 2, "region": 2, "iris": 9}.get(kind, 0)
    if width:
        lost = code.str[:1].str.isdigit() & code.str.len().eq(width - 1)
        code = code.mask(lost, "0" + code)
    code = code.where(code.str.fullmatch(PATTERNS[kind].pattern)).replace(catalogue.alias_map(kind))
    return pd.DataFrame({"kind": kind, "code": code.astype(object)}, index=text.index)


def _from_shapes(text: pd.Series, label: pd.Series | None, catalogue: Catalogue) -> pd.DataFrame:
    """Tell the kind from the form of the code; two or three digits need the label as well."""
    result = pd.DataFrame({"kind": "", "code": None}, index=text.index, dtype=object)
    forms: tuple[tuple[Kind, str], ...] = (
        ("qp", PATTERNS["qp"].pattern),
        ("commune", PATTERNS["commune"].pattern),
        ("epci", r"[12]\d{8}"),
        ("iris", PATTERNS["iris"].pattern),
    )
    for kind, pattern in forms:
        hit = text.str.fullmatch(pattern) & result["code"].isna()
        if hit.any():
            result.loc[hit, "kind"] = kind
            result.loc[hit, "code"] = text[hit].replace(catalogue.alias_map(kind))
    short = text.str.len().le(3) & text.ne("") & result["code"].isna()
    if short.any() and label is not None:
        known = _places(catalogue)
        found = [
            _short_place(code, name, known)
            for code, name in zip(text[short], label[short].astype(str), strict=True)
        ]
        result.loc[short, "kind"] = [kind for kind, _ in found]
        result.loc[short, "code"] = [code for _, code in found]
    return result


def _places(catalogue: Catalogue) -> dict[str, list[tuple[str, str]]]:
    known: dict[str, list[tuple[str, str]]] = {}
    for place in catalogue.places:
        for name in (place.label, *place.other_labels):
            known.setdefault(fold(name), []).append((place.kind, place.code))
    return known


def _short_place(
    code: str, label: str, known: dict[str, list[tuple[str, str]]]
) -> tuple[str, str | None]:
    padded = code.upper().zfill(2)
    for kind, place in known.get(fold(label), []):
        if kind == "france" or place == padded:
            return kind, place
    return "", None


def _from_labels(text: pd.Series, catalogue: Catalogue) -> pd.DataFrame:
    known = _places(catalogue)
    preferred = ("region", "france", "departement")
    rows = []
    for label in text:
        found = sorted(known.get(fold(label), []), key=lambda place: preferred.index(place[0]))
        rows.append(found[0] if found else ("", None))
    return pd.DataFrame(rows, columns=["kind", "code"], index=text.index, dtype=object)
