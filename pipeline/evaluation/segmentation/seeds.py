"""From a map to seeds of GrabCut: which pixels are object and ground for sure, and which are so likely.

SAM (section 4.3) uses its attention "as a cue" for GrabCut and says no more: scale and thresholds are this project's.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from pipeline.errors import BadSetting

Seeds = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class SeedSpec:
    """How values of a map become seeds.

    Attributes:
        scale: "rank", the share of pixels with a lower value (of equal ones their middle), which gives maps of every
            kind alike many seeds; or "range", the value between the map's smallest (0) and largest (1).
        sure_object: from here on a pixel is object whatever GrabCut finds.
        likely_object: from here on it begins as object.
        sure_ground: below it is ground whatever GrabCut finds.

    Raises:
        BadSetting: not 0 <= sure_ground <= likely_object <= sure_object.
    """

    scale: Literal["rank", "range"] = "rank"
    sure_object: float = 0.95
    likely_object: float = 0.75
    sure_ground: float = 0.4

    def __post_init__(self) -> None:
        if not 0 <= self.sure_ground <= self.likely_object <= self.sure_object:
            raise BadSetting(
                expected="0 <= sure_ground <= likely_object <= sure_object",
                found=f"{self.sure_ground}, {self.likely_object}, {self.sure_object}",
                where="seeds of one-shot segmentation",
                remedy="put the thresholds in this order",
            )


def seeds_of_map(map_yx: npt.NDArray[np.floating], spec: SeedSpec) -> Seeds | None:
    """Return uint8 (y, x) labels of OpenCV's GrabCut; None for a map that is the same everywhere, which seeds nothing.

    Args:
        map_yx: larger values where the object is sought; NaN where nothing is known, which begins as ground.
        spec: the thresholds.
    """
    is_known_yx = np.isfinite(map_yx)
    known_p = map_yx[is_known_yx].astype(np.float64)
    if not known_p.size or known_p.min() == known_p.max():
        return None
    scaled_yx = np.full(map_yx.shape, np.nan)
    scaled_yx[is_known_yx] = _scaled(known_p, spec.scale)
    seeds_yx = np.full(map_yx.shape, cv2.GC_PR_BGD, dtype=np.uint8)
    # Comparisons with NaN are False.
    seeds_yx[scaled_yx < spec.sure_ground] = cv2.GC_BGD
    seeds_yx[scaled_yx >= spec.likely_object] = cv2.GC_PR_FGD
    seeds_yx[scaled_yx >= spec.sure_object] = cv2.GC_FGD
    return seeds_yx


def frame_seeds(height_px: int, width_px: int, margin_share: float) -> Seeds:
    """Return uint8 (y, x) labels of a frame that is ground for sure around what begins as object: a control.

    Args:
        height_px: of the picture.
        width_px: likewise.
        margin_share: width of the frame as a share of each side, above 0 and below 0.5; at least 1 px.

    Raises:
        BadSetting: the frame leaves nothing.
    """
    rows, columns = (max(round(margin_share * side), 1) for side in (height_px, width_px))
    if not 0 < margin_share < 0.5 or 2 * rows >= height_px or 2 * columns >= width_px:
        raise BadSetting(
            expected="a frame that leaves a part of the picture",
            found=f"{margin_share} of each side of {width_px} x {height_px} px",
            where="frame of one-shot segmentation",
            remedy="make it narrower, such as 0.05",
        )
    seeds_yx = np.full((height_px, width_px), cv2.GC_BGD, dtype=np.uint8)
    seeds_yx[rows:-rows, columns:-columns] = cv2.GC_PR_FGD
    return seeds_yx


def _scaled(values_p: npt.NDArray[np.float64], scale: str) -> npt.NDArray[np.float64]:
    """Return values from 0 to 1 in the order of the given ones."""
    if scale == "rank":
        ranks_p: npt.NDArray[np.float64] = (rankdata(values_p) - 0.5) / len(values_p)
        return ranks_p
    smallest = values_p.min()
    scaled_p: npt.NDArray[np.float64] = (values_p - smallest) / (values_p.max() - smallest)
    return scaled_p
