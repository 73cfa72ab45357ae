"""Which estimate of presence is used."""

import numpy as np
import pytest

from pipeline.explanation.answer.presence import calibrate_confidence, calibrated_presence, compare_presence
from pipeline.explanation.answer.presence_sources import CLASSIFIER, PROBE


def images(n_images=400, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.random((n_images, 4)) < [0.5, 0.3, 0.2, 0.6]
    labels[~labels.any(axis=1), 0] = True
    logits = 4.0 * labels + rng.normal(size=labels.shape)
    return labels, logits, [f"image{number}" for number in range(n_images)]


def test_a_calibrated_classifier_beats_base_rates_and_loses_to_the_truth():
    labels, logits, names = images()
    rates = labels.mean(axis=0)
    ignorant = np.broadcast_to(rates, labels.shape)
    knowing = np.where(labels, 0.99, 0.01)
    for probe, chosen in ((ignorant, CLASSIFIER), (knowing, PROBE)):
        found = {one.source: one for one in compare_presence(probe, logits, labels, rates, names)}
        assert {one.source for one in found.values() if one.is_chosen} == {chosen}
        assert found[chosen].log_loss == min(one.log_loss for one in found.values())
    assert [one.source for one in compare_presence(ignorant, None, labels, rates, names)] == [PROBE]


def test_probabilities_hold_on_other_images():
    labels, logits, _ = images()
    fitted = calibrate_confidence(logits, labels, labels.mean(axis=0))
    other_labels, other_logits, _ = images(seed=1)
    presence = calibrated_presence(fitted, other_logits)
    assert ((presence > 0) & (presence < 1)).all()
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.0)):
        inside = (presence >= low) & (presence < high)
        assert inside.sum() > 20
        assert other_labels[inside].mean() == pytest.approx(presence[inside].mean(), abs=0.12)


def test_the_classifier_is_not_measured_on_what_it_was_calibrated_with():
    labels, _, names = images(n_images=40)
    noise = np.random.default_rng(5).normal(size=labels.shape)
    rates = labels.mean(axis=0)
    ignorant = np.broadcast_to(rates, labels.shape)
    found = {one.source: one.log_loss for one in compare_presence(ignorant, noise, labels, rates, names)}
    assert found[CLASSIFIER] > found[PROBE] - 0.01


def test_labels_of_one_kind_leave_their_base_rate():
    logits = np.zeros((5, 2))
    nothing = calibrate_confidence(logits, np.zeros((5, 2), dtype=bool), np.zeros(2))
    assert calibrated_presence(nothing, logits).max() < 0.01
    everything = calibrate_confidence(logits, np.ones((5, 2), dtype=bool), np.ones(2))
    assert calibrated_presence(everything, logits).min() > 0.99
