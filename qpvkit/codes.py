"""Official codes: read, pad and check them; the kinds of territory; the metric CRS.

A code is a string and needs its kind: ``93`` is a région *and* a département.
"""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

from qpvkit.errors import BadCodeError

Kind = Literal[
    "qp", "ensemble_qp", "commune", "epci", "departement", "region", "france", "contrat", "iris"
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
REFERENCES: Final[tuple[Kind, ...]] = ("commune", "epci", "departement", "region", "france")
Zoning = Literal[2015, 2024]
ZONINGS: Final[tuple[Zoning, ...]] = get_args(Zoning)

KIND_LABELS: Final[dict[Kind, str]] = {
    "qp": "quartier prioritaire",
    "ensemble_qp": "ensemble des quartiers prioritaires",
    "commune": "commune",
    "epci": "intercommunalité",
    "departement": "département",
    "region": "région",
    "france": "France",
    "contrat": "contrat de ville",
    "iris": "IRIS",
}

PATTERNS: Final[dict[Kind, re.Pattern[str]]] = {
    "qp": re.compile(r"QP[0-9]{2}[0-9AB][0-9]{3}|QN[0-9]{2}[0-9AB][0-9]{2}[A-Z]"),
    "ensemble_qp": re.compile(r"2015|2024"),
    "commune": re.compile(r"[0-9][0-9AB][0-9]{3}"),
    "epci": re.compile(r"[0-9]{9}"),
    "departement": re.compile(r"[0-9][0-9AB]|9[78][0-9]"),
    "region": re.compile(r"[0-9]{2}|9[78][0-9]"),
    "france": re.compile(r"FR-[A-Z-]+"),
    "contrat": re.compile(r"CV[0-9]{3}|CN[0-9]{2}[0-9AB][0-9]{2}[A-Z]"),
    "iris": re.compile(r"[0-9][0-9AB][0-9]{7}"),
}
EXAMPLES: Final[dict[Kind, str]] = {
    "qp": "QN05972M (géographie 2024) ou QP059074 (géographie 2015)",
    "ensemble_qp": "2015 ou 2024",
    "commune": "59350",
    "epci": "200093201",
    "departement": "59, 2A ou 974",
    "region": "32",
    "france": "FR-METRO",
    "contrat": "CN05901M ou CV192",
    "iris": "593500101",
}
_WIDTHS: Final[dict[Kind, int]] = {
    "commune": 5, "epci": 9, "departement": 2, "region": 2, "iris": 9,
}  # fmt: skip

METRIC_CRS: Final[dict[str, int]] = {
    "971": 5490, "972": 5490, "973": 2972, "974": 2975, "976": 4471,
    "977": 5490, "978": 5490, "975": 4467, "986": 8903, "987": 3297, "988": 3163,
}  # fmt: skip
_LAMBERT_93: Final = 2154


def read_code(code: object, kind: Kind) -> str:
    """Return a code in its official spelling.

    Trims, upper-cases and restores the leading zeros that a spreadsheet lost. A code given as a
    number is refused: nobody can tell ``1004`` from ``01004`` once it has been one.

    Raises
    ------
    BadCodeError
        The code is not a string, or not of the form of its kind.

    Examples
    --------
    >>> read_code(" qn05972m ", "qp")
    'QN05972M'
    >>> read_code("1053", "commune")
    '01053'
    """
    if not isinstance(code, str):
        message = (
            f"Code {KIND_LABELS[kind]} : {code!r} est un nombre, pas un texte ; ses zéros de "
            f"tête sont perdus. Exemple attendu : {EXAMPLES[kind]}. "
            "Mettez le code entre guillemets."
        )
        raise BadCodeError(message, code=code, kind=kind)
    text = code.strip().upper()
    text = text.removesuffix(".0")
    if text[:1].isdigit() and len(text) == _WIDTHS.get(kind, 0) - 1:
        text = f"0{text}"  # a spreadsheet loses one zero, never more
    if not PATTERNS[kind].fullmatch(text):
        message = (
            f"Code {KIND_LABELS[kind]} illisible : {code!r}. Exemple attendu : {EXAMPLES[kind]}."
        )
        raise BadCodeError(message, code=code, kind=kind)
    return text


def read_commune_list(text: str) -> list[str]:
    """Split the ``insee_com`` of a quartier into commune codes, in any published spelling.

    Known spellings: ``02571, 02691``, ``02571; 02691``, the Excel formula ``="13055;13070"``,
    codes glued five by five (``0257102691``) and a lone code without its zero (``1053``).

    Raises
    ------
    BadCodeError
        Something that is not a list of commune codes.

    Examples
    --------
    >>> read_commune_list('="13055;13070"')
    ['13055', '13070']
    >>> read_commune_list("0257102691")
    ['02571', '02691']
    >>> read_commune_list("1053")
    ['01053']
    """
    codes: list[str] = []
    for token in re.split(r"[\s,;|/]+", text.strip().strip('="').replace('"', "").upper()):
        if not token:
            continue
        glued = token.removesuffix(".0")
        if len(glued) % 5 == 4:
            glued = f"0{glued}"
        if len(glued) % 5:
            message = (
                f"Liste de communes illisible : {text!r} ({token!r} n'est pas fait de codes de "
                f"cinq signes). Exemple attendu : 59350, 59220."
            )
            raise BadCodeError(message, code=text, kind="commune")
        pieces = [glued[start : start + 5] for start in range(0, len(glued), 5)]
        codes += [read_code(piece, "commune") for piece in pieces]
    return list(dict.fromkeys(codes))


def zoning_of(code_qp: str) -> Zoning:
    """Return the map, 2015 or 2024, to which a quartier's code belongs.

    Examples
    --------
    >>> zoning_of("QP059074"), zoning_of("QN05972M")
    (2015, 2024)
    """
    return 2015 if read_code(code_qp, "qp").startswith("QP") else 2024


def departement_of(code: str, kind: Literal["qp", "commune"]) -> str:
    """Return the département written inside the code of a quartier or a commune.

    Examples
    --------
    >>> departement_of("QP059074", "qp"), departement_of("97411", "commune")
    ('59', '974')
    """
    digits = read_code(code, kind)
    if kind == "qp":
        return digits[2:5].removeprefix("0")
    return digits[:3] if digits.startswith(("97", "98")) else digits[:2]


def metric_crs(departement: str) -> int:
    """Return the EPSG code in which metres are metres for a département.

    Lambert-93 in metropolitan France, the legal projection of each overseas territory elsewhere.

    Examples
    --------
    >>> metric_crs("59"), metric_crs("974"), metric_crs("973")
    (2154, 2975, 2972)
    """
    return METRIC_CRS.get(departement, _LAMBERT_93)
