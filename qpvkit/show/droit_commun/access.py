"""Tables and map of the access to located services."""

from __future__ import annotations

import math
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.codes import departement_of, metric_crs
from qpvkit.diagnostic.droit_commun import DroitCommun
from qpvkit.formats import DASH, listing, number, plural, quantity
from qpvkit.show.blocks import Note, Table
from qpvkit.show.canvas import INK, SMALL, WIDTH, WORSE, fit
from qpvkit.show.chart import Chart
from qpvkit.show.droit_commun.words import ratio, sources_of
from qpvkit.show.maps import draw_map, draw_scale
from qpvkit.show.words import french

_MANY: Final = 10  # times the supply of the rest, beyond which a ratio is only a curiosity
_NAMED: Final = 6  # communes beyond which their names would hide the map
_NONE: Final = "Aucun service localisé n'est chargé autour d'ici, ou le périmètre n'est pas connu."


def access_table(d: DroitCommun) -> Table | Note:
    """Return who reaches each service on foot, beside the rest of the intercommunalité."""
    if d.reach is None:
        return Note(text=french(_NONE))
    rows = d.reach.access
    beside = bool(d.reach.around[0])
    frame = pd.DataFrame(
        {
            "Service": [_label(name) for name in rows["service"]],
            "À dix minutes à pied": [quantity(100 * v, "%") for v in rows["within"]],
            "Reste du territoire": [_percent(v) for v in rows["reference_within"]],
            "Distance médiane": [_metres(v) for v in rows["nearest"]],
            "Distance, reste": [_metres(v) for v in rows["reference_nearest"]],
            "Offre par habitant, rapport au reste": [_supply(v) for v in rows["supply_ratio"]],
            "Preuve": list(rows["evidence_grade"]),
        }
    ).map(french)
    if not beside:
        frame = frame.drop(columns=["Reste du territoire", "Distance, reste",
                                    "Offre par habitant, rapport au reste"])  # fmt: skip
    rest = f", à côté du reste de {d.reach.around[2]} hors quartiers" if beside else ""
    return Table(
        frame=frame,
        caption=french(f"Accès à pied aux services localisés{rest}"),
        name="tableau-acces",
        numeric=tuple(frame.columns[1:]),
        stacked=True,
        source=sources_of(d, d.reach.services["source"]),
    )


def radii_table(d: DroitCommun) -> Table | Note:
    """Return the share of residents within reach at each declared radius."""
    if d.reach is None:
        return Note(text=french(_NONE))
    rows = d.reach.radii
    wide = rows.pivot_table(index="service", columns="reach", values="within_gap", sort=True)
    shares = rows.pivot_table(index="service", columns="reach", values="within", sort=True)
    frame = pd.DataFrame({"Service": [_label(str(name)) for name in shares.index]})
    for radius in shares.columns:
        frame[f"À {number(float(str(radius)))} m à pied"] = [
            quantity(100 * v, "%") for v in shares[radius]
        ]
    if len(wide.columns):
        signs = np.sign(wide.reindex(shares.index).fillna(0.0).round(3))
        steady = (signs.max(axis=1) - signs.min(axis=1)) < 2
        frame["Écart avec le reste"] = [
            "même sens à tous les rayons" if same else "change de sens : ne pas conclure"
            for same in steady
        ]
    return Table(
        frame=frame.map(french),
        caption=french("La conclusion tient-elle à d'autres distances ?"),
        name="tableau-rayons",
        numeric=tuple(column for column in frame.columns[1:] if column.startswith("À ")),
        stacked=True,
    )


def quartiers_access_table(d: DroitCommun, *, service: str = "france_services") -> Table | Note:
    """Return the access of each quartier of a contrat to one service, the nearest known first."""
    if d.reach is None or d.scope.kind == "qp":
        where = listing([f"code={code}" for code in d.scope.contrats["code"]])
        asked = f" ({where})" if where else ""
        text = f"La comparaison entre quartiers est sur la page du contrat{asked}."
        return Note(text=french(text))
    rows = d.reach.quartiers.loc[d.reach.quartiers["service"].eq(service)]
    if rows.empty:
        return Note(text=french(f"{_label(service)} : aucun service localisé autour d'ici."))
    names = dict(zip(d.scope.quartiers["code"], d.scope.quartiers["label"], strict=True))
    rows = rows.sort_values("code")
    frame = pd.DataFrame(
        {
            "Quartier": [f"{names[code]} ({code})" for code in rows["code"]],
            "Habitants": [number(people) for people in rows["people"]],
            "À dix minutes à pied": [quantity(100 * v, "%") for v in rows["within"]],
            "Distance médiane": [_metres(v) for v in rows["nearest"]],
            "Preuve": list(rows["evidence_grade"]),
        }
    ).map(french)
    return Table(
        frame=frame,
        caption=french(f"{_label(service)} : accès quartier par quartier, dans l'ordre des codes"),
        name="tableau-acces-quartiers",
        numeric=("Habitants", "À dix minutes à pied", "Distance médiane"),
        source=sources_of(d, d.reach.services["source"]),
    )


def inequality_table(d: DroitCommun) -> Table | Note:
    """Return how unequal access is across the quartiers of the région."""
    if d.inequality.empty and d.scope.kind == "qp":
        return Note(text=french("Les inégalités d'accès dans la région y sont aussi."))
    if d.inequality.empty:
        return Note(text=french(
            "Inégalités entre les quartiers de la région : il faut au moins dix quartiers dont "
            "l'accès et le taux de pauvreté sont connus ; rien n'est calculé en deçà."
        ))  # fmt: skip
    wide = d.inequality.pivot_table(index="service", columns="measure", values="value")
    first = d.inequality.loc[d.inequality["measure"].eq("concentration")].set_index("service")
    rows = [
        (
            _label(str(name)), quantity(100 * first.loc[name, "residents"], "%"),
            ratio(float(wide.loc[name, "concentration"])),
            f"de {ratio(first.loc[name, 'low'])} à {ratio(first.loc[name, 'high'])}",
            ratio(float(wide.loc[name, "theil"])), _slope(first.loc[name]),
        )
        for name in wide.index
    ]  # fmt: skip
    count = int(first["quartiers"].max())
    return Table(
        frame=pd.DataFrame(
            rows, columns=["Service", "Habitants à dix minutes", "Concentration",
                           "Intervalle à 95 %", "Theil", "Lecture"],
        ).map(french),
        caption=french(f"Accès aux services dans les quartiers de la région ({number(count)} "
                       "quartiers au taux de pauvreté connu), chacun comptant pour sa population"),
        name="tableau-inegalites",
        numeric=("Habitants à dix minutes", "Concentration", "Theil"),
        stacked=True,
        source=sources_of(d, d.reach.services["source"] if d.reach else []),
    )  # fmt: skip


def _slope(row: Any) -> str:  # noqa: ANN401 - a row of a table
    if row["low"] <= 0 <= row["high"]:
        return "aucune pente établie selon la pauvreté"
    return "les quartiers les plus pauvres y accèdent " + ("moins" if row["low"] > 0 else "plus")


def map_services(d: DroitCommun, *, service: str = "france_services") -> Chart | Note:
    """Draw the points of one service around the quartier or the contrat."""
    if d.reach is None or not d.contours["focus"].astype(bool).any():
        return Note(text=french(_NONE))
    points = d.reach.services.loc[d.reach.services["service"].eq(service)]
    first = str(d.scope.quartiers["code"].iloc[0])
    crs = metric_crs(departement_of(first, "qp"))
    metric = d.contours.to_crs(crs)
    several = len(d.scope.quartiers) > 1
    label = "quartiers du contrat" if several else d.scope.label
    names = int(d.contours["kind"].eq("commune").sum()) <= _NAMED
    canvas, frame = draw_map(metric, label=label, names=names)
    placed = _inside(points, metric)
    for x, y in placed:
        px, py = frame.place(np.array([x, y]))
        canvas.mark(float(px), float(py), shape="D", color=WORSE)
    canvas.mark(WIDTH - 8, 8, shape="D", color=WORSE)
    words = fit(french(_label(service)), WIDTH / 2, size=SMALL)
    canvas.text(WIDTH - 17, 11, words, size=SMALL, color=INK, align="right")
    draw_scale(canvas, frame, dataset=d.dataset)
    count = plural(len(placed), "point")
    return Chart(
        canvas=canvas,
        title=french(f"{_label(service)} autour {_of(d)}"),
        alt=french(f"Carte : {count} de « {_label(service)} » dans les communes {_of(d)} "
                   f"{d.scope.label}. Le nord est en haut."),
        source=sources_of(d, points["source"]),
    )  # fmt: skip


def _inside(points: pd.DataFrame, metric: gpd.GeoDataFrame) -> np.ndarray:
    """Keep the points that fall on the sheet."""
    communes = metric.loc[metric["kind"].eq("commune")]
    west, south, east, north = (communes if len(communes) else metric).total_bounds
    near = points["x"].between(west, east) & points["y"].between(south, north)
    kept: np.ndarray = points.loc[near, ["x", "y"]].to_numpy(float)
    return kept


def _of(d: DroitCommun) -> str:
    return "du quartier" if d.scope.kind == "qp" else "du contrat"


def _label(service: str) -> str:
    found = load_catalogue().services.get(service)
    return found.label if found else service


def _percent(value: float) -> str:
    return DASH if math.isnan(value) else quantity(100 * value, "%")


def _metres(value: float) -> str:
    if math.isnan(value):
        return DASH
    return quantity(round(value / 10) * 10, "m") if value < 2_000 else (
        quantity(value / 1_000, "km", decimals=1)
    )  # fmt: skip


def _supply(value: float) -> str:
    if math.isnan(value):
        return DASH
    return ratio(value) if value <= _MANY else f"plus de {number(_MANY)}"
