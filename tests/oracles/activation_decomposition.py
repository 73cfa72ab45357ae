"""Activation decomposition by plain loops in float64 (Stylianou et al., 2019; Zhu et al., 2021).

Imports nothing of pipeline; a head is given by its weights and how it pools.
"""

from collections.abc import Sequence

import numpy as np


def mean_cells(activations_cyx: np.ndarray, weights_dc: np.ndarray) -> np.ndarray:
    """Return W A_u / |U| of average pooling and a linear map, (cell, D)."""
    channels, rows, columns = activations_cyx.shape
    cells = np.zeros((rows * columns, len(weights_dc)))
    for y in range(rows):
        for x in range(columns):
            for dimension in range(len(weights_dc)):
                total = 0.0
                for channel in range(channels):
                    total += weights_dc[dimension, channel] * activations_cyx[channel, y, x]
                cells[y * columns + x, dimension] = total / (rows * columns)
    return cells


def largest_cells(activations_cyx: np.ndarray, weights_dc: np.ndarray) -> np.ndarray:
    """Return what each cell gives by way of maximum pooling and a linear map, (cell, D); ties share equally."""
    channels, rows, columns = activations_cyx.shape
    cells = np.zeros((rows * columns, len(weights_dc)))
    for channel in range(channels):
        largest = activations_cyx[channel].max()
        winners = [(y, x) for y in range(rows) for x in range(columns) if activations_cyx[channel, y, x] == largest]
        for y, x in winners:
            for dimension in range(len(weights_dc)):
                cells[y * columns + x, dimension] += weights_dc[dimension, channel] * largest / len(winners)
    return cells


def with_bias(cells_ud: np.ndarray, bias_d: np.ndarray) -> np.ndarray:
    """Return the cells with an equal part of the bias each."""
    return np.array([cell + bias_d / len(cells_ud) for cell in cells_ud])


def length(vector: Sequence[float] | np.ndarray) -> float:
    """Return the Euclidean length of a vector."""
    return float(np.sqrt(sum(float(value) ** 2 for value in vector)))


def contributions(query_ud: np.ndarray, reference_vd: np.ndarray, mask_d: np.ndarray | None = None) -> np.ndarray:
    """Return P (query cell, reference cell)."""
    mask = np.ones(query_ud.shape[1]) if mask_d is None else mask_d.astype(np.float64)
    query_length = length(sum(cell * mask for cell in query_ud))
    reference_length = length(sum(cell * mask for cell in reference_vd))
    found = np.zeros((len(query_ud), len(reference_vd)))
    for u, query_cell in enumerate(query_ud):
        for v, reference_cell in enumerate(reference_vd):
            product = sum(
                float(one * weight) * float(other * weight)
                for one, other, weight in zip(query_cell, reference_cell, mask, strict=True)
            )
            found[u, v] = product / (query_length * reference_length)
    return found
