"""What is wrong with manifests and shards, told without stopping at the first damage."""

from collections.abc import Mapping
from dataclasses import dataclass

from stores.artifacts import ArtifactStore
from stores.errors import REPAIR_REMEDY, CorruptArtifact, MissingArtifact, StoreError, UnreachableStore
from stores.location import Location
from stores.maintenance import verify_commit
from stores.manifests import Commit, Manifest
from stores.system_errors import unreadable


@dataclass(frozen=True)
class Problem:
    """Something wrong with one file.

    Attributes:
        stage: the stage instance that it belongs to.
        error: says what was expected, what was found, and where.
        fingerprint: of the manifest at fault, or None.
        shard_key: of the shard at fault, or None.
    """

    stage: str
    error: StoreError
    fingerprint: str | None = None
    shard_key: str | None = None

    @property
    def is_repairable(self) -> bool:
        """Whether a manifest or shard is damaged or gone, so that a run makes it anew once what is left is removed.

        Not so for what is merely unreadable here and now, too new for this program, or no artifact.
        """
        is_artifact = self.fingerprint is not None or self.shard_key is not None
        return is_artifact and isinstance(self.error, CorruptArtifact | MissingArtifact)


@dataclass(frozen=True)
class ShardCheck:
    """What looking at one shard gave.

    Attributes:
        files: looked at, the commit included.
        size_bytes: of those files.
        problems: what is wrong.
    """

    files: int
    size_bytes: int
    problems: tuple[Problem, ...]


class TolerantStore(ArtifactStore):
    """A store in which a damaged record counts as not there, so that planning goes on beside it.

    A store that does not answer is no such case: UnreachableStore is raised.

    Attributes:
        problems: what was wrong with the records that were asked for, by file.
    """

    def __init__(self, root: str | Location) -> None:
        super().__init__(root)
        self.problems: dict[str, Problem] = {}

    def read_commit(self, stage: str, shard_key: str) -> Commit | None:
        """Return the commit of a shard, or None while it has none that can be read."""
        try:
            return super().read_commit(stage, shard_key)
        except UnreachableStore:
            raise
        except StoreError as error:
            self.problems[error.where] = Problem(stage, error, shard_key=shard_key)
            return None

    def read_manifest(self, stage: str, fingerprint: str) -> Manifest | None:
        """Return the manifest of a result, or None when there is none that can be read."""
        try:
            return super().read_manifest(stage, fingerprint)
        except UnreachableStore:
            raise
        except StoreError as error:
            self.problems[error.where] = Problem(stage, error, fingerprint=fingerprint)
            return None


def check_shard(store: ArtifactStore, stage: str, shard_key: str, promised: Mapping[str, str]) -> ShardCheck:
    """Look at a shard's commit and read all its payloads.

    Args:
        store: where it is.
        stage: stage instance.
        shard_key: names the shard.
        promised: the digest that each manifest which lists the shard gives for it, by the manifest's fingerprint.

    Raises:
        UnreachableStore: when the store does not answer.
    """
    place = store.shard_folder(stage, shard_key)
    try:
        # Not the tolerant way, if the store has one: damage is what is looked for.
        commit = ArtifactStore.read_commit(store, stage, shard_key)
        if commit is None:
            missing = _missing_commit(place.child("commit.json").url, stage, shard_key)
            return ShardCheck(0, 0, (missing,) if promised else ())
        errors = verify_commit(store, commit)
        sizes = place.file_sizes_bytes()
    except UnreachableStore:
        raise
    except (StoreError, MemoryError) as error:
        told = error if isinstance(error, StoreError) else unreadable(place.url, error)
        return ShardCheck(1, 0, (Problem(stage, told, shard_key=shard_key),))
    listed = {"commit.json", *(part.file for part in commit.parts.values())}
    own = [size for path, size in sizes.items() if path.split("/")[0] in listed]
    problems = [Problem(stage, error, shard_key=shard_key) for error in errors]
    if not problems:
        problems = [
            _contradiction(store, commit, fingerprint, digest)
            for fingerprint, digest in promised.items()
            if digest != commit.digest
        ]
    return ShardCheck(len(own), sum(own), tuple(problems))


def missing_manifest(store: ArtifactStore, stage: str, fingerprint: str, found: str) -> Problem:
    """Return the problem of a manifest that should be there and is not."""
    error = MissingArtifact(
        expected="the manifest of a finished stage",
        found=found,
        where=store.manifest_file(stage, fingerprint).url,
        remedy="run again: shards that are committed are kept, the manifest is written from them",
    )
    return Problem(stage, error, fingerprint=fingerprint)


def _missing_commit(where: str, stage: str, shard_key: str) -> Problem:
    error = MissingArtifact(
        expected="the commit of a shard that a manifest lists",
        found="none",
        where=where,
        remedy=REPAIR_REMEDY,
    )
    return Problem(stage, error, shard_key=shard_key)


def _contradiction(store: ArtifactStore, commit: Commit, fingerprint: str, digest: str) -> Problem:
    error = CorruptArtifact(
        expected=f"digest {commit.digest} for shard {commit.shard_key}, which is whole",
        found=f"digest {digest}",
        where=store.manifest_file(commit.stage, fingerprint).url,
        remedy=REPAIR_REMEDY,
    )
    return Problem(commit.stage, error, fingerprint=fingerprint)
