"""Read a table of credits, staff, services or contracts as it is added, and say what it holds."""

from __future__ import annotations

import dataclasses

from qpvkit.catalogue import Catalogue
from qpvkit.formats import number, plural
from qpvkit.load.contracts import read_contracts
from qpvkit.load.funding import known_codes, read_funding
from qpvkit.load.ledger.inventory import read_staff
from qpvkit.load.ledger.lines import FLAG_LABELS
from qpvkit.load.services import read_services
from qpvkit.load.sources import Recognition
from qpvkit.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What reading a table for the first time told: rows, years and one French sentence."""

    rows: int
    years: tuple[int, ...] = ()
    note: str = ""


def look(
    recognition: Recognition, settings: Settings, catalogue: Catalogue, *, sha256: str
) -> Look:
    """Read a table once, so that what is filed can be read again.

    Raises
    ------
    FileRefusedError
        Nothing in it can be used, or a partner's table has mistakes: all are told.
    """
    feeds, digest = recognition.source.feeds, sha256[:8]
    if feeds == "funding":
        known = known_codes(settings)
        found = read_funding(recognition, catalogue, digest=digest, known=known)
        flags = "".join(
            f" ; {number(count)} {FLAG_LABELS.get(word, word)}"
            for word, count in found.summary.flags.items()
            if count < found.summary.kept
        )
        years = tuple(int(year) for year in sorted(found.lines["year"].unique()))
        return Look(rows=found.summary.lines, years=years, note=found.summary.sentence() + flags)
    if feeds == "staff":
        staff = read_staff(recognition, catalogue, digest=digest, known=known_codes(settings))
        years = tuple(int(year) for year in sorted(staff["year"].unique()))
        return Look(rows=len(staff), years=years, note=plural(len(staff), "unité"))
    if feeds == "contracts":
        table = read_contracts(recognition, catalogue)
        return Look(rows=len(table), note=plural(table["code"].nunique(), "contrat"))
    points, counts = read_services(recognition, catalogue, digest=digest)
    years = tuple(int(year) for year in sorted(points["vintage"].dropna().unique()))
    note = plural(counts["kept"], "service")
    if counts["without_coordinates"]:
        note += f", dont {number(counts['without_coordinates'])} sans coordonnées"
    return Look(rows=counts["rows"], years=years, note=note)
