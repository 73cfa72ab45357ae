"""Effects of cells and joint effects with loops in float64, written from the definitions alone."""

import numpy as np


def cell_effects(embeddings_nd: np.ndarray, masks_nhw: np.ndarray, cells: int) -> np.ndarray:
    """Return (cell, D): sum_i (z_i - mean z) M_i(u) / sum_i M_i(u); the image's side is a multiple of `cells`."""
    size = masks_nhw.shape[1] // cells
    mean_d = sum(row.astype(np.float64) for row in embeddings_nd) / len(embeddings_nd)
    effects = []
    for cell in range(cells**2):
        top, left = cell // cells * size, cell % cells * size
        total_d, coverage = np.zeros(embeddings_nd.shape[1]), 0.0
        for embedding_d, mask_hw in zip(embeddings_nd, masks_nhw, strict=True):
            weight = float(mask_hw[top : top + size, left : left + size].astype(np.float64).mean())
            total_d += (embedding_d - mean_d) * weight
            coverage += weight
        effects.append(total_d / coverage)
    return np.array(effects)


def joint_effects(query_nd: np.ndarray, reference_md: np.ndarray, masks_nhw: np.ndarray, cells: int) -> np.ndarray:
    """Return (query cell, reference cell) as the covariance of scores over all pairs of masks of the two images."""
    size = masks_nhw.shape[1] // cells
    count = len(masks_nhw)
    weights = np.zeros((count, cells**2))
    for cell in range(cells**2):
        top, left = cell // cells * size, cell % cells * size
        for number, mask_hw in enumerate(masks_nhw):
            weights[number, cell] = mask_hw[top : top + size, left : left + size].astype(np.float64).mean()
    query_nd = query_nd - query_nd.mean(axis=0)
    reference_md = reference_md - reference_md.mean(axis=0)
    joint = np.zeros((cells**2, cells**2))
    for first in range(count):
        for second in range(count):
            score = float(query_nd[first] @ reference_md[second])
            joint += score * np.outer(weights[first], weights[second])
    coverage = weights.sum(axis=0)
    return joint / np.outer(coverage, coverage)
