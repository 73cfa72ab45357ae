"""Blur of rendered images: a Gaussian, the same everywhere in the image."""

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Number = TypeVar("Number", np.float32, np.float64)
# Beyond so many deviations nothing is mixed in.
_REACH: Final = 3.0


def blurred(values_yx: NDArray[Number], blur: float) -> NDArray[Number]:
    """Return values (..., y, x) blurred along both, of the same dtype; themselves where `blur` is 0.

    Args:
        values_yx: colours, or shares of pixels.
        blur: deviation of the Gaussian, share of the image side.
    """
    if blur == 0:
        return values_yx
    deviation_px = blur * values_yx.shape[-1]
    for axis in (-1, -2):
        values_yx = gaussian_filter1d(values_yx, deviation_px, axis=axis, mode="nearest", truncate=_REACH)
    return values_yx


def blur_reach(blur: float) -> float:
    """Return how far a blur carries a colour, share of the image side."""
    return _REACH * blur
