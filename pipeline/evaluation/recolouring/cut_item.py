"""An item cut from its ground, for edits that concern all of it: how much of each pixel is item."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from pipeline.evaluation.recolouring.colour_pixels import EDGE_PX, WHITE_LAB
from pipeline.evaluation.recolouring.colour_space import to_lab
from pipeline.evaluation.recolouring.item_mask import item_mask
from pipeline.evaluation.recolouring.reasons import LeftOut
from pipeline.evaluation.recolouring.references import LEAST_ITEM_SHARE

# An item as white as its ground has no edge to be told from it.
_LEAST_CONTRAST: Final = 5.0


@dataclass(frozen=True)
class CutItem:
    """An item with where it is.

    Attributes:
        pixels_hwc: uint8 sRGB (y, x, 3), with its ground.
        share_hw: how much of each pixel is item, float64 (y, x), 0 ground to 1.
    """

    pixels_hwc: npt.NDArray[np.uint8]
    share_hw: npt.NDArray[np.float64]


def cut_photograph(pixels_hwc: npt.NDArray[np.uint8]) -> CutItem | LeftOut:
    """Return the item of a catalogue photograph on white ground, or why it cannot be cut out.

    Beside the ground the share of item is the pixel's distance from white, as a part of that of the nearest pixel
    farther inside.

    Args:
        pixels_hwc: uint8 sRGB (y, x, 3).
    """
    lab_hwc = to_lab(pixels_hwc)
    mask_hw = item_mask(pixels_hwc, lab_hwc)
    if mask_hw is None:
        return LeftOut.NO_GROUND
    if mask_hw.mean() < LEAST_ITEM_SHARE:
        return LeftOut.TOO_SMALL
    inside_hw = ndimage.distance_transform_edt(mask_hw) > EDGE_PX
    if not inside_hw.any():
        return LeftOut.TOO_SMALL
    rows_hw, columns_hw = ndimage.distance_transform_edt(~inside_hw, return_distances=False, return_indices=True)
    contrast_hw = np.linalg.norm(lab_hwc - WHITE_LAB, axis=2)
    whole_hw = contrast_hw[rows_hw, columns_hw]
    mixed_hw = np.clip(contrast_hw / np.maximum(whole_hw, _LEAST_CONTRAST), 0, 1)
    edge_hw = np.where(whole_hw < _LEAST_CONTRAST, 1.0, mixed_hw)
    return CutItem(pixels_hwc, np.where(inside_hw, 1.0, np.where(mask_hw, edge_hw, 0.0)))
