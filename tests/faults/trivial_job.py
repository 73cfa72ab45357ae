"""A job of no cost that can be told to misbehave; in a process of its own it takes the place of a job of the product.

`dask worker --preload` runs this file in each worker; drivers in tests import it. Every start of a job is counted on
disk, so that work done twice cannot hide.
"""

import os
import signal
import sys
import time
import types
from pathlib import Path
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from stores.parts import ArraysPart

JOB = "flows.jobs.trivial"


def run(inputs: JobInputs) -> JobResult:
    """Return two numbers that follow from the shard's number, after counting the start."""
    work = inputs.work
    count_start(Path(work["starts"]), inputs.task.shard_label)
    if work.get("poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    if "error" in work:
        raise work["error"]
    time.sleep(work.get("seconds", 0.0))
    values = np.array([work["number"], 2 * work["number"]], dtype=np.int64)
    return JobResult({"values": ArraysPart({"values": values}, {"values": ("value",)})}, {"images": 1})


def count_start(starts: Path, label: str) -> None:
    """Note that a job began; one short appended line is written whole or not at all."""
    descriptor = os.open(starts, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{label} {os.getpid()}\n".encode())
    finally:
        os.close(descriptor)


def started(starts: Path) -> list[str]:
    """Return the labels of all jobs begun so far, once for each start."""
    return [line.split()[0] for line in starts.read_text().splitlines()] if starts.exists() else []


def install() -> None:
    """Make `flows.jobs.trivial` exist in this process."""
    module = types.ModuleType(JOB)
    module.run = run  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module


def dask_setup(_worker: Any) -> None:
    """Called by `dask worker --preload`."""
    install()
