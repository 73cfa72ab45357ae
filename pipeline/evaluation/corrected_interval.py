"""Ends of a bootstrap interval, corrected for bias, skewness and few clusters. All intervals of the project end here.

docs/statistics.md shows how often such intervals hold the true value. Must not import torch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

# Groups of clusters that are halved one after the other, at most: more would cost passes and gain nothing.
_MOST_HALVED = 200


@dataclass(frozen=True)
class Bootstrapped:
    """A figure with what resampling made of it.

    Attributes:
        value: the figure on the data.
        resampled_s: (sample,) float64, the figure in each resample; NaN values are left out.
        halved_g: (group,) float64, the figure with one cluster, or group of clusters, at half its weight; NaN likewise.
        n_clusters: clusters that were resampled.
    """

    value: float
    resampled_s: npt.NDArray[np.float64]
    halved_g: npt.NDArray[np.float64]
    n_clusters: int


def corrected_ends(bootstrapped: Bootstrapped, confidence: float) -> tuple[float, float]:
    """Return the lower and upper end, between which the value always lies; NaN with fewer than two clusters.

    Source: bias-corrected and accelerated (BCa) intervals, Efron 1987, Better Bootstrap Confidence Intervals, eq. 2.3.
    Deliberate departure: the normal quantile is replaced by `widened_quantile`, because resamples of few clusters vary
    too little; and an end that would leave out the value, as where nearly all resamples lie on one side of it, is
    moved to the value.
    """
    value = bootstrapped.value
    resampled_s = bootstrapped.resampled_s[~np.isnan(bootstrapped.resampled_s)]
    if bootstrapped.n_clusters < 2 or resampled_s.size == 0 or np.isnan(value):
        return float("nan"), float("nan")
    bias, acceleration = _bias(resampled_s, value), _acceleration(bootstrapped.halved_g)
    widened = widened_quantile(bootstrapped.n_clusters, confidence)
    shares = [_corrected_share(bias, acceleration, side) for side in (-widened, widened)]
    low, high = np.quantile(resampled_s, shares).tolist()
    return min(low, value), max(high, value)


def widened_quantile(n_clusters: int, confidence: float) -> float:
    """Return the quantile of Student's t with n - 1 degrees of freedom, times sqrt(n / (n - 1)).

    Infinitely many clusters would give the normal quantile, 1.96 at 0.95.

    Source: Hesterberg 2015, What Teachers Should Know about the Bootstrap, section 5.3 (expanded percentile interval).
    """
    spread = np.sqrt(n_clusters / (n_clusters - 1))
    return float(spread * stats.t.ppf((1 + confidence) / 2, n_clusters - 1))


def halving_weights(n_clusters: int) -> npt.NDArray[np.float64]:
    """Return (group, cluster) float64: 1/2 for the clusters of a group, 1 for the others.

    Halved, not left out, so that a figure that needs a certain cluster stays defined. A group is one cluster, or
    every so many-th where there are many; the acceleration from groups is that from single clusters on average.
    """
    groups = min(n_clusters, _MOST_HALVED)
    is_in_group_gc = np.arange(n_clusters) % groups == np.arange(groups)[:, None]
    return np.where(is_in_group_gc, 0.5, 1.0)


def _bias(resampled_s: npt.NDArray[np.float64], value: float) -> float:
    """Return z0, the normal quantile of the share of resamples below the value; equal ones count half."""
    # A resample that draws every cluster once equals the value but for rounding.
    rounding = 1e-9 * np.ptp(resampled_s)
    share = ((resampled_s < value - rounding).mean() + (resampled_s <= value + rounding).mean()) / 2
    # A share of 0 or 1 of finitely many says no more than that it is close.
    least = 1 / (resampled_s.size + 1)
    return float(stats.norm.ppf(np.clip(share, least, 1 - least)))


def _acceleration(halved_g: npt.NDArray[np.float64]) -> float:
    """Return a, a sixth of the skewness of what clusters contribute; 0 where all contribute alike."""
    kept_g = halved_g[~np.isnan(halved_g)]
    if kept_g.size < 2:
        return 0.0
    change_g = kept_g.mean() - kept_g
    spread = float((change_g**2).sum())
    return float((change_g**3).sum() / (6 * spread**1.5)) if spread > 0 else 0.0


def _corrected_share(bias: float, acceleration: float, side: float) -> float:
    """Return at which share of the ordered resamples the end lies whose uncorrected normal quantile is `side`."""
    shifted = bias + side
    shrink = 1 - acceleration * shifted
    # Beyond the pole of the correction lies the outermost resample.
    return float(stats.norm.cdf(bias + shifted / shrink)) if shrink > 0 else float(side > 0)
