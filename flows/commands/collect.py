"""The `sane gc` command: what no configuration and no named run needs, by stage; and deleting it."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from flows.commands.console import error_console, plain_console
from flows.configured_runs import possible_runs
from flows.engine.maintenance.collect import Collection, delete_found, look_for_garbage
from flows.engine.plan import StagePlan
from flows.settings.configuration import Settings
from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore
from stores.garbage import Garbage
from stores.location import Location

_COUNTED = {
    "manifests": "manifest",
    "shards": "shard",
    "leftovers": "leftover",
    "checkpoints": "checkpoint",
    "unfinished": "unfinished",
    "leases": "lease",
}
_BESIDE = "(beside the stages)"


def collect_command(
    configurations: Sequence[tuple[str, Settings]], delete: bool, unpin: str | None, as_json: bool
) -> None:
    """Print what could be deleted, or delete it and print what was.

    Args:
        configurations: each with its name for people and its settings of all seeds.
        delete: delete, instead of only looking.
        unpin: a run's name that is to keep nothing any more, or None.
        as_json: print one JSON object {deleted, stages, total, notes} instead of text.

    Raises:
        PipelineError, StoreError: a configuration cannot be planned, or the store not be read or written.
    """
    collection = look(configurations, unpin)
    shown: Sequence[Garbage] = collection.garbage
    if delete:
        shown = _deleted(collection, unpin)
    stages = [{"stage": stage, **_sums(found)} for stage, found in sorted(_by_stage(shown).items())]
    if as_json:
        answer = {"deleted": delete, "stages": stages, "total": _sums(shown), "notes": list(collection.notes)}
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    else:
        _print(plain_console(), stages, _sums(shown), collection, delete)


def look(configurations: Sequence[tuple[str, Settings]], unpin: str | None) -> Collection:
    """Return what of the configurations' one store could be deleted; nothing is changed.

    Raises:
        PipelineError, StoreError: a configuration cannot be planned, or the store not be read.
    """
    return look_for_garbage(ArtifactStore(_one_root(configurations)), _planned(configurations), unpin)


def _planned(configurations: Sequence[tuple[str, Settings]]) -> Iterator[tuple[str, list[StagePlan]]]:
    """Give the plans of each seed; of an automatic precision those at either, as machines decide for themselves."""
    for name, settings in configurations:
        by_seed: dict[int, list[StagePlan]] = {}
        for run in possible_runs(settings):
            by_seed.setdefault(run.seed, []).extend(run.plans())
        yield from ((f"{name}, seed {seed}", plans) for seed, plans in by_seed.items())


def _one_root(configurations: Sequence[tuple[str, Settings]]) -> str:
    roots = {Location.parse(settings.store.root).url: settings.store.root for _, settings in configurations}
    if len(roots) != 1:
        raise BadSetting(
            expected="configurations of one store",
            found=", ".join(sorted(roots)),
            where="store.root",
            remedy="collect each store by itself",
        )
    return next(iter(roots.values()))


def _deleted(collection: Collection, unpin: str | None) -> list[Garbage]:
    going = delete_found(collection, unpin)
    console = error_console()
    if not console.is_terminal:
        return list(going)
    return list(track(going, "deleting", total=len(collection.garbage), console=console, transient=True))


def _by_stage(garbage: Iterable[Garbage]) -> dict[str, list[Garbage]]:
    by_stage: dict[str, list[Garbage]] = {}
    for item in garbage:
        by_stage.setdefault(item.stage or _BESIDE, []).append(item)
    return by_stage


def _sums(garbage: Sequence[Garbage]) -> dict[str, Any]:
    counts = {name: sum(1 for item in garbage if item.kind == kind) for name, kind in _COUNTED.items()}
    files = sum(item.files for item in garbage)
    return {**counts, "files": files, "size_bytes": sum(item.size_bytes for item in garbage)}


def _print(
    console: Console, stages: Sequence[dict[str, Any]], total: dict[str, Any], collection: Collection, deleted: bool
) -> None:
    for note in collection.notes:
        console.print(f"note: {note}", soft_wrap=True)
    if not stages:
        console.print("nothing to collect: all that the store holds is needed")
        return
    columns = [name for name in total if name != "size_bytes" and total[name]]
    table = Table(title="deleted" if deleted else "not needed any more", title_justify="left")
    table.add_column("stage", overflow="fold")
    for name in (*columns, "MB"):
        table.add_column(name, justify="right")
    for row in (*stages, {"stage": "total", **total}):
        table.add_row(row["stage"], *(str(row[name]) for name in columns), f"{row['size_bytes'] / 1e6:.1f}")
    console.print(table)
    if not deleted:
        console.print("nothing was deleted; the same command with --delete does it")
