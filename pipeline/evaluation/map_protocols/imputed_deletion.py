"""Deletion with filled-in pixels instead of blank ones, beside blank deletion at the same steps.

A blank patch is itself something that a model sees: it can move the score though nothing of the item is gone. Pixels
filled in from their surroundings leave no such shape (Rong et al., ICML 2022).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.curves import anchored_auc
from pipeline.evaluation.manipulated_images import pixels_per_step
from pipeline.evaluation.map_protocols.imputation import impute_pixels
from pipeline.evaluation.map_protocols.protocol import TENTHS
from pipeline.randomness import keyed_rng


@dataclass(frozen=True)
class DeletionAreas:
    """Areas under the scores of 0, 10, ..., 90 % deleted pixels, by the kind of deletion; smaller = more faithful.

    Scaled so that 1 is the query's score and 0 that of the blank image; NaN where these are less than 0.02 apart.

    Attributes:
        imputed: pixels are filled in from their surroundings.
        blank: pixels get the canvas's colour.
    """

    imputed: float
    blank: float


def deleted_images(
    pixels_hwc: npt.NDArray[np.uint8],
    ranking_v: npt.NDArray[np.int64],
    canvas_rgb: Sequence[int],
    noise_key: Sequence[object],
) -> npt.NDArray[np.uint8]:
    """Return the query without its 10, 20, ..., 90 % most salient pixels: uint8 (image, y, x, 3), 18 images.

    The first nine are filled in, the others blank, each in the order of the shares.

    Args:
        pixels_hwc: the query.
        ranking_v: (y * x,) flat indices of pixels, most salient first; see `pixel_ranking`.
        canvas_rgb: the blank colour, 0..255.
        noise_key: seed and query: noise depends on these and the step alone, alike for all generators.

    Raises:
        BadDataset: the image has fewer than ten pixels, so that all of them would go.
    """
    counts = pixels_per_step(len(ranking_v), TENTHS)[1:-1]
    imputed, blank = [], []
    for tenth, count in enumerate(counts, start=1):
        removed_v = np.zeros(len(ranking_v), dtype=np.bool_)
        removed_v[ranking_v[:count]] = True
        removed_hw = removed_v.reshape(pixels_hwc.shape[:2])
        imputed.append(impute_pixels(pixels_hwc, removed_hw, keyed_rng("imputed deletion", *noise_key, tenth)))
        blank.append(np.where(removed_hw[:, :, None], np.asarray(canvas_rgb, dtype=np.uint8), pixels_hwc))
    return np.stack([*imputed, *blank])


def deletion_areas(scores_t: npt.NDArray[np.floating], full_score: float, blank_score: float) -> DeletionAreas:
    """Return both areas from the scores of `deleted_images`, in their order.

    Args:
        scores_t: (18,) cosines with the reference.
        full_score: of the query as it is.
        blank_score: of the canvas.
    """
    curves = np.asarray(scores_t, dtype=np.float64).reshape(2, TENTHS - 1)
    imputed, blank = (anchored_auc(np.array([full_score, *curve]), blank_score, full_score) for curve in curves)
    return DeletionAreas(imputed, blank)
