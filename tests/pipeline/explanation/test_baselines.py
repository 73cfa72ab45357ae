"""Scores that look at no map: what each names, and what it ignores."""

import numpy as np
import pytest
from scipy.special import softmax

from pipeline.errors import BadSetting
from pipeline.explanation.baselines import (
    best_constant_scores,
    confidence_scores,
    predicted_in_both_scores,
    prior_only_scores,
    random_scores,
)
from pipeline.explanation.combination import rank_attributes


def test_random_depends_on_seed_and_pair_alone() -> None:
    scores = random_scores(0, ["a", "b", "c"], 7)
    np.testing.assert_array_equal(random_scores(0, ["c", "a"], 7), scores[[2, 0]])
    assert (random_scores(1, ["a"], 7) != scores[:1]).all()
    assert 0 <= scores.min() <= scores.max() < 1


def test_random_names_every_attribute_equally_often() -> None:
    named = rank_attributes(random_scores(0, [f"{pair:04x}" for pair in range(2000)], 4))[:, 0]
    np.testing.assert_allclose(np.bincount(named, minlength=4) / 2000, 0.25, atol=0.04)


def test_best_constant_is_the_largest_mean_drop_over_all_held_out_pairs() -> None:
    drops = np.array([[0.1, 0.0, 0.9], [0.2, 0.0, np.nan], [0.3, -0.5, np.nan], [0.6, 0.1, np.nan]])
    scores = best_constant_scores(drops, 3)
    np.testing.assert_allclose(scores, [[0.3, -0.1, 0.225]] * 3)
    assert rank_attributes(scores)[:, 0].tolist() == [0, 0, 0]
    with pytest.raises(BadSetting, match="held-out"):
        best_constant_scores(drops[:0], 3)


def test_prior_only_repeats_the_prior() -> None:
    np.testing.assert_array_equal(prior_only_scores(np.array([0.2, 0.8]), 2), [[0.2, 0.8], [0.2, 0.8]])


def test_confidences_are_the_querys() -> None:
    logits = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_allclose(confidence_scores(logits, np.array([2, 0])), softmax(logits, axis=1)[[2, 0]])


def test_predicted_in_both_needs_both_images() -> None:
    logits = np.log(np.array([[0.5, 0.4, 0.1], [0.1, 0.4, 0.5], [0.8, 0.1, 0.1]]))
    scores = predicted_in_both_scores(logits, np.array([0, 0]), np.array([1, 2]))
    np.testing.assert_allclose(scores, [[0.05, 0.16, 0.05], [0.4, 0.04, 0.01]])
    np.testing.assert_allclose(predicted_in_both_scores(logits, np.array([1, 2]), np.array([0, 0])), scores)
