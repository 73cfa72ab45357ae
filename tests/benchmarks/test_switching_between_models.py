"""Answers under two models on the same pairs, by hand."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import switching_between_models as module
from benchmarks.switching_between_models import ModelAudit
from pipeline.errors import BadSetting
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.evaluation.bootstrap import Resampling
from tests.pipeline.evaluation.broken_copy import broken_copy

FIRST, SECOND, BOTH = [0.5, 0.1], [0.1, 0.5], Resampling(0, 40)


def audit(pair_ids: str, effects: list[list[float]], named: list[int]) -> ModelAudit:
    truth = TrueEffects(np.array(effects), np.ones((len(effects), 2), dtype=bool), 0.02)
    return ModelAudit(list(pair_ids), [f"q{one}" for one in pair_ids], truth, {"sane": np.array(named)})


# Of the pairs that both have, the truth of "b" and "d" changes, that of "c" and "e" does not.
ONE = audit("abcde", [FIRST, FIRST, FIRST, SECOND, SECOND], [0, 0, 0, 1, 0])
OTHER = audit("edcbx", [SECOND, FIRST, FIRST, SECOND, SECOND], [1, 1, 0, 1, 1])


def assert_switching(tested=module) -> None:
    first, second = tested.common_rows(ONE, OTHER)
    assert first.tolist() == [1, 2, 3, 4]
    assert second.tolist() == [3, 2, 1, 0]
    (found,) = tested.switching_by_variant(ONE, OTHER, BOTH).values()
    differ, agree = found["both_hit_when_truths_differ"], found["unchanged_when_truths_agree"]
    # "b" is followed, "d" not; "c" is named alike, "e" not.
    assert (differ.value, differ.n) == (0.5, 2)
    assert (agree.value, agree.n) == (0.5, 2)


def test_the_same_pairs_are_compared() -> None:
    assert_switching()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("second.side(variant, second_rows)", "second.side(variant, first_rows)"),
        ("if pair_id in row_of]", "if pair_id in row_of][:3]"),
        ("first.side(variant, first_rows)", "second.side(variant, second_rows)"),
    ],
    ids=["other pairs", "one pair less", "one model twice"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    broken = broken_copy(module, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_switching(broken)


def test_seeds_without_a_common_pair_are_refused() -> None:
    with pytest.raises(BadSetting, match=r"pairs\.seed"):
        module.common_rows(ONE, audit("xyz", [FIRST] * 3, [0, 0, 0]))


def test_the_table_says_what_is_not_defined() -> None:
    text = module.table("Seeds 0 and 1", module.switching_by_variant(ONE, audit("b", [SECOND], [1]), BOTH))
    assert "| sane | 100.0 [nan, nan], n = 1 | - |" in text
