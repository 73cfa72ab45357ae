import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from pipeline.attributes.average_precision import mean_average_precision
from pipeline.evaluation.average_precision_interval import map_interval, weighted_average_precision


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    labels = rng.random((60, 5)) < 0.3
    # Rounded, so that scores tie.
    return np.round(rng.normal(size=(60, 5)) + labels, 1), labels


def test_equals_scikit_learn_with_sample_weights(scored: tuple[np.ndarray, np.ndarray]) -> None:
    logits, labels = scored
    counts = np.random.default_rng(0).multinomial(60, np.full(60, 1 / 60), size=8).astype(float)
    for a in range(5):
        ours = weighted_average_precision(logits[:, a], labels[:, a], counts)
        theirs = [average_precision_score(labels[:, a], logits[:, a], sample_weight=row) for row in counts]
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
        # The comparator sees a difference where there is one.
        assert not np.allclose(weighted_average_precision(-logits[:, a], labels[:, a], counts), theirs)


def test_undefined_without_a_positive_or_a_negative(scored: tuple[np.ndarray, np.ndarray]) -> None:
    logits, labels = scored
    counts = np.ones((1, 60))
    assert np.isnan(weighted_average_precision(logits[:, 0], np.zeros(60, bool), counts)).all()
    assert np.isnan(weighted_average_precision(logits[:, 0], np.ones(60, bool), counts)).all()
    only_negatives = (~labels[:, 0]).astype(float)[None]
    assert np.isnan(weighted_average_precision(logits[:, 0], labels[:, 0], only_negatives)).all()


def test_interval_holds_the_value_and_is_deterministic(scored: tuple[np.ndarray, np.ndarray]) -> None:
    logits, labels = scored
    interval = map_interval(logits, labels, seed=1, samples=300)
    assert interval.value == mean_average_precision(logits, labels).value
    assert interval.low < interval.value < interval.high
    assert interval == map_interval(logits, labels, seed=1, samples=300)
    assert interval != map_interval(logits, labels, seed=2, samples=300)
