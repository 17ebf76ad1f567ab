"""The page that leads to the reports of a data set; it works from a shared folder."""

from __future__ import annotations

import dataclasses
import functools
import html
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import jinja2
import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.codes import departement_of
from qpvkit.errors import BadCodeError
from qpvkit.formats import number, plural
from qpvkit.load.store import Store
from qpvkit.load.territories import load_territories
from qpvkit.publish.atlas import Atlas, draw_atlas
from qpvkit.publish.export import TEMPLATES, colophon, stylesheet
from qpvkit.publish.exports import Download, write_exports
from qpvkit.publish.manifest import Entry
from qpvkit.publish.report import write_atomically, writing
from qpvkit.settings import Settings
from qpvkit.show.words import dataset_banner, french

BRAND: Final = "Rapports sur les quartiers prioritaires"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """A stake that a report states, with its verdict."""

    id: str
    label: str
    verdict: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One report of a territory."""

    title: str
    page: str
    error: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One territory of the index.

    Attributes
    ----------
    communes, contrat
        Their names, as a reader should see them.
    departement
        Its code and its name.
    population
        Inhabitants; None when no source gives them.
    stakes
        What its reports state, the most prominent first.
    links
        Its reports, failures included.
    """

    code: str
    label: str = ""
    communes: str = ""
    departement: tuple[str, str] = ("", "")
    contrat: str = ""
    population: float | None = None
    stakes: tuple[Stake, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def name(self) -> str:
        """Its name, or its code when nobody knows its name."""
        return self.label or self.code

    @property
    def inhabitants(self) -> str:
        """The population, in words."""
        return number(math.nan if self.population is None else self.population)

    @property
    def failed(self) -> bool:
        """Whether one of its reports failed."""
        return any(link.error for link in self.links)

    @property
    def page(self) -> str:
        """The first report that is ready; empty when none is."""
        return next((link.page for link in self.links if not link.error), "")

    @property
    def folded(self) -> str:
        """What the search looks into: no accent, no capital."""
        words = (self.label, self.code, self.communes, self.contrat, *self.departement)
        return fold_text(" ".join((*words, *(stake.label for stake in self.stakes))))


def fold_text(text: str) -> str:
    """Drop accents and capitals, as the script of the page does.

    Examples
    --------
    >>> fold_text("Évry – Les Pyramides")
    'evry – les pyramides'
    """
    plain = unicodedata.normalize("NFD", text.replace("œ", "oe").replace("Œ", "oe"))
    return "".join(mark for mark in plain if not unicodedata.combining(mark)).casefold()


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "site"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def write_site(settings: Settings, entries: Iterable[Entry], *, store: Store) -> Path:
    """Write the index of the reports, and the tables that it links.

    Parameters
    ----------
    entries
        Every report of the manifest, failures included.
    store
        Where names, populations and contours are read.
    """
    known = sorted(entries, key=lambda entry: entry.page)
    rows = _rows(known, settings, store)
    codes = [row.code for row in rows]
    with writing(settings.reports_dir / "tables" / "x"):
        downloads = write_exports(codes, settings=settings, store=store)
    atlas = draw_atlas({row.code: row.page for row in rows if row.page}, store=store)
    others = [entry for entry in known if not entry.code]
    return write_index(
        settings, rows, others=[_link(entry, settings) for entry in others], atlas=atlas,
        downloads=downloads,
    )  # fmt: skip


def write_index(
    settings: Settings, rows: Iterable[Row], *, others: Iterable[Link] = (),
    atlas: Atlas | None = None, downloads: Iterable[Download] = (),
) -> Path:  # fmt: skip
    """Write ``reports/<dataset>/index.html``.

    Parameters
    ----------
    rows
        One for each territory.
    others
        Reports that are about no territory.
    atlas
        The map; None when no contour is known.
    downloads
        The tables to link.
    """
    ordered = sorted(rows, key=lambda row: (row.departement[0], row.code))
    links = [link for row in ordered for link in row.links] + list(others)
    failed = [link for link in links if link.error]
    page = (
        _templates()
        .get_template("index.html.j2")
        .render(
            brand=BRAND,
            banner=dataset_banner(settings.dataset),
            colophon=colophon(),
            css=stylesheet() + (TEMPLATES / "site" / "index.css").read_text(encoding="utf-8"),
            script=(TEMPLATES / "site" / "index.js").read_text(encoding="utf-8"),
            rows=ordered,
            labels={row.code: html.escape(f"{row.name} ({row.code})") for row in ordered},
            others=list(others),
            failures=[(row, link) for row in ordered for link in row.links if link.error],
            facets=_facets(ordered),
            has_stakes=any(row.stakes for row in ordered),
            atlas=atlas,
            downloads=list(downloads),
            summary=_summary(len(links) - len(failed), len(failed)),
        )
    )
    path = settings.reports_dir / "index.html"
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, page)
    return path


def _facets(rows: list[Row]) -> list[dict[str, Any]]:
    """Return the filters that have at least two values to choose from."""
    found: dict[str, tuple[str, Counter[tuple[str, str]]]] = {
        "departement": ("Département", Counter(row.departement for row in rows)),
        "contrat": (
            "Contrat ou intercommunalité",
            Counter((row.contrat, row.contrat) for row in rows),
        ),
        "stakes": ("Enjeu", Counter((s.id, s.label) for row in rows for s in row.stakes)),
        "verdicts": (
            "Conclusion",
            Counter(pair for row in rows for pair in {(s.verdict, s.verdict) for s in row.stakes}),
        ),
        "state": (
            "État",
            Counter(("échec", "en échec") if row.failed else ("prêt", "prêt") for row in rows),
        ),
    }
    return [
        {
            "name": name,
            "label": label,
            "values": [
                {"value": value, "label": words or "non précisé", "count": counts[value, words]}
                for value, words in sorted(counts, key=lambda pair: fold_text(pair[1] or pair[0]))
                if value
            ],
        }
        for name, (label, counts) in found.items()
        if len([value for value, _ in counts if value]) > 1
    ]


def _rows(entries: list[Entry], settings: Settings, store: Store) -> list[Row]:
    """Gather the reports of each territory with what the store knows of it."""
    by_code: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.code:
            by_code.setdefault(entry.code, []).append(entry)
    table = load_territories(kind="qp", settings=settings, store=store)
    known = {row["code"]: row for row in table.to_dict("records") if row["code"] in by_code}
    names = _departements(settings)
    return [
        _row(code, found, known.get(code, {}), names, settings) for code, found in by_code.items()
    ]


def _row(
    code: str, entries: list[Entry], known: dict[Any, Any], names: dict[str, str],
    settings: Settings,
) -> Row:  # fmt: skip
    facts: dict[str, Any] = {}
    for entry in entries:
        stated = entry.record.facts if entry.record else {}
        facts |= {name: value for name, value in stated.items() if value}
    departement = str(known.get("departement") or facts.get("departement") or _departement(code))
    population = known.get("population")
    return Row(
        code=code,
        label=french(str(known.get("label") or facts.get("label") or "")),
        communes=str(known.get("communes") or ""),
        departement=(departement, names.get(departement, f"Département {departement}")),
        contrat=str(facts.get("contrat", "")),
        population=None if population is None or pd.isna(population) else float(population),
        stakes=tuple(
            Stake(
                id=str(stake.get("id", "")), label=str(stake.get("label", "")),
                verdict=str(stake.get("verdict", "")),
            )
            for stake in facts.get("stakes", ())
        ),
        links=tuple(_link(entry, settings) for entry in entries),
    )  # fmt: skip


def _link(entry: Entry, settings: Settings) -> Link:
    titles = _titles(settings.notebooks_dir)
    return Link(
        title=titles.get(entry.notebook, entry.notebook), page=entry.page, error=entry.error
    )


@functools.cache
def _titles(folder: Path) -> dict[str, str]:
    """Return the title of each notebook, as its metadata say."""
    import json  # noqa: PLC0415 - nbformat is slow to import and not needed for a title

    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        metadata = json.loads(path.read_text(encoding="utf-8")).get("metadata", {})
        found[path.stem] = str(metadata.get("title", path.stem))
    return found


def _departements(settings: Settings) -> dict[str, str]:
    places = load_catalogue(settings.catalogue_dir).places
    known = {place.code: place.label for place in places if place.kind == "departement"}
    return {code: french(f"{label} ({code})") for code, label in known.items()}


def _departement(code: str) -> str:
    """Read the département in the code itself, for a quartier that nobody knows."""
    try:
        return departement_of(code, "qp")
    except BadCodeError:
        return ""


def _summary(ready: int, failed: int) -> str:
    verb = "est prêt" if ready < 2 else "sont prêts"
    words = f"{plural(ready, 'rapport')} {verb}"
    return french(f"{words}, {plural(failed, 'échec')}." if failed else f"{words}.")
