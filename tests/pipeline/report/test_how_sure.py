"""How sure an answer is: every check must pass, other images can contradict it, measured truth decides alone."""

from typing import Any

import pytest

from pipeline.report import how_sure as rule
from pipeline.report.answer_checks import NextBest, PairKnowledge, answer_checks
from pipeline.report.how_sure import CONTRADICTED, NOTHING, SURE, UNSURE, how_sure
from pipeline.report.replacement_test import ReplacementTest
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.pair_page.page_cases import ANSWER, NO_ANSWER, OUTCOME

FALLS, RISES = ReplacementTest(-0.2, -0.1), ReplacementTest(-0.2, 0.11)
NEXT = NextBest("other", 0.05, 0.123)
SUPPORTED = PairKnowledge(FALLS, None, NEXT)
PHOTOGRAPH = {"probability": None, "probability_of": None}
OF_PRESENCE = {"probability_of": "query_has_attribute"}


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({}, SURE, "Each check of this pair speaks for the answer."),
        (PHOTOGRAPH, SURE, "it can still be wrong, for nobody knows the truth of these images."),
        ({"probability": 0.75}, SURE, "Each check"),
        ({"probability": 0.74}, UNSURE, "only 74 % are right where the truth is known"),
        ({**OF_PRESENCE, "probability": 0.5}, SURE, "nobody knows"),
        ({**OF_PRESENCE, "probability": 0.49}, UNSURE, "The query probably does not have it."),
        ({"agreement": 0.95}, SURE, "Each check"),
        ({"agreement": 0.94}, UNSURE, "Another attribute might as well come first, such as other."),
        ({"agreement": 0.5, "candidates": 1}, SURE, "Each check"),
        ({"p_value": 0.06}, UNSURE, "Attributes that mean nothing give an effect as large in 6 % of cases."),
        ({"effect_low": 0.0}, UNSURE, "reaches zero"),
        ({"told_by": "all_pairs", "p_value": None}, UNSURE, "Only over many pairs together"),
    ],
)
def test_every_check_must_pass(changes: dict[str, object], level: str, words: str) -> None:
    found = how_sure({**ANSWER, **changes}, SUPPORTED)
    assert found.level == level
    assert words in found.reason
    assert found.line == f"How sure: {level}. {found.reason}"
    assert all(check.passes for check in found.checks) == (level == SURE)
    assert found.heading == f"part:pocket {'explains' if level == SURE else 'may explain'} this match"


@pytest.mark.parametrize(("similarity", "level"), [(0.4, SURE), (None, SURE), (0.0, UNSURE), (-0.57, UNSURE)])
def test_what_the_model_does_not_find_alike_is_hardly_a_match(similarity: float | None, level: str) -> None:
    found = how_sure(ANSWER, PairKnowledge(FALLS, None, NEXT, similarity))
    assert found.level == level
    assert (found.reason == "The model does not find the two alike, so there is hardly a match to explain.") is (
        level == UNSURE
    )


def test_an_effect_of_which_nothing_else_is_known_is_not_sure() -> None:
    bare = {"effect_low": None, "effect_high": None, "p_value": None}
    found = how_sure({**ANSWER, **bare}, SUPPORTED)
    assert found.level == UNSURE
    assert [check.passes for check in found.checks if check.name == "clear of chance"] == [None]


def assert_contradiction_is_found(tested: Any = rule) -> None:
    found = tested.how_sure({**ANSWER, **PHOTOGRAPH}, PairKnowledge(RISES))
    assert found.level == CONTRADICTED
    assert found.heading == "part:pocket was expected to explain this match, but the test contradicts it"
    assert found.reason == (
        "Without part:pocket the similarity was expected to fall by 0.123; with images that lack it in the query’s "
        "place it rises by 0.110, compared with images as different that keep it."
    )


def test_other_images_can_contradict_an_answer(tmp_path) -> None:
    assert_contradiction_is_found()
    with pytest.raises(AssertionError):
        assert_contradiction_is_found(broken_copy(rule, tmp_path, "change >= 0", "change < 0"))


@pytest.mark.parametrize(
    ("tested", "level", "words"),
    [
        (ReplacementTest(-0.2, 0.0), CONTRADICTED, "it rises by 0.000, compared"),
        (ReplacementTest(0.2, -0.1), SURE, "Each check"),
        (ReplacementTest(0.2, None), CONTRADICTED, "place it rises by 0.200."),
        (ReplacementTest(-0.2, None), UNSURE, "No images as different that keep it were found"),
        (ReplacementTest(None, None), UNSURE, "It was not tested with other images"),
        (None, UNSURE, "It was not tested with other images"),
    ],
)
def test_what_the_other_images_say(tested: ReplacementTest | None, level: str, words: str) -> None:
    found = how_sure(ANSWER, PairKnowledge(tested))
    assert (found.level, words in found.reason) == (level, True)


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({"hit": True}, SURE, "matters most, or nearly"),
        ({}, CONTRADICTED, "another matters more"),
        ({"eligible": False, "hit": None}, CONTRADICTED, "none of them matters"),
        ({"best_effect": None, "eligible": False}, UNSURE, "not tested"),
        ({"effect": None, "hit": None}, UNSURE, "not tested"),
    ],
)
def test_measured_truth_decides_alone(changes: dict[str, object], level: str, words: str) -> None:
    tested = RISES if level == SURE else None
    found = how_sure(ANSWER, PairKnowledge(tested, {**OUTCOME, **changes}))
    assert (found.level, words in found.reason) == (level, True)
    assert found.heading.endswith("explains this match") == (level == SURE)


@pytest.mark.parametrize(
    ("changes", "known", "level", "words"),
    [
        ({}, PairKnowledge(), UNSURE, "mean nothing to the model"),
        ({}, PairKnowledge(RISES), UNSURE, "as well."),
        ({}, PairKnowledge(FALLS), UNSURE, "But with images that lack part:pocket the similarity falls by 0.100"),
        ({}, PairKnowledge(None, {**OUTCOME, "eligible": False}), SURE, "none of them matters"),
        ({}, PairKnowledge(None, OUTCOME), CONTRADICTED, "one of them matters"),
        ({"reason": "no_candidates", "leading_attribute": None}, PairKnowledge(), NOTHING, "No attribute is known"),
    ],
)
def test_without_an_answer(changes: dict[str, object], known: PairKnowledge, level: str, words: str) -> None:
    found = how_sure({**NO_ANSWER, **changes}, known)
    assert (found.level, words in found.reason) == (level, True)
    assert found.checks == ()
    assert "explains this match" not in found.heading or found.heading.startswith("No attribute explains")


def test_checks_give_the_figures_of_the_tables() -> None:
    found = {check.name: check.found for check in answer_checks(ANSWER, SUPPORTED)}
    assert found == {
        "clear of chance": "expected fall 0.123 [0.100, 0.150]; attributes that mean nothing give as much in 1 % of "
        "cases",
        "ahead of the next attribute": "it has the largest expected fall in 98 % of refits on other draws of the "
        "training images; its score is 0.123, that of the next, other, 0.050",
        "test with other images": "the similarity falls by 0.100, compared with images as different that keep it",
        "right as often in pairs of known truth": "83 % of such answers name an attribute that matters most, or nearly",
    }
