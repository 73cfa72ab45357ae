"""Patches around peaks: a square of an image, moved inside its borders and brought to the image's full size."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.errors import BadSetting


@dataclass(frozen=True)
class Box:
    """A square of an image in pixels: rows top to top + side, columns left to left + side."""

    top: int
    left: int
    side: int


def crop_side_px(image_size_px: int, crop_share: float) -> int:
    """Return the side of patches of images of this size, at least 1 px.

    Raises:
        BadSetting: a share that is not above 0 and at most 1.
    """
    if not 0 < crop_share <= 1:
        raise BadSetting(
            expected="a share of the image's side, above 0 and at most 1",
            found=repr(crop_share),
            where="discovery.crop_share",
            remedy="the papers' is 30 / 112 = 0.268",
        )
    return max(1, round(image_size_px * crop_share))


def box_around(cell: int, cells: int, image_size_px: int, side_px: int) -> Box:
    """Return the square of a side around the centre of a cell; one that would leave the image is moved inside.

    Args:
        cell: of the map's grid, row by row.
        cells: along a side of that grid.
        image_size_px: of the square image.
        side_px: of the patch, at most the image's.
    """
    y, x = divmod(cell, cells)
    most = image_size_px - side_px

    def start(index: int) -> int:
        # In whole numbers, twice as large: the centre is at (index + 1/2) size / cells, the start half a side before.
        doubled = ((2 * index + 1) * image_size_px - side_px * cells) // (2 * cells)
        return min(max(doubled, 0), most)

    return Box(start(y), start(x), side_px)


def full_size_patch(pixels_hwc: npt.NDArray[np.uint8], box: Box) -> npt.NDArray[np.uint8]:
    """Return uint8 (y, x, 3): the square of an image, enlarged bilinearly (half-pixel centres) to the image's size.

    Source: v1 C and ECCV 4, steps 4 and 5.
    """
    height, width = pixels_hwc.shape[:2]
    inside = pixels_hwc[box.top : box.top + box.side, box.left : box.left + box.side]
    enlarged = Image.fromarray(np.ascontiguousarray(inside)).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(enlarged)
