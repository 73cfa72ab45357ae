"""Tests of "equal" and "not worse": two measures differ by less than a margin that was fixed before.

A difference that is not significant is no such test. Must not import torch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting
from pipeline.evaluation.bootstrap import (
    Interval,
    Ratio,
    check_resampling,
    cluster_sums,
    corrected_interval,
    resampled_values,
)


@dataclass(frozen=True)
class Equivalence:
    """What two one-sided tests say of first minus second.

    Attributes:
        interval: of the difference at a confidence of 1 - 2 x level.
        margin: the largest difference that counts as none, in the unit of the measures.
        is_not_lower: the first is not lower than the second by the margin or more.
        is_not_higher: likewise upwards.
    """

    interval: Interval
    margin: float
    is_not_lower: bool
    is_not_higher: bool

    @property
    def is_equivalent(self) -> bool:
        """Both tests agree: the measures may be called equal, with the margin named beside it."""
        return self.is_not_lower and self.is_not_higher


def equivalence(
    measures: tuple[Ratio, Ratio],
    clusters_p: npt.NDArray[np.integer],
    margin: float,
    *,
    seed: int,
    samples: int = 1000,
    level: float = 0.05,
) -> Equivalence:
    """Return whether two measures differ by less than a margin, on the pairs that both have.

    Without two clusters there is no interval, and neither test says yes.

    Args:
        measures: first and second, over all pairs; NaN where a measure has no value.
        clusters_p: (pair,) integer label of the cluster each pair belongs to.
        margin: above 0; fixed before the figures are seen.
        seed: keys the resampling.
        samples: bootstrap samples.
        level: chance, at most, of saying yes where the difference is the margin; in (0, 0.5).

    Raises:
        BadSetting: a margin that is not above 0, a level out of range, fewer than 1 sample.
        BadDataset: lengths differ.

    Source: two one-sided tests, Schuirmann 1987, by the interval at 1 - 2 x level that lies within the margin.
    """
    check_resampling(samples, 1 - 2 * level)
    if not margin > 0:
        raise BadSetting(
            expected="a margin above 0",
            found=str(margin),
            where="a test of equivalence",
            remedy="fix the largest difference that counts as none before looking at the figures",
        )
    sums = cluster_sums(measures, clusters_p)
    (resampled_s,) = resampled_values((sums,), seed, samples)
    interval = corrected_interval(sums, resampled_s, 1 - 2 * level)
    return Equivalence(interval, margin, interval.low > -margin, interval.high < margin)
