"""Pairs that look alike to the model: both queries and both references near in its embedding."""

import numpy as np
import numpy.typing as npt

NEAREST = 11
_PAIRS_PER_BLOCK = 256


def nearest_pairs(
    embeddings_nd: npt.NDArray[np.float32],
    query_p: npt.NDArray[np.integer],
    reference_p: npt.NDArray[np.integer],
    count: int = NEAREST,
) -> npt.NDArray[np.int64]:
    """Return the rows of the pairs most like each, int64 (pair, place), the nearest first, itself left out.

    Two pairs are as near as the sum of two cosines, of their queries and of their references; of equally near ones
    the earlier comes first. Cosines are rounded, so that the last bits of a product decide nothing. Cost: pairs
    squared times twice the width of the embedding.

    Args:
        embeddings_nd: float (image, D), unit norm.
        query_p: (pair,) row of each query.
        reference_p: (pair,) row of each reference.
        count: places; fewer where there are fewer other pairs.
    """
    n_pairs = len(query_p)
    places = max(min(count, n_pairs - 1), 0)
    both_pd = np.concatenate([embeddings_nd[query_p], embeddings_nd[reference_p]], axis=1).astype(np.float32)
    nearest_pk = np.empty((n_pairs, places), dtype=np.int64)
    for start in range(0, n_pairs if places else 0, _PAIRS_PER_BLOCK):
        rows = np.arange(start, min(start + _PAIRS_PER_BLOCK, n_pairs))
        nearness_bp = np.round(both_pd[rows] @ both_pd.T, 4)
        nearness_bp[np.arange(len(rows)), rows] = -np.inf
        for row, near_p in zip(rows, nearness_bp, strict=True):
            # All that are as near as the last one that fits; a stable sort then settles who comes first.
            least = np.partition(near_p, n_pairs - places)[n_pairs - places]
            candidates = np.flatnonzero(near_p >= least)
            nearest_pk[row] = candidates[np.argsort(-near_p[candidates], kind="stable")][:places]
    return nearest_pk
