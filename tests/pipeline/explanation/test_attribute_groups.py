"""Groups of attributes: names, shares, presence, and what removing a whole group does."""

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.explanation.attribute_groups import group_effects, group_names, group_shares, has_group
from pipeline.explanation.separability import Separability, separability
from tests.oracles import embedding_effect as oracle

NAMES = ["big", "striped", "small", "tail", "constant"]


def animals(n_images: int = 200, seed: int = 0) -> np.ndarray:
    """Big ones are never small, striped ones have a tail but for one image in fifty; all have the last attribute."""
    rng = np.random.default_rng(seed)
    big, striped = rng.random(n_images) < 0.5, rng.random(n_images) < 0.4
    return np.column_stack([big, striped, ~big, striped ^ (np.arange(n_images) % 50 == 0), np.ones(n_images, bool)])


def found(labels: np.ndarray) -> Separability:
    return separability(labels, [-1] * 5, correlation_limit=0.9)


def test_names_say_what_goes_with_the_absence_of_the_rest() -> None:
    groups = found(animals())
    assert group_names(NAMES, groups) == ["big / no small", "striped / tail"]
    assert group_names(NAMES, groups, shown=1) == ["big and 1 more", "striped and 1 more"]


def test_names_begin_with_the_attribute_most_like_the_group() -> None:
    rng = np.random.default_rng(1)
    middle = rng.random(2000) < 0.5
    labels = np.column_stack([middle ^ (rng.random(2000) < 0.08), middle, middle ^ (rng.random(2000) < 0.02)])
    assert group_names(["far", "middle", "near"], separability(labels, [-1] * 3, 0.8)) == ["middle / near / far"]


@pytest.mark.parametrize(("names", "shown"), [(NAMES[:3], 3), (NAMES, 0)])
def test_refuses_names_of_another_vocabulary(names: list[str], shown: int) -> None:
    with pytest.raises(BadSetting, match="names of attribute groups"):
        group_names(names, found(animals()), shown)


def test_an_image_has_a_group_with_half_of_its_members() -> None:
    groups = found(animals())
    images = np.array(
        [
            [True, True, False, True, True],
            [True, True, True, False, True],
            [False, False, True, False, False],
        ]
    )
    np.testing.assert_array_equal(group_shares(images, groups), [[1, 1], [0.5, 0.5], [0, 0]])
    np.testing.assert_array_equal(has_group(images, groups), [[True, True], [True, True], [False, False]])


def test_groups_of_one_are_had_as_their_attributes() -> None:
    labels = np.random.default_rng(0).random((50, 6)) < 0.5
    groups = separability(labels, [-1] * 6)
    assert groups.n_groups == 6
    np.testing.assert_array_equal(has_group(labels, groups), labels)


def linear_world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings to which size adds one direction and stripes another, and pairs of them."""
    labels = animals()
    rng = np.random.default_rng(2)
    directions = rng.normal(size=(2, 6))
    embeddings = 2 + labels[:, :2] @ directions + rng.normal(0, 0.01, (len(labels), 6))
    return embeddings, labels, rng.integers(0, len(labels), (30, 2))


def truth(embeddings: np.ndarray, labels: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Effects of removing groups of one member each, whose directions are known."""
    directions = oracle.ridge_directions(embeddings, labels[:, :2], 1e-6)
    return oracle.effects(embeddings, pairs[:, 0], pairs[:, 1], directions, [-1, -1])


def test_removing_a_group_is_removing_what_its_members_share() -> None:
    embeddings, labels, pairs = linear_world()
    effects = group_effects(embeddings, labels, embeddings, pairs, found(labels), [-1] * 5)
    np.testing.assert_allclose(effects, truth(embeddings, labels, pairs), atol=0.01)


def test_comparator_rejects_broken_groups() -> None:
    embeddings, labels, pairs = linear_world()
    expected = truth(embeddings, labels, pairs)
    groups = found(labels)
    turned = Separability(groups.group_a, -groups.sign_a, *[getattr(groups, name) for name in LATER_FIELDS])
    swapped = Separability(np.array([1, 0, 1, 0, -1]), groups.sign_a, *[getattr(groups, name) for name in LATER_FIELDS])
    broken = {
        "signs turned": group_effects(embeddings, labels, embeddings, pairs, turned, [-1] * 5),
        "groups swapped": group_effects(embeddings, labels, embeddings, pairs, swapped, [-1] * 5),
        "pair swapped": group_effects(embeddings, labels, embeddings, pairs[:, ::-1], groups, [-1] * 5),
        "a member alone": group_effects(embeddings, labels, embeddings, pairs, groups, [-1] * 5) / 2,
    }
    for effects in broken.values():
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(effects, expected, atol=0.01)


LATER_FIELDS = ("correlation_a", "rank", "condition", "group_condition")


def test_a_value_of_a_factor_is_replaced_by_the_others() -> None:
    rng = np.random.default_rng(3)
    labels = np.arange(3) == rng.integers(0, 3, 300)[:, None]
    embeddings = 2 + labels @ rng.normal(size=(3, 5))
    pairs = rng.integers(0, 300, (20, 2))
    groups = separability(labels, [0, 0, 0])
    effects = group_effects(embeddings, labels, embeddings, pairs, groups, [0, 0, 0])
    directions = oracle.ridge_directions(embeddings, labels, 1e-3)
    expected = oracle.effects(embeddings, pairs[:, 0], pairs[:, 1], directions, [0, 0, 0])
    np.testing.assert_allclose(effects, expected, atol=1e-3)
