"""Deletion, insertion and matched effects against a full search, exact cases, and what must hold of any pool."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BadDataset, BadModel, BadSetting
from pipeline.evaluation.replacements import attribute_effects as module
from pipeline.evaluation.replacements import attribute_space, keepers, neighbours, scored_blocks
from pipeline.evaluation.replacements.pool import ReplacedPairs, ReplacementPool, ReplacementReason
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.evaluation.replacements.pools import KINDS, Case, assert_as_the_oracle, make_case

K = 3
CASES = [
    {"seed": 0},
    {"seed": 1},
    {"seed": 2, "n_types": 2},
    {"seed": 3, "conditions": 2},
    {"seed": 4, "n_types": 2, "conditions": 3},
]


def effects_of(case: Case, k: int = K):
    return module.attribute_effects(case.pool, case.pairs, attribute_space.attribute_space(case.logits), k)


def assert_all_cases() -> None:
    for one in CASES:
        case = make_case(**one)
        assert_as_the_oracle(case, effects_of(case), K)


def test_effects_are_those_of_a_full_search() -> None:
    assert_all_cases()


@pytest.mark.parametrize("entries", [1, 30, 200])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, entries: int) -> None:
    case = make_case(5, n_types=2, conditions=2)
    whole = effects_of(case)
    monkeypatch.setattr(neighbours, "_ENTRIES_PER_BLOCK", entries)
    monkeypatch.setattr(keepers, "_ENTRIES_IN_CACHE", entries)
    in_blocks = effects_of(case)
    for kind in KINDS:
        np.testing.assert_array_equal(getattr(in_blocks, kind).effect_pa, getattr(whole, kind).effect_pa)
        np.testing.assert_array_equal(getattr(in_blocks, kind).replacement_pak, getattr(whole, kind).replacement_pak)


MISTAKES = {
    "target leaks": (neighbours, "without -= space", "without -= 0 * space"),
    "query is its own neighbour": (
        neighbours,
        "squared_qn[pool.duplicate_group_n[rows][:, None] == pool.duplicate_group_n[images]] = np.inf",
        "pass",
    ),
    "same presence": (neighbours, "has_n[images] != has", "has_n[images] == has"),
    "reference stays": (
        neighbours,
        "listed_pal[group_n[listed_pal] == group_n[pairs.reference_p[rows]][:, None, None]] = NO_IMAGE",
        "pass",
    ),
    "no spare neighbours": (neighbours, "n_neighbours + _most_images_of_a_reference(pool, pairs)", "n_neighbours"),
    "other types": (
        neighbours,
        "images = np.flatnonzero(pool.type_n == item_type)",
        "images = np.arange(pool.type_n.size)",
    ),
    "ties to the later": (neighbours, "np.lexsort((column,", "np.lexsort((-column,"),
    "farthest first": (neighbours, "values_rn[row, column], row)", "-values_rn[row, column], row)"),
    "one predictor": (
        attribute_space,
        "self.coordinates_mna[:, :, attribute]",
        "self.coordinates_mna[:1, :, attribute]",
    ),
    "not standardised": (attribute_space, "np.where(constant, 1.0, deviation)", "1.0"),
    "lacks kept": (
        keepers,
        "np.flatnonzero(pool.has_na[block.images_n, attribute])",
        "np.flatnonzero(~pool.has_na[block.images_n, attribute])",
    ),
    "query kept": (keepers, "for own in (query_b, reference_b)", "for own in (reference_b,)"),
    "reference kept": (keepers, "for own in (query_b, reference_b)", "for own in (query_b,)"),
    "used twice": (keepers, "distance_rn[row[found], column_r[found]] = np.inf", "pass"),
    "nearest keepers": (keepers, "np.where(has_target_r, target_rk[:, place], 0.0)", "np.zeros(len(row))"),
    "wrong condition": (scored_blocks, "masks_cd[condition]", "masks_cd[0]"),
    "condition ignored by references": (
        scored_blocks,
        "_exact_units(pool.embeddings_nd[pairs.reference_p[pairs_b]], mask_d)",
        "_exact_units(pool.embeddings_nd[pairs.reference_p[pairs_b]], None)",
    ),
    "distance from the reference": (scored_blocks, "2 * (queries_bd @", "2 * (references_bd @"),
    "sum instead of mean": (module, ", n_found_pa, out=", ", 1, out="),
    "deletion where the query lacks": (
        module,
        "_one_side(chosen_pak, means, has_pa,",
        "_one_side(chosen_pak, means, ~has_pa,",
    ),
    "keeps swapped with lacks": (
        module,
        "matched_bak = opposite[0] - keeping[0]",
        "matched_bak = keeping[0] - opposite[0]",
    ),
    "matched over all lacking": (
        module,
        "_mean_found(matched_bak)\n",
        "_mean_found(opposite[0]) - _mean_found(keeping[0])\n",
    ),
    "halves are the same": (module, "1::2", "0::2"),
    "too few is enough": (module, "n_found_pa < chosen_pak.shape[2]", "n_found_pa < 0"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_the_comparison_notices_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    put_in_place(tmp_path, monkeypatch, *MISTAKES[name])
    with pytest.raises((AssertionError, IndexError)):
        assert_all_cases()


@pytest.mark.parametrize(
    ("of", "passage"),
    [
        (neighbours, "without -= space"),
        (attribute_space, "np.where(constant, 1.0, deviation)"),
        (keepers, "for own in (query_b, reference_b)"),
        (scored_blocks, "masks_cd[condition]"),
        (module, "n_found_pa < chosen_pak.shape[2]"),
    ],
)
def test_a_copy_without_mistake_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: ModuleType, passage: str
) -> None:
    put_in_place(tmp_path, monkeypatch, of, passage, passage)
    assert_all_cases()


def put_in_place(folder: Path, monkeypatch: pytest.MonkeyPatch, of: ModuleType, right: str, wrong: str) -> None:
    """Let a changed copy stand in for a module, wherever its functions are called from."""
    broken = broken_copy(of, folder, right, wrong)
    for user in (module, neighbours, keepers, scored_blocks, attribute_space):
        for attribute in dir(of):
            if callable(getattr(of, attribute)) and getattr(user, attribute, None) is getattr(of, attribute):
                monkeypatch.setattr(user, attribute, getattr(broken, attribute))


def line_of_images() -> Case:
    """Images on a quarter circle; attribute 0 is the target, attribute 1 places them in attribute space."""
    angle = np.array([0.0, 0.2, 0.4, 0.6, 0.21, 0.39, 1.2])
    embeddings = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    labels = np.array([[1, 0, 0, 1, 1, 1, 1]], dtype=bool).T
    logits = np.stack([np.where(labels[:, 0], 5.0, -5.0), np.array([0.0, 1, 2, 3, 9, 9, 9])], axis=1)
    labels = np.column_stack([labels[:, 0], np.ones(7, dtype=bool)])
    pool = ReplacementPool(embeddings, labels, labels, np.arange(7), np.zeros(7, dtype=np.int64))
    return Case(pool, ReplacedPairs(np.array([0]), np.array([6])), [logits])


def test_an_exact_case() -> None:
    found = effects_of(line_of_images(), 2)
    change = {image: np.cos(1.2 - angle) - np.cos(1.2) for image, angle in ((1, 0.2), (2, 0.4), (4, 0.21), (5, 0.39))}
    assert found.deletion.replacement_pak[0, 0].tolist() == [1, 2]
    assert found.deletion.effect_pa[0, 0] == pytest.approx((change[1] + change[2]) / 2, abs=1e-7)
    # 4 is as far as 1 and 5 as far as 2, both with the attribute; 3 is nearer in attribute space.
    assert found.matched.replacement_pak[0, 0].tolist() == [4, 5]
    matched = (change[1] - change[4] + change[2] - change[5]) / 2
    assert found.matched.effect_pa[0, 0] == pytest.approx(matched, abs=1e-7)
    assert found.insertion.reason_pa[0].tolist() == [ReplacementReason.QUERY_HAS] * 2
    # Every image has attribute 1: none lacks it.
    assert found.deletion.reason_pa[0, 1] == found.matched.reason_pa[0, 1] == ReplacementReason.NONE_FOUND
    assert np.isnan(found.deletion.effect_pa[0, 1])


def test_the_matched_effect_of_what_the_score_does_not_see_is_small_where_deletion_is_not() -> None:
    rng = np.random.default_rng(7)
    embeddings = rng.normal(size=(400, 6))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    labels = rng.random((400, 3)) < 0.5
    logits = rng.normal(size=labels.shape) + 3 * labels
    pool = ReplacementPool(embeddings, labels, labels, np.arange(400), np.zeros(400, dtype=np.int64))
    query = np.arange(200)
    reference = np.argsort(-(embeddings @ embeddings.T), axis=1)[:200, 1]
    found = effects_of(Case(pool, ReplacedPairs(query, reference), [logits]), 5)
    has = labels[query]
    # The score falls with any other image in the query's place; matching takes that away.
    assert found.deletion.effect_pa[has].mean() < -0.5
    assert abs(found.matched.effect_pa[has].mean()) < 0.05
    assert np.abs(found.matched.distance_difference_pa[has]).mean() < 0.05


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 6))
def test_what_holds_of_any_pool(seed: int, k: int) -> None:
    case = make_case(seed, n_types=2)
    groups = np.random.default_rng(seed).integers(0, 15, size=case.pool.duplicate_group_n.size)
    pool = ReplacementPool(case.pool.embeddings_nd, case.pool.labels_na, case.pool.has_na, groups, case.pool.type_n)
    found = effects_of(Case(pool, case.pairs, case.logits), k)
    query, reference = case.pairs.query_p, case.pairs.reference_p
    for kind, has_attribute in (("deletion", False), ("insertion", True), ("matched", True)):
        one = getattr(found, kind)
        pair, attribute, place = np.nonzero(one.replacement_pak >= 0)
        chosen = one.replacement_pak[pair, attribute, place]
        assert (pool.has_na[chosen, attribute] == has_attribute).all()
        assert (groups[chosen] != groups[query[pair]]).all()
        assert (groups[chosen] != groups[reference[pair]]).all()
        assert (pool.type_n[chosen] == pool.type_n[query[pair]]).all()
        for row in one.replacement_pak.reshape(-1, k):
            listed = row[row >= 0]
            assert len(set(listed.tolist())) == len(listed)
        defined = ~np.isnan(one.distance_pa)
        assert (defined == (one.replacement_pak[:, :, 0] >= 0)).all()
        if kind != "matched":
            assert (np.abs(one.effect_pa[defined]) <= one.distance_pa[defined] + 1e-6).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100_000))
def test_the_order_of_pairs_and_the_scale_of_logits_change_nothing(seed: int) -> None:
    case = make_case(seed, conditions=2)
    order = np.random.default_rng(seed).permutation(case.pairs.query_p.size)
    masks = case.pairs.condition_masks_pd
    assert masks is not None
    pairs = ReplacedPairs(case.pairs.query_p[order], case.pairs.reference_p[order], masks[order])
    one, other = effects_of(case), effects_of(Case(case.pool, pairs, [4 * logits for logits in case.logits]))
    for kind in KINDS:
        np.testing.assert_array_equal(getattr(other, kind).effect_pa, getattr(one, kind).effect_pa[order])
        np.testing.assert_array_equal(getattr(other, kind).replacement_pak, getattr(one, kind).replacement_pak[order])


def test_the_logits_of_the_attribute_itself_choose_nothing() -> None:
    case = make_case(11)
    changed = [logits.copy() for logits in case.logits]
    for logits in changed:
        logits[:, 1] = np.random.default_rng(1).normal(size=len(logits))
    one, other = effects_of(case), effects_of(Case(case.pool, case.pairs, changed))
    for kind in KINDS:
        first, second = getattr(one, kind).replacement_pak, getattr(other, kind).replacement_pak
        np.testing.assert_array_equal(first[:, 1], second[:, 1])
    assert (one.deletion.replacement_pak != other.deletion.replacement_pak).any()


def test_no_pairs_give_empty_results() -> None:
    case = make_case(0)
    none = ReplacedPairs(case.pairs.query_p[:0], case.pairs.reference_p[:0])
    assert effects_of(Case(case.pool, none, case.logits)).matched.effect_pa.shape == (0, 5)


def test_bad_pools_are_refused() -> None:
    case = make_case(0)
    pool = case.pool
    space = attribute_space.attribute_space(case.logits)
    with pytest.raises(BadSetting, match=r"evaluation\.replacements"):
        module.attribute_effects(pool, case.pairs, space, 0)
    unnormalised = ReplacementPool(2 * pool.embeddings_nd, *list(vars(pool).values())[1:])
    with pytest.raises(BadModel, match="row 0"):
        module.attribute_effects(unnormalised, case.pairs, space, 3)
    with pytest.raises(BadDataset):
        module.attribute_effects(pool, ReplacedPairs(case.pairs.query_p + 24, case.pairs.reference_p), space, 3)
