"""The state of a training after its finished epochs, to plain arrays and one JSON text, and back.

A training that is built anew and given this state goes on as if it had never stopped: weights with batch norm
statistics, the optimiser's moments and step counts, learning rates and their schedule, history and best epoch.
States of random generators are not among it, because every draw of a training is keyed by seed and epoch.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from pipeline.errors import BadModel
from pipeline.networks import network_state


@dataclass(frozen=True)
class TrainingState:
    """A training after some epochs; nothing in it needs unpickling.

    Attributes:
        epoch: finished epochs.
        arrays: "weights/<name>" and "best/<name>" of the network, "optimiser/<parameter number>/<name>".
        text: JSON of history, best epoch and measure, learning rates and schedule; floats by their shortest repr,
            which reads back as the same number.
    """

    epoch: int
    arrays: Mapping[str, np.ndarray]
    text: str


# Called after every epoch with a function that takes the state: call it at once, or not at all.
SaveState = Callable[[Callable[[], TrainingState]], None]


@dataclass(frozen=True)
class Learner:
    """What the steps of a training change, in place.

    Attributes:
        network: with its buffers.
        optimiser: of the network's parameters, in their order.
        schedule: of the learning rate, or None where each epoch sets it.
    """

    network: nn.Module
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None


@dataclass
class TrainingProgress:
    """The finished epochs, and the weights of the best.

    Attributes:
        history: a row per epoch.
        best_epoch: the epoch with the largest measure, the first of equals; 0 before the first.
        best_measure: that measure.
        best_weights: arrays by name, in the network's order.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best_measure: float = -np.inf
    best_weights: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def epoch(self) -> int:
        """The number of finished epochs."""
        return len(self.history)

    def add_epoch(self, row: dict[str, float], measure: float, network: nn.Module) -> None:
        """Append an epoch's row, and keep the network's weights if the measure beats all before."""
        self.history.append(row)
        if measure > self.best_measure:
            self.best_epoch, self.best_measure, self.best_weights = self.epoch, measure, network_state(network)

    def is_over(self, epochs: int, patience: int) -> bool:
        """Return whether all epochs are done, or the last `patience` of them brought nothing better."""
        return self.epoch >= epochs or self.epoch - self.best_epoch >= patience


def take_state(learner: Learner, progress: TrainingProgress) -> TrainingState:
    """Return a copy of all that the next epochs depend on."""
    arrays = {f"weights/{name}": array for name, array in network_state(learner.network).items()}
    arrays |= {f"best/{name}": array for name, array in progress.best_weights.items()}
    for number, slots in learner.optimiser.state_dict()["state"].items():
        arrays |= {f"optimiser/{number}/{name}": value.detach().cpu().numpy().copy() for name, value in slots.items()}
    values = {
        "history": progress.history,
        "best_epoch": progress.best_epoch,
        "best_measure": progress.best_measure,
        "learning_rates": [group["lr"] for group in learner.optimiser.param_groups],
        "schedule": None if learner.schedule is None else learner.schedule.state_dict(),
    }
    return TrainingState(progress.epoch, arrays, json.dumps(values))


def restore_state(state: TrainingState, learner: Learner) -> TrainingProgress:
    """Put a freshly built learner into this state, in place, and return the progress that belongs to it.

    Raises:
        BadModel: the state is incomplete, or belongs to another network.
    """
    network, optimiser = learner.network, learner.optimiser
    own = network.state_dict()
    best = {name: _array_of(state, f"best/{name}") for name in own}
    network.load_state_dict({name: _loaded(state, f"weights/{name}", like) for name, like in own.items()})
    # The optimiser counts its parameters over all groups, in their order.
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    moments = {number: _moments(state, number, parameter) for number, parameter in enumerate(parameters)}
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    try:
        values = json.loads(state.text)
        for group, rate in zip(optimiser.param_groups, values["learning_rates"], strict=True):
            group["lr"] = float(rate)
        if learner.schedule is not None:
            learner.schedule.load_state_dict(values["schedule"])
        history = [dict(row) for row in values["history"]]
        return TrainingProgress(history, int(values["best_epoch"]), float(values["best_measure"]), best)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _misfit(f"a text that is no such state ({type(error).__name__}: {error})"[:300]) from error


def _moments(state: TrainingState, number: int, parameter: torch.Tensor) -> dict[str, torch.Tensor]:
    prefix = f"optimiser/{number}/"
    names = [name for name in state.arrays if name.startswith(prefix)]
    if not names:
        raise _misfit(f"no {prefix}*")
    moments = {}
    for name in names:
        if state.arrays[name].ndim == 0:
            # Step counts stay on the CPU; torch moves them where it wants them.
            moments[name.removeprefix(prefix)] = torch.tensor(state.arrays[name])
        else:
            moments[name.removeprefix(prefix)] = _loaded(state, name, parameter)
    return moments


def _loaded(state: TrainingState, name: str, like: torch.Tensor) -> torch.Tensor:
    """Return an array as a tensor laid out in memory like `like`, as torch would have made it itself."""
    array = _array_of(state, name)
    if array.shape != tuple(like.shape):
        raise _misfit(f"{name} of shape {array.shape} instead of {tuple(like.shape)}")
    return torch.empty_like(like, memory_format=torch.preserve_format).copy_(torch.tensor(array))


def _array_of(state: TrainingState, name: str) -> np.ndarray:
    if name not in state.arrays:
        raise _misfit(f"no {name}")
    return state.arrays[name]


def _misfit(found: str) -> BadModel:
    return BadModel(
        expected="the whole state of this training",
        found=found,
        where="a training that goes on from its last saved epoch",
        remedy="run again with --force and the stage's name: it trains from the first epoch",
    )
