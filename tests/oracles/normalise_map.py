"""Slow map normalisation: averages by area over exact fractions of pixels, then a softmax."""

import math
from fractions import Fraction

import numpy as np


def overlap(cell: int, pixel: int, size_px: int, cells: int) -> float:
    start, stop = Fraction(cell * size_px, cells), Fraction((cell + 1) * size_px, cells)
    return float(max(Fraction(0), min(stop, Fraction(pixel + 1)) - max(start, Fraction(pixel))))


def pool(map_yx: np.ndarray, cells: int) -> np.ndarray:
    height, width = map_yx.shape
    pooled = np.zeros((cells, cells))
    for row in range(cells):
        for column in range(cells):
            total, area = 0.0, 0.0
            for y in range(height):
                for x in range(width):
                    weight = overlap(row, y, height, cells) * overlap(column, x, width, cells)
                    total += weight * float(map_yx[y, x])
                    area += weight
            pooled[row, column] = total / area
    return pooled


def normalise(map_yx: np.ndarray, cells: int = 4, inverse_temperature: float = 3.0) -> np.ndarray:
    values = [float(value) for value in pool(map_yx, cells).ravel()]
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    scores = [inverse_temperature * (value - mean) / deviation for value in values]
    weights = [math.exp(score - max(scores)) for score in scores]
    return np.array([weight / sum(weights) for weight in weights]).reshape(cells, cells)


def entropy_nats(distribution: np.ndarray) -> float:
    return -sum(float(p) * math.log(float(p)) for p in distribution.ravel() if p > 0)
