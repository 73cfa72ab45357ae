"""A Dask scheduler and workers started by hand, as docs/cluster.md says, each a process of its own on 127.0.0.1."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.engine.code_identity import SOURCE_ROOT

PRELOAD = SOURCE_ROOT / "tests" / "faults" / "trivial_job.py"


@dataclass(frozen=True)
class HandStartedCluster:
    """Addresses and processes of a cluster; a worker is the child of its nanny."""

    address: str
    scheduler: subprocess.Popen[bytes]
    nannies: list[subprocess.Popen[bytes]]
    logs: Path

    def worker_pids(self) -> list[int]:
        """Return the processes that compute; a nanny's other child only tracks resources."""
        return [pid for nanny in self.nannies for pid in children(nanny.pid) if "spawn_main" in command_line(pid)]

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.logs.iterdir()))


@contextmanager
def hand_started_cluster(
    workers: int, resources: str | None, nthreads: int = 1, preload: Path = PRELOAD
) -> Iterator[HandStartedCluster]:
    """Give a cluster; by default its workers know the job of tests/faults/trivial_job.py, too."""
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder) / "logs"
        logs.mkdir()
        scheduler = _start(
            logs / "scheduler", folder, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        processes = [scheduler]
        try:
            address = _announced(logs / "scheduler")
            options = ["--host", "127.0.0.1", "--nthreads", str(nthreads), "--no-dashboard", "--preload", str(preload)]
            options += ["--resources", resources] if resources else []
            processes += [
                _start(logs / f"worker-{number}", folder, "worker", address, *options) for number in range(workers)
            ]
            yield HandStartedCluster(address, scheduler, processes[1:], logs)
        finally:
            for process in reversed(processes):
                process.terminate()
            for process in reversed(processes):
                _end(process)


def wait_for(condition, what: str, seconds: float = 120.0) -> None:  # type: ignore[no-untyped-def]
    """Wait until a condition holds, or fail with its name."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(word) for word in task.read_text().split()]
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _start(log: Path, folder: str, *words: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _announced(log: Path) -> str:
    found: list[str] = []

    def announced() -> bool:
        found[:] = re.findall(r"Scheduler at:\s+(tcp://\S+)", log.read_text())
        return bool(found)

    wait_for(announced, "the scheduler's address in its log")
    return found[0]


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
