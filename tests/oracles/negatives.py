"""The nearest images of another class, one pair at a time, image by image."""

from collections.abc import Sequence

import numpy as np


def negatives(
    vectors: Sequence[np.ndarray],
    pixels: Sequence[int],
    matching: set[int],
    query: int,
    reference: int,
    count: int,
    types: Sequence[int] | None = None,
    mask: np.ndarray | None = None,
) -> list[tuple[int, float]]:
    """Return the position and cosine of each negative of a pair, best first."""
    ranked = []
    for image, vector in enumerate(vectors):
        if image in matching or pixels[image] in (pixels[query], pixels[reference]):
            continue
        first = vectors[query] if mask is None else vectors[query] * mask
        second = vector if mask is None else vector * mask
        cosine = float(first @ second) / float(np.sqrt(first @ first) * np.sqrt(second @ second))
        same_type = types is None or types[image] == types[reference]
        ranked.append((not same_type, -cosine, image))
    return [(image, -minus) for _, minus, image in sorted(ranked)[:count]]
