"""Bootstrap intervals over clusters (queries, classes or outfits).

Pairs share images, so whole clusters are resampled. Everything is a ratio of sums over pairs (a mean has
denominators of 1), resampled with multiplicity. Must not import torch. Cost: samples x clusters draws.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadDataset, BadSetting
from pipeline.evaluation.corrected_interval import Bootstrapped, corrected_ends
from pipeline.randomness import keyed_rng

# Draws held at once; bounds the memory at about 50 MB whatever the number of clusters.
_DRAWS_PER_BLOCK = 2_000_000


@dataclass(frozen=True)
class Interval:
    """A figure and how sure it is, in the unit of the values.

    Attributes:
        value: the figure on the data; NaN without data or with denominators that sum to 0.
        low: lower end, at most the value, see `corrected_ends`; NaN with fewer than two clusters.
        high: upper end, at least the value, likewise.
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
    """Return the mean of the values with a corrected bootstrap interval over clusters.

    Args:
        values_p: (pair,) float; NaN values are left out.
        clusters_p: (pair,) integer label of the cluster each pair belongs to.
        seed: keys the resampling together with the number of clusters, so that measures on the same
            pairs are resampled alike; the order of the pairs plays no part beyond rounding.
        samples: bootstrap samples.
        confidence: how often such intervals should hold the true value, in (0, 1).

    Raises:
        BadSetting: samples or confidence out of range.
        BadDataset: lengths differ.
    """
    values = np.asarray(values_p, dtype=np.float64)
    ones = np.ones_like(values)
    return clustered_ratio_interval(values, ones, clusters_p, seed=seed, samples=samples, confidence=confidence)


def clustered_ratio_interval(
    numerator_p: npt.NDArray[np.floating],
    denominator_p: npt.NDArray[np.floating],
    clusters_p: npt.NDArray[np.integer],
    *,
    seed: int,
    samples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Return sum(numerator) / sum(denominator) with a corrected bootstrap interval over clusters.

    Pairs where either part is NaN are left out; samples whose denominators sum to 0 are left out, too.
    Arguments as in `clustered_interval`.

    Raises:
        BadSetting: samples or confidence out of range.
        BadDataset: lengths differ.
    """
    check_resampling(samples, confidence)
    sums = cluster_sums((Ratio(numerator_p, denominator_p),), clusters_p)
    (resampled_s,) = resampled_values((sums,), seed, samples)
    return corrected_interval(sums, resampled_s, confidence)


@dataclass(frozen=True)
class ClusterSums:
    """Numerators and denominators of one ratio, or of two whose difference is the figure, summed over each cluster.

    Attributes:
        sums_cm: (cluster, 2 or 4) float64: numerator, denominator, of each ratio.
        n: pairs in which none of them is NaN; only these are in the sums.
    """

    sums_cm: npt.NDArray[np.float64]
    n: int

    @property
    def n_clusters(self) -> int:
        """Clusters with such a pair."""
        return len(self.sums_cm)

    def figure_of(self, sums_sm: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return numerator / denominator per row, or the first ratio minus the second; NaN over 0."""
        numerators, denominators = sums_sm[:, 0::2], sums_sm[:, 1::2]
        ratios = np.full(numerators.shape, np.nan)
        np.divide(numerators, denominators, out=ratios, where=denominators != 0)
        # One ratio stands for itself; of two, the second is subtracted.
        difference_s: npt.NDArray[np.float64] = ratios[:, 0] - ratios[:, 1:].sum(axis=1)
        return difference_s

    @property
    def value(self) -> float:
        """The figure on the data."""
        return float(self.figure_of(self.sums_cm.sum(axis=0)[None])[0])


def cluster_sums(ratios: tuple[Ratio, ...], clusters_p: npt.NDArray[np.integer]) -> ClusterSums:
    """Return the sums of one or two ratios over each cluster, of the pairs in which all of them have a value.

    Raises:
        BadDataset: lengths differ.
    """
    parts = [np.asarray(part, np.float64) for r in ratios for part in (r.numerator_p, r.denominator_p)]
    _check_lengths(parts, np.asarray(clusters_p))
    parts_pm = np.stack(parts, axis=1)
    kept_p = ~np.isnan(parts_pm).any(axis=1)
    labels, cluster_of_p = np.unique(np.asarray(clusters_p)[kept_p], return_inverse=True)
    sums_cm = np.zeros((labels.size, len(parts)))
    for m, part_p in enumerate(parts_pm[kept_p].T):
        sums_cm[:, m] = np.bincount(cluster_of_p, weights=part_p, minlength=labels.size)
    return ClusterSums(sums_cm, int(kept_p.sum()))


def resampled_values(
    figures: tuple[ClusterSums, ...] | list[ClusterSums], seed: int, samples: int
) -> list[npt.NDArray[np.float64]]:
    """Return each figure in each resample, (sample,) float64; empty with fewer than two clusters.

    Draws depend on the seed and the number of clusters alone, so figures over equally many clusters share them.
    """
    found = [np.empty(0) for _ in figures]
    for n_clusters in sorted({figure.n_clusters for figure in figures if figure.n_clusters > 1}):
        places = [place for place, figure in enumerate(figures) if figure.n_clusters == n_clusters]
        resampled = _resampled_together([figures[place] for place in places], seed, samples)
        for place, resampled_s in zip(places, resampled, strict=True):
            found[place] = resampled_s
    return found


def corrected_interval(sums: ClusterSums, resampled_s: npt.NDArray[np.float64], confidence: float) -> Interval:
    """Return the figure with its interval, from its resamples."""
    # A cluster at half its weight: half of its sums taken off.
    halved_c = sums.figure_of(sums.sums_cm.sum(axis=0) - sums.sums_cm / 2)
    bootstrapped = Bootstrapped(sums.value, resampled_s, halved_c, sums.n_clusters)
    return Interval(sums.value, *corrected_ends(bootstrapped, confidence), sums.n, sums.n_clusters)


def _resampled_together(figures: list[ClusterSums], seed: int, samples: int) -> list[npt.NDArray[np.float64]]:
    n_clusters = figures[0].n_clusters
    rng = keyed_rng(int(seed), "clustered bootstrap", n_clusters)
    block = max(1, _DRAWS_PER_BLOCK // n_clusters)
    blocks: list[list[npt.NDArray[np.float64]]] = [[] for _ in figures]
    for start in range(0, samples, block):
        counts_sc = resampling_counts(n_clusters, min(block, samples - start), rng)
        for figure, found in zip(figures, blocks, strict=True):
            # einsum, not a matrix product: its order of summation does not depend on the number of threads.
            found.append(figure.figure_of(np.einsum("sc,cm->sm", counts_sc, figure.sums_cm)))
    return [np.concatenate(found) for found in blocks]


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


def _check_lengths(parts: list[npt.NDArray[np.float64]], clusters_p: npt.NDArray[np.integer]) -> None:
    if any(part.shape != clusters_p.shape for part in parts):
        raise BadDataset(
            expected="one value and one cluster per pair",
            found=f"{[part.shape for part in parts]} values, {clusters_p.shape} clusters",
            where="a bootstrap interval",
            remedy="pass arrays over the same pairs",
        )
