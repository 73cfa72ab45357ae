"""Slow count prior: a vote per held-out pair for its query's attribute with the largest drop."""

import numpy as np


def count_prior(drops_pa: np.ndarray, present_pa: np.ndarray, smoothing: float) -> np.ndarray:
    votes = [smoothing] * drops_pa.shape[1]
    for drops, present in zip(drops_pa, present_pa, strict=True):
        candidates = [a for a in range(len(drops)) if present[a] and not np.isnan(drops[a])]
        if candidates:
            largest = max(drops[a] for a in candidates)
            winners = [a for a in candidates if drops[a] == largest]
            for a in winners:
                votes[a] += 1 / len(winners)
    return np.array([vote / sum(votes) for vote in votes])
