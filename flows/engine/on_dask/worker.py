"""What a Dask worker does with one shard; the arrays stay where they are computed."""

import hashlib
import os
import threading
from dataclasses import dataclass
from functools import lru_cache

from flows.engine.code_identity import SOURCE_ROOT
from flows.engine.device import resolve_device
from flows.engine.errors import BadRequest
from flows.engine.execute import UpstreamNotSeen, execute_shard
from flows.engine.on_dask.log import send_log_lines
from flows.engine.shard_task import ShardTask
from stores.errors import ReadOnlyStore, StoreError
from stores.location import Location
from stores.manifests import Commit
from stores.run_records import RUNS

# Torch's threads and the device's memory belong to the process.
_ONE_AT_A_TIME = threading.Lock()
# Modules, and the templates, style sheets and scripts of the report.
_SOURCE_ENDINGS = frozenset({".py", ".html", ".css", ".js"})


@dataclass(frozen=True)
class WorkerRefusal:
    """A shard that was not done for a reason that has to do with the worker; another may well do it.

    Attributes:
        worker: its address.
        error: why.
    """

    worker: str
    error: BaseException


def do_shard_on_worker(task: ShardTask, driver_source: str) -> tuple[Commit, str] | WorkerRefusal:
    """Return the shard's commit and the address of the worker that made or found it; one at a time in a process.

    A refusal comes back where the worker runs other source files, lacks the device, does not see the store or cannot
    write to it, or its device is beyond repair.

    Args:
        task: the shard; its key was made in the driver.
        driver_source: `source_digest` of the driver, whose code the key names.

    Raises:
        Exception: see `execute_shard`.
    """
    from distributed import get_worker

    # Waiting threads that spin starve each other on shared cores; read by OpenMP when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    worker = get_worker()
    send_log_lines(worker)
    address = str(worker.address)
    try:
        _check_source(driver_source, address)
        _check_store(task.store_root, task.run_id, address)
        resolve_device(task.device)
    except (BadRequest, StoreError) as error:
        return WorkerRefusal(address, error)
    with _ONE_AT_A_TIME:
        try:
            return execute_shard(task), address
        except (ReadOnlyStore, UpstreamNotSeen) as error:
            return WorkerRefusal(address, error)
        except RuntimeError as error:
            if str(error).startswith("CUDA error"):
                return WorkerRefusal(address, error)
            raise


def _check_source(driver_source: str, address: str) -> None:
    if source_digest() != driver_source:
        raise BadRequest(
            expected="the same source files on the worker as where the run was started",
            found="other ones",
            where=f"{SOURCE_ROOT} on worker {address}",
            remedy="install the same version on every worker, and start the workers again",
        )


def _check_store(store_root: str, run_id: str, address: str) -> None:
    """Refuse before hours of computing what would be written where nobody looks."""
    if run_id and not Location.parse(store_root).child(RUNS, f"{run_id}.json").exists():
        raise BadRequest(
            expected="the store of the run, with its record of this run",
            found="none",
            where=f"{store_root} on worker {address}",
            remedy="mount it at the same path on all machines, or use object storage ([store] root = 's3://...')",
        )


@lru_cache(maxsize=1)
def source_digest() -> str:
    """Return one digest of all source files that decide how a shard is computed and stored."""
    digest = hashlib.sha256()
    for package in ("pipeline", "stores", "flows"):
        for path in sorted((SOURCE_ROOT / package).rglob("*")):
            if path.suffix not in _SOURCE_ENDINGS:
                continue
            digest.update(str(path.relative_to(SOURCE_ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
