"""Effects of cells on a coarser grid, where many images or pairs are looked at together. Must not import torch."""

import numpy as np
import numpy.typing as npt

from pipeline.area_pooling import pool_to_cells

# RISE's masks have 8 x 8 cells: a finer grid shows hardly more.
COARSE_CELLS = 7


def coarse(effects_ud: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Return float32 (cell, D): the effects of an image's cells on a grid of COARSE_CELLS a side, averaged over areas.

    Args:
        effects_ud: (cell, D) on a square grid, row by row.
    """
    side = round(len(effects_ud) ** 0.5)
    pooled_dyx = pool_to_cells(np.asarray(effects_ud, dtype=np.float64).T.reshape(-1, side, side), COARSE_CELLS)
    return pooled_dyx.reshape(len(pooled_dyx), -1).T.astype(np.float32)
