"""A panel kept beside the tables that it was fitted on, so that it is fitted once for all.

Fitting takes seconds, reading it again a tenth of one. What is kept is Parquet, never a pickle:
a store may come from somebody else. A panel that is damaged, or that other code or another
catalogue made, is fitted again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.parquet as pq

from qpvkit.load.memory import quiet_reading
from qpvkit.measure.stakes.yardstick import Yardstick
from qpvkit.versions import files_digest, software_digest

_ROOMS: Final = ("load", "measure", "diagnostic")
_LIBRARIES: Final = ("numpy", "pandas", "pyarrow", "scipy", "statsmodels")
_FOLDER: Final = "panels"
_UNNAMED: Final = "value"
_MAPS: Final = ("groups", "medians")  # several series each


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The quartiers of one map, measured.

    Attributes
    ----------
    rows
        One row per quartier × indicator that may be ranked: ``code, indicator, vintage, value,
        base, supposed, scale, sign, people`` and the columns of `measurement_errors`.
    yardstick
        Fitted on them.
    scaled
        `rows` placed on the yardstick.
    unusual
        ``code, indicator, vintage, z, p``: overdispersion-adjusted distance to the others.
    references
        ``code, indicator, option`` (kind of territory), ``y_ref, typical``.
    groups
        Name of a set of comparable quartiers → code → group (one group for all of them).
    medians
        Name of a set → median scaled value of each group, by series.
    """

    rows: pd.DataFrame
    yardstick: Yardstick
    scaled: pd.DataFrame
    unusual: pd.DataFrame
    references: pd.DataFrame
    groups: dict[str, pd.Series]
    medians: dict[str, pd.Series]


def panel_folder(tables: Path, zoning: int, catalogue: str) -> Path:
    """Return where the panel of a map is kept.

    Parameters
    ----------
    tables
        The folder of the tables of a store.
    catalogue
        The whole catalogue, as text.
    """
    made_by = files_digest([], catalogue, software_digest(_ROOMS, _LIBRARIES))
    return tables / _FOLDER / f"{zoning}-{made_by}"


def read_panel(folder: Path) -> Panel | None:
    """Return the panel that a folder holds; None if it holds none, or only a damaged one."""
    if not folder.is_dir():
        return None
    try:
        frames = {
            path.stem: pq.read_table(path, **quiet_reading()).to_pandas()
            for path in sorted(folder.glob("*.parquet"))
        }
        return _joined(frames)
    except (OSError, ValueError, KeyError):  # Arrow's errors are among them
        return None


def write_panel(folder: Path, panel: Panel) -> None:
    """Keep a panel; nothing is kept, and nothing said, where nothing can be written."""
    staging = folder.with_name(f".{folder.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        staging.mkdir(parents=True, exist_ok=True)
        for name, frame in _apart(panel).items():
            frame.to_parquet(staging / f"{name}.parquet")
        zoning = folder.name.partition("-")[0]
        for former in folder.parent.glob(f"{zoning}-*"):
            shutil.rmtree(former, ignore_errors=True)
        staging.replace(folder)
    shutil.rmtree(staging, ignore_errors=True)


def _apart(panel: Panel) -> dict[str, pd.DataFrame]:
    """Return the tables of a panel by name, each with its index."""
    frames = {name: getattr(panel, name) for name in ("rows", "scaled", "unusual", "references")}
    for field in dataclasses.fields(Yardstick):
        part = getattr(panel.yardstick, field.name)
        frames[f"yardstick.{field.name}"] = _as_frame(part)
    for name in _MAPS:
        for rank, (key, part) in enumerate(getattr(panel, name).items()):
            frames[f"{name}.{rank}.{key}"] = _as_frame(part)  # their order is a choice
    return frames


def _joined(frames: dict[str, pd.DataFrame]) -> Panel:
    """Return the panel whose tables are given, the reverse of `_apart`."""
    yardstick = Yardstick(
        series=frames["yardstick.series"],
        correlation=frames["yardstick.correlation"],
        weights=frames["yardstick.weights"],
        rank_correlation=frames["yardstick.rank_correlation"],
        people=_as_series(frames["yardstick.people"]),
    )
    groups, medians = (_named(frames, name) for name in _MAPS)
    return Panel(
        rows=frames["rows"], scaled=frames["scaled"], unusual=frames["unusual"],
        references=frames["references"], yardstick=yardstick, groups=groups, medians=medians,
    )  # fmt: skip


def _named(frames: dict[str, pd.DataFrame], name: str) -> dict[str, pd.Series]:
    """Return the series of a set of them, in the order in which they were kept."""
    found = sorted(key.split(".", 2)[1:] for key in frames if key.startswith(f"{name}."))
    return {key: _as_series(frames[f"{name}.{rank}.{key}"]) for rank, key in found}


def _as_frame(part: pd.DataFrame | pd.Series) -> pd.DataFrame:
    return part.to_frame(part.name or _UNNAMED) if isinstance(part, pd.Series) else part


def _as_series(frame: pd.DataFrame) -> pd.Series:
    series = frame.iloc[:, 0]
    return series.rename(None) if series.name == _UNNAMED else series
