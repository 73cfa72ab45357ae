"""Which estimate of presence is used."""

import numpy as np
import pytest

from pipeline.explanation.answer import presence as module
from pipeline.explanation.answer.presence import (
    MeasuredValidation,
    calibrate_confidence,
    calibrated_presence,
    held_out_presence,
)
from tests.pipeline.evaluation.broken_copy import broken_copy


def images(n_images=400, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.random((n_images, 4)) < [0.5, 0.3, 0.2, 0.6]
    labels[~labels.any(axis=1), 0] = True
    logits = 4.0 * labels + rng.normal(size=labels.shape)
    return labels, logits, [f"image{number}" for number in range(n_images)]


def validation(labels, seed=1):
    rng = np.random.default_rng(seed)
    effects = rng.random(labels.shape) * [1.0, 0.8, 0.6, 0.4]
    drops = np.where(rng.random(labels.shape) < 0.1, np.nan, effects)
    return MeasuredValidation(labels, np.arange(len(labels)), effects, drops)


def check_choice(tested):
    labels, _, _ = images()
    measured = validation(labels)
    knowing, ignorant = np.where(labels, 0.99, 0.01), np.full(labels.shape, 0.5)
    found = {one.source: one for one in tested.compare_presence({"a": ignorant, "b": knowing}, measured)}
    assert [one.source for one in found.values() if one.is_chosen] == ["b"]
    assert found["a"].log_loss == pytest.approx(np.log(2))
    assert found["b"].log_loss == pytest.approx(-np.log(0.99))
    for source, presence in (("a", ignorant), ("b", knowing)):
        drops = []
        for image in range(len(labels)):
            named = max(range(4), key=lambda a: presence[image, a] * measured.effects_pa[image, a])  # noqa: B023
            drop = measured.matched_drops_pa[image, named]
            drops.append(drop if labels[image, named] and not np.isnan(drop) else 0.0)
        assert found[source].matched_effect == pytest.approx(np.mean(drops))
    # The larger matched effect decides, even where the other's probabilities are closer to the labels.
    bold = np.where(labels, 1.0, 1e-9)
    bold[labels & (np.arange(4) == 3)] = 1e-9
    by_name = {one.source: one for one in tested.compare_presence({"bold": bold, "knowing": ignorant}, measured)}
    assert by_name["bold"].log_loss > by_name["knowing"].log_loss
    assert by_name["bold"].is_chosen


def test_the_estimate_whose_attributes_matter_most_is_chosen():
    check_choice(module)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(effects[source], -losses[source])", "-losses[source]"),
        ("validation.labels_na[validation.query_p])", "validation.labels_na[validation.query_p] | True)"),
        ("* validation.effects_pa).argmax", ").argmax"),
        ("np.where(labels_na, np.log(kept_na), np.log1p(-kept_na)).mean()", "np.log(kept_na).mean()"),
    ],
)
def test_a_wrong_choice_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_choice(broken_copy(module, tmp_path, right, wrong))


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
    labels, logits, names = images(n_images=40)
    rates = labels.mean(axis=0)
    presence = held_out_presence(logits, labels, rates, names)
    flipped = labels.copy()
    flipped[7] = ~flipped[7]
    changed = held_out_presence(logits, flipped, rates, names)
    # An image's own labels have no part in its estimate; those of the other half have.
    np.testing.assert_array_equal(changed[7], presence[7])
    assert (changed != presence).any()
    fitted = calibrated_presence(calibrate_confidence(logits, labels, rates), logits)
    assert np.abs(fitted - presence).mean() < 0.1


def test_labels_of_one_kind_leave_their_base_rate():
    logits = np.zeros((5, 2))
    nothing = calibrate_confidence(logits, np.zeros((5, 2), dtype=bool), np.zeros(2))
    assert calibrated_presence(nothing, logits).max() < 0.01
    everything = calibrate_confidence(logits, np.ones((5, 2), dtype=bool), np.ones(2))
    assert calibrated_presence(everything, logits).min() > 0.99
