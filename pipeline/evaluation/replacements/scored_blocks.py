"""Scores and distances of all images that may replace a pair's query, in blocks of pairs.

Must not import torch.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.replacements.neighbours import blocks_of
from pipeline.evaluation.replacements.pool import ReplacedPairs, ReplacementPool
from pipeline.similarity.conditions import project

# Coordinates of unit embeddings are rounded to multiples of 2^-26, less than float32 keeps of their norm, so that
# products and their sums are exact in float64: equal embeddings are equally far, however they are computed together.
_STEPS_PER_UNIT = 2.0**26


@dataclass(frozen=True)
class ScoredBlock:
    """Some pairs of one type and condition, against all images of the type.

    Attributes:
        pairs_b: rows of the pairs.
        images_n: rows of the images in the pool, ascending.
        query_column_b: place of each pair's query among these images.
        score_bn: (pair, image) float64, cosine of the image with the pair's reference.
        distance_bn: (pair, image) float64, Euclidean distance of the image from the pair's query.
    """

    pairs_b: npt.NDArray[np.int64]
    images_n: npt.NDArray[np.int64]
    query_column_b: npt.NDArray[np.int64]
    score_bn: npt.NDArray[np.float64]
    distance_bn: npt.NDArray[np.float64]

    def columns_of(self, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """Return the places of images of the pool among the block's; 0 for rows below 0."""
        columns: npt.NDArray[np.int64] = np.searchsorted(self.images_n, np.maximum(rows, self.images_n[0]))
        return columns


def scored_blocks(pool: ReplacementPool, pairs: ReplacedPairs) -> Iterator[ScoredBlock]:
    """Give every pair in one block, with the scores and distances of the images of its query's type.

    Under a condition both are those of the projections.

    Raises:
        BadModel: a mask leaves nothing of an embedding.
    """
    condition_p, masks_cd = _conditions(pairs)
    type_p = pool.type_n[pairs.query_p]
    for item_type in np.unique(type_p):
        images_n = np.flatnonzero(pool.type_n == item_type)
        for condition in np.unique(condition_p[type_p == item_type]):
            members = np.flatnonzero((type_p == item_type) & (condition_p == condition))
            mask_d = None if masks_cd is None else masks_cd[condition]
            images_nd = _exact_units(pool.embeddings_nd[images_n], mask_d)
            for block in blocks_of(members.size, images_n.size):
                yield _block(pool, pairs, members[block], images_n, images_nd, mask_d)


def _block(
    pool: ReplacementPool,
    pairs: ReplacedPairs,
    pairs_b: npt.NDArray[np.int64],
    images_n: npt.NDArray[np.int64],
    images_nd: npt.NDArray[np.float64],
    mask_d: npt.NDArray[np.floating] | None,
) -> ScoredBlock:
    query_column_b = np.searchsorted(images_n, pairs.query_p[pairs_b])
    queries_bd = images_nd[query_column_b]
    references_bd = _exact_units(pool.embeddings_nd[pairs.reference_p[pairs_b]], mask_d)
    squares_b, squares_n = (np.einsum("nd,nd->n", side, side) for side in (queries_bd, images_nd))
    squared_bn = squares_b[:, None] + squares_n - 2 * (queries_bd @ images_nd.T)
    distance_bn = np.sqrt(np.maximum(squared_bn, 0.0))
    return ScoredBlock(pairs_b, images_n, query_column_b, references_bd @ images_nd.T, distance_bn)


def _conditions(pairs: ReplacedPairs) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.floating] | None]:
    """Return the number of each pair's condition, and the masks of the conditions."""
    if pairs.condition_masks_pd is None:
        return np.zeros(pairs.query_p.size, dtype=np.int64), None
    masks_cd, condition_p = np.unique(pairs.condition_masks_pd, axis=0, return_inverse=True)
    return condition_p.reshape(-1).astype(np.int64), masks_cd


def _exact_units(
    embeddings_nd: npt.NDArray[np.floating], mask_d: npt.NDArray[np.floating] | None
) -> npt.NDArray[np.float64]:
    units_nd = np.asarray(embeddings_nd, dtype=np.float64)
    if mask_d is not None:
        units_nd = project(units_nd, mask_d)
    exact: npt.NDArray[np.float64] = np.round(units_nd * _STEPS_PER_UNIT) / _STEPS_PER_UNIT
    return exact
