"""Contrats de ville: quartiers by code tables, populations counted once."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import write_bytes

from qpvkit.catalogue import load_catalogue
from qpvkit.errors import FileRefusedError
from qpvkit.load.contracts import assign_quartiers, load_contracts, read_contracts
from qpvkit.load.files import open_parts
from qpvkit.load.sources import recognise

CATALOGUE = load_catalogue()


def table(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["code", "holder_kind", "holder_code", "departement"])


def links(*rows: tuple[str, str, str, bool]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["code", "within_kind", "within_code", "main"])


def assigned(contracts: pd.DataFrame, members: pd.DataFrame) -> dict[str, str]:
    found = assign_quartiers(contracts, members)
    return dict(zip(found["code"], found["contrat"], strict=True))


def test_a_quartier_goes_to_the_contract_of_its_epci():
    contracts = table(("CN05911M", "epci", "200093201", "59"))
    members = links(("QN05972M", "epci", "200093201", True))
    assert assigned(contracts, members) == {"QN05972M": "CN05911M"}


def test_a_contract_of_the_commune_wins_over_that_of_its_epci():
    contracts = table(
        ("CN05905M", "commune", "59139", "59"), ("CN05906M", "epci", "200030633", "59")
    )
    members = links(
        ("QN05901M", "commune", "59139", True), ("QN05901M", "epci", "200030633", True),
        ("QN05902M", "commune", "59172", True), ("QN05902M", "epci", "200030633", True),
    )  # fmt: skip
    assert assigned(contracts, members) == {"QN05901M": "CN05905M", "QN05902M": "CN05906M"}


def test_an_epci_with_one_contract_per_departement():
    contracts = table(
        ("CN07702M", "epci", "200059228", "77"), ("CN09103M", "epci", "200059228", "91")
    )
    members = links(
        ("QN07701M", "epci", "200059228", True), ("QN09101M", "epci", "200059228", True)
    )
    assert assigned(contracts, members) == {"QN07701M": "CN07702M", "QN09101M": "CN09103M"}


def test_two_contracts_of_one_commune_are_not_chosen_between():
    contracts = table(
        ("CN09203M", "commune", "92007", "92"), ("CN09207N", "commune", "92007", "92")
    )
    assert assigned(contracts, links(("QN09207M", "commune", "92007", True))) == {}


def test_a_quartier_on_two_epci_goes_to_its_main_one():
    contracts = table(("CN1", "epci", "200000001", "59"), ("CN2", "epci", "200000002", "59"))
    members = links(
        ("QN05901M", "epci", "200000001", False), ("QN05901M", "epci", "200000002", True)
    )
    assert assigned(contracts, members) == {"QN05901M": "CN2"}


def test_a_contract_written_twice_counts_once():
    contracts = table(("CV043", "epci", "241300276", "13"), ("CV043", "epci", "241300276", "84"))
    assert assigned(contracts, links(("QP013001", "epci", "241300276", True))) == {
        "QP013001": "CV043"
    }


def test_the_population_of_a_contract_counts_each_quartier_once():
    found = load_contracts()
    valmer = found.contracts.set_index("code").loc["CN09901M"]
    official_double_count = 48_880  # pop of the official-like table: straddling quartiers twice
    inside = found.quartiers.loc[found.quartiers["contrat"].eq("CN09901M"), "code"]
    assert inside.is_unique
    assert "QN09904M" in set(inside)
    assert valmer["quartiers"] == len(inside) == 7
    assert valmer["population"] < official_double_count
    assert found.unassigned == ()


def geojson(code: str, holder: str) -> bytes:
    return (
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":'
        f'{{"codgeo":"{holder}","code_cv":"{code}","lib_cv":"59 - MEL","insee_dep":"59",'
        '"pop":683713.0},"geometry":{"type":"Point","coordinates":[3.0,50.6]}}]}'
    ).encode()


def read(path):
    (part,) = open_parts(path)
    known = recognise(part, CATALOGUE)
    assert known is not None
    return read_contracts(known, CATALOGUE)


@pytest.mark.parametrize(
    ("code", "holder", "zoning"),
    [("CV192", "245900410", 2015), ("CN05911M", "200093201", 2024)],
)
def test_both_code_systems_and_both_siren_of_lille_are_read(tmp_path, code, holder, zoning):
    row = read(write_bytes(tmp_path / "cv.geojson", geojson(code, holder))).iloc[0]
    assert (row["code"], row["zoning"], row["holder_code"]) == (code, zoning, "200093201")
    assert row["label"] == "MEL"


def test_a_contract_without_a_readable_code_is_refused(tmp_path):
    with pytest.raises(FileRefusedError, match="contrat illisible « CONTRAT DE LILLE »"):
        read(write_bytes(tmp_path / "cv.geojson", geojson("Contrat de Lille", "200093201")))
