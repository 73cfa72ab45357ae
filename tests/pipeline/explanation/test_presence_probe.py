"""Probabilities of presence: calibrated, repeatable, and defined for constant attributes."""

import time

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info, threadpool_limits

from pipeline.errors import BadSetting
from pipeline.explanation.presence_probe import fit_presence_probe, presence_probability, relative_confidence


def example(n_images: int = 500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(2, [1, 5, 0.1, 1], (n_images, 4)).astype(np.float32)
    embeddings[:, 3] = 7  # a dimension that never changes
    logits = 2 * (embeddings[:, :1] - 2) + np.array([[0.0, 1.0]])
    labels = rng.random((n_images, 2)) < expit(logits)
    constant = np.ones((n_images, 1), dtype=bool)
    return embeddings, np.concatenate([labels, constant, ~constant], axis=1)


def test_probabilities_are_calibrated_and_constants_get_their_base_rate() -> None:
    embeddings, labels = example()
    probe = fit_presence_probe(embeddings, labels)
    probability = presence_probability(probe, embeddings)
    assert probability.min() >= 0
    assert probability.max() <= 1
    # with an intercept the mean fitted probability is the base rate
    np.testing.assert_allclose(probability.mean(axis=0), labels.mean(axis=0), atol=1e-3)
    assert probability[labels[:, 0], 0].mean() > probability[~labels[:, 0], 0].mean() + 0.3
    assert (probability[:, 2] == 1).all()
    assert (probability[:, 3] == 0).all()
    assert probe.n_unconverged == 0


def test_slope_of_the_true_model_is_recovered() -> None:
    embeddings, labels = example(4000)
    probe = fit_presence_probe(embeddings, labels)
    np.testing.assert_allclose(probe.weights_ad[:2, 0], 2, atol=0.3)
    assert (probe.weights_ad[:, 3] == 0).all()


def test_fit_is_repeatable_and_reports_fits_that_ran_out_of_iterations() -> None:
    embeddings, labels = example()
    first, second = fit_presence_probe(embeddings, labels), fit_presence_probe(embeddings, labels)
    np.testing.assert_array_equal(first.weights_ad, second.weights_ad)
    assert fit_presence_probe(embeddings, labels, max_iterations=1).n_unconverged == 2


def wide_example(n_images: int, n_dimensions: int, n_attributes: int) -> tuple[np.ndarray, np.ndarray]:
    """More dimensions than images, correlated as those of images are."""
    rng = np.random.default_rng(1)
    causes = rng.normal(size=(n_images, 12))
    embeddings = causes @ rng.normal(size=(12, n_dimensions)) + rng.normal(scale=0.5, size=(n_images, n_dimensions))
    return embeddings.astype(np.float32), causes[:, :n_attributes] + rng.normal(size=(n_images, n_attributes)) > 0.3


@pytest.mark.parametrize("n_dimensions", [39, 40, 41, 300])
def test_more_dimensions_than_images_change_nothing_but_the_cost(n_dimensions: int) -> None:
    embeddings, labels = wide_example(40, n_dimensions, 3)
    probe = fit_presence_probe(embeddings, labels)
    mean, deviation = embeddings.mean(axis=0, dtype=np.float64), embeddings.std(axis=0, dtype=np.float64)
    exact = LogisticRegression(solver="newton-cholesky", tol=1e-12)
    for attribute in range(3):
        exact.fit((embeddings - mean) / deviation, labels[:, attribute])
        np.testing.assert_allclose(probe.weights_ad[attribute] * deviation, exact.coef_[0], atol=2e-3)
        expected = exact.predict_proba((embeddings - mean) / deviation)[:, 1]
        np.testing.assert_allclose(presence_probability(probe, embeddings)[:, attribute], expected, atol=1e-3)
        assert np.ptp(expected) > 0.8


def test_long_vectors_of_few_images_take_no_longer_than_short_ones() -> None:
    embeddings, labels = wide_example(100, 2304, 6)
    started = time.process_time()
    fit_presence_probe(embeddings, labels)
    # A fit in 2304 dimensions takes more than 2 s by itself, six of them a tenth of one in the span of 100 images.
    assert time.process_time() - started < 4


def test_fits_take_one_thread_and_tell_how_far_they_are() -> None:
    embeddings, labels = example()
    seen = []

    def fitted(done: int, total: int) -> None:
        seen.append((done, total, {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}))

    with threadpool_limits(2, "blas"):
        fit_presence_probe(embeddings, labels, fitted=fitted)
        assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {2}
    assert seen == [(1, 2, {1}), (2, 2, {1})]


def test_relative_confidence_is_the_share_of_the_largest_confidence() -> None:
    logits = np.random.default_rng(0).normal(0, 30, (5, 4))
    confidences = softmax(logits, axis=1)
    np.testing.assert_allclose(
        relative_confidence(logits), confidences / confidences.max(axis=1, keepdims=True), rtol=1e-9
    )


def test_impossible_input_is_refused() -> None:
    with pytest.raises(BadSetting, match="presence probe"):
        fit_presence_probe(np.zeros((3, 2)), np.zeros((4, 2), dtype=bool))
