"""Figures of the answers."""

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics import answers
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from tests.pipeline.evaluation.broken_copy import broken_copy

DROPS = np.array([[0.5, 0.1], [0.2, np.nan], [0.3, 0.6], [0.9, 0.4]])
PRESENT = np.array([[True, True], [True, True], [False, True], [True, True]])
ANSWERED = np.array([0, 1, 0, -1])
NAMED = {"other": np.array([1, 0, 1, 0])}
PAIRS = MeasuredPairs(["a", "b", "c", "d"], np.arange(4), Resampling(0, 200))


def check_rows(module):
    rows = module.answer_rows(PAIRS, ANSWERED, NAMED, DROPS, PRESENT)
    found = {(row["table_name"], row["metric"], row["variant"]): row for row in rows}
    assert found["answer", "answered", "answer"]["value"] == 0.75
    assert found["answer", "top1_accuracy", "answer"]["value"] == pytest.approx(2 / 3)
    # The second pair's effect is undefined, the third's query lacks what answers, the fourth has no answer.
    effect = found["answer", "matched_effect", "answer"]
    assert (effect["value"], effect["n"]) == (pytest.approx(0.25), 2)
    other = found["answer", "matched_effect", "other"]
    assert (other["value"], other["n"]) == (pytest.approx((0.1 + 0.2 + 0.6 + 0.9) / 4), 4)
    difference = found["answer_comparison", "matched_effect_difference", "answer"]
    assert difference["compared_with"] == "other"
    assert (difference["value"], difference["n"]) == (pytest.approx((0.4 - 0.6) / 2), 2)


def test_answers_are_measured_where_they_are_defined():
    check_rows(answers)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("named_p == NOTHING_NAMED, np.nan, drop_of", "named_p == NOTHING_NAMED, 0.0, drop_of"),
        (
            "drop_of_named(named_p, matched_drops_pa, present_pa)",
            "drop_of_named(named_p, matched_drops_pa, present_pa | True)",
        ),
        ("[(drop_p, other_p)", "[(other_p, drop_p)"),
        ("np.where(is_answered_p, present_pa", "np.where(True, present_pa"),
    ],
)
def test_wrong_figures_are_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_rows(broken_copy(answers, tmp_path, right, wrong))
