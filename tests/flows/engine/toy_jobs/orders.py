"""What a test tells a job to do: fail, or be killed, at one shard; every start is noted on the disk."""

import os
import signal
from pathlib import Path

from flows.engine.shard_task import JobInputs
from stores.errors import CorruptArtifact


def begin(inputs: JobInputs) -> None:
    """Note that the shard begins, then do what the test has ordered for it.

    Raises:
        CorruptArtifact: where the order is to fail.
    """
    folder = Path(str(inputs.task.paths["orders"]))
    with (folder / "started").open("a") as started:
        started.write(f"{inputs.task.stage} {inputs.task.shard_label}\n")
    if _ordered(folder / "kill", inputs.task.shard_label):
        os.kill(os.getpid(), signal.SIGKILL)
    if _ordered(folder / "fail", inputs.task.shard_label):
        raise CorruptArtifact(expected="a number", found="an order to fail", where="the toy", remedy="take it back")


def _ordered(order: Path, label: str) -> bool:
    return order.exists() and order.read_text() == label
