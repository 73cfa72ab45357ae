"""A training that goes on from a saved state ends as if it had never stopped, to the byte."""

import dataclasses
import io
import json
import multiprocessing
import random
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.pool import Pool
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_metric_learning.utils import common_functions

from pipeline.attributes.training import AttributeTrainingSpec, TrainedPredictor, train_attribute_predictor
from pipeline.errors import BadModel
from pipeline.similarity.training import train as training
from pipeline.similarity.training.train import SimilarityTrainingSpec, TrainedSimilarityModel, train_similarity_model
from pipeline.training_state import TrainingState
from tests.pipeline.attributes.coloured_squares import coloured_squares
from tests.pipeline.similarity.colour_problem import colour_problem

EPOCHS = 4
SIMILARITY = SimilarityTrainingSpec(
    network="small_residual",
    embedding_dim=8,
    pretrained=None,
    objective="triplet",
    epochs=EPOCHS,
    patience=EPOCHS,
    batch_size=16,
    images_per_class=4,
    learning_rate=3e-3,
    weight_decay=1e-2,
    margin=0.2,
    flips=True,
    seed=0,
)
ATTRIBUTES = AttributeTrainingSpec(
    backbone="small_residual", epochs=EPOCHS, batch_size=8, learning_rate=2e-3, heatmap_weight=0.1, seed=3
)
COLOURS = colour_problem(12, 1), colour_problem(6, 2)
SQUARES = coloured_squares(24, 0), coloured_squares(12, 1)

Trained = TrainedSimilarityModel | TrainedPredictor
Train = Callable[..., Trained]
TRAININGS: dict[str, Train] = {
    "triplet": partial(train_similarity_model, SIMILARITY, *COLOURS),
    "regression": partial(
        train_similarity_model, dataclasses.replace(SIMILARITY, objective="regression", flips=False), *COLOURS
    ),
    "sane": partial(train_attribute_predictor, ATTRIBUTES, *SQUARES, "cpu"),
    "classifier": partial(
        train_attribute_predictor, dataclasses.replace(ATTRIBUTES, heatmap_weight=0.0), *SQUARES, "cpu"
    ),
    "frozen_net": partial(
        train_attribute_predictor,
        dataclasses.replace(ATTRIBUTES, heatmap_weight=0.0, head="regions", freeze_backbone=True),
        *SQUARES,
        "cpu",
    ),
}


def with_states(train: Train) -> tuple[Trained, list[TrainingState]]:
    """Train without a break; return the result and the state after every epoch, each through bytes and back."""
    files: list[tuple[int, bytes, str]] = []

    def save(take_state: Callable[[], TrainingState]) -> None:
        state = take_state()
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **dict(state.arrays))
        files.append((state.epoch, file.getvalue(), state.text))

    trained = train(save_state=save)
    return trained, [loaded(*file) for file in files]


def loaded(epoch: int, arrays: bytes, text: str) -> TrainingState:
    with np.load(io.BytesIO(arrays), allow_pickle=False) as file:
        return TrainingState(epoch, {name: file[name] for name in file.files}, text)


def outcome(trained: Trained) -> tuple[list[tuple[str, str, bytes]], str, int]:
    """All of a result but the seconds, as values that are equal only when every bit is."""
    weights = [(name, str(array.dtype), array.tobytes()) for name, array in trained.state.items()]
    # As text, in which NaN equals itself and 3 differs from 3.0.
    history = repr([{name: row[name] for name in row if name != "seconds"} for row in trained.history])
    return weights, history, trained.best_epoch


Uninterrupted = dict[str, tuple[Trained, list[TrainingState]]]


@pytest.fixture(scope="module")
def uninterrupted() -> Uninterrupted:
    return {name: with_states(train) for name, train in TRAININGS.items()}


@pytest.mark.parametrize("name", TRAININGS)
@pytest.mark.parametrize("epoch", [1, 3, EPOCHS])
def test_a_resumed_training_ends_in_the_same_bytes(uninterrupted: Uninterrupted, name: str, epoch: int) -> None:
    whole, states = uninterrupted[name]
    assert [state.epoch for state in states] == [1, 2, 3, 4]
    torch.manual_seed(99)  # another process has other generators
    seen: list[int] = []
    resumed = TRAININGS[name](resume_from=states[epoch - 1], progress=lambda done, *_: seen.append(done))
    assert seen == list(range(epoch + 1, EPOCHS + 1))
    assert outcome(resumed) == outcome(whole)
    # What is timed is timed once: the epochs before the break keep their seconds.
    assert [row["seconds"] for row in resumed.history[:epoch]] == [row["seconds"] for row in whole.history[:epoch]]


@pytest.mark.parametrize("name", ["triplet", "sane"])
def test_states_of_a_resumed_training_are_those_of_an_uninterrupted_one(
    uninterrupted: Uninterrupted, name: str
) -> None:
    _, states = uninterrupted[name]
    _, later = with_states(partial(TRAININGS[name], resume_from=states[0]))
    for state, again in zip(states[1:], later, strict=True):
        assert {key: array.tobytes() for key, array in state.arrays.items()} == {
            key: array.tobytes() for key, array in again.arrays.items()
        }


def arrays_zeroed(state: TrainingState, endings: tuple[str, ...]) -> TrainingState:
    arrays = {name: array * 0 if name.endswith(endings) else array for name, array in state.arrays.items()}
    assert any(name.endswith(endings) and array.any() for name, array in state.arrays.items())
    return dataclasses.replace(state, arrays=arrays)


def best_forgotten(state: TrainingState) -> TrainingState:
    arrays = {name: state.arrays[name.replace("best/", "weights/")] for name in state.arrays}
    return dataclasses.replace(state, arrays=arrays)


def values_replaced(state: TrainingState, **values: Any) -> TrainingState:
    old = json.loads(state.text)
    return dataclasses.replace(state, text=json.dumps({**old, **values}))


def schedule_begun_anew(state: TrainingState) -> TrainingState:
    schedule = json.loads(state.text)["schedule"]
    rates = schedule["base_lrs"]
    return values_replaced(state, schedule={**schedule, "last_epoch": 0, "_last_lr": rates}, learning_rates=rates)


@pytest.mark.parametrize("name", ["triplet", "regression", "sane"])
@pytest.mark.parametrize(
    "broken",
    [
        partial(arrays_zeroed, endings=("exp_avg",)),
        partial(arrays_zeroed, endings=("exp_avg_sq",)),
        partial(arrays_zeroed, endings=("step",)),
        partial(arrays_zeroed, endings=("running_mean",)),
        partial(arrays_zeroed, endings=("num_batches_tracked",)),
        partial(values_replaced, history=[]),
    ],
    ids=["mean", "square", "step", "statistics", "batches", "history"],
)
def test_the_comparison_notices_whatever_a_state_has_lost(
    uninterrupted: Uninterrupted, name: str, broken: Callable[[TrainingState], TrainingState]
) -> None:
    whole, states = uninterrupted[name]
    assert outcome(TRAININGS[name](resume_from=broken(states[1]))) != outcome(whole)


@pytest.mark.parametrize("name", ["triplet", "regression"])
def test_the_comparison_notices_a_schedule_that_began_anew(uninterrupted: Uninterrupted, name: str) -> None:
    whole, states = uninterrupted[name]
    resumed = TRAININGS[name](resume_from=schedule_begun_anew(states[1]))
    assert outcome(resumed) != outcome(whole)
    assert resumed.history[2]["learning_rate"] != whole.history[2]["learning_rate"]


def measures_from(monkeypatch: pytest.MonkeyPatch, finished: int) -> None:
    """Let epochs validate as best in the second, starting behind those that are finished."""
    measures = iter([0.2, 0.5, 0.5, 0.4, 0.3, 0.9][finished:])
    monkeypatch.setattr(training, "_validation_measure", lambda *_: next(measures))


@pytest.mark.parametrize("epoch", [1, 2, 3, 4])
def test_patience_and_the_best_epoch_reach_across_the_break(monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
    train = partial(train_similarity_model, dataclasses.replace(SIMILARITY, epochs=6, patience=3), *COLOURS)
    measures_from(monkeypatch, 0)
    whole, states = with_states(train)
    # Stopped for want of patience before the sixth epoch, which would have been the best.
    assert (len(whole.history), whole.best_epoch) == (5, 2)
    measures_from(monkeypatch, epoch)
    assert outcome(train(resume_from=states[epoch - 1])) == outcome(whole)
    if epoch > 2:
        measures_from(monkeypatch, epoch)
        assert outcome(train(resume_from=best_forgotten(states[epoch - 1]))) != outcome(whole)
        measures_from(monkeypatch, epoch)
        impatient = train(resume_from=values_replaced(states[epoch - 1], best_epoch=epoch))
        assert len(impatient.history) != len(whole.history)


def test_patience_of_an_attribute_model_reaches_across_the_break() -> None:
    spec = dataclasses.replace(ATTRIBUTES, epochs=9, patience=3, learning_rate=1e-12)
    train, valid = SQUARES
    blank = dataclasses.replace(valid, pixels_nhwc=np.zeros_like(valid.pixels_nhwc))
    call = partial(train_attribute_predictor, spec, train, blank, "cpu")
    whole, states = with_states(call)
    assert (len(whole.history), whole.best_epoch) == (4, 1)
    assert outcome(call(resume_from=states[2])) == outcome(whole)


def generators() -> dict[str, str]:
    """Every global generator of a process, as text."""
    return {
        "torch": repr(torch.get_rng_state().tolist()),
        "numpy": repr(np.random.get_state()),  # noqa: NPY002
        "metric learning": repr(common_functions.NUMPY_RANDOM.get_state()),
        "python": repr(random.getstate()),
    }


def drawn_from(name: str, draw: str = "") -> list[str]:
    """Train in this process; return the global generators that it, or the extra draw, has moved."""
    draws = {"torch": lambda: torch.rand(1), "numpy": lambda: np.random.rand(), "python": random.random}  # noqa: NPY002
    before = generators()
    TRAININGS[name]()
    if draw:
        draws[draw]()
    after = generators()
    return [generator for generator in before if after[generator] != before[generator]]


@pytest.fixture(scope="module")
def quiet_process() -> Iterator[Pool]:
    """A process without the threads that schedulers leave behind, which draw whenever they wait."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        yield pool


@pytest.mark.parametrize("name", TRAININGS)
def test_no_draw_comes_from_a_generator_that_a_state_would_have_to_hold(quiet_process: Pool, name: str) -> None:
    assert quiet_process.apply(drawn_from, (name,)) == []


@pytest.mark.parametrize("draw", ["torch", "numpy", "python"])
def test_a_draw_from_a_global_generator_is_noticed(quiet_process: Pool, draw: str) -> None:
    assert draw in quiet_process.apply(drawn_from, ("regression", draw))


def test_a_state_is_a_copy_that_later_epochs_leave_alone() -> None:
    taken: list[tuple[TrainingState, dict[str, bytes]]] = []

    def save(take_state: Callable[[], TrainingState]) -> None:
        state = take_state()
        taken.append((state, {name: array.tobytes() for name, array in state.arrays.items()}))

    TRAININGS["triplet"](save_state=save)
    for state, bytes_then in taken:
        assert {name: array.tobytes() for name, array in state.arrays.items()} == bytes_then


@pytest.mark.parametrize("gone", ["weights/", "best/", "optimiser/0/"])
def test_a_state_with_a_part_missing_is_refused(uninterrupted: Uninterrupted, gone: str) -> None:
    _, states = uninterrupted["sane"]
    arrays = {name: array for name, array in states[0].arrays.items() if not name.startswith(gone)}
    with pytest.raises(BadModel, match=f"(?s)whole state.*no {gone}.*--force"):
        TRAININGS["sane"](resume_from=dataclasses.replace(states[0], arrays=arrays))


def test_the_state_of_another_network_is_refused(uninterrupted: Uninterrupted) -> None:
    _, states = uninterrupted["triplet"]
    wider = dataclasses.replace(SIMILARITY, embedding_dim=9)
    with pytest.raises(BadModel, match=r"of shape \(8, 256\) instead of \(9, 256\)"):
        train_similarity_model(wider, *COLOURS, resume_from=states[0])


TEXTS = {
    "no JSON": "{",
    "a list": "[]",
    "too deep": "[" * 100_000,
    "no rates": '{"history": [], "best_epoch": 0, "best_measure": 0.0, "schedule": null}',
    "rates too few": '{"learning_rates": [], "history": [], "best_epoch": 0, "best_measure": 0.0, "schedule": null}',
    "history of numbers": '{"learning_rates": [0.1], "history": [1], "best_epoch": 0, "best_measure": 0.0}',
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_state_whose_text_is_another_is_refused(uninterrupted: Uninterrupted, name: str) -> None:
    _, states = uninterrupted["sane"]
    with pytest.raises(BadModel, match=r"(?s)whole state.*no such state.*--force"):
        TRAININGS["sane"](resume_from=dataclasses.replace(states[0], text=TEXTS[name]))
