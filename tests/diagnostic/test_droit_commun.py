"""The droit commun of a quartier and of a contrat, on the demo set, against hand computations."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

import qpvkit as qk
from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic.droit_commun.judged import judge_services, read_equity, read_verdicts
from qpvkit.diagnostic.droit_commun.money import read_money, read_posts, read_substitution
from qpvkit.diagnostic.droit_commun.scope import Scope
from qpvkit.diagnostic.droit_commun.sheet import compose_sheet
from qpvkit.diagnostic.droit_commun.uses import read_counted, read_uses, service_of
from qpvkit.errors import MeasureRefusedError, UnknownNameError
from qpvkit.measure.droit_commun.rules import EquityRules

CATALOGUE = load_catalogue()
RULES = EquityRules.from_catalogue(CATALOGUE)
EMPTY = pd.DataFrame(columns=["indicator", "status"])
NOTHING = pd.DataFrame(columns=["service", "year", "unit", "norm", "reason"])


def scope(**changes: object) -> Scope:
    """Return a quartier of 1 000 inhabitants in an intercommunalité of 10 000."""
    place = ["kind", "code", "label", "population"]
    made = Scope(
        kind="qp", code="QN1", label="Les Lilas", zoning=2024, population=1_000.0,
        quartiers=pd.DataFrame({"code": ["QN1"], "label": "Les Lilas", "population": 1_000.0}),
        wholes=pd.DataFrame([["epci", "E", "Agglo", 10_000.0]], columns=place),
        communes=pd.DataFrame([["commune", "C", "Ville", 5_000.0]], columns=place),
        contrats=pd.DataFrame(
            [["CN1", "Contrat", 4_000.0]], columns=["code", "label", "population"]
        ),
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def contrat() -> Scope:
    """Return a contrat of two quartiers."""
    quartiers = pd.DataFrame(
        {"code": ["QN1", "QN2"], "label": ["Lilas", "Roses"], "population": [1_000.0, 500.0]}
    )
    return scope(kind="contrat", code="CN1", population=1_500.0, quartiers=quartiers)


def line(**facts: object) -> dict[str, object]:
    """Return a line of the ledger."""
    usual = {
        "programme": "Protection maternelle et infantile", "nature": "droit_commun", "year": 2024,
        "stage": "cp", "kind": "qp", "code": "QN1", "amount_cents": 100_000, "beneficiaries": 30.0,
        "evidence_grade": "A", "nominal": False, "flags": "", "source": "partenaires_financements",
        "funder_name": "Département",
    }  # fmt: skip
    made = {**usual, **facts}
    return {**made, "amount_eur": float(str(made["amount_cents"])) / 100}


def ledger(*lines: dict[str, object]) -> pd.DataFrame:
    """Return a ledger."""
    return pd.DataFrame([line(**facts) for facts in lines])


TOTAL = {"kind": "epci", "code": "E", "amount_cents": 1_000_000, "beneficiaries": 600.0}


def bases(uses: pd.DataFrame, *, need: float = 200.0, needs: float = 1_000.0) -> pd.DataFrame:
    """Return both bases of each use: a tenth of the inhabitants, `need` of `needs` in need."""
    rows = []
    for use in uses.drop_duplicates(["service", "year"]).to_dict("records"):
        key = {name: use[name] for name in ("kind", "code", "service", "year")}
        shared = {**key, "need": "taux_pauvrete", "need_label": "besoin", "vintage": 2021}
        rows.append({**shared, "norm": "N0", "base": 1_000.0, "base_total": 10_000.0,
                     "base_unlocated": 0.0})  # fmt: skip
        rows.append({**shared, "norm": "N1", "base": need, "base_total": needs,
                     "base_unlocated": 0.0})  # fmt: skip
    return pd.DataFrame(rows)


def test_the_worked_example_of_the_method():
    """30 of 600 beneficiaries, 500 of 5 000 eligible: index 0.5, interval 0.34 to 0.71, 30 lack."""
    uses = read_uses(ledger({}, TOTAL), scope(), CATALOGUE)
    equity = read_equity(uses, bases(uses, need=500.0, needs=5_000.0), rules=RULES)
    row = equity.loc[equity["unit"].eq("personnes") & equity["norm"].eq("N1")].iloc[0]
    assert row["index"] == pytest.approx(0.5)
    assert (round(row["low"], 2), round(row["high"], 2)) == (0.34, 0.71)
    assert row["shortfall"] == pytest.approx(30)
    assert row["verdict"] == "short_proven"


def test_norms_that_disagree_are_said_to():
    uses = read_uses(ledger({"beneficiaries": 90.0}, TOTAL), scope(), CATALOGUE)
    verdicts = read_verdicts(read_equity(uses, bases(uses, need=300.0), rules=RULES))
    people = verdicts.set_index("unit").loc["personnes"]
    assert (people["verdict_n0"], people["verdict_n1"]) == ("over", "short_proven")
    assert people["verdict"] == "depends_on_norm"


def test_a_population_key_never_supports_a_verdict():
    uses = read_uses(ledger({"evidence_grade": "D"}, TOTAL), scope(), CATALOGUE)
    equity = read_equity(uses, bases(uses), rules=RULES)
    services = judge_services(read_verdicts(equity), equity, CATALOGUE)
    assert set(equity["verdict"]) == {"not_measurable"}
    assert not services["measured"].any()


def test_only_the_total_is_known_the_part_is_bounded_not_divided():
    uses = read_uses(ledger(TOTAL | {"beneficiaries": 9_500.0}), scope(), CATALOGUE)
    use = uses.loc[uses["unit"].eq("personnes")].iloc[0]
    assert (use["known"], use["served_low"], use["served_high"]) == ("total", 500.0, 1_000.0)
    assert "eur" not in set(uses["unit"])  # euros of the whole say nothing of a part
    equity = read_equity(uses, bases(uses), rules=RULES)
    assert equity["index"].isna().all()
    first = equity.loc[equity["norm"].eq("N0")].iloc[0]
    assert first["index_low"] == pytest.approx(500 / 9_500 / 0.1)
    assert first["index_high"] == pytest.approx(1_000 / 9_500 / 0.1)
    # bounds may prove: even if all the inhabitants were served, need would ask for more
    assert read_verdicts(equity)["verdict"].tolist() == ["short_proven"]


def test_bounds_that_hold_the_fair_share_are_no_verdict():
    uses = read_uses(ledger(TOTAL), scope(), CATALOGUE)
    equity = read_equity(uses, bases(uses), rules=RULES)
    services = judge_services(read_verdicts(equity), equity, CATALOGUE)
    row = services.set_index("ordinary").loc["protection_maternelle"]
    assert (bool(row["measured"]), row["reason"]) == (False, "total_only")


def test_quartiers_not_declared_may_hold_all_that_is_left():
    uses = read_uses(ledger({}, TOTAL), contrat(), CATALOGUE)
    people = uses.set_index("unit").loc["personnes"]
    assert (people["known"], people["served_low"], people["served_high"]) == ("partial", 30, 530)
    both = read_uses(ledger({}, {"code": "QN2"}, TOTAL), contrat(), CATALOGUE)
    assert both.set_index("unit").loc["personnes", "served"] == 60


def test_engagements_and_payments_are_never_added():
    lines = ledger({}, {"stage": "ae", "beneficiaries": 44.0}, TOTAL, TOTAL | {"stage": "ae"})
    uses = read_uses(lines, scope(), CATALOGUE)
    assert uses.set_index("unit").loc["personnes", "served"] == 30
    money = read_money(lines, scope())
    assert money["stage"].tolist() == ["ae", "cp"]
    assert money["per_inhabitant"].tolist() == [1.0, 1.0]


def test_posts_and_grants_to_communes_are_neither_euros_nor_effort_of_the_quartier():
    lines = ledger(
        {"nominal": True, "flags": "nominal"},
        {"flags": "perequation", "programme": "DETR"},
        {"amount_cents": 250, "evidence_grade": "D"},
    )
    money = read_money(lines, scope())
    assert money["cents"].tolist() == [250]
    assert money["grade_d"].tolist() == [1.0]


def test_posts_are_counted_over_the_inhabitants_of_the_contrat():
    post = {"nominal": True, "kind": "contrat", "code": "CN1", "flags": "nominal"}
    posts = read_posts(ledger(post, post, {**post, "code": "CN2"}), scope())
    assert posts[["posts", "population", "posts_per_10000"]].to_numpy().tolist() == [
        [2, 4_000, 5.0]
    ]


def test_more_people_served_here_than_in_the_whole_is_refused():
    uses = read_uses(ledger({"beneficiaries": 700.0}, TOTAL), scope(), CATALOGUE)
    with pytest.raises(MeasureRefusedError, match="plus de bénéficiaires"):
        read_equity(uses, bases(uses), rules=RULES)


def test_official_counts_are_used_when_both_scales_have_the_same_year():
    names = ["kind", "code", "indicator", "vintage", "value", "status", "source"]
    own = pd.DataFrame([["qp", "QN1", "allocataires", 2020, 80.0, "ok", "caf"],
                        ["qp", "QN1", "allocataires", 2021, 90.0, "ok", "caf"]],
                       columns=names)  # fmt: skip
    above = pd.DataFrame([["epci", "E", "allocataires", 2020, 400.0, "ok", "caf"]], columns=names)
    found = read_counted(own, above, scope(), CATALOGUE)
    assert found[["service", "year", "served", "served_total"]].to_numpy().tolist() == [
        ["prestations_familiales", 2020, 80.0, 400.0]
    ]


def test_substitution_needs_two_years_of_the_same_programmes():
    rows = [
        {"year": year, **more}
        for year in (2024, 2025)
        for more in (
            {"amount_cents": 100_000 - 20_000 * (year - 2024)},
            TOTAL,
            {"nature": "specifique", "programme": "P147",
             "amount_cents": 50_000 + 10_000 * (year - 2024)},
        )
    ]  # fmt: skip
    lines = ledger(*rows)
    uses, money = read_uses(lines, scope(), CATALOGUE), read_money(lines, scope())
    found = read_substitution(uses, money, scope(), bases=bases(uses), rules=RULES)
    last = found.iloc[-1]
    assert bool(last["alert"])
    assert last["index"] == pytest.approx(0.08 / 0.2)
    one = lines.loc[lines["year"].eq(2025)]
    uses, money = read_uses(one, scope(), CATALOGUE), read_money(one, scope())
    assert read_substitution(uses, money, scope(), bases=bases(uses), rules=RULES).empty


def test_every_service_without_a_verdict_says_who_to_ask_what_and_when():
    services = judge_services(read_verdicts(NOTHING), NOTHING, CATALOGUE)
    assert len(services) == len(CATALOGUE.ordinary) - 1  # all but the fallback
    assert not services["measured"].any()
    assert services[["known", "holder", "action", "deadline"]].ne("").all(axis=None)


@pytest.mark.parametrize(
    ("programme", "service"),
    [("Contrat local d'accompagnement à la scolarité", "accompagnement_scolarite"),
     ("Accompagnement renforcé vers l'emploi", "accompagnement_emploi"),
     ("Médiathèque", "culture_et_sport"), ("Fleurissement", "autre")],
)  # fmt: skip
def test_programmes_are_recognised(programme, service):
    assert service_of(programme, CATALOGUE.ordinary) == service


def test_the_sheet_opens_on_backed_stakes_whose_effort_is_not_enough():
    services = judge_services(read_verdicts(NOTHING), NOTHING, CATALOGUE)
    stakes = pd.DataFrame(
        [("acces_soins", "Soins", "sante", "?", "uncertain", 0, 1),
         ("pauvrete", "Pauvreté", "revenus", "?", "established", 1, 1)],
        columns=["stake", "label", "theme", "question", "verdict", "quartiers", "of"],
    )  # fmt: skip
    sheet = compose_sheet(stakes, services, EMPTY, CATALOGUE)
    assert sheet["stake"].tolist() == ["pauvrete", "acces_soins"]
    assert sheet["alert"].tolist() == [True, False]
    assert sheet["effort"].tolist() == ["unknown", "unknown"]
    served = services.assign(verdict="fair", measured=True)
    assert not compose_sheet(stakes, served, EMPTY, CATALOGUE)["alert"].any()


@pytest.fixture(scope="module")
def demo() -> qk.DroitCommun:
    return qk.diagnose_droit_commun("QN09901M", dataset="demo")


def test_a_quartier_of_the_demo_set(demo):
    assert demo.measurability == pytest.approx(3 / 17)
    formation = demo.services.set_index("ordinary").loc["formation"]
    assert (formation["verdict"], formation["status"]) == ("short_proven", "M4")
    assert demo.sheet["alert"].iloc[0]
    assert bool(demo.substitution["alert"].iloc[-1])
    assert demo.posts["population"].eq(28_720).all()
    france = demo.reach.access.set_index("service").loc["france_services"]
    assert france["within"] > france["reference_within"]
    assert set(demo.reach.radii["reach"]) == {500.0, 1_000.0, 2_000.0}
    assert set(demo.thresholds["id"]) >= {"equite_confiance", "acces_detour"}
    assert "enjeux_lambda" not in set(demo.thresholds["id"])


def test_a_contrat_of_the_demo_set():
    found = qk.diagnose_droit_commun("CN09901M", dataset="demo")
    assert found.scope.kind == "contrat"
    assert len(found.reach.quartiers["code"].unique()) == len(found.scope.quartiers) == 7
    assert found.scope.population == 28_720
    # one quartier of seven is declared: the others may hold what is left
    assert "partial" in set(found.equity["known"])


def test_an_unknown_contrat_is_refused_with_near_names():
    with pytest.raises(UnknownNameError, match="CN09901M"):
        qk.diagnose_droit_commun("CN09909M", dataset="demo")
