"""What an import says of itself: lines read, kept, set aside and why, and euros by funder."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pandas as pd

from qpvkit.formats import number, plural

FUNDING_COLUMNS: Final = (
    "line_id", "funder", "funder_name", "level", "programme", "nature", "theme", "year", "stage",
    "kind", "code", "label", "amount_cents", "amount_eur", "beneficiaries", "evidence_grade",
    "nominal", "flags", "source",
)  # fmt: skip
FLAG_LABELS: Final[dict[str, str]] = {
    "nominal": "coût unitaire × postes, pas un versement",
    "sans_code": "sans code de territoire : rattaché au département ou à la région",
    "code_illisible": "code de territoire illisible : rattaché au département ou à la région",
    "non_localise": "sans aucun territoire",
    "identifiant_repete": "identifiant porté par plusieurs lignes",
    "financeur_inconnu": "financeur hors de la liste",
    "territoire_inconnu": "territoire absent des données chargées",
    "perequation": "dotation reçue par la collectivité, jamais une dépense du quartier",
    "budget_communal": "budget de toute la commune",
    "siege": "localisé au siège du bénéficiaire, pas au lieu de l'action",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FunderTotal:
    """Euros of one funder, in cents: what was read is what was kept plus what was set aside."""

    funder: str
    read: int
    kept: int
    aside: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ImportSummary:
    """What became of every line of one table.

    Attributes
    ----------
    lines, kept
        Lines read and lines kept.
    aside
        Lines set aside, by reason.
    flags
        Lines kept that carry a caution, by word; see ``FLAG_LABELS``.
    totals
        Cents by funder, before and after.
    rounded
        Amounts published beyond the cent, and rounded to it.
    """

    source: str
    file: str
    part: str
    lines: int
    kept: int
    aside: dict[str, int]
    flags: dict[str, int]
    totals: tuple[FunderTotal, ...]
    rounded: int = 0

    @property
    def balanced(self) -> bool:
        """Whether no line and no cent is missing."""
        return self.lines == self.kept + sum(self.aside.values()) and all(
            total.read == total.kept + total.aside for total in self.totals
        )

    def sentence(self) -> str:
        """Say in French what was kept and what was set aside.

        Examples
        --------
        >>> one = FunderTotal(funder="État", read=150, kept=100, aside=50)
        >>> ImportSummary(source="s", file="f", part="", lines=2, kept=1, flags={},
        ...               aside={"doublon exact": 1}, totals=(one,)).sentence()
        '2 lignes lues, 1 gardée, 1 mise de côté (doublon exact : 1) ; 1,00\\xa0€ gardé'
        """
        put = sum(self.aside.values())
        reasons = ", ".join(f"{name} : {number(count)}" for name, count in self.aside.items())
        kept = sum(total.kept for total in self.totals)
        many = "s" if self.kept > 1 else ""
        words = [f"{plural(self.lines, 'ligne')} lue{'s' if self.lines > 1 else ''}"]
        words.append(f"{number(self.kept)} gardée{many}")
        if put:
            words.append(f"{number(put)} mise{'s' if put > 1 else ''} de côté ({reasons})")
        euro = f"{number(kept / 100, decimals=2)}\u00a0€ gardé{'s' if kept >= 200 else ''}"
        return ", ".join(words) + f" ; {euro}"

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the cache."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> ImportSummary:
        """Read what `to_json` wrote."""
        totals = tuple(FunderTotal(**item) for item in content["totals"])
        return cls(**{**content, "totals": totals})


def totals_by_funder(
    names: pd.Series, cents: pd.Series, kept: pd.Series
) -> tuple[FunderTotal, ...]:
    """Add up the cents of each funder, kept and set aside, from the same lines.

    Parameters
    ----------
    names, cents, kept
        Funder, cents (missing where not read) and whether the line is kept; same index.
    """
    amounts = cents.fillna(0).astype("int64")
    frame = pd.DataFrame({"funder": names, "read": amounts, "kept": amounts.where(kept, 0)})
    sums = frame.groupby("funder", sort=True)[["read", "kept"]].sum()
    return tuple(
        FunderTotal(funder=str(name), read=int(read), kept=int(kept_), aside=int(read) - int(kept_))
        for name, read, kept_ in zip(sums.index, sums["read"], sums["kept"], strict=True)
    )


def count_words(texts: pd.Series) -> dict[str, int]:
    """Count the words of a column of space-separated words, most frequent first.

    Examples
    --------
    >>> count_words(pd.Series(["nominal sans_code", "nominal", ""]))
    {'nominal': 2, 'sans_code': 1}
    """
    words = texts.str.split().explode().dropna()
    return {str(word): int(count) for word, count in words.value_counts().items()}
