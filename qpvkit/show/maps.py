"""Maps of one quartier, in metres, without background tiles."""

from __future__ import annotations

import math
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from qpvkit.catalogue import load_catalogue
from qpvkit.codes import departement_of, metric_crs
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import THIN, listing, number, plural
from qpvkit.show.blocks import Note
from qpvkit.show.canvas import (
    BETTER,
    DEMO_MARK,
    GREY,
    INK,
    LINE,
    SMALL,
    WIDTH,
    Canvas,
    fit,
    new_canvas,
    text_width,
)
from qpvkit.show.chart import Chart
from qpvkit.show.select import rows_of
from qpvkit.show.words import NBSP, french, of_name

_LAND: Final = "#F1F3F5"
_OTHERS: Final = "#C9D8E6"
_MARGIN: Final = 10.0
_HEAD: Final = 30.0
_SCALE_ROOM: Final = 26.0
_MAX_HEIGHT: Final = 330.0
_MIN_HEIGHT: Final = 180.0
_TOLERANCE: Final = 0.4  # points on the sheet: finer would not be seen
_STEPS: Final = (1, 2, 5)
_SPECK: Final = 9.0
_GRID: Final = 15  # places tried across a commune, for its name


def map_quartier(d: Diagnostic) -> Chart | Note:
    """Draw the quartier in its communes, with the other quartiers of the same map.

    In the legal projection of the département, so that the scale holds; contours are simplified
    to what the sheet can show.
    """
    own = d.contours[d.contours["focus"].astype(bool)]
    if not len(own):
        return Note(text="Aucun contour n’est chargé pour ce quartier : la carte n’est pas tracée.")
    if own.geometry.is_empty.all():
        return Note(
            text="Le contour de ce quartier est vide dans le fichier officiel : la carte n’est pas "
            "tracée. À demander à l’ANCT."
        )
    metric = d.contours.to_crs(metric_crs(departement_of(d.territory.code, "qp")))
    canvas, frame = draw_map(metric, label=d.territory.label)
    draw_scale(canvas, frame, dataset=d.dataset)
    return Chart(
        canvas=canvas,
        title=french(f"Le quartier {d.territory.label} et ses alentours"),
        alt=french(_in_words(d)),
        source=_contour_sources(d),
    )


def draw_map(metric: gpd.GeoDataFrame, *, label: str, names: bool = True) -> tuple[Canvas, Frame]:
    """Draw contours in metres on a new sheet, with their legend.

    Parameters
    ----------
    metric
        ``kind, label, focus, geometry``, in the legal projection of the département.
    label
        The name of what is in focus.
    names
        Whether the communes are named.
    """
    frame, height = _frame_of(metric)
    canvas = new_canvas(_HEAD + height + _SCALE_ROOM)
    _draw(canvas, metric, frame, names=names)
    _legend(canvas, metric, label)
    return canvas, frame


class Frame:
    """From metres on the ground to points on the sheet."""

    def __init__(self, west: float, north: float, scale: float) -> None:
        self.west, self.north, self.scale = west, north, scale

    def place(self, metres: np.ndarray) -> np.ndarray:
        """Return the points of a sheet whose origin is the top left corner."""
        moved = (metres - np.array([self.west, self.north])) * np.array([self.scale, -self.scale])
        points: np.ndarray = moved + np.array([_MARGIN, _HEAD + _MARGIN])
        return points


def _frame_of(metric: gpd.GeoDataFrame) -> tuple[Frame, float]:
    """Fit the communes in the sheet; the quartiers when no commune is drawn."""
    communes = metric[metric["kind"] == "commune"]
    west, south, east, north = (communes if len(communes) else metric).total_bounds
    width, tall = max(east - west, 1.0), max(north - south, 1.0)
    room = WIDTH - 2 * _MARGIN
    scale = min(room / width, (_MAX_HEIGHT - 2 * _MARGIN) / tall)
    height = max(tall * scale + 2 * _MARGIN, _MIN_HEIGHT)
    west -= (room / scale - width) / 2
    north += ((height - 2 * _MARGIN) / scale - tall) / 2
    return Frame(float(west), float(north), float(scale)), float(height)


def _draw(canvas: Canvas, metric: gpd.GeoDataFrame, frame: Frame, *, names: bool) -> None:
    drawn = metric.assign(geometry=metric.geometry.simplify(_TOLERANCE / frame.scale))
    communes, quartiers = drawn[drawn["kind"] == "commune"], drawn[drawn["kind"] == "qp"]
    focus = quartiers["focus"].astype(bool)
    for shape in communes.geometry:
        _fill(canvas, shape, frame, color=_LAND, edge=LINE, width=0.9)
    for shape in quartiers.geometry[~focus]:
        _fill(canvas, shape, frame, color=_OTHERS, edge="#7E9DB8", width=0.6)
    for shape in communes.geometry if len(communes) > 1 else ():
        _fill(canvas, shape, frame, color="none", edge=GREY, width=1.0)
    for shape in quartiers.geometry[focus]:
        _fill(canvas, shape, frame, color=BETTER, edge=INK, width=0.9)
        _ring(canvas, shape, frame)
    if names:
        _names(canvas, drawn, frame)


def _fill(
    canvas: Canvas, shape: BaseGeometry, frame: Frame, *, color: str, edge: str, width: float
) -> None:
    """Draw a polygon with its holes, in one path."""
    rings = [
        ring
        for part in shapely.get_parts(shape)
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    outlines = [frame.place(shapely.get_coordinates(ring)).tolist() for ring in rings]
    canvas.outline(outlines, color=color, edge=edge, width=width)


def _ring(canvas: Canvas, shape: BaseGeometry, frame: Frame) -> None:
    """Circle a quartier that would be a speck."""
    points = frame.place(shapely.get_coordinates(shape))
    if len(points) and np.ptp(points, axis=0).max() < _SPECK:
        x, y = points.mean(axis=0)
        canvas.ring(x, y, _SPECK, color=INK, width=1)


def _names(canvas: Canvas, drawn: gpd.GeoDataFrame, frame: Frame) -> None:
    """Write the name of each commune where it covers neither a quartier nor a border."""
    communes = drawn[drawn["kind"] == "commune"]
    taken = drawn.loc[drawn["kind"] == "qp", "geometry"].make_valid().union_all()
    for row in rows_of(communes):
        free = shapely.make_valid(row.geometry).difference(taken)
        words = str(row.label)
        half = text_width(words, size=SMALL) / 2
        spot = _roomy_spot(free, half / frame.scale, 7 / frame.scale)
        x, y = frame.place(spot)
        x = min(max(float(x), half), WIDTH - half)
        canvas.text(x, float(y) + 3, words, size=SMALL, color=GREY, align="center")


def _roomy_spot(free: BaseGeometry, half_width: float, half_height: float) -> np.ndarray:
    """Return where a label of this size leaves the free land least, near its heart."""
    west, south, east, north = free.bounds
    xs, ys = np.meshgrid(np.linspace(west, east, _GRID), np.linspace(south, north, _GRID))
    x, y = xs.ravel(), ys.ravel()
    labels = shapely.box(x - half_width, y - half_height, x + half_width, y + half_height)
    shapely.prepare(free)
    outside = shapely.area(labels)  # of those that are apart
    inside = shapely.covers(free, labels)
    outside[inside] = 0.0
    if not inside.any():  # else no other place will do: cutting each label would be slow
        cut = shapely.intersects(free, labels)
        outside[cut] = shapely.area(shapely.difference(labels[cut], free))
    heart = shapely.get_coordinates(free.centroid)[0]
    far = np.hypot(x - heart[0], y - heart[1])
    best = np.lexsort((far.round(), outside.round()))[0]
    return np.array([x[best], y[best]])


def _legend(canvas: Canvas, contours: gpd.GeoDataFrame, label: str) -> None:
    canvas.box(2, 3, 10, 9, color=BETTER)
    canvas.text(16, 11, fit(french(label), WIDTH - 18, size=SMALL), size=SMALL)
    if (contours["kind"] == "qp").sum() > contours["focus"].sum():
        canvas.box(2, 19, 10, 9, color=_OTHERS)
        canvas.text(16, 27, "autres quartiers prioritaires", size=SMALL, color=GREY)


def draw_scale(canvas: Canvas, frame: Frame, *, dataset: str) -> None:
    """Draw a bar of a round length, about a fifth of the sheet, and the mark of invented data."""
    metres = _round_length(WIDTH / 5 / frame.scale)
    length, y = metres * frame.scale, canvas.height - 9
    canvas.lines(
        [((2, y), (2 + length, y)), ((2, y - 3), (2, y + 3)),
         ((2 + length, y - 3), (2 + length, y + 3))],
        color=INK, width=1.1,
    )  # fmt: skip
    kilometres = metres / 1000
    decimals = 0 if kilometres >= 1 else 1 if kilometres >= 0.1 else 2
    words = f"{number(kilometres, decimals=decimals)}{NBSP}km"
    canvas.text(8 + length, y + 3, words, size=SMALL)
    if dataset == "demo":
        canvas.text(WIDTH, y + 3, DEMO_MARK, size=SMALL - 0.7, color=GREY, align="right")


def _round_length(metres: float) -> float:
    """Return the largest 1, 2 or 5 × a power of ten that is not above a length.

    Examples
    --------
    >>> _round_length(730), _round_length(2400), _round_length(99)
    (500.0, 2000.0, 50.0)
    """
    power = 10.0 ** math.floor(math.log10(metres))
    return power * max(step for step in _STEPS if step * power <= metres)


def _in_words(d: Diagnostic) -> str:
    """Say where the quartier is: its communes, its neighbours."""
    communes = d.contours[d.contours["kind"] == "commune"]
    names = listing([of_name(str(label)) for label in communes["label"]])
    where = "dans la commune" if len(communes) == 1 else "à cheval sur les communes"
    place = f"{where} {names}" if len(communes) else "sans contour de commune chargé"
    others = int(((d.contours["kind"] == "qp") & ~d.contours["focus"].astype(bool)).sum())
    around = plural(others, "autre quartier prioritaire", "autres quartiers prioritaires")
    return (
        f"Carte du quartier {d.territory.label}, {place}. "
        f"{around if others else 'Aucun autre quartier prioritaire'} sur la carte. "
        "Le nord est en haut."
    )


def _contour_sources(d: Diagnostic) -> str:
    """Name the sources that the catalogue declares for these contours."""
    drawn = [source for source in load_catalogue().sources.values() if source.geometry]
    quartiers = [
        f"{source.producer}, {source.title}"
        for source in drawn
        if source.kind == "qp" and source.zoning == d.territory.zoning
    ]
    communes = sorted({source.producer for source in drawn if source.kind == "commune"}, key=len)
    if communes and (d.contours["kind"] == "commune").any():
        quartiers.append(f"{communes[0]} (communes)")
    return f"{THIN}; ".join(quartiers)
