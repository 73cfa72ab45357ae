"""Out of memory on the device: the batch is halved and tried again, and stays that small in this process."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from flows.engine.errors import BadRequest
from flows.engine.shard_task import JobResult, ShardTask

LOG = logging.getLogger("sane")


class BatchLimits:
    """The largest batch size that fitted, by job and device, once one did not."""

    def __init__(self) -> None:
        self._largest: dict[tuple[str, str], int] = {}

    def fitting(self, task: ShardTask) -> ShardTask:
        """Return the task with a batch size that is not known to be too large."""
        asked = task.device.batch_size
        largest = self._largest.get((task.job, task.device.name), asked)
        return replace(task, device=replace(task.device, batch_size=min(asked, largest)))

    def remember(self, task: ShardTask) -> None:
        """Keep the task's batch size as the largest for its job and device."""
        self._largest[task.job, task.device.name] = task.device.batch_size


@lru_cache(maxsize=1)
def process_limits() -> BatchLimits:
    """Return the limits learnt in this process."""
    return BatchLimits()


def run_within_memory(
    task: ShardTask, job: Callable[[ShardTask], JobResult], limits: BatchLimits
) -> tuple[JobResult, ShardTask]:
    """Return the job's result and the task as it was done, its batch halved as often as the device's memory demands.

    Float32 values may differ in their last bits from those of the full batch; the commit says which batch made them.

    Raises:
        BadRequest: not even one image at a time fits, or the job is a training, whose batch size is part of the
            result.
    """
    while True:
        task = limits.fitting(task)
        result = _result_or_none(task, job)
        if result is not None:
            return result, task
        free_device_memory(task.device.name)
        if task.batch_setting is not None:
            # Of a training: a smaller batch would be another model.
            raise _too_large(task, task.batch_setting, "")
        if task.device.batch_size == 1:
            raise _too_large(task, "compute.batch_size", " with one image at a time")
        task = replace(task, device=replace(task.device, batch_size=task.device.batch_size // 2))
        limits.remember(task)
        LOG.warning(
            "%s %s: out of memory on %s, going on with batches of %d",
            task.stage,
            task.shard_label,
            task.device.name,
            task.device.batch_size,
        )


def _result_or_none(task: ShardTask, job: Callable[[ShardTask], JobResult]) -> JobResult | None:
    try:
        return job(task)
    except RuntimeError as error:
        # Left before anything is freed: the error's frames hold the tensors that filled the memory.
        if is_out_of_memory(error):
            return None
        raise


def is_out_of_memory(error: BaseException | None) -> bool:
    """Return whether an error, or one that it came out of, says that the device's memory is full."""
    import torch

    while error is not None:
        # cuBLAS and cuDNN say it in their own way.
        if isinstance(error, torch.OutOfMemoryError) or "ALLOC_FAILED" in str(error):
            return True
        # Where memory ends while a pass is recorded, the end of the recording complains last.
        error = error.__context__
    return False


def free_device_memory(device: str) -> None:
    """Give back what torch keeps of a CUDA device's memory for later; nothing on a CPU."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.empty_cache()


def _too_large(task: ShardTask, key: str, how: str) -> BadRequest:
    return BadRequest(
        expected=f"a shard that fits into the memory of {task.device.name}",
        found=f"out of memory{how}",
        where=f"{task.stage} {task.shard_label}",
        remedy=f"lower {key}, free the device of other programs, or use one with more memory",
    )
