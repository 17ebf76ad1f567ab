"""What the command line prints: tables in three formats, progress, errors in French."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any, Final

import pandas as pd
import rich.box
import rich.console
import rich.progress
import rich.table
import typer

from qpvkit.formats import inert, number

STDOUT: Final = rich.console.Console(highlight=False, soft_wrap=True)
STDERR: Final = rich.console.Console(stderr=True, highlight=False, soft_wrap=True)


# typer carries its own click: its errors are reached through the class that it exports
USAGE_ERROR: Final[type[Exception]] = next(
    base
    for base in typer.BadParameter.__mro__
    if base.__name__ == "ClickException" and issubclass(base, Exception)
)


# shorter headings for people; csv and json keep the names of the columns
HEADINGS: Final = {
    "label": "nom", "zoning": "géo.", "departement": "dép.", "region": "rég.",
    "population": "habitants", "indicator": "indicateur", "vintage": "millésime",
    "value": "valeur", "status": "état", "base": "effectif",
}  # fmt: skip
_WHOLE: Final = ("code", "departement", "region", "résultat")


class Format(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def print_table(frame: pd.DataFrame, how: Format, *, title: str = "") -> None:
    """Print a table for people (table) or for scripts (csv, json)."""
    if how is Format.JSON:
        text = json.dumps(_records(frame), ensure_ascii=False, indent=1)
        sys.stdout.write(f"{text}\n")
        return
    if how is Format.CSV:
        words = frame.select_dtypes(include=["object", "str"]).columns
        safe = frame.assign(**{name: frame[name].map(_inert) for name in words})
        sys.stdout.write(safe.to_csv(index=False, sep=";", lineterminator="\n"))
        return
    table = rich.table.Table(title=title or None, box=rich.box.SIMPLE, title_justify="left")
    for column in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[column])
        table.add_column(
            HEADINGS.get(str(column), str(column)),
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=numeric or str(column) in _WHOLE,
        )
    for row in frame.itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    STDOUT.print(table)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", force_ascii=False))
    return content


def _inert(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """Keep texts from running as formulas in the spreadsheet that opens the CSV."""
    return inert(value) if isinstance(value, str) else value


def _cell(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        return number(value, decimals=0 if value == round(value) else 1)
    return str(value)


@contextlib.contextmanager
def progress(label: str, *, unit: str = "fichiers") -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar with the rate and the time left, for what outlasts a second.

    Yields a function ``(name, step, steps)``. Nothing moves on a stream that is not a terminal.
    """
    columns = (
        rich.progress.TextColumn(label),
        rich.progress.BarColumn(bar_width=24),
        rich.progress.TextColumn(f"{{task.completed:.0f}}/{{task.total:.0f}} {unit}"),
        rich.progress.TextColumn("{task.fields[rate]}"),
        rich.progress.TextColumn("reste"),
        rich.progress.TimeRemainingColumn(),
        rich.progress.TextColumn("{task.fields[name]}"),
    )
    started = time.monotonic()
    with rich.progress.Progress(*columns, console=STDERR, transient=True) as bar:
        task: list[rich.progress.TaskID] = []

        def advance(name: str, step: int, steps: int) -> None:
            if not task and time.monotonic() - started > 0.5:
                task.append(bar.add_task(label, total=steps, name=name, rate=""))
            if task:
                rate = number(step / max(time.monotonic() - started, 0.1), decimals=1)
                bar.update(task[0], completed=step, total=steps, name=name, rate=f"{rate}/s")

        yield advance


def usage_sentence(error: Any, words: Sequence[str]) -> str:  # noqa: ANN401 - click's own classes
    """Say in French what is wrong with the words of a command."""
    kind = type(error).__name__
    if kind == "NoSuchOption":
        near = f" Proches : {', '.join(error.possibilities)}." if error.possibilities else ""
        return f"Option inconnue : {error.option_name}.{near} Aide : qpvkit --help"
    if kind == "MissingParameter":
        return f"Il manque : {error.param.name}. Aide : ajoutez --help à la commande."
    if kind == "BadParameter":
        return f"Valeur refusée pour {error.param.opts[0]}. Aide : ajoutez --help à la commande."
    return f"Commande mal écrite : qpvkit {' '.join(words)}. Aide : qpvkit --help"
