"""Pick in a `Diagnostic` the rows that a figure, a table or a sentence needs."""

from __future__ import annotations

import collections
import functools
import math
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

import pandas as pd

from qpvkit.catalogue import load_catalogue
from qpvkit.codes import KIND_LABELS, Kind
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import listing
from qpvkit.show.comparison import Tone, read_comparison
from qpvkit.show.words import french, is_null, is_share, reference_name

_FROM_PROFILE: Final = [
    "indicator",
    "label",
    "status",
    "base",
    "base_vintage",
    "source",
    "official",
]
_MAX_TITLES: Final = 2


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Go through the rows of a table; the stubs of pandas cannot tell the type of a cell.

    As `itertuples` does, at a third of its cost for the small tables of a report.
    """
    row = _row_type(tuple(map(str, frame.columns)))
    columns = [column.tolist() for _, column in frame.items()]
    yield from map(row._make, zip(*columns, strict=True))


@functools.cache
def _row_type(names: tuple[str, ...]) -> Any:  # noqa: ANN401 - a class of named tuples
    return collections.namedtuple("Row", names)  # noqa: PYI024 - the names are not known here


def keep(rows: pd.DataFrame, flags: Iterable[bool]) -> pd.DataFrame:
    """Keep the rows that are flagged; a list of flags would pick columns when there is no row."""
    return rows[pd.Series(list(flags), index=rows.index, dtype=bool)]


def theme_label(theme: str) -> str:
    """Return the French name of a theme."""
    return load_catalogue().themes[theme].label


def themes_of(d: Diagnostic) -> list[str]:
    """Return the themes that have at least one row in the profile, in the catalogue's order."""
    present = set(d.profile["theme"])
    return [theme for theme in load_catalogue().themes if theme in present]


def theme_profile(d: Diagnostic, theme: str) -> pd.DataFrame:
    """Return the rows of the profile that belong to a theme."""
    return d.profile[d.profile["theme"] == theme]


def main_code(d: Diagnostic, kind: Kind) -> str | None:
    """Return the code of the place of this kind that is retained for comparisons."""
    places = d.places[d.places["kind"] == kind]
    retained = places[places["main"].fillna(value=False).astype(bool)]
    found = retained if len(retained) else places
    return str(found["code"].iloc[0]) if len(found) else None


def main_gaps(d: Diagnostic, reference: Kind | Literal["peers"] | None = None) -> pd.DataFrame:
    """Return the gaps with one reference, most unfavourable first, with their tone.

    Adds to the columns of `Diagnostic.gaps`: ``tone`` (the side on which the number falls: worse,
    better, neutral), ``judgement`` (whether it may be said, see `comparison`), ``in_points``, and
    ``label, status, base, base_vintage, source, official`` of the quartier's value.
    """
    kind = reference or d.reference
    known = _gaps_of(d)
    if kind not in known:
        known[kind] = _main_gaps(d, kind)
    return known[kind].copy(deep=False)


_last: list[tuple[Diagnostic, dict[str, pd.DataFrame]]] = []


def _gaps_of(d: Diagnostic) -> dict[str, pd.DataFrame]:
    """Return what was picked already in a diagnostic: ten pieces of a report ask for the same."""
    if not _last or _last[0][0] is not d:
        _last[:] = [(d, {})]
    return _last[0][1]


def _main_gaps(d: Diagnostic, kind: Kind | Literal["peers"]) -> pd.DataFrame:
    rows = d.gaps[d.gaps["reference_kind"] == kind]
    code = main_code(d, kind) if kind != "peers" else None
    if code is not None and (rows["reference_code"] == code).any():
        rows = rows[rows["reference_code"] == code]
    rows = rows.merge(d.profile[_FROM_PROFILE], on="indicator", how="left")
    rows["tone"] = [tone_of(worse) for worse in rows["worse"]]
    rows["judgement"] = [read_comparison(row).judgement for row in rows_of(rows)]
    rows["in_points"] = [is_share(unit) for unit in rows["unit"]]
    signs = rows["tone"].map({"worse": -1.0, "better": 1.0, "neutral": 0.0})
    order = (signs * rows["gap"].abs().astype(float)).fillna(0.0)
    return rows.iloc[order.argsort(kind="stable")].reset_index(drop=True)


_last_evidence: list[tuple[Diagnostic, dict[str, list[Any]]]] = []


def evidence_of(d: Diagnostic, stake: str) -> list[Any]:
    """Return the rows of the evidence of a stake; read once, its table and its story share it."""
    if not _last_evidence or _last_evidence[0][0] is not d:
        grouped: dict[str, list[Any]] = {}
        for row in rows_of(d.evidence):
            grouped.setdefault(str(row.stake), []).append(row)
        _last_evidence[:] = [(d, grouped)]
    return _last_evidence[0][1].get(stake, [])


def compared(d: Diagnostic) -> pd.DataFrame:
    """Return one comparison per indicator: the main reference, else the other quartiers."""
    both = pd.concat([main_gaps(d), main_gaps(d, "peers")])
    return both.drop_duplicates("indicator").reset_index(drop=True)


def first_stakes(d: Diagnostic) -> pd.DataFrame:
    """Return the stakes that come first; none when too few are measured to say it."""
    top = int(load_catalogue().threshold("enjeux_tete"))
    scored = d.stakes[d.stakes["scored"].astype(bool)]
    return scored.iloc[: top if len(scored) > top else 0]


def tone_of(worse: object) -> Tone:
    """Turn the column `worse` into a tone: what is not known is neutral."""
    if worse is pd.NA or worse is None:
        return "neutral"
    return "worse" if worse is True or worse == True else "better"  # noqa: E712 - numpy's bool


def position_tone(position: float) -> Tone:
    """Return the tone of a quartier among the others: on which side of the median it stands."""
    if math.isnan(position) or position == 0.5:
        return "neutral"
    return "worse" if position > 0.5 else "better"


def significant(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the gaps that can be written and that have a sense, in points."""
    kept = (
        bool(row.in_points) and row.tone != "neutral" and not is_null(float(row.gap), row.unit)
        for row in rows_of(rows)
    )
    return keep(rows, kept)


def reference_title(d: Diagnostic, reference: Kind | Literal["peers"] | None = None) -> str:
    """Name the territory of comparison: « la commune de Lille »."""
    kind = reference or d.reference
    if kind == "peers":
        return reference_name("peers", "")
    code = main_code(d, kind)
    labels = d.places.loc[(d.places["kind"] == kind) & (d.places["code"] == code), "label"]
    if not len(labels):
        labels = d.gaps.loc[d.gaps["reference_kind"] == kind, "reference_label"]
    return reference_name(kind, str(labels.iloc[0])) if len(labels) else KIND_LABELS[kind]


def source_line(d: Diagnostic, sources: Iterable[object]) -> str:
    """Write the sources of a figure: titles when they are few, producers otherwise."""
    wanted = {str(source) for source in sources if isinstance(source, str)}
    rows = d.sources[d.sources["source"].isin(wanted)]
    titles = list(dict.fromkeys(_title(row) for row in rows_of(rows)))
    if len(titles) <= _MAX_TITLES:
        return french(" ; ".join(titles))
    producers = list(dict.fromkeys(str(name) for name in rows["producer"]))
    return french(f"{listing(producers)} (détail à la rubrique Sources)")


def _title(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    third = "" if row.official else " (source tierce)"
    return f"{row.producer}, {row.title}{third}"
