"""Removal effects: what the score loses when the query is replaced by the most similar image without an attribute.

Must not import torch. Cost: one sort of the pool per query, then a walk down its neighbours per pair;
memory is that of the (pair, attribute) results plus one row of similarities.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadDataset, BadModel
from pipeline.similarity.conditions import project

# Similarities closer than this count as tied: identical embeddings may differ in their last bits.
_TIE_DECIMALS = 12
_FIRST_NEIGHBOURS = 64
_UNIT_NORM_TOLERANCE = 1e-2


class RemovalReason(IntEnum):
    """Why an effect is what it is; `name.lower()` is the text for tables."""

    REPLACED = 0
    QUERY_LACKS = 1
    NONE_FOUND = 2


@dataclass(frozen=True)
class Replacements:
    """Removal of every attribute from every pair's query.

    Attributes:
        replacement_pa: (pair, attribute) int64 row of the image that replaces the query; -1 where none.
        reason_pa: (pair, attribute) int8, a `RemovalReason`.
        effect_pa: (pair, attribute) float64, s(q', r) - s(q, r), so a drop is negative; 0 where the query
            lacks the attribute, NaN where no replacement was found.
        distance_pa: (pair, attribute) float64, Euclidean distance of q' from q between unit embeddings, which
            bounds |effect|; NaN where nothing was replaced.
    """

    replacement_pa: npt.NDArray[np.int64]
    reason_pa: npt.NDArray[np.int8]
    effect_pa: npt.NDArray[np.float64]
    distance_pa: npt.NDArray[np.float64]


def constant_attributes(labels_na: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the indices of attributes that all images of the pool have, or none has.

    Nothing can be learned from replacing them: leave them out of removal and insertion, and count them.
    """
    n_positive_a = labels_na.sum(axis=0)
    return np.flatnonzero((n_positive_a == 0) | (n_positive_a == labels_na.shape[0]))


def removal_replacements(
    embeddings_nd: npt.NDArray[np.floating],
    query_p: npt.NDArray[np.integer],
    reference_p: npt.NDArray[np.integer],
    labels_na: npt.NDArray[np.bool_],
    duplicate_group_n: npt.NDArray[np.integer],
    type_n: npt.NDArray[np.integer] | None = None,
    condition_masks_pd: npt.NDArray[np.floating] | None = None,
) -> Replacements:
    """Return, per pair and attribute, the removal replacement of the query and its effect on the score.

    Args:
        embeddings_nd: (image, dimension) unit-norm general embeddings of the explained model: the pool.
        query_p: (pair,) rows of the queries in the pool.
        reference_p: (pair,) rows of the references in the pool.
        labels_na: (image, attribute) bool.
        duplicate_group_n: (image,) integer; images with identical pixels share a number.
        type_n: (image,) integer item type: a query is replaced by an image of its own type only, as a shoe is no
            stand-in for a bag (ECCV 2, Polyvore); None where all images may replace each other.
        condition_masks_pd: (pair, dimension), the mask of each pair's condition: scores and distances are those of
            the projections. Which image is likest is decided by the general embedding, as for any other model.

    Raises:
        BadModel: an embedding is not finite or not of norm 1, or a mask leaves nothing of it.
        BadDataset: lengths differ, or a pair names a row outside the pool.

    Source: v1 4.2 (removal of Table 2). q' is the most similar image to q in the pool that lacks the
    attribute; q, r and their duplicates are excluded; ties go to the earlier image. If the query lacks the
    attribute the effect is 0.
    Deliberate departure: effects are changes, not drops; `removal_measure` gives the paper's drop.
    """
    type_n = np.zeros(embeddings_nd.shape[0], dtype=np.int64) if type_n is None else type_n
    _check(embeddings_nd, query_p, reference_p, labels_na, duplicate_group_n, type_n)
    embeddings = np.asarray(embeddings_nd, dtype=np.float64)
    n_pairs, n_attributes = query_p.size, labels_na.shape[1]
    replacement_pa = np.full((n_pairs, n_attributes), -1, dtype=np.int64)
    effect_pa = np.where(labels_na[query_p], np.nan, 0.0)
    distance_pa = np.full((n_pairs, n_attributes), np.nan)
    by_query = np.argsort(query_p, kind="stable")
    starts = np.flatnonzero(np.diff(query_p[by_query], prepend=-1))
    for pairs in np.split(by_query, starts[1:]) if n_pairs else ():
        query = int(query_p[pairs[0]])
        similarity_n = np.einsum("nd,d->n", embeddings, embeddings[query])
        nearest_first = np.argsort(-np.round(similarity_n, _TIE_DECIMALS), kind="stable")
        group_by_nearness = duplicate_group_n[nearest_first]
        is_other = (group_by_nearness != duplicate_group_n[query]) & (type_n[nearest_first] == type_n[query])
        present = np.flatnonzero(labels_na[query])
        for pair in pairs:
            reference = int(reference_p[pair])
            allowed = nearest_first[is_other & (group_by_nearness != duplicate_group_n[reference])]
            found = _first_lacking(labels_na, allowed, present)
            chosen, attributes = found[found >= 0], present[found >= 0]
            replacement_pa[pair, attributes] = chosen
            compared = embeddings[np.concatenate([[query, reference], chosen])]
            if condition_masks_pd is not None:
                compared = project(compared, condition_masks_pd[pair])
            change_nd = compared[2:] - compared[0]
            effect_pa[pair, attributes] = np.einsum("nd,d->n", change_nd, compared[1])
            distance_pa[pair, attributes] = np.linalg.norm(change_nd, axis=1)
    reason_pa = np.where(replacement_pa >= 0, RemovalReason.REPLACED, RemovalReason.NONE_FOUND)
    reason_pa[~labels_na[query_p]] = RemovalReason.QUERY_LACKS
    return Replacements(replacement_pa, reason_pa.astype(np.int8), effect_pa, distance_pa)


def removal_measure(named_p: npt.NDArray[np.integer], effect_pa: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the drop of the score when the named attribute is removed: (pair,) float64, positive = good.

    NaN where no replacement was found; x 100 only in reports.

    Source: v1 4.2 and Table 2, which print the drop.
    """
    drop_p: npt.NDArray[np.float64] = -np.asarray(effect_pa, np.float64)[np.arange(named_p.size), named_p]
    # Adding 0 turns the -0.0 of a query that lacks the attribute into 0.0.
    return drop_p + 0.0


def _first_lacking(
    labels_na: npt.NDArray[np.bool_],
    nearest_first: npt.NDArray[np.int64],
    attributes: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Return the first image of the list that lacks each of the attributes, or -1."""
    found = np.full(attributes.size, -1, dtype=np.int64)
    still_open = np.arange(attributes.size)
    start, width = 0, _FIRST_NEIGHBOURS
    # Nearly always one of the first few neighbours lacks the attribute, so the walk widens only as needed.
    while start < nearest_first.size and still_open.size:
        rows = nearest_first[start : start + width]
        lacks = ~labels_na[rows[:, None], attributes[still_open]]
        has_one = lacks.any(axis=0)
        found[still_open[has_one]] = rows[lacks[:, has_one].argmax(axis=0)]
        still_open = still_open[~has_one]
        start, width = start + width, width * 4
    return found


def _check(
    embeddings_nd: npt.NDArray[np.floating],
    query_p: npt.NDArray[np.integer],
    reference_p: npt.NDArray[np.integer],
    labels_na: npt.NDArray[np.bool_],
    duplicate_group_n: npt.NDArray[np.integer],
    type_n: npt.NDArray[np.integer],
) -> None:
    n_images = embeddings_nd.shape[0]
    norms = np.linalg.norm(np.asarray(embeddings_nd, dtype=np.float64), axis=1)
    bad_n = ~(np.abs(norms - 1) < _UNIT_NORM_TOLERANCE)
    if bad_n.any():
        raise BadModel(
            expected="finite embeddings of norm 1",
            found=f"{int(bad_n.sum())} of {n_images} with NaN, zero or unnormalised vectors",
            where=f"the embeddings, first at image row {int(np.flatnonzero(bad_n)[0])}",
            remedy="normalise the embeddings over their dimension, and check the similarity model",
        )
    rows = np.concatenate([query_p, reference_p])
    n_labelled, n_grouped = labels_na.shape[0], duplicate_group_n.size
    lengths_agree = n_labelled == n_grouped == type_n.size == n_images and query_p.size == reference_p.size
    if not lengths_agree or (rows.size and not 0 <= rows.min() <= rows.max() < n_images):
        raise BadDataset(
            expected=f"labels, groups and types of {n_images} images, and pairs of rows below {n_images}",
            found=f"{n_labelled} labels, {n_grouped} groups, {type_n.size} types, {query_p.size} queries, "
            f"{reference_p.size} references",
            where="the pool of removal replacements",
            remedy="take embeddings, labels and pairs from the same split",
        )
