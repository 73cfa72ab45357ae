"""Is the named attribute the query's, and does it change with the reference?"""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadDataset
from pipeline.evaluation import named_attributes as module
from tests.pipeline.evaluation.broken_copy import broken_copy


def test_top1_accuracy_looks_the_name_up_in_the_querys_own_row() -> None:
    present = np.array([[True, False], [True, False], [False, True]])
    assert module.top1_accuracy(np.array([0, 1, 1]), present).tolist() == [1.0, 0.0, 1.0]


def test_names_that_are_no_attribute_of_a_pair_are_refused() -> None:
    for named in ([0], [0, -1], [0, 2]):
        with pytest.raises(BadDataset):
            module.top1_accuracy(np.array(named), np.ones((2, 2), dtype=bool))


def assert_distinct_answers(distinct=module.distinct_answers_per_query) -> None:
    # Query 5 has three pairs of which two agree, query 2 a pair alone, query 9 two pairs that agree.
    named, query = np.array([1, 0, 1, 3, 3, 2]), np.array([5, 2, 5, 9, 9, 5])
    np.testing.assert_array_equal(distinct(named, query), [0.5, np.nan, 0.5, 0.0, 0.0, 1.0])


def test_distinct_answers_are_the_share_of_a_querys_other_pairs_that_differ() -> None:
    assert_distinct_answers()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("1 - same / (len(rows) - 1)", "1 - same / len(rows)"), (".sum(axis=1) - 1", ".sum(axis=1)")],
    ids=["the pair itself is one of the others", "agrees with itself"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_distinct_answers(broken_copy(module, tmp_path, right, wrong).distinct_answers_per_query)
