"""Two painters of one sheet: the SVG of a page and the figure of an analyst draw the same."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from fakes import diagnostic
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, PathPatch, Rectangle

import qpvkit as qk
from qpvkit.show.canvas import BASE_SIZE, INK, WIDTH, new_canvas
from qpvkit.show.chart import Chart
from qpvkit.show.svg import write_svg

SVG = "{http://www.w3.org/2000/svg}"
ANCHORS = {None: "left", "middle": "center", "end": "right"}
MAKERS = {
    "gaps": qk.plot_gaps, "map": qk.map_quartier, "stakes": qk.plot_stakes, "spine": qk.plot_spine,
    "severity": qk.map_severity,
    **{theme: lambda d, theme=theme: qk.plot_profile(d, theme=theme)
       for theme in ("revenus", "emploi", "education")},
}  # fmt: skip


@pytest.fixture(scope="module")
def charts() -> dict[str, Chart]:
    """The charts of real pages: one of each map of the demo set, and those of the droit commun."""
    found = {}
    for code in ("QN09901M", "QP099007"):
        d = qk.diagnose(code, dataset="demo")
        found |= {f"{code} {name}": make(d) for name, make in MAKERS.items()}
    d = qk.diagnose_droit_commun("QN09901M", dataset="demo")
    makers = (qk.plot_equity, qk.plot_evidence, qk.plot_effort, qk.map_services)
    found |= {make.__name__: make(d) for make in makers}
    return {name: chart for name, chart in found.items() if isinstance(chart, Chart)}


def inherited(root: ET.Element):
    """Go through the drawn elements with the attributes of their group."""
    for element in root:
        for drawn in element if element.tag == f"{SVG}g" else [element]:
            known = root.attrib | element.attrib | drawn.attrib
            yield drawn.tag.removeprefix(SVG), known, drawn.text


def across(item: dict[str, str]) -> float:
    """Return the abscissa of a line of words, that of its group included."""
    moved = re.fullmatch(r"translate\((.+)\)", item.get("transform", "translate(0)"))
    return float(item.get("x", 0)) + float(moved[1])


def drawn_in_svg(chart: Chart) -> dict[str, list]:
    """Read back what an SVG draws: words with their style, and each shape with its colour."""
    drawn = list(inherited(ET.fromstring(chart.svg())))
    paths = [item for tag, item, _ in drawn if tag == "path"]
    words = [
        (text, across(item), float(item["y"]), ANCHORS[item.get("text-anchor")],
         item.get("font-weight", "normal"), item["fill"], float(item["font-size"].strip("em")))
        for tag, item, text in drawn if tag == "text"
    ]  # fmt: skip
    strokes = [item for item in paths if "z" not in item["d"] and "url" not in item["stroke"]]
    filled = [item for item in paths[1:] if "stroke" not in item]
    closed = [item for item in paths if "stroke" in item and "z" in item["d"]]
    diamonds = [item for item in closed if "stroke-linejoin" not in item]
    return {
        "words": sorted(words),
        "strokes": [(item["stroke"], float(item["stroke-width"])) for item in strokes
                    for _ in range(item["d"].count("M"))],
        "boxes": [item["fill"] for item in filled for _ in range(item["d"].count("M"))],
        "circles": [item["stroke"] for tag, item, _ in drawn if tag == "circle"],
        "diamonds": [item["stroke"] for item in diamonds],
        "rings": [item["fill"] for item in closed if item not in diamonds
                  for _ in range(item["d"].count("M"))],
    }  # fmt: skip


def drawn_in_figure(chart: Chart) -> dict[str, list]:
    """Read back what a figure draws, in the same words."""
    (axes,) = chart.figure.axes
    words = [
        (text.get_text(), round(text.get_position()[0], 1), round(text.get_position()[1], 1),
         text.get_ha(), text.get_weight(), short(text.get_color()),
         9.5 if text.get_fontsize() == BASE_SIZE else round(text.get_fontsize() / BASE_SIZE, 2))
        for text in axes.texts
    ]  # fmt: skip
    ordered = sorted(axes.get_children(), key=lambda artist: artist.get_zorder())
    found: dict[str, list] = {"words": sorted(words), "strokes": [], "boxes": [], "circles": [],
                              "diamonds": [], "rings": []}  # fmt: skip
    for artist in ordered:
        if isinstance(artist, PolyCollection):
            color = short(to_hex(artist.get_facecolor()[0]))
            heights = [path.get_extents().height for path in artist.get_paths()]
            if max(heights) - min(heights) < 1e-9:  # an SVG writes them as thick lines
                found["strokes"] += [(color, pytest.approx(height)) for height in heights]
            else:
                found["boxes"] += [color] * len(heights)
        elif isinstance(artist, Rectangle) and artist is not axes.patch:
            found["strokes"].append((short(to_hex(artist.get_facecolor())), artist.get_height()))
        elif isinstance(artist, LineCollection):
            color, (width,) = short(to_hex(artist.get_colors()[0])), artist.get_linewidths()
            found["strokes"] += [(color, width)] * len(artist.get_segments())
        elif isinstance(artist, PathPatch):
            fill = artist.get_facecolor()
            color = short(to_hex(fill)) if fill[3] else "none"
            found["rings"] += [color] * int((artist.get_path().codes == 79).sum())
        elif isinstance(artist, Circle):
            found["circles"].append(short(to_hex(artist.get_edgecolor())))
    for line in sorted(axes.lines, key=lambda line: line.get_zorder()):
        name = "circles" if line.get_marker() == "o" else "diamonds"
        color = short(to_hex(line.get_markeredgecolor()))
        found[name] += [color] * len(line.get_xdata())
    return found


def short(color: str) -> str:
    pairs = color.lower()[1::2], color.lower()[2::2]
    return f"#{pairs[0]}" if pairs[0] == pairs[1] else color.lower()


def test_both_painters_draw_the_same(charts):
    assert len(charts) > 15
    for name, chart in charts.items():
        written, painted = drawn_in_svg(chart), drawn_in_figure(chart)
        assert sum(map(len, written.values())) > 10, name
        for kind in painted:
            assert written[kind] == painted[kind], (name, kind)


def test_styles_are_attributes_that_no_other_figure_can_change(charts):
    for chart in charts.values():
        assert "<style" not in chart.svg()
        assert "class=" not in chart.svg()


def test_hatches_of_several_figures_have_their_own_names(charts):
    names = [name for chart in charts.values() for name in re.findall(r'id="([^"]+)"', chart.svg())]
    assert len(names) == len(set(names)) > 1


def test_words_of_usual_size_have_none_of_their_own():
    sheet = new_canvas(30)
    sheet.text(0, 10, "usuel")
    sheet.text(WIDTH, 10, "petit & gras", size=BASE_SIZE / 2, bold=True, align="right")
    svg = write_svg(sheet, alt="a")
    assert '\n<text y="10">usuel</text>' in svg
    assert '<g font-size=".5em" text-anchor="end" font-weight="bold">' in svg
    assert '<text x="400" y="10">petit &amp; gras</text>' in svg
    assert f'fill="{INK.lower()}"' in svg.splitlines()[0]


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (lambda sheet: sheet.box(1.04, 2, 3, 4, color="#112233"),
         '<path stroke="#123" stroke-width="4" d="M1 4h3"/>'),
        (lambda sheet: sheet.boxes([(1.04, 2, 3, 4), (0, 0, 1, 2)], color="#112233"),
         '<path fill="#123" d="M1 2h3v4h-3zM0 0h1v2h-1z"/>'),
        (lambda sheet: sheet.lines([((0, 1), (0, 4.26)), ((0, 0), (2, -0.5))], color="#9AA3AE"),
         '<path stroke="#9aa3ae" stroke-width=".8" d="M0 1v3.3M0 0l2-.5"/>'),
        (lambda sheet: sheet.outline([[(0, 0), (4, 0), (4, 4), (0, 0)], [(1, 1), (2, 1), (1, 2)]],
                                     color="none", edge="#000000", width=1.0),
         '<path fill="none" stroke="#000" stroke-linejoin="round" '
         'd="M0 0l4 0 0 4zM1 1l1 0-1 1z"/>'),
        (lambda sheet: sheet.marks([(5, 5)], shape="D", color="#FFFFFF", size=4.2426, hollow=True),
         '<path fill="#fff" stroke="#fff" stroke-width="1.4" d="M5 2l3 3-3 3-3-3z"/>'),
        (lambda sheet: sheet.ring(5, 5, 9, color="#FFFFFF", width=1),
         '<circle fill="none" stroke="#fff" cx="5" cy="5" r="9"/>'),
    ],
    ids=["box", "boxes", "lines", "outline", "diamond", "ring"],
)  # fmt: skip
def test_each_shape_is_written_short(draw, expected):
    sheet = new_canvas(30)
    draw(sheet)
    assert write_svg(sheet, alt="a").splitlines()[2] == expected


def test_a_report_needs_matplotlib_for_the_width_of_its_words_only():
    code = (
        "import sys, qpvkit.show.charts, qpvkit.show.maps, qpvkit.show.sections; "
        "import qpvkit.show.droit_commun.access, qpvkit.show.droit_commun.charts; "
        "print([name for name in sys.modules if name.startswith('matplotlib')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_drawing_needs_no_figure():
    code = (
        "import sys; from qpvkit.show.canvas import fit, new_canvas; "
        "from qpvkit.show.svg import write_svg; sheet = new_canvas(20); "
        "sheet.text(0, 12, fit('Taux', 400)); write_svg(sheet, alt='a'); "
        "print({'matplotlib.figure', 'matplotlib.axes'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_figure_is_painted_once_in_the_house_style():
    chart = qk.plot_gaps(diagnostic())
    assert chart.figure is chart.figure
    assert len(chart.figure.axes) == 1
    assert chart.figure.get_size_inches()[0] * 72 == pytest.approx(WIDTH)
