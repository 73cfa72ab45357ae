"""Slow embedding effect: ridge regression by its normal equations, shifts and cosines one at a time."""

import math

import numpy as np


def ridge_directions(embeddings_nd: np.ndarray, labels_na: np.ndarray, alpha: float) -> np.ndarray:
    features = labels_na.astype(float) - labels_na.astype(float).mean(axis=0)
    targets = embeddings_nd - embeddings_nd.mean(axis=0)
    return np.linalg.solve(features.T @ features + alpha * np.eye(features.shape[1]), features.T @ targets)


def shift(directions_ad: np.ndarray, groups: list[int], attribute: int) -> np.ndarray:
    others = [
        b for b in range(len(groups)) if b != attribute and groups[b] == groups[attribute] and groups[attribute] >= 0
    ]
    moved = -directions_ad[attribute]
    if others:
        moved = moved + sum(directions_ad[b] for b in others) / len(others)
    return moved


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    dot = sum(float(a) * float(b) for a, b in zip(first, second, strict=True))
    norms = [math.sqrt(sum(float(v) ** 2 for v in vector)) for vector in (first, second)]
    return dot / (norms[0] * norms[1])


def effects(
    embeddings_nd: np.ndarray,
    query_p: np.ndarray,
    reference_p: np.ndarray,
    directions_ad: np.ndarray,
    groups: list[int],
) -> np.ndarray:
    result = np.zeros((len(query_p), len(groups)))
    for p, (q, r) in enumerate(zip(query_p, reference_p, strict=True)):
        for a in range(len(groups)):
            changed = embeddings_nd[q] + shift(directions_ad, groups, a)
            result[p, a] = cosine(embeddings_nd[q], embeddings_nd[r]) - cosine(changed, embeddings_nd[r])
    return result
