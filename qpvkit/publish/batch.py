"""One report per territory; a failure does not lose the others."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import pandas as pd

from qpvkit.codes import departement_of
from qpvkit.errors import BadCodeError, QpvkitError
from qpvkit.publish.export import export_version
from qpvkit.publish.report import find_notebook, run_report, write_atomically
from qpvkit.publish.site import Entry, write_index
from qpvkit.settings import Settings

MANIFEST: Final = "manifest.json"
Progress = Callable[[str, int, int], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What a batch made.

    Attributes
    ----------
    reports
        Code of the territory → page.
    failures
        Code of the territory → why.
    index
        The page of links, over this batch and the former ones.
    manifest
        What was made, when, and why it failed.
    """

    reports: dict[str, Path]
    failures: dict[str, str]
    index: Path
    manifest: Path


def run_batch(
    notebook: str, codes: Iterable[str], *, settings: Settings, territories: pd.DataFrame,
    on_progress: Progress | None = None,
) -> BatchResult:  # fmt: skip
    """Make one report per territory, then the manifest and the index.

    Interrupted, it keeps what is done: the manifest and the index are written all the same.

    Parameters
    ----------
    codes
        The quartiers, in the order in which they are made.
    territories
        ``code, label, communes, population, departement`` of the quartiers, for the index.
    on_progress
        Called with the code, the number of reports done and their total.

    Raises
    ------
    UnknownNameError
        No such notebook, before anything runs.
    """
    name = find_notebook(notebook, settings=settings).stem
    wanted = list(dict.fromkeys(codes))
    facts = territories.drop_duplicates("code").set_index("code")
    reports: dict[str, Path] = {}
    failures: dict[str, str] = {}
    try:
        for step, code in enumerate(wanted):
            if on_progress:
                on_progress(code, step, len(wanted))
            try:
                reports[code] = run_report(name, parameters={"code_qp": code}, settings=settings)
            except (QpvkitError, OSError) as error:
                failures[code] = " ".join(str(error).split())
        if on_progress and wanted:
            on_progress(wanted[-1], len(wanted), len(wanted))
    finally:
        done = [code for code in wanted if code in reports or code in failures]
        entries = [_entry(code, facts, reports, failures, settings) for code in done]
        manifest, known = _write_manifest(settings, name, entries)
        index = write_index(settings, name, known)
    return BatchResult(reports=reports, failures=failures, index=index, manifest=manifest)


def _entry(
    code: str, facts: pd.DataFrame, reports: dict[str, Path], failures: dict[str, str],
    settings: Settings,
) -> Entry:  # fmt: skip
    found: dict[Any, Any] = facts.loc[code].to_dict() if code in facts.index else {}
    page = reports.get(code)
    population = found.get("population")
    return Entry(
        code=code,
        label=_text(found.get("label")),
        communes=_text(found.get("communes")),
        population=None if pd.isna(population) else float(population or math.nan),
        departement=_text(found.get("departement")) or _departement(code),
        state="ok" if page else "failed",
        file=page.relative_to(settings.reports_dir).as_posix() if page else "",
        error=failures.get(code, ""),
    )


def _departement(code: str) -> str:
    """Read the département in the code itself, for a quartier that nobody knows."""
    try:
        return departement_of(code, "qp")
    except BadCodeError:
        return ""


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124


def _write_manifest(
    settings: Settings, notebook: str, entries: list[Entry]
) -> tuple[Path, list[Entry]]:
    """Add the batch to the manifest and return every territory that it holds."""
    path = settings.reports_dir / MANIFEST
    path.parent.mkdir(parents=True, exist_ok=True)
    content = _read_manifest(path)
    known = dict(content.get("notebooks", {}).get(notebook, {}))
    known |= {entry.code: dataclasses.asdict(entry) for entry in entries}
    kept = {
        code: known[code]
        for code in sorted(known)
        if not known[code]["file"] or (settings.reports_dir / known[code]["file"]).exists()
    }
    content |= {
        "dataset": settings.dataset,
        "generated": dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
        "qpvkit": export_version(),
        "notebooks": {**content.get("notebooks", {}), notebook: kept},
    }
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return path, [Entry(**record) for record in kept.values()]


def _read_manifest(path: Path) -> dict[str, Any]:
    """Read the manifest of former batches; one that cannot be read is made anew."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, dict) else {}
