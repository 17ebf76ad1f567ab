"""Where ordinary means are looked at: a quartier or a whole contrat, and what holds it."""

from __future__ import annotations

import dataclasses
from typing import Final

import pandas as pd

from qpvkit.codes import Kind, Zoning
from qpvkit.errors import UnknownNameError, near_names
from qpvkit.load.contracts import load_contracts
from qpvkit.load.store import Store
from qpvkit.load.territories import find_territory
from qpvkit.settings import Settings

WHOLES: Final[tuple[Kind, ...]] = ("commune", "epci", "departement", "region")
_PLACE: Final = ["kind", "code", "label", "population"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A quartier or the quartiers of a contrat, and the territories that wholly hold them.

    Attributes
    ----------
    kind, code, label, zoning, population
        The quartier or the contrat; the population of a contrat is that of its quartiers.
    quartiers
        ``code, label, population``, one row for a quartier.
    wholes
        The territories that hold all of it, the nearest first: ``kind, code, label, population``.
        A quartier astride two communes is held by neither; a contrat is held by what holds each
        of its quartiers in the main.
    communes
        The communes that hold a part of it, likewise.
    contrats
        The contrats that it belongs to: ``code, label, population, quartiers``; empty when no
        code table gives one.
    """

    kind: Kind
    code: str
    label: str
    zoning: Zoning
    population: float
    quartiers: pd.DataFrame
    wholes: pd.DataFrame
    communes: pd.DataFrame
    contrats: pd.DataFrame

    def whole(self, kind: Kind) -> pd.Series | None:
        """Return the territory of a kind that wholly holds the scope, or None."""
        rows = self.wholes.loc[self.wholes["kind"].eq(kind)]
        return rows.iloc[0] if len(rows) else None


def find_scope(code: str, *, settings: Settings, store: Store) -> Scope:
    """Find a quartier or a contrat by its code.

    Raises
    ------
    UnknownNameError
        No such quartier or contrat: gives near names.
    """
    wanted = code.strip().upper()
    if wanted.startswith(("CN", "CV")):
        return _contract_scope(wanted, settings=settings, store=store)
    place = find_territory(wanted, kind="qp", settings=settings, store=store)
    zoning = place.zoning or 2024
    found = load_contracts(zoning=zoning, settings=settings, store=store)
    own = found.quartiers.loc[found.quartiers["code"].eq(place.code), "contrat"]
    quartiers = pd.DataFrame(
        {"code": [place.code], "label": [place.label], "population": [place.population]}
    )
    wholes, communes = _places(quartiers["code"], store)
    return Scope(
        kind="qp", code=place.code, label=place.label, zoning=zoning,
        population=place.population, quartiers=quartiers, wholes=wholes, communes=communes,
        contrats=found.contracts.loc[found.contracts["code"].isin(own)].reset_index(drop=True),
    )  # fmt: skip


def _contract_scope(code: str, *, settings: Settings, store: Store) -> Scope:
    zoning: Zoning = 2024 if code.startswith("CN") else 2015
    found = load_contracts(zoning=zoning, settings=settings, store=store)
    codes = list(found.contracts["code"])
    if code not in codes:
        near = near_names(code, codes) or tuple(codes[:3])
        raise UnknownNameError(
            "contrat de ville inconnu", code, near=near,
            hint="Les contrats viennent de la table de l'ANCT : qpvkit add CHEMIN.",
        )  # fmt: skip
    row = found.contracts.loc[found.contracts["code"].eq(code)].reset_index(drop=True)
    inside = found.quartiers.loc[found.quartiers["contrat"].eq(code), "code"]
    known = store.territories(kind="qp", codes=inside)
    quartiers = known[["code", "label", "population"]].sort_values("code", ignore_index=True)
    wholes, communes = _places(quartiers["code"], store)
    return Scope(
        kind="contrat", code=code, label=str(row["label"].iloc[0]), zoning=zoning,
        population=float(quartiers["population"].sum(min_count=1)), quartiers=quartiers,
        wholes=wholes, communes=communes, contrats=row,
    )  # fmt: skip


def _places(codes: pd.Series, store: Store) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the territories that hold all the quartiers, and the communes that hold some."""
    links = store.memberships(kind="qp", codes=codes)
    links = links.rename(columns={"within_kind": "held_kind", "within_code": "held_code"})
    # a contrat is held by what holds each of its quartiers in the main, one alone by what holds
    # it wholly: what a quartier astride has on the other side is little of a contrat
    chosen = links.loc[links["main"].astype(bool)] if len(set(codes)) > 1 else links
    held = chosen.groupby("held_kind")["held_code"].nunique()
    alone = chosen.loc[chosen["held_kind"].map(held).eq(1)]
    counts = alone.groupby(["held_kind", "held_code"])["code"].nunique()
    every = set(counts.index[counts.eq(codes.nunique())])
    known = store.territories(codes=links["held_code"].unique())[_PLACE]
    pairs = list(zip(known["kind"], known["code"], strict=True))
    wholes = known.loc[[pair in every for pair in pairs]]
    order = {kind: rank for rank, kind in enumerate(WHOLES)}
    wholes = wholes.loc[wholes["kind"].isin(WHOLES)]
    wholes = wholes.sort_values("kind", key=lambda kinds: kinds.map(order), ignore_index=True)
    touched = set(links.loc[links["held_kind"].eq("commune"), "held_code"])
    communes = known.loc[known["kind"].eq("commune") & known["code"].isin(touched)]
    return _with_people(wholes, store), communes.reset_index(drop=True)


def _with_people(wholes: pd.DataFrame, store: Store) -> pd.DataFrame:
    """Add up the communes where a département or a région has no published population."""
    lost = wholes["population"].isna() & wholes["kind"].isin(["departement", "region"])
    if not lost.any():
        return wholes
    links = store.memberships(kind="commune")
    people = store.territories(kind="commune").set_index("code")["population"]
    links = links.assign(population=links["code"].map(people))
    sums = links.groupby(["within_kind", "within_code"])["population"].sum(min_count=1)
    keys = list(zip(wholes["kind"], wholes["code"], strict=True))
    filled = pd.Series([float(sums.get(key, float("nan"))) for key in keys], index=wholes.index)
    return wholes.assign(population=wholes["population"].fillna(filled))
