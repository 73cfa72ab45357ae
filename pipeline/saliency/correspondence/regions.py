"""Where a region of an image lies, as numbers and as words."""

import numpy as np
import numpy.typing as npt

_ROWS = ("upper", "", "lower")
_COLUMNS = ("left", "", "right")


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


def place_in_words(region_yx: npt.NDArray[np.floating]) -> str:
    """Return in which ninth of the image a region is strongest: "upper left", "left", "centre" and so on.

    That is the centre of what exceeds half of its largest value: weak values all around would draw any centre to the
    middle. "nowhere" for a region of nothing.

    Args:
        region_yx: (y, x) weights over the image.
    """
    largest = region_yx.max()
    if not largest > 0:
        return "nowhere"
    y, x = centre_of_mass(np.where(region_yx > largest / 2, region_yx, 0))
    row, column = _ROWS[min(int(3 * y), 2)], _COLUMNS[min(int(3 * x), 2)]
    if row and not column:
        return {"upper": "top", "lower": "bottom"}[row]
    return " ".join(filter(None, (row, column))) or "centre"
