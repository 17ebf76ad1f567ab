"""The contract's own stakes and the votes, beside the statistics: four quadrants, no total."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from qpvkit.diagnostic import Diagnostic
from qpvkit.formats import DASH, number, plural, quantity
from qpvkit.show.blocks import Note, Table, text_frame, without_empty
from qpvkit.show.select import rows_of
from qpvkit.show.words import french

_QUADRANTS: Final = {
    "shared": "Priorités partagées : les statistiques et les voix les désignent",
    "blind_spot": "Angles morts : les statistiques les désignent, peu de voix les citent",
    "felt": "Ressentis : les voix les citent, les statistiques ne les établissent pas",
    "watched": "À suivre : ni les unes ni les autres ne les désignent",
    "": "Sans vote",
}
_NOTHING: Final = (
    "Ni liste d'enjeux du contrat de ville, ni vote d'habitants ou de partenaires n'est chargé "
    "pour ce quartier : les statistiques parlent ici seules."
)


def voices_table(d: Diagnostic) -> Table | Note:
    """Return what the statistics, the contract and the votes say of each stake, side by side.

    Grouped in four quadrants; the three are never merged into one number.
    """
    rows = d.stakes
    if rows["adopted"].isna().all() and rows["voice"].isna().all():
        return Note(text=french(_NOTHING))
    order = {quadrant: rank for rank, quadrant in enumerate(_QUADRANTS)}
    rows = rows.assign(place=rows["quadrant"].map(order), loud=-rows["voice"].fillna(0.0))
    rows = rows.sort_values(["place", "loud"], kind="stable")
    columns = {
        "Enjeu": list(rows["label"]),
        "Les statistiques": list(rows["verdict_label"]),
        "Le contrat": [_adopted(kept) for kept in rows["adopted"]],
        "Part des voix": [voice_text(row) for row in rows_of(rows)],
    }
    return Table(
        frame=text_frame(without_empty(columns)),
        caption=french(_caption(d, rows)),
        name="tableau-voix",
        groups=tuple(french(_QUADRANTS[quadrant]) for quadrant in rows["quadrant"]),
        stacked=True,
    )


def _caption(d: Diagnostic, rows: pd.DataFrame) -> str:
    heard = int(rows["respondents"].max())
    votes = f" ; {plural(heard, 'personne a voté', 'personnes ont voté')}" if heard else ""
    return f"Les statistiques, le contrat et les voix{votes} ({d.contract})"


def _adopted(kept: object) -> str:
    if pd.isna(kept):  # type: ignore[call-overload]
        return DASH
    return "retenu" if kept else "non retenu"


def voice_text(row: Any) -> str:  # noqa: ANN401 - a row of itertuples
    """Write a share of the points with its margin: « 20 % (de 4 à 37 %) ».

    Examples
    --------
    >>> import types
    >>> voice_text(types.SimpleNamespace(voice=19.6, voice_low=4.4, voice_high=36.7))
    '20\\u202f% (de 4 à 37\\u202f%)'
    """
    if pd.isna(row.voice):
        return DASH
    share = quantity(row.voice, "%")
    if pd.isna(row.voice_low) or pd.isna(row.voice_high):
        return share
    return f"{share} (de {number(row.voice_low)} à {quantity(row.voice_high, '%')})"
