from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

import tests.oracles.bootstrap as oracle
from pipeline.attributes.average_precision import mean_average_precision
from pipeline.errors import BadSetting
from pipeline.evaluation import average_precision_interval as module
from pipeline.evaluation.average_precision_interval import map_interval, weighted_average_precision
from pipeline.evaluation.bootstrap import resampling_counts
from pipeline.randomness import keyed_rng
from tests.pipeline.evaluation.broken_copy import broken_copy

IMAGES = np.arange(60)


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
    interval = map_interval(logits, labels, IMAGES, seed=1, samples=300)
    assert interval.value == mean_average_precision(logits, labels).value
    assert interval.low < interval.value < interval.high
    assert interval == map_interval(logits, labels, IMAGES, seed=1, samples=300)
    assert interval != map_interval(logits, labels, IMAGES, seed=2, samples=300)


def assert_slow_interval(tested=module) -> None:
    """Whole clusters are drawn; an attribute without a positive in a resample keeps its value of the data."""
    rng = np.random.default_rng(8)
    clusters = np.arange(60) // 6
    labels = rng.random((60, 4)) < 0.3
    # One cluster has all positives of the last attribute, so that many resamples have none.
    labels[:, 3] = clusters == 2
    logits = rng.normal(size=(60, 4)) + labels
    on_data = [average_precision_score(labels[:, a], logits[:, a]) for a in range(4)]

    def mean_of(weights_n: np.ndarray) -> float:
        found = []
        for a in range(4):
            drawn = labels[:, a] & (weights_n > 0)
            is_defined = drawn.any() and (~labels[:, a] & (weights_n > 0)).any()
            found.append(
                average_precision_score(labels[:, a], logits[:, a], sample_weight=weights_n)
                if is_defined
                else on_data[a]
            )
        return float(np.mean(found))

    counts = resampling_counts(10, 100, keyed_rng(4, "mAP bootstrap", 10))
    resampled = [mean_of(row[clusters]) for row in counts]
    halved = [mean_of(np.where(clusters == c, 0.5, 1.0)) for c in range(10)]
    expected = oracle.bca_ends(np.mean(on_data), resampled, halved, 10, 0.95)
    found = tested.map_interval(logits, labels, clusters + 7, seed=4, samples=100)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-12)
    assert (found.n, found.n_clusters) == (60, 10)


def test_the_interval_is_the_slow_one() -> None:
    assert_slow_interval()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("np.where(np.isfinite(found_s), found_s, on_data)", "np.where(np.isfinite(found_s), found_s, 0)"),
        ("weights_sc[:, self._cluster_n]", "weights_sc[:, self._cluster_n[::-1]]"),
        ("mean_precision(halving_weights(len(labels)))", "mean_precision(counts_sc)"),
    ],
    ids=["absent counts 0", "another cluster's weight", "skewness of resamples"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_slow_interval(broken_copy(module, tmp_path, right, wrong))


def test_blocks_of_samples_change_nothing(
    scored: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = map_interval(*scored, IMAGES, seed=1, samples=50)
    monkeypatch.setattr(module, "_WEIGHTS_PER_BLOCK", 700)
    assert map_interval(*scored, IMAGES, seed=1, samples=50) == whole


def test_without_a_defined_attribute_there_is_no_figure() -> None:
    nothing = map_interval(np.zeros((4, 2)), np.ones((4, 2), bool), np.arange(4), seed=0, samples=10)
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
    with pytest.raises(BadSetting):
        map_interval(np.zeros((4, 2)), np.ones((4, 2), bool), np.arange(4), seed=0, samples=0)
