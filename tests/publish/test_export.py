"""The page: self-contained, named, in order, the same at each export."""

from __future__ import annotations

import html
import itertools
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from qpvkit.publish.export import _slug, export_html, page_parts

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M 0 0"/></svg>'


class Reader(HTMLParser):
    """Reads the tags of a page and checks that they close in order."""

    VOID = frozenset({"meta", "br", "hr", "img", "link", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.stack == []
    return reader


def notebook(*cells):
    return new_notebook(cells=list(cells))


def shown(data: dict[str, str], metadata: dict | None = None):
    output = new_output("execute_result", data=data, metadata=metadata or {}, execution_count=1)
    return new_code_cell("secret_code = 1", outputs=[output], execution_count=1)


@pytest.fixture(params=["report", "full_report"])
def page(request) -> str:
    return request.getfixturevalue(request.param).read_text(encoding="utf-8")


def test_page_asks_nothing_from_outside(page):
    for tag, attributes in read(page).tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base"}
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "srcset", "href", "xlink:href", "action", "poster"):
            value = attributes.get(name) or ""
            allowed = (
                ("#", "data:") if tag != "a" else ("#", "data:text/csv", "https://", "http://")
            )
            assert not value or value.startswith(allowed), (tag, name, value[:80])
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    assert len(style.encode()) < 10_240


def test_page_is_french_named_and_light(page):
    tags = read(page).tags
    assert ("html", {"lang": "fr"}) in tags
    title = html.unescape(re.search(r"<title>(.*?)</title>", page)[1])
    assert re.search(r"\((démo)\) – Q[NP]\w+", title)
    assert len(page.encode()) < 300 * 1024


def test_headings_are_in_order_and_the_contents_lead_to_them(page):
    levels = [int(tag[1]) for tag, _ in read(page).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    anchors = {attributes["id"] for _, attributes in read(page).tags if "id" in attributes}
    links = re.findall(r'<li class="l[23]"><a href="#([^"]+)">', page)
    assert len(links) == len([level for level in levels if level in {2, 3}])
    assert set(links) <= anchors


def test_ids_are_unique(page):
    ids = [attributes["id"] for _, attributes in read(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_figure_has_an_alternative_text_and_a_caption(page):
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert len(figures) > 3
    for figure in figures:
        alt = re.search(r'<svg[^>]*role="img" aria-label="([^"]{20,})"', figure)
        assert alt, figure[:200]
        assert re.search(r"<figcaption>.+?</figcaption>", figure)


def test_every_table_has_a_caption_and_scopes(page):
    for table in re.findall(r"<table>.*?</table>", page, re.DOTALL):
        assert "<caption" in table
        assert not re.search(r"<th(?![^>]*scope=)[ >]", table)


def test_code_and_prompts_are_hidden(page):
    for word in ("import qpvkit", "qk.", "In [", "Out[", "hors_rapport", "code_qp ="):
        assert word not in page


def test_page_says_that_data_are_invented_and_where_they_come_from(page):
    assert '<p class="banner">' in page
    footer = page[page.index('<footer class="page">') :]
    assert "Sources" in footer
    assert "Seuils de la méthode" in footer
    assert "licence MIT" in footer


def test_page_can_be_skipped_to_its_content(page):
    assert '<a class="skip" href="#contenu">' in page
    assert '<main id="contenu"' in page


def test_french_typography(page):
    text = html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))
    for wrong in (r"\d%", r"\d €", r"\d %", r"« ", r" »", r"\bnan\b", r"<NA>", r"\bNone\b"):
        assert not re.search(wrong, text), re.findall(f".{{30}}{wrong}.{{10}}", text)[:3]
    assert not re.search(r"\d \d{3}\b", text)
    assert not re.search(r"[a-zà-ÿ]'[a-zà-ÿ]", text)


def test_two_exports_are_equal(report):
    node = notebook(new_markdown_cell("# T\n\n## A"), shown({"image/svg+xml": SVG}))
    assert export_html(node, dataset="demo") == export_html(node, dataset="demo")


def test_banner_is_only_for_invented_data():
    node = notebook(new_markdown_cell("# T"))
    assert 'class="banner"' in export_html(node, dataset="demo")
    assert 'class="banner"' not in export_html(node, dataset="france")


def test_svg_of_another_library_gets_its_words_from_the_metadata():
    words = {"image/svg+xml": {"alt": "Deux <courbes>", "title": "T", "source": "Insee"}}
    page = export_html(notebook(shown({"image/svg+xml": SVG}, words)), dataset="france")
    assert '<svg role="img" aria-label="Deux &lt;courbes&gt;"' in page
    assert "<figcaption>T</figcaption>" in page
    assert "Source : Insee" in page


def test_cells_tagged_footer_go_to_the_foot_and_hidden_ones_nowhere():
    page = export_html(
        notebook(
            new_markdown_cell("pour l'analyste", metadata={"tags": ["hors_rapport"]}),
            new_markdown_cell("# T\n\ncorps"),
            new_markdown_cell("## Sources", metadata={"tags": ["footer"]}),
            new_markdown_cell("suite du pied"),
        ),
        dataset="france",
    )
    body, foot = page.split('<footer class="page">')
    assert "pour l" not in page
    assert "corps" in body
    assert "Sources</h2>" in foot
    assert "suite du pied" in foot
    assert '<a href="#sources">Sources</a>' in body


def test_export_changes_nothing_in_the_notebook():
    cell = new_markdown_cell("## Sources", metadata={"tags": ["footer"]})
    node = notebook(cell)
    before = nbformat.writes(node)
    export_html(node, dataset="france")
    assert nbformat.writes(node) == before


def test_html_is_preferred_to_plain_text():
    page = export_html(
        notebook(shown({"text/html": "<p>beau</p>", "text/plain": "<repr laid>"})), dataset="demo"
    )
    assert "<p>beau</p>" in page
    assert "laid" not in page


def test_same_heading_twice_has_two_anchors():
    page = page_parts("<h2>Même</h2><h2>Même</h2><h3>Été à l’œuvre</h3>")
    assert [heading.anchor for heading in page.contents] == ["meme", "meme-2", "ete-a-l-uvre"]
    assert page.main.count("<h2 id=") == 2


@pytest.mark.parametrize(("text", "anchor"), [("!!!", "rubrique"), ("D'où ?", "d-ou")])
def test_anchor(text, anchor):
    assert _slug(text) == anchor


def test_importing_publish_is_light():
    code = (
        "import sys, qpvkit.publish.batch; "
        "print([m for m in ('papermill', 'nbconvert', 'nbformat', 'zmq') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_templates_name_no_other_server():
    folder = Path(__file__).resolve().parents[2] / "qpvkit" / "publish" / "templates"
    for path in folder.rglob("*"):
        if path.is_file():
            assert "://" not in path.read_text(encoding="utf-8"), path
