"""Many measures compared with others on the pairs that both have, under one correction.

Every comparison of the tables is made here. Must not import torch.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Difference, Ratio, clustered_difference_interval, holm

# The smallest p-value that resampling can give is 2 / (samples + 1). Holm multiplies it by the number of
# comparisons; with so many samples for each, one clear difference stays under 0.025 however many are tested.
SAMPLES_PER_COMPARISON = 80

Measure = npt.NDArray[np.floating] | Ratio


def paired_comparisons(
    measures: Sequence[tuple[Measure, Measure]],
    clusters_p: npt.NDArray[np.integer],
    *,
    seed: int,
    samples: int,
    samples_per_comparison: int = SAMPLES_PER_COMPARISON,
) -> list[Difference]:
    """Return the difference, first minus second, of each two measures, with Holm-corrected p-values.

    A measure is the mean of an array or a ratio of sums.

    Args:
        measures: of each comparison two (pair,) float arrays, or ratios of two, over all pairs; NaN where a measure
            has no value. A comparison rests on the pairs that both have, and its `n` is their number.
        clusters_p: (pair,) integer label of the cluster each pair belongs to.
        seed: keys the resampling.
        samples: bootstrap samples at the least.
        samples_per_comparison: raises the samples to so many for each comparison, so that the correction leaves a
            clear difference one; 0 keeps them as they are.

    Raises:
        BadSetting: fewer than 1 sample.
        BadDataset: lengths differ.
    """
    samples = max(samples, samples_per_comparison * len(measures)) if samples > 0 else samples
    differences = [
        clustered_difference_interval(_as_ratio(first), _as_ratio(second), clusters_p, seed=seed, samples=samples)
        for first, second in measures
    ]
    corrected = holm(np.array([difference.p_value for difference in differences], dtype=np.float64))
    return [
        dataclasses.replace(difference, p_value=float(p_value))
        for difference, p_value in zip(differences, corrected, strict=True)
    ]


def _as_ratio(measure: Measure) -> Ratio:
    return measure if isinstance(measure, Ratio) else Ratio(np.asarray(measure, np.float64), np.ones(len(measure)))
