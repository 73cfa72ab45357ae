"""Checkpoints of a training, written to the store and read back; one that cannot be written does not stop it."""

import logging
import time
from collections.abc import Callable

from flows.engine.shard_task import JobInputs
from pipeline.training_state import TrainingState
from stores.checkpoints import Checkpoint
from stores.errors import StoreError

LOG = logging.getLogger("sane")


class TrainingCheckpoints:
    """The checkpoints of the training that a job does.

    Args:
        inputs: of the job.
    """

    def __init__(self, inputs: JobInputs) -> None:
        self._folder = inputs.checkpoints
        self._stage = inputs.task.stage
        self._seconds_between = inputs.task.device.checkpoint_seconds
        self._saved = time.monotonic()

    def newest(self, epochs: int) -> TrainingState | None:
        """Return the state that a killed run of this shard left, or None; says on the log what it goes on from.

        A damaged checkpoint is passed over for the one before, and the log says so.

        Args:
            epochs: most epochs of the training, for the log.

        Raises:
            StoreError: the checkpoints cannot be listed.
        """
        checkpoint, problems = self._folder.read_newest()
        for problem in problems:
            LOG.info("%s: passes over a checkpoint at %s: %s", self._stage, problem.where, problem.found)
        if checkpoint is None:
            return None
        LOG.info("%s: goes on from epoch %d of %d", self._stage, checkpoint.epoch, epochs)
        return TrainingState(checkpoint.epoch, checkpoint.tensors, checkpoint.text)

    def save(self, take_state: Callable[[], TrainingState]) -> None:
        """Store the state if the last one is old enough.

        A store that cannot take it does not end the training: the log says so, and the next epoch tries again.
        """
        if time.monotonic() - self._saved < self._seconds_between:
            return
        state = take_state()
        try:
            self._folder.write(Checkpoint(state.epoch, state.arrays, state.text))
        except StoreError as error:
            LOG.warning("%s: epoch %d could not be kept at %s: %s", self._stage, state.epoch, error.where, error.found)
            return
        self._saved = time.monotonic()
