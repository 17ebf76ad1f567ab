"""What a notebook cell shows besides charts: `Table`, `Note` and `Fragment`."""

from __future__ import annotations

import dataclasses
import functools
import html
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import jinja2
import pandas as pd

from qpvkit.formats import DASH
from qpvkit.show.words import french

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


def text_frame(columns: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """Return a frame of texts, with the spaces of French typography in its cells."""
    texts = {name: [french(text) for text in column] for name, column in columns.items()}
    return pd.DataFrame(texts, dtype=object)


def without_empty(columns: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Leave out the columns that hold nothing but dashes."""
    return {name: column for name, column in columns.items() if set(column) != {DASH}}


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

    def _rows(self) -> Iterator[str]:
        """Write each row: its first cell heads it."""
        names = list(self.frame.columns)
        columns = [self.frame.iloc[:, rank].tolist() for rank in range(len(names))]
        for position, values in enumerate(zip(*columns, strict=True)):
            link = _safe_link(self.links[position]) if self.links else ""
            tone = self.tones[position] if self.tones else ""
            head = html.escape(str(values[0]))
            head = f'<a href="{html.escape(link)}">{head}</a>' if link else head
            cells = (
                _cell(str(value), numeric=name in self.numeric, tone=tone * (name == self.toned))
                for name, value in zip(names[1:], values[1:], strict=True)
            )
            yield "".join([f'<th scope="row">{head}</th>', *cells])

    def _blocks(self) -> list[tuple[str, list[str]]]:
        labels = self.groups or ("",) * len(self.frame)
        pairs = itertools.groupby(zip(labels, self._rows(), strict=True), key=lambda pair: pair[0])
        return [(label, [row for _, row in rows]) for label, rows in pairs]

    def to_html(self) -> str:
        """Return the table with its caption, its scopes and its source.

        What holds of a whole column is written once: numbers by classes of the box (« n3 »), the
        words that name cells on a phone as properties of its style. The page's sheet knows twelve.
        """
        heads = [str(column) for column in self.frame.columns]
        numbers = [f"n{rank}" for rank, head in enumerate(heads, 1) if head in self.numeric]
        wide = len(heads) > WIDE
        kinds = ["wide"] * wide + ["stacked"] * self.stacked + numbers
        return render(
            "table.html.j2", table=self, heads=heads, blocks=self._blocks(), wide=wide,
            kinds=" ".join(["table", *kinds]), named=_properties(heads) if self.stacked else "",
        )  # fmt: skip

    def _repr_html_(self) -> str:
        return self.to_html()


def _safe_link(address: str) -> str:
    """Keep web addresses only: nothing that would run or open a file."""
    return address if address.startswith(("https://", "http://")) else ""


def _cell(text: str, *, numeric: bool, tone: str) -> str:
    """Write a cell; words in a column of numbers may wrap."""
    words = numeric and " " in text and not any(letter.isdigit() for letter in text)
    kinds = " ".join(filter(None, ("words" * words, tone)))
    opening = f'<td class="{kinds}">' if kinds else "<td>"
    return f"{opening}{html.escape(text)}</td>"


def _properties(heads: list[str]) -> str:
    r"""Write the headings after the first as strings of CSS, which the page's sheet shows.

    Examples
    --------
    >>> _properties(["Indicateur", "Écart", "L'an \\ 1"])
    "--h2:'Écart';--h3:'L\\27 an \\\\ 1'"
    """
    texts = (name.replace("\\", r"\\").replace("'", r"\27 ") for name in heads[1:])
    return ";".join(f"--h{rank}:'{text}'" for rank, text in enumerate(texts, 2))
