"""What `sane status --artifact` tells: what a file in the store belongs to, and where that came from."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flows.engine.errors import BadRequest
from stores.artifacts import ArtifactStore
from stores.copied_files import CONTENTS, CopiedFiles
from stores.digests import digest_bytes
from stores.errors import MissingArtifact
from stores.location import Location
from stores.manifests import Commit, Manifest
from stores.run_records import RunRecord, list_runs

SHARDS = "shards"
COMMIT = "commit.json"


@dataclass(frozen=True)
class _Found:
    """What a path leads to: a shard, or a stage's whole result."""

    stage: str
    commit: Commit | None
    manifests: list[Manifest]
    part: str | None


def artifact_origin(store_root: str, path: str) -> dict[str, Any]:
    """Return what a file or shard folder of the store belongs to, and where that came from.

    Args:
        store_root: folder or URL of the store.
        path: a payload, commit or manifest, or a file within a payload; or a copy at the top of the store of what a
            stage has made: a file, or a folder such as a report, or a file in it.

    Returns:
        path, stage, fingerprint (the newest result that holds it), fingerprints (all that do), shard, shard_key, part,
        digest, made (when), device, batch_size, threads, seconds, versions, upstream (fingerprint by stage),
        adopted_from, run_id (the run that made it) and runs (those that used or made it). None where it does not
        apply or was not recorded.

    Raises:
        BadRequest: the path is outside the store, or belongs to no result.
        StoreError: a record on the way is damaged.
    """
    store = ArtifactStore(store_root)
    found = _find(store, _names_below(store.root, path), path)
    newest = max(found.manifests, key=Manifest.moment, default=None)
    fingerprints = [manifest.fingerprint for manifest in found.manifests]
    if found.commit is not None:
        facts = _facts_of_shard(found.commit, found.part, newest)
    else:
        facts = _facts_of_result(found.manifests[0])
    runs = [_run(run) for run in list_runs(store.root) if run.artifacts.get(found.stage) in fingerprints]
    latest = newest.fingerprint if newest else None
    return {
        "path": path,
        "stage": found.stage,
        "fingerprint": latest,
        "fingerprints": fingerprints,
        **facts,
        "runs": runs,
    }


def _facts_of_shard(commit: Commit, part: str | None, newest: Manifest | None) -> dict[str, Any]:
    made = commit.provenance
    return {
        "shard": commit.shard_label,
        "shard_key": commit.shard_key,
        "part": part,
        "digest": commit.parts[part].digest if part else commit.digest,
        "made": made.get("when"),
        "device": made.get("device"),
        "batch_size": made.get("batch_size"),
        "threads": made.get("threads"),
        "seconds": commit.seconds,
        "versions": made.get("versions"),
        # What the shard was made from; a result that took it over may be made from others with equal values.
        "upstream": made.get("upstream") or (newest.upstream if newest else None),
        "adopted_from": made.get("adopted_from"),
        "run_id": made.get("run_id") or None,
    }


def _facts_of_result(manifest: Manifest) -> dict[str, Any]:
    unknown = dict.fromkeys(("shard", "shard_key", "part", "batch_size", "threads", "run_id"))
    return {
        **unknown,
        "digest": manifest.digest,
        "made": manifest.created,
        "device": ", ".join(manifest.details.get("devices", [])),
        "seconds": manifest.seconds,
        "versions": manifest.versions,
        "upstream": manifest.upstream,
        "adopted_from": manifest.adopted_from,
    }


def _names_below(root: Location, path: str) -> list[str]:
    place = Location.parse(path)
    if root.is_local and place.is_local:
        # A link in either spelling must not make a file of the store a stranger.
        top, below = os.path.realpath(root.path), os.path.realpath(place.path)
    else:
        top, below = root.url, place.url
    if not below.startswith(f"{top}/"):
        raise _refusal(path, f"a path below the store {root.url}", "a path outside it")
    return below[len(top) + 1 :].split("/")


def _find(store: ArtifactStore, names: list[str], path: str) -> _Found:
    if len(names) >= 3 and names[1] == SHARDS:
        return _find_shard(store, names, path)
    if len(names) == 2 and names[1].endswith(".json") and names[0] in store.stages():
        manifest = store.read_manifest(names[0], names[1].removesuffix(".json"))
        if manifest is not None:
            return _Found(names[0], None, [manifest], None)
    if store.root.is_local and store.root.child(names[0], CONTENTS).exists():
        return _find_copied(store, names, path)
    if len(names) == 1:
        return _find_copy(store, path)
    raise _no_artifact(path)


def _find_shard(store: ArtifactStore, names: list[str], path: str) -> _Found:
    stage, key, inner = names[0], names[2], names[3:]
    commit = store.read_commit(stage, key)
    if commit is None:
        raise _refusal(path, "a file of a finished shard", f"no commit of shard {key[:16]} of {stage}")
    part = next((part.name for part in commit.parts.values() if inner and part.file == inner[0]), None)
    if inner and part is None and inner != [COMMIT]:
        raise _refusal(path, f"a file that the commit of {stage} {commit.shard_label} lists", "one that it does not")
    return _Found(stage, commit, _manifests_with(store, commit), part)


def _find_copy(store: ArtifactStore, path: str) -> _Found:
    """Return the shard that a file at the top of the store is a copy of, such as a report."""
    try:
        digest = digest_bytes(Location.parse(path).read_bytes())
    except MissingArtifact:
        raise _no_artifact(path) from None
    return _shard_with_file(store, store.stages(), digest, path)


def _find_copied(store: ArtifactStore, names: list[str], path: str) -> _Found:
    """Return the shard that a folder of copies, such as a report, or one of its files, was made from."""
    record = store.root.child(names[0], CONTENTS)
    contents = CopiedFiles.decode(record.read_bytes(), record.url)
    file = "/".join(names[1:])
    if file and file != CONTENTS:
        contents.require(file, store.root.child(*names).read_bytes(), path)
    part = contents.parts[contents.made_from.get(file, 0)]
    return _shard_with_file(store, [part.stage], part.digest, path)


def _shard_with_file(store: ArtifactStore, stages: list[str], digest: str, path: str) -> _Found:
    for stage in stages:
        for commit in _commits_with_files(store, stage):
            for part in commit.parts.values():
                if part.kind == "file" and part.digest == digest:
                    return _Found(stage, commit, _manifests_with(store, commit), part.name)
    raise _refusal(path, "a copy of a file that a stage has made", "the bytes of none")


def _commits_with_files(store: ArtifactStore, stage: str) -> Iterator[Commit]:
    for fingerprint in store.fingerprints(stage):
        manifest = store.read_manifest(stage, fingerprint)
        parts = manifest.details.get("parts", {}) if manifest else {}
        # Most stages make no files, and a large one has tens of thousands of commits.
        if manifest and any(part["kind"] == "file" for part in parts.values()):
            yield from store.read_commits(manifest)


def _manifests_with(store: ArtifactStore, commit: Commit) -> list[Manifest]:
    found = (store.read_manifest(commit.stage, fingerprint) for fingerprint in store.fingerprints(commit.stage))
    return [manifest for manifest in found if manifest and commit.shard_key in manifest.shard_keys]


def _run(run: RunRecord) -> dict[str, str]:
    return {"run_id": run.run_id, "name": run.name, "state": run.shown_state}


def _no_artifact(path: str) -> BadRequest:
    return _refusal(path, "a payload, commit.json or manifest of a stage", "nothing that a stage has made")


def _refusal(path: str, expected: str, found: str) -> BadRequest:
    return BadRequest(
        expected=expected,
        found=found,
        where=f"--artifact {path}",
        remedy="name a file below <store>/<stage>/; sane status CONFIG lists the stages",
    )
