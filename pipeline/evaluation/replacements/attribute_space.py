"""The space in which images are near that have the same attributes, but for one: where ECCV's replacements are found.

Must not import torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadModel

# Coordinates are whole multiples of this many deviations, so that sums of products of two are exact in float64
# below 2^23: distances neither depend on the order of a sum, nor on which images are computed together, and what is
# equally near is tied.
_STEPS_PER_DEVIATION = 2.0**15


@dataclass(frozen=True)
class AttributeSpace:
    """Where images lie by their attributes.

    Attributes:
        coordinates_mna: (predictor, image, attribute) float64, standardised logits; 0 where all images have one logit.
    """

    coordinates_mna: npt.NDArray[np.float64]

    def squared_distances(
        self, rows_q: npt.NDArray[np.integer], rows_n: npt.NDArray[np.integer]
    ) -> npt.NDArray[np.float64]:
        """Return the squared distances between images by all attributes, summed over predictors: (row, row) float64.

        One matrix product; the distance without an attribute is this less `squared_parts` of the attribute. Sums
        order images as the papers' means over predictors do, and are exact.
        """
        n_images = self.coordinates_mna.shape[1]
        by_image = self.coordinates_mna.transpose(1, 0, 2).reshape(n_images, -1)
        first, second = by_image[rows_q], by_image[rows_n]
        squares_q, squares_n = (np.einsum("nc,nc->n", side, side) for side in (first, second))
        products_qn = first @ second.T
        distances_qn: npt.NDArray[np.float64] = squares_q[:, None] + squares_n - 2 * products_qn
        return distances_qn

    def squared_parts(
        self, rows_q: npt.NDArray[np.integer], rows_n: npt.NDArray[np.integer], attribute: int
    ) -> npt.NDArray[np.float64]:
        """Return what one attribute contributes to these squared distances: (row, row) float64."""
        part = np.zeros((rows_q.size, rows_n.size))
        for coordinates_n in self.coordinates_mna[:, :, attribute]:
            part += np.square(coordinates_n[rows_q][:, None] - coordinates_n[rows_n])
        return part

    def mean_scores(self) -> npt.NDArray[np.float64]:
        """Return each image's standardised logits, averaged over predictors: (image, attribute) float64."""
        means: npt.NDArray[np.float64] = self.coordinates_mna.mean(axis=0)
        return means


def attribute_space(logits_by_predictor: Sequence[npt.NDArray[np.floating]]) -> AttributeSpace:
    """Return the space of these predictors.

    Args:
        logits_by_predictor: (image, attribute) of each, of the same images: those of the pool.

    Raises:
        BadModel: there is no predictor, their shapes differ, or a logit is not finite.

    Source: ECCV 2 and its supplement: nearest neighbours by predicted attributes, averaged over predictors. Logits,
    as softmax outputs would leak the attribute that is left out into all others; standardised over the pool, so that
    predictors and attributes count alike; squared L2.
    Deliberate departure: coordinates are rounded to 2^-15 of a deviation, and ties are exact.
    """
    shapes = {logits_na.shape for logits_na in logits_by_predictor}
    if len(shapes) != 1 or not all(np.isfinite(logits_na).all() for logits_na in logits_by_predictor):
        raise BadModel(
            expected="finite logits (image, attribute) of the same images by at least one predictor",
            found=f"{len(logits_by_predictor)} predictors of shapes {sorted(shapes)}, or logits that are not finite",
            where="the predictors that find replacements",
            remedy="check evaluation.replacement_models and the training of these models",
        )
    logits_mna = np.stack([np.asarray(logits_na, dtype=np.float64) for logits_na in logits_by_predictor])
    centred = logits_mna - logits_mna.mean(axis=1, keepdims=True)
    deviation = logits_mna.std(axis=1, keepdims=True)
    constant = np.ptp(logits_mna, axis=1, keepdims=True) == 0
    standardised = np.where(constant, 0.0, centred / np.where(constant, 1.0, deviation))
    return AttributeSpace(np.round(standardised * _STEPS_PER_DEVIATION) / _STEPS_PER_DEVIATION)
