"""Verifying, repairing and cleaning go through the store's locations alone: on a disk and in memory alike."""

import secrets
from pathlib import Path

import pytest

from stores.artifacts import ArtifactStore
from stores.collection import delete_garbage
from stores.garbage import find_garbage
from stores.maintenance import list_shard_keys
from stores.reachability import Roots, reachable, roots_of_runs
from stores.repair import repair_store
from stores.verification import Problem, check_shard
from tests.old_stores import make_store


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    root = str(tmp_path / "store") if request.param == "local" else f"memory://{secrets.token_hex(8)}"
    make_store.write_store(root)
    return ArtifactStore(root)


def problems_of(store: ArtifactStore) -> list[Problem]:
    """What is wrong with the shards that manifests list."""
    found = []
    for stage in store.stages():
        for fingerprint in store.fingerprints(stage):
            manifest = store.read_manifest(stage, fingerprint)
            assert manifest is not None
            for key, digest in zip(manifest.shard_keys, manifest.digests, strict=True):
                found += check_shard(store, stage, key, {fingerprint: digest}).problems
    return found


def test_a_damaged_chunk_is_named_and_its_shard_removed_alone(store: ArtifactStore) -> None:
    manifest = store.latest_manifest("embeddings")
    assert manifest is not None
    commit = store.require_commit("embeddings", manifest.shard_keys[0])
    place = store.shard_folder("embeddings", commit.shard_key).child(commit.part("embeddings").file)
    chunk = place.child("embeddings", "c", "0", "0")
    data = chunk.read_bytes()
    assert problems_of(store) == []
    chunk.replace_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    (problem,) = problems_of(store)
    assert problem.error.where == chunk.url
    done = repair_store(store, [problem])
    assert done.shards == (("embeddings", commit.shard_key),)
    assert done.manifests == (("embeddings", manifest.fingerprint),)
    assert store.read_commit("embeddings", commit.shard_key) is None
    assert store.read_commit("embeddings", manifest.shard_keys[1]) is not None


def test_what_a_root_was_made_from_is_kept_and_the_rest_deleted(store: ArtifactStore) -> None:
    named = roots_of_runs(store)
    assert find_garbage(store, reachable(store, named)) == []
    explanations = store.latest_manifest("explanations")
    assert explanations is not None
    roots = Roots(manifests=frozenset({("explanations", explanations.fingerprint)}))
    garbage = find_garbage(store, reachable(store, roots))
    # The report was made from the metrics, so it goes first.
    assert [(item.stage, item.kind) for item in garbage] == [
        ("report", "manifest"),
        ("report", "shard"),
        ("metrics", "manifest"),
        ("metrics", "shard"),
    ]
    # The named run keeps them until its name is taken back.
    assert list(delete_garbage(store, roots, garbage)) == []
    store.root.child("runs").remove_tree()
    assert list(delete_garbage(store, roots, garbage)) == garbage
    assert store.latest_manifest("report") is None
    left = [stage for stage in store.stages() if list_shard_keys(store, stage)]
    assert left == ["embeddings", "explanations", "similarity_model", "vocabulary"]
    assert problems_of(store) == []
