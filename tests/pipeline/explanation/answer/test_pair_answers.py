"""What is said of each pair: the columns of the table `answers`."""

import dataclasses

import numpy as np
import pytest

from pipeline.explanation.answer.candidates import AnswerCandidates
from pipeline.explanation.answer.pair_answers import ALL_PAIRS, NOT_TOLD, PAIR, PairAnswers, told_by
from pipeline.explanation.answer.probability import calibrated_probability
from pipeline.explanation.answer.uncertainty import EffectUncertainty, effect_intervals
from pipeline.explanation.effects_by_condition import LabelledEmbeddings

NAN = float("nan")
# Told, not told by its p-value, with an interval that reaches 0, and nothing named.
UNCERTAINTY = EffectUncertainty(
    effect_p=np.array([0.3, 0.2, 0.1, NAN]),
    low_p=np.array([0.1, 0.1, -0.1, NAN]),
    high_p=np.array([0.4, 0.3, 0.2, NAN]),
    agreement_p=np.array([0.9, 0.8, 0.7, NAN]),
    p_value_p=np.array([0.01, 0.2, 0.01, NAN]),
)
PRESENT = np.array([[True, False], [True, True], [False, False], [False, False]])


def answers(told_by_p: list[str], by_labels: bool = True, audited: bool = False) -> PairAnswers:
    candidates = AnswerCandidates(np.ones_like(PRESENT), PRESENT, np.full(4, by_labels))
    return PairAnswers(
        "embedding_effect",
        ["red", "round"],
        PRESENT,
        candidates,
        np.array([0, 1, 0, -1]),
        UNCERTAINTY,
        np.array(told_by_p),
        np.array([0.8, NAN, 0.5, NAN]),
        {"red": "red, warm"},
        audited,
    )


def train(of_classes: bool) -> LabelledEmbeddings:
    labels_na = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=bool)
    if not of_classes:
        labels_na[1] = [0, 1]
    return LabelledEmbeddings(np.eye(4), labels_na, ["a", "a", "b", "b"])


@pytest.mark.parametrize(
    ("of_classes", "matter", "wanted"),
    [
        (True, True, [PAIR, ALL_PAIRS, NOT_TOLD, NOT_TOLD]),
        (True, False, [PAIR, NOT_TOLD, NOT_TOLD, NOT_TOLD]),
        (False, True, [PAIR, NOT_TOLD, NOT_TOLD, NOT_TOLD]),
    ],
)
def test_an_answer_is_told_by_its_pair_or_where_labels_are_of_classes_by_all(
    of_classes: bool, matter: bool, wanted: list[str]
) -> None:
    assert told_by(train(of_classes), UNCERTAINTY, matter).tolist() == wanted


def test_an_answer_names_its_attribute_and_none_names_its_reason() -> None:
    found = [answers([PAIR, NOT_TOLD, NOT_TOLD, NOT_TOLD]).columns(pair) for pair in range(4)]
    assert [one["attribute"] for one in found] == ["red", None, None, None]
    assert [one["reason"] for one in found] == [None, "no_effect", "no_effect", "no_candidates"]
    assert [one["leading_attribute"] for one in found] == ["red", "round", "red", None]
    assert [one["group_name"] for one in found] == ["red, warm", None, "red, warm", None]
    assert [one["is_ground_truth"] for one in found] == [True, True, False, None]
    assert [one["candidates"] for one in found] == [1, 2, 0, 0]
    assert found[3]["effect"] is None
    assert found[0]["effect_low"] == 0.1


def test_a_probability_says_of_what() -> None:
    told = [PAIR] * 4
    assert answers(told).columns(0)["probability"] is None
    assert answers(told, by_labels=False).columns(0)["probability_of"] == "query_has_attribute"
    assert answers(told, audited=True).columns(0)["probability_of"] == "largest_true_effect"
    unknown = answers(told, audited=True).columns(1)
    assert (unknown["probability"], unknown["probability_of"]) == (None, None)


def test_presence_says_where_candidates_come_from() -> None:
    assert [answers([PAIR] * 4, by_labels=known).columns(0)["presence"] for known in (True, False)] == [
        "labels",
        "predicted",
    ]


def test_intervals_hold_their_effect_and_95_of_100_refits() -> None:
    refits = [np.array([[value, 0.0]]) for value in np.linspace(0, 1, 101)]
    low, high = effect_intervals(np.array([[0.5, 0.7]]), refits)
    np.testing.assert_allclose(low, [[0.025, 0.0]])
    np.testing.assert_allclose(high, [[0.975, 0.7]])


def test_nothing_calibrated_is_no_probability() -> None:
    named_p, candidates_pa = np.array([0, -1]), np.ones((2, 3), dtype=bool)
    assert np.isnan(calibrated_probability(None, np.zeros((2, 3)), named_p, candidates_pa)).all()


def test_the_columns_are_those_of_the_answer_alone() -> None:
    # `pair_id` and `split` are the table's own.
    columns = answers([PAIR] * 4).columns(0)
    assert {field.name.removesuffix("_p") for field in dataclasses.fields(EffectUncertainty)} <= {
        {"effect_low": "low", "effect_high": "high"}.get(name, name) for name in columns
    }
    assert not {"pair_id", "split"} & set(columns)
