"""How well attributes are recognised: mean average precision.

Arrays in, numbers out; must not import torch. Cost: one sort of the images per attribute.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from pipeline.errors import BadDataset, BadModel


@dataclass(frozen=True)
class AveragePrecision:
    """Average precision of a predictor, as fractions.

    Attributes:
        value: mean over the attributes where it is defined; NaN where it is defined for none.
        per_attribute: (attribute,) float64 in [0, 1]; NaN where the images hold no positive or no negative.
        n_attributes: the number of attributes in the mean.
    """

    value: float
    per_attribute: npt.NDArray[np.float64]
    n_attributes: int


def mean_average_precision(logits_na: npt.NDArray[np.floating], labels_na: npt.NDArray[np.bool_]) -> AveragePrecision:
    """Return the average precision of each attribute over the images, and its mean.

    Args:
        logits_na: (image, attribute) scores, larger = more confident; computed on logits, because a
            softmax over attributes would make one image's scores depend on its other attributes.
        labels_na: (image, attribute) bool ground truth.

    Raises:
        BadModel: a logit is not a number or infinite.
        BadDataset: the two matrices differ in shape.

    Source: v1 4.2 (mAP of Table 2). Precision is summed over the steps of recall, without interpolation.
    Deliberate departure: attributes without a positive or without a negative are left out, because their
    average precision is undefined or 1 whatever the predictor says.
    """
    _check(logits_na, labels_na)
    n_positive_a = labels_na.sum(axis=0)
    defined_a = (n_positive_a > 0) & (n_positive_a < labels_na.shape[0])
    per_attribute = np.full(labels_na.shape[1], np.nan)
    for a in np.flatnonzero(defined_a):
        per_attribute[a] = average_precision_score(labels_na[:, a], logits_na[:, a])
    n_attributes = int(defined_a.sum())
    value = float(per_attribute[defined_a].mean()) if n_attributes else float("nan")
    return AveragePrecision(value, per_attribute, n_attributes)


def _check(logits_na: npt.NDArray[np.floating], labels_na: npt.NDArray[np.bool_]) -> None:
    if logits_na.shape != labels_na.shape or logits_na.ndim != 2:
        raise BadDataset(
            expected="logits and labels with the same (image, attribute) shape",
            found=f"{logits_na.shape} and {labels_na.shape}",
            where="the attribute scores",
            remedy="score the labelled images with a predictor of the same vocabulary",
        )
    bad_n = ~np.isfinite(logits_na).all(axis=1)
    if bad_n.any():
        raise BadModel(
            expected="finite attribute logits",
            found=f"{int(bad_n.sum())} of {bad_n.size} images with NaN or infinite logits",
            where=f"the attribute scores, first at image row {int(np.flatnonzero(bad_n)[0])}",
            remedy="lower the learning rate or check the predictor's weights",
        )
