"""Published cases: read from the folder beside the official files, never copied here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest


@pytest.fixture(scope="session")
def validation(real_files: Path) -> Path:
    """Return the folder of published cases, or skip."""
    folder = real_files.parent / "validation"
    if not folder.is_dir():
        pytest.skip(f"pas de dossier validation à côté de {real_files.name} (QPVKIT_REAL_DATA)")
    return folder


@pytest.fixture(scope="session")
def read_cases(validation: Path) -> Callable[[str], Any]:
    """Return a reader of one file of published cases."""

    def read(name: str) -> Any:
        path = validation / name
        if path.suffix == ".csv":
            return pd.read_csv(path)
        return json.loads(path.read_text(encoding="utf-8"))

    return read
