"""Effects from training images near the query: against loops, cases done by hand, and broken copies that must fail."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.explanation import neighbour_effects as module
from pipeline.explanation.neighbour_effects import LabelledNeighbours, labels_are_of_classes, neighbour_effects
from tests.oracles import neighbour_effects as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def example(seed: int) -> tuple[np.ndarray, ...]:
    """Twelve training images, two of them alike, attributes that are rare, common and constant, and some pairs."""
    rng = np.random.default_rng(seed)
    train = unit(rng.normal(size=(12, 4)))
    train[7] = train[3]
    labels = rng.random((12, 6)) < np.array([0.5, 0.2, 0.8, 0.5, 0.0, 1.0])
    labels[0], labels[1] = labels[0] & (np.arange(6) > 4), labels[1] | (np.arange(6) != 4)
    return train, labels, unit(rng.normal(size=(5, 4))), rng.integers(0, 5, 9), rng.integers(0, 5, 9)


def searched(seed: int) -> tuple[LabelledNeighbours, np.ndarray, np.ndarray, np.ndarray]:
    """Return the example as the function takes it."""
    train, labels, images, query_p, reference_p = example(seed)
    return LabelledNeighbours(train, labels), images, query_p, reference_p


def assert_same(tested=module) -> None:
    for seed in range(5):
        for count in (1, 3, 50):
            found = tested.neighbour_effects(*searched(seed), count)
            np.testing.assert_allclose(found, oracle.effects(*example(seed), count), atol=1e-9)


def test_equals_oracle() -> None:
    assert_same()


def test_blocks_of_queries_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ENTRIES_PER_BLOCK", 24)
    assert_same()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            "train[keeping].mean(axis=1) - train[lacking].mean(axis=1)",
            "train[lacking].mean(1) - train[keeping].mean(1)",
        ),
        ("np.where(gaps[0] <= gaps[1], before_qk, after_qk)", "before_qk"),
        ("np.where(gaps[0] <= gaps[1], before_qk, after_qk)", "np.where(gaps[0] > gaps[1], before_qk, after_qk)"),
        ("images[reference_p[pairs]])", "images[query_p[pairs]])"),
        ("np.argsort(has_qn, axis=1", "np.argsort(~has_qn, axis=1"),
        ("np.argsort(-np.round(", "np.argsort(np.round("),
        ("min(n_neighbours, int", "min(n_neighbours + 1, int"),
    ],
)
def test_a_broken_copy_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_same(broken_copy(module, tmp_path, right, wrong))


def test_an_attribute_along_the_reference_matters_and_one_across_does_not() -> None:
    """Images lie on a circle; those that have the first attribute are nearer to the reference than the query is."""
    angles = np.radians(np.array([0, 10, 40, 50, 60, 90.0]))
    train = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    labels = np.array([[1, 0], [1, 1], [1, 0], [0, 1], [0, 0], [0, 1]], dtype=bool)
    images = np.array([[np.cos(np.radians(45)), np.sin(np.radians(45))], [1.0, 0.0]])
    effects = neighbour_effects(LabelledNeighbours(train, labels), images, np.array([0]), np.array([1]), 1)
    # without it: the image at 50 degrees, with it and as far from the query: the one at 40
    assert effects[0, 0] == pytest.approx(np.cos(np.radians(40)) - np.cos(np.radians(50)))
    # both at 5 degrees from the query, on either side
    assert effects[0, 1] == pytest.approx(np.cos(np.radians(50)) - np.cos(np.radians(40)))


def test_a_weight_of_two_counts_as_two_images() -> None:
    """Of four neighbours that lack an attribute one is there twice, or has twice the weight."""
    rng = np.random.default_rng(0)
    train, images = unit(rng.normal(size=(5, 3))), unit(rng.normal(size=(2, 3)))
    labels = np.array([[False], [False], [False], [False], [True]])
    pair = (np.array([0]), np.array([1]))
    weights = np.array([1.0, 2.0, 1.0, 1.0, 3.0])
    weighted = neighbour_effects(LabelledNeighbours(train, labels, weights), images, *pair)
    twice = [0, 1, 1, 2, 3, 4]
    repeated = neighbour_effects(LabelledNeighbours(train[twice], labels[twice]), images, *pair)
    np.testing.assert_allclose(weighted, repeated)
    assert abs(weighted - neighbour_effects(LabelledNeighbours(train, labels), images, *pair)).max() > 1e-3


def test_attributes_that_all_have_or_none_have_no_effect() -> None:
    effects = neighbour_effects(*searched(0))
    assert (effects[:, 4:] == 0).all()
    assert (effects[:, :4] != 0).any(axis=0).all()


def test_labels_are_of_classes_where_images_of_a_class_are_labelled_alike() -> None:
    labels = np.array([[1, 0], [0, 1], [1, 0]], dtype=bool)
    assert labels_are_of_classes(labels, np.array(["cat", "dog", "cat"]))
    assert not labels_are_of_classes(labels, np.array(["cat", "cat", "dog"]))
    # An image for each class, or one class for all, says nothing about classes.
    assert not labels_are_of_classes(labels, np.array(["a", "b", "c"]))
    assert not labels_are_of_classes(labels[[0, 2]], np.array(["cat", "cat"]))


@pytest.mark.parametrize(("n_labels", "count"), [(11, 1), (12, 0)])
def test_refuses_what_it_cannot_use(n_labels: int, count: int) -> None:
    train, labels, images, query_p, reference_p = example(0)
    with pytest.raises(BadSetting, match="effects from neighbours"):
        neighbour_effects(LabelledNeighbours(train, labels[:n_labels]), images, query_p, reference_p, count)
