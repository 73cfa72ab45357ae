"""Image files in their own shape, as people see them and not as the model does."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from pipeline.datasets.fitting import STRETCH
from pipeline.datasets.image_decoding import make_pixels
from pipeline.datasets.records import PixelSource


def shape_within(image_px: tuple[int, int], long_side_px: int) -> tuple[int, int]:
    """Return width and height of an image that is resized, without distortion, to a long side; at least 1."""
    scale = long_side_px / max(image_px)
    return (max(1, round(image_px[0] * scale)), max(1, round(image_px[1] * scale)))


def pixels_in_own_shape(
    source: PixelSource, settings: Mapping[str, Any], long_side_px: int
) -> tuple[np.ndarray, tuple[int, int]]:
    """Return the whole of an image as uint8 RGB (y, x, 3) of a long side, and the file's own (width, height) in px.

    The file goes through the dataset's decoder with all its limits: orientation, transparency, colours and depth are
    those of the pixels that the model gets. It is stretched to a square there, and from that to its own shape, so the
    short side is resized twice.

    Args:
        source: the image with its file's bytes.
        settings: canvas, and bit_depth where it is set; see `make_pixels`.
        long_side_px: of the result.

    Raises:
        BadImage: see `pipeline.datasets.image_decoding.decode_image`.
    """
    whole = {**settings, "fit": STRETCH, "image_size_px": long_side_px, "effective_resolution_px": None}
    square_hwc, image_px = make_pixels(source, whole)
    shape = shape_within(image_px, long_side_px)
    shaped = Image.fromarray(square_hwc).resize(shape, Image.Resampling.BILINEAR)
    return np.array(shaped, dtype=np.uint8), image_px
