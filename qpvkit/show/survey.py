"""Tables about a whole map: verdicts by stake and by size, what they follow, what is redundant."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic.survey import VERDICTS, Survey
from qpvkit.formats import number, plural, quantity
from qpvkit.show.blocks import Fragment, Note, Table, render
from qpvkit.show.words import capital, dataset_banner, french

_REASONS: Final = {
    "few_indicators": "trop peu d'indicateurs publiés pour noter un seul enjeu",
    "nothing_published": "aucun indicateur publié qui puisse être noté",
}


def survey_title(survey: Survey) -> Fragment:
    """Return the heading of the page, and the banner of invented data."""
    title = french(f"Combien d'enjeux établis ? Géographie prioritaire {survey.zoning}")
    return Fragment(
        markup=render("survey_title.html.j2", title=title, banner=dataset_banner(survey.dataset))
    )


def survey_summary(survey: Survey) -> Note:
    """Say in three sentences how often the method concludes."""
    table = survey.by_size
    results, sure = int(table["with_result"].sum()), int(table["with_established"].sum())
    unread = [
        f"{plural(int(count), 'quartier')} : {_REASONS[reason]}"
        for reason, count in zip(survey.unread["reason"], survey.unread["quartiers"], strict=True)
        if count
    ]
    text = (
        f"Sur {plural(survey.quartiers, 'quartier')}, {number(results)} "
        f"{'a' if results < 2 else 'ont'} au moins un enjeu noté et {number(sure)} "
        f"au moins un enjeu établi. "
    )
    text += f"Sans résultat : {' ; '.join(unread)}." if unread else "Aucun n'est sans résultat."
    return Note(text=french(text))


def verdicts_table(survey: Survey) -> Table | Note:
    """Return how many quartiers have each verdict, stake by stake."""
    if survey.by_stake.empty:
        return Note(text=french("Aucun enjeu n'est noté : aucun indicateur n'est publié."))
    words = load_catalogue().verdicts
    frame = pd.DataFrame({"Enjeu": list(survey.by_stake["label"])})
    for verdict in VERDICTS:
        frame[capital(words[verdict].label)] = [number(n) for n in survey.by_stake[verdict]]
    scored = survey.by_stake[list(VERDICTS[:-1])].sum(axis=1)
    share = 100 * survey.by_stake["established"] / scored.where(scored > 0)
    frame["Part établie"] = [quantity(value, "%") for value in share]
    return Table(
        frame=frame.map(french), caption="Nombre de quartiers par enjeu et par verdict",
        name="tableau-verdicts", numeric=tuple(frame.columns[1:]),
    )  # fmt: skip


def sizes_table(survey: Survey) -> Table:
    """Return how often the method concludes, by number of inhabitants."""
    rows = survey.by_size
    frame = pd.DataFrame(
        {
            "Habitants": [
                _size(low, high) for low, high in zip(rows["low"], rows["high"], strict=True)
            ],
            "Quartiers": [number(n) for n in rows["quartiers"]],
            "Avec un résultat": [number(n) for n in rows["with_result"]],
            "Avec un enjeu établi": [number(n) for n in rows["with_established"]],
            "Enjeux établis par quartier": [number(n, decimals=2) for n in rows["established"]],
        }
    )
    return Table(
        frame=frame.map(french), caption="Verdicts selon la taille du quartier",
        name="tableau-tailles", numeric=tuple(frame.columns[1:]),
    )  # fmt: skip


def _size(low: float, high: float) -> str:
    if math.isnan(low):
        return "population non publiée"
    if math.isinf(low):
        return f"moins de {number(high)}"
    if math.isinf(high):
        return f"{number(low)} ou plus"
    return f"de {number(low)} à moins de {number(high)}"


def correlations_table(survey: Survey) -> Table | Note:
    """Return what the ranking follows: size of the quartier, poverty rate."""
    rows = survey.correlations
    if rows.empty:
        return Note(text=french("Aucune corrélation à montrer : aucun enjeu n'est noté."))
    frame = pd.DataFrame(
        {
            "Enjeu": list(rows["label"]),
            "Avec la population": [_rho(x) for x in rows["with_size"]],
            "Avec le taux de pauvreté": [_rho(x) for x in rows["with_poverty"]],
            "Quartiers": [number(n) for n in rows["with_size_quartiers"]],
        }
    )
    return Table(
        frame=frame.map(french),
        caption="Corrélation de rang (Spearman) entre la probabilité d’être dans le trio de tête "
        "et deux caractéristiques du quartier",
        name="tableau-correlations", numeric=tuple(frame.columns[1:]),
    )  # fmt: skip


def pairs_table(survey: Survey) -> Table | Note:
    """Return the pairs of indicators that say the same thing."""
    rows = survey.pairs
    if rows.empty:
        return Note(text=french("Aucune paire d'indicateurs n'est redondante."))
    frame = pd.DataFrame(
        {
            "Indicateur": list(rows["short"]),
            "Redondant avec": list(rows["other_short"]),
            "Corrélation": [_rho(x) for x in rows["rho"]],
        }
    )
    return Table(
        frame=frame.map(french), caption="Indicateurs redondants", name="tableau-redondances",
        numeric=("Corrélation",),
    )  # fmt: skip


def _rho(value: float) -> str:
    return number(value, decimals=2, signed=True)
