"""Finding and listing territories."""

from __future__ import annotations

import pytest
from builders import liste_rows, revenus_rows, small_settings, write_csv, write_json, write_xlsx

from qpvkit.errors import BadCodeError, UnknownNameError
from qpvkit.load.store import open_store
from qpvkit.load.territories import check_kind, find_territory, load_territories

COMMUNES = [
    {"code": code, "nom": name, "type": "commune-actuelle", "departement": code[:2],
     "population": people}
    for code, name, people in (
        ("59350", "Lille", 236234), ("59328", "Lambersart", 27000), ("01053", "Bourg", 41000),
    )
]  # fmt: skip
EPCI = [
    {"code": "200093201", "nom": "Métropole européenne de Lille", "populationMunicipale": 1182250,
     "membres": [{"code": "59350"}, {"code": "59328"}]},
]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return the settings and the store of a few quartiers of both maps; no test changes them."""
    settings = small_settings(tmp_path_factory.mktemp("lieux"))
    raw = settings.raw_dir
    rows = [*revenus_rows(), revenus_rows(("QP001001", "1", "1"))[1]]
    rows += [("QP059075", "Quartier QP059001", "1", "1", "1", "1")]
    write_csv(raw / "revenus" / "2022" / "revenus.csv", rows)
    write_csv(raw / "liste" / "sans-edition" / "liste.csv", liste_rows())
    write_json(raw / "cog" / "sans-edition" / "communes.json", COMMUNES)
    write_json(raw / "epci" / "sans-edition" / "epci.json", EPCI)
    sheet = [
        ("Taux de pauvreté en 2021", None, None),
        ("Code département", "Département", "Taux de pauvreté (en %)"),
        ("01", "Ain", 10.5), ("59", "Nord", 19.0),
    ]  # fmt: skip
    write_xlsx(raw / "departements" / "2021" / "figures.xlsx", {"Figure 2": sheet})
    return {"settings": settings, "store": open_store(settings)}


def codes(place, **options):
    return load_territories(**options, **place)["code"].tolist()


# --- find --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("QN05972M", "qp", "QN05972M"), (" qn05972m ", "qp", "QN05972M"),
        ("qp059074", "qp", "QP059074"), ("59350", "commune", "59350"),
        ("200093201", "epci", "200093201"), ("245900410", "epci", "200093201"),
    ],
)  # fmt: skip
def test_a_code_is_found_whatever_its_spelling(place, text, kind, code):
    found = find_territory(text, **place)
    assert (found.kind, found.code) == (kind, code)


def test_a_lost_zero_is_found_when_the_kind_is_given(place):
    assert find_territory("1053", kind="commune", **place).label == "Bourg"
    assert find_territory("1", kind="departement", **place).code == "01"


def test_a_territory_says_what_is_known_of_it(place):
    lille = find_territory("59350", **place)
    assert (lille.label, lille.population, lille.zoning) == ("Lille", 236234.0, None)
    assert lille.population_vintage is None
    quartier = find_territory("QN05972M", **place)
    assert (quartier.label, quartier.zoning) == ("Les Oliveaux", 2024)
    assert quartier.population != quartier.population


@pytest.mark.parametrize("name", ["Les Oliveaux", "les oliveaux", "LES OLIVEAUX"])
def test_a_name_that_one_quartier_bears_is_found(place, name):
    assert find_territory(name, **place).code == "QN05972M"


def test_a_name_may_be_looked_for_in_another_kind(place):
    assert find_territory("metropole europeenne de lille", kind="epci", **place).code == "200093201"


def test_a_name_that_two_quartiers_bear_is_not_guessed(place):
    with pytest.raises(UnknownNameError):
        find_territory("Quartier QP059001", **place)


@pytest.mark.parametrize("code", [5972, 59350.0, None])
def test_a_code_given_as_a_number_is_refused(place, code):
    with pytest.raises(BadCodeError, match="guillemets"):
        find_territory(code, **place)


@pytest.mark.parametrize("code", ["59", "93", "974"])
def test_two_or_three_digits_need_their_kind(place, code):
    with pytest.raises(BadCodeError, match="kind='region' ou kind='departement'"):
        find_territory(code, **place)
    assert find_territory("59", kind="departement", **place).label == "Nord"


def test_an_unknown_code_gives_the_near_ones_and_the_list(place):
    with pytest.raises(UnknownNameError) as caught:
        find_territory("QN05973M", **place)
    message = str(caught.value)
    assert "quartier prioritaire introuvable : 'QN05973M'" in message
    assert "QN05972M" in caught.value.near
    assert "Noms proches : " in message
    assert "qpvkit list qp" in message


def test_a_mistyped_name_gives_the_near_ones(place):
    with pytest.raises(UnknownNameError) as caught:
        find_territory("Les Olivaux", **place)
    assert caught.value.near == ("Les Oliveaux",)


def test_an_unknown_commune_is_looked_for_among_communes(place):
    with pytest.raises(UnknownNameError, match="commune introuvable") as caught:
        find_territory("59351", **place)
    assert "59350" in caught.value.near
    assert "qpvkit list commune" in str(caught.value)


# --- list --------------------------------------------------------------------------------------


def test_the_quartiers_of_a_map_are_listed(place):
    assert set(codes(place, zoning=2024)) == {"QN05972M", "QN05901M", "QN00101M"}
    assert set(codes(place, zoning=2015)) == {"QP059074", "QP059001", "QP059075", "QP001001"}


def test_a_quartier_on_two_communes_counts_once_and_names_them_main_first(place):
    rows = load_territories(zoning=2024, **place).set_index("code")
    assert rows.index.is_unique
    assert rows.loc["QN05972M", "communes"] == "Lille, Lambersart"
    assert rows.loc["QN05901M", "communes"] == "Lille"


def test_what_holds_a_quartier_stands_beside_it(place):
    row = load_territories(zoning=2024, **place).set_index("code").loc["QN05972M"]
    assert row[["epci", "departement", "region"]].tolist() == ["200093201", "59", "32"]


def test_quartiers_without_known_commune_have_no_name_of_commune(place):
    row = load_territories(zoning=2015, **place).set_index("code").loc["QP059074"]
    assert row["communes"] == ""


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ({"departement": "59"}, {"QN05972M", "QN05901M"}),
        ({"departement": "1"}, {"QN00101M"}),
        ({"region": "32"}, {"QN05972M", "QN05901M"}),
        ({"commune": "59328"}, {"QN05972M"}),
        ({"commune": "1053"}, {"QN00101M"}),
        ({"epci": "200093201"}, {"QN05972M", "QN05901M"}),
        ({"epci": "245900410"}, {"QN05972M", "QN05901M"}),
        ({"departement": "59", "commune": "59328"}, {"QN05972M"}),
        ({"departement": "75"}, set()),
    ],
)
def test_quartiers_within_another_territory_are_listed(place, within, expected):
    assert set(codes(place, zoning=2024, **within)) == expected


def test_other_kinds_are_listed_too(place):
    assert set(codes(place, kind="commune", epci="200093201")) == {"59328", "59350"}
    # an EPCI that no file lists, but that holds a commune, is a territory as well
    assert codes(place, kind="epci") == ["200071751", "200093201"]
    assert codes(place, kind="iris") == []


def test_a_filter_that_is_not_a_code_is_refused(place):
    with pytest.raises(BadCodeError, match="2A ou 974"):
        codes(place, departement="Nord")
    with pytest.raises(BadCodeError, match="guillemets"):
        codes(place, departement=59)


def test_a_kind_is_checked_by_name():
    assert check_kind("epci") == "epci"
    with pytest.raises(UnknownNameError, match="maille inconnue : 'ville'"):
        check_kind("ville")
