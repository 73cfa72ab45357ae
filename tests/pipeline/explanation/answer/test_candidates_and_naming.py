"""What may be named, and what is."""

import numpy as np
import pytest

from pipeline.explanation.answer import naming
from pipeline.explanation.answer.candidates import answer_candidates
from tests.pipeline.evaluation.broken_copy import broken_copy

SCORES = np.array([[3.0, 2.0, 1.0], [np.nan, 1.0, 1.0], [-np.inf, -np.inf, 5.0], [1.0, 2.0, 3.0]])
CANDIDATES = np.array([[False, True, True], [True, True, True], [True, True, False], [False] * 3])


def check_naming(module):
    assert module.named_among(SCORES, CANDIDATES).tolist() == [1, 1, 0, -1]
    assert module.named_among(SCORES[:, :0], CANDIDATES[:, :0]).tolist() == [-1] * 4


def test_the_best_candidate_is_named():
    check_naming(naming)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("candidates_pa & ~np.isnan(scores_pa)", "~np.isnan(scores_pa)"),
        ("usable_pa.any(axis=1), scored_pa", "True, scored_pa"),
        ("np.maximum(scores_pa, np.finfo(np.float64).min)", "-scores_pa"),
    ],
)
def test_a_wrong_name_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_naming(broken_copy(naming, tmp_path, right, wrong))


DROPS = np.array([[0.5, 0.1, 0.2], [0.3, np.nan, 0.4], [0.7, 0.6, 0.9], [0.8, 0.8, 0.8]])
HAS = np.array([[True, False, True], [True, True, True], [False, True, True], [True, True, True]])


def check_drops(module):
    found = module.drop_of_named(np.array([0, 1, 0, -1]), DROPS, HAS)
    # Had, undefined, lacked, nothing named.
    np.testing.assert_array_equal(found, [0.5, np.nan, 0.0, 0.0])


def test_what_was_named_earns_its_drop_where_the_query_has_it():
    check_drops(naming)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("np.where(present_p, drops_pa", "np.where(named_p > -1, drops_pa"),
        ("present_pa[rows_p, named_p] & (named_p != NOTHING_NAMED)", "present_pa[rows_p, named_p]"),
        ("drops_pa[rows_p, named_p], 0.0", "-drops_pa[rows_p, named_p], 0.0"),
    ],
)
def test_a_wrong_drop_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_drops(broken_copy(naming, tmp_path, right, wrong))


def test_labels_decide_where_there_are_any_and_predictions_elsewhere():
    labels = np.array([[True, False, True], [False, False, False]])
    presence = np.array([[0.1, 0.9, 0.1], [0.5, 0.2, 0.49]])
    found = answer_candidates(labels, presence, use_labels=True)
    assert found.by_labels_p.tolist() == [True, False]
    assert found.candidates_pa.tolist() == [[True, False, True], [True, False, False]]
    assert found.may_be_named_pa.tolist() == [[True, False, True], [True, True, True]]
    predicted = answer_candidates(labels, presence, use_labels=False)
    assert not predicted.by_labels_p.any()
    assert predicted.candidates_pa.tolist() == [[False, True, False], [True, False, False]]
    together = predicted.with_named(np.array([2, -1]))
    assert together.tolist() == [[False, True, True], [True, False, False]]
    assert predicted.candidates_pa.tolist() == [[False, True, False], [True, False, False]]
