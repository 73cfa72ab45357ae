"""Which variant answers."""

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.evaluation import answer_choice
from pipeline.evaluation.answer_choice import compare_answers
from pipeline.evaluation.bootstrap import Resampling
from tests.pipeline.evaluation.broken_copy import broken_copy

DROPS = np.array([[0.5, 0.1, np.nan], [0.2, 0.4, 0.0], [0.3, 0.0, 0.1], [0.9, 0.1, 0.1]])
PRESENT = np.array([[True, True, True], [True, True, False], [True, False, True], [False, True, True]])
NAMED = {
    "first": np.array([0, 0, 0, 0]),
    "undefined": np.array([2, 1, 0, 1]),
    "none": np.array([-1, -1, -1, -1]),
    "best": np.array([0, 1, 0, 1]),
}
RESAMPLING = Resampling(0, 200)


def check_choice(module):
    found = module.compare_answers(NAMED, DROPS, PRESENT, np.array([0, 0, 1, 1]), RESAMPLING)
    assert [one.variant for one in found] == ["best", "first", "undefined", "none"]
    assert [one.is_chosen for one in found] == [True, False, False, False]
    by_name = {one.variant: one for one in found}
    # The last pair's query lacks what "first" names; the first pair's effect of "undefined" is not defined.
    assert by_name["first"].matched_effect.value == pytest.approx((0.5 + 0.2 + 0.3 + 0) / 4)
    assert by_name["undefined"].matched_effect.value == pytest.approx((0 + 0.4 + 0.3 + 0.1) / 4)
    assert by_name["none"].matched_effect.value == 0
    assert [by_name[name].undefined for name in NAMED] == [0, 1, 0, 0]
    assert [by_name[name].top1_accuracy for name in NAMED] == [0.75, 1, 0, 1]
    assert all(one.matched_effect.n == 4 and one.matched_effect.n_clusters == 2 for one in found)


def test_the_variant_with_the_largest_matched_effect_answers():
    check_choice(answer_choice)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("-found[row].matched_effect.value", "found[row].matched_effect.value"),
        (
            "drop_of_named(named_p, matched_drops_pa, present_pa)",
            "drop_of_named(named_p, matched_drops_pa, present_pa | True)",
        ),
        ("np.where(undefined_p, 0.0, drop_p)", "drop_p"),
        ("& (named_p != NOTHING_NAMED)", "| (named_p == NOTHING_NAMED)"),
    ],
)
def test_a_wrong_choice_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_choice(broken_copy(answer_choice, tmp_path, right, wrong))


def test_who_is_asked_answers_and_ties_go_to_the_first():
    clusters = np.arange(4)
    asked = compare_answers(NAMED, DROPS, PRESENT, clusters, RESAMPLING, asked="none")
    assert [one.variant for one in asked if one.is_chosen] == ["none"]
    same = {"b": NAMED["best"], "a": NAMED["best"]}
    assert [one.variant for one in compare_answers(same, DROPS, PRESENT, clusters, RESAMPLING)] == ["b", "a"]
    with pytest.raises(BadSetting, match=r"explanation\.answer"):
        compare_answers(NAMED, DROPS, PRESENT, clusters, RESAMPLING, asked="other")
    with pytest.raises(BadSetting):
        compare_answers({}, DROPS, PRESENT, clusters, RESAMPLING)
