"""A training that is really killed goes on from its last saved epoch and ends in the same bytes.

The child process is the plain command line. It is killed from outside as soon as some epoch's checkpoint is there,
so the kill falls anywhere in a later epoch, or into the writing of its checkpoint.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.engine.code_identity import SOURCE_ROOT
from stores.artifacts import ArtifactStore
from stores.checkpoints import CheckpointFolder
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, invoke

EPOCHS = 20
KILLED_AFTER = 4
OPTIONS = ["--set", "compute.checkpoint_seconds=0"]
STAGES = ["similarity_model", "attribute_model.sane"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A run up to the attribute model, never interrupted, without checkpoints but for the hour's."""
    finished = FinishedRun(write_config(tmp_path_factory.mktemp("whole"), epochs=str(EPOCHS)))
    finished.run("compute.checkpoint_seconds=3600", until="attribute_model.sane")
    return finished


def begun(whole: FinishedRun, stage: str, folder: Path) -> FinishedRun:
    """Return a copy in which the stage was never begun; a new folder, so that nothing else is shared."""
    copy = whole.copy_to(folder)
    shutil.rmtree(copy.store / stage)
    return copy


def epochs_on_disk(run: FinishedRun, stage: str) -> list[int]:
    return sorted(int(file.name.split("-")[1]) for file in (run.store / stage).glob("checkpoints/*/epoch-*"))


def kill_in_training(run: FinishedRun, stage: str) -> None:
    """Start the command, and kill it with SIGKILL when the checkpoint of some epoch is there."""
    command = [sys.executable, "-m", "flows.cli", "run", str(run.config), "--until", stage, *OPTIONS]
    child = subprocess.Popen(
        command,
        cwd=SOURCE_ROOT,
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 300
        while child.poll() is None and max(epochs_on_disk(run, stage), default=0) < KILLED_AFTER:
            assert time.monotonic() < deadline, "no checkpoint in five minutes"
            time.sleep(0.002)
    finally:
        child.send_signal(signal.SIGKILL)
        output, _ = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL, output
    assert not list((run.store / stage).glob("*.json"))
    assert not list((run.store / stage).glob("shards/*/commit.json"))


def same_result(run: FinishedRun, whole: FinishedRun, stage: str) -> bool:
    mine, theirs = run.manifest(stage), whole.manifest(stage)
    assert (mine.fingerprint, mine.shard_keys) == (theirs.fingerprint, theirs.shard_keys)
    counts = [ArtifactStore(str(one.store)).read_commits(one.manifest(stage))[0].counts for one in (run, whole)]
    return mine.digests == theirs.digests and counts[0] == counts[1]


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_training_ends_in_the_digests_of_an_uninterrupted_one(
    whole: FinishedRun, stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(whole, stage, tmp_path / "run")
    kill_in_training(run, stage)
    last = max(epochs_on_disk(run, stage))
    assert KILLED_AFTER <= last < EPOCHS
    # An unfinished training is nothing that status, plan or query could take for a result.
    assert run.status()[stage]["state"] == "missing"

    written: list[int] = []
    write = CheckpointFolder.write

    def noted(self: CheckpointFolder, checkpoint: object) -> None:
        written.append(checkpoint.epoch)  # type: ignore[attr-defined]
        write(self, checkpoint)  # type: ignore[arg-type]

    monkeypatch.setattr(CheckpointFolder, "write", noted)
    result = invoke("run", run.config, "--until", stage, *OPTIONS)
    assert result.exit_code == 0, result.output
    # Every epoch that is trained is saved: those before the kill were not trained again.
    assert written == list(range(last + 1, EPOCHS + 1))
    assert f"{stage}: goes on from epoch {last} of {EPOCHS}" in result.output
    assert same_result(run, whole, stage)
    store = ArtifactStore(str(run.store))
    (commit,) = store.read_commits(run.manifest(stage))
    history = store.read_part_table(commit, "training_history")
    assert history["epoch"].to_pylist() == list(range(1, EPOCHS + 1))
    assert min(history["seconds"].to_pylist()) > 0
    # Nothing is left of the checkpoints, and nothing is left to do.
    assert epochs_on_disk(run, stage) == []
    assert run.computed(until=stage) == {}


@pytest.mark.slow
def test_a_run_killed_between_the_commit_and_the_manifest_leaves_no_checkpoints(
    whole: FinishedRun, tmp_path: Path
) -> None:
    stage = "similarity_model"
    run = begun(whole, stage, tmp_path / "run")
    child = """
import os, signal, sys
from stores.location import Location
create = Location.create_bytes
def create_and_die(self, data):
    created = create(self, data)
    if "/similarity_model/" in self.path and self.path.endswith("commit.json"):
        os.kill(os.getpid(), signal.SIGKILL)
    return created
Location.create_bytes = create_and_die
from flows.cli import app
app(sys.argv[1:])
"""
    command = [sys.executable, "-c", child, "run", str(run.config), "--until", stage, *OPTIONS]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}
    done = subprocess.run(command, cwd=SOURCE_ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert epochs_on_disk(run, stage) == [EPOCHS - 1, EPOCHS]
    assert run.computed(until=stage) == {}
    assert epochs_on_disk(run, stage) == []
    assert same_result(run, whole, stage)
