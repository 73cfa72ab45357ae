"""Which estimate says what a query has, where labels may not: a probe on the embedding, or the classifier calibrated.

Both are measured on validation images. Must not import torch. Cost: two small logistic regressions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from pipeline.explanation.answer.presence_sources import CLASSIFIER, PROBE
from pipeline.explanation.presence_probe import relative_confidence
from pipeline.randomness import derive_seed

# Keeps a wrong certainty from an infinite loss.
_LEAST_PROBABILITY = 1e-4


@dataclass(frozen=True)
class ConfidenceCalibration:
    """Logistic regression from a predictor's confidence and an attribute's base rate to presence.

    Attributes:
        weights_f: of the log of the relative confidence, and of the log odds of the base rate.
        intercept: float.
        base_logits_a: (attribute,) log odds of each attribute's share of the training images.
    """

    weights_f: npt.NDArray[np.float64]
    intercept: float
    base_logits_a: npt.NDArray[np.float64]


@dataclass(frozen=True)
class PresenceQuality:
    """How well an estimate of presence does on validation images, each left out where it was calibrated.

    Attributes:
        source: "probe" or "classifier".
        log_loss: mean over images and attributes, in nats; the smaller, the better.
        is_chosen: it has the smallest log loss.
    """

    source: str
    log_loss: float
    is_chosen: bool


def calibrate_confidence(
    logits_na: npt.NDArray[np.floating], labels_na: npt.NDArray[np.bool_], base_rates_a: npt.NDArray[np.floating]
) -> ConfidenceCalibration:
    """Return the calibration of a predictor's confidences on validation images, (image, attribute) both."""
    base_a = np.clip(np.asarray(base_rates_a, dtype=np.float64), _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    calibration = ConfidenceCalibration(np.zeros(2), 0.0, np.log(base_a / (1 - base_a)))
    if labels_na.all() or not labels_na.any():
        share = _LEAST_PROBABILITY if not labels_na.any() else 1 - _LEAST_PROBABILITY
        return ConfidenceCalibration(np.zeros(2), float(np.log(share / (1 - share))), calibration.base_logits_a)
    figures = _figures(calibration, logits_na)
    fitted = LogisticRegression().fit(figures.reshape(-1, 2), labels_na.ravel())
    weights_f = fitted.coef_[0].astype(np.float64)
    return ConfidenceCalibration(weights_f, float(fitted.intercept_[0]), calibration.base_logits_a)


def calibrated_presence(
    calibration: ConfidenceCalibration, logits_na: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Return the probability of each attribute in each image, (image, attribute), float64 in (0, 1)."""
    score_na = _figures(calibration, logits_na) @ calibration.weights_f + calibration.intercept
    return np.asarray(1 / (1 + np.exp(-score_na)), dtype=np.float64)


def compare_presence(
    probe_na: npt.NDArray[np.floating],
    logits_na: npt.NDArray[np.floating] | None,
    labels_na: npt.NDArray[np.bool_],
    base_rates_a: npt.NDArray[np.floating],
    image_ids: Sequence[str],
) -> list[PresenceQuality]:
    """Return the log loss of both estimates on validation images; the better one is chosen.

    The probe saw training images alone. The classifier is calibrated on one half of the images and measured on the
    other, both ways; halves are drawn by image id.

    Args:
        probe_na: (image, attribute) probability by `presence_probability`.
        logits_na: (image, attribute) of the classifier; None: there is none, and the probe is chosen.
        labels_na: (image, attribute) bool.
        base_rates_a: (attribute,) share of the training images.
        image_ids: of the images.
    """
    losses = {PROBE: _log_loss(probe_na, labels_na)}
    if logits_na is not None:
        losses[CLASSIFIER] = _held_out_loss(logits_na, labels_na, base_rates_a, image_ids)
    best = min(losses, key=losses.__getitem__)
    return [PresenceQuality(source, loss, source == best) for source, loss in losses.items()]


def _held_out_loss(
    logits_na: npt.NDArray[np.floating],
    labels_na: npt.NDArray[np.bool_],
    base_rates_a: npt.NDArray[np.floating],
    image_ids: Sequence[str],
) -> float:
    """Return the log loss of calibrated confidences, each image calibrated on the half that it is not in."""
    half_n = np.array([derive_seed("presence halves", name) % 2 == 0 for name in image_ids])
    classifier_na = np.empty(labels_na.shape)
    for fitted_n in (half_n, ~half_n):
        fitted_on = fitted_n if fitted_n.any() else ~fitted_n
        calibration = calibrate_confidence(logits_na[fitted_on], labels_na[fitted_on], base_rates_a)
        classifier_na[~fitted_n] = calibrated_presence(calibration, logits_na[~fitted_n])
    return _log_loss(classifier_na, labels_na)


def _figures(calibration: ConfidenceCalibration, logits_na: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    confidence_na = np.log(np.maximum(relative_confidence(logits_na), _LEAST_PROBABILITY))
    return np.stack([confidence_na, np.broadcast_to(calibration.base_logits_a, confidence_na.shape)], axis=-1)


def _log_loss(probability_na: npt.NDArray[np.floating], labels_na: npt.NDArray[np.bool_]) -> float:
    kept_na = np.clip(np.asarray(probability_na, dtype=np.float64), _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return float(-np.where(labels_na, np.log(kept_na), np.log1p(-kept_na)).mean())
