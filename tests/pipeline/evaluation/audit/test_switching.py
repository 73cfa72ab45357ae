import numpy as np

from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.evaluation.audit.switching import AuditSide, pairs_sharing_a_query, switching_measures

FLOOR = 0.02
PRESENT = np.ones((5, 2), dtype=bool)
FIRST = np.array([[0.5, 0.1], [0.5, 0.1], [0.5, 0.1], [0.5, 0.1], [0.5, 0.1]])
SECOND = np.array([[0.1, 0.5], [0.1, 0.5], [0.5, 0.1], [0.5, 0.1], [0.01, 0.01]])


def test_switching_by_hand():
    # Truths differ in 0 and 1, agree in 2 and 3; comparison 4 is not eligible on the second side.
    first = AuditSide(TrueEffects(FIRST, PRESENT, FLOOR), np.array([0, 0, 0, 1, 0]))
    second = AuditSide(TrueEffects(SECOND, PRESENT, FLOOR), np.array([1, 0, 1, 1, 0]))
    measures = switching_measures(first, second, np.arange(5), seed=0, samples=20)
    switched, kept = measures["both_hit_when_truths_differ"], measures["unchanged_when_truths_agree"]
    assert (switched.value, switched.n) == (0.5, 2)
    assert (kept.value, kept.n) == (0.5, 2)


def test_a_constant_answer_never_switches_and_the_truth_always_does():
    truths = [TrueEffects(delta, PRESENT, FLOOR) for delta in (FIRST, SECOND)]
    constant = [AuditSide(truth, np.zeros(5, dtype=int)) for truth in truths]
    measures = switching_measures(*constant, np.arange(5), seed=0, samples=20)
    assert measures["both_hit_when_truths_differ"].value == 0.0
    assert measures["unchanged_when_truths_agree"].value == 1.0
    right = [AuditSide(truth, truth.delta_pa.argmax(axis=1)) for truth in truths]
    measures = switching_measures(*right, np.arange(5), seed=0, samples=20)
    assert measures["both_hit_when_truths_differ"].value == 1.0
    assert measures["unchanged_when_truths_agree"].value == 1.0


def test_swapping_the_sides_changes_nothing():
    first = AuditSide(TrueEffects(FIRST, PRESENT, FLOOR), np.array([0, 0, 0, 1, 0]))
    second = AuditSide(TrueEffects(SECOND, PRESENT, FLOOR), np.array([1, 0, 1, 1, 0]))
    one = switching_measures(first, second, np.arange(5), seed=0, samples=20)
    assert one == switching_measures(second, first, np.arange(5), seed=0, samples=20)


def test_pairs_that_share_a_query_are_compared_once():
    compared = pairs_sharing_a_query(np.array([7, 2, 7, 7, 3]))
    assert compared.tolist() == [[0, 2], [0, 3], [2, 3]]
    assert pairs_sharing_a_query(np.array([1, 2])).shape == (0, 2)
