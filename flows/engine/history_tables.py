"""The tables `runs` and `failures`: what a store remembers of all runs on it, whatever their configuration."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from stores.artifacts import ArtifactStore
from stores.failure_records import FailureRecord, failure_log, list_failures
from stores.run_records import RunRecord, list_runs
from stores.table_schema import INTEGER, NUMBER, TEXT, TEXTS, TIME, Column, TableSchema

if TYPE_CHECKING:
    import pyarrow as pa

RUNTIME = TableSchema(
    "runtime",
    "Made by `sane query` from the commits of all current stages, not stored: one row per shard.",
    (
        Column("stage", TEXT, "stage instance"),
        Column("shard", TEXT, "label"),
        Column("images", INTEGER, "images, or queries for saliency, faithfulness and localisation"),
        Column("pairs", INTEGER, "pairs that the shard covers, 0 where it is not made of pairs"),
        Column("forward_passes", INTEGER, "of the network concerned; those of validation in a training"),
        Column("training_passes", INTEGER, "images passed forward and backward, over all epochs of a training"),
        Column("seconds", NUMBER, "in the job", nullable=True, volatile=True),
        Column("device", TEXT, "torch device", nullable=True, volatile=True),
    ),
)

RUNS = TableSchema(
    "runs",
    "Made from the records of runs: every run on the store, whatever its configuration.",
    (
        Column("run_id", TEXT, "of the run; sorts by time of start"),
        Column("config", TEXT, "configuration file as the user named it"),
        Column("seed", INTEGER, "of the run; with several seeds each has a run of its own"),
        Column("started", TIME, "when it started", volatile=True),
        Column(
            "state",
            TEXT,
            "`running`, `done`, `failed`, `stopped` (by a signal), or `lost`: its process is gone and "
            "nobody wrote how it ended",
        ),
        Column("host", TEXT, "machine of the run"),
        Column("pid", INTEGER, "process on that machine"),
        Column("stages", INTEGER, "results used or made"),
        Column("name", TEXT, "given with `--name`", nullable=True),
        Column("finished", TIME, "when it ended", nullable=True, volatile=True),
        Column("error", TEXT, "why it failed", nullable=True),
    ),
)

FAILURES = TableSchema(
    "failures",
    "Made from the records of failures: one row for each shard that failed in a run, also "
    "where the shard was done later. `sane status CONFIG --failed` shows those that are still "
    "to be done.",
    (
        Column("run_id", TEXT, "of the run"),
        Column("stage", TEXT, "stage instance"),
        Column("shard", TEXT, "label"),
        Column("shard_key", TEXT, "names the computation"),
        Column("images", TEXTS, "ids of the shard's images, at most 1,000; empty where the shard is the whole stage"),
        Column("images_count", INTEGER, "how many there are in all"),
        Column("error", TEXT, "what was expected and found, where, and what to do"),
        Column("failed_at", TIME, "time of the last failure in this run"),
        Column("log", TEXT, "log file", nullable=True),
    ),
)


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
        "runs": table_from_rows(RUNS, [_run_row(run) for run in runs]),
        "failures": table_from_rows(FAILURES, failures),
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
