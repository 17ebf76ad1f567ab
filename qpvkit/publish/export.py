"""From an executed notebook to one self-contained HTML page: no script, no remote request."""

from __future__ import annotations

import dataclasses
import functools
import html
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qpvkit.publish.libraries import notebook_library
from qpvkit.settings import Dataset
from qpvkit.show.chart import SVG_MIME, figure_html
from qpvkit.show.facts import FACTS_MIME
from qpvkit.show.words import dataset_banner

if TYPE_CHECKING:
    from nbformat import NotebookNode

TEMPLATES: Final = Path(__file__).with_name("templates")
FOOTER_TAG: Final = "footer"
HIDDEN_TAG: Final = "hors_rapport"  # words for who opens the notebook
BRAND: Final = "Diagnostic de quartier prioritaire"
_PREPROCESSORS: Final = ["nbconvert.preprocessors.CoalesceStreamsPreprocessor"]  # what changes ours
_FOOTER_MARK: Final = "<!--footer-->"
_HEADING: Final = re.compile(r"<h([1-3])([^>]*)>(.*?)</h\1>", re.DOTALL)
_PRIORITY: Final = [
    SVG_MIME, "text/html", "text/markdown", "image/png", "image/jpeg", "text/plain",
]  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One line of the table of contents."""

    level: int
    anchor: str
    text: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the cells wrote, cut where the page needs it."""

    title: str
    contents: tuple[Heading, ...]
    main: str
    footer: str


def export_html(notebook: NotebookNode, *, dataset: Dataset) -> str:
    """Return an executed notebook as a page that needs nothing else.

    Code and prompts are hidden; figures keep their alternative text; cells tagged ``footer`` and
    those that follow go to the foot of the page, those tagged ``hors_rapport`` nowhere. Two
    exports of the same notebook are equal byte for byte.
    """
    resources = {
        "qpvkit": {
            "css": stylesheet(),
            "brand": notebook.metadata.get("title", BRAND),
            "banner": dataset_banner(dataset),
            "colophon": colophon(),
        }
    }
    # the parent's method: HTMLExporter parses and rewrites the whole page once more after it
    convert = notebook_library("nbconvert").TemplateExporter.from_notebook_node
    body, _ = convert(_exporter(), _marked(notebook), resources)
    return _tidy(str(body))


def read_facts(notebook: NotebookNode) -> dict[str, Any]:
    """Return what the cells of an executed notebook state, the last word first.

    See `qpvkit.show.facts` for what they may state.
    """
    facts: dict[str, Any] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            facts |= output.get("data", {}).get(FACTS_MIME, {})
    return facts


def colophon() -> str:
    """Return the last line of every page."""
    return (
        f"Page produite par qpvkit {export_version()}, logiciel libre (licence MIT). Les données "
        "gardent la licence de leur producteur, indiquée avec les sources."
    )


def export_version() -> str:
    """Return the version of qpvkit that writes the pages."""
    from qpvkit import __version__  # noqa: PLC0415 - the package imports this module

    return __version__


@functools.cache
def stylesheet() -> str:
    """Return the style sheet that each page carries."""
    return (TEMPLATES / "qpvkit" / "report.css").read_text(encoding="utf-8").strip()


def page_parts(content: str) -> Page:
    """Read the title and the table of contents, give each heading an anchor, cut the footer."""
    headings: list[Heading] = []
    titles: list[str] = []

    def anchored(found: re.Match[str]) -> str:
        level, attributes, inner = int(found[1]), found[2], found[3]
        text = _plain(inner)
        if level == 1:
            titles.append(_plain(inner.replace("<span", " – <span")))
            return found[0]
        known = re.search(r'id="([^"]+)"', attributes)
        anchor = known[1] if known and known[1].startswith("theme-") else _slug(text)
        anchor = _free(anchor, {heading.anchor for heading in headings})
        headings.append(Heading(level=level, anchor=anchor, text=text))
        return f'<h{level} id="{anchor}">{inner}</h{level}>'

    main, _, footer = _HEADING.sub(anchored, content).partition(_FOOTER_MARK)
    return Page(
        title=titles[0] if titles else BRAND, contents=tuple(headings), main=main, footer=footer
    )


def _marked(notebook: NotebookNode) -> NotebookNode:
    """Leave out what is not for the page, and say which cell opens the footer."""
    copy: NotebookNode = notebook.copy()
    copy.cells = [
        cell.copy() for cell in notebook.cells if HIDDEN_TAG not in cell.metadata.get("tags", [])
    ]
    for cell in copy.cells:
        if FOOTER_TAG in cell.metadata.get("tags", []):
            cell.metadata = cell.metadata.copy()
            cell.metadata["footer_start"] = True
            break
    return copy


@functools.cache
def _exporter() -> Any:  # noqa: ANN401 - nbconvert has no types
    """Build nbconvert's exporter once: reading its templates is most of its cost."""
    nbconvert = notebook_library("nbconvert")
    exporter = nbconvert.HTMLExporter(
        template_name="qpvkit",
        default_preprocessors=_PREPROCESSORS,
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    data_types = nbconvert.filters.DataTypeFilter(display_data_priority=_PRIORITY)
    exporter.register_filter("page_parts", page_parts)
    exporter.register_filter("figure", _figure)
    exporter.register_filter("filter_data_type", data_types)
    exporter.register_filter("highlight_code", html.escape)  # named by the base, code is hidden
    return exporter


def _figure(output: Any) -> str:  # noqa: ANN401 - a node of the notebook
    """Wrap an SVG output; one that is not ours gets the words that its metadata hold."""
    svg = str(output.data[SVG_MIME])
    words = output.get("metadata", {}).get(SVG_MIME, {})
    svg = svg[max(svg.find("<svg"), 0) :]
    if 'role="img"' not in svg:
        alt = html.escape(str(words.get("alt", "Figure sans description")))
        svg = svg.replace("<svg", f'<svg role="img" aria-label="{alt}"', 1)
    return figure_html(svg, title=str(words.get("title", "")), source=str(words.get("source", "")))


def _plain(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()


def _slug(text: str) -> str:
    """Return an anchor in plain letters.

    Examples
    --------
    >>> _slug("Ce que l’on ne sait pas, et à qui le demander")
    'ce-que-l-on-ne-sait-pas-et-a-qui-le-demander'
    """
    spaced = re.sub(r"[’']", "-", text.casefold())
    letters = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-") or "rubrique"


def _free(anchor: str, taken: set[str]) -> str:
    """Return the anchor, or the same with a number when a heading has it already."""
    chosen, number = anchor, 2
    while chosen in taken:
        chosen, number = f"{anchor}-{number}", number + 1
    return chosen


def _tidy(page: str) -> str:
    """Drop the blank lines that templates leave, and the number of the process in warnings."""
    if "ipykernel_" in page:
        page = re.sub(r"\S*/ipykernel_\d+/\d+\.py", "cellule", page)
    return re.sub(r"\n\s*\n+", "\n", page).strip() + "\n"
