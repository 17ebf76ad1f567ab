"""Services to residents, as points: France services, equipment base, schools, FINESS."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyproj

from qpvkit.catalogue import Catalogue, load_catalogue
from qpvkit.codes import METRIC_CRS
from qpvkit.errors import FileRefusedError
from qpvkit.load.ledger.cache import Reading, filed_files, read_file
from qpvkit.load.parts import Part, clean
from qpvkit.load.sources import Recognition, find_column
from qpvkit.records import Points
from qpvkit.settings import Settings

SERVICE_COLUMNS: Final = (
    "service_id", "service", "type", "label", "capacity", "commune", "x", "y", "qp2015", "qp2024",
    "qp_quality", "priority_education", "source", "vintage",
)  # fmt: skip
_WORDS: Final = (
    "service", "type", "label", "commune", "qp2015", "qp2024", "qp_quality", "priority_education",
)  # fmt: skip
_NO_QP: Final = ("", "_Z", "_U", "CSZ", "HZ")  # marks of the equipment base: outside, unknown
_LAMBERT_93: Final = "2154"
_FINESS_DEPARTEMENTS: Final = {
    "9A": "971", "9B": "972", "9C": "973", "9D": "974", "9E": "975", "9F": "976",
}  # fmt: skip


def load_services(
    *,
    services: Iterable[str] | None = None,
    departement: str | None = None,
    settings: Settings | None = None,
) -> pd.DataFrame:
    """Load the services to residents that are located: table SERVICES.

    Parameters
    ----------
    services
        Keep these services of the catalogue, such as ``france_services`` or ``pharmacie``.
    departement
        Keep the communes of one département.
    settings
        The demo set by default.

    Returns
    -------
    pandas.DataFrame
        ``x`` and ``y`` are longitude and latitude (EPSG:4326), missing where the source gives
        none. ``service`` is empty for a type that the catalogue does not name. ``qp2024`` holds
        the quartier that the producer found, with its quality (1 sure, 2 likely, 3 random). Of
        each source, the latest edition.

    Examples
    --------
    >>> points = load_services(services=["france_services"])
    >>> len(points), sorted(points["commune"])[0]
    (4, '99001')
    """
    settings = settings or Settings()
    catalogue = load_catalogue(settings.catalogue_dir)
    wanted = None if services is None else set(services)

    def read(recognition: Recognition, sha256: str) -> Reading:
        return read_services(recognition, catalogue, digest=sha256[:8])

    frames = [
        frame
        for path, _ in filed_files(settings, catalogue, "services")
        for frame, _ in read_file(settings, catalogue, path, read)
    ]
    frames = [_wanted(frame, wanted, departement) for frame in _latest(frames)]
    if not frames:
        return _no_point()
    points = pd.concat(frames, ignore_index=True)
    return points.drop_duplicates("service_id", ignore_index=True)


def _wanted(
    frame: pd.DataFrame, services: set[str] | None, departement: str | None
) -> pd.DataFrame:
    keep = pd.Series(data=True, index=frame.index)
    if services is not None:
        keep &= frame["service"].isin(services)
    if departement is not None:
        keep &= frame["commune"].str.startswith(departement)
    return frame.loc[keep]


def _latest(frames: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Keep the latest edition of each source: two editions would count a service twice."""
    years = [(str(one["source"].iloc[0]), int(one["vintage"].fillna(0).max())) for one in frames]
    last = {source: max(year for name, year in years if name == source) for source, _ in years}
    return [
        frame for frame, (source, year) in zip(frames, years, strict=True) if year == last[source]
    ]


def read_services(recognition: Recognition, catalogue: Catalogue, *, digest: str) -> Reading:
    """Read one table of services; the counts say what has no coordinates and what is closed.

    Raises
    ------
    FileRefusedError
        No service in it, a cut file, or a coordinate that is not a number.
    SchemaError
        The table breaks its contract.
    """
    source = recognition.source
    points = source.points
    if points is None:
        msg = f"{source.id} ne déclare pas [source.points]."
        raise TypeError(msg)
    frame = _finess(recognition) if source.record_types else _columns(recognition, points)
    rows = len(frame)
    for pattern, wanted in points.open_when.items():
        state = _role(frame, pattern)
        frame = frame.loc[state.eq("") | state.str.fullmatch(wanted)]
    if frame.empty:
        raise FileRefusedError(
            recognition.part.path,
            where=recognition.part.name,
            problem="aucun service ouvert dans ce fichier.",
            expected="une ligne par équipement ou par structure.",
            action="téléchargez-le de nouveau : celui-ci est vide.",
        )
    table = _as_points(frame, recognition, points, catalogue, digest)
    repeated = table.duplicated("service_id")
    table = table.loc[~repeated].sort_values("commune", kind="stable", ignore_index=True)
    # pandera is slow to import and needed here only
    from qpvkit import schemas  # noqa: PLC0415

    schemas.check_table(table, schemas.SERVICES)
    counts = {
        "rows": rows,
        "closed": rows - len(frame),
        "repeated": int(repeated.sum()),
        "kept": len(table),
        "without_coordinates": int(table["x"].isna().sum()),
        "unknown_service": int(table["service"].eq("").sum()),
    }
    return table, counts


def _as_points(
    frame: pd.DataFrame,
    recognition: Recognition,
    points: Points,
    catalogue: Catalogue,
    digest: str,
) -> pd.DataFrame:
    source = recognition.source.id
    ident = _role(frame, points.id)
    lines = pd.Series(np.arange(len(frame)).astype(str), index=frame.index)
    kind = _role(frame, points.type)
    service_of = {
        code: item.id for item in catalogue.services.values() for code in item.codes.get(source, ())
    }
    commune = _role(frame, points.commune) if points.commune else _role(frame, "commune")
    lost = commune.str.fullmatch(r"\d{4}")
    capacity = _role(frame, points.capacity).str.replace(",", ".", regex=False)
    table = pd.DataFrame(
        {
            "service_id": source + ":" + ident.where(ident.ne(""), digest + ":" + lines),
            "service": points.service or kind.map(service_of).fillna(""),
            "type": kind,
            "label": _role(frame, points.label),
            "capacity": pd.to_numeric(capacity, errors="coerce"),
            "commune": commune.mask(lost, "0" + commune),
            **_coordinates(frame, recognition, points),
            "qp2015": _quartier(frame, points.qp2015),
            "qp2024": _quartier(frame, points.qp2024),
            "qp_quality": _role(frame, points.qp_quality).replace(list(_NO_QP), ""),
            "priority_education": _role(frame, points.priority_education),
            "source": source,
            "vintage": _vintage(frame, recognition, points),
        },
        index=frame.index,
    )
    table["capacity"] = table["capacity"].where(table["capacity"].ge(0)).astype("float64")
    return table[list(SERVICE_COLUMNS)].astype(dict.fromkeys(_WORDS, "str"))


def _role(frame: pd.DataFrame, pattern: str) -> pd.Series:
    name = find_column(tuple(map(str, frame.columns)), pattern)
    if name is None:
        return pd.Series("", index=frame.index, dtype="str")
    return frame[name].astype("str").str.strip()


def _quartier(frame: pd.DataFrame, pattern: str) -> pd.Series:
    return _role(frame, pattern).replace(list(_NO_QP), "")


def _vintage(frame: pd.DataFrame, recognition: Recognition, points: Points) -> pd.Series:
    """Return the year of each row, else that of the file's name, else unknown."""
    year = pd.to_numeric(_role(frame, points.year), errors="coerce")
    if year.notna().any():
        return year.astype("Int64")
    found = re.search(points.year_in, recognition.part.path.name) if points.year_in else None
    value = int(found.group(1)) if found else None
    if value is not None and value < 100:
        value += 2000
    return pd.Series(value, index=frame.index, dtype="Int64")


def _coordinates(
    frame: pd.DataFrame, recognition: Recognition, points: Points
) -> dict[str, pd.Series]:
    """Return longitude and latitude, from degrees where given, else from projected metres."""
    x = _number(frame, points.longitude or "longitude", recognition)
    y = _number(frame, points.latitude or "latitude", recognition)
    flat_x = _number(frame, points.x or "x", recognition)
    flat_y = _number(frame, points.y or "y", recognition)
    wanted = x.isna() & flat_x.notna() & flat_y.notna()
    if wanted.any():
        epsg = _role(frame, points.epsg or "epsg").replace(list(_NO_QP), _LAMBERT_93)
        for code in epsg[wanted].unique():
            rows = wanted & epsg.eq(code)
            transform = pyproj.Transformer.from_crs(int(code), 4326, always_xy=True)
            longitude, latitude = transform.transform(
                flat_x[rows].to_numpy(), flat_y[rows].to_numpy()
            )
            x.loc[rows], y.loc[rows] = longitude, latitude
    inside = x.between(-180, 180) & y.between(-90, 90) & ~(x.eq(0) & y.eq(0))
    return {"x": x.where(inside), "y": y.where(inside)}


def _number(frame: pd.DataFrame, pattern: str, recognition: Recognition) -> pd.Series:
    texts = _role(frame, pattern).str.replace(",", ".", regex=False)
    blank = texts.isin(["", "_Z", "_U", "NA", "nan"])
    values = pd.to_numeric(texts.mask(blank, ""), errors="coerce").astype("float64")
    wrong = values.isna() & ~blank
    if wrong.any():
        line = texts.index[wrong.to_numpy()][0]
        raise FileRefusedError(
            recognition.part.path,
            where=f"{recognition.part.name} ligne {line}".strip(),
            problem=f"coordonnée illisible « {texts.loc[line]} ».",
            expected="un nombre, ou une cellule vide.",
            action="reprenez le fichier d'origine.",
        )
    return values


def _no_point() -> pd.DataFrame:
    numbers = {"capacity": "float64", "x": "float64", "y": "float64", "vintage": "Int64"}
    return pd.DataFrame(columns=list(SERVICE_COLUMNS), dtype="str").astype(numbers)


# --- reading only the columns needed: the equipment base has millions of rows --------------------


def _columns(recognition: Recognition, points: Points) -> pd.DataFrame:
    """Read the declared columns of a table as text, without holding the others in memory."""
    part, names = recognition.part, recognition.names
    declared = points.model_dump()
    patterns = [
        value for key, value in declared.items()
        if isinstance(value, str) and key not in ("service", "year_in")
    ]  # fmt: skip
    found = [find_column(names, pattern) for pattern in [*patterns, *points.open_when]]
    wanted = list(dict.fromkeys(name for name in found if name))
    if part.form != "text":
        return part.frame(recognition.header, recognition.source.header_rows)
    options = pa_csv.ConvertOptions(
        include_columns=wanted,
        column_types=dict.fromkeys(wanted, pa.string()),
        strings_can_be_null=False,
    )
    try:
        with _stream(part) as stream:
            table = pa_csv.read_csv(
                stream,
                read_options=pa_csv.ReadOptions(skip_rows=recognition.header),
                parse_options=pa_csv.ParseOptions(
                    delimiter=_delimiter(part, recognition), newlines_in_values=True
                ),
                convert_options=options,
            )
    except pa.ArrowInvalid as error:
        raise FileRefusedError(
            part.path,
            where=part.name,
            problem=f"table coupée ou retouchée ({error}).",
            expected="le même nombre de cellules à chaque ligne.",
            action="téléchargez de nouveau le fichier.",
        ) from error
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _stream(part: Part) -> Any:  # noqa: ANN401 - a file, an archive member or a decompressor
    path = part.path
    with path.open("rb") as opened:
        start = opened.read(2)
    if start == b"\x1f\x8b":
        return gzip.open(path)
    if start == b"PK":
        return zipfile.ZipFile(path).open(part.name)
    return path.open("rb")


def _delimiter(part: Part, recognition: Recognition) -> str:
    """Return the separator that cuts the header as it was recognised."""
    with _stream(part) as stream:
        lines = [stream.readline() for _ in range(recognition.header + 1)]
    header = lines[-1].decode("utf-8-sig").rstrip("\r\n")
    for mark in (";", ",", "\t", "|"):
        cells = tuple(clean(cell) for cell in next(csv.reader(io.StringIO(header), delimiter=mark)))
        if cells == recognition.names:
            return mark
    return ";"


def _finess(recognition: Recognition) -> pd.DataFrame:
    """Read the two sections of FINESS, which has no header, and join them by establishment."""
    text = _text(recognition.part)
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    sites = [row for row in rows if row and row[0] == "structureet" and len(row) > 18]
    places = [row for row in rows if row and row[0] == "geolocalisation" and len(row) > 4]
    frame = pd.DataFrame(
        {
            "nofinesset": [row[1] for row in sites],
            "rs": [row[3] for row in sites],
            "categetab": [row[18] for row in sites],
            "departement": [_FINESS_DEPARTEMENTS.get(row[13], row[13]) for row in sites],
            "commune": [row[12] for row in sites],
        },
        dtype="str",
    )
    overseas = frame["departement"].str.len().eq(3)
    frame["commune"] = frame["departement"].where(~overseas, "97") + frame["commune"]
    place = pd.DataFrame(
        [(row[1], row[2], row[3], row[4]) for row in places],
        columns=["nofinesset", "x", "y", "origin"],
        dtype="str",
    ).drop_duplicates("nofinesset")
    frame = frame.merge(place, on="nofinesset", how="left").fillna("")
    said = frame["origin"].str.extract(r"EPSG:(\d{4,5})")[0]
    usual = frame["departement"].map({key: str(code) for key, code in METRIC_CRS.items()})
    frame["epsg"] = said.fillna(usual).fillna(_LAMBERT_93)
    return frame


def _text(part: Part) -> str:
    with _stream(part) as stream:
        content: bytes = stream.read()
    return content.decode("utf-8-sig")
