"""Slow attribute losses, straight from v1 section 3.1: one image, one map, one attribute at a time."""

import math

import numpy as np


def huber_terms(confidences: np.ndarray, labels: np.ndarray) -> np.ndarray:
    terms = np.zeros(confidences.shape)
    for n, row in enumerate(labels):
        for a, has in enumerate(row):
            difference = abs(float(confidences[n, a]) - (1.0 / row.sum() if has else 0.0))
            terms[n, a] = difference**2 / 2 if difference < 1 else difference - 0.5
    return terms


def huber_mean(confidences: np.ndarray, labels: np.ndarray) -> float:
    terms = huber_terms(confidences, labels)
    return sum(terms.ravel().tolist()) / terms.size


def huber_sum(confidences: np.ndarray, labels: np.ndarray) -> float:
    terms = huber_terms(confidences, labels)
    return sum(terms.ravel().tolist()) / len(terms)


def space_softmax(activation_hw: np.ndarray) -> np.ndarray:
    weights = np.array([[math.exp(float(value)) for value in row] for row in activation_hw])
    return weights / weights.sum()


def distance(target: np.ndarray, distribution: np.ndarray) -> float:
    return math.sqrt(sum((float(t) - float(d)) ** 2 for t, d in zip(target.flat, distribution.flat, strict=True)))


def heatmap(activations: np.ndarray, targets: np.ndarray, labels: np.ndarray) -> float:
    image_means = []
    for n in range(len(labels)):
        maps = [space_softmax(activations[n, a]) for a in range(labels.shape[1]) if labels[n, a]]
        slots = [target for target in targets[n] if not np.isnan(target).any()]
        if maps and slots:
            nearest = [min(distance(slot, one) for one in maps) for slot in slots]
            image_means.append(sum(nearest) / len(nearest))
    return sum(image_means) / len(image_means) if image_means else 0.0
