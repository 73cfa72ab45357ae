"""The tables `runs` and `failures`: what a store remembers of all runs on it, whatever their configuration."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from stores.artifacts import ArtifactStore
from stores.failure_records import FailureRecord, failure_log, list_failures
from stores.run_records import RunRecord, list_runs

if TYPE_CHECKING:
    import pyarrow as pa


def history_tables(store: ArtifactStore) -> "dict[str, pa.Table]":
    """Return both tables by name, `failures` perhaps without rows; none before the first run.

    Raises:
        StoreError: a record is damaged or of a newer version.
    """
    from stores.tables import table_from_rows

    runs = list_runs(store.root)
    if not runs:
        return {}
    failures = [_failure_row(failure, store) for failure in list_failures(store.root)]
    return {
        "runs": table_from_rows("runs", [_run_row(run) for run in runs]),
        "failures": table_from_rows("failures", failures),
    }


def _run_row(run: RunRecord) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "config": run.config,
        "seed": run.seed,
        "started": datetime.fromisoformat(run.started),
        "state": run.shown_state,
        "host": run.sign.host,
        "pid": run.sign.pid,
        "stages": len(run.artifacts),
        "name": run.name or None,
        "finished": datetime.fromisoformat(run.finished) if run.finished else None,
        "error": run.error or None,
    }


def _failure_row(failure: FailureRecord, store: ArtifactStore) -> dict[str, Any]:
    return {
        "run_id": failure.run_id,
        "stage": failure.stage,
        "shard": failure.shard,
        "shard_key": failure.shard_key,
        "images": list(failure.images),
        "images_count": failure.images_count,
        "error": failure.error,
        "failed_at": datetime.fromisoformat(failure.when),
        "log": failure_log(store.root, failure).url,
    }
