"""Official codes: padding, refusal, lists of communes, zoning, département, metric projection."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvkit.codes import (
    EXAMPLES,
    KIND_LABELS,
    KINDS,
    METRIC_CRS,
    PATTERNS,
    departement_of,
    metric_crs,
    read_code,
    read_commune_list,
    zoning_of,
)
from qpvkit.errors import BadCodeError

METROPOLITAN = [f"{number:02d}" for number in range(1, 96) if number != 20] + ["2A", "2B"]
OVERSEAS = ["971", "972", "973", "974", "975", "976", "977", "978", "987", "988"]

departements = st.sampled_from(METROPOLITAN + OVERSEAS)


@st.composite
def communes(draw, within=departements):
    departement = draw(within)
    width = 5 - len(departement)
    return departement + f"{draw(st.integers(1, 10**width - 1)):0{width}d}"


@st.composite
def quartiers(draw):
    departement = draw(departements)
    if draw(st.booleans()):
        return f"QP{departement:>03}{draw(st.integers(1, 999)):03d}", departement, 2015
    letter = draw(st.sampled_from("ABCIMNS"))
    return f"QN{departement:>03}{draw(st.integers(1, 99)):02d}{letter}", departement, 2024


padding = st.sampled_from(["", " ", "\t", "\u00a0"])
several = st.lists(communes(), min_size=1, max_size=6, unique=True)


# --- one code ----------------------------------------------------------------------------------


@settings(deadline=None)
@given(code=communes(), before=padding, after=padding)
def test_a_commune_is_read_whatever_its_case_and_the_spaces_around(code, before, after):
    assert read_code(f"{before}{code.lower()}{after}", "commune") == code


@settings(deadline=None)
@given(quartier=quartiers(), before=padding)
def test_a_quartier_is_read_whatever_its_case_and_the_spaces_around(quartier, before):
    code, _, _ = quartier
    assert read_code(before + code.lower(), "qp") == code


@settings(deadline=None)
@given(code=communes(within=st.sampled_from(METROPOLITAN[:9])))
def test_the_zero_that_a_spreadsheet_lost_comes_back(code):
    assert read_code(code.removeprefix("0"), "commune") == code
    assert read_code(f"{code.removeprefix('0')}.0", "commune") == code


@settings(deadline=None)
@given(code=communes())
def test_reading_twice_changes_nothing(code):
    once = read_code(code, "commune")
    assert read_code(once, "commune") == once == code


@settings(deadline=None)
@given(
    code=st.one_of(st.integers(), st.floats(), st.none(), st.binary(), st.booleans()),
    kind=st.sampled_from(KINDS),
)
def test_what_is_not_a_text_is_refused_and_says_to_quote_it(code, kind):
    with pytest.raises(BadCodeError, match="guillemets") as caught:
        read_code(code, kind)
    assert caught.value.code is code
    assert caught.value.kind == kind
    assert EXAMPLES[kind] in str(caught.value)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("", "commune"),
        ("593500", "commune"),
        ("2C004", "commune"),
        ("59 350", "commune"),
        ("QP59074", "qp"),
        ("QN05972", "qp"),
        ("QN059721", "qp"),
        ("QP05907M", "qp"),
        ("QPO59074", "qp"),
        ("1,23E+08", "epci"),
        ("20009320", "departement"),
        ("969", "departement"),
        ("FRANCE", "france"),
        ("CV19", "contrat"),
    ],
)
def test_a_code_that_is_not_of_its_kind_is_refused_with_an_example(code, kind):
    with pytest.raises(BadCodeError, match="illisible") as caught:
        read_code(code, kind)
    message = str(caught.value)
    assert repr(code) in message
    assert KIND_LABELS[kind] in message
    assert EXAMPLES[kind] in message


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("1", "departement", "01"),
        ("2a", "departement", "2A"),
        ("974", "departement", "974"),
        ("1", "region", "01"),
        ("2a004", "commune", "2A004"),
        ("97411", "commune", "97411"),
        ("200093201", "epci", "200093201"),
        ("10010101", "iris", "010010101"),
        ("cn05901m", "contrat", "CN05901M"),
        ("cv192", "contrat", "CV192"),
        ("fr-metro", "france", "FR-METRO"),
        ("2024", "ensemble_qp", "2024"),
    ],
)
def test_every_kind_has_its_own_padding(text, kind, code):
    assert read_code(text, kind) == code


def test_the_same_digits_are_a_region_or_a_departement():
    assert read_code("93", "region") == read_code("93", "departement") == "93"


def test_every_kind_has_a_label_a_pattern_and_an_example():
    assert set(KINDS) == set(KIND_LABELS) == set(PATTERNS) == set(EXAMPLES)


# --- lists of communes -------------------------------------------------------------------------


@settings(deadline=None)
@given(codes=several)
def test_a_list_of_communes_is_the_same_in_every_published_spelling(codes):
    spellings = (
        ", ".join(codes),
        "; ".join(codes),
        ";".join(codes),
        " ".join(codes),
        f'="{";".join(codes)}"',
        f'="{", ".join(codes)}"',
        "".join(codes),
        f"  {','.join(codes).lower()} ",
    )
    assert [read_commune_list(spelling) for spelling in spellings] == [codes] * len(spellings)


@settings(deadline=None)
@given(
    codes=st.lists(
        communes(within=st.sampled_from(METROPOLITAN[:9])), min_size=1, max_size=4, unique=True
    )
)
def test_a_list_whose_zeros_are_lost_is_still_read(codes):
    bare = [code.removeprefix("0") for code in codes]
    assert read_commune_list(", ".join(bare)) == codes
    assert read_commune_list(f'="{";".join(bare)}"') == codes


@settings(deadline=None)
@given(first=communes(within=st.sampled_from(METROPOLITAN[:9])), others=several)
def test_a_glued_list_may_have_lost_its_first_zero(first, others):
    codes = list(dict.fromkeys([first, *others]))
    assert read_commune_list("".join(codes).removeprefix("0")) == codes


@settings(deadline=None)
@given(codes=several)
def test_a_commune_listed_twice_counts_once_and_the_order_is_kept(codes):
    assert read_commune_list(", ".join([*codes, *reversed(codes)])) == codes


def test_corsica_and_overseas_are_read_in_every_spelling():
    codes = ["2A004", "2B033", "97411"]
    assert read_commune_list("2A0042B03397411") == codes
    assert read_commune_list('="2a004;2b033;97411"') == codes


@pytest.mark.parametrize("text", ["", "  ", '=""', ";"])
def test_an_empty_list_holds_no_commune(text):
    assert read_commune_list(text) == []


@pytest.mark.parametrize("text", ["Lille", "59350, Loos", "1,23E+08", "593501", "5935059"])
def test_what_is_not_a_list_of_codes_is_refused(text):
    with pytest.raises(BadCodeError, match="illisible"):
        read_commune_list(text)


# --- what a code says --------------------------------------------------------------------------


@settings(deadline=None)
@given(quartier=quartiers())
def test_the_code_of_a_quartier_says_its_map_and_its_departement(quartier):
    code, departement, zoning = quartier
    assert zoning_of(code) == zoning
    assert departement_of(code, "qp") == departement


@settings(deadline=None)
@given(departement=departements, data=st.data())
def test_the_code_of_a_commune_says_its_departement(departement, data):
    code = data.draw(communes(within=st.just(departement)))
    assert departement_of(code, "commune") == departement


def test_corsican_quartiers_keep_their_letter():
    assert departement_of("QP02A001", "qp") == departement_of("QN02A01M", "qp") == "2A"
    assert zoning_of("QP02A001") == 2015
    assert zoning_of("QN02A01M") == 2024


@pytest.mark.parametrize(
    ("departement", "epsg"),
    [("971", 5490), ("972", 5490), ("973", 2972), ("974", 2975), ("976", 4471), ("977", 5490),
     ("978", 5490), ("975", 4467), ("987", 3297), ("988", 3163), ("986", 8903)],
)  # fmt: skip
def test_metres_are_metres_overseas(departement, epsg):
    assert metric_crs(departement) == epsg


@settings(deadline=None)
@given(departement=st.sampled_from(METROPOLITAN))
def test_metropolitan_france_uses_lambert_93(departement):
    assert departement not in METRIC_CRS
    assert metric_crs(departement) == 2154
