"""Doing one shard: committed already? read, call the pipeline, write, commit."""

import datetime
import importlib
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from flows.engine.device import resolve_device, set_arithmetic
from flows.engine.device_memory import process_limits, run_within_memory
from flows.engine.failures import record_error
from flows.engine.shard_task import JobInputs, JobResult, ShardTask
from flows.engine.upstream import Upstream
from flows.engine.versions import package_versions
from stores.artifacts import ArtifactStore
from stores.errors import MissingArtifact
from stores.manifests import Commit, Manifest


class UpstreamNotSeen(MissingArtifact):
    """The manifest of an upstream result is not to be seen from this process."""


def execute_shard(task: ShardTask) -> Commit:
    """Return the shard's commit, computing it only where none exists; safe to call again at any time.

    A failure is recorded where it happens, with a log file, and raised again.

    Raises:
        Exception: the work is refused, see the job.
        StoreError: an upstream artifact cannot be read, or the store not be written.
    """
    try:
        return _commit_of(task)
    except Exception as error:
        record_error(task, error)
        raise


def _commit_of(task: ShardTask) -> Commit:
    store = ArtifactStore(task.store_root)
    committed = store.read_commit(task.stage, task.shard_key)
    if committed is not None:
        return committed
    task = replace(task, device=resolve_device(task.device))
    set_arithmetic(task.device.threads)
    started = time.perf_counter()
    upstream = _readable(store, task)
    body = job_body(task.job)
    result, task = run_within_memory(task, lambda sized: body(JobInputs(sized, upstream)), process_limits())
    return store.commit_shard(
        task.stage,
        task.shard_key,
        task.shard_label,
        result.parts,
        counts=dict(result.counts),
        seconds=time.perf_counter() - started,
        provenance={
            "device": task.device.name,
            "batch_size": task.device.batch_size,
            "threads": task.device.threads,
            "versions": package_versions(),
            "run_id": task.run_id,
            "upstream": dict(task.upstream),
            "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        },
    )


def job_body(job: str) -> Callable[[JobInputs], JobResult]:
    """Return the function `run` of a job's module."""
    body: Callable[[JobInputs], JobResult] = importlib.import_module(job).run
    return body


def _readable(store: ArtifactStore, task: ShardTask) -> Upstream:
    # Once a run and process: the manifest of a large stage has millions of bytes. Another run may have made a
    # result of the same fingerprint anew.
    read = _manifest if task.run_id else _manifest.__wrapped__
    names = task.upstream.items()
    own = Upstream(store, {stage: read(task.store_root, stage, wanted, task.run_id) for stage, wanted in names})
    return own.known_as(task.read_as)


@lru_cache(maxsize=64)
def _manifest(store_root: str, stage: str, fingerprint: str, _run_id: str) -> Manifest:
    manifest = ArtifactStore(store_root).read_manifest(stage, fingerprint)
    if manifest is None:
        raise UpstreamNotSeen(
            expected=f"the manifest {fingerprint[:12]} of {stage}",
            found="none",
            where=f"{store_root} on {socket.gethostname()}",
            remedy="is the store mounted here? Was it cleaned while this run went on? Run again",
        )
    return manifest
