"""Matched effects of groups of attributes against a full search, and groups of one as the attributes they are."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import tests.oracles.attribute_replacements as oracle
from pipeline.evaluation.replacements import group_effects
from pipeline.evaluation.replacements.attribute_effects import attribute_effects
from pipeline.evaluation.replacements.attribute_space import attribute_space
from pipeline.explanation.separability import Separability
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.evaluation.replacements.pools import Case, make_case

# Attributes 1 and 2 are one group, the second with the group's absence; the last is constant.
GROUPED = Separability(np.array([0, 1, 1, 2, -1]), np.array([1, 1, -1, 1, 1]), np.ones(5), 3, 1.0, 1.0)
SINGLE = Separability(np.array([0, 1, 2, 3, 4]), np.ones(5, dtype=np.int64), np.ones(5), 5, 1.0, 1.0)
REPLACEMENTS = 3


def expected(case: Case) -> np.ndarray:
    """Groups as attributes of their own: had where one of two members agrees, or the one; logits averaged by hand."""
    pool, pairs = case.pool, case.pairs
    has = np.stack([pool.has_na[:, 0], pool.has_na[:, 1] | ~pool.has_na[:, 2], pool.has_na[:, 3]], axis=1)
    logits = []
    for one in case.logits:
        scaled = (one - one.mean(axis=0)) / one.std(axis=0)
        logits.append(np.stack([one[:, 0], (scaled[:, 1] - scaled[:, 2]) / 2, one[:, 3]], axis=1))
    drops = np.full((len(pairs.query_p), 3), np.nan)
    for p, (query, reference) in enumerate(zip(pairs.query_p.tolist(), pairs.reference_p.tolist(), strict=True)):
        for group in range(3):
            asked = (pool.embeddings_nd, logits, has, query, reference, pool.duplicate_group_n, pool.type_n, group)
            effect = oracle.effects(*asked, REPLACEMENTS, None)["matched"][2]
            drops[p, group] = np.nan if effect is None else -effect
    return drops


def assert_right(module: ModuleType = group_effects) -> None:
    for seed in range(3):
        case = make_case(seed)
        found = module.matched_group_effects(case.pool, case.pairs, case.logits, GROUPED, REPLACEMENTS)
        np.testing.assert_allclose(found, expected(case), atol=2e-7)


def test_groups_are_replaced_as_attributes_are() -> None:
    assert_right()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (" * groups.sign_a", ""),
        ("has_na=has_group(pool.has_na, groups)", "has_na=~has_group(pool.has_na, groups)"),
        ("return -attribute_effects", "return attribute_effects"),
        ("standardised[:, members].mean(axis=1)", "standardised[:, members[0]]"),
    ],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    copy = broken_copy(group_effects, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_right(copy)


@pytest.mark.parametrize("seed", range(3))
def test_groups_of_one_have_the_effects_of_their_attributes_exactly(seed: int) -> None:
    case = make_case(seed)
    alone = -attribute_effects(case.pool, case.pairs, attribute_space(case.logits), REPLACEMENTS).matched.effect_pa
    found = group_effects.matched_group_effects(case.pool, case.pairs, case.logits, SINGLE, REPLACEMENTS)
    np.testing.assert_array_equal(found, alone)
    assert np.isfinite(found).any()
