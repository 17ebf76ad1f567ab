"""The thresholds of the method come from the catalogue, and importing stays light."""

from __future__ import annotations

import subprocess
import sys

import qpvkit as qk
from qpvkit.measure.droit_commun.rules import AccessRules, EquityRules, smallest_set


def test_rules_are_those_of_the_catalogue():
    catalogue = qk.load_catalogue()
    assert EquityRules.from_catalogue(catalogue) == EquityRules(
        confidence=0.95, tolerance=0.1, probability=0.8, exact_below=100, masked_max=4
    )
    assert AccessRules.from_catalogue(catalogue) == AccessRules(
        walk=800, detour=1.3, radii=(500, 1000, 2000), decay=(1.0, 0.68, 0.22), spacing=50
    )
    assert smallest_set(catalogue) == 10


def test_importing_the_measures_does_not_import_scipy_nor_statsmodels():
    names = ("access", "bounds", "equity", "inequality", "staff", "substitution", "verdicts")
    lines = [f"import qpvkit.measure.droit_commun.{name}" for name in names]
    lines.append("print([m for m in ('scipy', 'statsmodels') if m in sys.modules])")
    code = "import sys\n" + "\n".join(lines)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
