"""Effects read off the embedding against loops, and in a world where the truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BadModel, BadSetting
from pipeline.explanation.combination import rank_attributes
from pipeline.explanation.embedding_effect import (
    fit_attribute_directions,
    predicted_effects,
    removal_shifts,
)
from pipeline.explanation.presence_probe import fit_presence_probe, presence_probability
from pipeline.explanation.variants import presence_weighted_effects
from tests.oracles import embedding_effect as oracle

GROUPS = [0, 0, 0, -1, 1, 1, -1, 2]


def example(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(9, 5)).astype(np.float32)
    return embeddings, rng.integers(0, 9, 20), rng.integers(0, 9, 20), rng.normal(0, 0.4, (8, 5))


def linear_world(n_images: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images with two factors of 4 values and 4 parts, embedded linearly with noise."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((n_images, 12), dtype=bool)
    for first in (0, 4):
        labels[np.arange(n_images), first + rng.integers(0, 4, n_images)] = True
    labels[:, 8:] = rng.random((n_images, 4)) < 0.5
    truth = np.random.default_rng(99).normal(size=(12, 16)) * np.repeat([1.0, 0.6, 0.4], [4, 4, 4])[:, None]
    return labels @ truth + rng.normal(0, 0.15, (n_images, 16)), labels, truth


def test_equals_oracle() -> None:
    embeddings, query_p, reference_p, directions = example()
    np.testing.assert_allclose(
        predicted_effects(embeddings, query_p, reference_p, directions, GROUPS),
        oracle.effects(embeddings, query_p, reference_p, directions, GROUPS),
        atol=1e-9,
    )


def test_comparator_rejects_broken_copies() -> None:
    embeddings, query_p, reference_p, directions = example()
    expected = oracle.effects(embeddings, query_p, reference_p, directions, GROUPS)
    broken = {
        "sign of the effect": -predicted_effects(embeddings, query_p, reference_p, directions, GROUPS),
        "sign of the shift": predicted_effects(embeddings, query_p, reference_p, -directions, GROUPS),
        "pair swapped": predicted_effects(embeddings, reference_p, query_p, directions, GROUPS),
        "factors taken for parts": predicted_effects(embeddings, query_p, reference_p, directions, [-1] * 8),
        "attribute off by one": predicted_effects(
            embeddings, query_p, reference_p, np.roll(directions, 1, axis=0), GROUPS
        ),
        "unit embeddings": predicted_effects(
            embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True),
            *(query_p, reference_p, directions, GROUPS),
        ),
    }
    for copy in broken.values():
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(copy, expected, atol=1e-9)


def test_directions_equal_the_normal_equations() -> None:
    embeddings, labels, _ = linear_world(60, 0)
    fitted = fit_attribute_directions(embeddings, labels)
    np.testing.assert_allclose(
        fitted.directions_ad, oracle.ridge_directions(embeddings, labels, fitted.alpha), atol=1e-8
    )
    assert fitted.n_images == 60
    assert 0.8 < fitted.explained_share < 1
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(
            fitted.directions_ad, oracle.ridge_directions(embeddings, labels, 10 * fitted.alpha), atol=1e-8
        )


def test_share_explained_is_that_of_leaving_one_out() -> None:
    embeddings, labels, _ = linear_world(30, 1)
    fitted = fit_attribute_directions(embeddings, labels)
    errors = []
    for left_out in range(30):
        kept = np.delete(np.arange(30), left_out)
        directions = oracle.ridge_directions(embeddings[kept], labels[kept], fitted.alpha)
        centred = labels[left_out] - labels[kept].mean(axis=0)
        errors.append(embeddings[left_out] - embeddings[kept].mean(axis=0) - centred @ directions)
    expected = 1 - np.square(errors).mean() / embeddings.var(axis=0).mean()
    assert fitted.explained_share == pytest.approx(expected, rel=1e-6)


def test_random_embeddings_are_not_explained() -> None:
    rng = np.random.default_rng(0)
    fitted = fit_attribute_directions(rng.normal(size=(80, 6)), rng.random((80, 10)) < 0.5)
    assert fitted.explained_share < 0.1


def test_constant_attributes_have_no_direction() -> None:
    embeddings, labels, _ = linear_world(60, 0)
    labels[:, 8], labels[:, 9] = True, False
    directions = fit_attribute_directions(embeddings, labels).directions_ad
    np.testing.assert_allclose(directions[8:10], 0, atol=1e-12)


def test_presence_masks_absent_attributes() -> None:
    embeddings, query_p, reference_p, directions = example()
    present = np.random.default_rng(0).random((9, 8)) < 0.5
    masked = predicted_effects(embeddings, query_p, reference_p, directions, GROUPS, present)
    plain = predicted_effects(embeddings, query_p, reference_p, directions, GROUPS)
    np.testing.assert_array_equal(masked, np.where(present[query_p], plain, -np.inf))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_permutations_scale_and_bounds(seed: int) -> None:
    embeddings, query_p, reference_p, directions = example(seed)
    effects = predicted_effects(embeddings, query_p, reference_p, directions, GROUPS)
    assert np.abs(effects).max() <= 2 + 1e-6
    order = np.random.default_rng(seed).permutation(8)
    permuted = predicted_effects(
        embeddings, query_p, reference_p, directions[order], [GROUPS[attribute] for attribute in order]
    )
    np.testing.assert_allclose(permuted, effects[:, order], atol=1e-9)
    scaled = predicted_effects(3.0 * embeddings, query_p, reference_p, 3.0 * directions, GROUPS)
    np.testing.assert_allclose(scaled, effects, atol=1e-5)


def test_direction_of_zero_changes_nothing_and_full_removal_is_defined() -> None:
    embeddings = np.eye(2)
    indices = np.array([0])
    none = predicted_effects(embeddings, indices, indices, np.zeros((1, 2)), [-1])
    np.testing.assert_allclose(none, 0, atol=1e-12)
    everything = predicted_effects(embeddings, indices, indices, np.array([[1.0, 0.0]]), [-1])
    assert everything.tolist() == [[1.0]]


def test_names_the_true_best_attribute_of_a_linear_world() -> None:
    groups = [0] * 4 + [1] * 4 + [-1] * 4
    train_embeddings, train_labels, truth = linear_world(400, 1)
    embeddings, labels, _ = linear_world(200, 2)
    rng = np.random.default_rng(3)
    query_p, reference_p = rng.integers(0, 200, 300), rng.integers(0, 200, 300)
    true_effects = oracle.effects(embeddings, query_p, reference_p, truth, groups)
    true_effects = np.where(labels[query_p], true_effects, -np.inf)
    fitted = fit_attribute_directions(train_embeddings, train_labels)
    arguments = (embeddings, query_p, reference_p, fitted.directions_ad, groups)
    probe = fit_presence_probe(train_embeddings, train_labels)
    blind = predicted_effects(*arguments)
    with_presence = presence_weighted_effects(blind, presence_probability(probe, embeddings)[query_p])
    hits = {
        name: float((rank_attributes(scores)[:, 0] == true_effects.argmax(axis=1)).mean())
        for name, scores in {
            "labels": predicted_effects(*arguments, labels),
            "presence": with_presence,
            "blind": blind,
        }.items()
    }
    assert hits["labels"] > 0.9
    assert hits["presence"] > 0.85
    assert hits["blind"] < hits["presence"] - 0.1


def test_presence_weighting_refuses_masked_effects_and_logits() -> None:
    effects = np.array([[0.2, -np.inf]])
    with pytest.raises(BadSetting, match="not finite"):
        presence_weighted_effects(effects, np.ones((1, 2)))
    with pytest.raises(BadSetting, match="out of range"):
        presence_weighted_effects(np.ones((1, 2)), np.array([[0.5, 3.0]]))


def test_impossible_input_is_refused() -> None:
    embeddings, query_p, reference_p, directions = example()
    with pytest.raises(BadSetting, match="group"):
        removal_shifts(directions, GROUPS[:-1])
    with pytest.raises(BadSetting, match="labels"):
        fit_attribute_directions(embeddings, np.ones((8, 3), dtype=bool))
    embeddings[4] = 0
    with pytest.raises(BadModel, match="row 4"):
        predicted_effects(embeddings, query_p, reference_p, directions, GROUPS)
    embeddings[4] = np.nan
    with pytest.raises(BadModel, match="row 4"):
        fit_attribute_directions(embeddings, np.ones((9, 3), dtype=bool))
