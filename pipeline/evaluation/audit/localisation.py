"""Does a map point at the pixels that really change when the true best attribute is edited?

Report each figure minus the centre blob's, by tercile of region area. Must not import torch.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

LARGEST_REGION_SHARE = 0.5


def map_auroc(map_hw: npt.NDArray[np.floating], region_hw: npt.NDArray[np.bool_]) -> float:
    """Return the chance that a pixel of the region is more salient than one outside, ties counted half.

    Args:
        map_hw: (y, x) saliency, larger = matters more.
        region_hw: (y, x) bool, the pixels that an edit of the true best attribute changes.

    NaN where the region is empty or everything, or the map holds NaN. Source: Mann and Whitney 1947.
    """
    inside = region_hw.ravel()
    n_inside, n_outside = int(inside.sum()), int((~inside).sum())
    if n_inside == 0 or n_outside == 0 or np.isnan(map_hw).any():
        return float("nan")
    rank_sum = float(rankdata(map_hw.ravel())[inside].sum())
    return (rank_sum - n_inside * (n_inside + 1) / 2) / (n_inside * n_outside)


def pointing_hit(map_hw: npt.NDArray[np.floating], region_hw: npt.NDArray[np.bool_]) -> float:
    """Return whether the map's peak lies in the region: 1 or 0, or the share of tied peaks that do.

    NaN where the region is empty or the map holds NaN. A constant map gets the region's share of the image,
    which is what pointing at random expects.
    """
    if not region_hw.any() or np.isnan(map_hw).any():
        return float("nan")
    return float(region_hw[map_hw == map_hw.max()].mean())


def scored_regions(region_share_p: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Return which regions, given as shares of the image's area, count: not empty, at most half of it."""
    return (region_share_p > 0) & (region_share_p <= LARGEST_REGION_SHARE)


def localisation_measures(
    map_hw: npt.NDArray[np.floating], region_hw: npt.NDArray[np.bool_]
) -> dict[str, float | None]:
    """Return `auroc`, `pointing_hit` and `region_share`; both measures None where the region or the map is not scored.

    Args:
        map_hw: (y, x) saliency, larger = matters more.
        region_hw: (y, x) bool, of the same shape.
    """
    share = float(region_hw.mean())
    measures = {"auroc": float("nan"), "pointing_hit": float("nan")}
    if scored_regions(np.array([share]))[0]:
        measures = {"auroc": map_auroc(map_hw, region_hw), "pointing_hit": pointing_hit(map_hw, region_hw)}
    return {name: None if math.isnan(value) else value for name, value in measures.items()} | {"region_share": share}


def area_terciles(region_share_p: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """Return the tercile of each scored region by area, 0 (small) to 2 (large); -1 where not scored.

    The borders are the 1/3 and 2/3 quantiles of the scored regions; a region on a border is in the lower one.
    """
    scored_p = scored_regions(region_share_p)
    tercile_p = np.full(region_share_p.shape, -1, dtype=np.int64)
    if scored_p.any():
        borders = np.quantile(np.asarray(region_share_p[scored_p], np.float64), [1 / 3, 2 / 3])
        tercile_p[scored_p] = np.searchsorted(borders, region_share_p[scored_p], side="left")
    return tercile_p
