"""A run that is killed or asked to stop is taken up by the same command and ends with the same bits.

The child processes act from a replaced method of the store; the product code has no hooks.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.engine.code_identity import SOURCE_ROOT
from stores.artifacts import ArtifactStore
from stores.location import Location
from stores.maintenance import list_leftovers
from tests.flows.run_cases import FinishedRun, invoke

STAGE = "saliency_maps.test.rise.fixed"

CHILD = f"""
import os, signal, sys, time
from stores.location import Location

config, moment, which = sys.argv[1], sys.argv[2], int(sys.argv[3])
create = Location.create_bytes
seen = 0

def create_and_act(self, data):
    global seen
    is_commit = "/{STAGE}/" in self.path and self.path.endswith("commit.json")
    seen += is_commit
    if is_commit and seen == which and moment == "before_the_commit":
        os.kill(os.getpid(), signal.SIGKILL)
    created = create(self, data)
    if is_commit and seen == which and moment == "after_the_commit":
        print("waiting for the signal", flush=True)
        time.sleep(300)
    return created

Location.create_bytes = create_and_act
from flows.cli import app
app(["run", config, "--until", "{STAGE}"])
"""


@pytest.fixture
def unfinished(run_copy: FinishedRun) -> FinishedRun:
    """A run whose test maps were never begun."""
    shutil.rmtree(run_copy.store / STAGE)
    return run_copy


def start_child(run: FinishedRun, moment: str, which: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(run.config), moment, str(which)],
        cwd=SOURCE_ROOT,
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished_child(child: subprocess.Popen[str]) -> tuple[int, str]:
    _, errors = child.communicate(timeout=300)
    return child.returncode, errors


def committed(run: FinishedRun, keys: tuple[str, ...]) -> list[str]:
    store = ArtifactStore(str(run.store))
    return [key for key in keys if store.read_commit(STAGE, key) is not None]


@pytest.mark.slow
def test_a_run_killed_between_payload_and_commit_ends_in_the_digests_of_an_uninterrupted_one(
    finished_run: FinishedRun, unfinished: FinishedRun
) -> None:
    whole = finished_run.manifest(STAGE)
    child = start_child(unfinished, "before_the_commit", which=3)
    assert finished_child(child)[0] == -signal.SIGKILL
    assert not list((unfinished.store / STAGE).glob("*.json"))
    kept = committed(unfinished, whole.shard_keys)
    assert kept == list(whole.shard_keys[:2])
    # The shard in hand had its payload on disk, and counts for nothing.
    abandoned = unfinished.store / STAGE / "shards" / whole.shard_keys[2]
    assert list(abandoned.iterdir())
    assert unfinished.status()[STAGE]["state"] == "partial"
    before = [ArtifactStore(str(unfinished.store)).require_commit(STAGE, key) for key in kept]

    # Everything after these maps is current without being computed: the digests are the old ones.
    assert unfinished.computed() == {STAGE: 3}
    resumed = unfinished.manifest(STAGE)
    assert (resumed.fingerprint, resumed.shard_keys) == (whole.fingerprint, whole.shard_keys)
    assert resumed.digests == whole.digests
    assert resumed.digest == whole.digest
    store = ArtifactStore(str(unfinished.store))
    after = store.read_commits(resumed)
    assert after[:2] == before
    assert all(commit.provenance["when"] >= before[-1].provenance["when"] for commit in after[2:])
    # What the killed writer left is beside the result, never in it.
    assert [bool(list_leftovers(store, commit)) for commit in after] == [False, False, True, False, False]


@pytest.mark.slow
def test_a_run_asked_to_stop_exits_with_75_and_goes_on_later(
    finished_run: FinishedRun, unfinished: FinishedRun
) -> None:
    whole = finished_run.manifest(STAGE)
    child = start_child(unfinished, "after_the_commit", which=2)
    assert child.stdout is not None
    # Lines of progress come before it.
    assert any("waiting for the signal" in line for line in child.stdout)
    child.send_signal(signal.SIGTERM)
    code, errors = finished_child(child)
    assert code == 75, errors
    assert "everything committed is kept, the same command goes on from there" in errors
    assert "Traceback" not in errors
    assert committed(unfinished, whole.shard_keys) == list(whole.shard_keys[:2])
    assert unfinished.computed() == {STAGE: 3}
    assert unfinished.manifest(STAGE).digests == whole.digests


def test_ctrl_c_exits_with_75_too_and_drops_only_the_shard_in_hand(
    unfinished: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Location.create_bytes

    def interrupted_at_a_commit(self: Location, data: bytes) -> bool:
        if self.path.endswith("commit.json"):
            os.kill(os.getpid(), signal.SIGINT)
        return create(self, data)

    # Ignored where the tests themselves were started in the background of a shell.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as replaced:
            replaced.setattr(Location, "create_bytes", interrupted_at_a_commit)
            result = invoke("run", unfinished.config, "--until", STAGE)
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.exit_code == 75
    assert "the same command goes on from there" in result.stderr
    assert unfinished.computed() == {STAGE: 5}


def test_signal_handlers_are_as_before_after_a_command(finished_run: FinishedRun) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert invoke("plan", finished_run.config).exit_code == 0
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_folder_without_commits_is_no_result(unfinished: FinishedRun) -> None:
    folder: Path = unfinished.store / STAGE / "shards" / ("0" * 64)
    folder.mkdir(parents=True)
    (folder / "maps").write_bytes(b"")
    assert unfinished.status()[STAGE]["state"] == "missing"
