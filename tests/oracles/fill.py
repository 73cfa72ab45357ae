"""What removed pixels become, and images in which masks remove some, one pixel at a time in float64."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from tests.oracles.rise import MEAN_RGB, normalised


def removed(fill: str | Sequence[int], pixels_hwc: np.ndarray) -> np.ndarray:
    """Return float64 (y, x, 3) in 0 to 255."""
    if fill == "blur":
        return blurred(pixels_hwc, 10 * pixels_hwc.shape[0] / 224)
    colour = [255 * share for share in MEAN_RGB] if fill == "mean" else [float(value) for value in fill]
    result = np.empty(pixels_hwc.shape)
    for channel in range(3):
        result[:, :, channel] = colour[channel]
    return result


def blurred(pixels_hwc: np.ndarray, sigma_px: float) -> np.ndarray:
    """Return each pixel's neighbourhood of four deviations on either side, weighted by a Gaussian in two dimensions.

    Beyond the border the outermost pixels are repeated.
    """
    height, width = pixels_hwc.shape[:2]
    reach = round(4 * sigma_px)
    shifts = range(-reach, reach + 1)
    weights = np.array([[math.exp(-(dy**2 + dx**2) / (2 * sigma_px**2)) for dx in shifts] for dy in shifts])
    padded = np.pad(pixels_hwc.astype(np.float64), ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    result = np.empty(pixels_hwc.shape)
    for y in range(height):
        for x in range(width):
            around = padded[y : y + 2 * reach + 1, x : x + 2 * reach + 1]
            result[y, x] = (weights[:, :, None] * around).sum(axis=(0, 1)) / weights.sum()
    return result


def images(pixels_hwc: np.ndarray, masks_nhw: np.ndarray, fill: str | Sequence[int]) -> list[np.ndarray]:
    """Return the normalised image (3, y, x) under each mask: mixed as pixels, then normalised."""
    replaced = removed(fill, pixels_hwc)
    found = []
    for mask in masks_nhw:
        mixed = np.empty(pixels_hwc.shape)
        for channel in range(3):
            mixed[:, :, channel] = mask * pixels_hwc[:, :, channel] + (1 - mask) * replaced[:, :, channel]
        found.append(normalised(mixed))
    return found


def embeddings(
    pixels_hwc: np.ndarray,
    masks_nhw: np.ndarray,
    embed: Callable[[np.ndarray], np.ndarray],
    fill: str | Sequence[int],
) -> np.ndarray:
    """Return the unit embedding of the image under each mask; `embed` takes one image (3, y, x)."""
    vectors = [embed(image) for image in images(pixels_hwc, masks_nhw, fill)]
    return np.stack([vector / math.sqrt(float(vector @ vector)) for vector in vectors])
