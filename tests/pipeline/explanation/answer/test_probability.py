"""Calibrated probabilities of being right."""

import numpy as np
import pytest

from pipeline.evaluation import calibration_error
from pipeline.evaluation.calibration_error import expected_calibration_error
from pipeline.explanation.answer.probability import answer_figures, answer_probability, fit_calibration
from tests.pipeline.evaluation.broken_copy import broken_copy


def test_figures_are_the_effect_and_its_lead():
    effects = np.array([[0.5, 0.2, 0.9], [0.1, 0.4, 0.3], [0.2, 0.0, 0.0], [0.1, 0.2, 0.3]])
    candidates = np.array([[True, True, False], [True, True, True], [True, False, False], [True, True, True]])
    found = answer_figures(effects, np.array([0, 0, 0, -1]), candidates)
    np.testing.assert_allclose(found[:3], [[0.5, 0.3], [0.1, -0.3], [0.2, 0.2]])
    assert np.isnan(found[3]).all()


def known_world(n_pairs, seed):
    rng = np.random.default_rng(seed)
    figures = np.stack([rng.uniform(0, 0.3, n_pairs), rng.uniform(0, 0.1, n_pairs)], axis=1)
    probability = 1 / (1 + np.exp(-(6 * figures[:, 0] + 30 * figures[:, 1] - 2)))
    return figures, probability, (rng.random(n_pairs) < probability).astype(float)


def test_the_probability_of_a_known_world_is_found():
    figures, probability, right = known_world(5000, 0)
    calibration = fit_calibration(figures, right)
    fresh_figures, fresh, fresh_right = known_world(5000, 1)
    found = answer_probability(calibration, fresh_figures)
    assert np.abs(found - fresh).max() < 0.1
    assert expected_calibration_error(found, fresh_right) < 0.03
    assert calibration.n_pairs == 5000
    # One that believes in every answer is caught.
    assert expected_calibration_error(np.full(5000, 0.99), fresh_right) > 0.2


def test_unknown_truth_and_pairs_without_answer_are_left_out():
    figures, _, right = known_world(100, 0)
    with_gaps, gap_right = np.vstack([figures, [[np.nan, np.nan], [0.1, 0.1]]]), np.append(right, [1.0, np.nan])
    assert fit_calibration(with_gaps, gap_right).n_pairs == 100
    assert fit_calibration(figures[:19], right[:19]) is None
    assert fit_calibration(figures[:20], right[:20]) is not None


@pytest.mark.parametrize(("outcome", "expected"), [(1.0, 41 / 42), (0.0, 1 / 42)])
def test_one_outcome_alone_is_no_certainty(outcome, expected):
    figures, _, _ = known_world(40, 0)
    found = answer_probability(fit_calibration(figures, np.full(40, outcome)), figures)
    np.testing.assert_allclose(found, expected)


def compare_error(module):
    stated = np.array([0.2, 0.2, 0.8, 0.8, np.nan, 0.5])
    right = np.array([0.0, 1.0, 1.0, 1.0, 1.0, np.nan])
    assert module.expected_calibration_error(stated, right, bins=2) == pytest.approx((0.3 + 0.2) / 2)
    assert module.expected_calibration_error(stated, right, bins=1) == pytest.approx(0.25)
    assert np.isnan(module.expected_calibration_error(stated[4:5], right[4:5]))


def test_calibration_error_is_its_definition():
    compare_error(calibration_error)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("len(part) * abs(", "len(part) * ("),
        ("np.isnan(probability_p) | np.isnan(right_p)", "np.isnan(probability_p)"),
        ("right[part].mean()) for", "1) for"),
    ],
)
def test_a_wrong_calibration_error_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        compare_error(broken_copy(calibration_error, tmp_path, right, wrong))
