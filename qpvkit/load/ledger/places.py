"""Which territory a line of money belongs to: by codes and code tables, never by names."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import PATTERNS, Kind, Zoning, departement_of, zoning_of

_FORMS: Final[tuple[tuple[Kind, str], ...]] = (
    ("qp", PATTERNS["qp"].pattern),
    ("contrat", PATTERNS["contrat"].pattern),
    ("epci", r"[12]\d{8}"),
    ("commune", PATTERNS["commune"].pattern),
    ("departement", PATTERNS["departement"].pattern),
)


def read_places(texts: pd.Series, catalogue: Catalogue) -> pd.DataFrame:
    """Tell the kind of territory from the form of its code, and give the current code.

    A commune or département code that lost its zero gets it back; a replaced SIREN becomes the
    one in force.

    Returns
    -------
    pandas.DataFrame
        ``kind`` and ``code``, both empty where the text is not a code.

    Examples
    --------
    >>> from qpvkit.catalogue import load_catalogue
    >>> texts = pd.Series(["CN05911M", "245900410", "1053", "59", "CV380CV384"])
    >>> read_places(texts, load_catalogue()).agg(" ".join, axis=1).tolist()
    ['contrat CN05911M', 'epci 200093201', 'commune 01053', 'departement 59', ' ']
    """
    code = texts.astype("str").str.strip().str.upper().str.removesuffix(".0")
    lost = code.str.fullmatch(r"\d{4}") | code.str.fullmatch(r"\d")
    code = code.mask(lost, "0" + code)
    result = pd.DataFrame({"kind": "", "code": ""}, index=texts.index, dtype="str")
    for kind, pattern in _FORMS:
        hit = code.str.fullmatch(pattern) & result["kind"].eq("")
        if hit.any():
            result.loc[hit, "kind"] = kind
            result.loc[hit, "code"] = code[hit].replace(catalogue.alias_map(kind))
    return result


def body_of(siren: str, funder: str, catalogue: Catalogue) -> tuple[str, str]:
    """Return the territory of a collectivité from its SIREN; empty where only a table tells.

    The SIREN of a département holds its code and the régions are listed in the catalogue; that of
    a commune is looked up in the code officiel géographique, not here.

    Examples
    --------
    >>> from qpvkit.catalogue import load_catalogue
    >>> known = load_catalogue()
    >>> body_of("225900018", "departement", known), body_of("200053742", "region", known)
    (('departement', '59'), ('region', '32'))
    """
    if funder == "epci":
        return "epci", catalogue.alias_map("epci").get(siren, siren)
    if funder == "departement":
        return "departement", siren[2:5] if siren[2:4] == "97" else siren[2:4]
    if funder == "region":
        code = catalogue.funders["region"].places.get(siren, "")
        return ("region", code) if code else ("", "")
    return "", ""


def funder_of(siren: str, catalogue: Catalogue) -> str:
    """Return the funder whose SIREN has that form, or an empty text."""
    found = (
        item.id
        for item in catalogue.funders.values()
        if item.siren and re.fullmatch(item.siren, siren)
    )
    return next(found, "")


def zoning_for(year: int, code_qp: str, catalogue: Catalogue) -> Zoning:
    """Return the map of quartiers in force in a budget year: 2024, or 2025 overseas.

    Examples
    --------
    >>> from qpvkit.catalogue import load_catalogue
    >>> known = load_catalogue()
    >>> zoning_for(2024, "QN05972M", known), zoning_for(2024, "QP974001", known)
    (2024, 2015)
    """
    overseas = departement_of(code_qp, "qp").startswith(("97", "98"))
    since = (
        catalogue.threshold("geographie_2024_outre_mer_depuis")
        if overseas
        else catalogue.threshold("geographie_2024_depuis")
    )
    return 2024 if year >= since else 2015


def zoning_fault(year: int, code_qp: str, catalogue: Catalogue) -> str:
    """Say in French that a quartier is of the other map than its budget year; empty if not."""
    found, wanted = zoning_of(code_qp), zoning_for(year, code_qp, catalogue)
    if found == wanted:
        return ""
    prefix = "QN" if wanted == 2024 else "QP"
    return (
        f"{code_qp} est de la géographie {found}, or l'exercice {year} relève de celle de "
        f"{wanted} : attendu un code {prefix}…"
    )
