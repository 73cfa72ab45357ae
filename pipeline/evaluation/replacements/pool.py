"""The images that may replace queries, the pairs whose queries are replaced, and what comes of it.

Must not import torch.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadDataset, BadModel

_UNIT_NORM_TOLERANCE = 1e-2
NO_IMAGE = -1


@dataclass(frozen=True)
class ReplacementPool:
    """The images of a split, all of which may replace queries.

    Attributes:
        embeddings_nd: (image, dimension) unit-norm general embeddings of the explained model.
        labels_na: (image, attribute) bool, the labels.
        has_na: (image, attribute) bool, what each image counts as having: its labels, or more where labels are sparse
            (`presence_by_score`).
        duplicate_group_n: (image,) integer; images with identical pixels share a number.
        type_n: (image,) integer item type: a query is replaced by an image of its own type only, as a shoe is no
            stand-in for a bag (ECCV 2, Polyvore); the same number for all where all may replace each other.
    """

    embeddings_nd: npt.NDArray[np.floating]
    labels_na: npt.NDArray[np.bool_]
    has_na: npt.NDArray[np.bool_]
    duplicate_group_n: npt.NDArray[np.integer]
    type_n: npt.NDArray[np.integer]


@dataclass(frozen=True)
class ReplacedPairs:
    """The pairs whose queries are replaced.

    Attributes:
        query_p: (pair,) rows of the queries in the pool.
        reference_p: (pair,) rows of the references in the pool.
        condition_masks_pd: (pair, dimension), the mask of each pair's condition: scores and distances are those of
            the projections; None where the model has no conditions.
    """

    query_p: npt.NDArray[np.integer]
    reference_p: npt.NDArray[np.integer]
    condition_masks_pd: npt.NDArray[np.floating] | None = None


class ReplacementReason(IntEnum):
    """Why an effect is what it is; `name.lower()` is the text for tables."""

    REPLACED = 0
    QUERY_LACKS = 1
    NONE_FOUND = 2
    QUERY_HAS = 3
    TOO_FEW = 4


@dataclass(frozen=True)
class ReplacementEffects:
    """One kind of replacement of every pair's query, for every attribute.

    Attributes:
        replacement_pak: (pair, attribute, place) int32, rows of the images put in the query's place; -1 where none.
        reason_pa: (pair, attribute) int8, a `ReplacementReason`; TOO_FEW where there are images, though not as many
            as were asked for.
        effect_pa: (pair, attribute) float64, s(q', r) - s(q, r), averaged over the images q', so a drop is negative;
            of matched effects the difference of two such means. 0 where a query lacks what would be taken from it,
            NaN where no replacement was found, or the query has what would be added.
        distance_pa: (pair, attribute) float64, mean Euclidean distance of these q' from q between unit embeddings;
            NaN where nothing was replaced. Of effects that are no differences it bounds their size.
        distance_difference_pa: of matched effects (pair, attribute) float64, mean distance of the images that lack
            the attribute minus that of the images that keep it; None of other kinds.
        half_effect_2pa: of matched effects (half, pair, attribute) float64, the effect over the first, third, ... place
            and over the second, fourth, ...; NaN where there is none or the query lacks the attribute; None of other
            kinds.
    """

    replacement_pak: npt.NDArray[np.int32]
    reason_pa: npt.NDArray[np.int8]
    effect_pa: npt.NDArray[np.float64]
    distance_pa: npt.NDArray[np.float64]
    distance_difference_pa: npt.NDArray[np.float64] | None = None
    half_effect_2pa: npt.NDArray[np.float64] | None = None


def constant_attributes(labels_na: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the indices of attributes that all images of the pool have, or none has.

    Nothing can be learned from replacing them: leave them out of removal, deletion and insertion, and count them.
    """
    n_positive_a = labels_na.sum(axis=0)
    return np.flatnonzero((n_positive_a == 0) | (n_positive_a == labels_na.shape[0]))


def check_pool(pool: ReplacementPool, pairs: ReplacedPairs) -> None:
    """Refuse a pool or pairs that no replacement can be found for.

    Raises:
        BadModel: an embedding is not finite or not of norm 1.
        BadDataset: lengths differ, or a pair names a row outside the pool.
    """
    n_images = pool.embeddings_nd.shape[0]
    norms = np.linalg.norm(np.asarray(pool.embeddings_nd, dtype=np.float64), axis=1)
    bad_n = ~(np.abs(norms - 1) < _UNIT_NORM_TOLERANCE)
    if bad_n.any():
        raise BadModel(
            expected="finite embeddings of norm 1",
            found=f"{int(bad_n.sum())} of {n_images} with NaN, zero or unnormalised vectors",
            where=f"the embeddings, first at image row {int(np.flatnonzero(bad_n)[0])}",
            remedy="normalise the embeddings over their dimension, and check the similarity model",
        )
    rows = np.concatenate([pairs.query_p, pairs.reference_p])
    n_labelled, n_grouped, n_typed = pool.labels_na.shape[0], pool.duplicate_group_n.size, pool.type_n.size
    lengths_agree = n_labelled == n_grouped == n_typed == n_images and pairs.query_p.size == pairs.reference_p.size
    same_attributes = pool.labels_na.shape == pool.has_na.shape
    if not lengths_agree or not same_attributes or (rows.size and not 0 <= rows.min() <= rows.max() < n_images):
        raise BadDataset(
            expected=f"labels, groups and types of {n_images} images, and pairs of rows below {n_images}",
            found=f"{n_labelled} labels, {n_grouped} groups, {n_typed} types, {pairs.query_p.size} queries, "
            f"{pairs.reference_p.size} references",
            where="the pool of replacements",
            remedy="take embeddings, labels and pairs from the same split",
        )
