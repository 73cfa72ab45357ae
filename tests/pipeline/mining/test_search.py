"""Trainings with mining: repeatable and resumed to the byte, chosen by validation, clear about bad input."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.errors import BadDataset, BadModel, BadSetting
from pipeline.mining import search
from pipeline.mining.names import LOSSES, STRIPES
from pipeline.mining.search import MinedModelResult, train_mined_model
from pipeline.mining.spec import MiningSpec, MiningWeights, mining_candidates
from pipeline.mining.train import MinedTraining
from pipeline.similarity.training.data import LabelledPixels
from pipeline.similarity.training.train import train_similarity_model
from pipeline.training_state import TrainingState
from tests.pipeline.similarity.colour_problem import colour_problem
from tests.pipeline.similarity.training.test_train import SPEC

TRAIN, VALID = colour_problem(8, 1), colour_problem(4, 2)
ONE = (MiningWeights(0.25, 10.0, 0.5),)
TWO = (MiningWeights(0.1, 10.0, 0.5), MiningWeights(1.0, 5.0, 0.3))
MINING = MiningSpec("triplet", "absolute", "similarity_attention", None, 0.0, ONE)
TASK = MinedTraining(replace(SPEC, epochs=2), MINING, TRAIN, VALID, "cpu")


def mined(**changes: object) -> MinedTraining:
    return replace(TASK, mining=replace(MINING, **changes))  # type: ignore[arg-type]


def same_bytes(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return list(one) == list(other) and all(one[name].tobytes() == other[name].tobytes() for name in one)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_same_call_returns_the_same_bytes_and_mining_changes_them(loss: str) -> None:
    task = mined(loss=loss)
    first = train_mined_model(task)
    torch.manual_seed(123)
    assert same_bytes(first.state, train_mined_model(task).state)
    assert not same_bytes(first.state, train_mined_model(mined(loss=loss, form="none")).state)


@pytest.mark.parametrize("form", ["none", "printed"])
def test_triplets_without_mining_are_the_plain_training_to_the_byte(form: str) -> None:
    # With gamma 0, too: the second pass leaves no trace in weights or running statistics.
    plain = train_similarity_model(TASK.training, TRAIN, VALID)
    other = train_mined_model(mined(form=form, candidates=(MiningWeights(0.0, 10.0, 0.5),)))
    assert same_bytes(plain.state, other.state)
    assert [row["loss"] for row in plain.history] == [row["loss"] for row in other.histories[0]]


def test_a_search_keeps_the_candidate_that_validates_best(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = [train_mined_model(mined(candidates=(one,))) for one in TWO]
    measures = iter([0.5, 0.4, 0.4, 0.6])
    monkeypatch.setattr("pipeline.mining.train._validation_recall", lambda *_: next(measures))
    found = train_mined_model(mined(candidates=TWO))
    assert (found.chosen, found.best_epochs) == (1, [1, 2])
    assert [len(history) for history in found.histories] == [2, 2]
    # Its losses are those of a training of its own; nothing of the first candidate reaches the second.
    for history, one in zip(found.histories, alone, strict=True):
        assert [row["loss"] for row in history] == [row["loss"] for row in one.histories[0]]


def test_equals_are_decided_for_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.mining.train._validation_recall", lambda *_: 0.5)
    assert train_mined_model(mined(candidates=TWO)).chosen == 0


@pytest.mark.parametrize("stop", [1, 2, 3, 4])
def test_a_training_goes_on_from_any_epoch_to_the_same_bytes(stop: int) -> None:
    task = mined(candidates=TWO, maps="grad_cam", classification_weight=0.25)
    states: list[TrainingState] = []
    whole = train_mined_model(task, save_state=lambda take: states.append(take()))
    assert [state.epoch for state in states] == [1, 2, 3, 4]
    later: list[int] = []
    resumed = train_mined_model(task, resume_from=states[stop - 1], save_state=lambda take: later.append(take().epoch))
    assert later == [1, 2, 3, 4][stop:]
    assert same_bytes(whole.state, resumed.state)
    assert resumed.chosen == whole.chosen
    assert without_seconds(resumed) == without_seconds(whole)


def without_seconds(result: MinedModelResult) -> list[list[dict[str, float]]]:
    return [[{**row, "seconds": 0.0} for row in history] for history in result.histories]


def test_the_state_of_another_training_is_refused() -> None:
    states: list[TrainingState] = []
    train_mined_model(mined(), save_state=lambda take: states.append(take()))
    with pytest.raises(BadModel, match="no best/classifier"):
        train_mined_model(mined(classification_weight=0.25), resume_from=states[0])
    for text in ("[]", "no JSON", "{}"):
        with pytest.raises(BadModel, match="with mining"):
            train_mined_model(mined(), resume_from=replace(states[0], text=text))


def test_the_model_has_no_classifier_and_its_network_s_names() -> None:
    found = train_mined_model(mined(form="none", classification_weight=0.25)).state
    assert list(found) == list(train_similarity_model(replace(TASK.training, epochs=1), TRAIN, VALID).state)


def test_classes_with_too_few_images_for_a_batch_are_refused_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "build_candidate", lambda *_: pytest.fail("training began"))
    kept = np.flatnonzero((TRAIN.classes_n != 2) | (np.cumsum(TRAIN.classes_n == 2) <= 3))
    few = LabelledPixels(TRAIN.pixels_nhwc[kept], TRAIN.classes_n[kept])
    with pytest.raises(BadDataset, match=r"(?s)4 training images of every class.*1 of 4 classes.*images_per_class = 3"):
        train_mined_model(replace(TASK, train=few))


def test_batches_of_too_few_classes_are_refused() -> None:
    training = replace(TASK.training, batch_size=8)
    with pytest.raises(BadSetting, match="at least 3 classes in a batch"):
        train_mined_model(replace(mined(loss="quadruplet"), training=training))


def test_maps_of_a_classifier_need_one() -> None:
    with pytest.raises(BadSetting, match="classification_weight above 0"):
        train_mined_model(mined(maps="grad_cam"))


@pytest.mark.parametrize(
    ("layer", "found"),
    [
        ("1.0", r"'1.0' with 1 outputs in one pass: \(2, 256\)"),
        ("1", r"\(2, 8\)"),
        ("0.9", "closest layers are"),
        ("none", "'none'"),
    ],
)
def test_a_layer_without_extent_in_space_is_refused_before_training(layer: str, found: str) -> None:
    with pytest.raises(BadSetting, match=f"(?s){found}.*where: similarity_model.mining.layer"):
        train_mined_model(mined(layer=layer))


def test_a_layer_of_one_cell_is_refused() -> None:
    task = replace(mined(layer="1.0"), training=replace(TASK.training, network="resnet18_three_stage"))
    with pytest.raises(BadSetting, match=r"\(2, 256, 1, 1\)"):
        train_mined_model(task)


def test_another_layer_is_another_training() -> None:
    assert not same_bytes(train_mined_model(mined()).state, train_mined_model(mined(layer="0.2")).state)


def test_a_loss_that_explodes_is_refused_with_its_parts() -> None:
    task = replace(TASK, training=replace(TASK.training, learning_rate=1e30))
    with pytest.raises(BadModel, match=r"(?s)mining .*in epoch.*learning_rate"):
        train_mined_model(task)


def test_candidates_are_every_combination() -> None:
    mining = {"form": "printed", "gamma": [0.1, 0.2], "alpha": [5.0], "beta": [0.3, 0.5]}
    found = mining_candidates(mining)
    assert [(one.gamma, one.beta) for one in found] == [(0.1, 0.3), (0.1, 0.5), (0.2, 0.3), (0.2, 0.5)]
    assert mining_candidates({**mining, "form": "none"}) == (MiningWeights(0.0, 5.0, 0.3),)


def test_classifiers_of_stripes_are_trained_with_mining_and_go_on_to_the_same_bytes() -> None:
    training = replace(TASK.training, stripes=2, backbone_weights=None)
    task = replace(mined(loss=STRIPES), training=training)
    states: list[TrainingState] = []
    whole = train_mined_model(task, save_state=lambda take: states.append(take()))
    assert same_bytes(whole.state, train_mined_model(task, resume_from=states[0]).state)
    assert {name.split(".")[2] for name in whole.state if name.startswith("1.maps")} == {"0", "1"}
    assert not [name for name in whole.state if "classifier" in name]
    assert not same_bytes(whole.state, train_mined_model(replace(task, mining=replace(task.mining, form="none"))).state)
    # Summed over two stripes, the cross-entropy of four classes starts near 2 log 4.
    assert 1.0 < whole.histories[0][0]["metric_loss"] < 4.0


def test_more_stripes_than_rows_are_refused() -> None:
    training = replace(TASK.training, stripes=4)
    with pytest.raises(BadSetting, match="at most 2 stripes"):
        train_mined_model(replace(mined(loss=STRIPES), training=training))
