"""An interval for mAP: clusters of images are resampled, every attribute's average precision computed anew.

An attribute's images are sorted once; all resamples are then cumulative sums along that order.
"""

import numpy as np

from pipeline.attributes.average_precision import mean_average_precision
from pipeline.evaluation.bootstrap import Interval, check_resampling, resampling_counts
from pipeline.evaluation.corrected_interval import Bootstrapped, corrected_ends, halving_weights
from pipeline.randomness import keyed_rng

# Weights of images held at once; bounds the memory at about 100 MB whatever the number of images.
_WEIGHTS_PER_BLOCK = 2_000_000


def map_interval(
    logits_na: np.ndarray, labels_na: np.ndarray, clusters_n: np.ndarray, *, seed: int, samples: int
) -> Interval:
    """Return mAP (0 to 1) with a corrected 95 % bootstrap interval over clusters of images.

    The attributes are those of the value, whatever a resample holds: one that has no positive or no negative in it
    keeps its average precision on the data there. n counts images.

    Args:
        logits_na: (image, attribute) scores.
        labels_na: (image, attribute) bool.
        clusters_n: (image,) integer label of the cluster each image belongs to: its class where labels are those of
            classes, else itself.
        seed: keys the resampling.
        samples: bootstrap samples.

    Raises:
        BadModel: the logits are not finite.
        BadDataset: logits and labels differ in shape.
        BadSetting: fewer than 1 sample.
    """
    check_resampling(samples, 0.95)
    precision = mean_average_precision(logits_na, labels_na)
    kept_a = np.isfinite(precision.per_attribute)
    labels, cluster_n = np.unique(clusters_n, return_inverse=True)
    interval = float("nan"), float("nan")
    if kept_a.any():
        fixed = _FixedAttributes(logits_na[:, kept_a], labels_na[:, kept_a], precision.per_attribute[kept_a], cluster_n)
        counts_sc = resampling_counts(len(labels), samples, keyed_rng(seed, "mAP bootstrap", len(labels)))
        resampled_s, halved_g = fixed.mean_precision(counts_sc), fixed.mean_precision(halving_weights(len(labels)))
        interval = corrected_ends(Bootstrapped(precision.value, resampled_s, halved_g, len(labels)), 0.95)
    return Interval(precision.value, *interval, len(logits_na), len(labels))


class _FixedAttributes:
    """Attributes whose mean is resampled: logits and labels (image, attribute), average precision on the data."""

    def __init__(
        self, logits_na: np.ndarray, labels_na: np.ndarray, precision_a: np.ndarray, cluster_n: np.ndarray
    ) -> None:
        self._logits_na, self._labels_na, self._precision_a = logits_na, labels_na, precision_a
        self._cluster_n = cluster_n

    def mean_precision(self, weights_sc: np.ndarray) -> np.ndarray:
        """Return the mean over the attributes, (sample,), where clusters weigh as given."""
        block = max(1, _WEIGHTS_PER_BLOCK // len(self._cluster_n))
        blocks = [self._mean(weights_sc[start : start + block]) for start in range(0, len(weights_sc), block)]
        return np.concatenate(blocks)

    def _mean(self, weights_sc: np.ndarray) -> np.ndarray:
        weights_sn = weights_sc[:, self._cluster_n]
        total_s = np.zeros(len(weights_sc))
        for logits_n, labels_n, on_data in zip(self._logits_na.T, self._labels_na.T, self._precision_a, strict=True):
            found_s = weighted_average_precision(logits_n, labels_n, weights_sn)
            total_s += np.where(np.isfinite(found_s), found_s, on_data)
        return total_s / len(self._precision_a)


def weighted_average_precision(logits_n: np.ndarray, labels_n: np.ndarray, counts_sn: np.ndarray) -> np.ndarray:
    """Return the average precision (0 to 1) of one attribute in each resample; NaN without a positive or negative.

    Sum over thresholds of the step in recall times the precision there; images of one score share a threshold, as
    in scikit-learn's average_precision_score with sample weights.

    Args:
        logits_n: scores of the images.
        labels_n: bool, the image has the attribute.
        counts_sn: (resample, image) how often each image is drawn, or its weight.
    """
    order = np.argsort(-logits_n, kind="stable")
    scores, positions = logits_n[order], np.flatnonzero(labels_n[order])
    if not len(positions):
        return np.full(len(counts_sn), np.nan)
    # Recall steps at thresholds with a positive alone: each reaches to the last image of its score.
    ends = np.unique(np.searchsorted(-scores, -scores[positions], side="right") - 1)
    drawn_sn = counts_sn[:, order].cumsum(axis=1)
    hits_sk = counts_sn[:, order[positions]].cumsum(axis=1)
    drawn_st, hits_st = drawn_sn[:, ends], hits_sk[:, np.searchsorted(positions, ends, side="right") - 1]
    steps_st = np.diff(hits_st, axis=1, prepend=0.0)
    total_s, drawn_s = hits_sk[:, -1], drawn_sn[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        precision_st = np.where(drawn_st > 0, hits_st / drawn_st, 0.0)
        average_s = (steps_st * precision_st).sum(axis=1) / total_s
    return np.where((total_s > 0) & (total_s < drawn_s), average_s, np.nan)
