"""The report in a real browser: nothing is asked from outside, and axe-core finds nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from qpvkit.publish.site import Entry, write_index
from qpvkit.settings import Settings

pytestmark = pytest.mark.browser

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZES = {"desktop": (1200, 900), "phone": (360, 740)}


def _executable() -> str | None:
    asked = os.environ.get("QPVKIT_CHROMIUM")
    return asked or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Return a Chromium of its own profile; skip where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright n'est pas installé")
    executable = _executable()
    if executable is None:
        pytest.skip("aucun Chromium : installez chromium ou désignez-le par QPVKIT_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield instance
        instance.close()


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> Path:
    entries = [
        Entry(code="QN09901M", label="Les Lilas", communes="Lille", population=3240.0,
              departement="59", file="10_diagnostic_qp/QN09901M.html"),
        Entry(code="QN09902M", departement="59", state="failed", error="une cellule a échoué"),
    ]  # fmt: skip
    return write_index(Settings(home=tmp_path_factory.mktemp("index")), "10_diagnostic_qp", entries)


@pytest.fixture(params=["report", "full_report", "index"])
def page_path(request) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=SIZES)
def opened(browser, page_path, request) -> Iterator:
    """Open the page with every request to elsewhere refused and counted."""
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def refuse(route) -> None:
        if route.request.url == page_path.as_uri():
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    page.route("**/*", refuse)
    page.goto(page_path.as_uri())
    yield page, asked, complaints
    context.close()


def test_page_makes_no_request_and_complains_of_nothing(opened):
    page, asked, complaints = opened
    page.wait_for_load_state("networkidle")
    assert asked == []
    assert complaints == []


def test_page_passes_axe(opened):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page, _, _ = opened
    result = axe.Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


def test_page_never_scrolls_sideways(opened):
    page, _, _ = opened
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_tables_of_details_can_be_opened_and_stay_in_their_box(opened):
    page, _, _ = opened
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_text_of_figures_can_be_read(opened):
    page, _, _ = opened
    sizes = page.evaluate(
        "[...document.querySelectorAll('figure svg text')]"
        ".map(text => text.getBoundingClientRect().height)"
    )
    assert not sizes or min(sizes) >= 9


def test_words_of_a_figure_stay_inside_it(opened):
    page, _, _ = opened
    outside = page.evaluate(
        """[...document.querySelectorAll('figure svg')].flatMap(svg => {
            const box = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].filter(t => {
                const b = t.getBoundingClientRect();
                return b.left < box.left - 2 || b.right > box.right + 2
                    || b.bottom > box.bottom + 3 || b.top < box.top - 3;
            }).map(t => t.textContent);
        })"""
    )
    assert outside == []


def test_data_are_downloaded_from_the_page_itself(browser, report):
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.goto(report.as_uri())
    with page.expect_download() as waiting:
        page.click("text=Profil du quartier")
    download = waiting.value
    assert download.suggested_filename == "QN09901M_profil.csv"
    content = Path(download.path()).read_text(encoding="utf-8-sig")
    assert content.startswith("indicator;") or "indicator" in content.splitlines()[0]
    context.close()


def test_first_tab_leads_to_the_content(browser, report):
    context = browser.new_context()
    page = context.new_page()
    page.goto(report.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#contenu"
    context.close()
