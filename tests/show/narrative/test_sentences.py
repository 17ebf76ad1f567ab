"""The grammar never says more than its numbers: 10 000 random cases, read back from the French."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from fakes import plain

from qpvkit.catalogue import load_catalogue
from qpvkit.show.comparison import SAID, Comparison
from qpvkit.show.narrative.sentences import (
    Fact,
    ask_sentence,
    fact_sentence,
    gap_sentence,
    level_sentence,
    none_marked_sentence,
    others_sentence,
    people_clause,
    regime_sentence,
    set_sentence,
    unread_sentence,
    unusual_sentence,
    verdict_sentence,
)
from qpvkit.show.words import gap_text, interval_text, round_people

CASES = 10_000
UNITS = ("pct", "eur_an", "ratio", "pct_masse", "indice_gini")
DIRECTIONS = ("up_is_worse", "up_is_better", "neutral")
NUMBER = r"[+−]?\d{1,3}(?: \d{3})*(?:,\d+)?"
MARGIN = re.compile(rf"de ({NUMBER}) à ({NUMBER})")
SAYING = ("est établi", "est nette", "mais faible")


def value_of(text: str) -> float:
    return float(text.replace(" ", "").replace("−", "-").replace(",", ".").replace("+", ""))


def cases(seed: int = 7) -> list[Comparison]:
    """Draw differences of every size, precise and vague, one-sided margins and none at all."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(CASES):
        unit = UNITS[draw.integers(len(UNITS))]
        size = {"eur_an": 4000.0, "ratio": 0.5, "indice_gini": 0.05}.get(unit, 6.0)
        gap = float(draw.normal() * size * draw.choice([0.02, 0.3, 1.0, 3.0]))
        half = np.abs(draw.normal(size=2)) * size * draw.choice([0.02, 0.3, 1.0, 3.0])
        known = draw.random() > 0.05
        found.append(
            Comparison(
                gap=gap if draw.random() > 0.02 else math.nan,
                low=gap - float(half[0]) if known else math.nan,
                high=gap + float(half[1]) if known else math.nan,
                reference=float(draw.uniform(1, 90) * size),
                unit=unit,
                direction=DIRECTIONS[draw.integers(3)],
                tested=(None, True, False)[draw.integers(3)],
            )
        )
    return found


@pytest.fixture(scope="module")
def told() -> list[tuple[Comparison, str]]:
    """Every case with its sentence, people included."""
    found = []
    for rank, case in enumerate(cases()):
        people = people_clause(
            10 * case.gap, "habitants", label="Taux", rate="de la commune"
        )  # fmt: skip
        sentence = gap_sentence(case, corrected=bool(rank % 2), people=people)
        found.append((case, plain(sentence)))
    return found


def test_no_verb_goes_against_its_margin(told):
    for case, sentence in told:
        if not any(words in sentence for words in SAYING):
            continue
        low, high = (value_of(end) for end in MARGIN.search(sentence).groups())
        assert low > 0 or high < 0, sentence
        assert case.tested is not False, sentence
        assert ("L'écart" in sentence) is (case.tested is True), sentence


def test_what_is_not_different_is_never_called_a_gap(told):
    for case, sentence in told:
        if case.judgement not in SAID:
            assert "écart" not in sentence.casefold(), sentence
            assert "défavorable" not in sentence, sentence
            assert " de plus" not in sentence, sentence
            assert " de moins" not in sentence, sentence


def test_similar_is_never_said_of_a_wide_margin(told):
    seen = 0
    for case, sentence in told:
        if "similaire" in sentence:
            seen += 1
            low, high = (value_of(end) for end in MARGIN.search(sentence).groups())
            limit = value_of(re.search(rf"seuil de ({NUMBER})", sentence)[1])
            step = 10.0 ** -load_catalogue().units[case.unit].decimals
            assert max(abs(low), abs(high)) <= limit + step, sentence
    assert seen > 100


def test_an_open_question_is_said_open(told):
    for case, sentence in told:
        wide = max(abs(case.low), abs(case.high)) > case.relevant
        if case.low < 0 < case.high and wide and not math.isnan(case.gap):
            assert sentence.startswith("Non conclusif"), sentence


def test_side_follows_the_sign_and_the_sense(told):
    for case, sentence in told:
        if "dans un sens" not in sentence:
            continue
        worse = (case.gap > 0) == (case.direction == "up_is_worse")
        assert ("sens défavorable" in sentence) is worse, sentence
        assert case.direction != "neutral", sentence


def test_numbers_of_the_text_are_those_of_the_table(told):
    for case, sentence in told:
        if not sentence:
            assert math.isnan(case.gap)
            continue
        assert plain(gap_text(case.gap, case.unit)) in sentence, sentence
        margin = plain(interval_text(case.low, case.high, case.unit))
        assert math.isnan(case.low) or margin in sentence, sentence
        assert "nan" not in sentence
        for found in MARGIN.finditer(sentence):
            assert value_of(found[1]) <= value_of(found[2]), sentence


def test_people_go_with_the_gap(told):
    for case, sentence in told:
        found = re.search(
            r"soit (environ ([\d ]+)|moins de 10) habitants de (plus|moins)", sentence
        )
        if not found:
            continue
        assert (found[3] == "plus") is (case.gap > 0), sentence
        if found[2]:
            assert value_of(found[2].strip()) == abs(round_people(10 * case.gap)), sentence


def test_every_judgement_is_met(told):
    assert {case.judgement for case, _ in told} == {
        "different", "slight", "similar", "inconclusive", "multiple", "no_interval", "none",
    }  # fmt: skip


def test_levels_and_verdicts_never_go_against_their_numbers():
    draw = np.random.default_rng(3)
    for _ in range(CASES):
        low = float(draw.normal())
        high = low + float(abs(draw.normal()))
        regime = ("quartiers", "territory")[draw.integers(2)]
        sentence = level_sentence(low, high, regime=regime)
        firm = "Rien ne permet" not in sentence and "rien ne permet" not in sentence
        assert firm is (low > 0 or high < 0), sentence
        if firm:
            less = "moins marqué" in sentence or "peu marqué" in sentence
            assert less is (high < 0), sentence
        both, data = (float(share) for share in draw.random(2))
        words = plain(
            verdict_sentence(
                "probable", reason="", rank=2, scored=8, data=data, both=both
            )
        )  # fmt: skip
        assert re.findall(r"(\d+) %", words) == [
            str(min(99, max(1, round(100 * share)))) for share in (data, both)
        ]


@pytest.mark.parametrize(
    ("names", "scored", "words"),
    [
        (["A", "B", "C"], 8, "Les trois premiers enjeux sont, avec 90 % de chances : A, B et C."),
        (["A", "B", "C", "D"], 8,
         "Les trois premiers enjeux sont parmi ces quatre, avec 90 % de chances : A, B, C et D."),
        (["A", "B", "C", "D"], 4,
         "Aucun des quatre enjeux mesurés ne peut être écarté des trois premiers : A, B, C et D."),
        (["A", "B", "C"], 3, "Classement sans objet : trois enjeux mesurés sur neuf, A, B et C."),
        (["A"], 1, "Classement sans objet : un enjeu mesuré sur neuf, A."),
        ([], 0, "Classement sans objet : aucun enjeu assez mesuré sur neuf."),
    ],
)  # fmt: skip
def test_the_set_of_the_first_stakes(names, scored, words):
    said = set_sentence(names, scored=scored, grid=9, top=3, level=0.9)
    assert plain(said) == words


def test_few_stakes_few_quartiers_and_certainty():
    facts = {"rank": 1, "scored": 2, "data": 1.0, "both": 0.0}
    few = verdict_sentence("probable", reason="few_stakes", **facts)
    assert few == "Enjeu probable, 1er sur 2 : avec si peu d'enjeux mesurés, le rang ne dit rien."
    peers = plain(verdict_sentence("probable", reason="few_peers", **facts))
    assert "plus de 99 % des simulations" in peers
    assert "moins de 1 % si les choix" in peers
    assert "trop peu de quartiers comparables" in peers


def test_regimes_name_what_they_compare_with():
    facts = {"place": "la commune de Lens", "peers": "tous les quartiers", "balance": 0.25}
    both = plain(regime_sentence("territory", **facts))
    assert "pour 25 % l'écart avec la commune de Lens" in both
    assert "pour 75 % ce qui est inhabituel" in both
    assert "par" in regime_sentence("quartiers", **facts)
    assert none_marked_sentence(1, regime="quartiers") == ""
    assert none_marked_sentence(0, regime="territory").endswith("qu'il est marqué.")


def test_silence_where_nothing_is_known():
    assert unusual_sentence(None, median=3.0, unit="pct") == ""
    assert others_sentence([], [], []) == ""
    assert ask_sentence([]) == ""
    assert people_clause(math.nan, "habitants", label="Part", rate="x") == ""
    assert people_clause(12.0, "", label="Part", rate="x") == ""
    assert level_sentence(math.nan, math.nan, regime="quartiers") == ""
    nothing = Comparison(gap=math.nan, low=math.nan, high=math.nan, reference=math.nan, unit="pct",
                         direction="up_is_worse")  # fmt: skip
    assert gap_sentence(nothing, corrected=True) == ""


def test_agreement_and_lists():
    assert unread_sentence("X", read=1, expected=3, missing=[]) == (
        "X : enjeu non établi, 1 indicateur lu sur 3."
    )
    assert unread_sentence("X", read=0, expected=0, missing=[]) == (
        "X : enjeu non établi, aucun indicateur de la grille ne le mesure."
    )
    assert "manquent « A » et « B »." in unread_sentence(
        "X", read=2, expected=9, missing=[("A", ""), ("B", "")]
    )
    assert others_sentence(["A", "B"], ["C"], []) == (
        "Autres indicateurs retenus : défavorables, « A » et « B » ; favorable, « C »."
    )


def test_a_doubt_and_an_unstated_year_stay_visible():
    facts = {"label": "Taux", "unit": "pct", "value": 44.5, "reference": math.nan, "place": ""}
    doubtful = fact_sentence(Fact(status="low_quality", vintage="2020", **facts))
    assert plain(doubtful) == "Taux : 44,5 % (2020, qualité faible)."
    undated = fact_sentence(Fact(status="ok", vintage="non précisé", **facts))
    assert plain(undated) == "Taux : 44,5 % (millésime non précisé)."
