"""What a notebook cell shows besides charts: `Table`, `Note` and `Fragment`."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator
from typing import Final

import jinja2
import pandas as pd

WIDE: Final = 3  # a table with more columns scrolls inside its own box on a phone


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("qpvkit.show"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def render(template: str, **values: object) -> str:
    """Fill one of the templates of `show/templates`; every value is escaped."""
    return _templates().get_template(template).render(values)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence in place of a figure or a table that would be empty."""

    text: str

    def to_html(self) -> str:
        """Return the sentence as a paragraph."""
        return render("note.html.j2", text=self.text)

    def _repr_html_(self) -> str:
        return self.to_html()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A piece of page made of other pieces, already HTML."""

    markup: str

    def to_html(self) -> str:
        """Return the piece as it is."""
        return self.markup

    def _repr_html_(self) -> str:
        return self.to_html()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell as the template sees it."""

    text: str
    head: str
    numeric: bool
    wraps: bool  # words in a column of numbers
    tone: str
    link: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of texts that are already formatted, as accessible HTML.

    Attributes
    ----------
    frame
        The texts; the first column heads the rows.
    caption
        What the table holds.
    name
        Identifier of the table in the page: the same at each run.
    source
        Where the numbers come from; empty when the table itself says it.
    numeric
        The columns to align on the right.
    groups
        One label a row; successive rows with the same label share a heading row.
    toned
        The column that takes the colour of `tones`; never the only sign, the text says it too.
    tones
        One of worse, better, neutral or an empty text, for each row.
    links
        An address for the first cell of each row, or an empty text.
    stacked
        Whether cells stand one below the other on a phone: for tables of sentences.
    """

    frame: pd.DataFrame
    caption: str
    name: str
    source: str = ""
    numeric: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    toned: str = ""
    tones: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    stacked: bool = False

    def _cells(self) -> Iterator[list[Cell]]:
        columns = list(self.frame.columns)
        for position, values in enumerate(self.frame.itertuples(index=False)):
            yield [
                Cell(
                    text=str(value),
                    head=str(column) if self.stacked else "",
                    numeric=column in self.numeric,
                    wraps=not any(letter.isdigit() for letter in str(value)),
                    tone=self.tones[position] if column == self.toned and self.tones else "",
                    link=_safe_link(self.links[position]) if not rank and self.links else "",
                )
                for rank, (column, value) in enumerate(zip(columns, values, strict=True))
            ]

    def _blocks(self) -> list[tuple[str, list[list[Cell]]]]:
        labels = self.groups or ("",) * len(self.frame)
        pairs = itertools.groupby(zip(labels, self._cells(), strict=True), key=lambda pair: pair[0])
        return [(label, [cells for _, cells in rows]) for label, rows in pairs]

    def to_html(self) -> str:
        """Return the table with its caption, its scopes and its source."""
        heads = [(str(column), column in self.numeric) for column in self.frame.columns]
        return render(
            "table.html.j2", table=self, heads=heads, blocks=self._blocks(),
            wide=len(heads) > WIDE,
        )  # fmt: skip

    def _repr_html_(self) -> str:
        return self.to_html()


def _safe_link(address: str) -> str:
    """Keep web addresses only: nothing that would run or open a file."""
    return address if address.startswith(("https://", "http://")) else ""
