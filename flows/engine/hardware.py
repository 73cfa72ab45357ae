"""The name of the hardware that jobs of this process would use, found without torch."""

import os
import platform
import socket
from pathlib import Path

from flows.engine.device import AUTO

# Any of these says that an accelerator may be there.
ACCELERATOR_FILES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
# The driver's own list: a folder for each GPU, whose file `information` has a line with its model.
DRIVER_GPUS = "/proc/driver/nvidia/gpus"
HIDING_ALL = ("", "-1")
PROCESSOR = "/proc/cpuinfo"
# As Linux names them, on x86 and ARM.
BFLOAT16_UNITS = {"amx_bf16", "avx512_bf16", "bf16"}


def hardware_name(asked: str) -> str:
    """Return the processor's model and bfloat16 units, or the device asked for with the models of the driver's GPUs.

    Where there is an accelerator that the driver does not name, this machine's name stands for its model.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in HIDING_ALL
    present = not hidden and any(Path(file).exists() for file in ACCELERATOR_FILES)
    if asked == "cpu" or (asked == AUTO and not present):
        return " ".join(["cpu", processor_name(), *_bfloat16_units()])
    return f"{asked} {', '.join(_gpu_models()) or f'accelerator of {socket.gethostname()}'}"


def processor_name() -> str:
    """Return the processor's model, or its architecture where the system does not tell."""
    models = _of_processor("model name")
    return models[0] if models else platform.machine()


def _bfloat16_units() -> list[str]:
    # Virtual machines call unlike processors by one name.
    flags = {flag for line in (*_of_processor("flags"), *_of_processor("Features")) for flag in line.split()}
    return sorted(flags & BFLOAT16_UNITS)


def _of_processor(field: str) -> list[str]:
    try:
        lines = Path(PROCESSOR).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == field]


def _gpu_models() -> list[str]:
    models = set()
    for file in sorted(Path(DRIVER_GPUS).glob("*/information")):
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        models |= {line.partition(":")[2].strip() for line in lines if line.startswith("Model:")}
    return sorted(models)
