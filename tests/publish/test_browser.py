"""The report in a real browser: nothing is asked from outside, and axe-core finds nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from qpvkit.publish.atlas import Atlas, Dot
from qpvkit.publish.exports import Download
from qpvkit.publish.site import Link, Row, Stake, write_index
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
    nord, reunion = ("59", "Nord (59)"), ("974", "La Réunion (974)")
    poverty = Stake(id="pauvrete", label="Pauvreté", verdict="probable")
    rows = [
        Row(code="QN05901M", label="Les Épis", communes="Lille", population=3240.0, contrat="MEL",
            departement=nord, stakes=(poverty,), links=(Link(title="Diagnostic", page="a.html"),)),
        Row(code="QN05902M", label="Anse", communes="Loos", population=10.0, departement=nord,
            stakes=(Stake(id="emploi", label="Emploi", verdict="fragile"),),
            links=(Link(title="Diagnostic", page="b.html", error="une cellule a échoué"),)),
        Row(code="QN97401M", label="Zone", communes="Saint-Denis", departement=reunion,
            contrat="CINOR", links=(Link(title="Diagnostic", page="c.html"),)),
    ]  # fmt: skip
    dots = (Dot(code="QN05901M", page="a.html", x=100, y=50),
            Dot(code="QN97401M", page="c.html", x=300, y=60))  # fmt: skip
    return write_index(
        Settings(home=tmp_path_factory.mktemp("index")), rows,
        atlas=Atlas(width=640, height=200, land=("M0,0 10,0 10,10Z",), dots=dots),
        downloads=[Download(file="tables/quartiers.csv", label="CSV")],
    )  # fmt: skip


@pytest.fixture
def opened_index(browser, index) -> Iterator:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto(index.as_uri())
    yield page
    context.close()


def names(page) -> list[str]:
    return page.eval_on_selector_all(
        "tbody tr:not([hidden])", "rows => rows.map(row => row.dataset.code)"
    )


def test_index_is_searched_as_one_types_without_accents(opened_index):
    opened_index.fill("#cherche", "epis lille")
    assert names(opened_index) == ["QN05901M"]
    assert opened_index.text_content(".count") == "1 quartier sur 3."
    assert opened_index.eval_on_selector_all(".atlas a:not([hidden])", "dots => dots.length") == 1
    opened_index.fill("#cherche", "ÉPIS")
    assert names(opened_index) == ["QN05901M"]
    opened_index.click("text=Tout afficher")
    opened_index.wait_for_function("document.querySelectorAll('tbody tr[hidden]').length === 0")


@pytest.mark.parametrize(
    ("facet", "value", "expected"),
    [("departement", "974", ["QN97401M"]), ("contrat", "MEL", ["QN05901M"]),
     ("stakes", "emploi", ["QN05902M"]), ("verdicts", "probable", ["QN05901M"]),
     ("state", "échec", ["QN05902M"])],
)  # fmt: skip
def test_index_is_filtered(opened_index, facet, value, expected):
    opened_index.select_option(f"#f-{facet}", value)
    assert names(opened_index) == expected


def test_index_is_sorted_from_the_keyboard(opened_index):
    button = opened_index.locator("th button", has_text="Habitants")
    button.focus()
    opened_index.keyboard.press("Enter")
    assert names(opened_index) == ["QN05902M", "QN05901M", "QN97401M"]  # not known comes last
    opened_index.keyboard.press("Enter")
    assert names(opened_index) == ["QN05901M", "QN05902M", "QN97401M"]
    head = opened_index.locator("th[aria-sort]")
    assert head.get_attribute("aria-sort") == "descending"


def test_map_of_the_index_is_walked_with_the_arrows(opened_index):
    opened_index.focus(".atlas a[tabindex='0']")
    opened_index.keyboard.press("ArrowRight")
    focus = "document.activeElement.dataset.code"
    assert opened_index.evaluate(focus) == "QN97401M"
    opened_index.keyboard.press("ArrowRight")
    assert opened_index.evaluate(focus) == "QN97401M"
    assert opened_index.evaluate("document.activeElement.getAttribute('href')") == "c.html"
    assert len(opened_index.query_selector_all(".atlas a[tabindex='0']")) == 1


def test_index_can_be_read_without_script(browser, index):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(index.as_uri())
    assert page.locator("tbody tr").count() == 3
    assert not page.locator(".filters").is_visible()
    context.close()


@pytest.fixture(params=["report", "full_report", "droit_commun_report", "index"])
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
