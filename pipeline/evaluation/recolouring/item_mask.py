"""The item of a catalogue photograph, cut from its white ground by a flood from the image's border."""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

# In CIELAB: what JPEG and a photographer's lamps make of white paper.
LEAST_LIGHTNESS: Final = 95.0
MOST_CHROMA: Final = 5.0
# Straps and soles may touch the border.
LEAST_BORDER_SHARE: Final = 0.9
# Enclosed paper, as inside a bag's handle; a white item's own white is not so pure, or speckles.
PURE_WHITE: Final = 253
LEAST_HOLE_SHARE: Final = 0.004
# Dust and captions beside the item.
LEAST_PIECE_SHARE: Final = 0.002


def item_mask(pixels_hwc: npt.NDArray[np.uint8], lab_hwc: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_] | None:
    """Return the pixels of the item, bool (y, x); None where the border is not white, so that no ground is known.

    Ground is what is nearly white and connected to the border, and enclosed areas of pure white.

    Args:
        pixels_hwc: uint8 sRGB (y, x, 3).
        lab_hwc: CIELAB of these.
    """
    near_white = (lab_hwc[..., 0] >= LEAST_LIGHTNESS) & (np.hypot(lab_hwc[..., 1], lab_hwc[..., 2]) <= MOST_CHROMA)
    border = np.ones_like(near_white)
    border[1:-1, 1:-1] = False
    if near_white[border].mean() < LEAST_BORDER_SHARE:
        return None
    pieces, _ = ndimage.label(near_white)
    outside = np.unique(pieces[border & near_white])
    ground = np.isin(pieces, outside[outside > 0])
    pure = (pixels_hwc >= PURE_WHITE).all(axis=2) & ~ground
    return _large_pieces(~(ground | _large_pieces(pure, LEAST_HOLE_SHARE)), LEAST_PIECE_SHARE)


def _large_pieces(chosen_hw: npt.NDArray[np.bool_], least_share: float) -> npt.NDArray[np.bool_]:
    """Return the connected pieces that cover at least a share of the image."""
    pieces, _ = ndimage.label(chosen_hw)
    sizes = np.bincount(pieces.ravel())
    kept = sizes >= least_share * chosen_hw.size
    kept[0] = False
    large: npt.NDArray[np.bool_] = kept[pieces]
    return large
