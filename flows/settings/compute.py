"""What [compute] asks for, as the engine takes it: the device of the jobs, and where shards go."""

from flows.engine.on_dask.cluster import DaskOptions
from flows.engine.shard_task import Device
from flows.settings.configuration import DEFAULT_BATCH_SIZE, Settings


def asked_device(settings: Settings) -> Device:
    """Return the device as the settings name it; the engine fills in "auto" and 0 threads where jobs run.

    This imports no torch, and says nothing about what there is: jobs may compute on another machine. A batch size of
    "auto" that is not resolved yet (see flows.auto_compute) is the default one.
    """
    compute = settings.compute
    batch_size = compute.batch_size if isinstance(compute.batch_size, int) else DEFAULT_BATCH_SIZE
    return Device(compute.device, batch_size, compute.threads or 0, compute.checkpoint_seconds)


def chosen_runner(settings: Settings) -> str:
    """Return "inline", "dask" or "prefect"; where none is named, an address of a scheduler means Dask."""
    compute = settings.compute
    return compute.runner or ("dask" if compute.dask_address is not None else "inline")


def dask_options(settings: Settings) -> DaskOptions | None:
    """Return the cluster that shards go to, None where they are done in this process."""
    compute = settings.compute
    runner = chosen_runner(settings)
    if runner != "dask" and not (runner == "prefect" and compute.dask_address is not None):
        return None
    patience_s = compute.worker_patience_minutes * 60
    return DaskOptions(compute.dask_address, compute.workers, patience_s, asked_device(settings))
