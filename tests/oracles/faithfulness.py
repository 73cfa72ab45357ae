"""Insertion and deletion, pixel by pixel and reference by reference, from the first version's section 4.1."""

from fractions import Fraction

import numpy as np


def ranking(saliency, tie_rank):
    """Pixels by decreasing saliency; among equals the one whose tie rank is smaller comes first."""
    height, width = saliency.shape
    pixels = [(y, x) for y in range(height) for x in range(width)]
    return sorted(pixels, key=lambda pixel: (-float(saliency[pixel]), tie_rank[pixel[0] * width + pixel[1]]))


def manipulated(image, saliency, tie_rank, canvas, share, insert):
    """The image with the first `share` of its pixels pasted onto the canvas, or blanked."""
    height, width = saliency.shape
    order = ranking(saliency, tie_rank)
    result = np.zeros_like(image)
    for y in range(height):
        for x in range(width):
            result[y, x] = canvas if insert else image[y, x]
    for y, x in order[: round(share * height * width)]:
        result[y, x] = image[y, x] if insert else canvas
    return result


def curve(embed_one, image, saliency, tie_rank, canvas, reference, insert, steps):
    """Cosine with the reference's embedding at each step."""
    scores = []
    for t in range(steps + 1):
        vector = embed_one(manipulated(image, saliency, tie_rank, canvas, Fraction(t, steps), insert))
        lengths = float(np.sqrt(np.sum(vector**2)) * np.sqrt(np.sum(reference**2)))
        scores.append(float(np.sum(vector * reference)) / lengths)
    return scores


def area(values):
    """Trapezoids over equally spaced fractions 0..1."""
    total = 0.0
    for i in range(len(values) - 1):
        total += (values[i] + values[i + 1]) / 2 / (len(values) - 1)
    return total


def own_range_area(scores):
    """Scaled to the smallest and largest of the pair's own scores; 0.5 if they hardly differ."""
    low, high = min(scores), max(scores)
    if high - low < 1e-4:
        return 0.5
    return area([(s - low) / (high - low) for s in scores])


def anchored_area(scores, blank, full):
    """Scaled to the blank and the full image's scores; None if these hardly differ."""
    if abs(full - blank) < 0.02:
        return None
    return area([(s - blank) / (full - blank) for s in scores])
