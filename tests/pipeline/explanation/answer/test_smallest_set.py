"""Smallest sets of attributes and their joint effects, against loops over every set."""

import dataclasses
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.explanation.answer import joint_removal, smallest_set
from pipeline.explanation.answer.joint_removal import RemovalGeometry, removal_geometries
from pipeline.explanation.answer.smallest_set import NO_SET, all_sets, smallest_reaching, smallest_sets
from pipeline.explanation.conditional_directions import fit_conditional_directions
from pipeline.explanation.effects_by_condition import LabelledEmbeddings
from pipeline.explanation.pair_effects import EmbeddedPairs, pair_effects
from pipeline.similarity.conditions import ConditionMasks
from tests.oracles import attribute_sets as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

GROUPS = [0, 0, 0, -1, 1, 1, -1, -1]
TYPES = np.array(["bag", "boot"])


def world(seed: int = 0, n_images: int = 160) -> tuple[LabelledEmbeddings, EmbeddedPairs, np.ndarray]:
    """Images of two types, whose attributes move embeddings by different directions, pairs and their candidates."""
    rng = np.random.default_rng(seed)
    labels = rng.random((n_images, 8)) < 0.5
    for factor in ((0, 1, 2), (4, 5)):
        labels[:, factor] = np.eye(len(factor), dtype=bool)[rng.integers(0, len(factor), n_images)]
    types = rng.integers(0, 2, n_images)
    directions = rng.normal(size=(2, 8, 6))
    embeddings = np.einsum("na,nad->nd", labels, directions[types]) + rng.normal(0, 0.1, (n_images, 6)) + 1.0
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    images = LabelledEmbeddings(embeddings, labels, TYPES[types].tolist())
    query_p, reference_p = rng.integers(0, n_images, (2, 30))
    pairs = EmbeddedPairs(images, query_p, reference_p, [None] * 30, None, GROUPS)
    candidates = labels[query_p].copy()
    candidates[4] = False
    return images, pairs, candidates


def expected(images: LabelledEmbeddings, pairs: EmbeddedPairs, candidates_pa: np.ndarray, share: float) -> list[tuple]:
    fitted = fit_conditional_directions(images.embeddings_nd, images.labels_na, images.types_n)
    assert len(fitted.by_label) == 2
    rows = []
    for query, reference, own in zip(pairs.query_p, pairs.reference_p, candidates_pa, strict=True):
        directions = fitted.of(images.types_n[query]).directions_ad

        def effect(members, query=query, reference=reference, directions=directions) -> float:
            vectors = images.embeddings_nd[query], images.embeddings_nd[reference]
            return oracle.joint_effect(*vectors, directions, GROUPS, members)

        among = np.flatnonzero(own).tolist()
        rows.append((*oracle.smallest(effect, among, share), *oracle.greedy(effect, among, share)))
    return rows


def found(sets: smallest_set.AttributeSets) -> list[tuple]:
    return [
        (tuple(np.flatnonzero(exact)), effect, tuple(np.flatnonzero(greedy)), greedy_effect)
        for exact, effect, greedy, greedy_effect in zip(
            sets.sets_pa, sets.effect_p, sets.greedy_pa, sets.greedy_effect_p, strict=True
        )
    ]


def assert_equal(actual: list[tuple], right: list[tuple]) -> None:
    assert [row[::2] for row in actual] == [row[::2] for row in right]
    np.testing.assert_allclose([row[1::2] for row in actual], [row[1::2] for row in right], atol=1e-9)


def made(share: float, seed: int = 0, removal: ModuleType = joint_removal, search: ModuleType = smallest_set):
    images, pairs, candidates_pa = world(seed)
    return search.smallest_sets(removal.removal_geometries(images, pairs), candidates_pa, share)


@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_equals_the_oracle(seed: int, share: float) -> None:
    sets = made(share, seed)
    right = expected(*world(seed), share)
    assert_equal(found(sets), right)
    sizes = {len(row[0]) for row in right}
    # Pairs of several sizes, and without a set, are among them.
    assert len(sizes) >= 3
    np.testing.assert_array_equal(sets.is_exact_p, [len(row[0]) > 0 for row in right])


def assert_right(**modules: ModuleType) -> None:
    for share in (0.8, 0.5):
        for seed in range(3):
            assert_equal(found(made(share, seed, **modules)), expected(*world(seed), share))


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        # The sum of single effects instead of the joint one.
        (
            joint_removal,
            "chosen_sm @ self.gram_aa[np.ix_(members, members)]",
            "chosen_sm * np.diag(self.gram_aa)[members]",
        ),
        (
            joint_removal,
            "moved_square = np.maximum(square + 2 * query_dots",
            "moved_square = np.maximum(square + query_dots",
        ),
        (joint_removal, "space.directions.of(str(name))", "space.directions.overall"),
        (joint_removal, "2 * cross_ba + np.diag(self.gram_aa)", "np.diag(self.gram_aa)"),
        # Greedy that never stops before it has all.
        (smallest_set, "open_b &= ~reached_b & ", "open_b &= "),
        (smallest_set, "sizes_s[reaching].min()", "sizes_s[reaching].max()"),
        (smallest_set, "smallest[effects_s[smallest].argmax()]", "smallest[0]"),
        (smallest_set, "share * total_p[row])", "share)"),
        (smallest_set, "needed_b = share * total_b", "needed_b = share * total_b**0"),
    ],
)
def test_broken_copies_are_noticed(tmp_path: Path, module: ModuleType, right: str, wrong: str) -> None:
    copy = broken_copy(module, tmp_path, right, wrong)
    modules = {"removal": copy} if module is joint_removal else {"search": copy}
    with pytest.raises(AssertionError):
        assert_right(**modules)


def test_sets_of_one_have_the_single_effects() -> None:
    images, pairs, _ = world()
    singles_pa = pair_effects(images, pairs)
    for geometry in removal_geometries(images, pairs):
        none_ba = np.zeros((len(geometry.pairs_b), 8), dtype=bool)
        np.testing.assert_allclose(geometry.effects_with_one_more(none_ba), singles_pa[geometry.pairs_b], atol=1e-12)
        np.testing.assert_allclose(
            geometry.effects_of_pair(0, np.eye(8, dtype=bool)), singles_pa[geometry.pairs_b[0]], atol=1e-12
        )


def many(n_attributes: int, dimension: int = 24) -> RemovalGeometry:
    """One pair with so many independent attributes, of falling effect."""
    shifts = -np.eye(dimension)[:n_attributes] * np.linspace(0.3, 0.05, n_attributes)[:, None]
    query = np.ones((1, dimension)) / np.sqrt(dimension)
    return RemovalGeometry(
        np.array([0]), np.ones(1), np.ones(1), np.ones(1), query @ shifts.T, query @ shifts.T, shifts @ shifts.T
    )


def test_beyond_twelve_candidates_the_greedy_set_stands() -> None:
    few = smallest_sets([many(12)], np.ones((1, 12), dtype=bool), 0.8)
    lots = smallest_sets([many(13)], np.ones((1, 13), dtype=bool), 0.8)
    assert few.is_exact_p.tolist() == [True]
    assert lots.is_exact_p.tolist() == [False]
    np.testing.assert_array_equal(lots.sets_pa, lots.greedy_pa)
    assert 0 < lots.sets_pa.sum() < 13
    assert few.sets_pa.sum() <= few.greedy_pa.sum()


def test_without_candidates_or_an_effect_there_is_no_set() -> None:
    images, pairs, candidates_pa = world()
    sets = smallest_sets(removal_geometries(images, pairs), np.zeros_like(candidates_pa), 0.8)
    assert not sets.sets_pa.any()
    assert not sets.greedy_pa.any()
    assert np.isnan(sets.effect_p).all()
    np.testing.assert_allclose(sets.total_p, 0, atol=1e-12)


def test_the_first_of_equal_sets_is_taken_and_none_where_none_reaches() -> None:
    assert smallest_reaching(np.array([1, 1, 2]), np.array([0.5, 0.5, 0.9]), 0.4) == 0
    assert smallest_reaching(np.array([1, 1, 2]), np.array([0.5, 0.5, 0.9]), 0.8) == 2
    assert smallest_reaching(np.array([1]), np.array([0.5]), 0.6) == NO_SET


def test_every_set_comes_once_small_ones_first() -> None:
    sets = all_sets(5)
    assert len({tuple(row) for row in sets.tolist()}) == 31
    assert sets.any(axis=1).all()
    assert (np.diff(sets.sum(axis=1)) >= 0).all()


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_other_shares_are_refused(share: float) -> None:
    with pytest.raises(BadSetting, match="set_share"):
        smallest_sets([], np.zeros((1, 8), dtype=bool), share)


def test_pairs_with_conditions_are_moved_in_the_space_of_their_condition() -> None:
    images, pairs, _ = world()
    masks = ConditionMasks(("bag|boot",), np.array([[1, 1, 0.5, 0, 0, 1]], dtype=np.float32))
    conditions = ["bag|boot" if pair % 2 else None for pair in range(30)]
    masked = dataclasses.replace(pairs, conditions_p=conditions, masks=masks)
    singles_pa, plain_pa = pair_effects(images, masked), pair_effects(images, pairs)
    assert not np.allclose(singles_pa, plain_pa)
    seen = []
    for geometry in removal_geometries(images, masked):
        none_ba = np.zeros((len(geometry.pairs_b), 8), dtype=bool)
        np.testing.assert_allclose(geometry.effects_with_one_more(none_ba), singles_pa[geometry.pairs_b], atol=1e-9)
        seen += geometry.pairs_b.tolist()
    assert sorted(seen) == list(range(30))


def test_labels_of_classes_are_removed_by_directions_over_all_images() -> None:
    images, pairs, candidates_pa = world()
    classes = [f"class {n % 6}" for n in range(160)]
    labels = images.labels_na[[n % 6 for n in range(160)]]
    of_classes = dataclasses.replace(images, labels_na=labels, types_n=classes)
    pairs = dataclasses.replace(pairs, images=of_classes)
    fitted = fit_conditional_directions(of_classes.embeddings_nd, labels, classes)
    assert fitted.near is not None
    sets = smallest_sets(removal_geometries(of_classes, pairs), labels[pairs.query_p], 0.8)
    query, reference = pairs.query_p[0], pairs.reference_p[0]
    vectors = images.embeddings_nd[query], images.embeddings_nd[reference]
    total = oracle.joint_effect(*vectors, fitted.overall.directions_ad, GROUPS, np.flatnonzero(labels[query]))
    assert sets.total_p[0] == pytest.approx(total, abs=1e-9)
