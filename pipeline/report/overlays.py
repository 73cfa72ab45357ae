"""Pictures of images and of saliency maps laid over them, in the images' own shape."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.datasets.fitting import CoveredBox
from pipeline.datasets.own_shape import shape_within
from pipeline.datasets.placing import place_map, scaled_box
from pipeline.report.figures import data_uri
from pipeline.report.shown_image import ShownImage

SHOWN_SIZE_PX = 224
COLOURMAP = "inferno"
LEAST_ALPHA, MOST_ALPHA = 0.25, 0.8
# Below this share of its largest value a region is not drawn; the image under regions is a little lighter.
_REGION_FROM, _GREY_LIFT = 0.25, 40.0
_LEGEND_STOPS = 9
_JPEG_QUALITY = 88
# What the model does not see: faded towards one grey, under stripes of another.
_FADED_TO, _STRIPE = 225.0, 120.0
_FADED_SHARE, _STRIPE_SHARE = 0.6, 0.7
_STRIPE_EVERY_PX, _STRIPE_WIDTH_PX = 10, 2


def image_uri(image: ShownImage, size_px: int = SHOWN_SIZE_PX) -> str:
    """Return an image as a JPEG data URI of that long side; what the model does not see of it is faded and hatched."""
    return picture_uri(plain_view(image, size_px))


def plain_view(image: ShownImage, size_px: int = SHOWN_SIZE_PX, hatched: bool = True) -> npt.NDArray[np.uint8]:
    """Return uint8 (y, x, 3): an image of that long side, faded and perhaps hatched where the model does not see it."""
    pixels_hwc = _resized(image, size_px)
    # A map without values tells where there would be any.
    placed_hw = place_map(np.zeros((1, 1)), _box_in(image, size_px), _shape(image, size_px))
    return _faded(pixels_hwc, np.isnan(placed_hw), hatched)


def overlay_uri(image: ShownImage, map_hw: npt.NDArray[np.floating[Any]], size_px: int = SHOWN_SIZE_PX) -> str | None:
    """Return the image with its map over it as a data URI; None where the map is flat or has no values."""
    shown = overlay(image, map_hw, size_px)
    return None if shown is None else picture_uri(shown)


def overlay(
    image: ShownImage, map_hw: npt.NDArray[np.floating[Any]], size_px: int = SHOWN_SIZE_PX, hatched: bool = True
) -> npt.NDArray[np.uint8] | None:
    """Return uint8 (y, x, 3): the image in grey under its map, or None for a map without contrast.

    The map is scaled from its own minimum to its own maximum, so colours cannot be compared between pairs;
    where it is high it covers more of the image. What the map does not reach, because the model does not see it, is
    faded, and hatched if asked; what the map says of borders beside the image is not shown.

    Args:
        image: in any shape.
        map_hw: over the model's view of the image (y, x).
        size_px: long side of the result.
        hatched: stripes over what is faded; without them it is plainer, where pictures are small.
    """
    scaled_hw = unit_range(map_hw)
    if scaled_hw is None:
        return None
    value_hw = place_map(scaled_hw, _box_in(image, size_px), _shape(image, size_px))
    is_unseen_hw = np.isnan(value_hw)
    value_hw = np.nan_to_num(value_hw)
    colour_hwc = matplotlib.colormaps[COLOURMAP](value_hw)[..., :3]
    pixels_hwc = _resized(image, size_px)
    grey_hw = pixels_hwc.astype(np.float64) @ np.array([0.299, 0.587, 0.114]) / 255
    alpha_hw1 = (LEAST_ALPHA + (MOST_ALPHA - LEAST_ALPHA) * value_hw)[..., None]
    blended_hwc = np.rint((alpha_hw1 * colour_hwc + (1 - alpha_hw1) * grey_hw[..., None]) * 255).astype(np.uint8)
    return np.where(is_unseen_hw[..., None], _faded(pixels_hwc, is_unseen_hw, hatched), blended_hwc)


def coloured_regions(
    image: ShownImage,
    regions: Sequence[npt.NDArray[np.floating[Any]]],
    colours: Sequence[tuple[int, int, int]],
    size_px: int = SHOWN_SIZE_PX,
) -> npt.NDArray[np.uint8]:
    """Return uint8 (y, x, 3): the image in grey under its regions, each in its colour, the stronger one on top.

    A region is opaque where it is largest; what the model does not see is faded and hatched.

    Args:
        image: in any shape.
        regions: each over the model's view (y, x) of any size, at least 0.
        colours: red, green and blue of each, 0 to 255.
        size_px: long side of the result.
    """
    shape, pixels_hwc = _shape(image, size_px), _resized(image, size_px)
    grey_hw1 = (pixels_hwc.astype(np.float64) @ np.array([0.299, 0.587, 0.114]))[..., None]
    shown_hwc = np.repeat(_GREY_LIFT + (1 - _GREY_LIFT / 255) * grey_hw1, 3, axis=2)
    box = _box_in(image, size_px)
    placed_khw = np.stack([place_map(region_hw / (region_hw.max() or 1), box, shape) for region_hw in regions])
    is_unseen_hw = np.isnan(placed_khw[0])
    strength_khw = np.clip(np.nan_to_num(placed_khw), 0, 1)
    strongest_hw = strength_khw.argmax(axis=0)
    above_hw = np.maximum(strength_khw.max(axis=0) - _REGION_FROM, 0) / (1 - _REGION_FROM)
    # The root makes an edge of where a region begins.
    alpha_hw1 = (MOST_ALPHA * np.sqrt(above_hw))[..., None]
    blended_hwc = (1 - alpha_hw1) * shown_hwc + alpha_hw1 * np.array(colours, dtype=np.float64)[strongest_hw]
    blended_hwc = np.rint(blended_hwc).astype(np.uint8)
    return np.where(is_unseen_hw[..., None], _faded(pixels_hwc, is_unseen_hw, hatched=True), blended_hwc)


def unit_range(map_hw: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32] | None:
    """Return the map from 0 (its minimum) to 1 (its maximum), float32; None if not finite or constant."""
    values = np.asarray(map_hw, dtype=np.float32)
    if not np.isfinite(values).all() or values.max() <= values.min():
        return None
    scaled_hw: npt.NDArray[np.float32] = (values - values.min()) / (values.max() - values.min())
    return scaled_hw


def legend_gradient() -> str:
    """Return the colours of the maps, least to most, as a CSS gradient."""
    stops = ", ".join("#" + "".join(f"{channel:02x}" for channel in row) for row in legend_colours(_LEGEND_STOPS))
    return f"linear-gradient(to right, {stops})"


def legend_colours(count: int) -> npt.NDArray[np.uint8]:
    """Return uint8 (colour, 3): that many colours of the maps, least to most."""
    colours_n4 = matplotlib.colormaps[COLOURMAP](np.linspace(0, 1, count))
    colours_n3: npt.NDArray[np.uint8] = np.rint(colours_n4[:, :3] * 255).astype(np.uint8)
    return colours_n3


def _faded(
    pixels_hwc: npt.NDArray[np.uint8], is_unseen_hw: npt.NDArray[np.bool_], hatched: bool
) -> npt.NDArray[np.uint8]:
    """Return a picture with some of its pixels faded, under diagonal stripes if asked."""
    along_hw = np.indices(is_unseen_hw.shape).sum(axis=0)
    is_stripe_hw1 = np.less(along_hw % _STRIPE_EVERY_PX, _STRIPE_WIDTH_PX if hatched else 0)[..., None]
    faded_hwc = (1 - _FADED_SHARE) * pixels_hwc + _FADED_SHARE * _FADED_TO
    striped_hwc = np.where(is_stripe_hw1, (1 - _STRIPE_SHARE) * faded_hwc + _STRIPE_SHARE * _STRIPE, faded_hwc)
    return np.where(is_unseen_hw[..., None], np.rint(striped_hwc).astype(np.uint8), pixels_hwc)


def _shape(image: ShownImage, size_px: int) -> tuple[int, int]:
    return shape_within(image.size_px, size_px)


def _box_in(image: ShownImage, size_px: int) -> CoveredBox:
    return scaled_box(image.seen_box, image.size_px, _shape(image, size_px))


def _resized(image: ShownImage, size_px: int) -> npt.NDArray[np.uint8]:
    shape = _shape(image, size_px)
    return np.asarray(Image.fromarray(image.pixels_hwc).resize(shape, Image.Resampling.LANCZOS))


def picture_uri(pixels_hwc: npt.NDArray[np.uint8]) -> str:
    """Return pixels (y, x, 3) as a JPEG data URI."""
    buffer = io.BytesIO()
    Image.fromarray(pixels_hwc).save(buffer, format="JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return data_uri(buffer.getvalue(), "image/jpeg")
