"""Many measures compared with others on the pairs that both have, under one correction."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Difference, Ratio, clustered_difference_interval, holm

# The smallest p-value that resampling can give is 2 / (samples + 1). Holm multiplies it by the number of
# comparisons; with so many samples for each, one clear difference stays under 0.025 however many are tested.
SAMPLES_PER_COMPARISON = 80


def paired_comparisons(
    measures: Sequence[tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]],
    clusters_p: npt.NDArray[np.integer],
    *,
    seed: int,
    samples: int,
) -> list[Difference]:
    """Return the mean difference, first minus second, of each two measures, with Holm-corrected p-values.

    Args:
        measures: of each comparison two (pair,) float arrays over all pairs; NaN where a measure has no value. A
            comparison rests on the pairs that both have, and its `n` is their number.
        clusters_p: (pair,) integer label of the cluster each pair belongs to.
        seed: keys the resampling.
        samples: bootstrap samples at the least; raised to 80 for each comparison, so that the correction
            leaves a clear difference one.

    Raises:
        BadSetting: fewer than 1 sample.
        BadDataset: lengths differ.
    """
    samples = max(samples, SAMPLES_PER_COMPARISON * len(measures)) if samples > 0 else samples
    differences = []
    for values in measures:
        first, second = (Ratio(np.asarray(value_p, np.float64), np.ones(len(value_p))) for value_p in values)
        differences.append(clustered_difference_interval(first, second, clusters_p, seed=seed, samples=samples))
    corrected = holm(np.array([difference.p_value for difference in differences], dtype=np.float64))
    return [
        dataclasses.replace(difference, p_value=float(p_value))
        for difference, p_value in zip(differences, corrected, strict=True)
    ]
