"""What the columns of all pairs say of each: how sure its answer is, and its truth where that is known."""

import numpy as np

from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.how_sure import CONTRADICTED, SURE
from pipeline.report.replacement_test import ReplacementTest
from tests.pipeline.report.report_cases import make_pair_table

FALLS, RISES = ReplacementTest(-0.3, -0.1), ReplacementTest(-0.3, 0.1)


def outcome(attribute: str | None, *, eligible: bool = True, hit: bool = True) -> dict[str, object]:
    effect = None if attribute is None else 0.25 if hit else 0.1
    return {"attribute": attribute, "eligible": eligible, "hit": hit, "effect": effect, "best_effect": 0.25}


def test_other_images_contradict_an_answer_but_the_truth_alone_decides() -> None:
    answers = [{"attribute": name} for name in ("red", "red", "red", None)]
    known = [PairKnowledge(FALLS), PairKnowledge(RISES), PairKnowledge(RISES, outcome("red")), PairKnowledge(RISES)]
    pairs = make_pair_table(4, answers=answers, knowledge=known)
    levels = [None if one is None else one.level for one in pairs.sure]
    assert levels[:3] == [SURE, CONTRADICTED, SURE]
    assert [one is not None and one.is_measured for one in pairs.sure] == [False, False, True, False]
    np.testing.assert_array_equal(pairs.falls_further_p, [0.1, -0.1, -0.1, np.nan])


def test_the_truth_is_of_pairs_with_a_cause_and_an_answer() -> None:
    answers = [{"attribute": name} for name in ("red", "red", "red", None)]
    truths = [outcome("red"), outcome("red", hit=False), outcome("red", eligible=False), outcome(None)]
    pairs = make_pair_table(4, answers=answers, knowledge=[PairKnowledge(None, row) for row in truths])
    assert pairs.is_right == [True, False, None, None]
    np.testing.assert_allclose(pairs.regret_p, [0, 0.15, np.nan, np.nan])


def test_an_answer_whose_true_effect_is_not_known_is_neither_right_nor_wrong() -> None:
    truth = {**outcome("red"), "effect": None}
    pairs = make_pair_table(1, answers=[{"attribute": "red"}], knowledge=[PairKnowledge(None, truth)])
    assert pairs.is_right == [None]
    assert np.isnan(pairs.regret_p).all()


def test_pairs_of_a_run_without_answers_are_not_judged() -> None:
    pairs = make_pair_table(2, answers=[None, None], knowledge=[PairKnowledge()] * 2)
    assert pairs.sure == [None, None]
    assert pairs.is_right == [None, None]
