"""What the model matches by."""

import dataclasses

import pytest

from pipeline.report.sections import answers as module
from pipeline.report.sections.answers import answers_section, choice_table
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import make_evidence
from tests.pipeline.report.test_answer_text import ANSWER

CHOICE = [
    {
        "variant": variant,
        "matched_effect": effect,
        "ci_low": effect - 0.01,
        "ci_high": effect + 0.01,
        "n": 200,
        "n_clusters": 40,
        "top1_accuracy": 0.5,
        "undefined": 3,
        "is_chosen": chosen,
    }
    for variant, effect, chosen in (("embedding_effect", 0.13, True), ("sane", 0.02, False))
]


def answered(attribute: str | None, effect: float, presence: str = "labels") -> dict[str, object]:
    return {**ANSWER, "attribute": attribute, "effect": effect, "presence": presence}


ANSWERS = [answered("a", 0.1), answered("b", 0.5), answered("b", 0.3), answered(None, 0.0)]


def check_bars(tested) -> None:
    bars = tested.answer_bars(ANSWERS)
    assert [(bar.label, bar.text, bar.share, bar.note) for bar in bars] == [
        ("b", "50.0 %", 1.0, "mean effect 0.400"),
        ("a", "25.0 %", 0.5, "mean effect 0.100"),
    ]


def test_attributes_have_their_share_of_all_pairs() -> None:
    check_bars(module)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(-len(effects[name]), name)", "(len(effects[name]), name)"),
        ("len(effects[name]) / len(answers), 100.0", "len(effects[name]) / len(effects), 100.0"),
        ('if row["attribute"] is not None:\n            effects', "if True:\n            effects"),
    ],
)
def test_wrong_shares_are_noticed(tmp_path, right: str, wrong: str) -> None:
    with pytest.raises((AssertionError, TypeError)):
        check_bars(broken_copy(module, tmp_path, right, wrong))


def test_the_section_says_how_many_have_an_answer_and_who_gives_it() -> None:
    evidence = dataclasses.replace(make_evidence(n_pairs=1), answers=ANSWERS, answer_choice=CHOICE)
    section = answers_section(evidence)
    assert section.paragraphs[0] == (
        "Of 4 pairs 3 have an answer; for 1 no attribute’s effect is larger than chance would give. "
        "Each answer is one of the query’s own labels."
    )
    assert "come from the predicted effect, among the query’s labels (embedding_effect)" in section.paragraphs[1]
    assert "matched effect of 0.130 [0.120, 0.140]." in section.paragraphs[1]
    mixed = [*ANSWERS, answered("a", 0.1, "predicted")]
    text = answers_section(dataclasses.replace(evidence, answers=mixed)).paragraphs[0]
    assert text.endswith("For 4 it is one of the query’s own labels; the others have none.")
    predicted = [answered("a", 0.1, "predicted")]
    text = answers_section(dataclasses.replace(evidence, answers=predicted)).paragraphs[0]
    assert "Labels are not used" in text
    assert not answers_section(make_evidence(n_pairs=1)).has_content


def test_the_variant_that_answers_is_marked() -> None:
    chosen, other = choice_table(CHOICE).rows
    assert (chosen.cells[0].note, chosen.tone) == ("embedding_effect: answers", "total")
    assert chosen.cells[0].text == "the predicted effect, among the query’s labels"
    assert (other.cells[0].note, other.tone) == ("sane", "")
    assert [cell.text for cell in other.cells[1:]] == ["0.020", "50.0", "200", "3"]
