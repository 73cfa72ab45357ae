"""The copies of reports at the top of a store, for people, written anew at the end of each run."""

import re
from collections.abc import Iterator

from stores.digests import digest_bytes
from stores.errors import CorruptArtifact, StoreError, UnreachableStore
from stores.location import Location
from stores.verification import Problem, TolerantStore

_REPORT = "report"
_COPY = re.compile(r"report-.+\.html")


def latest_copy(root: Location, seed: int) -> Location:
    """Return the file of the latest report of a seed, which need not exist."""
    return root.child(f"report-seed{seed}.html")


def report_copy_problems(store: TolerantStore) -> Iterator[Problem]:
    """Give a problem for each copy that is not, byte for byte, a report of this store.

    Raises:
        StoreError: the store cannot be listed.
    """
    names = [name for name in store.root.list_names() if _COPY.fullmatch(name)]
    digests = _report_digests(store) if names else set()
    for name in names:
        place = store.root.child(name)
        try:
            found = digest_bytes(place.read_bytes())
        except UnreachableStore:
            raise
        except StoreError as error:
            yield Problem(_REPORT, error)
            continue
        if found not in digests:
            yield Problem(_REPORT, _stray(place))


def _report_digests(store: TolerantStore) -> set[str]:
    manifests = (store.read_manifest(_REPORT, fingerprint) for fingerprint in store.fingerprints(_REPORT))
    keys = {key for manifest in manifests if manifest is not None for key in manifest.shard_keys}
    commits = (store.read_commit(_REPORT, key) for key in keys)
    return {part.digest for commit in commits if commit for part in commit.parts.values() if part.kind == "file"}


def _stray(place: Location) -> CorruptArtifact:
    return CorruptArtifact(
        expected="a copy of a report that the store holds",
        found="other bytes: damaged, edited, or of a report that was cleaned away",
        where=place.url,
        remedy="sane report CONFIG writes the copy again; no result depends on it",
    )
