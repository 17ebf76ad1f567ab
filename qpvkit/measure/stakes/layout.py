"""What is ranked: the evidence of each stake, and the arrays that hold it.

It is laid out once; the ranking (`rank_layout`) and the scenarios (`vary_layout`) share it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pandas as pd

from qpvkit.measure.stakes.evidence import read_coverage, read_evidence
from qpvkit.measure.stakes.frames import Arrays, lay_out, members_of
from qpvkit.measure.stakes.posterior import Prior, fit_prior
from qpvkit.measure.stakes.redundancy import redundant_pairs
from qpvkit.measure.stakes.rules import Rules
from qpvkit.measure.stakes.yardstick import Yardstick, scale_values


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Some quartiers, ready to be ranked.

    Attributes
    ----------
    stakes
        Their order in the arrays.
    options
        The groups of comparable quartiers, in the order of the arrays.
    evidence, coverage
        From `read_evidence` and `read_coverage`.
    pairs
        Redundant indicators.
    prior, arrays
        See `Prior` and `Arrays`; there are no arrays without a quartier.
    """

    stakes: tuple[str, ...]
    options: tuple[str, ...]
    evidence: pd.DataFrame
    coverage: pd.DataFrame
    pairs: pd.DataFrame
    prior: Prior
    arrays: Arrays | None

    def unpruned(self) -> Arrays | None:
        """Return the arrays with the redundant indicators kept in the scores."""
        if self.arrays is None:
            return None
        kept = self.evidence.assign(retained=self.evidence["reason"].isin(["", "redundant"]))
        members = members_of(kept, self.coverage, self.arrays.names, self.arrays.codes, self.stakes)
        return dataclasses.replace(self.arrays, members=members)


def lay_out_stakes(
    values: pd.DataFrame, *, grid: Mapping[str, Sequence[str]], yardstick: Yardstick,
    rules: Rules, references: pd.DataFrame | None = None,
    shifts: Mapping[str, pd.Series] | None = None,
) -> Layout:  # fmt: skip
    """Read the evidence of each stake and lay it out; parameters are those of `rank_stakes`."""
    scaled = scale_values(values, yardstick)
    pairs = redundant_pairs(yardstick.rank_correlation, threshold=rules.redundancy)
    codes = sorted({str(code) for code in values["code"]})
    evidence = read_evidence(
        scaled, grid=grid, pairs=pairs, codes=codes, latest=yardstick.latest, rules=rules
    )
    coverage = read_coverage(evidence, rules=rules)
    prior = fit_prior(yardstick)
    arrays = lay_out(
        scaled, evidence, coverage, names=prior.names, codes=codes, stakes=list(grid),
        references=references, shifts=shifts,
    ) if codes else None  # fmt: skip
    return Layout(
        stakes=tuple(grid), options=tuple(shifts or ("all",)), evidence=evidence,
        coverage=coverage, pairs=pairs, prior=prior, arrays=arrays,
    )  # fmt: skip
