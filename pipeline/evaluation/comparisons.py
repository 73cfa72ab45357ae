"""Many measures compared with others on the pairs that both have, under one correction.

Every comparison of the tables is made here. Must not import torch.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from pipeline.evaluation.bootstrap import (
    Interval,
    Ratio,
    check_resampling,
    cluster_sums,
    corrected_interval,
    resampled_values,
)
from pipeline.evaluation.corrected_interval import widened_quantile
from pipeline.multiple_testing import holm

# The smallest p-value that resampling can give is 1 / (samples + 1). Holm multiplies it by the number of
# comparisons; with so many samples for each, a clear difference stays under 0.004 however many are tested.
SAMPLES_PER_COMPARISON = 250
CONFIDENCE = 0.95

Measure = npt.NDArray[np.floating] | Ratio


@dataclass(frozen=True)
class Difference:
    """First measure minus second on the pairs that both have, and the two-sided p-value of no difference.

    Attributes:
        interval: of the difference; its n is the number of pairs that both have.
        p_value: NaN with fewer than two clusters.
        is_bound: no resample was as far from the difference as 0 is, so the p-value is at most this: say "<=".
    """

    interval: Interval
    p_value: float
    is_bound: bool = False


def paired_comparisons(
    measures: Sequence[tuple[Measure, Measure]], clusters_p: npt.NDArray[np.integer], *, seed: int, samples: int
) -> list[Difference]:
    """Return the difference, first minus second, of each two measures, with Holm-corrected p-values.

    A measure is the mean of an array or a ratio of sums. All that is passed together is one family for Holm.

    Args:
        measures: of each comparison two (pair,) float arrays, or ratios of two, over all pairs; NaN where a measure
            has no value. A comparison rests on the pairs that both have, and its `n` is their number.
        clusters_p: (pair,) integer label of the cluster each pair belongs to.
        seed: keys the resampling.
        samples: bootstrap samples at the least; raised so that the correction leaves a clear difference one.

    Raises:
        BadSetting: fewer than 1 sample.
        BadDataset: lengths differ.
    """
    check_resampling(samples, CONFIDENCE)
    samples = max(samples, SAMPLES_PER_COMPARISON * len(measures))
    figures = [cluster_sums((_as_ratio(first), _as_ratio(second)), clusters_p) for first, second in measures]
    differences = []
    for sums, resampled_s in zip(figures, resampled_values(figures, seed, samples), strict=True):
        interval = corrected_interval(sums, resampled_s, CONFIDENCE)
        differences.append(Difference(interval, *_p_value(interval, resampled_s)))
    corrected = holm(np.array([difference.p_value for difference in differences], dtype=np.float64))
    return [
        dataclasses.replace(difference, p_value=float(p_value))
        for difference, p_value in zip(differences, corrected, strict=True)
    ]


def _p_value(interval: Interval, resampled_s: npt.NDArray[np.float64]) -> tuple[float, bool]:
    """Return the share of resamples as far from the difference as 0 is, and whether there is none; one is added.

    Distances are widened as the interval is, so that both say about the same at 0.05 where clusters are few.
    """
    kept_s = resampled_s[~np.isnan(resampled_s)]
    if kept_s.size == 0 or np.isnan(interval.value):
        return float("nan"), False
    widened = widened_quantile(interval.n_clusters, CONFIDENCE) / stats.norm.ppf((1 + CONFIDENCE) / 2)
    as_far = int((widened * np.abs(kept_s - interval.value) >= abs(interval.value)).sum())
    return (1 + as_far) / (1 + kept_s.size), as_far == 0


def _as_ratio(measure: Measure) -> Ratio:
    return measure if isinstance(measure, Ratio) else Ratio(np.asarray(measure, np.float64), np.ones(len(measure)))
