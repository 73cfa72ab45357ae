"""Recording a shard that failed: a row for the table of failures, and a log file with all that is known."""

import dataclasses
import json
import logging
import os
import platform
import socket
import traceback

from flows.engine.errors import error_text
from flows.engine.shard_task import ShardTask
from flows.engine.stage import StoredItems
from flows.engine.versions import package_versions
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
        items = items_of(task)
        listed = tuple(items[:MOST_LISTED_IMAGES])
        when = created_now()
        failure = FailureRecord(
            task.run_id, task.stage, task.shard_label, task.shard_key, listed, len(items), error, when
        )
        write_failure(root, failure, _log(task, when, error, log_text))
    except Exception as problem:
        name = f"{task.stage} {task.shard_label}"
        logging.getLogger("sane").warning("the failure of %s cannot be recorded: %s", name, error_text(problem))


def items_of(task: ShardTask) -> list[str]:
    """Return the ids of the items that a shard works on, sorted; none where the shard is a whole stage."""
    if not isinstance(task.items, StoredItems):
        return sorted(set(task.items))
    kept = task.items
    store = ArtifactStore(task.store_root)
    try:
        commit = store.require_commit(kept.stage, kept.shard_key)
        return sorted(store.read_part_table(commit, kept.part, [kept.column])[kept.column].to_pylist())
    except StoreError:
        return []  # what is damaged may be just these


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
