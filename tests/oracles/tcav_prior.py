"""The TCAV prior written from its definition, with loops: given concept vectors and random vectors."""

import math

import numpy as np


def sensitivity(query_d: np.ndarray, reference_d: np.ndarray, concept_d: np.ndarray) -> float:
    """Return the derivative of the cosine along the concept, by central differences."""
    step = 1e-6

    def cosine(first, second):
        return float(first @ second / math.sqrt(first @ first) / math.sqrt(second @ second))

    ahead, behind = query_d + step * concept_d, query_d - step * concept_d
    return (cosine(ahead, reference_d) - cosine(behind, reference_d)) / (2 * step)


def share(queries, references, has, concepts) -> float:
    """Return the share of pairs whose query has the attribute with positive sensitivity, over all concept vectors."""
    signs = [
        sensitivity(query, reference, concept) > 0
        for query, reference, owns in zip(queries, references, has, strict=True)
        if owns
        for concept in concepts
    ]
    return sum(signs) / len(signs)
