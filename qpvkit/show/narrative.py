"""What a diagnostic says in sentences; silent where it does not know.

It names gaps, it does not rank stakes: no verb here goes beyond what the numbers say.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, Final

from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import listing, number, plural, vintage_label
from qpvkit.show.blocks import render
from qpvkit.show.select import main_gaps, reference_title, rows_of, significant, source_line
from qpvkit.show.words import (
    french,
    is_share,
    of_name,
    reference_place,
    reference_rate,
    round_people,
    value_text,
)

_COUNT: Final = 3
_COUNT_WORDS: Final = {
    1: "Un écart défavorable", 2: "Deux écarts défavorables", 3: "Trois écarts défavorables",
}  # fmt: skip
_WHOLE: Final = {
    "commune": "commune entière, quartier compris",
    "epci": "intercommunalité entière, quartier compris",
}
# status, singular, plural, in the order in which they are said
_MISSING: Final = (
    ("masked", "est masqué par le producteur", "sont masqués par le producteur"),
    ("unavailable", "est signalé non disponible", "sont signalés non disponibles"),
    ("absent", "figure dans une table où le quartier est absent",
     "figurent dans des tables où le quartier est absent"),
    ("other_zoning", "n'est publié que pour l'autre géographie prioritaire",
     "ne sont publiés que pour l'autre géographie prioritaire"),
    ("not_loaded", "attend un fichier qui n'est pas chargé",
     "attendent des fichiers qui ne sont pas chargés"),
    ("not_at_qp", "n'existe pas à l'échelle du quartier",
     "n'existent pas à l'échelle du quartier"),
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Narrative:
    """A few sentences: facts first, then the gaps, one a line.

    Attributes
    ----------
    identity
        Where the quartier is, how many live there.
    coverage
        How much is published, and what becomes of the rest.
    opening
        The sentence before the gaps; empty when there is nothing to say.
    gaps
        One sentence a gap.
    closing
        The source of the gaps, when one is behind them all; otherwise each sentence has its own.
    """

    identity: tuple[str, ...]
    coverage: tuple[str, ...]
    opening: str = ""
    gaps: tuple[str, ...] = ()
    closing: str = ""

    def __iter__(self) -> Iterator[str]:
        """Go through the sentences in reading order."""
        yield from (*self.identity, *self.coverage)
        if self.opening:
            yield self.opening
        yield from self.gaps
        if self.closing:
            yield self.closing

    def to_html(self) -> str:
        """Return the facts as paragraphs and the gaps as a list."""
        return render("narrative.html.j2", story=self)

    def _repr_html_(self) -> str:
        return self.to_html()


def describe(d: Diagnostic) -> Narrative:
    """Say in French what is known of a quartier.

    Where it is and how many live there, how much is published, and its three largest
    unfavourable gaps in points with the main reference.

    Examples
    --------
    >>> from qpvkit.diagnostic import diagnose
    >>> story = describe(diagnose("QN09901M", dataset="demo"))
    >>> any("enjeu" in sentence for sentence in story)
    False
    """
    opening, rows = _gaps(d)
    origins = [source_line(d, [row.source, row.reference_source]) for row in rows]
    shared = len(set(origins)) == 1
    gaps = [
        _gap_sentence(row, "" if shared else origin)
        for row, origin in zip(rows, origins, strict=True)
    ]
    return Narrative(
        identity=tuple(french(fact) for fact in _identity(d)),
        coverage=tuple(french(fact) for fact in _coverage(d)),
        opening=french(opening),
        gaps=tuple(french(gap) for gap in gaps),
        closing=french(f"Source : {origins[0]}.") if shared and origins[0] else "",
    )


def _identity(d: Diagnostic) -> Iterator[str]:
    place = d.territory
    zoning = f", géographie prioritaire {place.zoning}" if place.zoning else ""
    name = f"Le quartier prioritaire « {place.label} » ({place.code}{zoning})"
    communes = [of_name(label) for label in _labels(d, "commune")]
    if communes:
        where = "dans la commune" if len(communes) == 1 else "à cheval sur les communes"
        epcis = _labels(d, "epci")
        within = f", dans l'intercommunalité {epcis[0]}" if len(epcis) == 1 else ""
        yield f"{name} est situé {where} {listing(communes)}{within}."
    if not math.isnan(place.population):
        vintage = vintage_label(place.population_vintage)
        yield f"Il compte {plural(int(place.population), 'habitant')} (millésime {vintage})."


def _labels(d: Diagnostic, kind: str) -> list[str]:
    return [str(label) for label in d.places.loc[d.places["kind"] == kind, "label"]]


def _coverage(d: Diagnostic) -> Iterator[str]:
    """Say how many indicators are published, and what becomes of the others."""
    expected = d.coverage[d.coverage["indicator"] != ""]
    counts = expected["status"].value_counts()
    published = int(counts.get("published", 0))
    if not len(expected):
        return
    verb = "est publié" if published < 2 else "sont publiés"
    yield (
        f"{plural(published, 'indicateur')} {verb} pour ce quartier sur les {len(expected)} "
        "que le catalogue attend."
    )
    others = [
        f"{number(count)} {one if count < 2 else many}"
        for status, one, many in _MISSING
        if (count := int(counts.get(status, 0)))
    ]
    if others:
        yield f"Parmi les autres, {listing(others)}."


def _gaps(d: Diagnostic) -> tuple[str, list[Any]]:
    """Choose the largest unfavourable gaps in points, and open the list."""
    title = reference_title(d)
    rows = significant(main_gaps(d))
    worse = rows[rows["tone"] == "worse"]
    if len(worse):
        count = _COUNT_WORDS.get(len(worse), "Les trois plus grands écarts défavorables")
        return f"{count}, en points, avec {title} :", list(rows_of(worse.iloc[:_COUNT]))
    if len(rows):
        compared = plural(len(rows), "pourcentage comparable", "pourcentages comparables")
        return f"Aucun écart défavorable avec {title} sur {compared}.", []
    return "", []


def _gap_sentence(row: Any, origin: str) -> str:  # noqa: ANN401 - a row of itertuples
    here = value_text(row.value, row.unit, status=row.status)
    there = value_text(row.reference_value, row.unit)
    place = reference_place(row.reference_kind, row.reference_label)
    sentence = (
        f"{row.label} : {here} dans le quartier, {there} {place}, "
        f"même millésime ({vintage_label(row.vintage)}){_people(row)}."
    )
    return f"{sentence} Source : {origin}." if origin else sentence


def _people(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Say what the gap stands for, in people of the published base."""
    if math.isnan(row.people) or not is_share(row.unit) or not row.base_label:
        return ""
    count = abs(round_people(row.people))
    way = "de plus" if row.people > 0 else "de moins"
    amount = f"environ {number(count)}" if count >= 10 else "moins de 10"
    rate = "le taux était celui" if row.label.startswith("Taux") else "la part était celle"
    whole = f" ({_WHOLE[row.reference_kind]})" if row.reference_kind in _WHOLE else ""
    return (
        f" ; soit {amount} {row.base_label} {way} que si {rate} "
        f"{reference_rate(row.reference_kind)}{whole}"
    )
