"""GrabCut (Rother et al. 2004) by OpenCV, from seeds to a mask: the same for the same picture and seeds."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.errors import BadDataset, BadSetting
from pipeline.evaluation.segmentation.seeds import Seeds

# OpenCV describes object and ground by so many colours each, and wants as many pixels of each to begin with.
COLOURS_OF_A_SIDE = 5


@dataclass(frozen=True)
class GrabCutSpec:
    """How GrabCut runs.

    Attributes:
        iterations: of colours and cut, at least 1.
        seed: of the first guess at the colours, at least 0.

    Raises:
        BadSetting: out of range.
    """

    iterations: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.iterations < 1 or not 0 <= self.seed < 2**31:
            raise BadSetting(
                expected="at least 1 iteration, and a seed from 0 to 2^31 - 1",
                found=f"{self.iterations}, {self.seed}",
                where="GrabCut",
                remedy="use 5 iterations and seed 0",
            )


def cut_out(pixels_hwc: npt.NDArray[np.uint8], seeds_yx: Seeds, spec: GrabCutSpec) -> npt.NDArray[np.bool_]:
    """Return bool (y, x), the object.

    The picture is taken in OpenCV's own order of colours. Where the seeds give object or ground fewer pixels than
    GrabCut describes colours, the object is what they began with.

    Args:
        pixels_hwc: uint8 RGB picture (y, x, 3).
        seeds_yx: labels of OpenCV's GrabCut at the picture's size; they stay as they are.
        spec: iterations and seed.

    Raises:
        BadDataset: picture and seeds are of two sizes.
    """
    if pixels_hwc.shape != (*seeds_yx.shape, 3):
        raise BadDataset(
            expected=f"seeds of the picture's size {pixels_hwc.shape[:2]}",
            found=str(seeds_yx.shape),
            where="GrabCut",
            remedy="place the map on the picture first",
        )
    labels_yx = seeds_yx.copy()
    is_object_yx = _object(labels_yx)
    if min(is_object_yx.sum(), (~is_object_yx).sum()) < COLOURS_OF_A_SIDE:
        return is_object_yx
    # The generator of this thread, which k-means draws its first centres from.
    cv2.setRNGSeed(spec.seed)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    picture_hwc = np.ascontiguousarray(pixels_hwc[..., ::-1])
    cv2.grabCut(picture_hwc, labels_yx, (0, 0, 1, 1), *models, spec.iterations, cv2.GC_INIT_WITH_MASK)
    return _object(labels_yx)


def _object(labels_yx: Seeds) -> npt.NDArray[np.bool_]:
    return np.isin(labels_yx, (cv2.GC_FGD, cv2.GC_PR_FGD))
