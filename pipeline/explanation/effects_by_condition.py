"""Predicted effects under the conditions of a type-aware model: directions are fitted in each condition's space.

Must not import torch. Cost: for each condition that a pair has, one ridge regression on the images of its types.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.explanation.conditional_directions import (
    ConditionalDirections,
    conditional_effects,
    fit_conditional_directions,
)
from pipeline.similarity.conditions import ConditionMasks, project


@dataclass(frozen=True)
class LabelledEmbeddings:
    """Images of one split.

    Attributes:
        embeddings_nd: (image, dimension), unit norm, general.
        labels_na: bool (image, attribute).
        types_n: item type (or class) of each image.
        weights_n: how much each image counts where directions are fitted, (image,); None: all alike.
    """

    embeddings_nd: npt.NDArray[np.floating[Any]]
    labels_na: npt.NDArray[np.bool_]
    types_n: Sequence[str]
    weights_n: npt.NDArray[np.floating[Any]] | None = None


@dataclass(frozen=True)
class FittedSpace:
    """Pairs that are compared in one space, with the directions that were fitted in it.

    Attributes:
        pairs_p: int64 (pair,), rows of these pairs among all.
        embeddings_nd: (image, dimension), unit norm, in this space.
        types_n: item type (or class) of each image.
        query_p: int64 (pair,), rows of the queries among these images.
        reference_p: int64 (pair,), rows of the references.
        directions: fitted in this space.
    """

    pairs_p: npt.NDArray[np.int64]
    embeddings_nd: npt.NDArray[np.floating[Any]]
    types_n: Sequence[str]
    query_p: npt.NDArray[np.int64]
    reference_p: npt.NDArray[np.int64]
    directions: ConditionalDirections


def effects_by_condition(
    train: LabelledEmbeddings,
    images: LabelledEmbeddings,
    query_p: npt.NDArray[np.int64],
    reference_p: npt.NDArray[np.int64],
    conditions_p: Sequence[str | None],
    masks: ConditionMasks,
    attribute_groups: Sequence[int],
) -> npt.NDArray[np.float64]:
    """Return `conditional_effects` (pair, attribute), each pair's in the space of its condition.

    Arguments as in `condition_spaces`; `attribute_groups` as in `removal_shifts`.

    Raises:
        BadModel, BadSetting: see `fit_attribute_directions` and `predicted_effects`.
    """
    effects_pa = np.empty((len(query_p), train.labels_na.shape[1]))
    for space in condition_spaces(train, images, query_p, reference_p, conditions_p, masks):
        effects_pa[space.pairs_p] = conditional_effects(
            space.embeddings_nd,
            space.query_p,
            space.reference_p,
            space.types_n,
            space.directions,
            attribute_groups,
        )
    return effects_pa


def condition_spaces(
    train: LabelledEmbeddings,
    images: LabelledEmbeddings,
    query_p: npt.NDArray[np.int64],
    reference_p: npt.NDArray[np.int64],
    conditions_p: Sequence[str | None],
    masks: ConditionMasks,
) -> Iterator[FittedSpace]:
    """Yield every pair once, in the space of its condition.

    The directions of a condition are fitted on the projected training images of the types that its pairs have: the
    mask was trained on these types and says nothing of others. Pairs whose condition has no mask, or whose types
    training shows less than twice, use the directions of all training images.

    Args:
        train: images to fit on.
        images: of the pairs; their labels are not looked at.
        query_p: (pair,) rows of the queries.
        reference_p: (pair,) rows of the references.
        conditions_p: condition of each pair, or None.
        masks: of the model.

    Raises:
        BadModel, BadSetting: see `fit_attribute_directions`.
    """
    train_types_n, types_n = np.asarray(train.types_n), np.asarray(images.types_n)
    known = set(masks.names)
    names_p = np.array([name if name in known else "" for name in conditions_p])
    for name in np.unique(names_p):
        pairs = np.flatnonzero(names_p == name)
        mask_d = masks.of([str(name) or None])[0]
        rows, place = np.unique(np.concatenate([query_p[pairs], reference_p[pairs]]), return_inverse=True)
        fitted_on = np.flatnonzero(np.isin(train_types_n, types_n[rows]))
        if not name or len(fitted_on) < 2:
            fitted_on = np.arange(len(train_types_n))
        fitted = fit_conditional_directions(
            project(train.embeddings_nd[fitted_on], mask_d),
            train.labels_na[fitted_on],
            train_types_n[fitted_on].tolist(),
            weights_n=None if train.weights_n is None else train.weights_n[fitted_on],
        )
        yield FittedSpace(
            pairs,
            project(images.embeddings_nd[rows], mask_d),
            types_n[rows].tolist(),
            place[: len(pairs)],
            place[len(pairs) :],
            fitted,
        )
