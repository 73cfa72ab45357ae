"""How a map's positive saliency is spread over regions of an image."""

import numpy as np
import numpy.typing as npt


def positive_shares(map_hw: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return each pixel's share of the positive saliency, float64 (y, x), 0 to 1, of sum 1.

    NaN throughout where the map has no positive value or holds one that is not finite: it points nowhere.

    Args:
        map_hw: (y, x) saliency, larger = matters more. Negative values count as 0.
    """
    values = np.asarray(map_hw, dtype=np.float64)
    positive = np.where(values > 0, values, 0.0)
    total = positive.sum()
    if not np.isfinite(values).all() or total <= 0:
        return np.full(values.shape, np.nan)
    shares: npt.NDArray[np.float64] = positive / total
    return shares


def masses_in_regions(map_hw: npt.NDArray[np.floating], regions_ahw: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the share of the positive saliency inside each region, float64 (region,), 0 to 1; NaN as above.

    Args:
        map_hw: (y, x) saliency.
        regions_ahw: (region, y, x) bool. Regions may overlap: each counts what lies in it.
    """
    shares_hw = positive_shares(map_hw)
    masses: npt.NDArray[np.float64] = np.where(regions_ahw, shares_hw, 0.0).sum(axis=(1, 2))
    return masses if np.isfinite(shares_hw).all() else np.full(len(regions_ahw), np.nan)
