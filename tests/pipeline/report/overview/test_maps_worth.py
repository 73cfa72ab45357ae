"""What maps are worth: the sentence follows the comparison with the blob."""

import dataclasses

import pytest

from pipeline.report.overview.maps_worth import maps_caution, maps_worth, worth_sentences
from tests.pipeline.report.report_cases import figure, make_evidence


def evidence_with(difference: float, p_value: float, anchored: float | None = None):
    labels = {"generator": "rise", "mode": "fixed"}
    metrics = [
        figure("saliency_faithfulness", "insertion_auc", 0.8, **labels),
        figure("saliency_faithfulness", "insertion_auc", 0.5, generator="random", mode="fixed"),
        figure(
            "saliency_faithfulness_comparison",
            "insertion_difference",
            difference,
            compared_with="centre",
            p_value=p_value,
            **labels,
        ),
    ]
    if anchored is not None:
        named = {"compared_with": "centre", "p_value": 0.9, **labels}
        metrics.append(figure("saliency_faithfulness_comparison", "insertion_difference_anchored", anchored, **named))
    return dataclasses.replace(make_evidence(n_pairs=0), metrics=metrics)


@pytest.mark.parametrize(
    ("difference", "p_value", "words"),
    [
        (0.05, 0.001, ": worth more than a blob."),
        (-0.05, 0.001, ": worth less than a blob."),
        (0.05, 0.2, "not shown to be worth more than a blob."),
    ],
)
def test_the_sentence_follows_the_figures(difference: float, p_value: float, words: str) -> None:
    (sentence,) = worth_sentences(evidence_with(difference, p_value))
    assert sentence.startswith("RISE: ")
    assert "the insertion area is 0.800 on average, that of noise 0.500;" in sentence
    assert sentence.endswith(words)


@pytest.mark.parametrize(
    ("difference", "anchored", "words"),
    [
        (-0.05, -0.01, "worth less than a blob"),
        (-0.05, 0.01, "not shown to be worth more than a blob"),
        (0.05, 0.01, "worth more than a blob"),
        (0.05, -0.01, "not shown to be worth more than a blob"),
    ],
)
def test_a_gap_that_another_scale_turns_round_shows_nothing(difference: float, anchored: float, words: str) -> None:
    (sentence,) = worth_sentences(evidence_with(difference, 0.001, anchored))
    assert sentence.endswith(f" with all curves of a pair on one scale: {words}.")
    assert (maps_caution(evidence_with(difference, 0.001, anchored)) is None) is (words == "worth more than a blob")


def test_controls_come_last_and_have_no_sentence_of_their_own() -> None:
    evidence = make_evidence(n_pairs=0)
    assert [one.is_control for one in maps_worth(evidence)] == [False, True, True]
    assert len(worth_sentences(evidence)) == 1


def test_without_curves_it_says_so() -> None:
    plain = dataclasses.replace(make_evidence(n_pairs=0), metrics=[])
    assert worth_sentences(plain) == ("How faithful the maps are to the model was not measured in this run.",)


@pytest.mark.parametrize(
    ("difference", "p_value", "start"),
    [
        (0.05, 0.001, None),
        (-0.05, 0.001, "RISE maps are worth less than a blob in the centre of the image: "),
        (0.05, 0.2, "RISE maps are not shown to be worth more than a blob in the centre of the image: "),
    ],
)
def test_maps_that_do_not_beat_the_blob_are_warned_of(difference: float, p_value: float, start: str | None) -> None:
    caution = maps_caution(evidence_with(difference, p_value))
    assert caution is None if start is None else str(caution).startswith(start)


def test_maps_that_were_not_compared_are_not_warned_of() -> None:
    assert maps_caution(dataclasses.replace(make_evidence(n_pairs=0), metrics=[])) is None
