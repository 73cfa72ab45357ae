"""A sliding window for image similarity, one window and one pixel at a time in float64 (v1 sections A.1, B.2)."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from tests.oracles.rise import embeddings

PAPERS_SIDE, AUTHORS_SIDE = Fraction(39, 112), Fraction(32, 112)


def starts(per_side: int, side: Fraction, at_the_edge: int) -> list[Fraction]:
    """Return where windows begin: `at_the_edge` of them lie over each end of the image, two of these flush with it."""
    flush_first, flush_last = at_the_edge - 1, per_side - at_the_edge
    step = (1 - side) / (flush_last - flush_first)
    return [(number - flush_first) * step for number in range(per_side)]


def masks(per_side: int, side: Fraction, at_the_edge: int, size_px: int) -> np.ndarray:
    """Return all masks (mask, y, x), 0 where a window holds the pixel's centre, rows of windows from top to bottom."""
    begins = starts(per_side, side, at_the_edge)
    result = []
    for top in begins:
        for left in begins:
            mask = np.ones((size_px, size_px))
            for y in range(size_px):
                for x in range(size_px):
                    centre_y, centre_x = Fraction(2 * y + 1, 2 * size_px), Fraction(2 * x + 1, 2 * size_px)
                    if top <= centre_y <= top + side and left <= centre_x <= left + side:
                        mask[y, x] = 0
            result.append(mask)
    return np.stack(result)


def mean_drops(score: float, scores_n: np.ndarray, masks_nhw: np.ndarray) -> np.ndarray:
    """Return each pixel's mean drop over the masks that remove it, weighted by how much they remove of it."""
    height, width = masks_nhw.shape[1:]
    result = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            removed = sum(1 - mask[y, x] for mask in masks_nhw)
            drops = sum((1 - mask[y, x]) * (score - one) for one, mask in zip(scores_n, masks_nhw, strict=True))
            result[y, x] = drops / removed if removed > 0 else 0
    return result


def maps(
    pixels_hwc: np.ndarray,
    references_kd: np.ndarray,
    masks_nhw: np.ndarray,
    embed: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return one map per reference (reference, y, x), each from its own passes through the model."""
    result = []
    for reference in references_kd.astype(np.float64):
        whole = embeddings(pixels_hwc, np.ones((1, *masks_nhw.shape[1:])), embed)[0] @ reference
        scores = np.array([vector @ reference for vector in embeddings(pixels_hwc, masks_nhw, embed)])
        result.append(mean_drops(whole, scores, masks_nhw))
    return np.stack(result)


def enlarged_bilinearly(grid: np.ndarray, size_px: int) -> np.ndarray:
    """Return the grid at another size: half-pixel centres, clamped at the border."""
    cells = len(grid)
    result = np.zeros((size_px, size_px))
    for y in range(size_px):
        for x in range(size_px):
            places = [min(max((2 * one + 1) * cells / (2 * size_px) - 0.5, 0), cells - 1) for one in (y, x)]
            (top, left), (down, right) = [int(place) for place in places], [place % 1 for place in places]
            bottom, far = min(top + 1, cells - 1), min(left + 1, cells - 1)
            upper = (1 - right) * grid[top, left] + right * grid[top, far]
            lower = (1 - right) * grid[bottom, left] + right * grid[bottom, far]
            result[y, x] = (1 - down) * upper + down * lower
    return result
