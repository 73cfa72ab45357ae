"""A whole run whose store is on S3: killed on its way, taken up again, and equal to a run on a local disk."""

import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from flows.commands.query import current_tables
from flows.engine.code_identity import SOURCE_ROOT
from flows.settings.file import load_settings
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore
from stores.maintenance import list_leftovers
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, invoke, states
from tests.object_server import ObjectServer

STAGE = "saliency_maps.test.rise.fixed"

CHILD = f"""
import os, signal, sys
from stores.location import Location

create = Location.create_bytes
seen = 0

def create_or_die(self, data):
    global seen
    is_commit = "/{STAGE}/" in self.path and self.path.endswith("commit.json")
    seen += is_commit
    if is_commit and seen == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return create(self, data)

Location.create_bytes = create_or_die
from flows.cli import app
app(["run", sys.argv[1], "--until", "{STAGE}"])
"""


def run_child(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=SOURCE_ROOT, env=environment, capture_output=True, text=True, timeout=500
    )


@pytest.mark.slow
def test_a_run_on_s3_killed_within_a_shard_ends_in_the_digests_of_a_local_one(
    finished_run: FinishedRun, object_server: ObjectServer, tmp_path: Path
) -> None:
    config = write_config(tmp_path, root=json.dumps(object_server.root))
    remote = FinishedRun(config)
    store = ArtifactStore(object_server.root)

    killed = run_child(["-c", CHILD, str(config)])
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    keys = finished_run.manifest(STAGE).shard_keys
    kept = [commit.shard_key for commit in store.read_commits_of(STAGE, keys) if commit is not None]
    assert kept == list(keys[:2])
    assert remote.status()[STAGE]["state"] == "partial"

    resumed = run_child(["-m", "flows.cli", "run", str(config)])
    assert resumed.returncode == 0, resumed.stderr
    # Clients that are not closed, and loops that end with work in them, complain here.
    assert "Traceback" not in resumed.stderr
    assert "nclosed" not in resumed.stderr
    for stage in build_stages(finished_run.settings()):
        manifest, local = store.latest_manifest(stage.name), finished_run.manifest(stage.name)
        assert manifest is not None, stage.name
        # Reports name times and the report's digest follows; everything else is equal to the bit.
        if stage.name != "report":
            assert (manifest.fingerprint, manifest.digests) == (local.fingerprint, local.digests), stage.name
    commits = store.read_commits_of(STAGE, keys)
    leftovers = [bool(list_leftovers(store, commit)) for commit in commits if commit is not None]
    assert leftovers == [False, False, True, False, False]

    latest = store.root.child("report-latest-seed0.html")
    assert b'url=report-planted-seed0.zip"' in latest.read_bytes()
    assert latest.url in resumed.stdout + resumed.stderr
    with zipfile.ZipFile(io.BytesIO(store.root.child("report-planted-seed0.zip").read_bytes())) as archive:
        assert archive.read("index.html").startswith(b"<!DOCTYPE html>")
    _commands_answer(remote, finished_run, object_server, tmp_path)


def _commands_answer(remote: FinishedRun, local: FinishedRun, server: ObjectServer, folder: Path) -> None:
    server.requests.clear()
    status = remote.status()
    assert states(status, "current") == set(status)
    # Nothing is written or listed where all is current, and no manifest is asked for twice.
    assert set(server.counts()) == {"GET"}
    assert not [path for _, path in server.requests if "list-type" in path]
    manifests = [path for _, path in server.requests if path.count("/") == 4 and path.endswith(".json")]
    assert len(manifests) == len(set(manifests)) == len(status)

    sql = "select metric, variant, value from metrics where table_name = 'audit' order by all"
    assert remote.query(sql) == local.query(sql)
    here, there = (current_tables(load_settings(run.config, ())) for run in (local, remote))
    assert set(here) == set(there)
    assert here["explanations"].equals(there["explanations"])

    output = folder / "report"
    assert invoke("report", remote.config, "--output", output).exit_code == 0
    assert (output / "index.html").read_bytes().startswith(b"<!DOCTYPE html>")
    assert invoke("run", remote.config).exit_code == 0

    assert invoke("verify", remote.config).exit_code == 0
    assert invoke("gc", remote.config, "--delete").exit_code == 0
    store = ArtifactStore(server.root)
    commits = store.read_commits_of(STAGE, local.manifest(STAGE).shard_keys)
    assert [list_leftovers(store, commit) for commit in commits if commit is not None] == [[]] * len(commits)
    assert states(remote.status(), "current") == set(status)
