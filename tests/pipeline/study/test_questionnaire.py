"""What pages are told gives nothing of the key away, and both agree."""

import json
from collections import Counter

import pytest

from pipeline.errors import BadSetting
from pipeline.study.design import LEFT, design_values, designs_of
from pipeline.study.questionnaire import Questionnaire
from tests.pipeline.study.toy_study import prediction_study, preference_study

STUDIES = [preference_study, lambda: prediction_study(("nothing", "map", "answer", "map+answer"), repeats=2)]


def told_away(study: Questionnaire) -> list[str]:
    """What of the key stands in what is published."""
    text = json.dumps(study.published)
    words = [
        name
        for question in study.design.questions.values()
        for name in (*question.item.split("|"), question.condition)
        if name not in ("", "nothing", "map", "answer", "map+answer")
    ]
    keys = {key for shown in study.published["questions"].values() for key in shown}
    shown = {key for one in study.published["questions"].values() for option in one["options"] for key in option}
    return sorted({word for word in words if word in text} | (keys - {"figures", "options", "note"})) + sorted(
        shown - {"text", "image", "map", "caption"}
    )


@pytest.mark.parametrize("make", STUDIES)
def test_pages_are_not_told_what_counts(make: object) -> None:
    study: Questionnaire = make()  # type: ignore[operator]
    assert told_away(study) == []
    for question in study.published["questions"].values():
        assert len(question["options"]) == 2
    # The check can fail.
    first = next(iter(study.published["questions"].values()))
    first["options"][0]["is_target"] = True
    assert told_away(study) == ["is_target"]


def test_the_named_attribute_is_on_the_side_that_the_design_says() -> None:
    study = preference_study()
    sides = Counter()
    for name, question in study.design.questions.items():
        texts = [option["text"] for option in study.published["questions"][name]["options"]]
        assert texts[0 if question.target == LEFT else 1].startswith("named ")
        assert texts[1 if question.target == LEFT else 0].startswith("drawn ")
        assert ("note" in study.published["questions"][name]) == question.is_check
        if question.is_check:
            assert f"“{texts[0 if question.target == LEFT else 1]}”" in study.published["questions"][name]["note"]
        else:
            sides[question.item, question.target] += 1
    assert set(sides.values()) == {1}
    assert len(sides) == 2 * 20


def test_triplets_show_what_their_condition_says() -> None:
    study = prediction_study(("nothing", "map", "answer", "map+answer"), repeats=2)
    references: dict[str, list[str]] = {}
    for name, question in study.design.questions.items():
        shown = study.published["questions"][name]
        if question.is_check:
            # The image itself beside another item.
            place = 0 if question.target == LEFT else 1
            assert shown["options"][place]["image"] == shown["figures"][0]["image"]
            assert shown["options"][1 - place]["image"] != shown["figures"][0]["image"]
            continue
        for option in shown["options"]:
            assert ("map" in option) == question.condition.startswith("map")
            assert ("text" in option) == question.condition.endswith("answer")
        ordered = shown["options"] if question.target == LEFT else shown["options"][::-1]
        images = [option["image"] for option in ordered]
        assert references.setdefault(question.item, images) == images
        assert [option["caption"] for option in shown["options"]] == ["B", "C"]


def test_every_form_has_its_checks_and_each_item_once() -> None:
    study = preference_study(datasets=("birds", "bags"))
    assert len(study.design.forms) % (2 * 2 * 2) == 0
    first = Counter()
    for form in study.design.forms:
        asked = [study.design.questions[name] for name in form]
        assert sum(question.is_check for question in asked) == 2
        of_dataset = [question.dataset for question in asked if not question.is_check]
        assert of_dataset in ([0] * 10 + [1] * 10, [1] * 10 + [0] * 10)
        items = [(question.dataset, question.item) for question in asked if not question.is_check]
        assert len(items) == len(set(items)) == 20
        first[of_dataset[0]] += 1
    assert first[0] == first[1]


def test_a_design_is_the_same_after_json() -> None:
    designs = (preference_study().design, prediction_study().design)
    assert designs_of(json.loads(json.dumps(design_values(designs))), "design.json") == designs


def test_two_studies_share_no_ids() -> None:
    first, second = preference_study().design, preference_study().design
    assert first.study != second.study
    assert not set(first.questions) & set(second.questions)
    # All else is the seed's.
    asked = [[[design.questions[name] for name in form] for form in design.forms] for design in (first, second)]
    assert asked[0] == asked[1]


def test_too_many_checks_are_refused() -> None:
    with pytest.raises(BadSetting, match="attention checks"):
        preference_study(questions=2, items=2, checks=2)
