"""What a card says first."""

import pytest

from pipeline.report.answer_text import AnswerText, answer_text, set_text

ANSWER = {
    "attribute": "part:strap",
    "reason": None,
    "told_by": "pair",
    "leading_attribute": "part:strap",
    "effect": 0.1234,
    "effect_low": 0.1,
    "effect_high": 0.15,
    "p_value": 0.0099,
    "probability": 0.876,
    "probability_of": "largest_true_effect",
    "group_name": None,
    "is_ground_truth": True,
}
EFFECT = "without it the similarity is expected to fall by 0.123 [0.100, 0.150]"


def test_an_answer_has_its_effect_and_how_sure_it_is() -> None:
    expected = f"{EFFECT}; probability 88 % that no attribute of the query matters more."
    assert answer_text(ANSWER) == AnswerText("part:strap", "", expected, True)
    absent = {**ANSWER, "probability_of": "query_has_attribute", "is_ground_truth": False}
    assert answer_text(absent).details == f"{EFFECT}; probability 88 % that the query has it."
    assert answer_text(absent).is_true is False
    unknown = {**ANSWER, "probability": None, "probability_of": None}
    assert answer_text(unknown).details == f"{EFFECT}."


def test_what_only_all_pairs_tell_is_said() -> None:
    details = answer_text({**ANSWER, "told_by": "all_pairs", "p_value": 0.56, "group_name": "big / no small"}).details
    assert "For this pair alone that is no more than chance may give (as much in 56 % of cases)" in details
    assert details.endswith("of its group: big / no small.")


def test_what_labels_cannot_tell_apart_is_said() -> None:
    details = answer_text({**ANSWER, "group_name": "big / no small"}).details
    assert details.endswith(". The training labels cannot tell it from the rest of its group: big / no small.")


@pytest.mark.parametrize("p_value", [0.23, 0.04])
def test_where_nothing_explains_the_match_the_closest_is_named(p_value: float) -> None:
    nothing = {**ANSWER, "attribute": None, "reason": "no_effect", "p_value": p_value}
    found = answer_text(nothing)
    assert (found.attribute, found.headline, found.is_true) == (None, "No attribute explains this match", None)
    assert found.details.startswith(f"Closest is part:strap: {EFFECT}. ")
    assert found.details.endswith(
        f"an effect as large as the largest here arises with a chance of {p_value:.0%}".replace("%", " %.")
    )
    without = {**nothing, "reason": "no_candidates", "leading_attribute": None}
    assert answer_text(without) == AnswerText(None, "No attribute is known of this query", "", None)


def test_a_similarity_that_rises_is_said_to_rise() -> None:
    against = {**ANSWER, "attribute": None, "reason": "no_effect", "effect": -0.02, "effect_low": -0.05}
    details = answer_text({**against, "effect_high": 0.01}).details
    assert "without it the similarity is expected to rise by 0.020 [−0.010, 0.050]" in details


SET = {"attributes": ["part:strap", "pattern:dots"], "size": 2, "share": 0.831, "candidates": 6}


def test_the_smallest_set_is_told_below_the_answer() -> None:
    answer = {**ANSWER, "presence": "labels"}
    expected = "for 83 % of the expected effect of all 6 attributes of the query"
    assert set_text(answer, SET) == f"Together these 2 account {expected}: part:strap, pattern:dots."
    without = set_text({**answer, "attribute": "part:cap"}, SET)
    assert without == (
        f"Together these 2 account {expected}: part:strap, pattern:dots. part:cap is not among them: what attributes "
        "do together is not the sum of what each does."
    )
    alone = {**SET, "attributes": ["part:strap"], "size": 1}
    assert set_text(answer, alone) == f"Alone it accounts {expected}."
    assert set_text(answer, {**alone, "attributes": ["pattern:dots"]}) == f"pattern:dots alone accounts {expected}."
    seeming = set_text({**answer, "presence": "predicted"}, {**alone, "share": 1.2})
    assert seeming == (
        "Alone it accounts for all of the expected effect of all 6 attributes that the query seems to have. Some of "
        "the others work against the match: without them the similarity would rise, so that the effect of all is "
        "smaller than that of these."
    )


def test_without_an_answer_a_set_or_a_choice_nothing_is_said_of_sets() -> None:
    answer = {**ANSWER, "presence": "labels"}
    assert set_text({**answer, "attribute": None}, SET) == ""
    assert set_text(answer, None) == ""
    assert set_text(answer, {**SET, "attributes": None, "size": None, "share": None}) == ""
    assert set_text(answer, {**SET, "candidates": 1}) == ""
