"""What of a store is still wanted: results by name, what they were made from, and what live runs work with."""

from collections.abc import Iterable
from dataclasses import dataclass

from stores.artifacts import ArtifactStore
from stores.leases import live_leases
from stores.run_records import RUNNING, list_runs

# A result is named by (stage instance, fingerprint), a shard by (stage instance, shard key).
Name = tuple[str, str]


@dataclass(frozen=True)
class Roots:
    """What is wanted for its own sake.

    Attributes:
        manifests: results; what they were made from is wanted with them.
        shards: besides those that the results list; need not exist.
        stages: stage instances that are to be left alone whole.
    """

    manifests: frozenset[Name] = frozenset()
    shards: frozenset[Name] = frozenset()
    stages: frozenset[str] = frozenset()

    def __or__(self, other: "Roots") -> "Roots":
        return Roots(self.manifests | other.manifests, self.shards | other.shards, self.stages | other.stages)


@dataclass(frozen=True)
class Reachable:
    """What may not be collected.

    Attributes:
        manifests: results.
        shards: all that these results list, and those wanted besides.
        stages: stage instances that are left alone whole.
    """

    manifests: frozenset[Name]
    shards: frozenset[Name]
    stages: frozenset[str]


def reachable(store: ArtifactStore, roots: Roots) -> Reachable:
    """Return the roots with everything upstream of them, by what their manifests say they were made from.

    Raises:
        CorruptArtifact: when a manifest that is needed to tell is damaged.
        StoreError: when one was written by a newer version of this program.
    """
    found: set[Name] = set()
    shards = set(roots.shards)
    waiting = [*roots.manifests, *all_manifests(store, roots.stages)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        manifest = store.read_manifest(*name)
        if manifest is None:
            continue  # a result's ancestor may be gone without harm: it has been read
        found.add(name)
        shards.update((manifest.stage, key) for key in manifest.shard_keys)
        waiting += manifest.upstream.items()
    return Reachable(frozenset(found), frozenset(shards), roots.stages)


def all_manifests(store: ArtifactStore, stages: Iterable[str]) -> set[Name]:
    """Return the name of every result of these stage instances."""
    return {(stage, fingerprint) for stage in stages for fingerprint in store.fingerprints(stage)}


def roots_of_runs(store: ArtifactStore, ignore_names: frozenset[str] = frozenset()) -> Roots:
    """Return what runs keep: those with a name the results that they used, and those that go on also their stages.

    Args:
        store: whose runs.
        ignore_names: names that keep nothing.

    Raises:
        StoreError: when a lease or the record of a run is damaged, so that it is not known what it keeps.
    """
    leases = live_leases(store.root)
    runs = [
        run
        for run in list_runs(store.root)
        if (run.name and run.name not in ignore_names) or run.shown_state == RUNNING
    ]
    results = [item for run in runs for item in run.artifacts.items()]
    results += [item for lease in leases for item in (*lease.covers.items(), (lease.stage, lease.fingerprint))]
    return Roots(manifests=frozenset(results), stages=frozenset(lease.stage for lease in leases))
