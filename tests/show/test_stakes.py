"""The charts of the stakes: ranks, margins, chances, the set, what is not established."""

from __future__ import annotations

import fake_stakes
import numpy as np
import pytest
from fakes import diagnostic, empty, plain
from matplotlib.colors import to_hex

from qpvkit.show.blocks import Note
from qpvkit.show.canvas import BAND, BETTER, GREY, WIDTH, WORSE
from qpvkit.show.severity import map_severity, spread
from qpvkit.show.spine import plot_spine, read_spine
from qpvkit.show.stakes import plot_stakes


def texts(chart) -> list[str]:
    return [plain(text.get_text()) for text in chart.figure.axes[0].texts]


def filled(chart, color: str) -> list[np.ndarray]:
    """The rectangles of one colour, as corners."""
    return [
        path.vertices
        for drawn in chart.figure.axes[0].collections
        if len(drawn.get_facecolor()) and to_hex(drawn.get_facecolor()[0]) == color.lower()
        for path in drawn.get_paths()
    ]


def dots(chart, color: str, marker: str = "o") -> list[tuple[float, float]]:
    found = []
    for line in chart.figure.axes[0].lines:
        if line.get_marker() == marker and to_hex(line.get_markerfacecolor()) == color.lower():
            found += list(zip(line.get_xdata(), line.get_ydata(), strict=True))
    return found


def test_stakes_are_written_by_rank_with_verdict_margins_and_vintages():
    shown = texts(plot_stakes(diagnostic()))
    assert [word for word in shown if word[:2] in {f"{rank}." for rank in range(1, 7)}] == [
        "1. Pauvreté et faibles ressources", "2. Accès à l'emploi", "3. Emploi des femmes",
        "4. Faible qualification", "5. Accès aux soins",
    ]  # fmt: skip
    assert {"établi", "probable", "incertain"} <= set(shown)
    assert "rang 1 · 2 indicateurs lus sur 2 · 2021" in shown
    assert "rang 1 à 4 · 2 indicateurs lus sur 3 · 2020" in shown


def test_chances_are_never_certain():
    shown = texts(plot_stakes(diagnostic()))
    assert {"> 99 %", "97 %", "< 1 %"} <= set(shown)
    assert not {"100 %", "0 %"} & set(shown)


def test_the_set_is_shaded_unless_it_holds_every_stake():
    chart = plot_stakes(diagnostic())
    assert len(filled(chart, BAND)) == 4
    assert "ensemble du trio de tête, sûr à 90 %" in texts(chart)
    every = fake_stakes.stakes().assign(in_top_set=True)
    assert not filled(plot_stakes(diagnostic(stakes=every)), BAND)


def test_colour_of_a_stake_follows_its_margin():
    chart = plot_stakes(diagnostic())
    assert [len(dots(chart, color)) for color in (WORSE, GREY, BETTER)] == [2, 3, 1]


def test_a_stake_not_established_is_listed_with_why():
    chart = plot_stakes(diagnostic())
    assert {"Vacance des logements", "non établi : 0 lu sur 2"} <= set(texts(chart))
    assert "Non établis, faute d'indicateurs : Vacance des logements" in plain(chart.alt)


def test_alternative_text_holds_every_number():
    alt = plain(plot_stakes(diagnostic()).alt)
    assert (
        "1er, Pauvreté et faibles ressources : établi, rang 1, ampleur +0,9 (de +0,7 à +1,0), "
        "dans le trio de tête à plus de 99 % selon les données, 97 % si les choix de méthode "
        "varient aussi" in alt
    )
    assert "Au hasard, un enjeu serait dans le trio de tête à 60 %" in alt


def test_nothing_ranked_gives_a_note():
    note = plot_stakes(diagnostic(stakes=fake_stakes.nothing_ranked()))
    assert isinstance(note, Note)
    assert "à qui le demander" in note.text


@pytest.mark.parametrize("make", [plot_stakes, plot_spine, map_severity])
def test_invented_data_are_marked_and_nothing_leaves_the_sheet(make):
    chart = make(diagnostic())
    assert "Données inventées (démonstration)" in texts(chart)
    assert all(-1 <= text.get_position()[0] <= WIDTH + 1 for text in chart.figure.axes[0].texts)
    real = make(diagnostic(dataset="france"))
    assert "Données inventées (démonstration)" not in texts(real)


@pytest.mark.parametrize("make", [plot_stakes, plot_spine, map_severity])
def test_the_same_bytes_each_time(make):
    assert make(diagnostic()).svg() == make(diagnostic()).svg()


def test_spine_is_sorted_by_stake_worse_to_the_right():
    spine = read_spine(diagnostic())
    assert [item.stake for item in spine] == [
        "Pauvreté et faibles ressources", "Accès à l'emploi", "Accès à l'emploi",
        "Emploi des femmes", "Faible qualification", "Accès aux soins",
    ]  # fmt: skip
    chart = plot_spine(diagnostic())
    worst, better = dots(chart, WORSE), dots(chart, BETTER)
    assert min(x for x, y in worst if y > 95) > max(x for x, y in better if y > 95)  # no legend


def test_spine_writes_value_vintage_and_base_and_leaves_repeats_out():
    shown = texts(plot_spine(diagnostic()))
    assert "46,3 % · 2021 · eff. 53 291" in shown
    assert "44,5 % (qualité faible) · 2020 · eff. 2 100" in shown
    assert "Niveau de vie médian" not in shown


def test_spine_draws_the_reference_only_where_it_is_known():
    d = diagnostic()
    chart = plot_spine(d)
    assert len(dots(chart, "#ffffff", "D")) == 2  # its legend and poverty
    alone = d.evidence.assign(severity=float("nan"))
    chart = plot_spine(diagnostic(evidence=alone))
    assert "la commune de Lille" not in texts(chart)


def test_bands_are_on_the_same_scale_as_the_dots():
    """On the logit, 38 % to 55 % of the others; σ is 1 and the centre 0 in the invented set."""
    item = read_spine(diagnostic())[0]
    assert item.band == pytest.approx((np.log(38 / 62), np.log(55 / 45)))


def test_nothing_to_place_gives_a_note():
    d = diagnostic()
    assert isinstance(plot_spine(diagnostic(evidence=empty(d.evidence))), Note)


def test_severity_needs_a_territory_of_comparison():
    d = diagnostic()
    assert {"Taux de pauvreté · 2021", "Niveau de vie médian · 2021"} <= set(texts(map_severity(d)))
    note = map_severity(diagnostic(evidence=d.evidence.assign(severity=float("nan"))))
    assert isinstance(note, Note)
    assert "aucune valeur n’est publiée pour la commune de Lille" in note.text


def test_names_beside_the_map_never_overlap():
    draw = np.random.default_rng(1)
    for _ in range(200):
        places = sorted(float(place) for place in draw.uniform(0, 200, 12))
        moved = spread(places, gap=15.0, low=0.0, high=200.0)
        assert np.diff(moved).min() >= 15.0 - 1e-9
        assert max(moved) <= 200.0
