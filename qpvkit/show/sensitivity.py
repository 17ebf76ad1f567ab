"""Whether the top three survive other choices, in one sentence and one table."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.codes import KIND_LABELS
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import DASH, listing, number, plural, quantity
from qpvkit.show.blocks import Note, Table
from qpvkit.show.words import capital, french

_HALF: Final = 0.5
_FAMILIES: Final = {
    "base": "Choix par défaut", "balance": "Poids de l'écart au territoire",
    "option": "Terme de comparaison", "scale": "Unités naturelles",
    "aggregation": "Le pire indicateur de chaque enjeu", "left_out": "Sans un indicateur",
    "published": "Valeurs publiées, sans correction", "pruning": "Indicateurs redondants gardés",
}  # fmt: skip
_GROUPS: Final = {
    "Choix par défaut": ("base",),
    "Autre comparaison": ("balance", "option"),
    "Autre mesure": ("scale", "aggregation", "published", "pruning"),
    "Sans un indicateur": ("left_out",),
}


def sensitivity_summary(d: Diagnostic) -> Note:
    """Say how many scenarios keep the same three stakes, and which stakes are disputed."""
    varied = d.sensitivity
    if math.isnan(varied.stability):
        count = int(d.stakes["scored"].sum())
        counted = plural(count, "enjeu noté", "enjeux notés")
        return Note(text=french(f"Classement sans objet : {counted} pour ce quartier."))
    others = varied.scenarios["scenario"].nunique() - 1
    kept = round(varied.stability * others)
    share = quantity(100 * varied.stability, "%")
    names = _names(d, list(varied.contested))
    text = (
        f"Le trio de tête est le même dans {number(kept)} des {number(others)} autres scénarios "
        f"({share})."
    )
    if varied.stability < _HALF and names:
        text += f" Le classement ne permet pas de départager : {listing(names)}."
    elif names:
        text += f" Enjeux qui entrent ou sortent du trio selon les choix : {listing(names)}."
    return Note(text=french(text))


def sensitivity_table(d: Diagnostic) -> Table | Note:
    """Return the rank of each scored stake under each scenario; the top three in bold words."""
    rows = d.sensitivity.scenarios
    if rows.empty:
        return Note(text=french("Aucun enjeu n'est noté pour ce quartier : rien à faire varier."))
    stakes = list(d.stakes.loc[d.stakes["scored"], "stake"])
    ranks = rows.pivot_table(index="scenario", columns="stake", values="rank", sort=False)
    tops = rows.pivot_table(index="scenario", columns="stake", values="in_top", sort=False)
    facts = rows.drop_duplicates("scenario").set_index("scenario")
    base = set(rows.loc[rows["family"].eq("base") & rows["in_top"], "stake"])
    lines, groups = [], []
    for title, families in _GROUPS.items():
        for name in facts.index[facts["family"].isin(families)]:
            same = {stake for stake in stakes if tops.loc[name].get(stake, 0) > 0} == base
            cells = [_rank(ranks.loc[name].get(stake)) for stake in stakes]
            lines.append([_scenario(facts.loc[name]), *cells, "oui" if same else "non"])
            groups.append(french(title))
    heads = ["Scénario", *_names(d, stakes), "Même trio"]
    frame = pd.DataFrame(lines, columns=heads).map(french)
    return Table(
        frame=frame, caption="Rang de chaque enjeu selon les choix de méthode",
        name="tableau-sensibilite", numeric=tuple(heads[1:]), groups=tuple(groups),
    )  # fmt: skip


def _scenario(row: pd.Series) -> str:
    """Name a scenario in French."""
    catalogue = load_catalogue()
    detail = str(row["detail"])
    if row["family"] == "left_out":
        return f"Sans « {catalogue.indicator(detail).short} »"
    if row["family"] == "balance":
        return f"λ = {number(float(detail), decimals=1)}"
    if row["family"] == "option":
        if detail in catalogue.peers:
            return capital(catalogue.peers[detail].label)
        known = {str(kind): label for kind, label in KIND_LABELS.items()}
        return capital(known.get(detail, detail))
    return _FAMILIES[str(row["family"])]


def _names(d: Diagnostic, stakes: list[str]) -> list[str]:
    labels = dict(zip(d.stakes["stake"], d.stakes["label"], strict=True))
    return [str(labels.get(stake, stake)) for stake in stakes]


def _rank(value: float | None) -> str:
    return DASH if value is None or math.isnan(value) else number(value)
