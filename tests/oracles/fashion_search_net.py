"""Slow FashionSearchNet head: one image, one attribute, one cell at a time."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Layers:
    """Weights of the head: `maps` (attribute, channel, 3, 3), the others (out, in), biases (out)."""

    maps: np.ndarray
    first: np.ndarray
    first_bias: np.ndarray
    second: np.ndarray
    second_bias: np.ndarray
    third: np.ndarray
    third_bias: np.ndarray


def activation_map(features_chw: np.ndarray, kernel_c33: np.ndarray) -> np.ndarray:
    channels, height, width = features_chw.shape
    found = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    if 0 <= y + dy < height and 0 <= x + dx < width:
                        for c in range(channels):
                            found[y, x] += features_chw[c, y + dy, x + dx] * kernel_c33[c, dy + 1, dx + 1]
    return found


def region(activations_hw: np.ndarray, threshold: float) -> tuple[int, int, int, int]:
    """First and last row, first and last column of the box around the marked cells."""
    low, high = activations_hw.min(), activations_hw.max()
    marked = [
        (y, x)
        for y in range(activations_hw.shape[0])
        for x in range(activations_hw.shape[1])
        if activations_hw[y, x] >= low + threshold * (high - low) or activations_hw[y, x] == high
    ]
    rows, columns = [y for y, _ in marked], [x for _, x in marked]
    return min(rows), max(rows), min(columns), max(columns)


def logit(features_chw: np.ndarray, layers: Layers, attribute: int, threshold: float) -> float:
    top, bottom, left, right = region(activation_map(features_chw, layers.maps[attribute]), threshold)
    cells = [(y, x) for y in range(top, bottom + 1) for x in range(left, right + 1)]
    pooled = [sum(features_chw[c, y, x] for y, x in cells) / len(cells) for c in range(len(features_chw))]
    first = [max(0.0, float(row @ pooled) + bias) for row, bias in zip(layers.first, layers.first_bias, strict=True)]
    second = [max(0.0, float(row @ first) + bias) for row, bias in zip(layers.second, layers.second_bias, strict=True)]
    return float(layers.third[attribute] @ second) + float(layers.third_bias[attribute])
