"""What a store holds that no configuration, named run or running process needs."""

import graphlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stores.artifacts import ArtifactStore
from stores.errors import MissingArtifact
from stores.failure_records import FAILURES
from stores.leases import LEASES, Lease, live_leases
from stores.location import Location
from stores.maintenance import list_shard_keys
from stores.reachability import Reachable
from stores.run_records import RUNNING, RUNS, list_runs
from stores.verification import TolerantStore

Kind = Literal["manifest", "shard", "leftover", "checkpoint", "unfinished", "lease"]

_COMMIT = "commit.json"
_SHARDS = "shards"
_CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class Garbage:
    """Something that is not needed any more.

    Attributes:
        kind: "manifest", "shard" (committed), "leftover" (files that no commit names), "checkpoint", "unfinished"
            (a file that its writer was killed over) or "lease" (expired).
        stage: the stage instance, or "" for what lies beside them.
        names: the path below the store's root, a name a level.
        files: how many there are.
        size_bytes: of those files.
    """

    kind: Kind
    stage: str
    names: tuple[str, ...]
    files: int
    size_bytes: int


def find_garbage(store: ArtifactStore, wanted: Reachable) -> list[Garbage]:
    """Return all that is not wanted; stages before those that they were made from, what lies beside them last.

    Raises:
        StoreError: when the store cannot be read, or it cannot be told what is in use.
    """
    stages = stages_downstream_first(store)
    return [item for stage in stages for item in stage_garbage(store, stage, wanted)] + garbage_beside(store)


def stage_garbage(store: ArtifactStore, stage: str, wanted: Reachable) -> list[Garbage]:
    """Return what is not wanted of one stage instance: first manifests, then shards, then the rest.

    Raises:
        StoreError: when the store cannot be read.
    """
    if stage in wanted.stages:
        return []
    sizes = store.root.child(stage).file_sizes_bytes()
    files = _by_folder(sizes)
    manifests = [
        Garbage("manifest", stage, (stage, f"{fingerprint}.json"), 1, sizes.get(f"{fingerprint}.json", 0))
        for fingerprint in store.fingerprints(stage)
        if (stage, fingerprint) not in wanted.manifests
    ]
    shards: list[Garbage] = []
    for key in list_shard_keys(store, stage):
        own = files.get((_SHARDS, key), {})
        shards += _shard_garbage(store, stage, key, own, (stage, key) in wanted.shards)
    checkpoints = [
        _as_whole("checkpoint", (stage, _CHECKPOINTS, key), files.get((_CHECKPOINTS, key), {}))
        for key in store.root.child(stage, _CHECKPOINTS).list_names()
        if _COMMIT in files.get((_SHARDS, key), {}) or (stage, key) not in wanted.shards
    ]
    unfinished = [
        Garbage("unfinished", stage, (stage, name), 1, sizes.get(name, 0))
        for name in _unfinished_names(store.root.child(stage))
    ]
    return [*manifests, *shards, *checkpoints, *unfinished]


def garbage_beside(store: ArtifactStore) -> list[Garbage]:
    """Return expired leases, and, while no run goes on, unfinished files beside the stages.

    Raises:
        StoreError: when the store cannot be read, or it cannot be told what is in use.
    """
    garbage: list[Garbage] = []
    for name in store.root.child(LEASES).list_names():
        place = store.root.child(LEASES, name)
        data = _read_if_there(place)
        if data is not None and Lease.from_json(data, place.url).is_over():
            garbage.append(Garbage("lease", "", (LEASES, name), 1, len(data)))
    if live_leases(store.root) or any(run.shown_state == RUNNING for run in list_runs(store.root)):
        return garbage
    for names in ((), (LEASES,), (RUNS,), (FAILURES,)):
        folder = store.root.child(*names)
        for name in _unfinished_names(folder):
            # A folder, such as of a report, or a file.
            sizes = list(folder.child(name).file_sizes_bytes().values())
            sizes = sizes or [len(_read_if_there(folder.child(name)) or b"")]
            garbage.append(Garbage("unfinished", "", (*names, name), len(sizes), sum(sizes)))
    return garbage


def stages_downstream_first(store: ArtifactStore) -> list[str]:
    """Return the stage instances that a store has anything of; each comes before those that it was made from."""
    tolerant = TolerantStore(store.root)
    stages = [name for name in store.root.list_names() if _is_stage(store.root.child(name))]
    order: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter({stage: () for stage in stages})
    for stage in stages:
        for fingerprint in store.fingerprints(stage):
            manifest = tolerant.read_manifest(stage, fingerprint)
            for upstream in manifest.upstream if manifest else ():
                order.add(upstream, stage)
    try:
        return [stage for stage in order.static_order() if stage in stages]
    except graphlib.CycleError:
        return stages  # two versions of the program may have read each other's stages the other way round


def _is_stage(folder: Location) -> bool:
    return not {_SHARDS, _CHECKPOINTS}.isdisjoint(folder.list_names())


def _shard_garbage(
    store: ArtifactStore, stage: str, key: str, files: Mapping[str, int], is_wanted: bool
) -> list[Garbage]:
    place = (stage, _SHARDS, key)
    if _COMMIT not in files:
        return [_as_whole("leftover", place, files)]  # also where it is wanted: no writer goes on from these
    if not is_wanted:
        return [_as_whole("shard", place, files)]
    commit = TolerantStore(store.root).read_commit(stage, key)
    if commit is None:
        return []  # damaged, which is not a matter of cleaning
    listed = {_COMMIT, *(part.file for part in commit.parts.values())}
    others: dict[str, dict[str, int]] = {}
    for path, size in files.items():
        name = path.split("/")[0]
        if name not in listed:
            others.setdefault(name, {})[path] = size
    return [_as_whole("leftover", (*place, name), own) for name, own in sorted(others.items())]


def _by_folder(sizes: Mapping[str, int]) -> dict[tuple[str, str], dict[str, int]]:
    """Return the files of a stage by the two folders that they are in, such as ("shards", key), and by path below."""
    folders: dict[tuple[str, str], dict[str, int]] = {}
    for path, size in sizes.items():
        first, second, rest = [*path.split("/", 2), "", ""][:3]
        if rest:
            folders.setdefault((first, second), {})[rest] = size
    return folders


def _as_whole(kind: Kind, names: tuple[str, ...], files: Mapping[str, int]) -> Garbage:
    return Garbage(kind, names[0], names, len(files), sum(files.values()))


def _unfinished_names(folder: Location) -> list[str]:
    return sorted(set(folder.list_names(include_unfinished=True)) - set(folder.list_names()))


def _read_if_there(place: Location) -> bytes | None:
    try:
        return place.read_bytes()
    except MissingArtifact:
        return None  # finished, or given back, meanwhile
