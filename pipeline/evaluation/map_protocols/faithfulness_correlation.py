"""Do the regions that a map says matter cost the score as much as it says, when random ones are removed?

Source: Bhatt, Weller and Moura, Evaluating and Aggregating Feature-based Model Explanations, IJCAI 2020, Definition 3.
"""

import numpy as np
import numpy.typing as npt

from pipeline.area_pooling import area_weights
from pipeline.randomness import keyed_rng

# Cells along a side; half of all cells are removed at a time.
GRID_CELLS = 8


def held_out_removals(query_id: str, seed: int, removals: int, image_size_px: int) -> npt.NDArray[np.bool_]:
    """Return which pixels each removal takes away, bool (removal, y, x): half of the cells of an 8 x 8 grid.

    Drawn without replacement, keyed by seed and query, so that all generators and references are judged by the same
    removals, which none of them has seen. A pixel goes with the cell that its centre lies in.
    Deliberate choice: always half of the cells. As many pixels are removed each time, so that neither an offset of a
    map nor the amount removed makes a correlation.

    Args:
        query_id: of the query.
        seed: of the run.
        removals: how many.
        image_size_px: side of the image, at least 8.
    """
    rng = keyed_rng(seed, query_id, "held-out removals")
    cells = GRID_CELLS**2
    removed_nc = np.zeros((removals, cells), dtype=np.bool_)
    for removed_c in removed_nc:
        removed_c[rng.permutation(cells)[: cells // 2]] = True
    cell_of_pixel = area_weights(image_size_px, GRID_CELLS).argmax(axis=0)
    grids_ncc = removed_nc.reshape(removals, GRID_CELLS, GRID_CELLS)
    return grids_ncc[:, cell_of_pixel][:, :, cell_of_pixel]


def faithfulness_correlation(
    map_hw: npt.NDArray[np.floating],
    removed_nhw: npt.NDArray[np.bool_],
    drops_n: npt.NDArray[np.floating],
) -> float:
    """Return Pearson's correlation, over removals, of the saliency removed with the drop of the score, -1 to 1.

    0 where the saliency removed is always the same, as of a constant map. NaN where the score drops alike every time.

    Args:
        map_hw: (y, x) saliency; its values count with their sign.
        removed_nhw: (removal, y, x) bool, the pixels removed.
        drops_n: (removal,) the query's score minus that of the image without them.
    """
    values = np.asarray(map_hw, dtype=np.float64)
    masses_n = removed_nhw.reshape(len(removed_nhw), -1).astype(np.float64) @ values.ravel()
    drops = np.asarray(drops_n, dtype=np.float64)
    # Sums of many pixels differ by rounding even where the map is flat.
    if np.ptp(values) == 0 or np.ptp(masses_n) <= 1e-9 * np.abs(values).sum():
        return 0.0
    if np.ptp(drops) == 0:
        return float("nan")
    return float(np.corrcoef(masses_n, drops)[0, 1])
