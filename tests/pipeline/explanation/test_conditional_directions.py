import numpy as np
import pytest

from pipeline.explanation.conditional_directions import conditional_effects, fit_conditional_directions
from pipeline.explanation.embedding_effect import fit_attribute_directions, predicted_effects
from pipeline.explanation.neighbour_effects import LabelledNeighbours, neighbour_effects

DIRECTIONS = {"bag": np.array([[2.0, 0, 0], [0, 0.2, 0]]), "boot": np.array([[0.2, 0, 0], [0, 2.0, 0]])}


@pytest.fixture
def world() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Two types whose embeddings depend on the same two attributes with opposite weights."""
    rng = np.random.default_rng(5)
    labels = rng.random((400, 2)) < 0.5
    types = [("bag", "boot")[row % 2] for row in range(400)]
    embeddings = np.array([[0, 0, 1.0] + labels[row] @ DIRECTIONS[types[row]] for row in range(400)])
    return embeddings + rng.normal(scale=0.01, size=embeddings.shape), labels, types


def test_each_type_gets_its_own_directions(world: tuple[np.ndarray, np.ndarray, list[str]]) -> None:
    embeddings, labels, types = world
    fitted = fit_conditional_directions(embeddings, labels, types)
    for name, wanted in DIRECTIONS.items():
        np.testing.assert_allclose(fitted.of(name).directions_ad, wanted, atol=0.05)
        # One set for both types is far from either: the comparison above can fail.
        assert np.abs(fitted.overall.directions_ad - wanted).max() > 0.5


def test_effects_use_the_querys_type_not_the_references(world: tuple[np.ndarray, np.ndarray, list[str]]) -> None:
    embeddings, labels, types = world
    fitted = fit_conditional_directions(embeddings, labels, types)
    query, reference = np.array([0, 1]), np.array([1, 0])
    effects = conditional_effects(embeddings, query, reference, types, fitted, (-1, -1))
    for pair, name in enumerate(("bag", "boot")):
        own = fitted.by_label[name].directions_ad
        expected = predicted_effects(embeddings, query[[pair]], reference[[pair]], own, (-1, -1))
        np.testing.assert_array_equal(effects[[pair]], expected)
    swapped = conditional_effects(embeddings, reference, query, types, fitted, (-1, -1))
    assert not np.allclose(effects, swapped)


def test_classes_unseen_labels_and_small_groups_fall_back(world: tuple[np.ndarray, np.ndarray, list[str]]) -> None:
    embeddings, labels, types = world
    overall = fit_attribute_directions(embeddings, labels).directions_ad
    one_vector_a_class = np.array([[name == "bag", name == "boot"] for name in types])
    assert not fit_conditional_directions(embeddings, one_vector_a_class, types).by_label
    assert not fit_conditional_directions(embeddings, labels, types, least_images=201).by_label
    np.testing.assert_array_equal(
        fit_conditional_directions(embeddings, labels, types).of("hat").directions_ad, overall
    )


def test_labels_of_classes_are_read_off_neighbours(world: tuple[np.ndarray, np.ndarray, list[str]]) -> None:
    embeddings, labels, types = world
    embeddings = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    of_classes = np.array([[name == "bag", name == "boot"] for name in types])
    query, reference = np.array([0, 1, 2]), np.array([1, 0, 5])
    weights = np.linspace(1, 2, len(types))
    fitted = fit_conditional_directions(embeddings, of_classes, types, weights_n=weights)
    effects = conditional_effects(embeddings, query, reference, types, fitted, (-1, -1))
    near = LabelledNeighbours(embeddings, of_classes, weights)
    np.testing.assert_array_equal(effects, neighbour_effects(near, embeddings, query, reference))
    directions = predicted_effects(embeddings, query, reference, fitted.overall.directions_ad, (-1, -1))
    assert not np.allclose(effects, directions)
    # Attributes that differ within a class have directions.
    assert fit_conditional_directions(embeddings, labels, types).near is None


def test_directions_that_are_not_asked_for_change_no_other(world: tuple[np.ndarray, np.ndarray, list[str]]) -> None:
    embeddings, labels, types = world
    weights = np.linspace(1, 2, len(types))
    fitted = fit_conditional_directions(embeddings, labels, types, weights_n=weights)
    asked = fit_conditional_directions(embeddings, labels, types, weights_n=weights, asked={"boot", "hat"})
    assert set(asked.by_label) == {"boot"}
    for name in ("boot", "hat"):
        np.testing.assert_array_equal(asked.of(name).directions_ad, fitted.of(name).directions_ad)
    assert not np.allclose(asked.of("bag").directions_ad, fitted.of("bag").directions_ad)
