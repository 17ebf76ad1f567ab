"""A contract's own stakes, and the votes of residents and partners: small TOML files.

One file a contract, in the form of the catalogue's grid::

    id = "contrat_du_littoral"
    label = "Contrat de ville du Littoral"
    epci = ["200099011"]            # or quartiers = ["QN09901M", …]

    [[stake]]                       # retained by the contract
    id = "acces_emploi"             # of the grid: nothing else to say

    [[stake]]                       # of the contract's own
    id = "mobilite"
    label = "Se déplacer"
    theme = "services_publics"
    indicators = []                 # none: nothing measures it at the scale of the quartier

    [[vote]]
    group = "Conseil citoyen"
    date = "2026-03-12"
    points = [{ acces_emploi = 60, mobilite = 40 }]     # 100 points a respondent
    # or: rankings = [["acces_emploi", "mobilite"]]     # Borda count
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pydantic

from qpvkit.catalogue import Catalogue, explain
from qpvkit.errors import CatalogueError, near_names
from qpvkit.grid import Stake
from qpvkit.records import Identifier, Model, Words

VOTE_COLUMNS: Final = ("group", "date", "respondent", "stake", "points")
_HUNDRED: Final = 100.0
_ROUNDING: Final = 0.5


class OwnStake(Model):
    """A stake that the contract retains: of the grid, or its own."""

    id: Identifier
    label: str = ""
    theme: str = ""
    question: str = ""
    indicators: tuple[str, ...] = ()


class Vote(Model):
    """Ballots of a group: 100 points each, or stakes in order of preference."""

    group: Words
    date: str = ""
    points: tuple[dict[str, float], ...] = ()
    rankings: tuple[tuple[str, ...], ...] = ()


class Contract(Model):
    """A contrat de ville: where it holds, what it retains, what its people said."""

    id: Identifier
    label: Words
    epci: tuple[str, ...] = ()
    quartiers: tuple[str, ...] = ()
    stake: tuple[OwnStake, ...] = ()
    vote: tuple[Vote, ...] = ()

    def covers(self, code: str, epcis: list[str]) -> bool:
        """Tell whether a quartier is in the contract's perimeter."""
        return code in self.quartiers or any(item in self.epci for item in epcis)


def load_contract(path: Path, catalogue: Catalogue) -> Contract:
    """Read and check a contract's file.

    Raises
    ------
    CatalogueError
        With the file and every fault at once: unknown key, stake that is neither of the grid nor
        described, points that do not make 100, an indicator that may not be scored.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path.name} : TOML illisible ({error})."
        raise CatalogueError(msg) from error
    try:
        contract = Contract.model_validate(_frozen(content))
    except pydantic.ValidationError as error:
        msg = f"{path.name} : {explain(error)}."
        raise CatalogueError(msg) from error
    if faults := [*_stake_faults(contract, catalogue), *_vote_faults(contract, catalogue)]:
        msg = f"{path.name} : {' ; '.join(faults)}."
        raise CatalogueError(msg)
    return contract


def find_contract(
    code: str, epcis: list[str], *, folder: Path, catalogue: Catalogue
) -> Contract | None:
    """Return the contract whose perimeter holds a quartier; None when no file says so.

    Raises
    ------
    CatalogueError
        Two files claim the quartier.
    """
    found = [item for item in _all_contracts(folder, catalogue) if item.covers(code, epcis)]
    if len(found) > 1:
        names = ", ".join(item.id for item in found)
        msg = f"Le quartier {code} est dans deux contrats : {names}. Corrigez epci ou quartiers."
        raise CatalogueError(msg)
    return found[0] if found else None


def _all_contracts(folder: Path, catalogue: Catalogue) -> list[Contract]:
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    return [_cached(path, path.stat().st_mtime_ns, _Same(catalogue)) for path in paths]


class _Same:
    """A catalogue as a key: itself."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def __hash__(self) -> int:
        return id(self.catalogue)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.catalogue is self.catalogue


@functools.lru_cache(maxsize=64)
def _cached(path: Path, changed: int, same: _Same) -> Contract:  # noqa: ARG001 - part of the key
    return load_contract(path, same.catalogue)


def own_grid(contract: Contract, catalogue: Catalogue) -> dict[str, Stake]:
    """Return the grid of candidates with the contract's own stakes added."""
    grid = dict(catalogue.stakes)
    for item in contract.stake:
        if item.indicators or item.id not in grid:
            known = grid.get(item.id)
            grid[item.id] = Stake(
                id=item.id,
                label=item.label or (known.label if known else item.id),
                theme=item.theme or (known.theme if known else ""),
                question=item.question or (known.question if known else ""),
                indicators=item.indicators,
            )
    return grid


def ballots(contract: Contract) -> pd.DataFrame:
    """Return the votes as a table, columns `VOTE_COLUMNS`: 100 points a respondent.

    A ranking gives a Borda count, brought to 100 points: with k stakes named, the first has k
    points, the last one point. Two votes of one group are two sets of respondents.
    """
    rows: list[tuple[str, str, str, str, float]] = []
    for number, vote in enumerate(contract.vote, start=1):
        for rank, card in enumerate(vote.points, start=1):
            rows += [
                (vote.group, vote.date, f"v{number}p{rank}", name, value)
                for name, value in card.items()
            ]
        for rank, names in enumerate(vote.rankings, start=1):
            total = len(names) * (len(names) + 1) / 2
            rows += [
                (vote.group, vote.date, f"v{number}r{rank}", name,
                 _HUNDRED * (len(names) - place) / total)
                for place, name in enumerate(names)
            ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(VOTE_COLUMNS))


def _frozen(value: Any) -> Any:  # noqa: ANN401 - TOML values are what they are
    """Turn TOML arrays into tuples and whole numbers of points into floats."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _stake_faults(contract: Contract, catalogue: Catalogue) -> list[str]:
    faults = []
    for item in contract.stake:
        if item.id not in catalogue.stakes and not (item.label and item.theme):
            near = ", ".join(near_names(item.id, catalogue.stakes))
            hint = f" Noms proches : {near}." if near else ""
            faults.append(
                f"enjeu « {item.id} » : absent de la grille, il lui faut label et theme.{hint}"
            )
        if item.theme and item.theme not in catalogue.themes:
            faults.append(f"enjeu « {item.id} », theme : « {item.theme} » n'existe pas")
        faults += [
            f"enjeu « {item.id} », indicators : « {name} » n'existe pas ou n'est jamais noté"
            for name in item.indicators
            if name not in catalogue.indicators or not catalogue.indicators[name].scored
        ]
    return faults


def _vote_faults(contract: Contract, catalogue: Catalogue) -> list[str]:
    known = {*catalogue.stakes, *(item.id for item in contract.stake)}
    faults = []
    for vote in contract.vote:
        cards = [*({*card} for card in vote.points), *({*names} for names in vote.rankings)]
        unknown = sorted(set().union(*cards) - known)
        faults += [
            f"vote « {vote.group} » : enjeu inconnu « {name} »"
            + (f" (proche : {near[0]})" if (near := near_names(name, known)) else "")
            for name in unknown
        ]
        for rank, card in enumerate(vote.points, start=1):
            total = sum(card.values())
            if not abs(total - _HUNDRED) <= _ROUNDING:  # not a number either
                faults.append(
                    f"vote « {vote.group} », bulletin {rank} : {total:g} points au lieu de 100"
                )
            faults += [
                f"vote « {vote.group} », bulletin {rank} : « {name} » a {points:g} points, moins "
                "que zéro"
                for name, points in card.items()
                if points < 0
            ]
        faults += [
            f"vote « {vote.group} », classement {rank} : aucun enjeu n'y figure"
            for rank, names in enumerate(vote.rankings, start=1)
            if not names
        ]
        faults += [
            f"vote « {vote.group} », classement {rank} : un enjeu y figure deux fois"
            for rank, names in enumerate(vote.rankings, start=1)
            if len(set(names)) < len(names)
        ]
    return faults
