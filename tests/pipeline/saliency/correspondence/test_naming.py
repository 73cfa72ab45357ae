"""Names and p-values of components."""

import numpy as np
import pytest

from pipeline.saliency.correspondence.naming import component_names, random_directions, unit_rows
from pipeline.saliency.correspondence.significance import p_values_of_components

DIMENSIONS = 24


@pytest.fixture(scope="module")
def chance() -> np.ndarray:
    embeddings = np.random.default_rng(0).standard_normal((200, DIMENSIONS))
    return random_directions(embeddings, np.random.default_rng(1))


def test_a_component_along_an_attribute_has_its_name(chance: np.ndarray) -> None:
    directions = np.random.default_rng(2).standard_normal((5, DIMENSIONS))
    along = unit_rows(directions)[3][None]
    (name,) = component_names(2 * along, 3 * along, (directions, directions), [0, 1, 3], chance)
    assert name.is_named
    assert name.attribute == 3
    assert name.share == pytest.approx(1)
    assert 0 < name.needed_share < 0.6
    # An attribute that is no candidate names nothing.
    (other,) = component_names(2 * along, 3 * along, (directions, directions), [0, 1], chance)
    assert other.attribute in (0, 1)
    assert not other.is_named


def test_random_components_are_named_at_most_as_often_as_the_level_says(chance: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    directions = rng.standard_normal((6, DIMENSIONS))
    named = 0
    for _ in range(400):
        component = rng.standard_normal((1, DIMENSIONS))
        (name,) = component_names(component, component, (directions, directions), list(range(6)), chance)
        named += name.is_named
    assert 4 <= named <= 40


def test_directions_of_chance_lie_where_embeddings_vary() -> None:
    embeddings = np.random.default_rng(0).standard_normal((100, 4)) * [10, 1, 1, 0]
    found = random_directions(embeddings, np.random.default_rng(1))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    assert np.abs(found[:, 0]).mean() > 0.9
    np.testing.assert_allclose(found[:, 3], 0, atol=1e-12)


def test_without_candidates_or_without_a_part_there_is_no_name(chance: np.ndarray) -> None:
    directions = np.eye(DIMENSIONS)[:3]
    one = np.ones((1, DIMENSIONS))
    (nobody,) = component_names(one, one, (directions, directions), [], chance)
    (negative,) = component_names(one, -one, (directions, directions), [0], chance)
    assert nobody.attribute is None
    assert negative.attribute is None
    assert not nobody.is_named


def test_p_values_count_unrelated_pairs_that_reach_as_much() -> None:
    unrelated = np.array([0.1, 0.2, 0.3, 0.4])
    found = p_values_of_components(np.array([0.05, 0.3, 0.31, 0.5]), unrelated)
    np.testing.assert_allclose(found, [1, 3 / 5, 2 / 5, 1 / 5])
    wanted = [(1 + sum(other >= joint for other in unrelated)) / 5 for joint in (0.05, 0.3, 0.31, 0.5)]
    np.testing.assert_allclose(found, wanted)
