"""Intervals of figures that are no ratio of sums, such as rank correlations: clusters are drawn, rows repeated."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Interval, Resampling, check_resampling, resampling_counts
from pipeline.randomness import keyed_rng

CONFIDENCE = 0.95


def clustered_statistic(
    columns_pm: npt.NDArray[np.float64],
    clusters_p: npt.NDArray[np.integer],
    statistic: Callable[[npt.NDArray[np.float64]], float],
    resampling: Resampling,
) -> Interval:
    """Return a statistic with its percentile bootstrap interval over clusters.

    Rows with NaN are left out. Samples whose statistic is NaN are left out, too; the ends are NaN with fewer than two
    clusters, or where no sample has a value.

    Args:
        columns_pm: (pair, column).
        clusters_p: (pair,) integer label of the cluster of each pair.
        statistic: of rows (any number, column); NaN where undefined.
        resampling: seed, which keys the draws together with the number of clusters, and number of samples.

    Raises:
        BadSetting: fewer than 1 sample.
    """
    check_resampling(resampling.samples, CONFIDENCE)
    kept_p = ~np.isnan(columns_pm).any(axis=1)
    rows_pm = columns_pm[kept_p]
    labels, cluster_of_p = np.unique(np.asarray(clusters_p)[kept_p], return_inverse=True)
    if not len(rows_pm):
        return Interval(float("nan"), float("nan"), float("nan"), 0, 0)
    value, low, high = statistic(rows_pm), float("nan"), float("nan")
    if labels.size > 1:
        rng = keyed_rng(int(resampling.seed), "clustered statistic", labels.size)
        counts_sc = resampling_counts(labels.size, resampling.samples, rng).astype(np.int64)
        found = np.array([statistic(np.repeat(rows_pm, counts_c[cluster_of_p], axis=0)) for counts_c in counts_sc])
        found = found[~np.isnan(found)]
        if found.size:
            low, high = np.quantile(found, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]).tolist()
    return Interval(value, low, high, len(rows_pm), int(labels.size))
