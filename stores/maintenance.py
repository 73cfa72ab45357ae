"""Looking after a store: verifying a shard's payloads, and finding what killed writers left behind."""

from stores.artifacts import ArtifactStore
from stores.errors import StoreError
from stores.manifests import Commit
from stores.payloads import verify_payload


def verify_commit(store: ArtifactStore, commit: Commit) -> list[StoreError]:
    """Return what is wrong with the payloads of a shard: an error for each damaged or missing file.

    A file whose damage hides that of others, such as the metadata of an array, stands for them.
    """
    folder = store.shard_folder(commit.stage, commit.shard_key)
    return [error for name in sorted(commit.parts) for error in verify_payload(folder, commit.parts[name])]


def list_shard_keys(store: ArtifactStore, stage: str) -> list[str]:
    """Return the keys of all shards a stage has, committed or not, sorted."""
    return store.root.child(stage, "shards").list_names()


def list_leftovers(store: ArtifactStore, commit: Commit) -> list[str]:
    """Return the names of files in a committed shard that its commit does not list, sorted.

    They are what killed writers left, or what a writer that came second is about to remove.
    """
    known = {"commit.json", *(part.file for part in commit.parts.values())}
    names = store.shard_folder(commit.stage, commit.shard_key).list_names(include_unfinished=True)
    return [name for name in names if name not in known]
