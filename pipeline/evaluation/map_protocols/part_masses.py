"""Does a map give its saliency to parts by what they do to the score?"""

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from pipeline.evaluation.map_protocols.positive_mass import masses_in_regions

# The ranks of two parts agree or they do not: that is no correlation.
FEWEST_PARTS = 3


def mass_rank_correlation(mass_a: npt.NDArray[np.floating], effect_a: npt.NDArray[np.floating]) -> float:
    """Return Spearman's correlation of the parts' masses with their true effects, -1 to 1, ties at their mean rank.

    0 where all masses are equal, because such a map ranks nothing. NaN where a mass is NaN, where fewer than three
    parts have an effect, or all effects are equal.

    Args:
        mass_a: (part,) share of the positive saliency in the part's region.
        effect_a: (part,) drop of the score when the part alone is removed or replaced; NaN where it has no edit.

    Source: the single-deletion protocol: parts are deleted one at a time, and importance is correlated with the drop.
    Deliberate departure: one part alone is edited in a rendered item, instead of blanked in a photograph.
    """
    known_a = np.isfinite(effect_a)
    masses, effects = np.asarray(mass_a, np.float64)[known_a], np.asarray(effect_a, np.float64)[known_a]
    if len(effects) < FEWEST_PARTS or not np.isfinite(masses).all() or np.ptp(effects) == 0:
        return float("nan")
    if np.ptp(masses) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(masses), rankdata(effects))[0, 1])


def mass_without_effect(
    map_hw: npt.NDArray[np.floating],
    regions_ahw: npt.NDArray[np.bool_],
    effect_a: npt.NDArray[np.floating],
    floor: float,
) -> float:
    """Return the share of the positive saliency on pixels that belong only to parts without effect, 0 to 1.

    Smaller is better. NaN where there is no such pixel, or the map has no positive value.

    Args:
        map_hw: (y, x) saliency.
        regions_ahw: (part, y, x) bool, the pixels that change with each part.
        effect_a: (part,) true effects; parts whose effect is NaN count neither way.
        floor: the size that an effect must exceed to count (the audit's tau).

    Deliberate choice: pixels that a part with an effect changes as well are left out, because saliency there may
    stand for that part.
    """
    sizes_a = np.abs(effect_a)
    idle_hw = regions_ahw[sizes_a <= floor].any(axis=0) & ~regions_ahw[sizes_a > floor].any(axis=0)
    if not idle_hw.any():
        return float("nan")
    return float(masses_in_regions(map_hw, idle_hw[None])[0])
