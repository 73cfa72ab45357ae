"""What removed pixels become: one colour, or a blurred copy of the image itself.

A perturbation does not take pixels away, it replaces them, and what it replaces them with is part of the question that
a map answers: a grey window on a white background is a change that the model sees.
Imports no torch, so that declarations of generators can name their own fill.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.errors import BadSetting

MEAN, BLUR = "mean", "blur"
BLACK = (0, 0, 0)
# A word, or red, green and blue from 0 to 255.
Fill = str | Sequence[int]

# Of ImageNet, in 0 to 255: the colour that is 0 once images are normalised, see pipeline.images.
MEAN_RGB = tuple(255 * share for share in (0.485, 0.456, 0.406))
# 10 px at 224 px, 5 px at the papers' 112 px. Source: Fong and Vedaldi (2017), section 4.1, "significantly blurred".
BLUR_SIGMA_SHARE = 10 / 224
# Beyond so many deviations a Gaussian weighs less than 1e-3 of its peak.
KERNEL_DEVIATIONS = 4


def removed_pixels(fill: Fill, pixels_hwc: np.ndarray) -> np.ndarray:
    """Return float64 (y, x, 3) in 0 to 255: what each pixel of an image becomes where it is removed.

    Args:
        fill: "mean", the mean colour of ImageNet, which is 0 after normalisation; "blur", the image blurred by a
            Gaussian of BLUR_SIGMA_SHARE of its side; or a colour.
        pixels_hwc: uint8 (y, x, 3), the image.

    Raises:
        BadSetting: another word, or no colour.
    """
    if fill == BLUR:
        return gaussian_blur(pixels_hwc, BLUR_SIGMA_SHARE * min(pixels_hwc.shape[:2]))
    colour: str | Sequence[float] = MEAN_RGB if fill == MEAN else fill
    if isinstance(colour, str) or len(colour) != 3 or not all(0 <= value <= 255 for value in colour):
        raise BadSetting(
            expected=f"{MEAN}, {BLUR}, or red, green and blue from 0 to 255",
            found=repr(fill),
            where="saliency.fill",
            remedy="correct the setting; docs/saliency.md says what each fill does to maps",
        )
    return np.broadcast_to(np.asarray(colour, dtype=np.float64), pixels_hwc.shape).copy()


def gaussian_blur(pixels_hwc: np.ndarray, sigma_px: float) -> np.ndarray:
    """Return float64 (y, x, channel): the image under a Gaussian of this deviation, its outermost pixels repeated."""
    rows_yy, columns_xx = (_blur_weights(size_px, sigma_px) for size_px in pixels_hwc.shape[:2])
    blurred: np.ndarray = np.einsum("ya,xb,abc->yxc", rows_yy, columns_xx, pixels_hwc.astype(np.float64), optimize=True)
    return blurred


def same_fill(one: Fill | None, other: Fill | None) -> bool:
    """Return whether two fills are the same; a colour may be any sequence."""
    return _comparable(one) == _comparable(other)


def _blur_weights(size_px: int, sigma_px: float) -> np.ndarray:
    """Return float64 (blurred pixel, pixel) along one axis; rows sum to 1."""
    reach_px = int(KERNEL_DEVIATIONS * sigma_px + 0.5)
    offsets = np.arange(-reach_px, reach_px + 1)
    kernel = np.exp(-0.5 * (offsets / sigma_px) ** 2)
    kernel /= kernel.sum()
    weights = np.zeros((size_px, size_px))
    for pixel in range(size_px):
        np.add.at(weights[pixel], np.clip(pixel + offsets, 0, size_px - 1), kernel)
    return weights


def _comparable(fill: Fill | None) -> object:
    return fill if fill is None or isinstance(fill, str) else tuple(fill)
