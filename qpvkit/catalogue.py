"""Indicators, themes and sources: TOML files read into frozen models.

Words, thresholds and the way to read an official file are data. Loading is strict: an unknown
key, a missing label or a dangling reference raises `CatalogueError` with the file and the id.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import pydantic

from qpvkit.codes import Kind
from qpvkit.errors import CatalogueError, UnknownNameError, near_names
from qpvkit.grid import Measurement, PeerGroup, Stake, VerdictWords
from qpvkit.partners import Funder, MeasurabilityWords, Ordinary, Service, Template
from qpvkit.records import (
    Alias,
    Caveat,
    CoverageWords,
    Indicator,
    Model,
    Place,
    Public,
    SecrecyRule,
    Source,
    Term,
    Theme,
    Threshold,
    Unit,
)
from qpvkit.settings import Settings

Record = TypeVar("Record", bound=Model)


class Catalogue(Model):
    """Everything that the TOML files declare, checked against itself."""

    themes: dict[str, Theme]
    publics: dict[str, Public]
    units: dict[str, Unit]
    secrecy: dict[str, SecrecyRule]
    caveats: dict[str, Caveat]
    thresholds: dict[str, Threshold]
    measurements: dict[str, Measurement]
    indicators: dict[str, Indicator]
    stakes: dict[str, Stake]
    peers: dict[str, PeerGroup]
    verdicts: dict[str, VerdictWords]
    sources: dict[str, Source]
    aliases: tuple[Alias, ...]
    places: tuple[Place, ...]
    terms: tuple[Term, ...]
    coverage: dict[str, CoverageWords]
    funders: dict[str, Funder]
    services: dict[str, Service]
    templates: dict[str, Template]
    ordinary: dict[str, Ordinary]
    measurability: dict[str, MeasurabilityWords]

    def indicator(self, name: str) -> Indicator:
        """Return one indicator, or say which names are near."""
        return _find(self.indicators, name, "indicateur inconnu", "qpvkit list indicateurs")

    def source(self, name: str) -> Source:
        """Return one source, or say which names are near."""
        return _find(self.sources, name, "source inconnue", "qpvkit list sources")

    def funder(self, name: str) -> Funder:
        """Return one funder, or say which names are near."""
        return _find(self.funders, name, "financeur inconnu", "qpvkit template funding")

    def template(self, name: str) -> Template:
        """Return one of the tables that partners fill in, or say which exist."""
        return _find(self.templates, name, "modèle inconnu", "qpvkit template --help")

    def threshold(self, name: str) -> float:
        """Return a threshold of the method."""
        return _find(self.thresholds, name, "seuil inconnu", "qpvkit check").value

    def alias_map(self, kind: Kind) -> dict[str, str]:
        """Return old code → current code for a kind of territory."""
        return {alias.old: alias.new for alias in self.aliases if alias.kind == kind}


def _find(known: dict[str, Record], name: str, what: str, command: str) -> Record:
    if name in known:
        return known[name]
    raise UnknownNameError(what, name, near=near_names(name, known), hint=f"Liste : {command}")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path.name} : TOML illisible ({error})."
        raise CatalogueError(msg) from error
    except FileNotFoundError as error:
        msg = f"{path.name} : fichier du catalogue absent ({path.parent})."
        raise CatalogueError(msg) from error


def explain(error: pydantic.ValidationError) -> str:
    """Put the faults that pydantic found into French, all of them."""
    lines = []
    for item in error.errors():
        place = ".".join(str(step) for step in item["loc"]) or "fiche"
        words = {"extra_forbidden": "clé inconnue", "missing": "clé absente"}
        lines.append(f"{place} : {words.get(item['type'], item['msg'])}")
    return " ; ".join(lines)


def _records(model: type[Record], items: Iterable[Any], path: Path) -> list[Record]:
    records = []
    for position, item in enumerate(items, start=1):
        try:
            records.append(model.model_validate(_tuples(item)))
        except pydantic.ValidationError as error:
            name = item.get("id", f"n° {position}") if isinstance(item, dict) else f"n° {position}"
            msg = f"{path.name}, « {name} » : {explain(error)}."
            raise CatalogueError(msg) from error
    return records


def _tuples(value: Any) -> Any:  # noqa: ANN401 - TOML values are what they are
    """Turn TOML arrays into tuples, which strict models ask for."""
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _by_id(records: Iterable[Record], path: Path) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for record in records:
        name = str(getattr(record, "id"))  # noqa: B009 - the bound of Record has no id
        if name in found:
            msg = f"{path.name}, « {name} » : identifiant déclaré deux fois."
            raise CatalogueError(msg)
        found[name] = record
    return found


def _section(path: Path, key: str, model: type[Record]) -> list[Record]:
    """Read a file that holds one kind of record."""
    content = _read_toml(path)
    unknown = set(content) - {key}
    if unknown:
        msg = f"{path.name} : rubrique inconnue {', '.join(sorted(unknown))} ; attendu [[{key}]]."
        raise CatalogueError(msg)
    return _records(model, content.get(key, []), path)


def _folder(folder: Path, key: str, model: type[Record]) -> dict[str, Record]:
    records: list[Record] = []
    for path in sorted(folder.glob("*.toml")):
        records += _section(path, key, model)
    return _by_id(records, folder)


_WORDS: Final[dict[str, type[Model]]] = {
    "public": Public, "unit": Unit, "secrecy": SecrecyRule, "caveat": Caveat,
    "threshold": Threshold,
}  # fmt: skip
_ORDINARY: Final[dict[str, type[Model]]] = {
    "ordinary": Ordinary, "measurability": MeasurabilityWords,
}  # fmt: skip
_GRID: Final[dict[str, type[Model]]] = {"stake": Stake, "peers": PeerGroup, "verdict": VerdictWords}


def _named(path: Path, key: str, model: type[Record]) -> dict[str, Record]:
    return _by_id(_section(path, key, model), path)


def _sections(path: Path, models: Mapping[str, type[Model]]) -> dict[str, Any]:
    """Read a file that holds several kinds of records."""
    content = _read_toml(path)
    unknown = set(content) - set(models)
    if unknown:
        msg = f"{path.name} : rubrique inconnue {', '.join(sorted(unknown))}."
        raise CatalogueError(msg)
    return {
        key: _by_id(_records(model, content.get(key, []), path), path)
        for key, model in models.items()
    }


def _check_references(catalogue: Catalogue, folder: Path) -> None:
    """Raise once, with every dangling reference."""
    wrong: list[str] = []
    for indicator in catalogue.indicators.values():
        links: list[tuple[str, tuple[str, ...], Mapping[str, object]]] = [
            ("theme", (indicator.theme,), catalogue.themes),
            ("unit", (indicator.unit,), catalogue.units),
            ("secrecy", (indicator.secrecy,), catalogue.secrecy),
            ("publics", indicator.publics, catalogue.publics),
            ("caveats", indicator.caveats, catalogue.caveats),
            ("columns.source", tuple(c.source for c in indicator.columns), catalogue.sources),
            ("quartiles", indicator.quartiles, catalogue.indicators),
            (
                "measurement",
                (indicator.measurement,) if indicator.measurement else (),
                catalogue.measurements,
            ),
            (
                "base_indicator",
                (indicator.base_indicator,) if indicator.base_indicator else (),
                catalogue.indicators,
            ),
        ]
        for field, names, known in links:
            wrong += [
                f"indicateur « {indicator.id} », {field} : « {name} » n'existe pas"
                for name in names
                if name not in known
            ]
        theme = catalogue.themes.get(indicator.theme)
        if theme is not None and indicator.at_qp and not theme.measured:
            wrong.append(f"thème « {theme.id} » dit non mesuré, mais « {indicator.id} » l'est")
        if indicator.scored and indicator.at_qp and not indicator.measurement:
            wrong.append(f"indicateur « {indicator.id} » : modèle de mesure (measurement) absent")
        if not indicator.at_qp and not indicator.ask:
            wrong.append(f"indicateur « {indicator.id} » non publié au quartier : ask manque")
    wrong += _grid_faults(catalogue.stakes, catalogue)
    for source in catalogue.sources.values():
        wrong += [
            f"source « {source.id} », caveats : « {name} » n'existe pas"
            for name in source.caveats
            if name not in catalogue.caveats
        ]
    wrong += _dangling_money(catalogue)
    if wrong:
        msg = f"Catalogue {folder.name} : " + " ; ".join(wrong) + "."
        raise CatalogueError(msg)


def _grid_faults(stakes: Mapping[str, Stake], catalogue: Catalogue) -> list[str]:
    """List what a grid of stakes names and the catalogue does not hold, or may not score."""
    wrong = []
    for stake in stakes.values():
        if stake.theme not in catalogue.themes:
            wrong.append(f"enjeu « {stake.id} », theme : « {stake.theme} » n'existe pas")
        if not stake.indicators:
            wrong.append(f"enjeu « {stake.id} », indicators : aucun indicateur")
        for name in stake.indicators:
            if name not in catalogue.indicators:
                wrong.append(f"enjeu « {stake.id} », indicators : « {name} » n'existe pas")
            elif not catalogue.indicators[name].scored:
                wrong.append(
                    f"enjeu « {stake.id} », indicators : « {name} » est une donnée de contexte, "
                    "jamais notée"
                )
    return wrong


def _dangling_money(catalogue: Catalogue) -> list[str]:
    """Return what the declarations of funding, services and templates refer to and nobody has."""
    wrong = []
    for source in catalogue.sources.values():
        if source.ledger is None:
            continue
        if source.ledger.funder and source.ledger.funder not in catalogue.funders:
            wrong.append(f"source « {source.id} », ledger.funder : {source.ledger.funder} inconnu")
        themes = set(source.ledger.themes.values()) - set(catalogue.themes)
        wrong += [f"source « {source.id} », ledger.themes : {name} inconnu" for name in themes]
    for service in catalogue.services.values():
        if service.theme not in catalogue.themes:
            wrong.append(f"service « {service.id} », theme : {service.theme} inconnu")
    for template in catalogue.templates.values():
        if template.source not in catalogue.sources:
            wrong.append(f"modèle « {template.id} », source : {template.source} inconnue")
    return wrong + _dangling_ordinary(catalogue)


def _dangling_ordinary(catalogue: Catalogue) -> list[str]:
    """Return what the services of the droit commun refer to and nobody has."""
    wrong = []
    for item in catalogue.ordinary.values():
        links: tuple[tuple[str, tuple[str, ...], Mapping[str, object]], ...] = (
            ("theme", (item.theme,), catalogue.themes),
            ("need", item.need, catalogue.indicators),
            ("beneficiaries", tuple(filter(None, [item.beneficiaries])), catalogue.indicators),
            ("points", item.points, catalogue.services),
            ("stakes", item.stakes, catalogue.stakes),
            ("funders", item.funders, catalogue.funders),
        )
        for field, names, known in links:
            wrong += [
                f"droit commun « {item.id} », {field} : {name} inconnu"
                for name in names
                if name not in known
            ]
    return wrong


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read and check the whole catalogue.

    Parameters
    ----------
    folder
        The folder of the TOML files; the embedded one by default.

    Raises
    ------
    CatalogueError
        With the file and the id at fault; dangling references are all reported at once.

    Examples
    --------
    >>> catalogue = load_catalogue()
    >>> catalogue.indicator("taux_pauvrete").direction
    'up_is_worse'
    """
    return _load(folder or Settings().catalogue_dir)


@functools.lru_cache(maxsize=4)
def _load(folder: Path) -> Catalogue:
    words = _sections(folder / "words.toml", _WORDS)
    grid = _sections(folder / "stakes.toml", _GRID)
    ordinary = _sections(folder / "droit_commun.toml", _ORDINARY)
    catalogue = Catalogue(
        themes=_named(folder / "themes.toml", "theme", Theme),
        publics=words["public"],
        units=words["unit"],
        secrecy=words["secrecy"],
        caveats=words["caveat"],
        thresholds=words["threshold"],
        measurements=_named(folder / "measurements.toml", "measurement", Measurement),
        stakes=grid["stake"],
        peers=grid["peers"],
        verdicts=grid["verdict"],
        indicators=_folder(folder / "indicators", "indicator", Indicator),
        sources=_folder(folder / "sources", "source", Source),
        aliases=tuple(_section(folder / "aliases.toml", "alias", Alias)),
        places=tuple(_section(folder / "places.toml", "place", Place)),
        coverage=_named(folder / "coverage.toml", "coverage", CoverageWords),
        terms=tuple(_section(folder / "glossary.toml", "term", Term)),
        funders=_named(folder / "funders.toml", "funder", Funder),
        services=_named(folder / "services.toml", "service", Service),
        templates=_folder(folder / "templates", "template", Template),
        ordinary=ordinary["ordinary"],
        measurability=ordinary["measurability"],
    )
    _check_references(catalogue, folder)
    return catalogue
