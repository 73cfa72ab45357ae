"""Figures of the answers' groups."""

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics import answer_groups
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from tests.pipeline.evaluation.broken_copy import broken_copy

NAN = np.nan
PAIRS = MeasuredPairs(["a", "b", "c", "d"], np.arange(4), Resampling(0, 200))
# The last pair has no answer, the third one that nothing can replace.
MEMBERS = np.array([3.0, 1.0, 2.0, NAN])
ATTRIBUTE, GROUP, LARGEST = (
    np.array([0.2, 0.1, NAN, NAN]),
    np.array([0.4, 0.1, 0.3, NAN]),
    np.array([0.3, 0.3, 0.3, 0.1]),
)


def check_rows(module):
    rows = module.group_rows(PAIRS, MEMBERS, ATTRIBUTE, GROUP, LARGEST)
    found = {
        (row["table_name"], row["metric"], row["variant"], row.get("compared_with")): (row["value"], row["n"])
        for row in rows
    }
    assert found == {
        ("answer_group", "grouped", "answer", None): (pytest.approx(2 / 3), 3),
        ("answer_group", "matched_effect", "answer", None): (pytest.approx(0.15), 2),
        ("answer_group", "matched_effect", "answer|group", None): (pytest.approx(0.8 / 3), 3),
        ("answer_group", "matched_effect", "group_directions", None): (pytest.approx(0.25), 4),
        # On the pairs that both have.
        ("answer_group_comparison", "matched_effect_difference", "answer|group", "answer"): (pytest.approx(0.1), 2),
        ("answer_group_comparison", "matched_effect_difference", "answer|group", "group_directions"): (
            pytest.approx(-0.1 / 3),
            3,
        ),
    }


def test_groups_are_measured_beside_their_attributes():
    check_rows(answer_groups)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("members_p > 1)", "members_p > 2)"),
        ("[(GROUP, ANSWER), ", "[(ANSWER, GROUP), "),
        ("GROUP: group_p", "GROUP: attribute_p"),
    ],
)
def test_wrong_figures_are_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_rows(broken_copy(answer_groups, tmp_path, right, wrong))
