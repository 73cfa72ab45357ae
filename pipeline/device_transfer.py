"""Arrays to a device and back without waiting for what the device has yet to do.

A plain copy waits until everything launched before it is done, and the device then idles until it is given more.
"""

from collections.abc import Callable

import numpy as np
import torch


def send(values: np.ndarray | torch.Tensor, device: str) -> torch.Tensor:
    """Return a copy of the values on a device; on the CPU a tensor may share the array's memory."""
    is_read_only = isinstance(values, np.ndarray) and not values.flags.writeable
    host = torch.tensor(values) if is_read_only else torch.as_tensor(values)
    if not device.startswith("cuda"):
        return host.to(device)
    return host.pin_memory().to(device, non_blocking=True)


def fetch(tensor: torch.Tensor) -> Callable[[], np.ndarray]:
    """Start to bring a tensor to the CPU; return what waits for it, and for nothing launched later, and gives it."""
    if tensor.device.type != "cuda":
        return tensor.cpu().numpy
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True).copy_(tensor, non_blocking=True)
    arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrived.record(torch.cuda.current_stream(tensor.device))

    def wait() -> np.ndarray:
        arrived.synchronize()
        return host.numpy()

    return wait
