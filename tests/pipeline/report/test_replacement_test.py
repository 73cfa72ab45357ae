"""Whether replaced queries contradict an answer."""

import math

import numpy as np
import pytest

from pipeline.report.replacement_test import contradicts
from tests.pipeline.report.report_cases import make_pair_table

NONE = math.nan


@pytest.mark.parametrize(
    ("change", "matched_change", "expected"),
    [
        (-0.3, -0.1, False),
        (-0.3, 0.1, True),
        (-0.3, 0.0, True),
        (0.1, -0.1, False),
        (-0.1, NONE, False),
        (0.0, NONE, True),
        (0.1, NONE, True),
        (NONE, NONE, None),
    ],
)
def test_it_goes_by_images_as_far_away_where_there_are_any(change, matched_change, expected) -> None:
    assert contradicts(change, matched_change) is expected


def test_only_answers_whose_truth_is_not_known_are_contradicted() -> None:
    answers = [{"attribute": name, "effect": 0.1} for name in ("red", "red", None, "red")]
    matched = np.array([0.1, 0.1, 0.1, -0.1])
    pairs = make_pair_table(4, answers=answers, is_right=[None, True, None, None], matched_change_p=matched)
    assert pairs.contradicted == [True, None, None, False]
