"""Removing what is damaged, and only that, so that the next run makes it again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stores.artifacts import ArtifactStore
from stores.leases import live_leases
from stores.verification import Problem, TolerantStore


@dataclass(frozen=True)
class Repair:
    """What was removed.

    Attributes:
        manifests: (stage instance, fingerprint) of each manifest removed.
        shards: (stage instance, shard key) of each shard removed, or found gone.
        left: problems that removing files does not solve.
        in_use: problems in stages that a run works with just now; nothing of them was touched.
    """

    manifests: tuple[tuple[str, str], ...]
    shards: tuple[tuple[str, str], ...]
    left: tuple[Problem, ...]
    in_use: tuple[Problem, ...]


def repair_store(store: ArtifactStore, problems: Sequence[Problem]) -> Repair:
    """Remove damaged manifests, and damaged shards with every manifest that lists them.

    Manifests go first, then commits, then payloads: a process killed in between leaves less done, never
    something damaged. Files that cannot be read for another reason than damage, or that a newer version of
    this program wrote, stay.

    Raises:
        ReadOnlyStore: when the place cannot be written.
        StoreError: when a lease is damaged, so that it is not known what is in use.
    """
    leases = live_leases(store.root)
    busy = {stage for lease in leases for stage in (lease.stage, *lease.covers)}
    in_use = tuple(problem for problem in problems if problem.is_repairable and problem.stage in busy)
    damage = [problem for problem in problems if problem.is_repairable and problem.stage not in busy]
    shards = sorted({(one.stage, one.shard_key) for one in damage if one.shard_key is not None})
    manifests = {(one.stage, one.fingerprint) for one in damage if one.fingerprint is not None}
    manifests |= set(_manifests_listing(store, shards))
    there = sorted(one for one in manifests if store.manifest_file(*one).exists())
    for stage, fingerprint in there:
        store.forget(stage, fingerprint, ())
    for stage, shard_key in shards:
        store.forget_shard(stage, shard_key)
    left = tuple(problem for problem in problems if not problem.is_repairable)
    return Repair(tuple(there), tuple(shards), left, in_use)


def _manifests_listing(store: ArtifactStore, shards: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Yield every manifest that lists one of the shards; damaged manifests are left out, as problems of their own."""
    tolerant = TolerantStore(store.root)
    keys: dict[str, set[str]] = {}
    for stage, shard_key in shards:
        keys.setdefault(stage, set()).add(shard_key)
    for stage, damaged in keys.items():
        for fingerprint in store.fingerprints(stage):
            manifest = tolerant.read_manifest(stage, fingerprint)
            if manifest is not None and damaged.intersection(manifest.shard_keys):
                yield stage, fingerprint
