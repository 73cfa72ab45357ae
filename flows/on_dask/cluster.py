"""The Dask cluster of a run: one that exists, found by its address, or one on this machine for the time of the run."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flows.devices import asked_device, usable_cores
from flows.on_dask.log import shown_log_lines
from flows.settings import Settings
from flows.shards import Device
from pipeline.errors import BadSetting

if TYPE_CHECKING:
    from distributed import Client

LOG = logging.getLogger("sane")
CONNECT_TIMEOUT_S = 20
FIRST_WORKER_TIMEOUT_S = 20
GPU = "GPU"
MOST_CPU_WORKERS = 8


@dataclass(frozen=True)
class DaskCluster:
    """A cluster that is ready for shards.

    Attributes:
        client: connected to its scheduler.
        claims: what a shard claims of a worker, {"GPU": 1} or nothing.
        device: of the jobs, as far as it is known here.
    """

    client: "Client"
    claims: dict[str, int]
    device: Device

    def slots(self) -> int:
        """Return how many shards can be done at once just now."""
        workers = self.client.scheduler_info()["workers"].values()
        if not self.claims:
            return len(workers)
        return sum(int(worker["resources"].get(GPU, 0)) for worker in workers)


def uses_dask(settings: Settings) -> bool:
    """Return whether shards go to a Dask cluster."""
    compute = settings.compute
    return compute.runner == "dask" or (compute.runner == "prefect" and compute.dask_address is not None)


@contextmanager
def dask_cluster(settings: Settings) -> Iterator[DaskCluster]:
    """Give a cluster for a run: that at compute.dask_address, else one on this machine that ends with the block.

    Jobs claim one GPU of a worker where the device is a CUDA device, or where workers offer GPUs.

    Raises:
        BadSetting: no scheduler answers, it has no workers, or none that offers a GPU where one is needed.
    """
    asked = asked_device(settings)
    address = settings.compute.dask_address
    if address is None:
        with _local_cluster(asked, settings.compute.workers) as (client, device), shown_log_lines(client):
            yield DaskCluster(client, _claims(client, device), device)
    else:
        with _connected(address) as client, shown_log_lines(client):
            yield DaskCluster(client, _claims(client, asked), asked)


@contextmanager
def _connected(address: str) -> Iterator["Client"]:
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise BadSetting(
            expected="a Dask scheduler",
            found=str(error) or type(error).__name__,
            where=f"compute.dask_address = {address!r}",
            remedy="start one with `dask scheduler`, or give the address that it prints (tcp://host:8786)",
        ) from error
    with client:
        yield client


@contextmanager
def _local_cluster(asked: Device, workers: int | None) -> Iterator[tuple["Client", Device]]:
    from distributed import Client, Nanny, Scheduler, SpecCluster

    gpus = _visible_gpus(asked)
    count = workers or len(gpus) or min(usable_cores(), MOST_CPU_WORKERS)
    if gpus and count > len(gpus):
        raise BadSetting(
            expected=f"at most {len(gpus)} workers, one a GPU",
            found=str(count),
            where="compute.workers",
            remedy="leave it empty, or set compute.device to 'cpu'",
        )
    threads = asked.threads or max(1, usable_cores() // count)
    spec = {
        number: {"cls": Nanny, "options": _worker_options(threads, gpus[number] if gpus else None)}
        for number in range(count)
    }
    scheduler = {"cls": Scheduler, "options": {"host": "127.0.0.1", "port": 0, "dashboard": False}}
    LOG.info("starting %d Dask workers on this machine, %d threads each", count, threads)
    with (
        SpecCluster(workers=spec, scheduler=scheduler, silence_logs=logging.ERROR) as cluster,
        Client(cluster, timeout=CONNECT_TIMEOUT_S) as client,
    ):
        client.wait_for_workers(count, timeout=120)
        name = asked.name if not gpus else "cuda"
        yield client, replace(asked, name=name, threads=threads)


def _worker_options(threads: int, gpu: str | None) -> dict[str, Any]:
    # Dask sets these to 1 where nobody says otherwise; float32 sums must not depend on who started the worker.
    variables = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    variables["OMP_WAIT_POLICY"] = "passive"
    if gpu is not None:
        variables["CUDA_VISIBLE_DEVICES"] = gpu
    return {
        "nthreads": 1,
        "host": "127.0.0.1",
        # What a shard needs does not grow with time, and a killed worker would only meet the same shard again.
        "memory_limit": 0,
        "env": variables,
        "silence_logs": logging.ERROR,
        "resources": {GPU: 1} if gpu is not None else None,
    }


def _visible_gpus(asked: Device) -> list[str]:
    """Return what CUDA_VISIBLE_DEVICES has to say for each GPU that may be used; none on a CPU."""
    if asked.name == "cpu":
        return []
    import torch

    if asked.name.startswith("cuda:"):
        return [asked.name.removeprefix("cuda:")]
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    count = torch.cuda.device_count()
    return listed.split(",")[:count] if listed else [str(number) for number in range(count)]


def _workers(client: "Client") -> dict[str, Any]:
    """Return the cluster's workers, giving the first one a moment to arrive."""
    end_s = time.monotonic() + FIRST_WORKER_TIMEOUT_S
    while True:
        workers: dict[str, Any] = client.scheduler_info()["workers"]
        if workers or time.monotonic() > end_s:
            return workers
        time.sleep(0.2)


def _claims(client: "Client", device: Device) -> dict[str, int]:
    workers = _workers(client)
    offering = [worker for worker in workers.values() if worker["resources"].get(GPU, 0) >= 1]
    if not workers:
        raise BadSetting(
            expected="at least one Dask worker",
            found="a scheduler without workers",
            where=str(client.scheduler.address),
            remedy="start workers first, such as: dask worker SCHEDULER --nthreads 1 --resources GPU=1",
        )
    if device.name.startswith("cuda") and not offering:
        # Dask would wait for such a worker without a word, for ever.
        raise BadSetting(
            expected="a Dask worker that offers the resource GPU",
            found=f"{len(workers)} workers, none of which does",
            where=str(client.scheduler.address),
            remedy="start workers with --resources GPU=1 (one a GPU), or set compute.device to 'cpu'",
        )
    return {GPU: 1} if offering else {}
