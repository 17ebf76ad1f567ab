"""What the charts say: bars, labels, colours, masks; not their pixels."""

from __future__ import annotations

import itertools
import math

import pytest
from fakes import diagnostic, empty, plain
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from qpvkit.show.blocks import Note
from qpvkit.show.canvas import BETTER, UNSAID, WIDTH, WORSE, fit, new_canvas, text_width
from qpvkit.show.chart import Chart
from qpvkit.show.charts import plot_gaps, plot_profile


def texts(chart) -> list[str]:
    return [plain(text.get_text()) for text in chart.figure.axes[0].texts]


def bars(chart) -> list[Rectangle]:
    """The bars themselves: neither the legend nor the bands."""
    return [p for p in chart.figure.axes[0].patches if p.get_height() == 12]


def test_gaps_are_sorted_most_unfavourable_first_without_context():
    shown = texts(plot_gaps(diagnostic()))
    known = {"Taux de pauvreté", "Taux d'emploi", "Emplois précaires", "Personnes seules"}
    shorts = [word for word in shown if word in known]
    assert shorts == ["Taux de pauvreté", "Taux d'emploi", "Emplois précaires"]


def test_gap_is_written_with_its_sign_vintage_and_base():
    shown = texts(plot_gaps(diagnostic()))
    assert {"+19,3", "−15,5", "−1,5"} <= set(shown)
    assert "2021 · effectif 53 291" in shown
    assert "0 = la commune de Lille" in shown


def test_colour_follows_the_sense_and_not_the_sign():
    d = diagnostic()
    sure = d.gaps.assign(gap_high=d.gaps["gap"] + 1, gap_low=d.gaps["gap"] - 1, different=True)
    drawn = bars(plot_gaps(diagnostic(gaps=sure)))
    assert [to_hex(bar.get_facecolor()) for bar in drawn] == [
        color.lower() for color in (WORSE, WORSE, BETTER)
    ]


def test_what_the_margin_does_not_allow_to_say_is_pale():
    chart = plot_gaps(diagnostic())
    assert to_hex(bars(chart)[2].get_facecolor()) == UNSAID.lower()
    assert "non établi, ou sans marge d'erreur connue" in texts(chart)
    known = plot_gaps(diagnostic(), reference="france")
    assert "non établi, ou sans marge d'erreur connue" not in texts(known)


def test_margins_and_the_rest_are_drawn_and_explained():
    d = diagnostic()
    chart = plot_gaps(d)
    shown = texts(chart)
    assert "marge d'erreur (95 chances sur 100)" in shown
    assert "écart avec le reste, quartier déduit" in shown
    none = d.gaps.assign(gap_low=math.nan, gap_high=math.nan, comparison="whole")
    shown = texts(plot_gaps(diagnostic(gaps=none)))
    assert "marge d'erreur (95 chances sur 100)" not in shown
    assert "écart avec le reste, quartier déduit" not in shown


def test_bars_are_proportional_to_the_gaps():
    drawn = bars(plot_gaps(diagnostic()))
    ratios = [bar.get_width() / gap for bar, gap in zip(drawn, (19.3, 15.5, 1.5), strict=True)]
    assert max(ratios) == pytest.approx(min(ratios))


def test_limit_keeps_the_largest_and_says_how_many_there_are():
    chart = plot_gaps(diagnostic(), limit=2)
    assert "Emplois précaires" not in texts(chart)
    assert "les 2 plus grands sur 3" in chart.title


def test_alternative_text_holds_every_value():
    alt = plain(plot_gaps(diagnostic()).alt)
    assert (
        "Taux de pauvreté : +19,3 points (46,3 % contre 27,0 %, plus défavorable, marge d'erreur "
        "de +18,4 à +20,2 points, +21,4 points avec le reste, quartier déduit)" in alt
    )
    assert "Emplois précaires : −1,5 point (20,0 % contre 21,5 %, non conclusif" in alt


def test_another_reference():
    chart = plot_gaps(diagnostic(), reference="france")
    assert "la France métropolitaine" in chart.title
    assert "+31,4" in texts(chart)


def test_no_gap_gives_a_note():
    d = diagnostic()
    note = plot_gaps(diagnostic(gaps=empty(d.gaps)))
    assert isinstance(note, Note)
    assert "Aucun écart" in note.text


def test_profile_shows_values_scale_vintage_and_number_of_quartiers():
    shown = texts(plot_profile(diagnostic(), theme="revenus"))
    assert {"46,3 %", "27,0 %", "55,0 %", "2021 · 12 autres quartiers"} <= set(shown)
    assert "13 620 €/an (estimé)" in shown


@pytest.mark.parametrize(
    ("theme", "word"), [("education", "masqué · 2020"), ("logement", "non disponible · 2020")]
)
def test_masked_value_is_hatched_and_said(theme, word):
    chart = plot_profile(diagnostic(), theme=theme)
    assert word in texts(chart)
    assert any(patch.get_hatch() for patch in chart.figure.axes[0].patches)
    assert not any("%" in text for text in texts(chart))


def test_legend_explains_only_what_is_drawn():
    masked = texts(plot_profile(diagnostic(), theme="education"))
    assert "valeur masquée ou non disponible" in masked
    assert "ce quartier" not in masked
    shown = texts(plot_profile(diagnostic(), theme="revenus"))
    assert {"ce quartier", "la commune de Lille", "plus défavorable que la médiane"} <= set(shown)
    assert "valeur masquée ou non disponible" not in shown


def test_colour_of_the_dot_follows_the_place_among_the_others():
    chart = plot_profile(diagnostic(), theme="emploi")
    words = {plain(t.get_text()): t.get_color() for t in chart.figure.axes[0].texts}
    assert words["44,5 % (qualité faible)"] == WORSE
    assert words["20,0 %"] == BETTER


def test_context_is_never_called_favourable():
    chart = plot_profile(diagnostic(), theme="population")
    assert not any("favorable" in text for text in [*texts(chart), chart.alt])


def test_head_counts_are_left_to_the_table():
    assert "Habitants" not in texts(plot_profile(diagnostic(), theme="population"))


def test_theme_without_anything_to_draw_gives_a_note():
    assert isinstance(plot_profile(diagnostic(), theme="sante"), Note)


def test_only_value_and_no_peer_still_draws():
    d = diagnostic()
    cuts = {name: math.nan for name in d.profile if name.startswith("peers_")}
    alone = d.profile.assign(**cuts, peers=0, position=math.nan)
    chart = plot_profile(
        diagnostic(profile=alone, gaps=empty(d.gaps)), theme="revenus", indicators=["pauvrete"]
    )
    assert "46,3 %" in texts(chart)
    assert "2021" in texts(chart)


@pytest.mark.parametrize("dataset", ["demo", "france"])
def test_invented_data_are_said_on_every_figure(dataset):
    shown = texts(plot_gaps(diagnostic(dataset=dataset)))
    assert ("Données inventées (démonstration)" in shown) is (dataset == "demo")


def boxes(chart):
    """The room that each line takes, as wide as a phone shows it."""
    for text in chart.figure.axes[0].texts:
        words, size = text.get_text(), text.get_fontsize()
        width = text_width(words, size=size, bold=text.get_weight() == "bold")
        x, y = text.get_position()
        left = {"left": x, "right": x - width, "center": x - width / 2}[text.get_ha()]
        yield words, left, left + width, y - size, y


@pytest.mark.parametrize(
    "make",
    [plot_gaps, *(lambda d, t=theme: plot_profile(d, theme=t) for theme in ("revenus", "emploi"))],
    ids=["gaps", "revenus", "emploi"],
)
def test_no_text_is_cut_nor_overlaps_another(make):
    found = list(boxes(make(diagnostic())))
    for words, left, right, _, _ in found:
        assert left > -1, words
        assert right < WIDTH + 1, words
    for one, other in itertools.combinations(found, 2):
        apart = one[2] <= other[1] or other[2] <= one[1] or one[4] <= other[3] or other[4] <= one[3]
        assert apart, (one[0], other[0])


def test_fit_shortens_what_is_too_long():
    assert fit("court", 400) == "court"
    assert fit("mot " * 60, 200).endswith("…")
    assert text_width(fit("mot " * 60, 200)) <= 200


def test_canvas_origin_is_the_top_left_corner():
    chart = Chart(canvas=new_canvas(100), alt="", source="", title="")
    assert chart.figure.axes[0].get_ylim() == (100, 0)
    assert chart.figure.axes[0].get_xlim() == (0, WIDTH)


def test_a_letter_that_the_font_lacks_has_a_width_too():
    assert text_width("\U0001f3d8\u0378") > 0
    assert fit("\U0001f3d8 " * 60, 200).endswith("…")
