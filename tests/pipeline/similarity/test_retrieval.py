"""Retrieval measures against loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.similarity.retrieval import recall_at_1, target_correlation


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))


def recall_by_loops(embeddings: np.ndarray, classes: np.ndarray) -> float:
    hits, asked = 0, 0
    for query in range(len(embeddings)):
        others = [other for other in range(len(embeddings)) if other != query]
        if not any(classes[other] == classes[query] for other in others):
            continue
        nearest = max(others, key=lambda other: cosine(embeddings[query], embeddings[other]))
        hits += int(classes[nearest] == classes[query])
        asked += 1
    return hits / asked


def correlation_by_loops(embeddings: np.ndarray, targets: np.ndarray) -> float:
    xs, ys = [], []
    for first in range(len(embeddings)):
        for second in range(first + 1, len(embeddings)):
            xs.append(cosine(embeddings[first].astype(float), embeddings[second].astype(float)))
            ys.append(cosine(targets[first].astype(float), targets[second].astype(float)))
    x, y = np.array(xs) - np.mean(xs), np.array(ys) - np.mean(ys)
    return float((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()))


def example(seed: int, images: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(images, 4)).astype(np.float32), rng.integers(0, 3, images)


@given(seed=st.integers(0, 500), images=st.integers(4, 25))
@settings(max_examples=30, deadline=None)
def test_recall_equals_loops(seed: int, images: int) -> None:
    embeddings, classes = example(seed, images)
    classes[:2] = 0  # one class at least has company
    assert recall_at_1(embeddings, classes) == pytest.approx(recall_by_loops(embeddings, classes))


def test_recall_comparator_rejects_broken_copies() -> None:
    embeddings, classes = example(0, 40)
    expected = recall_by_loops(embeddings, classes)
    assert recall_at_1(embeddings, classes) == pytest.approx(expected)
    assert recall_at_1(-np.abs(embeddings) + embeddings * 0.1, classes) != pytest.approx(expected)
    assert recall_at_1(embeddings, np.roll(classes, 1)) != pytest.approx(expected)


def test_recall_goes_by_angle_not_by_distance() -> None:
    embeddings = np.array([[1, 0], [100, 1], [0.9, 0.9], [0.1, 0.1]], dtype=np.float32)
    assert recall_at_1(embeddings, np.array([0, 0, 1, 1])) == 1


def test_recall_leaves_out_classes_of_one_image() -> None:
    embeddings = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1], [1, 0.05]], dtype=np.float32)
    assert recall_at_1(embeddings, np.array([0, 0, 1, 1, 2])) == pytest.approx(0.5)


def test_an_image_never_retrieves_itself_even_among_duplicates() -> None:
    # Two files of the same picture filed under different classes: each one's nearest other image is a miss.
    embeddings = np.repeat(np.eye(4, dtype=np.float32), 2, axis=0)
    assert recall_at_1(embeddings, np.array([0, 1, 0, 1, 2, 3, 2, 3])) == 0


def test_recall_without_any_match_is_nan() -> None:
    embeddings, _ = example(0, 4)
    assert np.isnan(recall_at_1(embeddings, np.arange(4)))


@given(seed=st.integers(0, 500), images=st.integers(4, 12))
@settings(max_examples=20, deadline=None)
def test_correlation_equals_loops(seed: int, images: int) -> None:
    embeddings, _ = example(seed, images)
    targets = np.random.default_rng(seed + 1).normal(size=(images, 3)).astype(np.float32)
    assert target_correlation(embeddings, targets) == pytest.approx(correlation_by_loops(embeddings, targets), abs=1e-9)


def test_correlation_of_targets_with_themselves_is_one() -> None:
    embeddings, _ = example(3)
    assert target_correlation(embeddings, 7 * embeddings) == pytest.approx(1)
    order = np.roll(np.arange(len(embeddings)), 1)
    assert target_correlation(embeddings, embeddings[order]) < 0.9
