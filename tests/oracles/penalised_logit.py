"""Penalised logistic regression by plain gradient ascent, and its curvature by loops."""

import math


def penalised_logit(
    rows: list[list[float]], chosen: list[float], penalties: list[float], steps: int = 20_000, rate: float = 0.02
) -> list[float]:
    """The mode of sum log P(chosen) - sum penalty * parameter^2 / 2."""
    mode = [0.0] * len(penalties)
    for _ in range(steps):
        slopes = [-penalty * value for penalty, value in zip(penalties, mode, strict=True)]
        for row, choice in zip(rows, chosen, strict=True):
            expected = 1 / (1 + math.exp(-sum(value * weight for value, weight in zip(mode, row, strict=True))))
            for place, value in enumerate(row):
                slopes[place] += value * (choice - expected)
        mode = [value + rate * slope for value, slope in zip(mode, slopes, strict=True)]
    return mode


def curvature(rows: list[list[float]], mode: list[float], penalties: list[float]) -> list[list[float]]:
    """Minus the second derivatives at the mode."""
    size = len(mode)
    found = [[penalties[i] if i == j else 0.0 for j in range(size)] for i in range(size)]
    for row in rows:
        expected = 1 / (1 + math.exp(-sum(value * weight for value, weight in zip(mode, row, strict=True))))
        for i in range(size):
            for j in range(size):
                found[i][j] += row[i] * row[j] * expected * (1 - expected)
    return found
