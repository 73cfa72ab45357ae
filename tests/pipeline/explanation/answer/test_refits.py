"""Directions fitted again on reweighted images and on exchanged labels."""

import dataclasses

import numpy as np

from pipeline.explanation.answer.refits import exchanged_effects, independent_units, reweighted_effects
from pipeline.explanation.conditional_directions import conditional_effects, fit_conditional_directions
from pipeline.explanation.effects_by_condition import LabelledEmbeddings
from pipeline.explanation.embedding_effect import fit_attribute_directions
from pipeline.explanation.pair_effects import EmbeddedPairs, pair_effects


def linear_world(n_images=120, noise=0.1, seed=0):
    """Return images whose embeddings are the sum of their attributes' directions, and pairs of them.

    The third attribute has no direction: the model does not use it.
    """
    rng = np.random.default_rng(seed)
    labels = rng.random((n_images, 3)) < 0.5
    directions = np.eye(3, 6) * [[1.0], [0.5], [0.0]]
    embeddings = labels @ directions + 0.6 + noise * rng.normal(size=(n_images, 6))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    images = LabelledEmbeddings(embeddings, labels, ["one"] * n_images)
    query, reference = np.arange(0, n_images, 2), np.arange(1, n_images, 2)
    return images, EmbeddedPairs(images, query, reference, [None] * len(query), None, (-1, -1, -1))


def test_classes_are_the_units_where_labels_belong_to_them():
    labels = np.array([[True, False], [True, False], [False, True], [False, True]])
    train = LabelledEmbeddings(np.ones((4, 2)), labels, ["b", "b", "a", "a"])
    assert independent_units(train).tolist() == [1, 1, 0, 0]
    one_differs = labels.copy()
    one_differs[0] = True
    assert independent_units(dataclasses.replace(train, labels_na=one_differs)).tolist() == [0, 1, 2, 3]
    # A single type tells nothing of class-level labels.
    assert independent_units(dataclasses.replace(train, types_n=["a"] * 4)).tolist() == [0, 1, 2, 3]


def test_effects_of_classes_are_those_beside_directions_without_fitting_any(monkeypatch):
    rng = np.random.default_rng(3)
    classes = np.repeat(["a", "b", "c", "d"], 15)
    labels = np.repeat(rng.random((4, 5)) < 0.5, 15, axis=0)
    embeddings = rng.normal(size=(60, 6))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    pairs = EmbeddedPairs(
        LabelledEmbeddings(embeddings, labels, list(classes)),
        np.arange(0, 60, 4),
        np.arange(1, 60, 4),
        [None] * 15,
        None,
        (-1,) * 5,
    )
    for weights in (None, rng.exponential(size=60)):
        train = dataclasses.replace(pairs.images, weights_n=weights)
        fitted = fit_conditional_directions(embeddings, labels, classes, weights_n=weights)
        wanted = conditional_effects(embeddings, pairs.query_p, pairs.reference_p, classes, fitted, (-1,) * 5)
        with monkeypatch.context() as patched:
            patched.setattr("pipeline.explanation.pair_effects.fit_conditional_directions", None)
            assert np.array_equal(pair_effects(train, pairs), wanted)
        assert not np.array_equal(wanted, np.zeros_like(wanted))


def test_draws_are_keyed_by_the_seed_and_their_number_alone():
    train, pairs = linear_world()
    for effects in (reweighted_effects, exchanged_effects):
        first, again = list(effects(train, pairs, 0, 3)), list(effects(train, pairs, 0, 2))
        assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=False))
        assert not np.array_equal(first[0], first[1])
        assert not np.array_equal(first[0], next(iter(effects(train, pairs, 1, 1))))


def test_reweighted_effects_spread_around_the_effect():
    train, pairs = linear_world()
    effects = pair_effects(train, pairs)
    draws = np.stack(list(reweighted_effects(train, pairs, 0, 40)))
    used = pairs.images.labels_na[pairs.query_p]
    spread = draws.std(axis=0)[used]
    assert np.abs(draws.mean(axis=0) - effects)[used].max() < 0.01
    assert 1e-5 < np.median(spread) < 0.01
    less = np.stack(list(reweighted_effects(*linear_world(n_images=1200), 0, 10))).std(axis=0)
    assert np.median(less) < np.median(spread)


def test_exchanged_labels_leave_no_effect_of_what_the_model_uses():
    train, pairs = linear_world()
    labels = pairs.images.labels_na
    present = labels[pairs.query_p][:, 0] & labels[pairs.reference_p][:, 0]
    effects = pair_effects(train, pairs)[present, 0]
    exchanged = np.stack(list(exchanged_effects(train, pairs, 0, 20)))[:, present, 0]
    assert effects.mean() > 0.05
    assert abs(exchanged.mean()) < 0.02


def test_labels_are_exchanged_within_types_and_between_classes():
    rng = np.random.default_rng(3)
    labels = np.zeros((40, 2), dtype=bool)
    labels[:20, 0] = rng.random(20) < 0.5
    labels[20:, 1] = rng.random(20) < 0.5
    embeddings = rng.normal(size=(40, 3)) + 3
    images = LabelledEmbeddings(embeddings, labels, ["a"] * 20 + ["b"] * 20)
    pairs = EmbeddedPairs(images, np.array([0]), np.array([1]), [None], None, (-1, -1))
    seen = []

    def record(train, pairs):
        seen.append(train.labels_na)
        return pair_effects(train, pairs)

    import pipeline.explanation.answer.refits as module

    original, module.pair_effects = module.pair_effects, record
    try:
        list(exchanged_effects(images, pairs, 0, 3))
    finally:
        module.pair_effects = original
    for exchanged in seen:
        assert not exchanged[:20, 1].any()
        assert not exchanged[20:, 0].any()
        assert exchanged.sum(axis=0).tolist() == labels.sum(axis=0).tolist()
        assert not np.array_equal(exchanged, labels)


def test_equal_weights_change_nothing_and_a_weight_of_two_is_a_second_copy():
    train, _ = linear_world()
    plain = fit_attribute_directions(train.embeddings_nd, train.labels_na, alphas=(1.0,))
    weighted = fit_attribute_directions(train.embeddings_nd, train.labels_na, (1.0,), np.full(120, 7.0))
    np.testing.assert_allclose(weighted.directions_ad, plain.directions_ad, atol=1e-12)
    assert abs(weighted.explained_share - plain.explained_share) < 1e-9
    weights = np.where(np.arange(120) < 60, 2.0, 1.0)
    copies = np.concatenate([np.arange(120), np.arange(60)])
    # The penalty counts against the sum of the weights, which are scaled to a mean of 1: 120 of them, not 180.
    doubled = fit_attribute_directions(train.embeddings_nd[copies], train.labels_na[copies], alphas=(1.5,))
    weighted = fit_attribute_directions(train.embeddings_nd, train.labels_na, (1.0,), weights)
    np.testing.assert_allclose(weighted.directions_ad, doubled.directions_ad, atol=1e-12)
