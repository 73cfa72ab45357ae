"""The corrected (BCa) bootstrap over clusters with given resampling counts, and Holm's procedure, with loops."""

import math
from statistics import NormalDist

from scipy import stats

NORMAL = NormalDist()


def percentile(values, share):
    """Linear interpolation between order statistics."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def ratio_interval(numerators, denominators, clusters, counts, confidence):
    """Value, low, high of sum/sum; counts[s][c] = how often the c-th smallest cluster label is drawn."""
    kept = [
        (a, b, c)
        for a, b, c in zip(numerators, denominators, clusters, strict=True)
        if not math.isnan(a) and not math.isnan(b)
    ]
    labels = sorted({c for _, _, c in kept})
    resampled = []
    for row in counts:
        top = bottom = 0.0
        for label, times in zip(labels, row, strict=True):
            for _ in range(int(times)):
                for a, b, c in kept:
                    if c == label:
                        top += a
                        bottom += b
        if bottom != 0:
            resampled.append(top / bottom)
    value = sum(a for a, _, _ in kept) / sum(b for _, b, _ in kept)
    halved = []
    for label in labels:
        top = sum(a * (0.5 if c == label else 1.0) for a, _, c in kept)
        bottom = sum(b * (0.5 if c == label else 1.0) for _, b, c in kept)
        halved.append(top / bottom)
    return value, *bca_ends(value, resampled, halved, len(labels), confidence)


def bca_ends(value, resampled, halved, n_clusters, confidence):
    """Ends of Efron's BCa interval with Hesterberg's quantile; no end leaves out the value."""
    near = 1e-9 * (max(resampled) - min(resampled))
    below = sum(0.5 if abs(one - value) <= near else float(one < value) for one in resampled)
    share = min(max(below / len(resampled), 1 / (len(resampled) + 1)), 1 - 1 / (len(resampled) + 1))
    bias = NORMAL.inv_cdf(share)
    mean = sum(halved) / len(halved)
    squares = sum((mean - one) ** 2 for one in halved)
    acceleration = sum((mean - one) ** 3 for one in halved) / (6 * squares**1.5) if squares else 0.0
    quantile = stats.t.ppf((1 + confidence) / 2, n_clusters - 1) * math.sqrt(n_clusters / (n_clusters - 1))
    ends = []
    for side in (-quantile, quantile):
        shrink = 1 - acceleration * (bias + side)
        moved = NORMAL.cdf(bias + (bias + side) / shrink) if shrink > 0 else float(side > 0)
        ends.append(percentile(resampled, moved))
    return min(ends[0], value), max(ends[1], value)


def holm_rejections(p_values, level):
    """Which hypotheses Holm's step-down procedure rejects at this level."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    rejected = [False] * len(p_values)
    for step, i in enumerate(order):
        if p_values[i] > level / (len(p_values) - step):
            break
        rejected[i] = True
    return rejected
