"""The Dask cluster of a run: one that exists, found by its address, or one on this machine for the time of the run."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flows.engine.device import cuda_devices, usable_cores
from flows.engine.errors import BadRequest
from flows.engine.on_dask.interrupts import loop_without_interrupts, stop_deferred
from flows.engine.on_dask.log import leave_out_lost_heartbeats, shown_log_lines, without_cancelled_waits
from flows.engine.shard_task import Device

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

    @property
    def address(self) -> str:
        """The scheduler's address."""
        return str(self.client.scheduler.address) if self.client.scheduler is not None else "the Dask scheduler"

    def slots_by_worker(self) -> dict[str, int]:
        """Return, by the address of each running worker, how many shards it can do at once."""
        return {
            address: min(int(worker["resources"].get(GPU, 0)), worker["nthreads"]) if self.claims else 1
            for address, worker in self.client.scheduler_info()["workers"].items()
            if worker["status"] == "running" and (not self.claims or worker["resources"].get(GPU, 0) >= 1)
        }

    def workers_not_running(self) -> list[str]:
        """Return the workers that are there and take no work, such as those paused for want of memory."""
        workers = self.client.scheduler_info()["workers"].items()
        return [f"{address} is {worker['status']}" for address, worker in workers if worker["status"] != "running"]


@dataclass(frozen=True)
class DaskOptions:
    """Which cluster a run uses.

    Attributes:
        address: of a scheduler; None starts workers on this machine.
        workers: how many of those; None for one a GPU, or one a core.
        patience_s: how long to wait for a first worker, or when the last one is gone.
        device: of the jobs, as far as it is known.
    """

    address: str | None
    workers: int | None
    patience_s: float
    device: Device


@contextmanager
def dask_cluster(options: DaskOptions) -> Iterator[DaskCluster]:
    """Give a cluster for a run: that at the address, else one on this machine that ends with the block.

    Jobs claim one GPU of a worker where the device is a CUDA device, or where workers offer GPUs.

    Raises:
        BadRequest: no scheduler answers, it has no workers, or none that offers a GPU where one is needed.
    """
    asked = options.device
    with ExitStack() as stack:
        stack.enter_context(without_cancelled_waits())
        if options.address is None:
            client, device = stack.enter_context(_local_cluster(asked, options.workers))
        else:
            client, device = stack.enter_context(_connected(options.address)), asked
        stack.enter_context(shown_log_lines(client))
        yield DaskCluster(client, _claims(client, device, options.patience_s), device)


@contextmanager
def _connected(address: str) -> Iterator["Client"]:
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise BadRequest(
            expected="a Dask scheduler",
            found=str(error) or type(error).__name__,
            where=f"compute.dask_address = {address!r}",
            remedy="start one with `dask scheduler`, or give the address that it prints (tcp://host:8786)",
        ) from error
    with client:
        yield client


@contextmanager
def _local_cluster(asked: Device, workers: int | None) -> Iterator[tuple["Client", Device]]:
    from distributed import Nanny, Scheduler

    gpus = _visible_gpus(asked)
    count = workers or len(gpus) or min(usable_cores(), MOST_CPU_WORKERS)
    if gpus and count > len(gpus):
        raise BadRequest(
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
    # Any free port for its page of health, too: the usual one may be taken by another cluster.
    options = {"host": "127.0.0.1", "port": 0, "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    scheduler = {"cls": Scheduler, "options": options}
    LOG.info("starting %d Dask workers on this machine, %d threads each", count, threads)
    with ExitStack() as stack:
        client = _started(stack, spec, scheduler)
        name = asked.name if not gpus else "cuda"
        yield client, replace(asked, name=name, threads=threads)


def _started(stack: ExitStack, workers: dict[int, Any], scheduler: dict[str, Any]) -> "Client":
    """Return a client of a cluster that has started and ends with the stack."""
    from distributed import Client, SpecCluster

    try:
        loop = stack.enter_context(loop_without_interrupts())
        with stop_deferred():
            cluster = stack.enter_context(
                SpecCluster(workers=workers, scheduler=scheduler, silence_logs=logging.ERROR, loop=loop)
            )
        client = stack.enter_context(Client(cluster, timeout=CONNECT_TIMEOUT_S))
        client.wait_for_workers(len(workers), timeout=120)
        leave_out_lost_heartbeats(client)
    except (TimeoutError, RuntimeError) as error:
        raise BadRequest(
            expected="Dask workers that start on this machine",
            found=str(error) or type(error).__name__,
            where="--runner dask",
            remedy="start fewer (compute.workers), or free memory and cores",
        ) from error
    return client


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
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    count = cuda_devices()
    visible = listed.split(",")[:count] if listed else [str(number) for number in range(count)]
    _, separator, number = asked.name.partition(":")
    wanted = visible[int(number) : int(number) + 1] if separator else visible
    if asked.name.startswith("cuda") and not wanted:
        raise BadRequest(
            expected="a CUDA device on this machine, whose workers the run is to start",
            found=f"{count} that torch can use",
            where=f"compute.device = {asked.name!r}",
            remedy="set compute.device to 'cpu', or give the address of a cluster that has GPUs (--dask-address)",
        )
    return wanted


def _workers(client: "Client", patience_s: float) -> dict[str, Any]:
    """Return the cluster's workers, waiting for the first one: on a cluster with a queue that may take its time."""
    end_s = time.monotonic() + max(patience_s, FIRST_WORKER_TIMEOUT_S)
    told_s = time.monotonic()
    while True:
        workers: dict[str, Any] = client.scheduler_info()["workers"]
        if workers or time.monotonic() > end_s:
            return workers
        if time.monotonic() > told_s:
            LOG.warning("waiting for the first Dask worker at %s", client.scheduler.address)
            told_s = time.monotonic() + 60
        time.sleep(0.2)


def _claims(client: "Client", device: Device, patience_s: float) -> dict[str, int]:
    workers = _workers(client, patience_s)
    offering = [worker for worker in workers.values() if worker["resources"].get(GPU, 0) >= 1]
    if not workers:
        raise BadRequest(
            expected="at least one Dask worker",
            found="a scheduler without workers",
            where=str(client.scheduler.address),
            remedy="start workers first, such as: dask worker SCHEDULER --nthreads 1 --resources GPU=1",
        )
    if device.name.startswith("cuda") and not offering:
        # Dask would wait for such a worker without a word, for ever.
        raise BadRequest(
            expected="a Dask worker that offers the resource GPU",
            found=f"{len(workers)} workers, none of which does",
            where=str(client.scheduler.address),
            remedy="start workers with --resources GPU=1 (one a GPU), or set compute.device to 'cpu'",
        )
    return {GPU: 1} if offering else {}
