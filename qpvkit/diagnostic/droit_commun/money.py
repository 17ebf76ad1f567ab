"""Euros and posts: what reaches the quartier, what is known further up, what communes receive."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from qpvkit.catalogue import Catalogue
from qpvkit.codes import Zoning
from qpvkit.diagnostic.droit_commun.scope import Scope
from qpvkit.diagnostic.droit_commun.uses import STAGES
from qpvkit.load.funding import load_commune_profiles
from qpvkit.load.store import Store
from qpvkit.measure.droit_commun.equity import equity_index
from qpvkit.measure.droit_commun.rules import EquityRules
from qpvkit.measure.droit_commun.shares import GRADES
from qpvkit.measure.droit_commun.substitution import SUBSTITUTION_COLUMNS, substitution
from qpvkit.measure.droit_commun.verdicts import evidence_mix
from qpvkit.measure.perequation import Comparison, compare_communes, per_inhabitant
from qpvkit.settings import Settings

MONEY_COLUMNS: Final = (
    "year", "stage", "nature", "lines", "cents", "per_inhabitant", "grade_a", "grade_b",
    "grade_c", "grade_d", "weakest",
)  # fmt: skip
ABOVE_COLUMNS: Final = (
    "year", "stage", "nature", "kind", "code", "label", "programme", "funder_name", "cents",
    "per_inhabitant", "evidence_grade",
)  # fmt: skip
POST_COLUMNS: Final = (
    "source", "year", "contrat", "contrat_label", "population", "posts", "posts_per_10000",
    "evidence_grade",
)  # fmt: skip
_PEREQUATION: Final = "perequation"
_PROGRAMMES: Final = ("DETR", "DSIL")
Groups = Iterable[tuple[Any, pd.DataFrame]]
_EFFORTS: Final = ["kind", "code", "year", "ordinary", "specific", "population", "index",
                   "index_high", "evidence_grade"]  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Perequation:
    """One year of grants to communes, compared between communes alike; never the quartier's.

    Attributes
    ----------
    year
        Budget year.
    comparison
        All the communes of the région with a quartier against those alike without.
    communes
        The communes of the scope: ``code, label, population, per_inhabitant, expected`` (NaN when
        no commune is alike), ``comparators``.
    """

    year: int
    comparison: Comparison
    communes: pd.DataFrame


def read_money(lines: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """Add up what is known at the scale of the scope, ordinary and specific apart.

    Lines of the scope and, for a contrat, of its quartiers. Engagements and payments are two
    rows, posts with a unit cost are in neither.
    """
    kept = _inside(lines, scope) & ~lines["nominal"]
    own = lines.loc[kept & ~_flagged(lines, _PEREQUATION)]
    rows = []
    groups: Groups = own.groupby(["year", "stage", "nature"], sort=True)
    for (year, stage, nature), group in groups:
        cents = int(group["amount_cents"].sum())
        mix = evidence_mix(group, by=["nature"]).set_index("evidence_grade")["share"]
        shares = {f"grade_{name.lower()}": float(mix.get(name, 0.0)) for name in GRADES}
        rows.append({
            "year": int(year), "stage": stage, "nature": nature, "lines": len(group),
            "cents": cents, "per_inhabitant": _over(cents / 100, scope.population), **shares,
            "weakest": group["evidence_grade"].max(),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=list(MONEY_COLUMNS))


def read_above(lines: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """List what is known of the larger territories only: never spread over the quartier."""
    places: dict[Any, Any] = {
        (row.kind, row.code): row for row in scope.wholes.itertuples(index=False)
    }
    if scope.kind == "qp":
        places |= {("contrat", row.code): row for row in scope.contrats.itertuples(index=False)}
    pairs = list(zip(lines["kind"], lines["code"], strict=True))
    held = pd.Series([pair in places for pair in pairs], index=lines.index, dtype=bool)
    found = lines.loc[held & ~lines["nominal"] & ~_flagged(lines, _PEREQUATION)]
    keys = ["year", "stage", "nature", "kind", "code", "programme", "funder_name"]
    if found.empty:
        return pd.DataFrame(columns=list(ABOVE_COLUMNS))
    sums = found.groupby(keys, as_index=False).agg(
        cents=("amount_cents", "sum"), evidence_grade=("evidence_grade", "max")
    )
    held_by = [places[kind, code] for kind, code in zip(sums["kind"], sums["code"], strict=True)]
    heads = [float(place.population) for place in held_by]
    people = pd.Series(heads, index=sums.index)
    sums = sums.assign(
        label=[str(place.label) for place in held_by],
        per_inhabitant=sums["cents"] / 100 / people.where(people.gt(0)),
    )
    return sums[list(ABOVE_COLUMNS)]


def read_posts(lines: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """Count the posts of the contrat over the inhabitants of its quartiers; they are not paid."""
    posts = lines.loc[lines["nominal"] & lines["kind"].eq("contrat")]
    posts = posts.loc[posts["code"].isin(scope.contrats["code"])]
    labels = scope.contrats.set_index("code")["label"]
    pieces = []
    groups: Groups = posts.groupby(["source", "year"], sort=True)
    for (source, year), group in groups:
        found = per_inhabitant(group, scope.contrats)
        pieces.append(pd.DataFrame({
            "source": source, "year": int(year), "contrat": found["code"],
            "contrat_label": found["code"].map(labels), "population": found["population"],
            "posts": found["lines"], "posts_per_10000": found["lines_per_10000"],
            "evidence_grade": group["evidence_grade"].max(),
        }))  # fmt: skip
    return pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=POST_COLUMNS)


def read_perequation(
    lines: pd.DataFrame, scope: Scope, *, settings: Settings, store: Store, catalogue: Catalogue
) -> tuple[Perequation, ...]:
    """Compare DETR and DSIL of the communes of the scope with those of communes alike."""
    region = scope.whole("region")
    kept = _flagged(lines, _PEREQUATION) & lines["programme"].isin(_PROGRAMMES)
    granted = lines.loc[kept & lines["kind"].eq("commune")]
    if region is None or granted.empty or scope.communes.empty:
        return ()
    since = catalogue.threshold("geographie_2024_depuis")
    found = []
    groups: Groups = granted.groupby("year", sort=True)
    for year, group in groups:
        zoning: Zoning = 2024 if int(year) >= since else 2015
        profiles = load_commune_profiles(
            zoning=zoning, vintage=int(year), region=str(region["code"]), settings=settings,
            store=store,
        )  # fmt: skip
        comparison = compare_communes(profiles, group)
        found.append(Perequation(
            year=int(year), comparison=comparison,
            communes=_own_communes(profiles, group, comparison, scope),
        ))  # fmt: skip
    return tuple(found)


def _own_communes(
    profiles: pd.DataFrame, granted: pd.DataFrame, comparison: Comparison, scope: Scope
) -> pd.DataFrame:
    own = profiles.loc[profiles["code"].isin(scope.communes["code"]), ["code", "label"]]
    received = per_inhabitant(granted, profiles).set_index("code")
    pairs = comparison.pairs.set_index("code")
    return own.assign(
        population=own["code"].map(received["population"]),
        per_inhabitant=own["code"].map(received["euros_per_inhabitant"]),
        expected=own["code"].map(pairs["expected"]),
        comparators=own["code"].map(pairs["comparators"]).fillna(0).astype("int64"),
    ).reset_index(drop=True)


def read_substitution(
    uses: pd.DataFrame, money: pd.DataFrame, scope: Scope, *, bases: pd.DataFrame,
    rules: EquityRules,
) -> pd.DataFrame:  # fmt: skip
    """Follow ordinary and specific euros of one stage, over programmes counted every year.

    The index of ordinary means is that of these programmes added up, a basket that does not
    change: by need (N1) where they are all for the same people, else by inhabitant (N0).
    """
    nothing = pd.DataFrame(columns=list(SUBSTITUTION_COLUMNS))
    located = uses.loc[uses["unit"].eq("eur") & uses["known"].eq("located")]
    for stage in STAGES:
        specific = money.loc[money["nature"].eq("specifique") & money["stage"].eq(stage)]
        euros = located.loc[located["stage"].eq(stage)]
        years = sorted(set(euros["year"]) & set(specific["year"]))
        euros = euros.loc[euros["year"].isin(years)]
        steady = euros.groupby("service")["year"].nunique()
        euros = euros.loc[euros["service"].isin(steady.index[steady.eq(len(years))])]
        if len(years) < 2 or len(euros["whole_code"].unique()) != 1:
            continue
        spent = specific.set_index("year")["cents"] / 100
        rows = [
            _effort(euros.loc[euros["year"].eq(year)], float(spent[year]), bases, scope, rules)
            for year in years
        ]
        return substitution(pd.DataFrame(rows, columns=_EFFORTS))
    return nothing


def _effort(
    euros: pd.DataFrame, specific: float, bases: pd.DataFrame, scope: Scope, rules: EquityRules
) -> dict[str, Any]:
    """Return the effort of one year, with the index of its ordinary means."""
    year, grade = int(euros["year"].iloc[0]), str(euros["evidence_grade"].max())
    key: dict[str, Any] = {
        "kind": scope.kind, "code": scope.code, "service": "panier", "year": year,
    }  # fmt: skip
    served = float(euros["served"].sum())
    basket = pd.DataFrame([{
        **key, "unit": "eur", "evidence_grade": grade, "served": served,
        "served_total": float(euros["served_total"].sum()),
    }])  # fmt: skip
    same = bases.loc[bases["service"].isin(euros["service"]) & bases["year"].eq(year)]
    needs = same.loc[same["norm"].eq("N1")]
    one = len(needs) == len(euros) and len(needs["need"].unique()) == 1
    norm = "N1" if one else "N0"
    base = same.loc[same["norm"].eq(norm), ["norm", "base", "base_total"]].iloc[:1].assign(**key)
    found = equity_index(basket, bases=base, rules=rules)
    index = found.loc[found["norm"].eq(norm)].iloc[0]
    return {
        "kind": scope.kind, "code": scope.code, "year": year, "ordinary": served,
        "specific": specific, "population": scope.population, "index": float(index["index"]),
        "index_high": float(index["high"]), "evidence_grade": grade,
    }  # fmt: skip


def _inside(lines: pd.DataFrame, scope: Scope) -> pd.Series:
    own = lines["kind"].eq(scope.kind) & lines["code"].eq(scope.code)
    return own | (lines["kind"].eq("qp") & lines["code"].isin(scope.quartiers["code"]))


def _flagged(lines: pd.DataFrame, word: str) -> pd.Series:
    return lines["flags"].str.contains(rf"\b{word}\b", regex=True).astype(bool)


def _over(amount: float, population: float) -> float:
    return amount / population if population > 0 else float(np.nan)
