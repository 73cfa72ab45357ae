"""Slow Eq. 4 of v1 with this project's scales: one pair and one attribute at a time."""

import math

import numpy as np


def confidence(logits: np.ndarray, attribute: int) -> float:
    weights = [math.exp(float(value)) for value in logits]
    shares = [weight / sum(weights) for weight in weights]
    return shares[attribute] / max(shares)


def cosine(map_cc: np.ndarray, activation_hw: np.ndarray) -> float:
    weights = [math.exp(float(value)) for value in activation_hw.flat]
    distribution = [weight / sum(weights) for weight in weights]
    values = [float(value) for value in map_cc.flat]
    dot = sum(a * b for a, b in zip(values, distribution, strict=True))
    return dot / math.sqrt(sum(v * v for v in values)) / math.sqrt(sum(d * d for d in distribution))


def scores(
    logits_na: np.ndarray,
    activations_nahw: np.ndarray,
    maps_pcc: np.ndarray,
    query_p: np.ndarray,
    prior_a: np.ndarray,
    weights: tuple[float, float, float],
) -> np.ndarray:
    result = np.zeros((len(query_p), logits_na.shape[1]))
    for p, q in enumerate(query_p):
        for a in range(logits_na.shape[1]):
            result[p, a] = (
                weights[0] * confidence(logits_na[q], a)
                + weights[1] * cosine(maps_pcc[p], activations_nahw[q, a])
                + weights[2] * float(prior_a[a]) / float(max(prior_a))
            )
    return result


def ranking(scores_a: np.ndarray) -> list[int]:
    return sorted(range(len(scores_a)), key=lambda a: (-float(scores_a[a]), a))
