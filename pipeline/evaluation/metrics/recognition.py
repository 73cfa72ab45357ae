"""Figures of `attribute_recognition`: how well each attribute predictor knows the attributes of images."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.evaluation.average_precision_interval import map_interval
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics.rows import metric_row


def recognition_rows(
    logits_by_model: Mapping[str, np.ndarray], labels_na: np.ndarray, clusters_n: np.ndarray, resampling: Resampling
) -> list[dict[str, Any]]:
    """Return a row of mean average precision for each predictor; whole clusters of images are resampled.

    Args:
        logits_by_model: (image, attribute) of each predictor, by name.
        labels_na: bool (image, attribute), of the same images.
        clusters_n: integer (image,), as in `map_interval`.
        resampling: seed and number of bootstrap samples.

    Raises:
        BadModel: logits are not finite.
        BadDataset: logits and labels differ in shape.
    """
    return [
        metric_row(
            "attribute_recognition",
            "map",
            map_interval(logits_na, labels_na, clusters_n, seed=resampling.seed, samples=resampling.samples),
            variant=model,
        )
        for model, logits_na in logits_by_model.items()
    ]
