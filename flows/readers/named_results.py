"""Results by stage and fingerprint: the names under which what is read once a process is remembered."""

from collections.abc import Iterable

from flows.engine.upstream import Upstream
from stores.artifacts import ArtifactStore
from stores.errors import MissingArtifact
from stores.manifests import Manifest


def named_results(store_root: str, named: Iterable[tuple[str, str]]) -> Upstream:
    """Return a reader of these results, each given by stage and fingerprint.

    Raises:
        MissingArtifact: one of them is not in the store any more.
        StoreError: its manifest cannot be read.
    """
    store = ArtifactStore(store_root)
    return Upstream(store, {stage: _manifest(store, stage, wanted) for stage, wanted in named})


def _manifest(store: ArtifactStore, stage: str, fingerprint: str) -> Manifest:
    found = store.read_manifest(stage, fingerprint)
    if found is None:
        raise MissingArtifact(
            expected=f"the manifest {fingerprint[:12]} of {stage}",
            found="none",
            where=store.root.url,
            remedy="was the store cleaned while this run went on? Run again",
        )
    return found
