"""Where a region of an image lies."""

import numpy as np
import numpy.typing as npt


def centre_of_mass(region_yx: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Return the region's centre as shares of the image's height (0 top, 1 bottom) and width (0 left, 1 right).

    What is negative does not count; a region of nothing has its centre at (0, 0).

    Args:
        region_yx: (y, x) weights over the image.
    """
    weights = np.maximum(region_yx.astype(np.float64), 0)
    total = weights.sum() or 1.0
    y, x = ((np.arange(size) + 0.5) / size for size in weights.shape)
    return float(weights.sum(axis=1) @ y / total), float(weights.sum(axis=0) @ x / total)
