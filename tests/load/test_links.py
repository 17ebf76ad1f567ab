"""Which territory lies within which, in every published spelling."""

from __future__ import annotations

import pytest
from builders import demographie_rows, liste_rows, read_one, small_catalogue, write_csv, write_json

from qpvkit.errors import FileRefusedError

HEADER = liste_rows()[0]


@pytest.fixture
def catalogue(tmp_path):
    return small_catalogue(tmp_path)


def within(tables, kind):
    """Return the set of (child, parent) for a kind of parent."""
    links = tables.memberships
    rows = links.loc[links["within_kind"].eq(kind)]
    return set(zip(rows["code"], rows["within_code"], strict=True))


def one(tmp_path, catalogue, **cells):
    """Read a list of one quartier, some of its cells replaced."""
    plain = dict(zip(HEADER, liste_rows()[1], strict=True))
    row = tuple({**plain, **cells}.values())
    return read_one(write_csv(tmp_path / "a.csv", [HEADER, row]), catalogue)


def test_a_list_gives_every_parent(tmp_path, catalogue):
    tables = read_one(write_csv(tmp_path / "a.csv", liste_rows()), catalogue)
    assert within(tables, "commune") == {
        ("QN05972M", "59350"), ("QN05972M", "59328"), ("QN05901M", "59350"), ("QN00101M", "01053"),
    }  # fmt: skip
    assert within(tables, "departement") == {
        ("QN05972M", "59"), ("QN05901M", "59"), ("QN00101M", "01"),
    }  # fmt: skip
    assert within(tables, "region") == {
        ("QN05972M", "32"), ("QN05901M", "32"), ("QN00101M", "84"),
    }  # fmt: skip


def test_the_old_siren_of_a_parent_becomes_the_current_one(tmp_path, catalogue):
    tables = read_one(write_csv(tmp_path / "a.csv", liste_rows()), catalogue)
    assert within(tables, "epci") == {
        ("QN05972M", "200093201"), ("QN05901M", "200093201"), ("QN00101M", "200071751"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "spelling",
    ["59350, 59328", "59350; 59328", '="59350;59328"', "5935059328", "59350,59350, 59328"],
)
def test_communes_are_read_in_every_spelling(tmp_path, catalogue, spelling):
    tables = one(tmp_path, catalogue, insee_com=spelling)
    assert within(tables, "commune") == {("QN05972M", "59350"), ("QN05972M", "59328")}


def test_an_unreadable_list_of_communes_is_refused_with_its_line(tmp_path, catalogue):
    with pytest.raises(FileRefusedError, match="ligne 2 : code illisible « Lille »"):
        one(tmp_path, catalogue, insee_com="Lille")


@pytest.mark.parametrize("blank", ["", "NA", "ZZZZZZZZZ"])
def test_a_quartier_without_intercommunalite_has_no_such_parent(tmp_path, catalogue, blank):
    tables = one(tmp_path, catalogue, siren_epci=blank)
    assert within(tables, "epci") == set()
    assert len(within(tables, "commune")) == 2


def test_communes_known_by_name_wait_for_the_code_geographique(tmp_path, catalogue):
    rows = demographie_rows()
    rows[1] = (rows[1][0], rows[1][1], "Lille, Loos ;Lezennes", *rows[1][3:])
    links = read_one(write_csv(tmp_path / "a.csv", rows), catalogue).memberships
    mine = links.loc[links["code"].eq("QP059074")]
    assert mine["within_label"].tolist() == ["Lille", "Loos", "Lezennes"]
    assert mine["within_code"].isna().all()
    assert set(mine["within_kind"]) == {"commune"}


def test_a_commune_that_lists_its_quartiers_is_their_parent(tmp_path, catalogue):
    rows = [
        ("insee_com", "lib_com", "codes_qp"),
        ("59350", "Lille", "QN05901M, qn05972m"),
        ("59328", "Lambersart", "QN05972M"),
        ("59009", "Villeneuve-d'Ascq", ""),
    ]
    tables = read_one(write_csv(tmp_path / "a.csv", rows), catalogue)
    assert within(tables, "commune") == {
        ("QN05901M", "59350"), ("QN05972M", "59350"), ("QN05972M", "59328"),
    }  # fmt: skip
    assert set(tables.memberships["kind"]) == {"qp"}


def test_the_members_of_an_intercommunalite_are_within_it(tmp_path, catalogue):
    records = [
        {
            "code": "245900410", "nom": "MEL", "populationMunicipale": 1182250,
            "membres": [{"code": "59350", "nom": "Lille"}, {"code": "59328", "nom": "Lambersart"}],
        }
    ]  # fmt: skip
    tables = read_one(write_json(tmp_path / "a.json", records), catalogue)
    assert within(tables, "epci") == {("59350", "200093201"), ("59328", "200093201")}
    assert set(tables.memberships["kind"]) == {"commune"}
    assert tables.territories["population"].tolist() == [1182250.0]


def test_a_pair_is_written_once(tmp_path, catalogue):
    tables = read_one(write_csv(tmp_path / "a.csv", liste_rows()), catalogue)
    assert not tables.memberships.duplicated().any()
    assert set(tables.memberships["source"]) == {"liste"}
