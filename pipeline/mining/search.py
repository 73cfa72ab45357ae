"""Training of the similarity model with mining: every candidate in turn, and the one that validates best is kept.

gamma, alpha and beta are chosen by validation images alone (SAM: "pre-set by cross validation").
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from pipeline.errors import BadModel
from pipeline.mining.checks import check_mined_training
from pipeline.mining.train import MinedTraining, build_candidate, run_epoch
from pipeline.training_state import Learner, SaveState, TrainingProgress, TrainingState, restore_state, take_state

NETWORK, CURRENT, CHOSEN = "network.", "current/", "chosen/"


@dataclass(frozen=True)
class MinedModelResult:
    """The best candidate's weights, and how all of them did.

    Attributes:
        state: arrays by name, of the embedding network alone.
        chosen: position of the candidate among MiningSpec.candidates.
        histories: of each candidate, a row per epoch: epoch, loss, metric_loss, mining_loss, classification_loss,
            validation_measure, learning_rate, seconds.
        best_epochs: of each candidate, counted from 1.
    """

    state: dict[str, np.ndarray]
    chosen: int
    histories: list[list[dict[str, float]]]
    best_epochs: list[int]


@dataclass
class _Search:
    """The candidates that are finished, and the best of them."""

    histories: list[list[dict[str, float]]] = field(default_factory=list)
    best_epochs: list[int] = field(default_factory=list)
    chosen: int = 0
    best_measure: float = -np.inf
    weights: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, candidate: TrainingProgress) -> None:
        """Add a finished candidate; of equals the first stays chosen."""
        if candidate.best_measure > self.best_measure:
            self.chosen, self.best_measure = len(self.histories), candidate.best_measure
            self.weights = candidate.best_weights
        self.histories.append(candidate.history)
        self.best_epochs.append(candidate.best_epoch)


def train_mined_model(
    task: MinedTraining,
    progress: Callable[[int, int, float], None] | None = None,
    resume_from: TrainingState | None = None,
    save_state: SaveState | None = None,
) -> MinedModelResult:
    """Return the weights of the best epoch of the best candidate by Recall@1 over the validation images.

    On one CPU with one thread count the same call returns the same bytes, also where it goes on from a state that
    such a call saved. Epochs are counted over all candidates.

    Args:
        task: settings and images.
        progress: called after each epoch with (epoch, epochs of all candidates, validation measure).
        resume_from: saved by a call with the same settings and images; its epochs are not trained again.
        save_state: called after each epoch with a function that takes the state.

    Raises:
        BadDataset: see check_mined_training; or no validation image has a match.
        BadSetting: see check_mined_training and attended_layer.
        BadModel: a loss becomes NaN or infinite, or the state to go on from belongs to another training.
    """
    check_mined_training(task.training, task.mining, task.train)
    candidates, epochs = task.mining.candidates, task.training.epochs
    search = _Search() if resume_from is None else _restored_search(resume_from)
    for number in range(len(search.histories), len(candidates)):
        one = build_candidate(task)
        so_far = TrainingProgress()
        if resume_from is not None:
            so_far, resume_from = _restored_candidate(resume_from, one.learner), None
        while not so_far.is_over(epochs, task.training.patience):
            row = run_epoch(task, one, candidates[number], so_far.epoch + 1)
            so_far.add_epoch(row, row["validation_measure"], one.learner.network)
            if progress is not None:
                progress(number * epochs + so_far.epoch, len(candidates) * epochs, row["validation_measure"])
            if save_state is not None:
                save_state(partial(_state, number * epochs, one.learner, so_far, search))
        search.add(so_far)
    own = {name.removeprefix(NETWORK): array for name, array in search.weights.items() if name.startswith(NETWORK)}
    return MinedModelResult(own, search.chosen, search.histories, search.best_epochs)


def _state(epochs_before: int, learner: Learner, progress: TrainingProgress, search: _Search) -> TrainingState:
    """Return the state of the candidate that is being trained, with what is known of those before."""
    current = take_state(learner, progress)
    arrays = {f"{CURRENT}{name}": array for name, array in current.arrays.items()}
    arrays |= {f"{CHOSEN}{name}": array for name, array in search.weights.items()}
    values = {
        "current": current.text,
        "histories": search.histories,
        "best_epochs": search.best_epochs,
        "chosen": search.chosen,
        "best_measure": search.best_measure if search.histories else None,
    }
    return TrainingState(epochs_before + current.epoch, arrays, json.dumps(values))


def _restored_search(state: TrainingState) -> _Search:
    values = _values(state)
    try:
        measure = -np.inf if values["best_measure"] is None else float(values["best_measure"])
        histories = [[dict(row) for row in rows] for rows in values["histories"]]
        best_epochs = [int(epoch) for epoch in values["best_epochs"]]
        chosen = int(values["chosen"])
    except (ValueError, KeyError, TypeError) as error:
        raise _misfit(f"a text that is no such state ({type(error).__name__}: {error})"[:300]) from error
    return _Search(histories, best_epochs, chosen, measure, _arrays_below(state, CHOSEN))


def _restored_candidate(state: TrainingState, learner: Learner) -> TrainingProgress:
    text = _values(state).get("current")
    if not isinstance(text, str):
        raise _misfit("no state of the candidate that was trained")
    return restore_state(TrainingState(state.epoch, _arrays_below(state, CURRENT), text), learner)


def _values(state: TrainingState) -> dict[str, Any]:
    try:
        values = json.loads(state.text)
    except ValueError as error:
        raise _misfit(f"a text that is no JSON ({error})"[:300]) from error
    if not isinstance(values, dict):
        raise _misfit(f"a {type(values).__name__} instead of an object")
    return values


def _arrays_below(state: TrainingState, prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in state.arrays.items() if name.startswith(prefix)}


def _misfit(found: str) -> BadModel:
    return BadModel(
        expected="the whole state of this training with mining",
        found=found,
        where="a training that goes on from its last saved epoch",
        remedy="run again with --force similarity_model: it trains from the first epoch",
    )
