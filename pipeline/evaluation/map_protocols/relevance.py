"""How much of a map lies in the region that is known to matter: relevance mass accuracy and relevance rank accuracy.

Source: Arras, Osman and Samek, CLEVR-XAI, Information Fusion 2022, section 3.3.
"""

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.map_protocols.positive_mass import masses_in_regions


def relevance_mass_accuracy(map_hw: npt.NDArray[np.floating], region_hw: npt.NDArray[np.bool_]) -> float:
    """Return the share of the map's positive saliency that lies in the region, 0 to 1.

    NaN where the region is empty, or the map has no positive value or one that is not finite.

    Args:
        map_hw: (y, x) saliency.
        region_hw: (y, x) bool, the pixels that matter.
    """
    if not region_hw.any():
        return float("nan")
    return float(masses_in_regions(map_hw, region_hw[None])[0])


def relevance_rank_accuracy(map_hw: npt.NDArray[np.floating], region_hw: npt.NDArray[np.bool_]) -> float:
    """Return the share of the k most salient pixels that lie in the region, k being its size, 0 to 1.

    NaN where the region is empty or the map holds a value that is not finite.
    Deliberate departure: where pixels tie at the k-th place, the share that a random choice among them expects; the
    source leaves it to the order of sorting. A constant map so gets the region's share of the image.
    """
    k = int(region_hw.sum())
    values = np.asarray(map_hw, dtype=np.float64)
    if k == 0 or not np.isfinite(values).all():
        return float("nan")
    last = np.partition(values.ravel(), values.size - k)[values.size - k]
    above, tied = values > last, values == last
    places_left = k - int(above.sum())
    return (int((above & region_hw).sum()) + places_left * float(region_hw[tied].mean())) / k
