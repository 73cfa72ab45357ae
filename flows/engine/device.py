"""Where jobs compute: the device that the settings ask for, and the one that this machine has."""

import os
from dataclasses import replace

from flows.engine.shard_task import Device
from flows.settings.configuration import DEFAULT_BATCH_SIZE, Settings
from pipeline.errors import BadSetting

AUTO = "auto"


def asked_device(settings: Settings) -> Device:
    """Return the device as the settings name it; "auto" and 0 threads are for `resolve_device` to fill in.

    This imports no torch, and says nothing about what there is: jobs may compute on another machine. A batch size of
    "auto" that is not settled yet (see flows.auto_compute) is the default one.
    """
    compute = settings.compute
    batch_size = compute.batch_size if isinstance(compute.batch_size, int) else DEFAULT_BATCH_SIZE
    return Device(compute.device, batch_size, compute.threads or 0, compute.checkpoint_seconds)


def resolve_device(asked: Device) -> Device:
    """Return the device for jobs of this process: "auto" takes a CUDA device where torch finds one.

    Raises:
        BadSetting: a CUDA device is asked for and there is none.
    """
    import torch

    name = asked.name
    if name == AUTO:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise BadSetting(
            expected="a CUDA device",
            found="none that torch can use",
            where=f"compute.device = {name!r}",
            remedy="set compute.device to 'cpu', or run on a machine with a GPU",
        )
    return replace(asked, name=name, threads=asked.threads or usable_cores())


def usable_cores() -> int:
    """Return how many CPU cores this process may use."""
    return len(os.sched_getaffinity(0))
