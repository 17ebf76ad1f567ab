"""A `Chart` shows itself: SVG that is light, the same at each run, and that has its words."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest
from fakes import diagnostic

from qpvkit.show.canvas import PALE, new_canvas
from qpvkit.show.chart import SVG_MIME, Chart, figure_html
from qpvkit.show.charts import plot_gaps, plot_profile
from qpvkit.show.maps import map_quartier


def make_chart(alt: str = "Trois <barres> & une « ligne »") -> Chart:
    canvas = new_canvas(144)
    canvas.lines([((0.123456, 2), (1.987654, 3))])
    canvas.box(1.23456, 5, 8, 9, color=PALE, hatched=True)
    canvas.text(0.5, 2.5, "Écart")
    return Chart(canvas=canvas, alt=alt, source="Insee", title="Titre")


def test_bundle_is_an_svg_with_its_words():
    data, metadata = make_chart()._repr_mimebundle_()
    assert set(data) == {SVG_MIME}
    assert metadata[SVG_MIME] == {
        "alt": "Trois <barres> & une « ligne »", "source": "Insee", "title": "Titre",
    }  # fmt: skip


def test_svg_is_well_formed_and_named():
    svg = make_chart().svg()
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Trois <barres> & une « ligne »"
    assert root.get("viewBox") == "0 0 400 144"


def test_svg_is_the_same_at_each_call_and_each_drawing():
    assert make_chart().svg() == make_chart().svg()
    chart = make_chart()
    assert chart.svg() == chart.svg()


@pytest.mark.parametrize(
    "make",
    [plot_gaps, map_quartier, lambda d: plot_profile(d, theme="emploi")],
    ids=["gaps", "map", "profile"],
)
def test_svg_of_our_charts_is_light(make):
    svg = make(diagnostic()).svg()
    ET.fromstring(svg)
    assert len(svg) < 20_000
    assert "metadata" not in svg
    assert "<!--" not in svg
    assert not re.search(r"\d\.\d{3,}", svg.split(">", 1)[1])
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', svg))
    assert set(re.findall(r' id="([^"]+)"', svg)) <= used
    assert "http" not in svg.replace("http://www.w3.org/", "")


def test_words_stay_words():
    assert ">Écart</text>" in make_chart().svg()


def test_drawing_leaves_the_settings_of_the_analyst_alone():
    before = dict(mpl.rcParams)
    assert make_chart().svg()
    assert make_chart().figure
    assert dict(mpl.rcParams) == before


def test_pyplot_is_never_imported():
    code = "import sys, qpvkit; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_figure_escapes_its_words():
    page = figure_html("<svg></svg>", title="a < b", source="x & y")
    assert "a &lt; b" in page
    assert "x &amp; y" in page
