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

_FROM_PROFILE: Final = (
    "label", "status", "base", "base_vintage", "source", "official",
)  # fmt: skip
_ADDED: Final = ("tone", "judgement", "in_points")
_SIGNS: Final[dict[Tone, float]] = {"worse": -1.0, "better": 1.0, "neutral": 0.0}
_MAX_TITLES: Final = 2
_KINDS: Final = {str(kind): label for kind, label in KIND_LABELS.items()}


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


class Reading:
    """What the pieces of a report look up again and again in one diagnostic, looked up once.

    Rows are named tuples with the columns of the tables of `Diagnostic`, in their order.
    """

    def __init__(self, d: Diagnostic) -> None:
        self.d = d
        self._compared: dict[str, list[Any]] = {}
        self._titles: dict[str, str] = {}

    @functools.cached_property
    def profile(self) -> dict[str, Any]:
        """The rows of the profile by indicator."""
        return {row.indicator: row for row in rows_of(self.d.profile)}

    @functools.cached_property
    def themes(self) -> dict[str, list[Any]]:
        """The rows of the profile by theme."""
        return _grouped(rows_of(self.d.profile), "theme")

    @functools.cached_property
    def gaps(self) -> dict[str, list[Any]]:
        """The rows of the gaps by kind of reference."""
        return _grouped(rows_of(self.d.gaps), "reference_kind")

    @functools.cached_property
    def evidence(self) -> dict[str, list[Any]]:
        """The rows of the evidence by stake."""
        return _grouped(rows_of(self.d.evidence), "stake")

    @functools.cached_property
    def sources(self) -> list[Any]:
        """The rows of the sources."""
        return list(rows_of(self.d.sources))

    @functools.cached_property
    def stakes(self) -> list[Any]:
        """The rows of the stakes, by rank."""
        return list(rows_of(self.d.stakes))

    @functools.cached_property
    def places(self) -> list[Any]:
        """The rows of the places that hold the quartier."""
        return list(rows_of(self.d.places))

    @functools.cached_property
    def coverage(self) -> list[Any]:
        """The rows of the coverage."""
        return list(rows_of(self.d.coverage))

    @functools.cached_property
    def correlations(self) -> dict[frozenset[str], float]:
        """The correlation of two indicators that repeat each other."""
        pairs: dict[frozenset[str], float] = {}
        for row in rows_of(self.d.pairs):
            pairs.setdefault(frozenset((row.indicator, row.other)), float(row.rho))
        return pairs

    def compared(self, kind: str) -> list[Any]:
        """Return the gaps with one kind of reference, as `main_gaps` does."""
        if kind not in self._compared:
            self._compared[kind] = _main_gaps(self, kind)
        return self._compared[kind]

    def title(self, kind: str) -> str:
        """Name the territory of comparison, as `reference_title` does."""
        if kind not in self._titles:
            self._titles[kind] = _reference_title(self, kind)
        return self._titles[kind]


_last: list[Reading] = []


def read(d: Diagnostic) -> Reading:
    """Return the reading of a diagnostic; the last one is kept, as a report has only one."""
    if not _last or _last[0].d is not d:
        _last[:] = [Reading(d)]
    return _last[0]


def _grouped(rows: Iterable[Any], column: str) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(str(getattr(row, column)), []).append(row)
    return groups


def theme_label(theme: str) -> str:
    """Return the French name of a theme."""
    return load_catalogue().themes[theme].label


def themes_of(d: Diagnostic) -> list[str]:
    """Return the themes that have at least one row in the profile, in the catalogue's order."""
    return [theme for theme in load_catalogue().themes if theme in read(d).themes]


def theme_profile(d: Diagnostic, theme: str) -> list[Any]:
    """Return the rows of the profile that belong to a theme."""
    return read(d).themes.get(theme, [])


def main_code(d: Diagnostic, kind: str) -> str | None:
    """Return the code of the place of this kind that is retained for comparisons."""
    places = [row for row in read(d).places if row.kind == kind]
    retained = [row for row in places if row.main is not pd.NA and row.main == True]  # noqa: E712 - numpy's bool
    found = retained or places
    return str(found[0].code) if found else None


def main_gaps(d: Diagnostic, reference: Kind | Literal["peers"] | None = None) -> list[Any]:
    """Return the gaps with one reference, most unfavourable first, with their tone.

    Adds to the columns of `Diagnostic.gaps`: ``tone`` (the side on which the number falls: worse,
    better, neutral), ``judgement`` (whether it may be said, see `comparison`), ``in_points``, and
    ``label, status, base, base_vintage, source, official`` of the quartier's value.
    """
    return read(d).compared(reference or d.reference)


def _main_gaps(known: Reading, kind: str) -> list[Any]:
    rows = known.gaps.get(kind, [])
    code = main_code(known.d, kind) if kind != "peers" else None
    rows = [row for row in rows if row.reference_code == code] or rows
    if not rows:
        return []
    make = _row_type((*rows[0]._fields, *_FROM_PROFILE, *_ADDED))
    found = []
    for row in rows:
        own = known.profile.get(row.indicator)
        facts = [getattr(own, name, math.nan) for name in _FROM_PROFILE]
        judgement = read_comparison(row).judgement
        found.append(make(*row, *facts, tone_of(row.worse), judgement, is_share(row.unit)))
    return sorted(found, key=_unfavourable)


def _unfavourable(row: Any) -> float:  # noqa: ANN401 - a row of itertuples
    order = _SIGNS[row.tone] * abs(float(row.gap))
    return 0.0 if math.isnan(order) else order


def evidence_of(d: Diagnostic, stake: str) -> list[Any]:
    """Return the rows of the evidence of a stake."""
    return read(d).evidence.get(stake, [])


def compared(d: Diagnostic) -> dict[str, Any]:
    """Return one comparison per indicator: the main reference, else the other quartiers."""
    found: dict[str, Any] = {}
    for row in (*main_gaps(d), *main_gaps(d, "peers")):
        found.setdefault(row.indicator, row)
    return found


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


def significant(rows: Iterable[Any]) -> list[Any]:
    """Keep the gaps that can be written and that have a sense, in points."""
    return [
        row
        for row in rows
        if row.in_points and row.tone != "neutral" and not is_null(float(row.gap), row.unit)
    ]


def reference_title(d: Diagnostic, reference: Kind | Literal["peers"] | None = None) -> str:
    """Name the territory of comparison: « la commune de Lille »."""
    return read(d).title(reference or d.reference)


def _reference_title(known: Reading, kind: str) -> str:
    if kind == "peers":
        return reference_name("peers", "")
    code = main_code(known.d, kind)
    places = [row for row in known.places if (row.kind, row.code) == (kind, code)]
    labels = [row.label for row in places]
    labels = labels or [row.reference_label for row in known.gaps.get(kind, [])]
    return reference_name(kind, str(labels[0])) if labels else str(_KINDS[kind])


def source_line(d: Diagnostic, sources: Iterable[object]) -> str:
    """Write the sources of a figure: titles when they are few, producers otherwise."""
    wanted = {str(source) for source in sources if isinstance(source, str)}
    rows = [row for row in read(d).sources if row.source in wanted]
    titles = list(dict.fromkeys(_title(row) for row in rows))
    if len(titles) <= _MAX_TITLES:
        return french(" ; ".join(titles))
    producers = list(dict.fromkeys(str(row.producer) for row in rows))
    return french(f"{listing(producers)} (détail à la rubrique Sources)")


def _title(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    third = "" if row.official else " (source tierce)"
    return f"{row.producer}, {row.title}{third}"
