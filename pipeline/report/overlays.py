"""Pictures of images and of saliency maps laid over them."""

import io
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.report.figures import data_uri

SHOWN_SIZE_PX = 192
_COLOURMAP = "inferno"
_LEAST_ALPHA, _MOST_ALPHA = 0.25, 0.8
_LEGEND_STOPS = 9
_JPEG_QUALITY = 88


def image_uri(pixels_hwc: npt.NDArray[np.uint8], size_px: int = SHOWN_SIZE_PX) -> str:
    """Return an image (y, x, 3) as a square JPEG data URI."""
    return _jpeg_uri(_resized(pixels_hwc, size_px))


def overlay_uri(
    pixels_hwc: npt.NDArray[np.uint8], map_hw: npt.NDArray[np.floating[Any]], size_px: int = SHOWN_SIZE_PX
) -> str | None:
    """Return the image with its map over it as a data URI; None where the map is flat or has no values."""
    shown = overlay(pixels_hwc, map_hw, size_px)
    return None if shown is None else _jpeg_uri(shown)


def overlay(
    pixels_hwc: npt.NDArray[np.uint8], map_hw: npt.NDArray[np.floating[Any]], size_px: int = SHOWN_SIZE_PX
) -> npt.NDArray[np.uint8] | None:
    """Return uint8 (size, size, 3): the image in grey under its map, or None for a map without contrast.

    The map is scaled from its own minimum to its own maximum, so colours cannot be compared between pairs;
    where it is high it covers more of the image.
    """
    scaled_hw = unit_range(map_hw)
    if scaled_hw is None:
        return None
    smooth_hw = np.asarray(Image.fromarray(scaled_hw).resize((size_px, size_px), Image.Resampling.BICUBIC))
    value_hw = np.clip(smooth_hw, 0.0, 1.0)
    colour_hwc = matplotlib.colormaps[_COLOURMAP](value_hw)[..., :3]
    grey_hw = _resized(pixels_hwc, size_px).astype(np.float64) @ np.array([0.299, 0.587, 0.114]) / 255
    alpha_hw1 = (_LEAST_ALPHA + (_MOST_ALPHA - _LEAST_ALPHA) * value_hw)[..., None]
    blended_hwc = alpha_hw1 * colour_hwc + (1 - alpha_hw1) * grey_hw[..., None]
    return np.asarray(np.rint(blended_hwc * 255), dtype=np.uint8)


def unit_range(map_hw: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32] | None:
    """Return the map from 0 (its minimum) to 1 (its maximum), float32; None if not finite or constant."""
    values = np.asarray(map_hw, dtype=np.float32)
    if not np.isfinite(values).all() or values.max() <= values.min():
        return None
    scaled_hw: npt.NDArray[np.float32] = (values - values.min()) / (values.max() - values.min())
    return scaled_hw


def legend_gradient() -> str:
    """Return the colours of the maps, least to most, as a CSS gradient."""
    colours = matplotlib.colormaps[_COLOURMAP](np.linspace(0, 1, _LEGEND_STOPS))
    stops = ", ".join("#" + "".join(f"{round(channel * 255):02x}" for channel in row[:3]) for row in colours)
    return f"linear-gradient(to right, {stops})"


def _resized(pixels_hwc: npt.NDArray[np.uint8], size_px: int) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels_hwc).resize((size_px, size_px), Image.Resampling.LANCZOS))


def _jpeg_uri(pixels_hwc: npt.NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels_hwc).save(buffer, format="JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return data_uri(buffer.getvalue(), "image/jpeg")
