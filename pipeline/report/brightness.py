"""Where a map is brightest, in words: for people who cannot see it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.saliency.correspondence.regions import place_in_words

BRIGHTEST_SHARE = 0.1


def brightest_place(map_yx: npt.NDArray[np.floating[Any]]) -> str:
    """Return in which ninth of the image the brightest tenth of a map lies; "nowhere" for a flat map.

    Args:
        map_yx: finite values (y, x).
    """
    if map_yx.max() <= map_yx.min():
        return place_in_words(np.zeros((1, 1)))
    return place_in_words((map_yx >= np.quantile(map_yx, 1 - BRIGHTEST_SHARE)).astype(np.float64))
