"""The region of named parts that are known as points. Must not import torch."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# The pointing game counts a peak within 15 px as a hit (Zhang et al., 2018), here at 224 px a side.
RADIUS_SHARE = 15 / 224


def part_region(points_xy: Sequence[tuple[float, float]], size_px: int) -> npt.NDArray[np.bool_]:
    """Return bool (y, x): the pixels of a square image whose centres lie within `RADIUS_SHARE` of one of the points.

    Empty where there is no point.

    Args:
        points_xy: (x, y) of each, from 0 to 1 over the image.
        size_px: side of the image.
    """
    centres = (np.arange(size_px) + 0.5) / size_px
    region_yx = np.zeros((size_px, size_px), dtype=np.bool_)
    for x, y in points_xy:
        region_yx |= (centres[:, None] - y) ** 2 + (centres[None, :] - x) ** 2 <= RADIUS_SHARE**2
    return region_yx
