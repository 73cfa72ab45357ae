"""Average precision from its definition, with loops."""

import math


def average_precision(scores, labels):
    """Sum over distinct thresholds, from high to low, of precision times the gain in recall."""
    n_positive = sum(1 for label in labels if label)
    if n_positive == 0 or n_positive == len(labels):
        return math.nan
    area, recall_before = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        true_positives = called_positive = 0
        for score, label in zip(scores, labels, strict=True):
            if score >= threshold:
                called_positive += 1
                true_positives += 1 if label else 0
        recall = true_positives / n_positive
        area += (recall - recall_before) * true_positives / called_positive
        recall_before = recall
    return area
