"""The fixed table against which quartiers are measured: centre, spread and links of indicators.

It is fitted once on all the quartiers of a map, so that a local run does not change the scale.
"""

from __future__ import annotations

import dataclasses
from typing import Final

import numpy as np
import pandas as pd

from qpvkit.measure.scales import Floats
from qpvkit.measure.stakes.shape import CENTRES, fit_shape

SERIES: Final = ["indicator", "vintage"]
_MAD: Final = 1.4826  # makes the median absolute deviation that of a normal law
_UNSTATED: Final = -1  # the vintage that a source does not state only meets itself
_FARTHEST: Final = 6.0  # scaled values beyond count as this in a variance
_LEAST_SPREAD: Final = 0.05  # true differences never vanish, whatever the noise
_RARE: Final = 0.25  # of the best known vintage of an indicator: below, a vintage has no scale
_FEWEST_PAIRS: Final = 10  # quartiers below which a correlation is taken as none


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """Centre and spread of each series, correlations between indicators.

    Attributes
    ----------
    series
        Indexed by ``indicator, vintage`` (−1 when not stated): ``peers, median, sigma`` on the
        indicator's scale, ``middle, dispersion`` in natural units, and of the scaled values
        ``mean``, ``tau`` (true standard deviation between quartiers) and ``sampling`` (root mean
        square of the sampling errors).
    correlation
        Pearson correlation of the scaled values across quartiers, indicator × indicator.
    weights
        Shape of the law of the true scaled values, indicator × component (see `shape`).
    rank_correlation
        Spearman's, which the search for redundant pairs uses.
    people
        Indicator → the people it is measured on; an empty text for people of its own.
    """

    series: pd.DataFrame
    correlation: pd.DataFrame
    weights: pd.DataFrame
    rank_correlation: pd.DataFrame
    people: pd.Series

    @property
    def latest(self) -> int:
        """The most recent vintage of the map; −1 when no source states one."""
        return max(self.series.index.get_level_values("vintage"), default=_UNSTATED)


def vintage_key(vintage: pd.Series) -> pd.Series:
    """Return vintages as integers, −1 when the source does not state the year."""
    return vintage.astype("Float64").fillna(_UNSTATED).astype("int64")


def fit_yardstick(values: pd.DataFrame) -> Yardstick:
    """Fit the yardstick on all the quartiers of a map.

    ``σ = 1.4826 · MAD`` on the indicator's scale (Hampel 1974), and
    ``τ² = max(0.05, Var(z) − mean(e²))``: the variance between quartiers that their sampling
    errors do not explain (method of moments, as in Fay and Herriot 1979). A vintage that only a
    few quartiers have, those that later ones left out, gets no scale.

    Parameters
    ----------
    values
        One row per quartier × indicator: ``code, indicator, vintage, value, y`` (value on its
        scale), ``se`` (its error, NaN when not known), ``sign`` (+1 when up is worse) and, where
        known, ``people`` (indicators of one group are measured on the same people).

    Examples
    --------
    >>> values = pd.DataFrame({"code": list("abcde"), "indicator": "x", "vintage": 2021,
    ...     "value": [1.0, 2, 3, 4, 5], "y": [1.0, 2, 3, 4, 5], "se": 0.1, "sign": 1.0})
    >>> fit_yardstick(values).series.loc[("x", 2021), ["peers", "median", "sigma"]].tolist()
    [5.0, 3.0, 1.4826]
    """
    known = values.loc[values["y"].notna() & values["sign"].ne(0)]
    known = known.assign(vintage=vintage_key(known["vintage"]))
    keys = [known[name] for name in SERIES]
    table = known.groupby(SERIES, sort=True).agg(
        peers=("y", "size"), median=("y", "median"), middle=("value", "median")
    )
    common = table["peers"] >= _RARE * table.groupby(level="indicator")["peers"].transform("max")
    table["sigma"] = _robust(known, "y", keys).where(common)
    table["dispersion"] = _robust(known, "value", keys)
    scaled = known.join(table[["median", "sigma"]], on=SERIES)
    z = scaled["sign"] * (scaled["y"] - scaled["median"]) / scaled["sigma"]
    scaled = scaled.assign(
        z=z.clip(-_FARTHEST, _FARTHEST), e2=(scaled["se"] / scaled["sigma"]) ** 2
    )
    moments = scaled.groupby(SERIES)[["z", "e2"]].agg({"z": ["mean", "var"], "e2": "mean"})
    noise = moments[("e2", "mean")].fillna(0.0)
    between = (moments[("z", "var")].fillna(1.0) - noise).clip(lower=_LEAST_SPREAD)
    table["mean"] = moments[("z", "mean")]
    table["tau"] = np.sqrt(between)
    table["sampling"] = np.sqrt(noise)
    wide = scaled.pivot_table(index="code", columns="indicator", values="z", aggfunc="first")
    return Yardstick(
        series=table.astype(float),
        correlation=_correlation(wide),
        weights=_weights(scaled, list(wide.columns)),
        rank_correlation=_correlation(wide.rank()),
        people=_people(known, list(wide.columns)),
    )


def _people(known: pd.DataFrame, names: list[str]) -> pd.Series:
    """Return the people that each indicator is measured on."""
    if "people" not in known:
        return pd.Series("", index=names, dtype="str", name="people")
    first = known.drop_duplicates("indicator").set_index("indicator")["people"]
    return first.reindex(names).astype("str").fillna("")


def _robust(known: pd.DataFrame, column: str, keys: list[pd.Series]) -> pd.Series:
    """Return the scaled MAD of each series; its standard deviation where half are equal."""
    centre = known.groupby(SERIES)[column].transform("median")
    away = (known[column] - centre).abs()
    mad = _MAD * away.groupby(keys).median()
    deviation = known.groupby(SERIES)[column].std()
    return mad.where(mad > 0, deviation.where(deviation > 0))


def _weights(scaled: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    groups = scaled.assign(e=np.sqrt(scaled["e2"])).groupby("indicator")
    shapes = {str(name): fit_shape(rows["z"].to_numpy(), rows["e"].to_numpy())
              for name, rows in groups}  # fmt: skip
    return pd.DataFrame([shapes[name] for name in names], index=names, columns=range(len(CENTRES)))


def _correlation(wide: pd.DataFrame) -> pd.DataFrame:
    table = wide.corr(min_periods=_FEWEST_PAIRS).fillna(0.0)
    values = table.to_numpy(copy=True)
    np.fill_diagonal(values, 1.0)
    return pd.DataFrame(values, index=list(wide.columns), columns=list(wide.columns))


def scale_values(values: pd.DataFrame, yardstick: Yardstick) -> pd.DataFrame:
    """Place values on the yardstick.

    Parameters
    ----------
    values
        As for `fit_yardstick`.

    Returns
    -------
    pandas.DataFrame
        `values` with ``z`` (how far on the unfavourable side of the median quartier, in σ),
        ``e`` (its sampling error in σ) and the columns of the yardstick's series.
    """
    keyed = values.assign(vintage=vintage_key(values["vintage"]))
    joined = keyed.join(yardstick.series, on=SERIES)
    joined["z"] = joined["sign"] * (joined["y"] - joined["median"]) / joined["sigma"]
    joined["e"] = joined["se"] / joined["sigma"]
    return joined


def group_medians(scaled: pd.DataFrame, groups: pd.Series, *, min_peers: int) -> pd.Series:
    """Return the median scaled value of each group of quartiers, by series.

    Parameters
    ----------
    scaled
        All the quartiers of the map, as `scale_values` returns them.
    groups
        Code → group: a région, a class of size, a type.
    min_peers
        Values below which a group is too small to be compared with: it is left out.

    Returns
    -------
    pandas.Series
        Indexed by ``group, indicator, vintage``.
    """
    named = scaled["code"].map(groups).rename("group")
    found = scaled.groupby([named, *(scaled[name] for name in SERIES)])["z"].agg(
        ["median", "count"]
    )
    return found.loc[found["count"] >= min_peers, "median"]


def group_shift(scaled: pd.DataFrame, groups: pd.Series, medians: pd.Series) -> pd.Series:
    """Return how far the median of its group is from that of all quartiers, for each value.

    Zero where the quartier has no group or the group was too small: it is then compared with
    all the quartiers.
    """
    keys = [scaled["code"].map(groups), *(scaled[name] for name in SERIES)]
    wanted = pd.MultiIndex.from_arrays(keys, names=medians.index.names)
    shift = medians.reindex(wanted).fillna(0.0)
    return pd.Series(shift.to_numpy(float), index=scaled.index)


def nearest_covariance(matrix: Floats, variances: Floats) -> Floats:
    """Return a positive definite matrix close to a symmetric one, with given variances.

    Eigenvalues below 10⁻⁴ are raised to it (Higham 1988), then the diagonal is restored.
    """
    roots, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    lifted = (vectors * np.clip(roots, 1e-4, None)) @ vectors.T
    scale = np.sqrt(variances / np.diag(lifted))
    return np.asarray(lifted * np.outer(scale, scale), dtype=float)
