"""Deleting garbage in an order that never leaves anything damaged, and nothing that came into use meanwhile."""

from collections.abc import Iterator, Sequence

from stores.artifacts import ArtifactStore
from stores.garbage import Garbage, garbage_beside, stage_garbage
from stores.reachability import Roots, all_manifests, reachable, roots_of_runs


def delete_garbage(store: ArtifactStore, roots: Roots, garbage: Sequence[Garbage]) -> Iterator[Garbage]:
    """Delete garbage and yield each piece that is gone.

    Stages go before those that they were made from; within a stage manifests, then commits, then payloads. So a
    process killed anywhere leaves less, and never a manifest without its shards. What a stage holds is looked at
    again, with all leases and runs, right before anything of it is deleted.

    Args:
        store: where.
        roots: from which the garbage could not be reached.
        garbage: what `find_garbage` returned.

    Raises:
        ReadOnlyStore: when the place cannot be written.
        StoreError: when it cannot be told any more what is in use.
    """
    by_stage: dict[str, list[Garbage]] = {}
    for item in garbage:
        by_stage.setdefault(item.stage, []).append(item)
    for stage, found in by_stage.items():
        if stage:
            roots = roots | _staying(store, stage, found)
        again = {(item.kind, item.names) for item in _look_again(store, stage, roots)}
        for item in found:
            if (item.kind, item.names) in again and not _committed_since(store, item):
                _delete(store, item)
                yield item


def _committed_since(store: ArtifactStore, item: Garbage) -> bool:
    """Return whether a shard without a commit has got one: workers finish a shard although their run was killed."""
    if item.kind != "leftover" or len(item.names) != len(("stage", "shards", "key")):
        return False
    return store.read_commit(item.names[0], item.names[2]) is not None


def _staying(store: ArtifactStore, stage: str, found: Sequence[Garbage]) -> Roots:
    """Return the results of a stage that were wanted at the first look, or that a run has finished since."""
    going = {item.names for item in found}
    names = all_manifests(store, [stage])
    return Roots(manifests=frozenset(name for name in names if (stage, f"{name[1]}.json") not in going))


def _look_again(store: ArtifactStore, stage: str, roots: Roots) -> list[Garbage]:
    if not stage:
        return garbage_beside(store)
    return stage_garbage(store, stage, reachable(store, roots | roots_of_runs(store)))


def _delete(store: ArtifactStore, item: Garbage) -> None:
    if item.kind == "shard":
        store.forget_shard(item.stage, item.names[-1])
    else:
        store.root.child(*item.names).remove_tree()
