"""How far a measure of maps tells what another one tells: over generators, over pairs, and in choosing a generator.

One question each. Over generators: does the measure's mean put them in the other's order? Over pairs of one generator:
is its map better where the measure says so? In choosing: of two generators' maps of one pair, is the better one that
which the measure prefers?
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from pipeline.evaluation.bootstrap import Interval, Resampling, clustered_interval

FEWEST_PAIRS = 10


def rank_correlation(first_n: npt.NDArray[np.floating], second_n: npt.NDArray[np.floating]) -> float:
    """Return Spearman's correlation where both have a value, -1 to 1; NaN for fewer than three or where one is flat."""
    known_n = np.isfinite(first_n) & np.isfinite(second_n)
    first, second = first_n[known_n], second_n[known_n]
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


def over_generators(measure_gp: npt.NDArray[np.floating], truth_gp: npt.NDArray[np.floating]) -> float:
    """Return the rank correlation, over generators, of the means of a measure and of the truth; NaN as above.

    Args:
        measure_gp: (generator, pair), larger = better; NaN where there is none.
        truth_gp: the same of the truth.
    """
    return rank_correlation(_means(measure_gp), _means(truth_gp))


def over_pairs(measure_gp: npt.NDArray[np.floating], truth_gp: npt.NDArray[np.floating]) -> float:
    """Return the mean over generators of the rank correlation over a generator's pairs, -1 to 1.

    Generators with fewer than ten pairs that have both are left out, and those whose measure or truth is the same for
    all; NaN where none is left. Arguments as of `over_generators`.
    """
    known_gp = np.isfinite(measure_gp) & np.isfinite(truth_gp)
    found = [
        rank_correlation(measure_p, truth_p)
        for measure_p, truth_p, known_p in zip(measure_gp, truth_gp, known_gp, strict=True)
        if known_p.sum() >= FEWEST_PAIRS
    ]
    defined = [value for value in found if np.isfinite(value)]
    return float(np.mean(defined)) if defined else float("nan")


def right_choices(measure_gp: npt.NDArray[np.floating], truth_gp: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return, of each pair, the share of two generators among which the measure prefers the truly better one.

    float64 (pair,), 0 to 1, 0.5 is chance; a measure that tells two maps not apart counts half. NaN where no two
    generators have both values and differ in truth. Arguments as of `over_generators`.
    """
    right_p, told_p = np.zeros(measure_gp.shape[1]), np.zeros(measure_gp.shape[1])
    for one, other in combinations(range(len(measure_gp)), 2):
        preferred_p = np.sign(measure_gp[one] - measure_gp[other])
        better_p = np.sign(truth_gp[one] - truth_gp[other])
        is_told_p = np.isfinite(preferred_p) & np.isfinite(better_p) & (better_p != 0)
        right_p += np.where(is_told_p, (1 + preferred_p * better_p) / 2, 0)
        told_p += is_told_p
    shares: npt.NDArray[np.float64] = np.divide(right_p, told_p, out=np.full(len(right_p), np.nan), where=told_p > 0)
    return shares


def choice_intervals(
    measures: Mapping[str, npt.NDArray[np.floating]],
    truth_gp: npt.NDArray[np.floating],
    clusters_p: npt.NDArray[np.integer],
    resampling: Resampling,
) -> dict[str, Interval]:
    """Return how often each measure chooses the truly better of two generators' maps, with its interval, by measure.

    Args:
        measures: by name (generator, pair), larger = better.
        truth_gp: the truth, likewise.
        clusters_p: (pair,) what pairs share; whole clusters are resampled.
        resampling: seed and samples.

    Raises:
        BadSetting: fewer than 1 sample.
    """
    return {
        name: clustered_interval(
            right_choices(measure_gp, truth_gp), clusters_p, seed=resampling.seed, samples=resampling.samples
        )
        for name, measure_gp in measures.items()
    }


def _means(values_gp: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the mean of each generator's values that are there, NaN where none is."""
    counts_g = np.isfinite(values_gp).sum(axis=1)
    sums_g = np.nansum(values_gp, axis=1)
    means: npt.NDArray[np.float64] = np.divide(sums_g, counts_g, out=np.full(len(sums_g), np.nan), where=counts_g > 0)
    return means
