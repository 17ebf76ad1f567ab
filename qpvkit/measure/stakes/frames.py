"""From long tables to arrays, quartier × indicator, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from qpvkit.measure.scales import Floats
from qpvkit.measure.stakes.choices import Frame


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """Some quartiers as arrays.

    Attributes
    ----------
    codes, names
        Of the rows (quartiers) and of the columns (indicators).
    z, e, n_eff, median, sigma, middle, dispersion
        Quartier × indicator; ``n_eff`` is NaN where the error does not depend on the level.
    sign, scale
        Of each indicator.
    members
        Quartier × stake × indicator: 1 where retained in a stake that is scored.
    referenced
        Whether every retained indicator of the quartier has a territory of comparison.
    shifts
        Option × quartier × indicator: groups of comparable quartiers.
    anchors, typical
        Option × quartier × indicator: scaled references, and the usual gap of a quartier to
        them; no option where nothing can be compared.
    kinds
        Names of the references of each quartier, in the order of its options: the first holds
        for all its retained indicators whenever one does.
    peers
        The smallest number of quartiers behind a scale, by quartier.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    z: Floats
    e: Floats
    n_eff: Floats
    median: Floats
    sigma: Floats
    middle: Floats
    dispersion: Floats
    sign: Floats
    scale: np.ndarray
    members: Floats
    referenced: np.ndarray
    shifts: Floats
    anchors: Floats
    typical: Floats
    kinds: tuple[tuple[str, ...], ...]
    peers: Floats

    @property
    def severity(self) -> Floats:
        """Scaled gap to the territory of comparison; NaN without one."""
        if not len(self.anchors):
            return np.full_like(self.z, np.nan)
        return np.asarray(self.z - self.anchors[0], dtype=float)

    @property
    def specificity(self) -> Floats:
        """What is unusual for a quartier: of the gap, or of the level without a territory."""
        level = self.z - self.shifts[0]
        if not len(self.anchors):
            return np.asarray(level, dtype=float)
        gap = self.severity - self.typical[0]
        return np.asarray(np.where(self.referenced[:, None], gap, level), dtype=float)

    def stake_means(self, values: Floats) -> Floats:
        """Return the mean of some values over the retained indicators of each stake."""
        known = np.isfinite(values)[:, None, :] & (self.members > 0)
        total = np.where(known, np.nan_to_num(values)[:, None, :], 0.0).sum(axis=2)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(total / known.sum(axis=2), dtype=float)

    def chunks(self, size: int) -> Iterator[Arrays]:
        """Go through the quartiers by groups."""
        by_row = ("z", "e", "n_eff", "median", "sigma", "middle", "dispersion", "members",
                  "referenced", "kinds", "peers")  # fmt: skip
        by_option = ("shifts", "anchors", "typical")
        for start in range(0, len(self.codes), size):
            rows = slice(start, start + size)
            yield dataclasses.replace(
                self,
                codes=self.codes[rows],
                **{name: getattr(self, name)[rows] for name in by_row},
                **{name: getattr(self, name)[:, rows] for name in by_option},
            )


def lay_out(
    scaled: pd.DataFrame, evidence: pd.DataFrame, coverage: pd.DataFrame, *,
    names: Sequence[str], codes: Sequence[str], stakes: Sequence[str],
    references: pd.DataFrame | None, shifts: Mapping[str, pd.Series] | None,
) -> Arrays:  # fmt: skip
    """Lay the tables out as arrays.

    Parameters
    ----------
    scaled
        Values placed on the yardstick, one row per quartier × indicator.
    evidence, coverage
        From `read_evidence` and `read_coverage`.
    references, shifts
        As `rank_stakes` takes them.
    """
    rows = positions(codes, scaled["code"])
    columns = positions(names, scaled["indicator"])
    kept = (rows >= 0) & (columns >= 0)
    shape = (len(codes), len(names))

    def table_of(values: pd.Series) -> Floats:
        table = np.full(shape, np.nan)
        table[rows[kept], columns[kept]] = values.to_numpy(float)[kept]
        return table

    fields = {name: table_of(scaled[name]) for name in
              ("z", "e", "n_eff", "median", "sigma", "middle", "dispersion")}  # fmt: skip
    facts = scaled.drop_duplicates("indicator").set_index("indicator").reindex(list(names))
    members = members_of(evidence, coverage, names, codes, stakes)
    used = np.asarray(members.max(axis=1) > 0)
    anchors, typical, kinds = _own_options(*_anchors(scaled, references, names, codes), used)
    options = [table_of(series) for series in (shifts or {}).values()]
    shifted = np.nan_to_num(np.stack(options)) if options else np.zeros((1, *shape))
    has_reference = (
        np.isfinite(anchors[0] + typical[0]) if len(anchors) else np.zeros(shape, dtype=bool)
    )
    compared = np.where(used, has_reference, True)
    referenced = np.asarray(compared.all(axis=1) & used.any(axis=1))
    peers = table_of(scaled["peers"])
    fewest = np.where(used & np.isfinite(peers), peers, np.inf).min(axis=1, initial=np.inf)
    return Arrays(
        codes=tuple(codes), names=tuple(names),
        sign=facts["sign"].fillna(1.0).to_numpy(float),
        scale=facts["scale"].fillna("identity").to_numpy(object),
        members=members, referenced=referenced, shifts=shifted, anchors=anchors, typical=typical,
        kinds=kinds, peers=np.where(np.isfinite(fewest), fewest, 0.0), **fields,
    )  # fmt: skip


def positions(known: Sequence[str], wanted: pd.Series) -> npt.NDArray[np.intp]:
    """Return where names stand in a list; −1 for those that are not in it."""
    return pd.Index(known).get_indexer(pd.Index(wanted))


def members_of(
    evidence: pd.DataFrame, coverage: pd.DataFrame, names: Sequence[str], codes: Sequence[str],
    stakes: Sequence[str],
) -> Floats:  # fmt: skip
    """Return 1 where an indicator counts in a scored stake: quartier × stake × indicator."""
    scored = coverage.loc[coverage["scored"], ["code", "stake"]]
    kept = evidence.loc[evidence["retained"]].merge(scored, on=["code", "stake"])
    members = np.zeros((len(codes), len(stakes), len(names)))
    members[
        positions(codes, kept["code"]),
        positions(stakes, kept["stake"]),
        positions(names, kept["indicator"]),
    ] = 1.0
    return members


def _anchors(
    scaled: pd.DataFrame, references: pd.DataFrame | None, names: Sequence[str],
    codes: Sequence[str],
) -> tuple[Floats, Floats, list[str]]:  # fmt: skip
    """Place the references and the usual gaps to them: option × quartier × indicator."""
    shape = (len(codes), len(names))
    if references is None or references.empty:
        return np.zeros((0, *shape)), np.zeros((0, *shape)), []
    wanted = ["code", "indicator", "median", "sigma", "sign"]
    placed = references.merge(scaled[wanted], on=["code", "indicator"])
    z = placed["sign"] * (placed["y_ref"] - placed["median"]) / placed["sigma"]
    options = [str(option) for option in dict.fromkeys(references["option"])]
    rows = positions(codes, placed["code"])
    columns = positions(names, placed["indicator"])
    kept = (rows >= 0) & (columns >= 0)
    layers = positions(options, placed["option"])
    anchors, typical = (np.full((len(options), *shape), np.nan) for _ in range(2))
    place = layers[kept], rows[kept], columns[kept]
    anchors[place] = z.to_numpy(float)[kept]
    typical[place] = placed["typical"].to_numpy(float)[kept]
    return anchors, typical, options


def _own_options(
    anchors: Floats, typical: Floats, options: Sequence[str], used: np.ndarray
) -> tuple[Floats, Floats, tuple[tuple[str, ...], ...]]:
    """Give each quartier the references that it has, whatever those of the others.

    First the one, in the order given, that holds for all its retained indicators; where another
    says nothing of an indicator, the first one speaks.
    """
    if not len(options):
        return anchors, typical, ((),) * len(used)
    known = np.isfinite(anchors) & np.isfinite(typical)
    some = known.any(axis=2)
    whole = (known | ~used).all(axis=2) & some
    first = np.where(whole.any(axis=0), whole.argmax(axis=0), some.argmax(axis=0))
    rank = np.where(some, np.arange(len(options))[:, None] + 1, len(options) + 1)
    rank[first, np.arange(len(used))] = 0
    order = np.argsort(rank, axis=0, kind="stable")
    known = np.take_along_axis(known, order[..., None], axis=0)
    anchors = np.take_along_axis(anchors, order[..., None], axis=0)
    typical = np.take_along_axis(typical, order[..., None], axis=0)
    counts = some.sum(axis=0)
    kinds = tuple(
        tuple(options[place] for place in order[: counts[row], row]) for row in range(len(used))
    )
    return (
        np.where(known, anchors, anchors[:1]),
        np.where(known, typical, typical[:1]),
        kinds,
    )


def build_frame(arrays: Arrays) -> Frame:
    """Return what scores are made with: references where all have one, other quartiers elsewhere.

    Each quartier keeps its own number of options, so that it is drawn the same alone or with
    others.
    """
    count = max(len(arrays.anchors), len(arrays.shifts))
    others = _stretch(arrays.shifts, count)
    compared = bool(len(arrays.anchors))
    anchors = _stretch(arrays.anchors, count) if compared else others
    usual = _stretch(arrays.typical, count) if compared else np.zeros_like(others)
    by_row = arrays.referenced[:, None]
    own = np.array([len(kinds) for kinds in arrays.kinds], dtype=int)
    return Frame(
        members=arrays.members,
        options=np.where(arrays.referenced, own, len(arrays.shifts)),
        shifts=np.nan_to_num(np.where(by_row[None], anchors, others)),
        typical=np.nan_to_num(np.where(by_row[None], usual, 0.0)),
        sign=np.broadcast_to(arrays.sign, arrays.z.shape),
        median=np.nan_to_num(arrays.median),
        sigma=np.where(np.isfinite(arrays.sigma), arrays.sigma, 1.0),
        middle=np.nan_to_num(arrays.middle),
        dispersion=np.where(np.isfinite(arrays.dispersion), arrays.dispersion, 1.0),
        scale=arrays.scale,
    )


def _stretch(options: Floats, count: int) -> Floats:
    """Repeat options until there are `count` of them; those repeated are never drawn."""
    return np.asarray(options[np.arange(count) % len(options)], dtype=float)
