"""RISE for image similarity, one mask at a time in float64 (Petsiuk et al., 2018; v1 section 3.2)."""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

MEAN_RGB = (0.485, 0.456, 0.406)
DEVIATION_RGB = (0.229, 0.224, 0.225)


def mask(grid_cc: np.ndarray, shift_yx: np.ndarray, cell_px: int, size_px: int) -> np.ndarray:
    """Return one mask: the grid enlarged to one cell more than the image, cropped at its shift."""
    enlarged_px = (len(grid_cc) + 1) * cell_px
    grid = torch.tensor(np.asarray(grid_cc, dtype=np.float64))[None, None]
    enlarged = functional.interpolate(grid, size=(enlarged_px, enlarged_px), mode="bilinear", align_corners=False)
    y, x = int(shift_yx[0]), int(shift_yx[1])
    return enlarged[0, 0, y : y + size_px, x : x + size_px].numpy()


def masks(grids_ncc: np.ndarray, shifts_n2: np.ndarray, cell_px: int, size_px: int) -> np.ndarray:
    """Return all masks (mask, y, x)."""
    return np.stack([mask(grid, shift, cell_px, size_px) for grid, shift in zip(grids_ncc, shifts_n2, strict=True)])


def normalised(pixels_hwc: np.ndarray) -> np.ndarray:
    """Return float64 (3, y, x) with the ImageNet statistics removed."""
    image = np.empty((3, *pixels_hwc.shape[:2]))
    for channel in range(3):
        image[channel] = (pixels_hwc[:, :, channel] / 255.0 - MEAN_RGB[channel]) / DEVIATION_RGB[channel]
    return image


def embeddings(pixels_hwc: np.ndarray, masks_nhw: np.ndarray, embed: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the unit embedding of the image under each mask; `embed` takes one image (3, y, x)."""
    image = normalised(pixels_hwc)
    rows = []
    for one_mask in masks_nhw:
        vector = embed(image * one_mask[None])
        rows.append(vector / np.sqrt((vector**2).sum()))
    return np.stack(rows)


def map_of_scores(scores_n: np.ndarray, masks_nhw: np.ndarray) -> np.ndarray:
    """Return sum_i (s_i - mean s) M_i / sum_i M_i, 0 where no mask shows the pixel."""
    mean = sum(float(score) for score in scores_n) / len(scores_n)
    total = np.zeros(masks_nhw.shape[1:])
    coverage = np.zeros(masks_nhw.shape[1:])
    for score, one_mask in zip(scores_n, masks_nhw, strict=True):
        total += (float(score) - mean) * one_mask
        coverage += one_mask
    # Enlarging a grid of zeros beside a one may leave 1e-17 where 0 is meant.
    shown = coverage > 1e-9
    return np.where(shown, total / np.where(shown, coverage, 1), 0)


def maps(
    pixels_hwc: np.ndarray,
    references_kd: np.ndarray,
    masks_nhw: np.ndarray,
    embed: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return one map per reference (reference, y, x), each from its own passes through the model."""
    result = []
    for reference in references_kd.astype(np.float64):
        scores = [vector @ reference for vector in embeddings(pixels_hwc, masks_nhw, embed)]
        result.append(map_of_scores(np.array(scores), masks_nhw))
    return np.stack(result)


def foil_maps(
    pixels_hwc: np.ndarray,
    references_kd: np.ndarray,
    foils_kmd: np.ndarray,
    masks_nhw: np.ndarray,
    embed: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return for each reference the map of its score less the mean score against its own foils."""
    result = []
    for reference, foils in zip(references_kd.astype(np.float64), foils_kmd.astype(np.float64), strict=True):
        scores = []
        for vector in embeddings(pixels_hwc, masks_nhw, embed):
            against = sum(float(vector @ foil) for foil in foils) / len(foils)
            scores.append(float(vector @ reference) - against)
        result.append(map_of_scores(np.array(scores), masks_nhw))
    return np.stack(result)


def worst_share_of_range(actual: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference as a share of the expected map's range, over all maps."""
    shares = []
    for one, other in zip(actual, expected, strict=True):
        shares.append(np.abs(one.astype(np.float64) - other).max() / (other.max() - other.min()))
    return float(max(shares))
