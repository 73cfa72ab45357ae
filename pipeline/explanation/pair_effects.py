"""Predicted effects of a split's pairs, whatever the model: with one embedding, or with one for each condition.

Must not import torch. Cost: that of `conditional_effects`, of `neighbour_effects` where labels
are of classes, or for each condition that a pair has one ridge regression.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.explanation.conditional_directions import conditional_effects, fit_conditional_directions
from pipeline.explanation.effects_by_condition import (
    FittedSpace,
    LabelledEmbeddings,
    condition_spaces,
    effects_by_condition,
)
from pipeline.explanation.neighbour_effects import LabelledNeighbours, labels_are_of_classes, neighbour_effects
from pipeline.similarity.conditions import ConditionMasks


@dataclass(frozen=True)
class EmbeddedPairs:
    """Pairs whose effects are to be predicted.

    Attributes:
        images: of the pairs; their labels are not looked at.
        query_p: int64 (pair,), rows of the queries.
        reference_p: int64 (pair,), rows of the references.
        conditions_p: condition of each pair, or None.
        masks: of a model with conditions, None for other models.
        attribute_groups: see `removal_shifts`.
    """

    images: LabelledEmbeddings
    query_p: npt.NDArray[np.int64]
    reference_p: npt.NDArray[np.int64]
    conditions_p: Sequence[str | None]
    masks: ConditionMasks | None
    attribute_groups: Sequence[int]


def pair_effects(train: LabelledEmbeddings, pairs: EmbeddedPairs) -> npt.NDArray[np.float64]:
    """Return the predicted drop of each pair's score when each attribute of the query is removed, (pair, attribute).

    Raises:
        BadModel, BadSetting: see `fit_attribute_directions`, `predicted_effects` and `neighbour_effects`.
    """
    if pairs.masks is not None:
        return effects_by_condition(
            train,
            pairs.images,
            pairs.query_p,
            pairs.reference_p,
            pairs.conditions_p,
            pairs.masks,
            pairs.attribute_groups,
        )
    if labels_are_of_classes(train.labels_na, np.asarray(train.types_n, dtype=str)):
        # No direction is used then, and fitting them would be half of the work of a refit.
        near = LabelledNeighbours(train.embeddings_nd, train.labels_na, train.weights_n)
        return neighbour_effects(near, pairs.images.embeddings_nd, pairs.query_p, pairs.reference_p)
    # Refits are made for single pairs, too: directions of types that no query has would be most of the work.
    fitted = fit_conditional_directions(
        train.embeddings_nd,
        train.labels_na,
        train.types_n,
        weights_n=train.weights_n,
        asked={pairs.images.types_n[query] for query in pairs.query_p},
    )
    return conditional_effects(
        pairs.images.embeddings_nd,
        pairs.query_p,
        pairs.reference_p,
        pairs.images.types_n,
        fitted,
        pairs.attribute_groups,
    )


def fitted_spaces(train: LabelledEmbeddings, pairs: EmbeddedPairs) -> Iterator[FittedSpace]:
    """Yield every pair once, in the space that it is compared in: that of its condition, or the one of all pairs.

    Raises:
        BadModel, BadSetting: see `fit_attribute_directions`.
    """
    if pairs.masks is not None:
        yield from condition_spaces(
            train, pairs.images, pairs.query_p, pairs.reference_p, pairs.conditions_p, pairs.masks
        )
        return
    yield FittedSpace(
        np.arange(len(pairs.query_p)),
        pairs.images.embeddings_nd,
        pairs.images.types_n,
        pairs.query_p,
        pairs.reference_p,
        fit_conditional_directions(train.embeddings_nd, train.labels_na, train.types_n, weights_n=train.weights_n),
    )
