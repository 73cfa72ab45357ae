"""Ways to predict from training images, labelled by class, what removing an attribute does to a score."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import Ridge

from benchmarks.class_level_measures import ExplainedImages, standardised
from pipeline.explanation.attribute_groups import group_shares
from pipeline.explanation.embedding_effect import RIDGE_ALPHAS, fit_attribute_directions, predicted_effects
from pipeline.explanation.neighbour_effects import LabelledNeighbours, neighbour_effects
from pipeline.explanation.presence_probe import fit_presence_probe, presence_probability
from pipeline.explanation.separability import Separability

PENALTIES = (*RIDGE_ALPHAS, 1e4, 1e5)
FOLDS = 5


@dataclass(frozen=True)
class LabelledImages:
    """Labelled images to learn from.

    Attributes:
        embeddings_nd: (image, dimension), unit norm.
        labels_na: bool (image, attribute).
        classes_n: name of each image's class.
        groups: of the labels.
        held_out_embeddings_nd: of images that no training saw, of the same classes.
        held_out_logits_na: the classifier's, of these images.
    """

    embeddings_nd: np.ndarray
    labels_na: np.ndarray
    classes_n: np.ndarray
    groups: Separability
    held_out_embeddings_nd: np.ndarray
    held_out_logits_na: np.ndarray


Way = Callable[[LabelledImages, ExplainedImages], np.ndarray]


def _by_directions(images: ExplainedImages, directions_ad: np.ndarray) -> np.ndarray:
    return predicted_effects(
        images.embeddings_nd, images.query_p, images.reference_p, directions_ad, [-1] * len(directions_ad)
    )


def ridge_directions(train: LabelledImages, images: ExplainedImages) -> np.ndarray:
    """Ridge on the class labels, its penalty chosen by leaving out images."""
    return _by_directions(images, fit_attribute_directions(train.embeddings_nd, train.labels_na).directions_ad)


def penalty_by_class(train: LabelledImages, images: ExplainedImages) -> np.ndarray:
    """Ridge on the class labels, its penalty chosen by leaving out classes."""
    labels_na = train.labels_na.astype(np.float64)
    errors = []
    for penalty in PENALTIES:
        error = 0.0
        for name in np.unique(train.classes_n):
            out_n = train.classes_n == name
            fitted = Ridge(alpha=penalty).fit(labels_na[~out_n], train.embeddings_nd[~out_n])
            error += float(((fitted.predict(labels_na[out_n]) - train.embeddings_nd[out_n]) ** 2).sum(axis=1).mean())
        errors.append(error)
    chosen = Ridge(alpha=PENALTIES[int(np.argmin(errors))]).fit(labels_na, train.embeddings_nd)
    return _by_directions(images, np.asarray(chosen.coef_).T)


def _mean_differences(embeddings_nd: np.ndarray, values_na: np.ndarray) -> np.ndarray:
    """Return the regression of embeddings on each attribute alone, (attribute, dimension)."""
    centred_na = values_na - values_na.mean(axis=0)
    squares_a = (centred_na**2).sum(axis=0)
    products_ad = centred_na.T @ (embeddings_nd - embeddings_nd.mean(axis=0))
    return np.asarray(products_ad / np.where(squares_a > 0, squares_a, np.inf)[:, None])


def mean_differences(train: LabelledImages, images: ExplainedImages) -> np.ndarray:
    """Images with the attribute against those without it: nothing partialled out."""
    return _by_directions(images, _mean_differences(train.embeddings_nd, train.labels_na.astype(np.float64)))


def other_groups_partialled_out(train: LabelledImages, images: ExplainedImages) -> np.ndarray:
    """Ridge on one attribute and the means of all groups but its own."""
    shares_ng = group_shares(train.labels_na, train.groups)
    directions_ad = np.zeros((train.labels_na.shape[1], train.embeddings_nd.shape[1]))
    for attribute in np.flatnonzero(train.groups.group_a >= 0):
        others_ng = np.delete(shares_ng, train.groups.group_a[attribute], axis=1)
        columns = np.column_stack([train.labels_na[:, attribute], others_ng])
        directions_ad[attribute] = fit_attribute_directions(train.embeddings_nd, columns).directions_ad[0]
    return _by_directions(images, directions_ad)


def _out_of_fold(train: LabelledImages, fold_n: np.ndarray) -> np.ndarray:
    """Return a probe's probabilities of images that it was not fitted on, (image, attribute)."""
    found = np.zeros(train.labels_na.shape)
    for fold in np.unique(fold_n):
        out_n = fold_n == fold
        probe = fit_presence_probe(train.embeddings_nd[~out_n], train.labels_na[~out_n])
        found[out_n] = presence_probability(probe, train.embeddings_nd[out_n])
    return found


def predicted_by_image(train: LabelledImages, images: ExplainedImages) -> np.ndarray:
    """Ridge on attributes predicted by a probe that did not see the image."""
    predicted_na = _out_of_fold(train, np.arange(len(train.labels_na)) % FOLDS)
    return _by_directions(images, fit_attribute_directions(train.embeddings_nd, predicted_na).directions_ad)


def predicted_by_class(train: LabelledImages, images: ExplainedImages) -> np.ndarray:
    """Ridge on attributes predicted by a probe that did not see the class."""
    predicted_na = _out_of_fold(train, np.unique(train.classes_n, return_inverse=True)[1])
    return _by_directions(images, fit_attribute_directions(train.embeddings_nd, predicted_na).directions_ad)


def predicted_by_classifier(train: LabelledImages, images: ExplainedImages) -> np.ndarray:
    """Ridge on the classifier's logits of held-out images of the training classes."""
    logits_na = standardised(train.held_out_logits_na)
    return _by_directions(images, fit_attribute_directions(train.held_out_embeddings_nd, logits_na).directions_ad)


def near_classes(train: LabelledImages, images: ExplainedImages) -> np.ndarray:
    """The three classes most like the query that lack the attribute, against classes as like that have it."""
    names, first = np.unique(train.classes_n, return_index=True)
    means_cd = np.stack([train.embeddings_nd[train.classes_n == name].mean(axis=0) for name in names])
    pairs = (images.embeddings_nd, images.query_p, images.reference_p)
    return neighbour_effects(LabelledNeighbours(means_cd, train.labels_na[first]), *pairs, 3)


def near_images(train: LabelledImages, images: ExplainedImages) -> np.ndarray:
    """The images most like the query that lack the attribute, against images as like that have it."""
    pairs = (images.embeddings_nd, images.query_p, images.reference_p)
    return neighbour_effects(LabelledNeighbours(train.embeddings_nd, train.labels_na), *pairs)


WAYS: dict[str, Way] = {
    "directions by ridge on class labels": ridge_directions,
    "penalty by left-out classes": penalty_by_class,
    "mean differences, nothing partialled out": mean_differences,
    "other groups partialled out": other_groups_partialled_out,
    "ridge on predicted attributes, image left out": predicted_by_image,
    "ridge on predicted attributes, class left out": predicted_by_class,
    "ridge on the classifier's logits": predicted_by_classifier,
    "nearest classes": near_classes,
    "nearest images (nonlinear)": near_images,
}
