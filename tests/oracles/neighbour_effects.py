"""Slow effects from neighbours: one pair, one attribute and one neighbour at a time."""

import numpy as np


def effects(
    train: np.ndarray, labels: np.ndarray, images: np.ndarray, query_p: np.ndarray, reference_p: np.ndarray, count: int
) -> np.ndarray:
    found = np.zeros((len(query_p), labels.shape[1]))
    for p, (q, r) in enumerate(zip(query_p, reference_p, strict=True)):
        near = [round(float(images[q] @ one), 12) for one in train]
        order = sorted(range(len(train)), key=lambda n: (-near[n], n))
        for a in range(labels.shape[1]):
            have = [n for n in order if labels[n, a]]
            lack = [n for n in order if not labels[n, a]]
            if not have or not lack:
                continue
            drops = []
            for n in lack[:count]:
                keeper = min(have, key=lambda k: (round(abs(near[k] - near[n]), 12), order.index(k)))
                drops.append(float(train[keeper] @ images[r]) - float(train[n] @ images[r]))
            found[p, a] = sum(drops) / len(drops)
    return found
