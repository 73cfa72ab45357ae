"""Negatives: images that do not match a query although the model finds them similar, for generators that contrast.

Must not import torch. Cost: one row of similarities per query and mask, and a sort of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadDataset
from pipeline.similarity.conditions import project

# Of a pair, as many as triplets and quadruplets share; settings name a number only where it is larger.
FEWEST = 2

# Similarities closer than this count as tied: identical embeddings may differ in their last bits.
_TIE_DECIMALS = 12


@dataclass(frozen=True)
class Pool:
    """The images that negatives are taken from: those of one split.

    Attributes:
        image_ids: of the images.
        embeddings_nd: (image, D) unit-norm general embeddings of the explained model.
        duplicate_group_n: (image,) integer; images with identical pixels share a number.
        matches: gives for the position of a query, bool (image): matches it.
        type_n: (image,) integer item type, where a negative should be of the reference's type: a bag that does not go
            with the shoes says more than another shoe. None where types play no part.
    """

    image_ids: list[str]
    embeddings_nd: npt.NDArray[np.floating]
    duplicate_group_n: npt.NDArray[np.integer]
    matches: Callable[[int], npt.NDArray[np.bool_]]
    type_n: npt.NDArray[np.integer] | None = None


@dataclass(frozen=True)
class Negatives:
    """The negatives of pairs, nearest first.

    Attributes:
        image_pm: (pair, negative) int64, positions in the pool.
        similarity_pm: (pair, negative) float64, cosine with the query, under the pair's condition.
    """

    image_pm: npt.NDArray[np.int64]
    similarity_pm: npt.NDArray[np.float64]


def nearest_negatives(
    pool: Pool,
    query_p: npt.NDArray[np.integer],
    reference_p: npt.NDArray[np.integer],
    count: int,
    condition_masks_pd: npt.NDArray[np.floating] | None = None,
) -> Negatives:
    """Return for each pair the images most like the query that do not match it.

    Neither the query and the reference nor a duplicate of either is taken. Ties go to the earlier image. Where types
    count and too few images have the reference's, the nearest of other types follow.

    Args:
        pool: of the images.
        query_p: (pair,) positions of the queries; pairs of a query beside each other share work.
        reference_p: (pair,) positions of the references.
        count: negatives of each pair.
        condition_masks_pd: (pair, D), the mask of each pair's condition: likeness is that of the projections.

    Raises:
        BadDataset: a query has too few images that do not match it.
        BadModel: a mask leaves nothing of an embedding.
    """
    image_pm = np.zeros((len(query_p), count), dtype=np.int64)
    similarity_pm = np.zeros((len(query_p), count))
    embeddings_nd = np.asarray(pool.embeddings_nd, dtype=np.float64)
    group_n, last_query = pool.duplicate_group_n, -1
    others_n: npt.NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
    for pair, (query, reference) in enumerate(zip(query_p.tolist(), reference_p.tolist(), strict=True)):
        if query != last_query:
            others_n, last_query = ~pool.matches(query) & (group_n != group_n[query]), query
        candidates = _candidates(pool, others_n & (group_n != group_n[reference]), reference, count)
        if len(candidates) < count:
            raise _too_few(pool, query, len(candidates), count)
        mask_d = None if condition_masks_pd is None else condition_masks_pd[pair]
        similarity_n = _similarities(embeddings_nd, query, candidates, mask_d)
        likest_first = -np.round(similarity_n, _TIE_DECIMALS)
        other_type = (
            np.zeros(len(candidates)) if pool.type_n is None else pool.type_n[candidates] != pool.type_n[reference]
        )
        nearest = np.lexsort((likest_first, other_type))[:count]
        image_pm[pair], similarity_pm[pair] = candidates[nearest], similarity_n[nearest]
    return Negatives(image_pm, similarity_pm)


def _candidates(pool: Pool, allowed_n: npt.NDArray[np.bool_], reference: int, count: int) -> npt.NDArray[np.int64]:
    """Return the allowed images of the reference's type, or all that are allowed where these are too few."""
    if pool.type_n is not None:
        of_type = np.flatnonzero(allowed_n & (pool.type_n == pool.type_n[reference]))
        if len(of_type) >= count:
            return of_type
    return np.flatnonzero(allowed_n)


def _similarities(
    embeddings_nd: npt.NDArray[np.float64],
    query: int,
    images_n: npt.NDArray[np.int64],
    mask_d: npt.NDArray[np.floating] | None,
) -> npt.NDArray[np.float64]:
    compared_nd = embeddings_nd[np.concatenate([[query], images_n])]
    if mask_d is not None:
        compared_nd = project(compared_nd, mask_d)
    similarity_n: npt.NDArray[np.float64] = np.einsum("nd,d->n", compared_nd[1:], compared_nd[0])
    return similarity_n


def _too_few(pool: Pool, query: int, found: int, count: int) -> BadDataset:
    return BadDataset(
        expected=f"at least {count} images of another class than the query",
        found=str(found),
        where=f"query {pool.image_ids[query]} among {len(pool.image_ids)} images of its split",
        remedy="add images of other classes, lower saliency.rise.foils, or leave out the modes that contrast: triplet "
        "and quadruplet of saliency.similarity_attention.modes, foil of saliency.rise.modes",
    )
