"""The percentile bootstrap over clusters with given resampling counts, and Holm's procedure, with loops."""

import math


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
    tail = (1 - confidence) / 2
    return value, percentile(resampled, tail), percentile(resampled, 1 - tail)


def holm_rejections(p_values, level):
    """Which hypotheses Holm's step-down procedure rejects at this level."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    rejected = [False] * len(p_values)
    for step, i in enumerate(order):
        if p_values[i] > level / (len(p_values) - step):
            break
        rejected[i] = True
    return rejected
