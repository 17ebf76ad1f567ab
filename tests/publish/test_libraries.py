"""The notebook libraries come without what takes most of their time, and nobody else loses it."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from qpvkit.publish.libraries import notebook_library
notebook_library("nbformat")
assert "jsonschema" in sys.modules
assert "rfc3987_syntax" not in sys.modules, "the grammars were built, or are left impossible"
import rfc3987_syntax
assert rfc3987_syntax.is_valid_syntax("iri", "https://exemple.fr/é")
notebook_library("papermill")
assert sys.modules["rfc3987_syntax"] is rfc3987_syntax, "what was there is taken away"
"""


def test_grammars_of_addresses_are_left_out_and_can_be_had_afterwards():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
