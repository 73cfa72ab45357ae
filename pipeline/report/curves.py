"""Mean insertion and deletion curves with bands that know that pairs share queries."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FLAT_RANGE = 1e-4
_NORMAL_QUANTILE = 1.959964


@dataclass(frozen=True)
class MeanCurve:
    """A curve over steps and its 95 % band, each (step,) float64; the band is NaN with under two clusters."""

    mean_t: npt.NDArray[np.float64]
    low_t: npt.NDArray[np.float64]
    high_t: npt.NDArray[np.float64]


def normalised_curves(scores_pt: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return each pair's scores from 0 (its minimum) to 1 (its maximum), (pair, step) float64.

    A curve whose range is under 1e-4 becomes 0.5 throughout, so that the area under the mean of these curves
    is the figure of the table.

    Source: v1 section 4.1, the papers' normalisation.
    """
    scores = np.asarray(scores_pt, dtype=np.float64)
    lowest_p1 = scores.min(axis=1, keepdims=True)
    range_p1 = scores.max(axis=1, keepdims=True) - lowest_p1
    is_flat_p1 = range_p1 < FLAT_RANGE
    return np.where(is_flat_p1, 0.5, (scores - lowest_p1) / np.where(is_flat_p1, 1.0, range_p1))


def mean_curve(curves_pt: npt.NDArray[np.float64], clusters_p: npt.NDArray[np.int64]) -> MeanCurve:
    """Return the mean over pairs with a pointwise 95 % band clustered by query.

    The variance of the mean is that of the sums of deviations over clusters, with the factor C / (C - 1).

    Departure: a normal approximation, cheaper than the bootstrap behind the tables.
    """
    mean_t = curves_pt.mean(axis=0)
    clusters, cluster_of_p = np.unique(clusters_p, return_inverse=True)
    sums_ct = np.zeros((len(clusters), curves_pt.shape[1]))
    np.add.at(sums_ct, cluster_of_p, curves_pt - mean_t)
    if len(clusters) < 2:
        unknown_t = np.full_like(mean_t, np.nan)
        return MeanCurve(mean_t, unknown_t, unknown_t)
    factor = len(clusters) / (len(clusters) - 1)
    half_t = _NORMAL_QUANTILE * np.sqrt(factor * (sums_ct**2).sum(axis=0)) / len(curves_pt)
    return MeanCurve(mean_t, mean_t - half_t, mean_t + half_t)
