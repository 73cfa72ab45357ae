import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.oracles.removal as oracle
from pipeline.errors import BadDataset, BadModel
from pipeline.evaluation.replacements import removal as replacement
from pipeline.evaluation.replacements.pool import (
    ReplacedPairs,
    ReplacementPool,
    ReplacementReason,
    constant_attributes,
)
from tests.oracles.type_aware import projection
from tests.pipeline.evaluation.broken_copy import broken_copy


def make_pool(seed, n_images=30, n_attributes=6, n_pairs=20):
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(n_images, 4)).astype(np.float32)
    groups = np.arange(n_images)
    labels = rng.random((n_images, n_attributes)) < 0.6
    # Duplicated images: the same pixels (one group), or the same embedding only (a tie).
    embeddings[5], groups[5] = embeddings[4], groups[4]
    embeddings[9] = embeddings[8]
    labels[:, -1] = True
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    query = rng.integers(0, n_images, size=n_pairs)
    reference = (query + rng.integers(1, n_images, size=n_pairs)) % n_images
    query[:2], reference[:2] = (4, 9), (8, 5)
    return embeddings, query, reference, labels, groups


def removed(embeddings, query, reference, labels, groups, types=None, *, masks=None, has=None, module=replacement):
    types = np.zeros(len(groups), dtype=np.int64) if types is None else types
    pool = ReplacementPool(embeddings, labels, labels if has is None else has, groups, types)
    return module.removal_replacements(pool, ReplacedPairs(query, reference, masks))


def compare_with_oracle(module, seed=0, n_types=None):
    embeddings, query, reference, labels, groups = make_pool(seed)
    types = None if n_types is None else np.random.default_rng(seed).integers(0, n_types, size=len(groups))
    result = removed(embeddings, query, reference, labels, groups, types, module=module)
    for p in range(query.size):
        for a in range(labels.shape[1]):
            found = oracle.removal(embeddings, query[p], reference[p], labels, groups, a, types)
            image, reason, effect, distance = found
            assert ReplacementReason(result.reason_pa[p, a]).name.lower() == reason
            assert result.replacement_pak[p, a, 0] == (-1 if image is None else image)
            expected = [np.nan if x is None else x for x in (effect, distance)]
            np.testing.assert_allclose([result.effect_pa[p, a], result.distance_pa[p, a]], expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_replacements_are_those_of_a_full_search(seed):
    compare_with_oracle(replacement, seed)


@pytest.mark.parametrize("n_types", [1, 3, 12])
def test_within_types_they_are_those_of_a_full_search_too(n_types):
    compare_with_oracle(replacement, n_types=n_types)


def compare_under_conditions(module, seed=0):
    embeddings, query, reference, labels, groups = make_pool(seed)
    masks = np.random.default_rng(seed + 100).uniform(0, 1, (query.size, 4))
    general = removed(embeddings, query, reference, labels, groups)
    result = removed(embeddings, query, reference, labels, groups, masks=masks, module=module)
    np.testing.assert_array_equal(result.replacement_pak, general.replacement_pak)
    np.testing.assert_array_equal(result.reason_pa, general.reason_pa)
    for p, a in zip(*np.nonzero(result.replacement_pak[:, :, 0] >= 0), strict=True):
        rows = query[p], reference[p], result.replacement_pak[p, a, 0]
        q, r, other = (projection(embeddings[row], masks[p]) for row in rows)
        expected = [oracle.dot(other, r) - oracle.dot(q, r), np.linalg.norm(other - q)]
        np.testing.assert_allclose([result.effect_pa[p, a], result.distance_pa[p, a]], expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_under_conditions_scores_are_those_of_the_projections(seed):
    compare_under_conditions(replacement, seed)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("project(compared, pairs.condition_masks_pd[pair])", "project(compared, pairs.condition_masks_pd[0])"),
        ("project(compared, pairs.condition_masks_pd[pair])", "compared * pairs.condition_masks_pd[pair]"),
    ],
)
def test_the_comparison_under_conditions_notices_mistakes(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        compare_under_conditions(broken_copy(replacement, tmp_path, right, wrong))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("== pool.type_n[query])", "!= pool.type_n[query])"),
        ("== pool.type_n[query])", "== pool.type_n[pairs.reference_p[rows[0]]])"),
        ("(pool.type_n[order] ==", "(pool.type_n =="),
    ],
)
def test_the_comparison_notices_the_wrong_type(tmp_path, right, wrong):
    broken = broken_copy(replacement, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken, n_types=3)


def test_a_walk_beyond_the_first_neighbours_finds_the_same(monkeypatch):
    monkeypatch.setattr(replacement, "_FIRST_NEIGHBOURS", 1)
    compare_with_oracle(replacement)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("argsort(-np.round(similarity_n", "argsort(np.round(similarity_n"),
        ("lacks = ~has_na", "lacks = has_na"),
        (
            '"nd,d->n", embeddings, embeddings[query]',
            '"nd,d->n", embeddings, embeddings[pairs.reference_p[rows[0]]]',
        ),
        ("change_nd, compared[1])", "change_nd, compared[0])"),
        ("compared[2:] - compared[0]", "compared[0] - compared[2:]"),
        ("(group_n[order] != group_n[query]) & ", ""),
        ("!= self.group_n[reference]", "!= NO_IMAGE"),
        ("(group_n[order] != group_n[query])", "(order != query)"),
        ("[:, has_one].argmax(axis=0)", "[:, has_one].argmax(axis=0) - 1"),
        ("np.where(present_pa, np.nan, 0.0)", "np.where(pool.labels_na[pairs.reference_p], np.nan, 0.0)"),
        ("present = np.flatnonzero(present_pa[pair])", "present = np.arange(present_pa.shape[1])"),
    ],
)
def test_the_comparison_notices_mistakes(tmp_path, right, wrong):
    broken = broken_copy(replacement, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_a_replacement_is_never_the_query_the_reference_or_a_duplicate_and_lacks_the_attribute(seed):
    embeddings, query, reference, labels, _ = make_pool(seed)
    groups = np.random.default_rng(seed).integers(0, 15, size=len(embeddings))
    result = removed(embeddings, query, reference, labels, groups)
    pair, attribute = np.nonzero(result.replacement_pak[:, :, 0] >= 0)
    chosen = result.replacement_pak[pair, attribute, 0]
    assert (groups[chosen] != groups[query[pair]]).all()
    assert (groups[chosen] != groups[reference[pair]]).all()
    assert not labels[chosen, attribute].any()
    assert labels[query[pair], attribute].all()
    assert (np.abs(result.effect_pa[pair, attribute]) <= result.distance_pa[pair, attribute] + 1e-12).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100_000))
def test_permuting_pairs_permutes_results(seed):
    embeddings, query, reference, labels, groups = make_pool(seed)
    order = np.random.default_rng(seed).permutation(query.size)
    one = removed(embeddings, query, reference, labels, groups)
    other = removed(embeddings, query[order], reference[order], labels, groups)
    np.testing.assert_array_equal(other.replacement_pak, one.replacement_pak[order])
    np.testing.assert_array_equal(other.effect_pa, one.effect_pa[order])
    np.testing.assert_array_equal(other.reason_pa, one.reason_pa[order])


def test_ties_go_to_the_earlier_image():
    embeddings = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [0.6, 0.8], [0.6, -0.8]])
    labels = np.array([[True], [True], [False], [False], [False]])
    result = removed(embeddings, np.array([0]), np.array([1]), labels, np.arange(len(labels)))
    assert result.replacement_pak.tolist() == [[[2]]]
    assert result.effect_pa[0, 0] == pytest.approx(0.8)


def compare_where_labels_are_sparse(module):
    embeddings, query, reference, labels, groups = make_pool(1)
    has = labels | (np.random.default_rng(1).random(labels.shape) < 0.3)
    result = removed(embeddings, query, reference, labels, groups, has=has, module=module)
    full = removed(embeddings, query, reference, has, groups, module=module)
    present = labels[query]
    np.testing.assert_array_equal(result.effect_pa[present], full.effect_pa[present])
    assert (result.reason_pa[~present] == ReplacementReason.QUERY_LACKS).all()
    assert (result.effect_pa[~present] == 0).all()
    pair, attribute = np.nonzero(result.replacement_pak[:, :, 0] >= 0)
    assert not has[result.replacement_pak[pair, attribute, 0], attribute].any()


def test_what_counts_as_having_does_not_lack():
    compare_where_labels_are_sparse(replacement)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(pool.has_na, neighbours", "(pool.labels_na, neighbours"),
        ("pool.labels_na[pairs.query_p]", "pool.has_na[pairs.query_p]"),
    ],
)
def test_the_comparison_notices_the_wrong_presence(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        compare_where_labels_are_sparse(broken_copy(replacement, tmp_path, right, wrong))


def test_the_measure_is_the_drop_of_the_named_attribute():
    effect = np.array([[-0.3, 0.1], [0.0, np.nan], [0.0, 0.2]])
    np.testing.assert_array_equal(replacement.removal_measure(np.array([0, 1, 0]), effect), [0.3, np.nan, 0.0])
    assert not np.signbit(replacement.removal_measure(np.array([0]), np.zeros((1, 1))))[0]


def test_constant_attributes_are_those_of_all_or_no_images():
    labels = np.array([[True, False, True], [True, False, False]])
    assert constant_attributes(labels).tolist() == [0, 1]


def test_no_pairs_give_empty_results():
    embeddings, query, reference, labels, groups = make_pool(0)
    result = removed(embeddings, query[:0], reference[:0], labels, groups)
    assert result.effect_pa.shape == (0, 6)


def test_bad_pools_are_refused():
    embeddings, query, reference, labels, groups = make_pool(0)
    with pytest.raises(BadModel, match="row 0"):
        removed(2 * embeddings, query, reference, labels, groups)
    with pytest.raises(BadModel):
        removed(embeddings * np.nan, query, reference, labels, groups)
    with pytest.raises(BadDataset):
        removed(embeddings, query + 30, reference, labels, groups)
    with pytest.raises(BadDataset):
        removed(embeddings, query, reference, labels[1:], groups)


def test_a_pool_of_full_size_takes_seconds_not_hours():
    embeddings, query, reference, labels, groups = make_pool(0, n_images=5000, n_attributes=205, n_pairs=400)
    started = time.perf_counter()
    removed(embeddings, query, reference, labels, groups)
    assert time.perf_counter() - started < 10
