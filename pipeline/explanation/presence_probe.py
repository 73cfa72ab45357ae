"""How likely an image has an attribute: read off the embedding, or off a predictor's confidence."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from pipeline.errors import BadSetting


@dataclass(frozen=True)
class PresenceProbe:
    """One logistic regression per attribute, on standardised embeddings.

    Attributes:
        weights_ad: (attributes, dimensions), float64, in units of the embedding as it comes.
        intercepts_a: (attributes,), float64; +inf or -inf for attributes that all or no training images have.
        n_unconverged: attributes whose fit ran out of iterations.
    """

    weights_ad: npt.NDArray[np.float64]
    intercepts_a: npt.NDArray[np.float64]
    n_unconverged: int


def fit_presence_probe(
    embeddings_nd: npt.NDArray[np.floating[Any]],
    labels_na: npt.NDArray[np.bool_],
    inverse_penalty: float = 1.0,
    max_iterations: int = 100,
) -> PresenceProbe:
    """Return a probe fitted on training images; deterministic.

    An attribute that is constant in training gets its base rate, 0 or 1, for every image. Classes are not
    reweighted, so that the outputs are probabilities at the training base rates.

    Raises:
        BadSetting: no images, or labels and embeddings of different images.
    """
    _check_shapes(embeddings_nd, labels_na)
    embeddings_nd = embeddings_nd.astype(np.float64)
    mean_d = embeddings_nd.mean(axis=0)
    deviation_d = embeddings_nd.std(axis=0)
    deviation_d[deviation_d <= 1e-12 * np.abs(embeddings_nd).max(axis=0)] = np.inf  # constant: weight 0
    standardised_nd = (embeddings_nd - mean_d) / deviation_d
    weights_ad = np.zeros((labels_na.shape[1], embeddings_nd.shape[1]))
    intercepts_a = np.where(labels_na.all(axis=0), np.inf, -np.inf)
    n_unconverged = 0
    # Newton steps suit many images and few dimensions: a dozen iterations
    regression = LogisticRegression(C=inverse_penalty, solver="newton-cholesky", max_iter=max_iterations)
    with warnings.catch_warnings():
        # counted instead: one line per attribute would drown the log
        warnings.simplefilter("ignore", ConvergenceWarning)
        for attribute in np.flatnonzero(labels_na.any(axis=0) & ~labels_na.all(axis=0)):
            regression.fit(standardised_nd, labels_na[:, attribute])
            n_unconverged += int(regression.n_iter_[0] >= max_iterations)
            weights_ad[attribute] = regression.coef_[0] / deviation_d
            intercepts_a[attribute] = regression.intercept_[0] - weights_ad[attribute] @ mean_d
    return PresenceProbe(weights_ad, intercepts_a, n_unconverged)


def presence_probability(probe: PresenceProbe, embeddings_nd: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Return the probability of each attribute in each image: (images, attributes), float64, in [0, 1]."""
    logits_na = embeddings_nd.astype(np.float64) @ probe.weights_ad.T + probe.intercepts_a
    return np.asarray(expit(logits_na), dtype=np.float64)


def relative_confidence(logits_na: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Return a predictor's confidences as shares of the image's largest: (images, attributes), in (0, 1].

    Stands in for a probability of presence: the predictor's targets are 1 / A_gt for each present attribute,
    so present attributes share one confidence whose size depends on their number; the division removes it.
    """
    logits_na = logits_na.astype(np.float64)
    return np.asarray(np.exp(logits_na - logits_na.max(axis=1, keepdims=True)), dtype=np.float64)


def _check_shapes(embeddings_nd: npt.NDArray[np.floating[Any]], labels_na: npt.NDArray[np.bool_]) -> None:
    """Refuse embeddings and labels that are not of the same images, at least one."""
    if embeddings_nd.ndim != 2 or len(embeddings_nd) != len(labels_na) or len(labels_na) == 0:
        raise BadSetting(
            expected="embeddings (n, d) and labels (n, a) of the same images",
            found=f"{embeddings_nd.shape} and {labels_na.shape}",
            where="presence probe",
            remedy="pass the training images' embeddings and labels in one order",
        )
