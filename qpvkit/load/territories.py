"""Find territories: by code in any spelling, by name, by what holds them."""

from __future__ import annotations

import dataclasses
from typing import Final

import pandas as pd

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.codes import KIND_LABELS, KINDS, PATTERNS, Kind, Zoning, read_code
from qpvkit.errors import BadCodeError, UnknownNameError, near_names
from qpvkit.load.keys import fold
from qpvkit.load.store import Store, open_store
from qpvkit.settings import Settings

_GUESSED: Final[tuple[Kind, ...]] = ("qp", "epci", "commune", "contrat")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """One territory: the pair (kind, code) and what the store knows of it.

    Attributes
    ----------
    population
        Inhabitants; NaN when no source gives them.
    population_vintage
        The year that the population describes; None when the source does not say it.
    """

    kind: Kind
    code: str
    label: str
    zoning: Zoning | None = None
    population: float = float("nan")
    population_vintage: int | None = None


def load_territories(
    *,
    kind: Kind = "qp",
    zoning: Zoning | None = None,
    region: str | None = None,
    departement: str | None = None,
    epci: str | None = None,
    commune: str | None = None,
    settings: Settings | None = None,
    store: Store | None = None,
) -> pd.DataFrame:
    """List the territories of a kind, with what holds them.

    Parameters
    ----------
    kind
        The kind of territory.
    zoning
        2015 or 2024, for quartiers.
    region, departement, epci, commune
        Keep the territories within this one; an old SIREN is understood.
    settings, store
        The demo set by default.

    Returns
    -------
    pandas.DataFrame
        ``kind, code, label, zoning, population, population_vintage, communes, departement,
        region``, one row per territory: a quartier on two communes counts once.

    Examples
    --------
    >>> quartiers = load_territories(kind="qp", zoning=2024, departement="99")
    >>> len(quartiers), quartiers["code"].is_unique
    (12, True)
    """
    settings = settings or Settings()
    store = store or open_store(settings)
    catalogue = load_catalogue(settings.catalogue_dir)
    rows = store.territories(kind=kind)
    if zoning is not None:
        rows = rows.loc[rows["zoning"].eq(zoning)]
    links = store.memberships(kind=kind)
    within: dict[Kind, str | None] = {
        "region": region, "departement": departement, "epci": epci, "commune": commune,
    }  # fmt: skip
    for parent, code in within.items():
        if code is not None:
            known = _official(read_code(code, parent), parent, catalogue)
            inside = links["within_kind"].eq(parent) & links["within_code"].eq(known)
            rows = rows.loc[rows["code"].isin(links.loc[inside, "code"])]
    return _with_parents(rows, links, store).reset_index(drop=True)


def find_territory(
    code: str,
    *,
    kind: Kind | None = None,
    settings: Settings | None = None,
    store: Store | None = None,
) -> Territory:
    """Find one territory by its code, or by its exact name when only one bears it.

    Lower case, lost leading zeros and replaced SIREN codes are understood.

    Parameters
    ----------
    code
        The code, as text.
    kind
        Needed for two or three digits, which may be a région or a département.

    Raises
    ------
    UnknownNameError
        No such territory: gives the names that look like it.
    BadCodeError
        A number instead of a text, or digits whose kind cannot be guessed.

    Examples
    --------
    >>> find_territory("qn09901m").code
    'QN09901M'
    """
    settings = settings or Settings()
    store = store or open_store(settings)
    catalogue = load_catalogue(settings.catalogue_dir)
    if not isinstance(code, str):
        read_code(code, kind or "qp")
    chosen = kind or _guess(code)
    if chosen is not None:
        try:
            official = _official(read_code(code, chosen), chosen, catalogue)
        except BadCodeError:
            official = ""
        found = store.territories(kind=chosen, codes=[official])
        if len(found):
            return _territory(found.iloc[0])
    named = _by_name(code, chosen, store)
    if named is not None:
        return named
    raise _unknown(code, chosen or "qp", store)


def _official(code: str, kind: Kind, catalogue: Catalogue) -> str:
    return catalogue.alias_map(kind).get(code, code)


def _guess(code: str) -> Kind | None:
    text = code.strip().upper()
    if text.isdigit() and len(text) <= 3:
        message = (
            f"Code ambigu : {code!r} peut être une région ou un département. "
            "Précisez la maille : kind='region' ou kind='departement'."
        )
        raise BadCodeError(message, code=code)
    return next((kind for kind in _GUESSED if PATTERNS[kind].fullmatch(text)), None)


def _by_name(name: str, kind: Kind | None, store: Store) -> Territory | None:
    rows = store.territories(kind=kind or "qp")
    hits = rows.loc[rows["label"].map(fold).eq(fold(name))]
    return _territory(hits.iloc[0]) if len(hits) == 1 else None


def _unknown(code: str, kind: Kind, store: Store) -> UnknownNameError:
    rows = store.territories(kind=kind)
    near = near_names(code, rows["code"]) or near_names(code, rows["label"].drop_duplicates())
    hint = f"Liste complète : qpvkit list {kind}"
    return UnknownNameError(f"{KIND_LABELS[kind]} introuvable", code, near=near, hint=hint)


def _territory(row: pd.Series) -> Territory:
    vintage = row["population_vintage"]
    zoning = row["zoning"]
    return Territory(
        kind=row["kind"],
        code=row["code"],
        label=row["label"],
        zoning=None if pd.isna(zoning) else int(zoning),  # type: ignore[arg-type]
        population=float(row["population"]),
        population_vintage=None if pd.isna(vintage) else int(vintage),
    )


def _with_parents(rows: pd.DataFrame, links: pd.DataFrame, store: Store) -> pd.DataFrame:
    """Add the names of the communes, main one first, and the codes of département and région."""
    links = links.loc[links["code"].isin(rows["code"])]
    communes = links.loc[links["within_kind"].eq("commune")].sort_values(
        ["main", "within_code"], ascending=[False, True]
    )
    labels = store.territories(kind="commune", codes=communes["within_code"]).set_index("code")
    names = communes["within_code"].map(labels["label"]).fillna(communes["within_code"])
    joined = names.groupby(communes["code"]).agg(", ".join) if len(names) else names
    result = rows.assign(communes=rows["code"].map(joined).fillna(""))
    for parent in ("epci", "departement", "region"):
        main = links.loc[links["within_kind"].eq(parent) & links["main"]]
        codes = main.drop_duplicates("code").set_index("code")["within_code"]
        result[parent] = result["code"].map(codes).fillna("")
    return result


def check_kind(name: str) -> Kind:
    """Return a kind from its code name, or say which exist.

    Raises
    ------
    UnknownNameError
        No such kind.
    """
    for kind in KINDS:
        if name == kind:
            return kind
    raise UnknownNameError("maille inconnue", name, near=KINDS)
