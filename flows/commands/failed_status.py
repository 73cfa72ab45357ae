"""What `sane status --failed` shows: the shards of a configuration that failed and still have no result."""

import json
import sys
from typing import Any

from rich.table import Table

from flows.commands.console import plain_console
from flows.configured_runs import configured_runs
from flows.settings.configuration import Settings
from stores.artifacts import ArtifactStore
from stores.failure_records import FailureRecord, failure_log, list_failures

IMAGES_IN_A_ROW = 3


def print_failures(settings: Settings, as_json: bool) -> None:
    """Print the last failure of every shard that failed and is not done since.

    Args:
        settings: of the run.
        as_json: a list of {stage, shard, shard_key, images, images_count, error, log, run_id, when} instead of a
            table.

    Raises:
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    store = ArtifactStore(settings.store.root)
    failures = open_failures(settings, store)
    if as_json:
        sys.stdout.write(json.dumps([describe_failure(failure, store) for failure in failures], indent=2) + "\n")
        return
    console = plain_console()
    if not failures:
        console.print("no failed shards")
        return
    table = Table(title="failed shards", title_justify="left")
    for heading in ("stage", "shard", "images", "error", "log"):
        table.add_column(heading, overflow="fold")
    for failure in failures:
        row = describe_failure(failure, store)
        cells = (row["stage"], row["shard"], _images(failure), row["error"], row["log"])
        table.add_row(*(str(cell) for cell in cells))
    console.print(table)


def open_failures(settings: Settings, store: ArtifactStore) -> list[FailureRecord]:
    """Return the last failure of each shard that a run of these settings would still have to do, by stage.

    Failures of shards that are committed by now are history, and so are those of shards that other inputs or
    settings named. Where it is not known yet which shards a stage has, all its failures without a commit count.
    """
    wanted: dict[str, set[str] | None] = {}
    for run in configured_runs(settings):
        for plan in run.plans():
            known = wanted.setdefault(plan.stage.name, set())
            if plan.state == "pending":
                wanted[plan.stage.name] = None
            elif known is not None:
                known |= {shard.key for shard in plan.shards}
    last = {(failure.stage, failure.shard_key): failure for failure in list_failures(store.root)}
    order = {stage: position for position, stage in enumerate(wanted)}
    chosen = [
        failure
        for failure in last.values()
        if failure.stage in wanted
        and _is_wanted(failure, wanted[failure.stage])
        and store.read_commit(failure.stage, failure.shard_key) is None
    ]
    return sorted(chosen, key=lambda failure: (order[failure.stage], failure.shard))


def describe_failure(failure: FailureRecord, store: ArtifactStore) -> dict[str, Any]:
    """Return one failure as a row, its log as a place that can be opened."""
    return {
        "stage": failure.stage,
        "shard": failure.shard,
        "shard_key": failure.shard_key,
        "images": list(failure.images),
        "images_count": failure.images_count,
        "error": failure.error,
        "log": failure_log(store.root, failure).url,
        "run_id": failure.run_id,
        "when": failure.when,
    }


def _is_wanted(failure: FailureRecord, keys: set[str] | None) -> bool:
    return keys is None or failure.shard_key in keys


def _images(failure: FailureRecord) -> str:
    if not failure.images:
        return "the whole stage"
    more = ", ..." if failure.images_count > IMAGES_IN_A_ROW else ""
    return f"{failure.images_count}: {', '.join(failure.images[:IMAGES_IN_A_ROW])}{more}"
