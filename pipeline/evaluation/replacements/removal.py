"""Removal effects: what the score loses when the query is replaced by the most similar image without an attribute.

Must not import torch. Cost: one sort of the pool per query, then a walk down its neighbours per pair;
memory is that of the (pair, attribute) results plus one row of similarities.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.replacements.pool import (
    NO_IMAGE,
    ReplacedPairs,
    ReplacementEffects,
    ReplacementPool,
    ReplacementReason,
    check_pool,
)
from pipeline.similarity.conditions import project

# Similarities closer than this count as tied: identical embeddings may differ in their last bits.
_TIE_DECIMALS = 12
_FIRST_NEIGHBOURS = 64


def removal_replacements(pool: ReplacementPool, pairs: ReplacedPairs) -> ReplacementEffects:
    """Return, per pair and attribute, the removal replacement of the query and its effect on the score.

    Args:
        pool: the images. Which is likest is decided by the general embedding, also where pairs have conditions.
        pairs: the pairs.

    Raises:
        BadModel: an embedding is not finite or not of norm 1, or a mask leaves nothing of it.
        BadDataset: lengths differ, or a pair names a row outside the pool.

    Source: v1 4.2 (removal of Table 2). q' is the most similar image to q in the pool that lacks the
    attribute; q, r and their duplicates are excluded; ties go to the earlier image. If the query's labels lack the
    attribute the effect is 0. With sparse labels an image that only counts as having the attribute does not lack it
    (v1's rule for low confidences).
    Deliberate departure: effects are changes, not drops; `removal_measure` gives the paper's drop.
    """
    check_pool(pool, pairs)
    embeddings = np.asarray(pool.embeddings_nd, dtype=np.float64)
    present_pa = pool.labels_na[pairs.query_p]
    replacement_pa = np.full(present_pa.shape, NO_IMAGE, dtype=np.int32)
    effect_pa = np.where(present_pa, np.nan, 0.0)
    distance_pa = np.full(present_pa.shape, np.nan)
    for pair, neighbours in _neighbours_of_pairs(embeddings, pool, pairs):
        query, reference = int(pairs.query_p[pair]), int(pairs.reference_p[pair])
        present = np.flatnonzero(present_pa[pair])
        found = _first_lacking(pool.has_na, neighbours.nearest_first_without(reference), present)
        chosen, attributes = found[found >= 0], present[found >= 0]
        replacement_pa[pair, attributes] = chosen
        compared = embeddings[np.concatenate([[query, reference], chosen])]
        if pairs.condition_masks_pd is not None:
            compared = project(compared, pairs.condition_masks_pd[pair])
        change_nd = compared[2:] - compared[0]
        effect_pa[pair, attributes] = np.einsum("nd,d->n", change_nd, compared[1])
        distance_pa[pair, attributes] = np.linalg.norm(change_nd, axis=1)
    reason_pa = np.where(replacement_pa >= 0, ReplacementReason.REPLACED, ReplacementReason.NONE_FOUND)
    reason_pa[~present_pa] = ReplacementReason.QUERY_LACKS
    return ReplacementEffects(replacement_pa[:, :, None], reason_pa.astype(np.int8), effect_pa, distance_pa)


def removal_measure(named_p: npt.NDArray[np.integer], effect_pa: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the drop of the score when the named attribute is removed: (pair,) float64, positive = good.

    NaN where no replacement was found; x 100 only in reports.

    Source: v1 4.2 and Table 2, which print the drop.
    """
    drop_p: npt.NDArray[np.float64] = -np.asarray(effect_pa, np.float64)[np.arange(named_p.size), named_p]
    # Adding 0 turns the -0.0 of a query that lacks the attribute into 0.0.
    return drop_p + 0.0


@dataclass(frozen=True)
class _Neighbours:
    """Images that may replace a query, the most similar first, and their duplicate groups."""

    nearest_first: npt.NDArray[np.int64]
    group_by_nearness: npt.NDArray[np.integer]
    group_n: npt.NDArray[np.integer]

    def nearest_first_without(self, reference: int) -> npt.NDArray[np.int64]:
        """Return them without the reference and its duplicates."""
        others: npt.NDArray[np.int64] = self.nearest_first[self.group_by_nearness != self.group_n[reference]]
        return others


def _neighbours_of_pairs(
    embeddings: npt.NDArray[np.float64], pool: ReplacementPool, pairs: ReplacedPairs
) -> Iterator[tuple[int, _Neighbours]]:
    """Give each pair with the neighbours of its query, pairs of one query after each other."""
    by_query = np.argsort(pairs.query_p, kind="stable")
    starts = np.flatnonzero(np.diff(pairs.query_p[by_query], prepend=-1))
    group_n = pool.duplicate_group_n
    for rows in np.split(by_query, starts[1:]) if by_query.size else ():
        query = int(pairs.query_p[rows[0]])
        similarity_n = np.einsum("nd,d->n", embeddings, embeddings[query])
        order = np.argsort(-np.round(similarity_n, _TIE_DECIMALS), kind="stable")
        allowed = order[(group_n[order] != group_n[query]) & (pool.type_n[order] == pool.type_n[query])]
        neighbours = _Neighbours(allowed, group_n[allowed], group_n)
        for pair in rows:
            yield int(pair), neighbours


def _first_lacking(
    has_na: npt.NDArray[np.bool_],
    nearest_first: npt.NDArray[np.int64],
    attributes: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Return the first image of the list that lacks each of the attributes, or -1."""
    found = np.full(attributes.size, NO_IMAGE, dtype=np.int64)
    still_open = np.arange(attributes.size)
    start, width = 0, _FIRST_NEIGHBOURS
    # Nearly always one of the first few neighbours lacks the attribute, so the walk widens only as needed.
    while start < nearest_first.size and still_open.size:
        rows = nearest_first[start : start + width]
        lacks = ~has_na[rows[:, None], attributes[still_open]]
        has_one = lacks.any(axis=0)
        found[still_open[has_one]] = rows[lacks[:, has_one].argmax(axis=0)]
        still_open = still_open[~has_one]
        start, width = start + width, width * 4
    return found
