"""The ledger of credits: who pays, for what, on which territory, with what evidence."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.codes import Kind, Zoning
from qpvkit.load.contracts import contract_table
from qpvkit.load.ledger.cache import Reading, filed_files, read_file
from qpvkit.load.ledger.inventory import STAFF_COLUMNS, read_inventory, read_staff
from qpvkit.load.ledger.lines import FUNDING_COLUMNS, ImportSummary
from qpvkit.load.ledger.read import Lines, read_lines
from qpvkit.load.ledger.table import Known
from qpvkit.load.sources import Recognition
from qpvkit.load.store import Store, open_store
from qpvkit.load.territories import load_territories
from qpvkit.records import Nature
from qpvkit.settings import Settings

_COG: Final = "cog_communes"
_POTENTIAL: Final = "niveau_vie_median"
_CHECKED: Final = ("qp", "commune", "epci", "departement", "region", "contrat")


def read_funding(
    recognition: Recognition, catalogue: Catalogue, *, digest: str, known: Known
) -> Lines:
    """Read one table of credits, official or filled in by the partners.

    Raises
    ------
    FileRefusedError
        Nothing in it can be used, or a partner's table has mistakes.
    """
    if recognition.source.local:
        return read_inventory(recognition, catalogue, digest=digest, known=known)
    return read_lines(recognition, catalogue, digest=digest)


def load_funding(
    *,
    kind: Kind | None = None,
    codes: Iterable[str] | None = None,
    years: Iterable[int] | None = None,
    nature: Nature | None = None,
    sources: Iterable[str] | None = None,
    settings: Settings | None = None,
    store: Store | None = None,
) -> pd.DataFrame:
    """Load lines of the ledger: what was published or declared, never spread over quartiers.

    A line belongs to the territory at which it is known. Its evidence grade holds there: bringing
    it down to a quartier by a key lowers it. Add up ``amount_cents``, exact, rather than
    ``amount_eur``; never add up engagements (``ae``) and payments (``cp``), nor ``nominal``
    amounts (posts × unit cost) and payments.

    Parameters
    ----------
    kind, codes
        Keep the lines of this kind of territory, and of these ones.
    years, nature, sources
        Keep these budget years, ``droit_commun`` or ``specifique``, these sources.
    settings, store
        The demo set by default.

    Returns
    -------
    pandas.DataFrame
        Table FUNDING. A line that no code places has empty ``kind`` and ``code``, and the word
        ``non_localise`` among its ``flags``.

    Raises
    ------
    SchemaError
        The table breaks its contract.

    Examples
    --------
    >>> lines = load_funding(kind="contrat", sources=["anct_adultes_relais"])
    >>> lines.groupby("code")["amount_cents"].agg(["size", "sum"]).loc["CN09901M"].tolist()
    [4, 8760200]
    """
    settings = settings or Settings()
    store = store or open_store(settings)
    catalogue = load_catalogue(settings.catalogue_dir)
    readings = _readings(settings, catalogue)
    wanted = None if sources is None else set(sources)
    frames = [frame for frame, _ in readings if wanted is None or set(frame["source"]) & wanted]
    lines = pd.concat(frames, ignore_index=True) if frames else _no_line()
    lines = _placed(lines, settings, store)[list(FUNDING_COLUMNS)]
    # pandera is slow to import and needed here only
    from qpvkit import schemas  # noqa: PLC0415

    schemas.check_table(lines, schemas.FUNDING)
    keep = pd.Series(data=True, index=lines.index)
    tests: dict[str, Iterable[Any] | None] = {
        "kind": None if kind is None else [kind],
        "code": codes,
        "year": years,
        "nature": None if nature is None else [nature],
        "source": wanted,
    }
    for column, values in tests.items():
        if values is not None:
            keep &= lines[column].isin(list(values))
    return lines.loc[keep].reset_index(drop=True)


def import_summaries(*, settings: Settings | None = None) -> tuple[ImportSummary, ...]:
    """Say what became of every line of every filed table of credits.

    Examples
    --------
    >>> all(summary.balanced for summary in import_summaries())
    True
    """
    settings = settings or Settings()
    catalogue = load_catalogue(settings.catalogue_dir)
    readings = _readings(settings, catalogue)
    return tuple(ImportSummary.from_json(counts) for _, counts in readings)


def import_totals(*, settings: Settings | None = None) -> pd.DataFrame:
    """Return euros by file and funder, before and after loading, equal to the cent.

    Returns
    -------
    pandas.DataFrame
        ``source, file, funder, read_cents, kept_cents, aside_cents``.

    Examples
    --------
    >>> totals = import_totals()
    >>> bool((totals["read_cents"] == totals["kept_cents"] + totals["aside_cents"]).all())
    True
    """
    rows = [
        {
            "source": summary.source,
            "file": summary.file,
            "funder": total.funder,
            "read_cents": total.read,
            "kept_cents": total.kept,
            "aside_cents": total.aside,
        }
        for summary in import_summaries(settings=settings)
        for total in summary.totals
    ]
    columns = ["source", "file", "funder", "read_cents", "kept_cents", "aside_cents"]
    return pd.DataFrame(rows, columns=columns)


def load_staff(
    *, settings: Settings | None = None, codes: Iterable[str] | None = None
) -> pd.DataFrame:
    """Load what partners declare of staff and quality, one row per unit and year: table STAFF.

    An empty cell is unknown, not zero.

    Examples
    --------
    >>> load_staff()[["serves", "posts", "vacant"]].head(2).values.tolist()
    [['quartier', 12.5, 1.5], ['reference', 11.0, 0.0]]
    """
    settings = settings or Settings()
    catalogue = load_catalogue(settings.catalogue_dir)

    def read(recognition: Recognition, sha256: str) -> Reading:
        return read_staff(recognition, catalogue, digest=sha256[:8], known={}), {}

    frames = [
        frame
        for path, _ in filed_files(settings, catalogue, "staff")
        for frame, _ in read_file(settings, catalogue, path, read)
    ]
    if not frames:
        return pd.DataFrame(columns=list(STAFF_COLUMNS))
    staff = pd.concat(frames, ignore_index=True)
    # pandera is slow to import and needed here only
    from qpvkit import schemas  # noqa: PLC0415

    schemas.check_table(staff, schemas.STAFF)
    return staff if codes is None else staff.loc[staff["code"].isin(list(codes))]


def known_codes(settings: Settings) -> Known:
    """Return the codes of the tables already built, by kind; empty when nothing is built yet.

    Nothing is built for it: a partner's table is checked against what is there.
    """
    manifest = settings.store_dir / "manifest.json"
    try:
        folder = settings.store_dir / json.loads(manifest.read_text(encoding="utf-8"))["tables"]
        rows = pd.read_parquet(folder / "territories.parquet", columns=["kind", "code"])
    except (OSError, ValueError, KeyError):
        return {}
    return {kind: set(rows.loc[rows["kind"].eq(kind), "code"]) for kind in _CHECKED}


def _readings(settings: Settings, catalogue: Catalogue) -> list[Reading]:
    """Read every filed table; whether a code exists was checked on adding, and is flagged here."""

    def read(recognition: Recognition, sha256: str) -> Reading:
        found = read_funding(recognition, catalogue, digest=sha256[:8], known={})
        return found.lines, found.summary.to_json()

    return [
        reading
        for path, _ in filed_files(settings, catalogue, "funding")
        for reading in read_file(settings, catalogue, path, read)
    ]


def _no_line() -> pd.DataFrame:
    numbers = {"amount_cents": "int64", "amount_eur": "float64", "beneficiaries": "float64"}
    empty = pd.DataFrame(columns=[*FUNDING_COLUMNS, "siren"], dtype="str")
    return empty.astype({**numbers, "year": "Int64", "nominal": "bool"})


def _placed(lines: pd.DataFrame, settings: Settings, store: Store) -> pd.DataFrame:
    """Place the lines of communes by their SIREN; say which places are unknown to the store."""
    by_siren = lines["kind"].eq("") & lines["funder"].eq("commune")
    if by_siren.any():
        found = lines.loc[by_siren, "siren"].map(_commune_sirens(settings, store)).fillna("")
        lines.loc[found.index, "code"] = found
        lines.loc[found.index, "kind"] = found.ne("").map({True: "commune", False: ""})
        lost = found.index[found.eq("")]
        lines.loc[lost, "flags"] = (lines.loc[lost, "flags"] + " non_localise").str.strip()
    known = store.territories()
    contracts = contract_table(settings, load_catalogue(settings.catalogue_dir))["code"]
    there = set(zip(known["kind"], known["code"], strict=True))
    there |= {("contrat", code) for code in contracts} | {("", "")}
    pairs = lines[["kind", "code"]].drop_duplicates()
    lost_pairs = pd.MultiIndex.from_tuples(
        [pair for pair in pairs.itertuples(index=False, name=None) if pair not in there],
        names=["kind", "code"],
    )
    unknown = pd.MultiIndex.from_frame(lines[["kind", "code"]]).isin(lost_pairs)
    flags = lines["flags"].where(~unknown, (lines["flags"] + " territoire_inconnu").str.strip())
    return lines.assign(flags=flags)


def _commune_sirens(settings: Settings, store: Store) -> dict[str, str]:
    """Return SIREN → code of commune, from the filed code officiel géographique."""
    found: dict[str, str] = {}
    for name, state in store.manifest["files"].items():
        if any(part.get("source") == _COG for part in state.get("parts", [])):
            records = json.loads((settings.raw_dir / name).read_text(encoding="utf-8-sig"))
            for record in records:
                if record.get("siren") and record.get("type") == "commune-actuelle":
                    found[str(record["siren"])] = str(record["code"])
    return found


def load_commune_profiles(
    *,
    zoning: Zoning,
    vintage: int,
    region: str | None = None,
    settings: Settings | None = None,
    store: Store | None = None,
) -> pd.DataFrame:
    """Load what communes are compared by: population, potential, and whether a quartier is there.

    The potential is the median income (Filosofi): the potentiel financier of the DGCL, when its
    criteria are at hand, is the better measure.

    Parameters
    ----------
    zoning
        The map of quartiers in force in the year of the credits.
    vintage
        Year of the median income; the nearest published one is taken for each commune.
    region
        Keep the communes of one région.
    settings, store
        The demo set by default.

    Returns
    -------
    pandas.DataFrame
        ``code, label, population, potential, potential_vintage, has_qp``.

    Examples
    --------
    >>> communes = load_commune_profiles(zoning=2024, vintage=2019)
    >>> sorted(communes.loc[communes["has_qp"], "code"])[:3], int(communes["population"].max())
    (['97490', '99001', '99002'], 48210)
    """
    settings = settings or Settings()
    store = store or open_store(settings)
    rows = load_territories(kind="commune", region=region, settings=settings, store=store)
    income = store.observations(kind="commune", indicators=[_POTENTIAL])
    income = income.dropna(subset=["value", "vintage"])
    income = income.assign(away=(income["vintage"] - vintage).abs()).sort_values("away")
    nearest = income.drop_duplicates("code").set_index("code")
    links = store.memberships(kind="qp")
    prefix = "QP" if zoning == 2015 else "QN"
    inside = links["within_kind"].eq("commune") & links["code"].str.startswith(prefix)
    return pd.DataFrame(
        {
            "code": rows["code"],
            "label": rows["label"],
            "population": rows["population"],
            "potential": rows["code"].map(nearest["value"]),
            "potential_vintage": rows["code"].map(nearest["vintage"]).astype("Int64"),
            "has_qp": rows["code"].isin(set(links.loc[inside, "within_code"])),
        }
    )
