"""RISE as published for classifiers (Petsiuk et al., 2018), with the similarity in place of a class score.

Written from the paper: all masks are made up front, one by one, each a coarse random grid enlarged beyond the image
and cropped at a random place; the image is multiplied by all of them, the network sees them in batches, and the map is
the scores' weighted sum of masks over N p. Masks are one array in memory; the network is as built.
"""

from collections.abc import Callable

import numpy as np
import torch
from skimage.transform import resize

CELLS, KEEP_PROBABILITY = 8, 0.5

# Masked images (mask, 3, y, x) to scores (mask,).
Score = Callable[[torch.Tensor], torch.Tensor]


def make_masks(count: int, size_px: int, seed: int = 0) -> np.ndarray:
    """Return float32 (mask, y, x), 0 to 1."""
    rng = np.random.default_rng(seed)
    cell_px = -(-size_px // CELLS)
    enlarged_px = (CELLS + 1) * cell_px
    masks = np.empty((count, size_px, size_px), np.float32)
    for number in range(count):
        grid = (rng.random((CELLS, CELLS)) < KEEP_PROBABILITY).astype(np.float32)
        top, left = rng.integers(0, cell_px, 2)
        size = (enlarged_px, enlarged_px)
        enlarged = resize(grid, size, order=1, mode="reflect", anti_aliasing=False)  # type: ignore[no-untyped-call]
        masks[number] = enlarged[top : top + size_px, left : left + size_px]
    return masks


def explain(image_chw: torch.Tensor, masks_nhw: np.ndarray, score: Score, batch: int) -> np.ndarray:
    """Return the map, float32 (y, x): sum of score x mask over N p."""
    masks = torch.from_numpy(masks_nhw)
    with torch.inference_mode():
        parts = [score(image_chw * masks[start : start + batch, None]) for start in range(0, len(masks), batch)]
        scores_n = torch.cat(parts)
        weighted_hw = (scores_n @ masks.flatten(1)).view(masks.shape[1:])
    return (weighted_hw / (len(masks) * KEEP_PROBABILITY)).numpy()
