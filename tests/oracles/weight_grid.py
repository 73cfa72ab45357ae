"""Slow weight grid: every grid point, every pair, every attribute in nested loops."""

import math

import numpy as np


def simplex(n_steps: int) -> list[tuple[float, float, float]]:
    points = []
    for i in range(n_steps + 1):
        for j in range(n_steps + 1):
            k = n_steps - i - j
            if k >= 0:
                points.append((i / n_steps, j / n_steps, k / n_steps))
    return points


def named_attribute(terms: list[np.ndarray], pair: int, point: tuple[float, float, float]) -> int:
    best, best_score = 0, -math.inf
    for a in range(terms[0].shape[1]):
        score = sum(weight * float(term[pair, a]) for weight, term in zip(point, terms, strict=True))
        if score > best_score:
            best, best_score = a, score
    return best


def figures(
    terms: list[np.ndarray], objective: np.ndarray, present: np.ndarray, point: tuple[float, float, float]
) -> tuple[float, float]:
    total, right = 0.0, 0
    for pair in range(len(objective)):
        a = named_attribute(terms, pair, point)
        if present[pair, a]:
            right += 1
            if not math.isnan(objective[pair, a]):
                total += float(objective[pair, a])
    return total / len(objective), right / len(objective)


def choose(
    rows: list[tuple[tuple[float, float, float], float, float]],
    tolerance: float,
    preferred: tuple[float, float, float],
) -> tuple[float, float, float]:
    best = max(objective for _, objective, _ in rows)
    tied = [row for row in rows if row[1] >= best - tolerance * abs(best) - 1e-12]
    top1 = max(accuracy for _, _, accuracy in tied)
    tied = [row for row in tied if row[2] >= top1 - 1e-12]
    total = sum(preferred)
    return min(
        (row[0] for row in tied),
        key=lambda point: round(math.dist(point, [w / total for w in preferred]), 12),
    )
