"""Pieces of a report made of several others: title, themes, caveats, data to download."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import listing, plural
from qpvkit.show.blocks import Fragment, Note, Table, render
from qpvkit.show.chart import Chart
from qpvkit.show.charts import drawable, plot_profile
from qpvkit.show.evidence import evidence_table
from qpvkit.show.facts import Stated
from qpvkit.show.narrative import tell_stakes
from qpvkit.show.select import first_stakes, rows_of, theme_label, themes_of
from qpvkit.show.tables import profile_table
from qpvkit.show.words import french

_BOM: Final = "\ufeff"
_MAX_STRIPS: Final = 12  # what a printed page holds
_LONG: Final = 1e5  # beyond, six figures would cut a head count or a sum
_REPEATED: Final = ("short", "theme", "unit", "direction", "publics", "base_label")
_ELSEWHERE: Final = (  # of what backs a stake: in the profile, in the gaps, or gap + reference
    "label", "reference_label", "status", "base", "rest_value", "rest_gap", "comparison",
    "comparison_reason", "shrunk", "shrunk_low", "shrunk_high", "z",
)  # fmt: skip
_CATALOGUE: Final = ("short", "publics", "no_interval")  # of the indicator, not of the quartier
_TECHNICAL: Final = (
    "measurement", "n_eff", "supposed", "unusual_z", "unusual_p", "scored", "p_value",
    "p_adjusted", "part", "center", "sigma", "z_low", "z_high", "reference_source",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def report_title(d: Diagnostic) -> Stated:
    """Return the heading of a report: the name and the code of the quartier.

    It tells the index what the report states: see `qpvkit.show.facts`.
    """
    return Stated(markup=render("title.html.j2", d=d), facts=_facts(d))


def _facts(d: Diagnostic) -> dict[str, object]:
    codes = dict(zip(d.places["kind"], d.places["code"], strict=True))
    labels = dict(zip(d.places["kind"], d.places["label"], strict=True))
    return {
        "code": d.territory.code,
        "label": french(d.territory.label),
        "departement": codes.get("departement", ""),
        "contrat": d.contract or labels.get("contrat", labels.get("epci", "")),
        "stakes": [
            {"id": row.stake, "label": french(row.label), "verdict": french(row.verdict_label)}
            for row in rows_of(first_stakes(d))
        ],
    }


def stake_sections(d: Diagnostic) -> Fragment:
    """Return what is said of each ranked stake, with its evidence folded.

    The stakes that may be in the top three come first, each under its heading; the others are
    folded together. Nothing where no stake is ranked: the chart already says so.
    """
    ranks = dict(zip(d.stakes["stake"], d.stakes["rank"], strict=True))
    inside = set(d.stakes.loc[d.stakes["in_top_set"], "stake"])
    stakes = [
        {
            "id": story.stake,
            "label": french(f"{int(ranks[story.stake])}. {story.label}"),
            "verdict": french(story.verdict_label),
            "facts": story.facts,
            "certainty": story.certainty,
            "evidence": evidence_table(d, stake=story.stake).to_html(),
            "first": story.stake in inside,
        }
        for story in tell_stakes(d)
        if story.scored
    ]
    others = sum(not stake["first"] for stake in stakes)
    count = french(plural(others, "autre enjeu mesuré", "autres enjeux mesurés"))
    return Fragment(markup=render("stakes.html.j2", stakes=stakes, others=others, count=count))


def folded(block: Chart | Table | Note, *, summary: str) -> Fragment:
    """Fold a figure or a table behind a line that says what it holds; a note stays in sight."""
    if isinstance(block, Note):
        return Fragment(markup=block.to_html())
    markup = render("folded.html.j2", summary=french(summary), inside=block.to_html())
    return Fragment(markup=markup)


def theme_sections(d: Diagnostic) -> Fragment:
    """Return a heading, a chart and a table for each theme that has something to show."""
    themes = [_theme(d, theme) for theme in themes_of(d)]
    return Fragment(markup=render("themes.html.j2", themes=themes))


def _theme(d: Diagnostic, theme: str) -> dict[str, object]:
    parts = _parts([str(row.indicator) for row in drawable(d, theme)])
    charts = [plot_profile(d, theme=theme, indicators=part) for part in parts]
    charts = charts or [plot_profile(d, theme=theme)]
    return {
        "id": theme,
        "label": french(theme_label(theme)),
        "description": french(load_catalogue().themes[theme].description),
        "charts": [_numbered(chart, rank, len(charts)) for rank, chart in enumerate(charts, 1)],
        "table": profile_table(d, theme=theme).to_html(),
        "open": isinstance(charts[0], Note),  # nothing is drawn: the table is what there is
    }


def _numbered(chart: Chart | Note, rank: int, count: int) -> str:
    if isinstance(chart, Chart) and count > 1:
        chart = dataclasses.replace(chart, title=f"{chart.title} ({rank}/{count})")
    return chart.to_html()


def _parts(names: list[str]) -> list[list[str]]:
    """Share the indicators of a long theme between figures of equal size, each on one page."""
    size = math.ceil(len(names) / math.ceil(len(names) / _MAX_STRIPS)) if names else 1
    return [names[start : start + size] for start in range(0, len(names), size)]


def caveats_list(d: Diagnostic) -> Fragment | Note:
    """Return the sentences that must be read with the numbers, with the indicators concerned."""
    if d.caveats.empty:
        return Note(text="Aucune précaution d’emploi n’est déclarée pour ces indicateurs.")
    items = [
        {"text": french(text), "concerned": french(_concerned(names))}
        for text, names in zip(d.caveats["text"], d.caveats["indicators"], strict=True)
    ]
    return Fragment(markup=render("caveats.html.j2", caveats=items))


def _concerned(names: tuple[str, ...]) -> str:
    """Name the indicators of a caveat: all of them, or the first three and how many more."""
    if len(names) <= 4:
        return listing(list(names))
    return f"{', '.join(names[:3])} et {len(names) - 3} autres"


def data_links(d: Diagnostic) -> Fragment:
    """Return links that hold the tables themselves, as CSV for a French spreadsheet.

    Nothing is written twice: the words of an indicator are in the profile, or with what is missing
    when it is not published; a base is named where it is counted; the median of the other
    quartiers is in the profile too. What only the method needs (p-values, effective sizes) is left
    to who calls the library.
    """
    return Fragment(markup=render("downloads.html.j2", files=list(_files(d))))


def _files(d: Diagnostic) -> Iterator[dict[str, object]]:
    missing = d.coverage[d.coverage["status"] != "published"]
    gaps = d.gaps[d.gaps["reference_kind"] != "peers"]
    profile = d.profile.assign(base_label=d.profile["base_label"].where(d.profile["base"].notna()))
    for slug, label, frame, left_out in (
        ("enjeux", "Enjeux et verdicts", d.stakes, ()),
        ("preuves", "Ce qui fonde chaque enjeu", d.evidence, _REPEATED + _ELSEWHERE + _TECHNICAL),
        ("profil", "Profil du quartier", profile, _CATALOGUE + _TECHNICAL),
        ("ecarts", "Écarts avec les territoires de comparaison", gaps, _REPEATED + _TECHNICAL),
        ("couverture", "Ce qui manque, et à qui le demander", missing, ("reason", "status")),
    ):
        yield {
            "name": f"{d.territory.code}_{slug}.csv",
            "label": label,
            "rows": len(frame),
            "data": _inline(table_csv(frame.loc[:, ~frame.columns.isin(left_out)])),
        }


def table_csv(frame: pd.DataFrame) -> str:
    r"""Write a table as CSV: BOM, semicolons, decimal commas, nothing that runs as a formula.

    Examples
    --------
    >>> table_csv(pd.DataFrame({"nom": ["=1+1", "Lille"], "taux": [46.3, float("nan")]}))
    "\ufeffnom;taux\r\n'=1+1;46,3\r\nLille;\r\n"
    """
    columns = [[str(name), *map(_csv_cell, column.tolist())] for name, column in frame.items()]
    lines = zip(*(map(_quote, column) for column in columns), strict=True)
    return _BOM + "".join(";".join(line) + "\r\n" for line in lines)


def _csv_cell(value: object) -> str:
    if isinstance(value, tuple | list):
        return _harmless(", ".join(map(str, value)))
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int | float):
        return f"{value:.{6 if abs(value) < _LONG else 10}g}".replace(".", ",")
    return _harmless(str(value))


def _inline(text: str) -> str:
    """Put a text into the address of a link: only what an address or an attribute forbids.

    Lines end by a line feed alone, which spreadsheets read as well: three bytes less a line.
    """
    short = text.replace("\r\n", "\n")
    return re.sub(r"[%#\"<>&\r\n\t\ufeff]", lambda found: quote(found[0]), short)


def _harmless(text: str) -> str:
    """Keep a spreadsheet from reading a text as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _quote(text: str) -> str:
    special = any(mark in text for mark in (";", '"', "\n", "\r"))
    return '"' + text.replace('"', '""') + '"' if special else text
