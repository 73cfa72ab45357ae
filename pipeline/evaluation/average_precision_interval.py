"""An interval for mAP: images are resampled, every attribute's average precision computed anew."""

import numpy as np

from pipeline.evaluation.attribute_recognition import mean_average_precision
from pipeline.evaluation.bootstrap import Interval
from pipeline.randomness import keyed_rng

MOST_RESAMPLES = 200


def map_interval(logits_na: np.ndarray, labels_na: np.ndarray, *, seed: int, samples: int) -> Interval:
    """Return mAP (0 to 1) with a 95 % percentile bootstrap interval over images.

    Departure from the other intervals: at most 200 resamples, because each costs a full evaluation.

    Raises:
        BadModel: the logits are not finite.
    """
    value = mean_average_precision(logits_na, labels_na).value
    rng = keyed_rng(seed, "mAP bootstrap", len(logits_na))
    resampled = []
    for _ in range(min(samples, MOST_RESAMPLES)):
        rows = rng.integers(0, len(logits_na), len(logits_na))
        resampled.append(mean_average_precision(logits_na[rows], labels_na[rows]).value)
    low, high = np.nanpercentile(resampled, [2.5, 97.5])
    return Interval(value, float(low), float(high), len(logits_na), len(logits_na))
