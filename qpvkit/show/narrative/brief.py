"""« En bref »: who the quartier is, which stakes stand out, and what is known.

It answers « quelles inégalités corriger en priorité ? » on one screen; where nothing can be
ranked, it names the gaps that are established, and says so.
"""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Iterator
from typing import Any, Final

from qpvkit.catalogue import load_catalogue
from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import listing, number, plural, vintage_label
from qpvkit.show.blocks import render
from qpvkit.show.comparison import SAID, read_comparison
from qpvkit.show.narrative.sentences import (
    Fact,
    fact_sentence,
    gap_sentence,
    none_marked_sentence,
    people_clause,
    regime_sentence,
    set_sentence,
)
from qpvkit.show.narrative.stakes import tell_stakes, whole_place
from qpvkit.show.select import (
    first_stakes,
    main_gaps,
    read,
    reference_title,
    rows_of,
    significant,
    source_line,
)
from qpvkit.show.words import french, of_name, reference_rate

_COUNT: Final = 3
_COUNT_WORDS: Final = {
    1: "Un écart défavorable est établi",
    2: "Deux écarts défavorables sont établis",
    3: "Trois écarts défavorables sont établis",
}
_UNREAD: Final = (
    "Ce n'est pas une absence de problème : plus bas, ce que l'on sait, ce qui manque, et à qui "
    "le demander."
)
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
    """A few sentences: who, which stakes, what is known.

    Attributes
    ----------
    identity
        Where the quartier is, how many live there.
    opening
        Which stakes may come first, and what the ranking compares with.
    points
        The first stakes with their verdict (label, verdict, sentence), or the largest gaps.
    coverage
        How much is published, and what becomes of the rest.
    closing
        The source of the points, when one is behind them all.
    """

    identity: tuple[str, ...]
    coverage: tuple[str, ...]
    opening: tuple[str, ...] = ()
    points: tuple[tuple[str, str], ...] = ()
    closing: str = ""

    def __iter__(self) -> Iterator[str]:
        """Go through the sentences in reading order."""
        yield from (*self.identity, *self.opening)
        for head, sentence in self.points:
            yield f"{head} {sentence}".strip()
        yield from self.coverage
        if self.closing:
            yield self.closing

    def to_html(self) -> str:
        """Return the facts as paragraphs and the points as a list."""
        return render("narrative.html.j2", story=self)

    def _repr_html_(self) -> str:
        return self.to_html()


def describe(d: Diagnostic) -> Narrative:
    """Say in French what matters in a quartier: its first stakes, and how sure they are.

    Where it is and how many live there, which stakes may come first with their verdicts, or why
    none can be ranked and which gaps are established, and how much is published.

    Examples
    --------
    >>> from qpvkit.diagnostic import diagnose
    >>> story = describe(diagnose("QP099003", dataset="demo"))
    >>> any("premiers" in sentence for sentence in story.opening)
    True
    """
    points, closing = _first_stakes(d), ""
    opening = [sentence for sentence in open_stakes(d) if sentence]
    if not points:
        words, points, closing = _gaps(d)
        opening += [words] if words else []
    return Narrative(
        identity=tuple(french(fact) for fact in _identity(d)),
        opening=tuple(french(sentence) for sentence in opening),
        points=tuple((french(head), french(sentence)) for head, sentence in points),
        coverage=tuple(french(fact) for fact in _coverage(d)),
        closing=french(closing),
    )


def open_stakes(d: Diagnostic) -> Iterator[str]:
    """Say which stakes may come first, then what they are compared with."""
    if not len(d.stakes):
        return
    catalogue = load_catalogue()
    scored = d.stakes[d.stakes["scored"]]
    top = int(catalogue.threshold("enjeux_tete"))
    chosen = scored[scored["in_top_set"]] if len(scored) > top else scored
    yield set_sentence(
        [f"{row.label} ({row.verdict_label})" for row in rows_of(chosen)],
        scored=len(scored), grid=len(d.stakes), top=top,
        level=catalogue.threshold("enjeux_niveau_ensemble"),
    )  # fmt: skip
    if not len(scored):
        yield _UNREAD
    if len(scored) <= top:
        return
    regime = scored["regime"].iloc[0]
    yield none_marked_sentence(int(scored["prominence_low"].gt(0).sum()), regime=regime)
    yield regime_sentence(
        regime, place=reference_title(d), peers=catalogue.peers[d.peers].label,
        balance=catalogue.threshold("enjeux_lambda"),
    )  # fmt: skip


def _first_stakes(d: Diagnostic) -> list[tuple[str, str]]:
    """Return the first stakes, each with its verdict and its main value; none if none is ranked."""
    first = set(first_stakes(d)["stake"])
    return [
        (f"{story.label}, {story.verdict_label}.", story.headline)
        for story in tell_stakes(d)
        if story.stake in first
    ]


def _gaps(d: Diagnostic) -> tuple[str, list[tuple[str, str]], str]:
    """Choose the largest unfavourable gaps in points that are established, and open the list."""
    title = reference_title(d)
    rows = significant(main_gaps(d))
    worse = [row for row in rows if row.judgement in SAID and row.tone == "worse"]
    if not rows:
        return "", [], ""
    if not worse:
        compared = plural(len(rows), "pourcentage comparable", "pourcentages comparables")
        return f"Aucun écart défavorable n'est établi avec {title} sur {compared}.", [], ""
    count = _COUNT_WORDS.get(
        len(worse), "Les trois plus grands écarts défavorables parmi ceux qui sont établis"
    )
    chosen = worse[:_COUNT]
    origins = {source_line(d, [row.source, row.reference_source]) for row in chosen}
    closing = f"Source : {origins.pop()}." if len(origins) == 1 else ""
    return f"{count}, en points, avec {title} :", [_gap_point(row) for row in chosen], closing


def _gap_point(row: Any) -> tuple[str, str]:  # noqa: ANN401 - a row of itertuples
    fact = Fact(
        label=row.label, unit=row.unit, value=float(row.value), status=row.status,
        vintage=vintage_label(row.vintage), reference=float(row.reference_value),
        place=whole_place(row.reference_kind, row.reference_label),
    )  # fmt: skip
    people = people_clause(
        float(row.people), row.base_label, label=row.label, rate=reference_rate(row.reference_kind)
    )
    gap = gap_sentence(read_comparison(row), corrected=False, people=people)
    return "", f"{fact_sentence(fact)} {gap}"


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
    return [str(row.label) for row in read(d).places if row.kind == kind]


def _coverage(d: Diagnostic) -> Iterator[str]:
    """Say how many indicators are published, and what becomes of the others."""
    expected = [row.status for row in read(d).coverage if row.indicator != ""]
    counts = collections.Counter(expected)
    published = counts["published"]
    if not expected:
        return
    verb = "est publié" if published < 2 else "sont publiés"
    yield (
        f"{plural(published, 'indicateur')} {verb} pour ce quartier sur les {len(expected)} "
        "que le catalogue attend."
    )
    others = [
        f"{number(count)} {one if count < 2 else many}"
        for status, one, many in _MISSING
        if (count := counts[status])
    ]
    if others:
        yield f"Parmi les autres, {listing(others)}."
