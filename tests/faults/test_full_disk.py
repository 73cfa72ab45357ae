"""A disk that fills up and one that is read-only, for real: a small file system in a mount namespace of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.engine.code_identity import SOURCE_ROOT
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun

# What happens inside the namespace: each step is a command of sane, or a change of the mount.
INSIDE = """
import json, subprocess, sys
from tests.flows.run_cases import invoke

store, steps, answer = sys.argv[1], json.loads(sys.argv[2]), []
for step in steps:
    if step[0] == "mount":
        subprocess.run([*step, store], check=True)
    else:
        result = invoke(*step)
        answer.append({"exit_code": result.exit_code, "stdout": result.stdout, "stderr": result.stderr})
print(json.dumps(answer))
"""
LAST = "pairs.test"


def in_namespace(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command as root of a mount namespace of its own, whose mounts end with it."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}
    return subprocess.run(
        ["unshare", "-rm", *arguments], cwd=SOURCE_ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose store is to be a file system of its own; skipped where that is refused."""
    (tmp_path / "store").mkdir()
    try:
        probe = in_namespace(["mount", "-t", "tmpfs", "none", str(tmp_path / "store")])
    except FileNotFoundError:
        pytest.skip("NOT TESTED: a full disk needs the command unshare, which is not here")
    if probe.returncode != 0:
        pytest.skip(f"NOT TESTED: a full disk needs a mount namespace, which is refused here: {probe.stderr.strip()}")
    return write_config(tmp_path)


def run_inside(config: Path, size: str, *steps: list[str]) -> list[dict[str, Any]]:
    store = str(config.parent / "store")
    mount = 'mount -t tmpfs -o "size=$1" none "$2" && shift 2 && exec "$@"'
    child = [sys.executable, "-c", INSIDE, store, json.dumps(steps)]
    result = in_namespace(["sh", "-c", mount, "sh", size, store, *child])
    assert result.returncode == 0, result.stderr
    answer: list[dict[str, Any]] = json.loads(result.stdout.splitlines()[-1])
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("size", ["40k", "400k", "800k"])
def test_a_run_on_a_full_disk_says_so_and_completes_once_there_is_space(
    finished_run: FinishedRun, config: Path, size: str
) -> None:
    run = ["run", str(config), "--until", LAST]
    verify = ["verify", str(config), "--all", "--format", "json"]
    enlarge = ["mount", "-o", "remount,size=64m"]
    pairs = [
        "query",
        str(config),
        "select * from pairs where split = 'test' order by pair_id",
        "--format",
        "json",
        "--stale-ok",
    ]
    full, again, whole, done, checked, found = run_inside(config, size, run, run, verify, enlarge, run, verify, pairs)[
        :6
    ]
    for refused in (full, again):
        assert refused["exit_code"] == 1
        assert f"where: {config.parent / 'store'}/" in refused["stderr"]
        assert "No space left on device" in refused["stderr"]
        assert "free some space and run again: finished shards stay" in refused["stderr"]
        assert "Traceback" not in refused["stderr"]
    # What was committed before is whole, and nothing else counts.
    assert whole["exit_code"] == 0, whole
    assert done["exit_code"] == 0, done
    assert checked["exit_code"] == 0, checked
    assert json.loads(found["stdout"]) == finished_run.query(
        "select * from pairs where split = 'test' order by pair_id"
    )


@pytest.mark.slow
def test_a_read_only_store_can_be_read_and_says_why_it_cannot_be_written(config: Path) -> None:
    run = ["run", str(config), "--until", LAST]
    status = ["status", str(config), "--format", "json"]
    verify = ["verify", str(config), "--format", "json"]
    query = ["query", str(config), "select count(*) n from pairs", "--format", "json", "--stale-ok"]
    answers = run_inside(
        config,
        "64m",
        ["run", str(config), "--until", "images"],
        ["mount", "-o", "remount,ro"],
        run,
        status,
        verify,
        ["gc", str(config), "--delete"],
        ["mount", "-o", "remount,rw"],
        run,
        query,
    )
    first, refused, states, verified, collected, done, counted = answers
    assert first["exit_code"] == 0
    assert refused["exit_code"] == 1
    assert f"where: {config.parent / 'store'}/" in refused["stderr"]
    assert "the file system is mounted read-only: choose another store" in refused["stderr"]
    current = [row["stage"] for row in json.loads(states["stdout"]) if row["state"] == "current"]
    assert current == ["images"]
    assert verified["exit_code"] == collected["exit_code"] == 0
    assert done["exit_code"] == 0, done
    assert json.loads(counted["stdout"]) == [{"n": 24}]
