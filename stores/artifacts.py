"""The artifact store: shards that are there or not, and manifests that list them.

    <root>/<stage instance>/shards/<shard key>/    payloads, then commit.json
    <root>/<stage instance>/checkpoints/<shard key>/    of unfinished shards, see stores.checkpoints
    <root>/<stage instance>/<fingerprint>.json     manifest, written last

Every step only ever creates. A process killed anywhere leaves nothing that a reader could mistake for a
result, and two processes doing the same work both end with the first one's result.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from stores import payloads
from stores.checkpoints import forget_checkpoints
from stores.concurrency import at_once
from stores.errors import REPAIR_REMEDY, MissingArtifact, StoreError
from stores.location import Location
from stores.manifests import Commit, Manifest
from stores.parts import Part
from stores.records import misplaced_record

_COMMIT = "commit.json"
_SHARDS = "shards"
_MANIFEST = re.compile(r"[0-9a-f]{64}\.json")


class ArtifactStore:
    """The artifacts below one root.

    Args:
        root: a folder, an fsspec URL such as "s3://bucket/results", or the place itself.
    """

    def __init__(self, root: str | Location) -> None:
        self.root = Location.parse(root) if isinstance(root, str) else root

    def commit_shard(
        self,
        stage: str,
        shard_key: str,
        shard_label: str,
        parts: Mapping[str, Part],
        counts: Mapping[str, int],
        seconds: float,
        provenance: Mapping[str, Any],
    ) -> Commit:
        """Store a shard and return its commit; if the shard has one already, return that and keep nothing.

        The first commit wins even when its values differ, so every reader sees one result.

        Raises:
            SchemaMismatch: when a part cannot be stored as its kind.
            ReadOnlyStore: when the place cannot be written.
        """
        earlier = self.read_commit(stage, shard_key)
        if earlier is not None:
            return earlier
        folder = self.shard_folder(stage, shard_key)
        records = {name: payloads.write_payload(folder, name, part) for name, part in parts.items()}
        commit = Commit(stage, shard_key, shard_label, records, dict(counts), float(seconds), dict(provenance))
        if folder.child(_COMMIT).create_bytes(commit.to_json()):
            self._check_payloads_stayed(folder, commit)
            return commit
        for record in records.values():
            folder.child(record.file).remove_tree()
        return self.require_commit(stage, shard_key)

    def _check_payloads_stayed(self, folder: Location, commit: Commit) -> None:
        # A cleaning in between cannot know that a writer without a lease is about to commit.
        gone = {part.file for part in commit.parts.values()} - set(folder.list_names())
        if gone:
            folder.child(_COMMIT).remove_tree()
            raise StoreError(
                expected="the files of a shard that were just written",
                found=f"{', '.join(sorted(gone))} removed before the shard was committed",
                where=folder.url,
                remedy="run again, and clean the store (sane gc --delete) while no worker computes",
            )

    def read_commit(self, stage: str, shard_key: str) -> Commit | None:
        """Return the commit of a shard, or None while it has none.

        Raises:
            CorruptArtifact: when commit.json is damaged or belongs to another shard.
            StoreError: when a newer version of this program wrote it.
        """
        place = self.shard_folder(stage, shard_key).child(_COMMIT)
        data = _read_if_there(place)
        if data is None:
            return None
        commit = Commit.from_json(data, place.url)
        if (commit.stage, commit.shard_key) != (stage, shard_key):
            raise misplaced_record(place.url, f"the commit of {commit.stage}, shard {commit.shard_key}")
        return commit

    def read_commits_of(self, stage: str, shard_keys: Sequence[str]) -> list[Commit | None]:
        """Return the commit of each shard, or None for those without, in order; from an object store many at once.

        Raises:
            StoreError: as `read_commit` does.
        """
        return at_once(self.root, lambda key: self.read_commit(stage, key), shard_keys)

    def require_commit(self, stage: str, shard_key: str) -> Commit:
        """Return the commit of a shard that must have one.

        Raises:
            MissingArtifact: when it has none.
            CorruptArtifact: when its commit.json is damaged.
        """
        commit = self.read_commit(stage, shard_key)
        if commit is None:
            raise MissingArtifact(
                expected=f"the shard's {_COMMIT}",
                found="none",
                where=self.shard_folder(stage, shard_key).child(_COMMIT).url,
                remedy=REPAIR_REMEDY,
            )
        return commit

    def read_commits(self, manifest: Manifest) -> list[Commit]:
        """Return the commits of a manifest's shards, in order.

        Raises:
            MissingArtifact: when a shard that the manifest lists has no commit.
            CorruptArtifact: when one is damaged or has another digest than the manifest says.
        """
        listed = zip(manifest.shard_keys, manifest.digests, strict=True)
        return at_once(self.root, lambda shard: self._listed_commit(manifest.stage, *shard), listed)

    def read_listed_commit(self, manifest: Manifest, shard_key: str) -> Commit:
        """Return the commit of one of a manifest's shards.

        Raises:
            MissingArtifact: when the manifest lists no such shard, or it has no commit.
            CorruptArtifact: when it is damaged or has another digest than the manifest says.
        """
        if shard_key not in manifest.shard_keys:
            raise MissingArtifact(
                expected=f"one of the {len(manifest.shard_keys)} shards of this result",
                found=shard_key,
                where=self.manifest_file(manifest.stage, manifest.fingerprint).url,
                remedy="run again: the result was made anew while this run went on",
            )
        digest = manifest.digests[manifest.shard_keys.index(shard_key)]
        return self._listed_commit(manifest.stage, shard_key, digest)

    def _listed_commit(self, stage: str, shard_key: str, digest: str) -> Commit:
        commit = self.require_commit(stage, shard_key)
        if commit.digest != digest:
            place = self.shard_folder(stage, shard_key).child(_COMMIT)
            raise misplaced_record(place.url, f"digest {commit.digest}, in the manifest {digest}")
        return commit

    def read_part(self, commit: Commit, part_name: str, names: Sequence[str] | None = None) -> Any:
        """Return a part as its kind: arrays by name, a table, (tensors, metadata), or bytes.

        `names` are the arrays or columns to read, all by default.

        Raises:
            MissingArtifact: when there is no such part, or its files are gone.
            CorruptArtifact: when they are damaged.
            SchemaMismatch: when the part has no such array or column.
        """
        return payloads.read_payload(self._folder(commit), commit.part(part_name), names)

    def read_part_arrays(
        self, commit: Commit, part_name: str, names: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Return the arrays of a part, or some of them, by name.

        Raises:
            StoreError: as `read_part` does; SchemaMismatch also for a part of another kind.
        """
        return payloads.read_arrays_payload(self._folder(commit), commit.part(part_name), names)

    def read_part_table(self, commit: Commit, part_name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the table of a part, or some of its columns.

        Raises:
            StoreError: as `read_part` does; SchemaMismatch also for a part of another kind.
        """
        return payloads.read_table_payload(self._folder(commit), commit.part(part_name), columns)

    def read_part_tensors(self, commit: Commit, part_name: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Return the tensors of a part, by name, and its metadata.

        Raises:
            StoreError: as `read_part` does; SchemaMismatch also for a part of another kind.
        """
        return payloads.read_tensors_payload(self._folder(commit), commit.part(part_name))

    def read_part_file(self, commit: Commit, part_name: str) -> bytes:
        """Return the bytes of a part.

        Raises:
            StoreError: as `read_part` does; SchemaMismatch also for a part of another kind.
        """
        return payloads.read_file_payload(self._folder(commit), commit.part(part_name))

    def part_url(self, commit: Commit, part_name: str) -> str:
        """Return where a part's file or folder is: a path, or a URL.

        Raises:
            MissingArtifact: when there is no such part.
        """
        return self._folder(commit).child(commit.part(part_name).file).url

    def write_manifest(self, manifest: Manifest) -> bool:
        """Store a manifest; return False, writing nothing, when one of this fingerprint is already there.

        Raises:
            ReadOnlyStore: when the place cannot be written.
        """
        return self.manifest_file(manifest.stage, manifest.fingerprint).create_bytes(manifest.to_json())

    def read_manifest(self, stage: str, fingerprint: str) -> Manifest | None:
        """Return the manifest of a result, or None when there is none.

        Raises:
            CorruptArtifact: when it is damaged or belongs to another result.
            StoreError: when a newer version of this program wrote it.
        """
        place = self.manifest_file(stage, fingerprint)
        data = _read_if_there(place)
        if data is None:
            return None
        manifest = Manifest.from_json(data, place.url)
        if (manifest.stage, manifest.fingerprint) != (stage, fingerprint):
            raise misplaced_record(place.url, f"the manifest of {manifest.stage}, {manifest.fingerprint}")
        return manifest

    def latest_manifest(self, stage: str) -> Manifest | None:
        """Return the stage's newest manifest by its time of creation, or None when it has none.

        Raises:
            CorruptArtifact: when one of them is damaged.
        """
        found = at_once(self.root, lambda name: self.read_manifest(stage, name), self.fingerprints(stage))
        return max((manifest for manifest in found if manifest), key=Manifest.moment, default=None)

    def forget(self, stage: str, fingerprint: str, shard_keys: Sequence[str]) -> None:
        """Remove a result and these shards, so that the next run makes them again; what is not there is fine.

        Raises:
            ReadOnlyStore: when the place cannot be written.
        """
        # Manifest, commits, payloads: a process killed in between leaves less done, never something damaged.
        self.manifest_file(stage, fingerprint).remove_tree()
        for key in shard_keys:
            self.forget_shard(stage, key)
        forget_checkpoints(self.root, stage, shard_keys)

    def forget_shard(self, stage: str, shard_key: str) -> None:
        """Remove a shard that no manifest lists any more; nothing happens when there is none.

        Raises:
            ReadOnlyStore: when the place cannot be written.
        """
        folder = self.shard_folder(stage, shard_key)
        folder.child(_COMMIT).remove_tree()
        folder.remove_tree()

    def fingerprints(self, stage: str) -> list[str]:
        """Return the fingerprints of the stage's manifests, sorted."""
        return [name.removesuffix(".json") for name in self.root.child(stage).list_names() if _MANIFEST.fullmatch(name)]

    def stages(self) -> list[str]:
        """Return the stage instances that have shards, sorted."""
        return [name for name in self.root.list_names() if self.root.child(name, _SHARDS).exists()]

    def shard_folder(self, stage: str, shard_key: str) -> Location:
        """Return the folder of a shard, which need not exist."""
        return self.root.child(stage, _SHARDS, shard_key)

    def manifest_file(self, stage: str, fingerprint: str) -> Location:
        """Return the file of a manifest, which need not exist."""
        return self.root.child(stage, f"{fingerprint}.json")

    def _folder(self, commit: Commit) -> Location:
        return self.shard_folder(commit.stage, commit.shard_key)


def _read_if_there(place: Location) -> bytes | None:
    try:
        return place.read_bytes()
    except MissingArtifact:
        return None
