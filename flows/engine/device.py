"""The device that jobs compute on: the one that is asked for, and the one that this machine has."""

import os
from dataclasses import replace

from flows.engine.errors import BadRequest
from flows.engine.shard_task import Device

AUTO = "auto"


def resolve_device(asked: Device) -> Device:
    """Return the device for jobs of this process: "auto" takes a CUDA device where torch finds one.

    Raises:
        BadRequest: a CUDA device is asked for and there is none.
    """
    import torch

    name = asked.name
    if name == AUTO:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise BadRequest(
            expected="a CUDA device",
            found="none that torch can use",
            where=f"compute.device = {name!r}",
            remedy="set compute.device to 'cpu', or run on a machine with a GPU",
        )
    return replace(asked, name=name, threads=asked.threads or usable_cores())


def usable_cores() -> int:
    """Return how many CPU cores this process may use."""
    return len(os.sched_getaffinity(0))


def cuda_devices() -> int:
    """Return how many CUDA devices torch can use here."""
    import torch

    return torch.cuda.device_count()


def set_arithmetic(threads: int) -> None:
    """Fix for this process what float32 means: torch's CPU threads, and no 19-bit TF32 on CUDA.

    Bits depend on the number of threads. cuDNN would compute convolutions in TF32, whose products keep 10 bits of 23;
    whoever wants less than float32 asks for bfloat16.
    """
    import torch

    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
