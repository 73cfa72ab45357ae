"""What an image counts as having where labels are sparse: its labels, and what predictors are sure enough of.

Must not import torch.
"""

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadDataset


def presence_by_score(labels_na: npt.NDArray[np.bool_], scores_na: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Return which attributes each image counts as having, bool (image, attribute): labelled, or scored high.

    High is above the median score of the images that are labelled with the attribute; of an attribute that no image
    is labelled with, no score is.

    Args:
        labels_na: labels, of which many are missing.
        scores_na: (image, attribute) scores of the same images, comparable within an attribute.

    Raises:
        BadDataset: labels and scores are of different shapes.

    Source: the authors' code for Polyvore Outfits (ECCV 2: deletion and insertion; v1 4.2: what lacks an attribute).
    """
    if labels_na.shape != scores_na.shape:
        raise BadDataset(
            expected=f"scores of shape {labels_na.shape}, that of the labels",
            found=f"shape {scores_na.shape}",
            where="what images count as having",
            remedy="score the images of the same split with predictors of the same vocabulary",
        )
    threshold_a = np.full(labels_na.shape[1], np.inf)
    for attribute in np.flatnonzero(labels_na.any(axis=0)):
        threshold_a[attribute] = np.median(scores_na[labels_na[:, attribute], attribute])
    return labels_na | (scores_na > threshold_a)
