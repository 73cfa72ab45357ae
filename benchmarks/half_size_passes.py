"""Maps from passes of half-size images, corrected by few passes at full size: a control variate.

With scores s of a mask at full size and h of the same mask and image at half the resolution, maps being linear in
scores: map(s) = map(s - b h) + b map(h). The first is estimated from few masks, the second from many; b is the slope
of s on h over the few, without an intercept and of half differences of complements, as maps take scores.
"""

import numpy as np
import numpy.typing as npt
from torch.nn import functional

from benchmarks.joint_map_methods import Floats, MaskSubset
from pipeline.saliency.perturbations import GivenMasks
from pipeline.saliency.rise.masks import MaskDraws

# A pass by the number of pixels.
COST = 0.25


def halved_image(pixels_hwc: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return uint8 (y / 2, x / 2, 3), means of two by two pixels."""
    height, width, channels = pixels_hwc.shape
    means = pixels_hwc.reshape(height // 2, 2, width // 2, 2, channels).mean(axis=(1, 3))
    halved: npt.NDArray[np.uint8] = np.rint(means).astype(np.uint8)
    return halved


def halved_masks(draws: MaskDraws) -> GivenMasks:
    """Return the same masks at half the resolution."""
    return GivenMasks(functional.avg_pool2d(draws.render(0, len(draws)), 2).numpy())


def corrected_map(full_n: Floats, half_n: Floats, few: MaskSubset, many: MaskSubset) -> Floats:
    """Return float (y, x), the map of many half-size scores, corrected by the scores at full size of few of the masks.

    Args:
        full_n: scores at full size of at least the masks of `few`.
        half_n: scores at half size of all masks.
        few: balanced masks.
        many: balanced masks with those of `few` among them.
    """
    slope = slope_of_halves(full_n[few.places_n], half_n[few.places_n])
    rest_n = full_n - slope * half_n[: len(full_n)]
    found: Floats = score_map(many, slope * half_n) + score_map(few, rest_n)
    return found


def slope_of_halves(full_n: Floats, half_n: Floats) -> float:
    """Return the slope of scores at full size on those at half size, the second halves being of complements."""
    full_m, half_m = (scores_n[: len(scores_n) // 2] - scores_n[len(scores_n) // 2 :] for scores_n in (full_n, half_n))
    return float(full_m @ half_m) / max(float(half_m @ half_m), 1e-12)


def score_map(masks: MaskSubset, scores_n: Floats) -> Floats:
    """Return RISE's map (y, x) of scores of the whole set that masks belong to."""
    # Scores are embeddings of one dimension, compared with 1.
    return masks.rise_map(scores_n[:, None], np.ones(1))
