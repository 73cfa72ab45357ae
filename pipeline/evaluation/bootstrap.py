"""Bootstrap intervals over clusters (queries, classes or outfits), and Holm's correction.

Pairs share images, so whole clusters are resampled. Everything is a ratio of sums over pairs (a mean has
denominators of 1), resampled with multiplicity. Must not import torch. Cost: samples x clusters draws.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadDataset, BadSetting
from pipeline.randomness import keyed_rng

# Draws held at once; bounds the memory at about 50 MB whatever the number of clusters.
_DRAWS_PER_BLOCK = 2_000_000


@dataclass(frozen=True)
class Interval:
    """A figure and how sure it is, in the unit of the values.

    Attributes:
        value: the figure on the data; NaN without data or with denominators that sum to 0.
        low: lower end of the percentile interval; NaN with fewer than two clusters.
        high: upper end, likewise.
        n: pairs that entered (pairs with NaN are left out).
        n_clusters: clusters that they come from.
    """

    value: float
    low: float
    high: float
    n: int
    n_clusters: int


@dataclass(frozen=True)
class Resampling:
    """How intervals of a table are made: the seed that keys the draws, and how many there are."""

    seed: int
    samples: int


@dataclass(frozen=True)
class Ratio:
    """A measure of the form sum(numerator) / sum(denominator), both (pair,) float; NaN where undefined."""

    numerator_p: npt.NDArray[np.floating]
    denominator_p: npt.NDArray[np.floating]


@dataclass(frozen=True)
class Difference:
    """First measure minus second on the same pairs, and the two-sided bootstrap p-value of no difference.

    The p-value is at least 2 / (samples + 1), so correcting for many comparisons needs many samples; it is
    NaN with fewer than two clusters.
    """

    interval: Interval
    p_value: float


def resampling_counts(n_clusters: int, n_samples: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return how often each cluster is drawn: (sample, cluster) float64 whole numbers.

    A row is one multinomial draw of n_clusters clusters with equal chances, so it sums to n_clusters.
    """
    drawn_sc = rng.integers(n_clusters, size=(n_samples, n_clusters))
    drawn_sc += np.arange(n_samples)[:, None] * n_clusters
    counts = np.bincount(drawn_sc.ravel(), minlength=n_samples * n_clusters)
    return counts.reshape(n_samples, n_clusters).astype(np.float64)


def clustered_interval(
    values_p: npt.NDArray[np.floating],
    clusters_p: npt.NDArray[np.integer],
    *,
    seed: int,
    samples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Return the mean of the values with a percentile bootstrap interval over clusters.

    Args:
        values_p: (pair,) float; NaN values are left out.
        clusters_p: (pair,) integer label of the cluster each pair belongs to.
        seed: keys the resampling together with the number of clusters, so that measures on the same
            pairs are resampled alike; the order of the pairs plays no part beyond rounding.
        samples: bootstrap samples.
        confidence: share of the samples inside the interval, in (0, 1).

    Raises:
        BadSetting: samples or confidence out of range.
        BadDataset: lengths differ.
    """
    values = np.asarray(values_p, dtype=np.float64)
    ratio = Ratio(values, np.ones_like(values))
    return _intervals((ratio,), clusters_p, seed, samples, confidence)[0]


def clustered_ratio_interval(
    numerator_p: npt.NDArray[np.floating],
    denominator_p: npt.NDArray[np.floating],
    clusters_p: npt.NDArray[np.integer],
    *,
    seed: int,
    samples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Return sum(numerator) / sum(denominator) with a percentile bootstrap interval over clusters.

    Pairs where either part is NaN are left out; samples whose denominators sum to 0 are left out, too.
    Arguments as in `clustered_interval`.

    Raises:
        BadSetting: samples or confidence out of range.
        BadDataset: lengths differ.
    """
    ratio = Ratio(numerator_p, denominator_p)
    return _intervals((ratio,), clusters_p, seed, samples, confidence)[0]


def clustered_difference_interval(
    first: Ratio,
    second: Ratio,
    clusters_p: npt.NDArray[np.integer],
    *,
    seed: int,
    samples: int = 1000,
    confidence: float = 0.95,
) -> Difference:
    """Return first - second of two ratio measures on the same pairs, resampled together.

    Pairs where either measure is NaN are left out of both, so that the comparison stays paired. The
    p-value is twice the smaller share of samples on either side of 0, with one sample added to each side.
    Arguments as in `clustered_interval`.

    Raises:
        BadSetting: samples or confidence out of range.
        BadDataset: lengths differ.
    """
    interval, differences_s = _intervals((first, second), clusters_p, seed, samples, confidence)
    if differences_s.size == 0:
        return Difference(interval, float("nan"))
    smaller_side = min(int((differences_s <= 0).sum()), int((differences_s >= 0).sum()))
    p_value = min(1.0, 2 * (1 + smaller_side) / (differences_s.size + 1))
    return Difference(interval, p_value)


def holm(p_values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return Holm's step-down adjusted p-values, in the order given; NaN stays NaN and is not counted.

    Source: Holm 1979, A simple sequentially rejective multiple test procedure.
    """
    adjusted = np.full(p_values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    still_open = np.arange(order.size, 0, -1)
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, p_values[order] * still_open))
    return adjusted


def _intervals(
    ratios: tuple[Ratio, ...],
    clusters_p: npt.NDArray[np.integer],
    seed: int,
    samples: int,
    confidence: float,
) -> tuple[Interval, npt.NDArray[np.float64]]:
    """Return the interval of the ratio (or of first minus second), and the finite bootstrap values."""
    parts = [np.asarray(part, np.float64) for r in ratios for part in (r.numerator_p, r.denominator_p)]
    _check(parts, np.asarray(clusters_p), samples, confidence)
    parts_pm = np.stack(parts, axis=1)
    kept_p = ~np.isnan(parts_pm).any(axis=1)
    labels, cluster_of_p = np.unique(np.asarray(clusters_p)[kept_p], return_inverse=True)
    sums_cm = np.zeros((labels.size, len(parts)))
    for m, part_p in enumerate(parts_pm[kept_p].T):
        sums_cm[:, m] = np.bincount(cluster_of_p, weights=part_p, minlength=labels.size)
    value = float(_measure(sums_cm.sum(axis=0)[None])[0])
    resampled = np.empty(0)
    if labels.size > 1:
        resampled = _measure(_resampled_sums(sums_cm, samples, seed))
        resampled = resampled[~np.isnan(resampled)]
    low, high = float("nan"), float("nan")
    if resampled.size:
        low, high = np.quantile(resampled, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    return Interval(value, low, high, int(kept_p.sum()), int(labels.size)), resampled


def _resampled_sums(sums_cm: npt.NDArray[np.float64], samples: int, seed: int) -> npt.NDArray[np.float64]:
    n_clusters = sums_cm.shape[0]
    rng = keyed_rng(int(seed), "clustered bootstrap", n_clusters)
    block = max(1, _DRAWS_PER_BLOCK // n_clusters)
    blocks = []
    for start in range(0, samples, block):
        counts_sc = resampling_counts(n_clusters, min(block, samples - start), rng)
        # einsum, not a matrix product: its order of summation does not depend on the number of threads.
        blocks.append(np.einsum("sc,cm->sm", counts_sc, sums_cm))
    return np.concatenate(blocks)


def _measure(sums_sm: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return numerator / denominator per row, or the first ratio minus the second; NaN over 0."""
    numerators, denominators = sums_sm[:, 0::2], sums_sm[:, 1::2]
    ratios = np.full(numerators.shape, np.nan)
    np.divide(numerators, denominators, out=ratios, where=denominators != 0)
    # One ratio stands for itself; of two, the second is subtracted.
    difference_s: npt.NDArray[np.float64] = ratios[:, 0] - ratios[:, 1:].sum(axis=1)
    return difference_s


def check_resampling(samples: int, confidence: float) -> None:
    """Refuse a bootstrap that cannot be done.

    Raises:
        BadSetting: samples or confidence out of range.
    """
    if samples < 1 or not 0 < confidence < 1:
        raise BadSetting(
            expected="at least 1 bootstrap sample and a confidence between 0 and 1",
            found=f"{samples} samples, confidence {confidence}",
            where="evaluation.bootstrap_samples",
            remedy="use 1000 samples and 0.95",
        )


def _check(
    parts: list[npt.NDArray[np.float64]], clusters_p: npt.NDArray[np.integer], samples: int, confidence: float
) -> None:
    check_resampling(samples, confidence)
    if any(part.shape != clusters_p.shape for part in parts):
        raise BadDataset(
            expected="one value and one cluster per pair",
            found=f"{[part.shape for part in parts]} values, {clusters_p.shape} clusters",
            where="a bootstrap interval",
            remedy="pass arrays over the same pairs",
        )
