"""Where data, notebooks and reports live, and which data set is in use."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Final, Literal, get_args

from qpvkit.errors import UnknownNameError

Dataset = Literal["demo", "france"]
DATASETS: Final[tuple[Dataset, ...]] = get_args(Dataset)

_PACKAGE = Path(__file__).resolve().parent


def _share() -> Path:
    """Return the folder that holds the catalogue, the demo set and the notebooks.

    A checkout (or an editable install) keeps them beside the package; a wheel carries them inside.
    """
    checkout = _PACKAGE.parent
    if (checkout / "data" / "catalogue").is_dir():
        return checkout
    return _PACKAGE / "_share"


def _default_home() -> Path:
    """Return where files are written: the checkout, or a folder of the user for a wheel."""
    share = _share()
    return share if share != _PACKAGE / "_share" else Path.home() / "qpvkit"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things live. Frozen: a different place is a different ``Settings``.

    Attributes
    ----------
    dataset
        ``demo`` (invented, embedded) or ``france`` (official files added by the analyst).
    home
        The folder below which raw files, store and reports are written.
    share
        The folder that holds the catalogue, the demo set and the notebooks.

    Examples
    --------
    >>> settings = Settings(dataset="demo")
    >>> settings.raw_dir.parts[-3:]
    ('data', 'demo', 'raw')
    """

    dataset: Dataset = "demo"
    home: Path = dataclasses.field(default_factory=_default_home)
    share: Path = dataclasses.field(default_factory=_share)

    def __post_init__(self) -> None:
        """Refuse an unknown data set."""
        if self.dataset not in DATASETS:
            raise UnknownNameError("jeu de données inconnu", str(self.dataset), near=DATASETS)

    @property
    def catalogue_dir(self) -> Path:
        """The folder of the catalogue's TOML files."""
        return self.share / "data" / "catalogue"

    @property
    def notebooks_dir(self) -> Path:
        """The folder of the notebooks."""
        return self.share / "notebooks"

    @property
    def raw_dir(self) -> Path:
        """The folder of the official files, never edited."""
        if self.dataset == "demo":
            return self.share / "data" / "demo" / "raw"
        return self.home / "data" / "raw"

    @property
    def contracts_dir(self) -> Path:
        """The folder of the contracts' own stakes and votes; local files never leave it."""
        return self.local_dir / "contrats"

    @property
    def local_dir(self) -> Path:
        """The folder of the partners' tables, which never leave the machine."""
        if self.dataset == "demo":
            return self.share / "data" / "demo" / "local"
        return self.home / "data" / "local"

    @property
    def store_dir(self) -> Path:
        """The folder of the tidy Parquet tables of this data set."""
        return self.home / "data" / "store" / self.dataset

    @property
    def reports_dir(self) -> Path:
        """The folder of the reports of this data set."""
        return self.home / "reports" / self.dataset

    def with_dataset(self, dataset: Dataset) -> Settings:
        """Return the same places for another data set."""
        return dataclasses.replace(self, dataset=dataset)


def load_settings(dataset: str | None = None) -> Settings:
    """Read the settings from the environment.

    ``QPVKIT_HOME`` moves raw files, store and reports elsewhere; ``QPVKIT_DATASET`` changes the
    default data set. An argument wins over the environment.

    Raises
    ------
    UnknownNameError
        The data set is neither ``demo`` nor ``france``.
    """
    home = os.environ.get("QPVKIT_HOME")
    chosen = dataset or os.environ.get("QPVKIT_DATASET") or "demo"
    if chosen not in DATASETS:
        raise UnknownNameError("jeu de données inconnu", chosen, near=DATASETS)
    base = Settings() if home is None else Settings(home=Path(home).expanduser().resolve())
    return base.with_dataset(chosen)
