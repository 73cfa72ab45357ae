"""How far methods disagree: right by hand, and what is not counted."""

import numpy as np
import pytest

from pipeline.report.disagreement import compared_ways, disagreement, naming_counts

FIRSTS = {
    "classifier": np.array([0, 1, 2, -1]),
    "sane": np.array([0, 1, 3, 5]),
    "embedding_effect": np.array([0, 2, 4, -1]),
    "predicted_in_both": np.array([0, 2, 2, -1]),
}


def test_it_is_the_share_that_names_something_else_than_most() -> None:
    np.testing.assert_allclose(disagreement(FIRSTS, 4), [0, 0.5, 0.5, np.nan])


@pytest.mark.parametrize("name", ["random", "random_present", "sane+match~shuffled", "best_constant"])
def test_random_ways_controls_and_constants_do_not_count(name: str) -> None:
    other = np.array([9, 9, 9, 9]) if name == "best_constant" else np.array([9, 8, 7, 6])
    np.testing.assert_array_equal(disagreement({**FIRSTS, name: other}, 4), disagreement(FIRSTS, 4))
    counted = disagreement({**FIRSTS, "a later method": np.array([9, 8, 7, 6])}, 4)
    np.testing.assert_allclose(counted, [0.2, 0.6, 0.6, 0.5])


def test_it_is_known_which_are_counted_and_how_many_name_any() -> None:
    more = {**FIRSTS, "random": np.array([9, 8, 7, 6]), "best_constant": np.array([9, 9, 9, 9])}
    assert compared_ways(more) == list(FIRSTS)
    np.testing.assert_array_equal(naming_counts(more, 4), [4, 4, 4, 1])
    np.testing.assert_array_equal(naming_counts({}, 2), [0, 0])


def test_one_method_agrees_with_nobody() -> None:
    assert np.isnan(disagreement({"sane": np.array([1, 2])}, 2)).all()
    assert np.isnan(disagreement({}, 2)).all()
