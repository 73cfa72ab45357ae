"""Removed pixels filled in from their surroundings, so that the hole itself tells the model nothing.

Source: Rong et al., A Consistent and Efficient Evaluation Strategy for Attribution Methods (ROAD), ICML 2022,
section 4.2 (noisy linear imputation).
"""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from pipeline.errors import BadDataset

# The source's weights of a pixel's neighbours: 4 beside it, 4 across its corners.
BESIDE, ACROSS = 1 / 6, 1 / 12
NEIGHBOURS = tuple(
    (dy, dx, ACROSS if dy and dx else BESIDE) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)
)
# The source's 0.01 of the range of colours.
NOISE_LEVELS = 2.55


def impute_pixels(
    pixels_hwc: npt.NDArray[np.uint8], removed_hw: npt.NDArray[np.bool_], rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Return the image whose removed pixels are each the weighted mean of their neighbours, plus a little noise.

    uint8 (y, x, channel), rounded and cut off at 0 and 255; pixels that are not removed stay as they are. Neighbours
    beside count 1/6, those across a corner 1/12; at the border, where there are fewer, their weights are scaled to sum
    to 1. Neighbours may be removed themselves, so that all removed pixels are the solution of one sparse linear system.

    Args:
        pixels_hwc: uint8 (y, x, channel).
        removed_hw: (y, x) bool.
        rng: draws the noise, normal with a deviation of 2.55 levels.

    Raises:
        BadDataset: every pixel is removed: there is nothing to fill in from.
    """
    if removed_hw.all():
        raise BadDataset(
            expected="an image of which some pixels are left",
            found="every pixel removed",
            where="the imputation of removed pixels",
            remedy="remove fewer",
        )
    filled = pixels_hwc.astype(np.float64)
    if removed_hw.any():
        smooth_nc = _neighbour_means(filled, removed_hw)
        filled[removed_hw] = smooth_nc + rng.normal(0, NOISE_LEVELS, smooth_nc.shape)
    return np.clip(np.rint(filled), 0, 255).astype(np.uint8)


def _neighbour_means(pixels_hwc: npt.NDArray[np.float64], removed_hw: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the removed pixels' values without noise, float64 (removed pixel, channel), in row order."""
    height, width = removed_hw.shape
    ys, xs = np.nonzero(removed_hw)
    n = len(ys)
    number_hw = np.full(removed_hw.shape, -1)
    number_hw[ys, xs] = np.arange(n)
    known_nc = np.zeros((n, pixels_hwc.shape[2]))
    total_n = np.zeros(n)
    rows, columns, weights = [], [], []
    for dy, dx, weight in NEIGHBOURS:
        y, x = ys + dy, xs + dx
        inside = np.flatnonzero((y >= 0) & (y < height) & (x >= 0) & (x < width))
        total_n[inside] += weight
        numbers = number_hw[y[inside], x[inside]]
        is_removed = numbers >= 0
        known = inside[~is_removed]
        known_nc[known] += weight * pixels_hwc[y[known], x[known]]
        rows.append(inside[is_removed])
        columns.append(numbers[is_removed])
        weights.append(np.full(int(is_removed.sum()), -weight))
    rows.append(np.arange(n))
    columns.append(np.arange(n))
    weights.append(total_n)
    system = csc_matrix((np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(n, n))
    # Each equation is kept multiplied by the sum of its weights: so the system is symmetric and positive definite, and
    # needs no pivots. With the usual ones, scattered pixels take 25 times as long.
    factors = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    solution: npt.NDArray[np.float64] = factors.solve(known_nc)
    return solution
