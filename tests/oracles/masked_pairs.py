"""Query and reference both masked, every mask of the one against every mask of the other (v1 section A), in float64."""

from collections.abc import Callable

import numpy as np

from tests.oracles.rise import normalised


def unit_embedding(
    image_chw: np.ndarray,
    mask_hw: np.ndarray,
    condition_d: np.ndarray | None,
    embed: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the masked image's embedding under a condition, if there is one, unit norm."""
    vector = embed(image_chw * mask_hw[None])
    if condition_d is not None:
        vector = vector * condition_d
    unit: np.ndarray = vector / np.sqrt((vector**2).sum())
    return unit


def mean_scores(
    query_hwc: np.ndarray,
    reference_hwc: np.ndarray,
    query_masks: np.ndarray,
    reference_masks: np.ndarray,
    embed: Callable[[np.ndarray], np.ndarray],
    condition_d: np.ndarray | None = None,
) -> np.ndarray:
    """Return for each mask of the query the mean of its M scores (mask,); N x M of them are taken."""
    query, reference = normalised(query_hwc), normalised(reference_hwc)
    # Embedded once each to spare time: the N x M scores are what is compared.
    left = [unit_embedding(query, mask, condition_d, embed) for mask in query_masks]
    right = [unit_embedding(reference, mask, condition_d, embed) for mask in reference_masks]
    scores = np.zeros((len(left), len(right)))
    for row, one in enumerate(left):
        for column, other in enumerate(right):
            scores[row, column] = one @ other
    return scores.mean(axis=1)
