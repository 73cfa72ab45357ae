"""The edit: the labelled colour's mean and spread in CIELAB move to another's; shading, texture and the rest stay."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.recolouring.colour_pixels import NEUTRAL_CHROMA, ColourPixels, without_ground
from pipeline.evaluation.recolouring.colour_space import to_pixels

# Shadows and highlights end where screens do.
LIGHTNESS_RANGE: Final = (2.0, 98.0)
# A plain item given the spread of a mottled one would show noise.
SPREAD_RANGE: Final = (0.25, 2.0)


@dataclass(frozen=True)
class ColourStatistics:
    """The colour of an item in CIELAB.

    Attributes:
        mean: (3,) L, a, b.
        spread: root mean square distance from the mean in the plane of a and b.
    """

    mean: tuple[float, float, float]
    spread: float


def colour_statistics(lab_hwc: npt.NDArray[np.float64], colour: ColourPixels) -> ColourStatistics | None:
    """Return the statistics of the pixels that belong to the colour by more than half; None where none do."""
    lab_nc = lab_hwc[colour.counted_hw]
    if not len(lab_nc):
        return None
    mean_c = lab_nc.mean(axis=0)
    spread = float(np.sqrt(((lab_nc - mean_c)[:, 1:] ** 2).sum(axis=1).mean()))
    return ColourStatistics((float(mean_c[0]), float(mean_c[1]), float(mean_c[2])), spread)


def recolour(
    pixels_hwc: npt.NDArray[np.uint8],
    lab_hwc: npt.NDArray[np.float64],
    colour: ColourPixels,
    target: ColourStatistics,
) -> npt.NDArray[np.uint8]:
    """Return the image with its colour moved to the target's statistics, uint8 (y, x, 3).

    Pixels of weight 0 come back bit for bit; so does the whole image where the target is its own statistics, or where
    no pixel belongs to the colour. Where ground is mixed in, the item's part of the pixel is edited and mixed again.

    Args:
        pixels_hwc: uint8 sRGB.
        lab_hwc: CIELAB of these.
        colour: the pixels to edit.
        target: where mean and spread move to.
    """
    own = colour_statistics(lab_hwc, colour)
    if own is None or own == target:
        return pixels_hwc.copy()
    share_hw1 = colour.item_share_hw[..., None]
    item_hwc = without_ground(lab_hwc, colour.item_share_hw)
    edited_hwc = np.empty_like(lab_hwc)
    edited_hwc[..., 0] = _moved_lightness(item_hwc[..., 0], colour.counted_hw, own.mean[0], target.mean[0])
    edited_hwc[..., 1:] = _moved_chroma(item_hwc[..., 1:], edited_hwc[..., 0], own, target)
    moved_hwc = lab_hwc + colour.weights_hw[..., None] * share_hw1 * (edited_hwc - item_hwc)
    return np.where((colour.weights_hw > 0)[..., None], to_pixels(moved_hwc), pixels_hwc)


def _moved_lightness(
    lightness_hw: npt.NDArray[np.float64], counted_hw: npt.NDArray[np.bool_], mean: float, target: float
) -> npt.NDArray[np.float64]:
    """Shift the mean; variation stays, but for being pressed together where it would leave the range of lightness."""
    darkest, lightest = np.percentile(lightness_hw[counted_hw], (2, 98))
    low, high = LIGHTNESS_RANGE
    up = min(1.0, max(high - target, 0.0) / max(lightest - mean, 1e-9))
    down = min(1.0, max(target - low, 0.0) / max(mean - darkest, 1e-9))
    varied_hw = lightness_hw - mean
    moved: npt.NDArray[np.float64] = np.clip(target + np.where(varied_hw > 0, up, down) * varied_hw, 0, 100)
    return moved


def _moved_chroma(
    chroma_hwc: npt.NDArray[np.float64],
    lightness_hw: npt.NDArray[np.float64],
    own: ColourStatistics,
    target: ColourStatistics,
) -> npt.NDArray[np.float64]:
    """Turn deviations of a and b with the hue, scale them to the target's spread, and add them to its mean.

    The deviations of a saturated colour follow its shading along its own hue, so they turn with it. A neutral one has
    none: there the target's chroma falls with lightness, as it does in shadows.
    """
    from_ab, to_ab = np.array(own.mean[1:]), np.array(target.mean[1:])
    least, most = SPREAD_RANGE
    scale = float(np.clip(target.spread / max(own.spread, 1e-9), least, most))
    moved_hwc: npt.NDArray[np.float64] = (chroma_hwc - from_ab) * scale
    from_chroma, to_chroma = float(np.hypot(*from_ab)), float(np.hypot(*to_ab))
    if to_chroma >= NEUTRAL_CHROMA and from_chroma >= NEUTRAL_CHROMA:
        turn = np.arctan2(to_ab[1], to_ab[0]) - np.arctan2(from_ab[1], from_ab[0])
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        moved_hwc = moved_hwc @ rotation.T
    elif to_chroma >= NEUTRAL_CHROMA:
        shade_hw = np.clip(lightness_hw / max(target.mean[0], 1e-9), 0.2, 1.1)
        to_ab = to_ab * shade_hw[..., None]
    return to_ab + moved_hwc
