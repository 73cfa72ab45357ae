"""`sane run` as a child process that notes every job it begins, so that work done twice can be counted.

Run as a script: counted_run.py STARTS RUN-ARGUMENTS...; as `dask worker --preload`, the file of starts is in the
environment. The product code has no hooks: the function that finds a job's body is replaced.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows.engine.code_identity import SOURCE_ROOT
from flows.engine.shard_task import JobInputs, JobResult

STARTS = "SANE_TEST_STARTS"


def count_jobs(starts: str) -> None:
    """From now on note each job that begins in this process."""
    from flows.engine import execute as execution

    find = execution.job_body

    def counted(job: str) -> Callable[[JobInputs], JobResult]:
        body = find(job)

        def run(inputs: JobInputs) -> JobResult:
            descriptor = os.open(starts, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(descriptor, f"{inputs.task.stage} {inputs.task.shard_label} {os.getpid()}\n".encode())
            os.close(descriptor)
            return body(inputs)

        return run

    execution.job_body = counted  # type: ignore[assignment]


def dask_setup(_worker: Any) -> None:
    """Called by `dask worker --preload`."""
    count_jobs(os.environ[STARTS])


def begun(starts: Path, stage: str) -> list[str]:
    """Return the labels of the stage's shards begun so far, once for each start."""
    if not starts.exists():
        return []
    words = (line.split() for line in starts.read_text().splitlines())
    return [label for name, label, _ in words if name == stage]


def start_run(starts: Path, *arguments: object) -> subprocess.Popen[str]:
    """Start `sane run` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, str(Path(__file__)), str(starts), "run", *map(str, arguments)],
        cwd=SOURCE_ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(SOURCE_ROOT),
            STARTS: str(starts),
            # Workers that the run itself starts count, too.
            "DASK_DISTRIBUTED__WORKER__PRELOAD": str([str(Path(__file__))]),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for_a_start(child: subprocess.Popen[str], starts: Path, stage: str, known: int, seconds: float) -> bool:
    """Wait until the child begins another shard of the stage; return False when it ended without one."""
    end = time.monotonic() + seconds
    while len(begun(starts, stage)) <= known:
        if child.poll() is not None:
            return False
        assert time.monotonic() < end, "no job began in time"
        time.sleep(0.02)
    return True


def kill_group(child: subprocess.Popen[str]) -> str:
    """SIGKILL the child with everything it started, and return what it printed."""
    os.killpg(child.pid, signal.SIGKILL)
    return child.communicate(timeout=60)[0]


if __name__ == "__main__":
    # Ignored where the tests themselves were started in the background of a shell.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    count_jobs(sys.argv[1])
    from flows.cli import app

    app(sys.argv[2:])
