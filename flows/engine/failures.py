"""Recording a shard that failed: a row for the table of failures, and a log file with all that is known."""

import dataclasses
import json
import logging
import os
import platform
import socket
import traceback

from flows.engine.shard_task import ShardTask
from flows.engine.versions import package_versions
from pipeline.errors import PipelineError
from stores.artifacts import ArtifactStore
from stores.errors import StoreError
from stores.failure_records import MOST_LISTED_IMAGES, FailureRecord, write_failure
from stores.manifests import created_now


def record_error(task: ShardTask, error: BaseException) -> None:
    """Record a shard whose job raised; called where it happened, which may be a worker. Never raises."""
    record_failure(task, error_text(error), "".join(traceback.format_exception(error)))


def record_failure(task: ShardTask, error: str, log_text: str) -> None:
    """Record a shard that failed, in words; also for a driver whose worker died with the shard.

    Never raises: whatever stopped the shard matters more than that it cannot be written down, for example because
    the same disk is full. A task of no run is not recorded.

    Args:
        task: the shard.
        error: what was expected and found, where, and what to do; or one line.
        log_text: what else is known, such as a traceback; the log also gets the task, the device and the versions.
    """
    if not task.run_id:
        return
    try:
        root = ArtifactStore(task.store_root).root
        images = images_of(task)
        listed = tuple(images[:MOST_LISTED_IMAGES])
        when = created_now()
        failure = FailureRecord(
            task.run_id, task.stage, task.shard_label, task.shard_key, listed, len(images), error, when
        )
        write_failure(root, failure, _log(task, when, error, log_text))
    except Exception as problem:
        name = f"{task.stage} {task.shard_label}"
        logging.getLogger("sane").warning("the failure of %s cannot be recorded: %s", name, error_text(problem))


def images_of(task: ShardTask) -> list[str]:
    """Return the ids of the images that a shard works on, sorted; none where the shard is a whole stage."""
    work = task.work
    if "rows" in work:
        return sorted(row["image_id"] for row in work["rows"])
    if "pairs" in work:
        return sorted({pair[side] for pair in work["pairs"] for side in ("query", "reference")})
    if "images_shard" in work:
        return _images_of_shard(task.store_root, work["images_shard"])
    return []


def error_text(error: BaseException) -> str:
    """Return the four parts of an error that has them, else its type and text."""
    text = str(error).strip()
    if isinstance(error, PipelineError | StoreError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _images_of_shard(store_root: str, shard_key: str) -> list[str]:
    store = ArtifactStore(store_root)
    try:
        commit = store.require_commit("images", shard_key)
        return sorted(store.read_part_table(commit, "images", ["image_id"])["image_id"].to_pylist())
    except StoreError:
        return []  # the images themselves may be what is damaged


def _log(task: ShardTask, when: str, error: str, log_text: str) -> str:
    facts = {
        "time": when,
        "run": task.run_id,
        "stage": task.stage,
        "shard": task.shard_label,
        "shard key": task.shard_key,
        "device": f"{task.device.name}, batch size {task.device.batch_size}, {task.device.threads} threads",
        "process": f"{os.getpid()} on {socket.gethostname()}",
        "versions": json.dumps({"python": platform.python_version(), **package_versions()}),
    }
    head = "\n".join(f"{name}: {value}" for name, value in facts.items())
    plain_task = json.dumps(dataclasses.asdict(task), indent=1, sort_keys=True, default=str)
    return f"{head}\n\n{error}\n\n{log_text.rstrip()}\n\ntask: {plain_task}\n"
