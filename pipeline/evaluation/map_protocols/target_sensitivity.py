"""Does a map follow its reference? Two references, for which different parts of the query matter, tell.

The saliency should lie more on the first part under the reference for which that part matters, and less under the
other. A map that does not depend on the reference does not move at all.
"""

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.map_protocols.positive_mass import masses_in_regions

# Differences of sums of a map's shares that are rounding alone.
_NO_MOVE = 1e-9


def moved_mass(
    map_hw: npt.NDArray[np.floating],
    other_map_hw: npt.NDArray[np.floating],
    region_hw: npt.NDArray[np.bool_],
    other_region_hw: npt.NDArray[np.bool_],
) -> float:
    """Return how far the map's mass moves to its own part when the other reference gives way to its own, -2 to 2.

    With m the share of the positive saliency: (m(region) - m(other region)) of the map, minus the same of the other
    map. What lies in both regions cancels. 0 where the maps are equal, 2 where each lies in its own region alone and
    not in the other. NaN where a region has no pixel of its own, or a map has no positive value.

    Args:
        map_hw: (y, x) saliency of the query for one reference.
        other_map_hw: (y, x) saliency of the same query for another reference.
        region_hw: (y, x) bool, the query's truly best attribute for the first reference.
        other_region_hw: (y, x) bool, that for the other reference.
    """
    if not (region_hw & ~other_region_hw).any() or not (other_region_hw & ~region_hw).any():
        return float("nan")
    regions_rhw = np.stack([region_hw, other_region_hw])
    first, second = masses_in_regions(map_hw, regions_rhw), masses_in_regions(other_map_hw, regions_rhw)
    return float((first[0] - first[1]) - (second[0] - second[1]))


def is_right_move(moved: float) -> float:
    """Return 1 where mass moved the right way, 0 where the wrong way, 0.5 where not at all; NaN of NaN."""
    if not np.isfinite(moved):
        return float("nan")
    return 0.5 if abs(moved) <= _NO_MOVE else float(moved > 0)
