"""What images have by the estimate that the run chose, for images that the run has not estimated."""

from collections.abc import Callable

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.pair_frame import read_attribute_logits, read_embeddings, read_labels
from pipeline.explanation.answer.presence import calibrate_confidence, calibrated_presence
from pipeline.explanation.answer.presence_sources import CLASSIFIER
from pipeline.explanation.presence_probe import fit_presence_probe, presence_probability


def estimate_presence(upstream: Upstream, embeddings_nd: np.ndarray, classify: Callable[[], np.ndarray]) -> np.ndarray:
    """Return the probability of each attribute in each image, float32 (image, attribute), by the chosen estimate.

    The probe is not kept, so it is fitted again, on the same training images.

    Args:
        upstream: must hold `presence` and what it reads.
        embeddings_nd: float (image, D), unit norm, general.
        classify: gives the classifier's logits (image, attribute) of the images; called only where it was chosen.
    """
    rows = upstream.rows("presence", "presence_quality")
    source = next(row["source"] for row in rows if row["is_chosen"])
    train_na = read_labels(upstream, "train")[1]
    if source == CLASSIFIER:
        logits_na, labels_na = read_attribute_logits(upstream, CLASSIFIER, "valid"), read_labels(upstream, "valid")[1]
        calibration = calibrate_confidence(logits_na, labels_na, train_na.mean(axis=0))
        return calibrated_presence(calibration, classify()).astype(np.float32)
    probe = fit_presence_probe(read_embeddings(upstream, "train"), train_na)
    return presence_probability(probe, embeddings_nd).astype(np.float32)
