"""Area averaging of maps onto a coarser grid, exact where cells cut through pixels."""

import numpy as np

_BLOCK_MAPS = 256


def pool_to_cells(maps_phw: np.ndarray, cells: int) -> np.ndarray:
    """Return float64 (map, cell y, cell x): the area average of each map over each cell.

    A pixel cut by a cell's border counts in both cells by its share. A map with NaN becomes NaN throughout.

    Args:
        maps_phw: maps (map, y, x), any float type.
        cells: cells along a side.
    """
    rows_cy = area_weights(maps_phw.shape[1], cells)
    columns_xc = area_weights(maps_phw.shape[2], cells).T
    pooled_pcc = np.empty((len(maps_phw), cells, cells))
    for start in range(0, len(maps_phw), _BLOCK_MAPS):
        block = maps_phw[start : start + _BLOCK_MAPS].astype(np.float64)
        missing = ~np.isfinite(block).all(axis=(1, 2))
        block[missing] = 0
        pooled = rows_cy @ (block @ columns_xc)
        pooled[missing] = np.nan
        pooled_pcc[start : start + _BLOCK_MAPS] = pooled
    return pooled_pcc


def area_weights(size_px: int, cells: int) -> np.ndarray:
    """Return float64 (cell, pixel): the share of each cell's length that each pixel covers; rows sum to 1."""
    cell_px = size_px / cells
    starts = np.arange(cells)[:, None] * cell_px
    pixels = np.arange(size_px)[None, :]
    overlap = np.minimum(starts + cell_px, pixels + 1) - np.maximum(starts, pixels)
    return np.clip(overlap, 0, None) / cell_px  # type: ignore[no-any-return]
