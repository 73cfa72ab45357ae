"""When a training's states are kept, when they are gone on from, and what faults may not do to a training.

Here a run is stopped by an error in its own process; tests/resume kills real ones.
"""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from flows.engine.shard_task import Device, JobInputs, ShardTask
from flows.engine.upstream import Upstream
from flows.jobs import checkpoints as training_checkpoints
from flows.jobs.checkpoints import TrainingCheckpoints
from flows.jobs.progress import report_epoch
from pipeline.training_state import TrainingState
from stores.artifacts import ArtifactStore
from stores.checkpoints import CheckpointFolder
from stores.errors import ReadOnlyStore
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, invoke

STAGE = "similarity_model"
EPOCHS = 5


def job_inputs(root: Path, seconds: float) -> JobInputs:
    device = Device("cpu", 1, 1, seconds)
    task = ShardTask(str(root), STAGE, STAGE, "0" * 64, "all", {}, {}, {}, {}, device)
    return JobInputs(task, Upstream(ArtifactStore(str(root)), {}))


def state_maker(epoch: int, taken: list[int]) -> Callable[[], TrainingState]:
    def take() -> TrainingState:
        taken.append(epoch)
        return TrainingState(epoch, {"weights/w": np.full(2, epoch, np.float32)}, "{}")

    return take


def test_a_state_is_taken_only_when_the_last_is_old_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(training_checkpoints.time, "monotonic", lambda: now[0])
    taken: list[int] = []
    checkpoints = TrainingCheckpoints(job_inputs(tmp_path, seconds=60))
    for epoch, second in enumerate((130, 159, 160, 200, 219.9, 300), start=1):
        now[0] = second
        checkpoints.save(state_maker(epoch, taken))
    assert taken == [3, 6]
    monkeypatch.undo()
    found = TrainingCheckpoints(job_inputs(tmp_path, seconds=60)).newest(9)
    assert found is not None
    assert found.epoch == 6
    every = TrainingCheckpoints(job_inputs(tmp_path, seconds=0))
    for epoch in (7, 8):
        every.save(state_maker(epoch, taken))
    assert taken == [3, 6, 7, 8]


def test_a_store_that_cannot_take_a_state_does_not_end_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(self: CheckpointFolder, checkpoint: object) -> None:
        raise ReadOnlyStore(expected="a place", found="no space left", where="the disk", remedy="free some")

    checkpoints = TrainingCheckpoints(job_inputs(tmp_path, seconds=0))
    with monkeypatch.context() as replaced, caplog.at_level(logging.INFO, "sane"):
        replaced.setattr(CheckpointFolder, "write", full)
        checkpoints.save(state_maker(1, []))
    assert caplog.messages == ["similarity_model: epoch 1 could not be kept at the disk: no space left"]
    # The next epoch tries again at once, whatever the interval.
    taken: list[int] = []
    checkpoints.save(state_maker(2, taken))
    assert taken == [2]


def test_the_time_left_counts_only_epochs_of_this_process(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [0.0]
    monkeypatch.setattr("flows.jobs.progress.time.monotonic", lambda: now[0])
    with caplog.at_level(logging.INFO, "sane"):
        report = report_epoch(STAGE, finished=90)
        now[0] = 10.0
        report(91, 100, 0.5)
    assert caplog.messages == ["similarity_model: epoch 91 of at most 100, validation 0.5000, at most 90 s left"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """The similarity model trained without a break."""
    finished = FinishedRun(write_config(tmp_path_factory.mktemp("whole"), epochs=str(EPOCHS)))
    finished.run(until=STAGE)
    return finished


class Stopped(Exception):
    """Ends a training from within."""


@pytest.fixture
def stopped(whole: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FinishedRun:
    """A copy whose training ended right after the checkpoint of its third epoch."""
    run = whole.copy_to(tmp_path / "run")
    shutil.rmtree(run.store / STAGE)
    write = CheckpointFolder.write

    def write_and_stop(self: CheckpointFolder, checkpoint: object) -> None:
        write(self, checkpoint)  # type: ignore[arg-type]
        if checkpoint.epoch == 3:  # type: ignore[attr-defined]
            raise Stopped

    with monkeypatch.context() as replaced:
        replaced.setattr(CheckpointFolder, "write", write_and_stop)
        with pytest.raises(Stopped):
            run.run("compute.checkpoint_seconds=0", until=STAGE)
    assert epochs_on_disk(run) == [2, 3]
    return run


def epochs_on_disk(run: FinishedRun) -> list[int]:
    return sorted(int(file.name.split("-")[1]) for file in (run.store / STAGE).glob("checkpoints/*/epoch-*"))


def output_of_run(run: FinishedRun, *options: str) -> str:
    result = invoke("run", run.config, "--until", STAGE, *options)
    assert result.exit_code == 0, result.output
    return result.output


def same_result(run: FinishedRun, whole: FinishedRun) -> bool:
    mine, theirs = run.manifest(STAGE), whole.manifest(STAGE)
    return (mine.fingerprint, mine.digests) == (theirs.fingerprint, theirs.digests)


def test_a_stopped_training_goes_on_and_its_checkpoints_go(stopped: FinishedRun, whole: FinishedRun) -> None:
    assert f"{STAGE}: goes on from epoch 3 of {EPOCHS}" in output_of_run(stopped)
    assert epochs_on_disk(stopped) == []
    assert same_result(stopped, whole)


def test_other_settings_neither_go_on_from_the_checkpoints_nor_remove_them(stopped: FinishedRun) -> None:
    output = output_of_run(stopped, "--set", "similarity_model.weight_decay=0.5")
    assert "goes on" not in output
    assert epochs_on_disk(stopped) == [2, 3]


def test_force_begins_at_the_first_epoch(stopped: FinishedRun, whole: FinishedRun) -> None:
    assert "goes on" not in output_of_run(stopped, "--force", STAGE)
    assert epochs_on_disk(stopped) == []
    assert same_result(stopped, whole)


@pytest.mark.parametrize(("damaged", "goes_on_from"), [(1, 2), (2, None)])
def test_damaged_checkpoints_cost_epochs_and_no_bit(
    stopped: FinishedRun, whole: FinishedRun, damaged: int, goes_on_from: int | None
) -> None:
    for file in sorted((stopped.store / STAGE).glob("checkpoints/*/epoch-*"))[-damaged:]:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    output = output_of_run(stopped)
    assert output.count("passes over a checkpoint") == damaged
    assert "Warning" not in output
    assert (f"goes on from epoch {goes_on_from} of" in output) == (goes_on_from is not None)
    assert ("goes on" in output) == (goes_on_from is not None)
    assert same_result(stopped, whole)
