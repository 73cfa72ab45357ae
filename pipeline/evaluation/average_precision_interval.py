"""An interval for mAP: images are resampled by weights, every attribute's average precision computed anew.

An attribute's images are sorted once; all resamples are then cumulative sums along that order.
"""

import numpy as np

from pipeline.attributes.average_precision import mean_average_precision
from pipeline.evaluation.bootstrap import Interval, resampling_counts
from pipeline.randomness import keyed_rng


def map_interval(logits_na: np.ndarray, labels_na: np.ndarray, *, seed: int, samples: int) -> Interval:
    """Return mAP (0 to 1) with a 95 % percentile bootstrap interval over images.

    A resample's mAP is over the attributes that have a positive and a negative in it.

    Raises:
        BadModel: the logits are not finite.
    """
    value = mean_average_precision(logits_na, labels_na).value
    n_images = len(logits_na)
    counts_sn = resampling_counts(n_images, samples, keyed_rng(seed, "mAP bootstrap", n_images))
    precisions_sa = np.stack(
        [weighted_average_precision(logits_na[:, a], labels_na[:, a], counts_sn) for a in range(labels_na.shape[1])],
        axis=1,
    )
    defined_sa = np.isfinite(precisions_sa)
    sums_s = np.where(defined_sa, precisions_sa, 0.0).sum(axis=1)
    resampled_s = sums_s[defined_sa.any(axis=1)] / defined_sa.sum(axis=1)[defined_sa.any(axis=1)]
    low, high = np.percentile(resampled_s, [2.5, 97.5]) if len(resampled_s) else (np.nan, np.nan)
    return Interval(value, float(low), float(high), n_images, n_images)


def weighted_average_precision(logits_n: np.ndarray, labels_n: np.ndarray, counts_sn: np.ndarray) -> np.ndarray:
    """Return the average precision (0 to 1) of one attribute in each resample; NaN without a positive or negative.

    Sum over thresholds of the step in recall times the precision there; images of one score share a threshold, as
    in scikit-learn's average_precision_score with sample weights.

    Args:
        logits_n: scores of the images.
        labels_n: bool, the image has the attribute.
        counts_sn: (resample, image) how often each image is drawn.
    """
    order = np.argsort(-logits_n, kind="stable")
    scores, positives = logits_n[order], labels_n[order].astype(np.float64)
    last_of_score = np.append(scores[1:] != scores[:-1], True)
    drawn_sn = counts_sn[:, order]
    drawn_st = drawn_sn.cumsum(axis=1)[:, last_of_score]
    hits_st = (drawn_sn * positives).cumsum(axis=1)[:, last_of_score]
    steps_st = np.diff(hits_st, axis=1, prepend=0.0)
    total_s, drawn_s = hits_st[:, -1], drawn_st[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        precision_st = np.where(drawn_st > 0, hits_st / drawn_st, 0.0)
        average_s = (steps_st * precision_st).sum(axis=1) / total_s
    return np.where((total_s > 0) & (total_s < drawn_s), average_s, np.nan)
