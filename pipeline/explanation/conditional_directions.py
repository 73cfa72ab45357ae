"""Attribute directions by image label: what an attribute does to an embedding can depend on what the image shows.

One set of directions for all images is the special case with a single label. Unseen labels have no images, and fall
back to the directions over all images. Labels that are classes (every image of a class has the same attributes) leave
nothing to estimate within a label and too little between them: their effects are read off training images near the
query instead.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.explanation.embedding_effect import AttributeDirections, fit_attribute_directions, predicted_effects
from pipeline.explanation.neighbour_effects import LabelledNeighbours, labels_are_of_classes, neighbour_effects

LEAST_IMAGES_PER_LABEL = 50


@dataclass(frozen=True)
class ConditionalDirections:
    """Directions over all images, and by label where a label has enough images whose attributes differ.

    Attributes:
        overall: fitted on all training images.
        by_label: fitted on the training images of one label.
        near: the training images where their labels are of classes; then effects come from these, else None.
    """

    overall: AttributeDirections
    by_label: dict[str, AttributeDirections] = field(default_factory=dict)
    near: LabelledNeighbours | None = None

    def of(self, label: str) -> AttributeDirections:
        """Return the label's own directions, or those over all images."""
        return self.by_label.get(label, self.overall)


def fit_conditional_directions(
    embeddings_nd: npt.NDArray[np.floating[Any]],
    labels_na: npt.NDArray[np.bool_],
    image_labels_n: Sequence[str],
    least_images: int = LEAST_IMAGES_PER_LABEL,
    weights_n: npt.NDArray[np.floating[Any]] | None = None,
    asked: Collection[str] | None = None,
) -> ConditionalDirections:
    """Return ridge directions over all training images and within each label that can bear its own.

    A label bears its own directions when it has `least_images` images and they explain more of its embeddings'
    variance on left-out images than nothing at all.

    Args:
        embeddings_nd: (image, dimension), as `fit_attribute_directions` takes them.
        labels_na: (image, attribute), bool.
        image_labels_n: each image's label (item type or class).
        least_images: fewest images of a label with directions of its own.
        weights_n: see `fit_attribute_directions`.
        asked: the labels whose directions will be used; None for all. The others are left without any of their own.

    Raises:
        BadModel, BadSetting: see `fit_attribute_directions`.

    Departure: this project's own; the papers read no attribute off the embedding.
    """
    by_label = {}
    names_n = np.asarray(image_labels_n)
    for label in sorted(set(image_labels_n) if asked is None else set(image_labels_n) & set(asked)):
        rows = np.flatnonzero(names_n == label)
        varies = bool((labels_na[rows] != labels_na[rows[0]]).any())
        if len(rows) >= least_images and varies:
            fitted = fit_attribute_directions(
                embeddings_nd[rows], labels_na[rows], weights_n=None if weights_n is None else weights_n[rows]
            )
            if fitted.explained_share > 0:
                by_label[label] = fitted
    of_classes = labels_are_of_classes(labels_na, names_n)
    return ConditionalDirections(
        fit_attribute_directions(embeddings_nd, labels_na, weights_n=weights_n),
        by_label,
        LabelledNeighbours(embeddings_nd, labels_na, weights_n) if of_classes else None,
    )


def conditional_effects(
    embeddings_nd: npt.NDArray[np.floating[Any]],
    query_p: npt.NDArray[np.int64],
    reference_p: npt.NDArray[np.int64],
    image_labels_n: Sequence[str],
    directions: ConditionalDirections,
    attribute_groups: Sequence[int],
) -> npt.NDArray[np.float64]:
    """Return predicted effects (pair, attribute) by the directions of each pair's query's label.

    Where the training labels are of classes: `neighbour_effects`.

    Raises:
        BadModel, BadSetting: see `predicted_effects`.
    """
    if directions.near is not None:
        return neighbour_effects(directions.near, embeddings_nd, query_p, reference_p)
    query_labels_p = np.asarray(image_labels_n)[query_p]
    effects_pa = np.empty((len(query_p), len(directions.overall.directions_ad)))
    for label in np.unique(query_labels_p):
        rows = query_labels_p == label
        effects_pa[rows] = predicted_effects(
            embeddings_nd, query_p[rows], reference_p[rows], directions.of(str(label)).directions_ad, attribute_groups
        )
    return effects_pa
