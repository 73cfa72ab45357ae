"""What a Dask worker does with one shard; the arrays stay where they are computed."""

import hashlib
import os
import threading
from functools import lru_cache

from flows.code_closure import SOURCE_ROOT
from flows.execution import execute_shard
from flows.on_dask.log import send_log_lines
from flows.shards import ShardTask
from pipeline.errors import BadSetting
from stores.manifests import Commit


def do_shard_on_worker(task: ShardTask, driver_source: str) -> tuple[Commit, str]:
    """Return the shard's commit and the address of the worker that made or found it.

    Shards of one process are done one at a time: torch's threads and the device's memory belong to the process.

    Args:
        task: the shard; its key was made in the driver.
        driver_source: `source_digest` of the driver, whose code the key names.

    Raises:
        BadSetting: this worker runs other source files, or lacks the device.
        PipelineError, StoreError: see `execute_shard`.
    """
    from distributed import get_worker

    # Waiting threads that spin starve each other on shared cores; read by OpenMP when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    worker = get_worker()
    send_log_lines(worker)
    address = str(worker.address)
    if source_digest() != driver_source:
        raise BadSetting(
            expected="the same source files on the worker as where the run was started",
            found="other ones",
            where=f"{SOURCE_ROOT} on worker {address}",
            remedy="install the same version on every worker, and start the workers again",
        )
    with _one_at_a_time():
        return execute_shard(task), address


@lru_cache(maxsize=1)
def source_digest() -> str:
    """Return one digest of all source files that decide how a shard is computed and stored."""
    digest = hashlib.sha256()
    for package in ("pipeline", "stores", "flows"):
        for path in sorted((SOURCE_ROOT / package).rglob("*.py")):
            digest.update(str(path.relative_to(SOURCE_ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _one_at_a_time() -> threading.Lock:
    return threading.Lock()
