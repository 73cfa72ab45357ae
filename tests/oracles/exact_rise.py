"""RISE maps over every mask that there is: the limit of infinitely many masks, by enumeration in float64."""

from collections.abc import Callable
from itertools import product

import numpy as np

from tests.oracles.rise import mask


def every_mask(cells: int, cell_px: int, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all grids (mask, cell y, cell x) and shifts (mask, 2) of masks that are equally likely at p = 0.5."""
    grids, shifts = [], []
    for kept in product([False, True], repeat=cells * cells):
        for shift in product(range(cell_px), repeat=2):
            grids.append(np.array(kept).reshape(cells, cells))
            shifts.append(shift)
    return np.stack(grids), np.array(shifts)


def limit_map(score: Callable[[np.ndarray], float], cells: int, cell_px: int, size_px: int) -> np.ndarray:
    """Return E[(s - E s) M(x)] / E M(x), (y, x)."""
    grids, shifts = every_mask(cells, cell_px, size_px)
    masks = [mask(grid, shift, cell_px, size_px) for grid, shift in zip(grids, shifts, strict=True)]
    scores = [score(one) for one in masks]
    mean = sum(scores) / len(scores)
    total = sum((value - mean) * one for value, one in zip(scores, masks, strict=True))
    return np.asarray(total / sum(masks))
