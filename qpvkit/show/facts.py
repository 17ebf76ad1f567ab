"""What a report states about its territory, for the index of the reports.

A cell may show an object that carries facts beside its HTML, under the type `FACTS_MIME`. The
export gathers them from all the cells of a notebook, in order, and the index builds its columns
and filters from what it finds:

- ``code, label, departement, contrat``: texts;
- ``stakes``: a list of ``{"id", "label", "verdict"}``, the most prominent first.

A page shows none of it; the facts are kept in its record and in the manifest.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

FACTS_MIME: Final = "application/vnd.qpvkit.facts+json"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A piece of page that states facts.

    Attributes
    ----------
    markup
        The piece, already HTML.
    facts
        What the index is told.
    """

    markup: str
    facts: dict[str, Any]

    def to_html(self) -> str:
        """Return the piece as it is."""
        return self.markup

    def _repr_mimebundle_(
        self,
        include: Any = None,  # noqa: ANN401, ARG002 - the signature that IPython asks for
        exclude: Any = None,  # noqa: ANN401, ARG002
    ) -> dict[str, Any]:
        """Return the HTML and, beside it, the facts."""
        return {"text/html": self.markup, FACTS_MIME: self.facts}
