"""Attributes read off the similarity model's own embedding: what would removing one do to the score?

Linear directions per attribute are an assumption; `explained_share` says how far it holds on left-out images.
Needs labels and embeddings only, no attribute network and no torch. Cost: two matrix products.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import RidgeCV

from pipeline.errors import BadModel, BadSetting

RIDGE_ALPHAS = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True)
class AttributeDirections:
    """Directions of the embedding that go with attributes.

    Attributes:
        directions_ad: B, (attributes, dimensions), float64: the change of the embedding when the attribute is
            added to an image, other attributes equal; 0 for attributes constant in training.
        alpha: ridge penalty chosen by leave-one-out error.
        explained_share: share of the embeddings' variance explained on left-out images (at most 1; below 0 is
            worse than the mean embedding).
        n_images: images it was fitted on.
    """

    directions_ad: npt.NDArray[np.float64]
    alpha: float
    explained_share: float
    n_images: int


def fit_attribute_directions(
    embeddings_nd: npt.NDArray[np.floating[Any]],
    labels_na: npt.NDArray[np.bool_ | np.floating[Any]],
    alphas: Sequence[float] = RIDGE_ALPHAS,
    weights_n: npt.NDArray[np.floating[Any]] | None = None,
) -> AttributeDirections:
    """Return ridge-regression directions of training embeddings on their attributes, both centred.

    The embeddings must be of the kind (unit norm or not) that `predicted_effects` gets later.

    Args:
        embeddings_nd: (image, dimension).
        labels_na: (image, attribute), bool.
        alphas: ridge penalties to choose from.
        weights_n: (image,), positive, how much each image counts; None: all alike. Refits of a bootstrap pass them.

    Raises:
        BadSetting: fewer than 2 images, or labels and embeddings of different images.
        BadModel: an embedding is not finite.

    Source: this project's trial, not the papers. Where labels are class-level the leave-one-out error is
    optimistic, because images of one class are near copies.
    """
    if embeddings_nd.ndim != 2 or len(embeddings_nd) != len(labels_na) or len(labels_na) < 2:
        raise BadSetting(
            expected="embeddings (n, d) and labels (n, a) of the same two or more images",
            found=f"{embeddings_nd.shape} and {labels_na.shape}",
            where="embedding effect",
            remedy="pass the training images' embeddings and labels in one order",
        )
    _norms(embeddings_nd)
    embeddings_nd = embeddings_nd.astype(np.float64)
    # RidgeCV centres both sides through its intercept
    if weights_n is not None:
        weights_n = weights_n / weights_n.mean()
    ridge = RidgeCV(alphas=list(alphas)).fit(labels_na.astype(np.float64), embeddings_nd, sample_weight=weights_n)
    centred_nd = embeddings_nd - np.average(embeddings_nd, axis=0, weights=weights_n)
    variance = float(np.average(centred_nd**2, axis=0, weights=weights_n).mean())
    explained_share = 1 + float(ridge.best_score_) / variance if variance > 0 else 0.0
    return AttributeDirections(
        directions_ad=np.ascontiguousarray(ridge.coef_.T, dtype=np.float64),
        alpha=float(ridge.alpha_),
        explained_share=explained_share,
        n_images=len(embeddings_nd),
    )


def removal_shifts(directions_ad: npt.NDArray[np.float64], attribute_groups: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return what removing each attribute adds to an embedding: (attributes, dimensions), float64.

    Value of a factor (a group shared with others): mean direction of the factor's other values minus its own.
    Part (group -1), or the only value of its factor: minus its own direction.

    Raises:
        BadSetting: not one group per attribute.
    """
    groups_a = np.asarray(attribute_groups, dtype=np.int64)
    if groups_a.shape != (len(directions_ad),):
        raise BadSetting(
            expected=f"one group for each of {len(directions_ad)} attributes",
            found=f"{groups_a.size} groups",
            where="embedding effect",
            remedy="use the groups of the dataset that the directions were fitted on",
        )
    shifts_ad = -directions_ad
    for group in np.unique(groups_a[groups_a >= 0]):
        members = np.flatnonzero(groups_a == group)
        if len(members) > 1:
            total_d = directions_ad[members].sum(axis=0)
            shifts_ad[members] += (total_d - directions_ad[members]) / (len(members) - 1)
    return shifts_ad


def predicted_effects(
    embeddings_nd: npt.NDArray[np.floating[Any]],
    query_p: npt.NDArray[np.int64],
    reference_p: npt.NDArray[np.int64],
    directions_ad: npt.NDArray[np.float64],
    attribute_groups: Sequence[int],
    present_na: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.float64]:
    """Return the predicted drop of the score when each attribute of the query is removed.

    Variant `embedding_effect`: (pairs, attributes), float64, s(q, r) - cos(f_q + shift_a, f_r), positive
    where the attribute makes the pair similar. With `present_na` (labels per image) attributes that the query
    lacks get -inf, the last rank; without it they get the effect of a removal that cannot happen.

    Raises:
        BadModel: an embedding is not finite, or zero.
        BadSetting: not one group per attribute.

    Source: this project's trial, not the papers.
    """
    shifts_ad = removal_shifts(directions_ad, attribute_groups)
    norms_n = _norms(embeddings_nd)
    embeddings_nd = embeddings_nd.astype(np.float64)
    projections_na = embeddings_nd @ shifts_ad.T
    dots_p = np.einsum("pd,pd->p", embeddings_nd[query_p], embeddings_nd[reference_p])
    similarity_p = dots_p / (norms_n[query_p] * norms_n[reference_p])
    # norms and dot products of f_q + shift_a from sums, so that no pairs x attributes x dimensions exist
    squared_na = norms_n[:, None] ** 2 + 2 * projections_na + (shifts_ad**2).sum(axis=1)
    floor_n1 = 1e-12 * norms_n[:, None] ** 2
    shifted_norms_na = np.sqrt(np.maximum(squared_na, floor_n1))
    shifted_dots_pa = dots_p[:, None] + projections_na[reference_p]
    shifted_similarity_pa = shifted_dots_pa / (shifted_norms_na[query_p] * norms_n[reference_p, None])
    effects_pa = similarity_p[:, None] - np.clip(shifted_similarity_pa, -1, 1)
    if present_na is not None:
        effects_pa[~present_na[query_p]] = -np.inf
    return np.asarray(effects_pa, dtype=np.float64)


def _norms(embeddings_nd: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Return the embeddings' norms (images,), refusing those a cosine cannot take."""
    norms_n = np.linalg.norm(embeddings_nd.astype(np.float64), axis=1)
    bad_n = ~(np.isfinite(norms_n) & (norms_n > 0))
    if bad_n.any():
        raise BadModel(
            expected="finite, non-zero embeddings",
            found=f"{int(bad_n.sum())} of {len(norms_n)} embeddings are zero or not finite",
            where=f"embedding effect, first at image row {int(np.argmax(bad_n))}",
            remedy="check the similarity model's training or weights",
        )
    return np.asarray(norms_n, dtype=np.float64)
