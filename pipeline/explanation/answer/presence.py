"""Which estimate says what a query has, where labels may not: a probe on the embedding, or the classifier calibrated.

Both are measured on validation images and pairs. Must not import torch. Cost: two small logistic regressions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from pipeline.explanation.answer.naming import drop_of_named
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
    """How well an estimate of presence does on validation images and pairs.

    Attributes:
        source: "probe" or "classifier".
        log_loss: mean over images and attributes, in nats; the smaller, the better.
        matched_effect: mean matched effect of the attributes with the largest presence times predicted effect, over
            pairs, as a drop; an absent attribute and one whose effect cannot be measured earn 0.
        is_chosen: it has the largest matched effect, among equals the smallest log loss.
    """

    source: str
    log_loss: float
    matched_effect: float
    is_chosen: bool


@dataclass(frozen=True)
class MeasuredValidation:
    """Validation images and pairs by which estimates of presence are compared.

    Attributes:
        labels_na: bool (image, attribute).
        query_p: int64 (pair,), row of each pair's query.
        effects_pa: (pair, attribute), predicted effects.
        matched_drops_pa: (pair, attribute), matched effects as drops, NaN where undefined.
    """

    labels_na: npt.NDArray[np.bool_]
    query_p: npt.NDArray[np.int64]
    effects_pa: npt.NDArray[np.floating]
    matched_drops_pa: npt.NDArray[np.floating]


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


def held_out_presence(
    logits_na: npt.NDArray[np.floating],
    labels_na: npt.NDArray[np.bool_],
    base_rates_a: npt.NDArray[np.floating],
    image_ids: Sequence[str],
) -> npt.NDArray[np.float64]:
    """Return calibrated presence, (image, attribute), each image calibrated on the half that it is not in.

    Halves are drawn by image id.

    Args:
        logits_na: (image, attribute) of the predictor.
        labels_na: (image, attribute) bool.
        base_rates_a: (attribute,) share of the training images.
        image_ids: of the images.
    """
    half_n = np.array([derive_seed("presence halves", name) % 2 == 0 for name in image_ids])
    presence_na = np.empty(labels_na.shape)
    for fitted_n in (half_n, ~half_n):
        fitted_on = fitted_n if fitted_n.any() else ~fitted_n
        calibration = calibrate_confidence(logits_na[fitted_on], labels_na[fitted_on], base_rates_a)
        presence_na[~fitted_n] = calibrated_presence(calibration, logits_na[~fitted_n])
    return presence_na


def compare_presence(
    estimates: Mapping[str, npt.NDArray[np.floating]], validation: MeasuredValidation
) -> list[PresenceQuality]:
    """Return how well each estimate does; the one whose attributes matter most is chosen.

    It is chosen by what is done with it: the estimate with the smaller log loss can name worse attributes, because
    errors cost most where effects are large.

    Args:
        estimates: by source, (image, attribute), none fitted on the image that it is of.
        validation: by which they are measured.
    """
    losses = {source: _log_loss(presence_na, validation.labels_na) for source, presence_na in estimates.items()}
    effects = {source: _matched_effect(presence_na, validation) for source, presence_na in estimates.items()}
    best = max(estimates, key=lambda source: (effects[source], -losses[source]))
    return [PresenceQuality(source, losses[source], effects[source], source == best) for source in estimates]


def _matched_effect(presence_na: npt.NDArray[np.floating], validation: MeasuredValidation) -> float:
    named_p = (presence_na[validation.query_p] * validation.effects_pa).argmax(axis=1)
    drop_p = drop_of_named(named_p, validation.matched_drops_pa, validation.labels_na[validation.query_p])
    return float(np.nan_to_num(drop_p, nan=0.0).mean())


def _figures(calibration: ConfidenceCalibration, logits_na: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    confidence_na = np.log(np.maximum(relative_confidence(logits_na), _LEAST_PROBABILITY))
    return np.stack([confidence_na, np.broadcast_to(calibration.base_logits_a, confidence_na.shape)], axis=-1)


def _log_loss(probability_na: npt.NDArray[np.floating], labels_na: npt.NDArray[np.bool_]) -> float:
    kept_na = np.clip(np.asarray(probability_na, dtype=np.float64), _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return float(-np.where(labels_na, np.log(kept_na), np.log1p(-kept_na)).mean())
