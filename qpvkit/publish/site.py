"""The page of links to the reports of a data set; it works from a shared folder."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import jinja2

from qpvkit.catalogue import load_catalogue
from qpvkit.formats import number, plural
from qpvkit.publish.export import TEMPLATES, colophon, stylesheet
from qpvkit.publish.report import write_atomically
from qpvkit.settings import Settings
from qpvkit.show.words import dataset_banner, french

State = Literal["ok", "failed"]
_STATES: Final[dict[State, str]] = {"ok": "prêt", "failed": "en échec"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One territory in the index and in the manifest.

    Attributes
    ----------
    communes
        Their names, as a reader should see them.
    population
        Inhabitants; None when no source gives them.
    departement
        The code of the département; empty when it is not known.
    file
        The page, relative to the folder of the index; empty for a report that failed.
    error
        Why it failed.
    """

    code: str
    label: str = ""
    communes: str = ""
    population: float | None = None
    departement: str = ""
    state: State = "ok"
    file: str = ""
    error: str = ""

    @property
    def state_label(self) -> str:
        """The state, in words."""
        return _STATES[self.state]

    @property
    def inhabitants(self) -> str:
        """The population, in words."""
        return number(math.nan if self.population is None else self.population)


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "site"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def write_index(settings: Settings, notebook: str, entries: Iterable[Entry]) -> Path:
    """Write ``reports/<dataset>/index.html``: one row per territory, grouped by département.

    Parameters
    ----------
    notebook
        The name of the notebook that made the reports.
    entries
        Every territory, failures included.
    """
    rows = sorted(entries, key=lambda entry: (entry.departement, entry.code))
    groups = [
        (departement, _departement_label(departement), list(found))
        for departement, found in itertools.groupby(rows, key=lambda entry: entry.departement)
    ]
    failed = [entry for entry in rows if entry.state == "failed"]
    page = (
        _templates()
        .get_template("index.html.j2")
        .render(
            brand="Diagnostics de quartiers prioritaires",
            banner=dataset_banner(settings.dataset),
            colophon=colophon(),
            css=stylesheet(),
            groups=groups,
            failed=failed,
            notebook=notebook,
            summary=_summary(len(rows) - len(failed), len(failed)),
        )
    )
    path = settings.reports_dir / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, page)
    return path


def _summary(ready: int, failed: int) -> str:
    verb = "est prêt" if ready < 2 else "sont prêts"
    words = f"{plural(ready, 'rapport')} {verb}"
    return french(f"{words}, {plural(failed, 'échec')}." if failed else f"{words}.")


def _departement_label(code: str) -> str:
    if not code:
        return "Département non précisé"
    places = load_catalogue().places
    known = {place.code: place.label for place in places if place.kind == "departement"}
    return french(f"{known[code]} ({code})") if code in known else f"Département {code}"
