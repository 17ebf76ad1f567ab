"""Contrats de ville: their codes, who holds them, and their quartiers. By code tables only."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pandas as pd

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.codes import PATTERNS, Zoning, departement_of
from qpvkit.errors import FileRefusedError
from qpvkit.load.ledger.cache import filed_files, read_file
from qpvkit.load.ledger.places import read_places
from qpvkit.load.sources import Recognition
from qpvkit.load.store import Store, open_store
from qpvkit.settings import Settings

_COLUMNS: Final = ("code", "label", "zoning", "holder_kind", "holder_code", "departement")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """The contrats de ville of a data set.

    Attributes
    ----------
    contracts
        One row per contrat: ``code, label, zoning, quartiers, population, unknown_population``.
        The population is added up over the quartiers, each counted once: the figure printed in
        the official table counts a quartier once for each commune that it touches.
    quartiers
        ``code`` (of the quartier) and ``contrat``: each quartier has one contrat at most.
    unassigned
        The quartiers that no code table gives to one contrat.
    """

    contracts: pd.DataFrame
    quartiers: pd.DataFrame
    unassigned: tuple[str, ...]


def read_contracts(recognition: Recognition, catalogue: Catalogue) -> pd.DataFrame:
    """Read the official table of contracts: one row per contrat and holder.

    Codes ``CV…`` go with the quartiers of 2015, ``CN…`` with those of 2024.

    Raises
    ------
    FileRefusedError
        A contrat without a readable code, or held by what is neither a commune nor an EPCI.
    """
    frame = recognition.frame()
    code = frame["code_cv"].astype("str").str.strip().str.upper()
    holder = read_places(frame["codgeo"], catalogue)
    wrong = ~code.str.fullmatch(PATTERNS["contrat"].pattern) | ~holder["kind"].isin(
        ["commune", "epci"]
    )
    if wrong.any():
        line = frame.index[wrong.to_numpy()][0]
        raise FileRefusedError(
            recognition.part.path,
            where=f"ligne {line}",
            problem=f"contrat illisible « {code.loc[line]} », porté par "
            f"« {frame.loc[line, 'codgeo']} ».",
            expected="un code CV192 ou CN05911M et un code de commune ou d'intercommunalité.",
            action="reprenez le fichier d'origine.",
        )
    rows = pd.DataFrame(
        {
            "code": code,
            "label": frame["lib_cv"].astype("str").str.replace(r"^\w{2,3} - ", "", regex=True),
            "zoning": code.str.startswith("CV").map({True: 2015, False: 2024}),
            "holder_kind": holder["kind"],
            "holder_code": holder["code"],
            "departement": frame["insee_dep"].astype("str").str.strip(),
        }
    )
    return pd.DataFrame(rows.drop_duplicates(), columns=list(_COLUMNS)).reset_index(drop=True)


def load_contracts(
    *, zoning: Zoning = 2024, settings: Settings | None = None, store: Store | None = None
) -> Contracts:
    """Load the contrats de ville of a map, with their quartiers and their population.

    Parameters
    ----------
    zoning
        2024 for the contracts in force, 2015 for the former ones.
    settings, store
        The demo set by default.

    Examples
    --------
    >>> found = load_contracts()
    >>> found.contracts[["code", "quartiers"]].values.tolist()[:2]
    [['CN09901M', 7], ['CN09902M', 3]]
    """
    settings = settings or Settings()
    store = store or open_store(settings)
    catalogue = load_catalogue(settings.catalogue_dir)
    table = contract_table(settings, catalogue)
    table = table.loc[table["zoning"].eq(zoning)]
    known = store.territories(kind="qp")
    known = known.loc[known["zoning"].eq(zoning)]
    links = store.memberships(kind="qp", codes=known["code"])
    quartiers = assign_quartiers(table, links)
    people = quartiers.merge(known[["code", "population"]], on="code")
    grouped = people.groupby("contrat")["population"]
    contracts = table.drop_duplicates("code").set_index("code")[["label", "zoning"]]
    contracts = contracts.join(
        pd.DataFrame(
            {
                "quartiers": grouped.size(),
                "population": grouped.sum(min_count=1),
                "unknown_population": grouped.apply(lambda values: int(values.isna().sum())),
            }
        )
    )
    counts: dict[str, Any] = {"quartiers": 0, "unknown_population": 0}
    contracts = contracts.fillna(counts).astype({"quartiers": int, "unknown_population": int})
    lost = sorted(set(known["code"]) - set(quartiers["code"]))
    return Contracts(
        contracts=contracts.reset_index().sort_values("code", ignore_index=True),
        quartiers=quartiers,
        unassigned=tuple(lost),
    )


def contract_table(settings: Settings, catalogue: Catalogue) -> pd.DataFrame:
    """Return every contrat and holder of the filed tables; empty when none is filed."""
    frames = [
        frame
        for path, _ in filed_files(settings, catalogue, "contracts")
        for frame, _ in read_file(
            settings, catalogue, path, lambda one, _sha: (read_contracts(one, catalogue), {})
        )
    ]
    if not frames:
        return pd.DataFrame(columns=list(_COLUMNS)).astype({"zoning": "int64"})
    return pd.concat(frames, ignore_index=True).drop_duplicates(ignore_index=True)


def assign_quartiers(table: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Give each quartier its contrat, through the commune or the EPCI that holds the contract.

    A contract held by the commune wins over that of its EPCI, the main commune or EPCI of a
    quartier over the others. An EPCI with one contract per département is told apart by the
    département of the quartier. Where two contracts remain, none is chosen.

    Parameters
    ----------
    table
        ``code, holder_kind, holder_code, departement`` of the contracts of one map.
    links
        Memberships of the quartiers: ``code, within_kind, within_code, main``.

    Returns
    -------
    pandas.DataFrame
        ``code`` of the quartier, ``contrat``.

    Examples
    --------
    >>> table = pd.DataFrame({"code": ["CN07702M", "CN09103M"], "holder_kind": "epci",
    ...                       "holder_code": "200059228", "departement": ["77", "91"]})
    >>> links = pd.DataFrame({"code": ["QN09101M"], "within_kind": "epci",
    ...                       "within_code": "200059228", "main": True})
    >>> assign_quartiers(table, links).values.tolist()
    [['QN09101M', 'CN09103M']]
    """
    pairs = links.merge(
        table.rename(columns={"code": "contrat"}),
        left_on=["within_kind", "within_code"],
        right_on=["holder_kind", "holder_code"],
    )
    own = pairs["code"].map(lambda code: departement_of(code, "qp")).eq(pairs["departement"])
    pairs["rank"] = (
        pairs["main"].astype(int) * 4 + pairs["holder_kind"].eq("commune") * 2 + own.astype(int)
    )
    best = pairs.loc[pairs["rank"].eq(pairs.groupby("code")["rank"].transform("max"))]
    best = best.drop_duplicates(["code", "contrat"])
    alone = ~best.duplicated("code", keep=False)
    return best.loc[alone, ["code", "contrat"]].sort_values("code", ignore_index=True)
