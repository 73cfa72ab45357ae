"""What sets truly account for, against loops over dictionaries of effects."""

import itertools
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pipeline.evaluation.audit import joint_truth, set_outcomes
from pipeline.evaluation.audit.set_outcomes import ALL, CHOSEN, GREEDY, RANDOM, SMALLEST
from pipeline.explanation.answer.smallest_set import all_sets
from tests.oracles import attribute_sets as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

SHARE, N_ATTRIBUTES, FLOOR = 0.8, 7, 0.1


def world(seed: int) -> tuple[list[dict[tuple[int, ...], float]], np.ndarray, np.ndarray]:
    """Effects of every set of each pair's attributes, which do not add up, and sets that someone named."""
    rng = np.random.default_rng(seed)
    effects = []
    for _ in range(14):
        members = sorted(rng.choice(N_ATTRIBUTES, rng.integers(1, 5), replace=False).tolist())
        singles = dict(zip(members, rng.normal(0.1, 0.15, len(members)), strict=True))
        sets = (s for size in range(1, len(members) + 1) for s in itertools.combinations(members, size))
        effects.append({s: float(np.tanh(sum(singles[a] for a in s)) + 0.02 * rng.normal()) for s in sets})
    named = rng.random((14, N_ATTRIBUTES)) < 0.4
    named[2] = False
    # Of the sixth pair what is named is nothing that the query has.
    named[5] = True
    named[5, max(effects[5], key=len)] = False
    return effects, named, rng.normal(0.1, 0.1, (14, N_ATTRIBUTES))


def truth_of(effects: list[dict[tuple[int, ...], float]], module: ModuleType = joint_truth) -> joint_truth.JointTruth:
    members = [np.array(max(one, key=len)) for one in effects]
    ordered = [
        np.array([one[tuple(own[row].tolist())] for row in all_sets(len(own))])
        for one, own in zip(effects, members, strict=True)
    ]
    return module.JointTruth(members, ordered, FLOOR)


def expected_of(one: dict[tuple[int, ...], float], members: tuple[int, ...]) -> tuple[float, float, float]:
    """True effect, whether it reaches, and the sum of singles of one pair's set; NaN where it is empty."""
    if not members:
        return (np.nan, np.nan, np.nan)
    own = tuple(a for a in members if (a,) in one)
    total = one[max(one, key=len)]
    effect = one[own] if own else 0.0
    return effect, float(effect >= SHARE * total - 1e-9 * abs(total)), sum(one[(a,)] for a in own)


def assert_right(truths: ModuleType = joint_truth, outcomes: ModuleType = set_outcomes) -> None:
    for seed in range(3):
        effects, named_pa, single_pa = world(seed)
        predicted_p = np.linspace(0.1, 0.5, 14)
        named = outcomes.PredictedSets(
            {CHOSEN: named_pa, GREEDY: named_pa}, {CHOSEN: predicted_p, GREEDY: predicted_p}, single_pa
        )
        found = outcomes.set_outcomes(truth_of(effects, truths), named, SHARE)
        for pair, one in enumerate(effects):
            own = max(one, key=len)
            sets = {
                CHOSEN: tuple(np.flatnonzero(named_pa[pair])),
                ALL: own,
                SMALLEST: oracle.smallest(lambda s, one=one: one[tuple(sorted(s))], list(own), SHARE)[0],
            }
            for kind, members in sets.items():
                kept = found[kind]
                got = (kept.effect_p[pair], kept.reaches_p[pair], kept.single_sum_p[pair])
                np.testing.assert_allclose(got, expected_of(one, members), atol=1e-12, err_msg=f"{kind} {pair}")
                np.testing.assert_equal(kept.size_p[pair], len(members) or np.nan)
                assert tuple(np.flatnonzero(kept.sets_pa[pair])) == members
            size = min(len(sets[CHOSEN]), len(own))
            of_size = [expected_of(one, s)[:2] for s in one if len(s) == size] or [(np.nan, np.nan)]
            random = found[RANDOM]
            np.testing.assert_allclose((random.effect_p[pair], random.reaches_p[pair]), np.mean(of_size, axis=0))
            predicted = (
                (predicted_p[pair], single_pa[pair, list(sets[CHOSEN])].sum()) if sets[CHOSEN] else (np.nan,) * 2
            )
            np.testing.assert_allclose(
                (found[CHOSEN].predicted_p[pair], found[CHOSEN].predicted_sum_p[pair]), predicted
            )


def test_outcomes_equal_loops() -> None:
    assert_right()


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        (joint_truth, "[: len(members)][sets_pa[pair, members]].sum()", "[-1]"),
        (joint_truth, "if own_n.any() else 0.0", "if own_n.any() else np.nan"),
        (joint_truth, "share * effects_s[-1])\n            if", "share * effects_s.max())\n            if"),
        (joint_truth, "== min(int(sizes_p[pair]), n_members)", "<= min(int(sizes_p[pair]), n_members)"),
        (joint_truth, "reaches(of_size, effects_s[-1], share).mean()", "reaches(of_size.mean(), effects_s[-1], share)"),
        (joint_truth, "effects >= share * np.asarray(totals)", "effects >= np.asarray(totals)"),
        (set_outcomes, "np.where(sets_pa, single_pa, 0.0)", "single_pa"),
    ],
)
def test_broken_copies_are_noticed(tmp_path: Path, module: ModuleType, right: str, wrong: str) -> None:
    copy = broken_copy(module, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_right(**{"truths" if module is joint_truth else "outcomes": copy})


def test_pairs_count_whose_attributes_together_matter_more_than_noise() -> None:
    truth = truth_of([{(0,): 0.05, (1,): 0.06, (0, 1): 0.11}, {(2,): 0.09}, {(1,): -0.2}])
    assert truth.eligible_p.tolist() == [True, False, False]
    np.testing.assert_allclose(truth.total_p, [0.11, 0.09, -0.2])
