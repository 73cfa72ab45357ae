"""Answers of two models: what changes into what."""

import numpy as np
import pytest

from pipeline.errors import BadDataset
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.model_comparison.answers import Transition, answer_changes

PAIRS = MeasuredPairs(["a", "b", "c", "d", "e"], np.arange(5), Resampling(0, 50))
FIRST = ["red", "red", None, "blue", None]


def test_equal_answers_do_not_change() -> None:
    changes = answer_changes(PAIRS, FIRST, list(FIRST))
    assert changes.changed.value == 0
    assert changes.transitions == ()


def test_changes_are_counted_by_what_becomes_what() -> None:
    changes = answer_changes(PAIRS, FIRST, ["blue", "blue", "red", "blue", None])
    assert changes.changed.value == 0.6
    assert changes.transitions == (Transition("red", "blue", 2), Transition(None, "red", 1))
    assert changes != answer_changes(PAIRS, FIRST, ["blue", "blue", None, "blue", "red"])


def test_answers_of_other_pairs_are_refused() -> None:
    with pytest.raises(BadDataset, match="5 pairs"):
        answer_changes(PAIRS, FIRST, FIRST[:4])
