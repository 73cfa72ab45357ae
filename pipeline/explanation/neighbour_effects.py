"""Effects read off training images near the query: those that lack an attribute against those that have it.

For labels of whole classes, which span too few dimensions for a direction of each attribute. Must not import torch.
Cost: a sort of the training images for each query, and for each attribute a few passes over them.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting

NEIGHBOURS: Final = 20
# Similarities closer than this count as tied: identical embeddings may differ in their last bits.
_TIE_DECIMALS = 12
# Bounds memory at about 50 MB whatever the number of queries and images.
_ENTRIES_PER_BLOCK = 1_000_000


@dataclass(frozen=True)
class LabelledNeighbours:
    """Training images to look for neighbours among.

    Attributes:
        embeddings_nd: (image, dimension), unit norm.
        labels_na: bool (image, attribute).
        weights_n: (image,), positive, how much each image counts in means; None: all alike. Which images are taken
            does not depend on it.
    """

    embeddings_nd: npt.NDArray[np.floating[Any]]
    labels_na: npt.NDArray[np.bool_]
    weights_n: npt.NDArray[np.floating[Any]] | None = None


def labels_are_of_classes(labels_na: npt.NDArray[np.bool_], image_labels_n: npt.NDArray[np.str_]) -> bool:
    """Return whether all images of a class have the same attributes, and there are classes of several images."""
    _, first, class_n = np.unique(image_labels_n, return_index=True, return_inverse=True)
    alike = bool((labels_na == labels_na[first][class_n]).all())
    return alike and 1 < len(first) < len(image_labels_n)


def neighbour_effects(
    train: LabelledNeighbours,
    embeddings_nd: npt.NDArray[np.floating[Any]],
    query_p: npt.NDArray[np.int64],
    reference_p: npt.NDArray[np.int64],
    n_neighbours: int = NEIGHBOURS,
) -> npt.NDArray[np.float64]:
    """Return the predicted drop of the score when each attribute of the query is removed: (pair, attribute), float64.

    Of the training images without the attribute the `n_neighbours` most similar to the query stand for the query
    without it. For each of them the image with the attribute whose similarity to the query is closest stands for a
    replacement that is as far away and keeps it. The effect is the mean score of the latter with the reference minus
    that of the former. Where fewer images lack the attribute all of them are taken; 0 for attributes that all training
    images have, or none. Ties go to the earlier image.

    Args:
        train: images to look among.
        embeddings_nd: (image, dimension) of the pairs' images, unit norm.
        query_p: (pair,) rows of the queries.
        reference_p: (pair,) rows of the references.
        n_neighbours: images that lack an attribute, at least 1.

    Raises:
        BadSetting: no training image, labels and embeddings of different images, or no neighbour asked for.

    Source: this project's. It is the matched effect of the evaluation, on training images alone.
    """
    labels_na, n_train = train.labels_na, len(train.embeddings_nd)
    if n_train == 0 or n_train != len(labels_na) or n_neighbours < 1:
        raise BadSetting(
            expected="embeddings (n, d) and labels (n, a) of the same images, at least one neighbour",
            found=f"{train.embeddings_nd.shape} and {labels_na.shape}, {n_neighbours} neighbours",
            where="effects from neighbours",
            remedy="pass the training images' embeddings and labels in one order",
        )
    train_nd, images = train.embeddings_nd.astype(np.float64), embeddings_nd.astype(np.float64)
    weights_n: npt.NDArray[np.float64] = np.ones(n_train) if train.weights_n is None else train.weights_n.astype(float)
    effects_pa = np.zeros((len(query_p), labels_na.shape[1]))
    queries, query_of_p = np.unique(query_p, return_inverse=True)
    size = max(1, _ENTRIES_PER_BLOCK // n_train)
    for start in range(0, len(queries), size):
        rows = queries[start : start + size]
        pairs = np.flatnonzero((query_of_p >= start) & (query_of_p < start + size))
        similarity_qn = images[rows] @ train_nd.T
        nearest_qn = np.argsort(-np.round(similarity_qn, _TIE_DECIMALS), axis=1, kind="stable")
        sorted_qn = np.take_along_axis(similarity_qn, nearest_qn, axis=1)
        for attribute in np.flatnonzero(labels_na.any(axis=0) & ~labels_na.all(axis=0)):
            has_qn = labels_na[nearest_qn, attribute]
            lacking_qk, keeping_qk = _matched_places(has_qn, sorted_qn, n_neighbours)
            lacking = np.take_along_axis(nearest_qn, lacking_qk, axis=1)
            keeping = np.take_along_axis(nearest_qn, keeping_qk, axis=1)
            change_qd = _weighted_mean(train_nd, keeping, weights_n) - _weighted_mean(train_nd, lacking, weights_n)
            change_pd = change_qd[query_of_p[pairs] - start]
            effects_pa[pairs, attribute] = np.einsum("pd,pd->p", change_pd, images[reference_p[pairs]])
    return effects_pa


def _weighted_mean(
    train_nd: npt.NDArray[np.float64], rows_qk: npt.NDArray[np.int64], weights_n: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the weighted mean of the chosen images of each query, (query, dimension)."""
    weights_qk = weights_n[rows_qk] / weights_n[rows_qk].sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("qk,qkd->qd", weights_qk, train_nd[rows_qk]))


def _matched_places(
    has_qn: npt.NDArray[np.bool_], sorted_qn: npt.NDArray[np.float64], n_neighbours: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return places of the first images without the attribute, and of those with it that are as similar: (query, k).

    Args:
        has_qn: bool (query, place), images from the most to the least similar; some have it and some do not.
        sorted_qn: their similarities, falling.
        n_neighbours: most places of a row.
    """
    n_images = has_qn.shape[1]
    places_n = np.arange(n_images)
    # stable: False comes before True, each in the order of places
    lacking_qk = np.argsort(has_qn, axis=1, kind="stable")[:, : min(n_neighbours, int((~has_qn[0]).sum()))]
    before_qn = np.maximum.accumulate(np.where(has_qn, places_n, -1), axis=1)
    after_qn = np.minimum.accumulate(np.where(has_qn, places_n, n_images)[:, ::-1], axis=1)[:, ::-1]
    before_qk, after_qk = (np.take_along_axis(found, lacking_qk, axis=1) for found in (before_qn, after_qn))
    target_qk = np.take_along_axis(sorted_qn, lacking_qk, axis=1)
    gaps = []
    for found_qk in (before_qk, after_qk):
        exists_qk = (found_qk >= 0) & (found_qk < n_images)
        similarity_qk = np.take_along_axis(sorted_qn, np.where(exists_qk, found_qk, 0), axis=1)
        gap_qk = np.round(np.abs(similarity_qk - target_qk), _TIE_DECIMALS)
        gaps.append(np.where(exists_qk, gap_qk, np.inf))
    return lacking_qk, np.where(gaps[0] <= gaps[1], before_qk, after_qk)
