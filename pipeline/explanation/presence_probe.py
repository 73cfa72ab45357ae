"""How likely an image has an attribute: read off the embedding, or off a predictor's confidence."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

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
    fitted: Callable[[int, int], None] | None = None,
) -> PresenceProbe:
    """Return a probe fitted on training images; deterministic.

    An attribute that is constant in training gets its base rate, 0 or 1, for every image. Classes are not
    reweighted, so that the outputs are probabilities at the training base rates.

    Cost: for each attribute about ten Newton steps of n k^2 + k^3 operations, k the smaller of n and d.

    Args:
        embeddings_nd: (image, dimension).
        labels_na: (image, attribute), bool.
        inverse_penalty: scikit-learn's C.
        max_iterations: Newton steps after which a fit is given up as it stands.
        fitted: called after each fit with the fits done and those there are.

    Raises:
        BadSetting: no images, or labels and embeddings of different images.
    """
    _check_shapes(embeddings_nd, labels_na)
    embeddings_nd = embeddings_nd.astype(np.float64)
    mean_d = embeddings_nd.mean(axis=0)
    deviation_d = embeddings_nd.std(axis=0)
    deviation_d[deviation_d <= 1e-12 * np.abs(embeddings_nd).max(axis=0)] = np.inf  # constant: weight 0
    weights_ad = np.zeros((labels_na.shape[1], embeddings_nd.shape[1]))
    intercepts_a = np.where(labels_na.all(axis=0), np.inf, -np.inf)
    varying = np.flatnonzero(labels_na.any(axis=0) & ~labels_na.all(axis=0))
    n_unconverged = 0
    # Newton steps suit many images and few dimensions: a dozen iterations
    regression = LogisticRegression(C=inverse_penalty, solver="newton-cholesky", max_iter=max_iterations)
    # One thread: on equations this small several wait for each other, ten times as long on shared cores.
    with threadpool_limits(1, "blas"), warnings.catch_warnings():
        # counted instead: one line per attribute would drown the log
        warnings.simplefilter("ignore", ConvergenceWarning)
        span = _span_of((embeddings_nd - mean_d) / deviation_d)
        for done, attribute in enumerate(varying, start=1):
            regression.fit(span.coordinates_nk, labels_na[:, attribute])
            n_unconverged += int(regression.n_iter_[0] >= max_iterations)
            weights_ad[attribute] = span.in_embedding(regression.coef_[0]) / deviation_d
            intercepts_a[attribute] = regression.intercept_[0] - weights_ad[attribute] @ mean_d
            if fitted is not None:
                fitted(done, len(varying))
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


@dataclass(frozen=True)
class _Span:
    """Images in as few coordinates as they span.

    Attributes:
        coordinates_nk: (image, coordinate).
        axes_dk: orthonormal axes of these coordinates, (dimension, coordinate); None where they are the dimensions.
    """

    coordinates_nk: npt.NDArray[np.float64]
    axes_dk: npt.NDArray[np.float64] | None

    def in_embedding(self, weights_k: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return weights on the coordinates as weights on the dimensions."""
        return weights_k if self.axes_dk is None else self.axes_dk @ weights_k


def _span_of(standardised_nd: npt.NDArray[np.float64]) -> _Span:
    """Return the images in coordinates of their own span where they have more dimensions than they are.

    Exact for a model that sees products alone and is penalised by the length of its weights: a part of them
    outside the span would change no product and only make them longer; rotated axes change neither.
    """
    n_images, n_dimensions = standardised_nd.shape
    if n_dimensions <= n_images:
        return _Span(standardised_nd, None)
    axes_dk, coordinates_kn = np.linalg.qr(standardised_nd.T)
    return _Span(np.ascontiguousarray(coordinates_kn.T), axes_dk)
