"""Where a map is brightest, in words: for people who cannot see it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.saliency.correspondence.regions import place_in_words

BRIGHTEST_SHARE = 0.1


def brightest_place(map_yx: npt.NDArray[np.floating[Any]]) -> str:
    """Return the ninth of the image that holds most of a map's brightest tenth; "nowhere" for a flat map.

    Bright spots on both sides do not make it "centre", as their mean would.

    Args:
        map_yx: finite values (y, x).
    """
    if map_yx.max() <= map_yx.min():
        return place_in_words(np.zeros((1, 1)))
    is_bright_yx = map_yx >= np.quantile(map_yx, 1 - BRIGHTEST_SHARE)
    ys, xs = np.nonzero(is_bright_yx)
    # Brighter ones weigh up to twice as much, so that ties are rare.
    weights = 1 + (map_yx[ys, xs] - map_yx.min()) / (map_yx.max() - map_yx.min())
    height, width = map_yx.shape
    ninths = np.bincount(3 * (3 * ys // height) + 3 * xs // width, weights=weights, minlength=9).reshape(3, 3)
    return place_in_words(np.where(ninths == ninths.max(), ninths, 0))
