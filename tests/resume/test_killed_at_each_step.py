"""SIGKILL at each step of a shard's way into the store: the rerun does what is missing, and ends in the same bits.

The child kills itself from a replaced method of the store; the product code has no hooks.
"""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from flows.engine.code_identity import SOURCE_ROOT
from stores.artifacts import ArtifactStore
from tests.flows.run_cases import FinishedRun

pytestmark = pytest.mark.slow

STAGE = "saliency_maps.test.rise.fixed"

CHILD = f"""
import os, signal, sys
from stores import payloads
from stores.location import Location

config, moment, which = sys.argv[1], sys.argv[2], int(sys.argv[3])
create, write = Location.create_bytes, payloads.write_payload
seen = 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def write_or_die(folder, name, part):
    global seen
    # The first part of a shard: nothing of it is on the disk yet.
    if "/{STAGE}/" in folder.path and name == "maps":
        seen += 1
        if moment == "before_the_write" and seen == which:
            die()
    return write(folder, name, part)

def create_or_die(self, data):
    in_stage = "/{STAGE}/" in self.path and self.path.endswith(".json")
    commit = in_stage and self.path.endswith("commit.json")
    if commit and moment == "between_payload_and_commit" and seen == which:
        die()
    if in_stage and not commit and moment == "between_commit_and_manifest":
        die()
    created = create(self, data)
    if in_stage and not commit and moment == "after_the_manifest":
        die()
    return created

payloads.write_payload, Location.create_bytes = write_or_die, create_or_die
from flows.cli import app
app(["run", config, "--until", "{STAGE}"])
"""


@pytest.mark.parametrize(
    ("moment", "shards_kept", "has_manifest"),
    [
        ("before_the_write", 2, False),
        ("between_payload_and_commit", 2, False),
        ("between_commit_and_manifest", 5, False),
        ("after_the_manifest", 5, True),
    ],
)
def test_what_was_committed_is_kept_and_the_rest_is_done(
    finished_run: FinishedRun, run_copy: FinishedRun, moment: str, shards_kept: int, has_manifest: bool
) -> None:
    whole = finished_run.manifest(STAGE)
    assert len(whole.shard_keys) == 5
    shutil.rmtree(run_copy.store / STAGE)
    killed = subprocess.run(
        [sys.executable, "-c", CHILD, str(run_copy.config), moment, "3"],
        cwd=SOURCE_ROOT,
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    store = ArtifactStore(str(run_copy.store))
    kept = [key for key in whole.shard_keys if store.read_commit(STAGE, key) is not None]
    assert len(kept) == shards_kept
    assert bool(list((run_copy.store / STAGE).glob("*.json"))) == has_manifest
    assert run_copy.computed() == ({STAGE: 5 - shards_kept} if shards_kept < 5 else {})
    assert run_copy.manifest(STAGE).digests == whole.digests
