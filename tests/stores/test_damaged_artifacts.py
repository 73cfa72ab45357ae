"""Damage, leftovers and full disks: whatever happened to the files, no reader takes them for a result."""

import dataclasses
import json
import os
from pathlib import Path

import pytest

from stores.artifacts import ArtifactStore
from stores.errors import CorruptArtifact, MissingArtifact, ReadOnlyStore
from stores.maintenance import list_leftovers, list_shard_keys, verify_commit
from stores.parts import digest_part
from tests.stores.shard_examples import KEY, STAGE, commit_example, example_manifest, example_parts


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(str(tmp_path / "store"))


def test_leftovers_of_killed_writers_are_neither_trusted_nor_in_the_way(store: ArtifactStore) -> None:
    digest = digest_part(example_parts()["maps"])
    folder = Path(store.shard_folder(STAGE, KEY).path)
    (folder / f"maps-{digest[:16]}.zarr" / "maps").mkdir(parents=True)
    (folder / f"maps-{digest[:16]}.zarr" / "zarr.json").write_bytes(b"")
    commit = commit_example(store, example_parts())
    assert verify_commit(store, commit) == []
    assert list_leftovers(store, commit) == [f"maps-{digest[:16]}.zarr"]
    assert list_shard_keys(store, STAGE) == [KEY]


def _files_of(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())


@pytest.mark.parametrize("part_name", ["maps", "rows", "model", "report"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "delete"])
def test_damage_to_any_payload_is_noticed(store: ArtifactStore, part_name: str, damage: str) -> None:
    commit = commit_example(store, example_parts())
    file = _files_of(Path(store.part_url(commit, part_name)))[0]
    whole = file.read_bytes()
    middle = len(whole) // 2
    if damage == "delete":
        file.unlink()
    else:
        flipped = whole[:middle] + bytes([whole[middle] ^ 0x20]) + whole[middle + 1 :]
        file.write_bytes({"flip": flipped, "truncate": whole[:-3], "empty": b""}[damage])
    wanted = MissingArtifact if damage == "delete" and part_name != "maps" else CorruptArtifact
    with pytest.raises(wanted, match=part_name):
        store.read_part(commit, part_name)
    (problem,) = verify_commit(store, commit)
    assert isinstance(problem, wanted)


def test_a_whole_payload_of_another_shard_is_noticed(store: ArtifactStore) -> None:
    commit, other = (
        commit_example(store, example_parts(1.0)),
        commit_example(store, example_parts(2.0), "cd" * 32),
    )
    for name in ("model", "report"):
        Path(store.part_url(commit, name)).write_bytes(Path(store.part_url(other, name)).read_bytes())
        with pytest.raises(CorruptArtifact, match=name):
            store.read_part(commit, name)


@pytest.mark.parametrize("content", [b"", b"{", b"{}"])
def test_a_torn_commit_or_manifest_is_refused_with_the_file_to_delete(store: ArtifactStore, content: bytes) -> None:
    commit = commit_example(store, example_parts())
    store.write_manifest(example_manifest([commit]))
    commit_file = Path(store.shard_folder(STAGE, KEY).path) / "commit.json"
    commit_file.write_bytes(content)
    with pytest.raises(CorruptArtifact, match=r"commit\.json(.|\n)*sane verify CONFIG --repair"):
        store.read_commit(STAGE, KEY)
    store.manifest_file(STAGE, "f" * 64).remove_tree()
    store.manifest_file(STAGE, "f" * 64).create_bytes(content)
    with pytest.raises(CorruptArtifact, match=r"ffff\.json(.|\n)*sane verify CONFIG --repair"):
        store.latest_manifest(STAGE)


def test_a_record_in_another_ones_place_is_refused(store: ArtifactStore) -> None:
    commit = commit_example(store, example_parts())
    store.write_manifest(example_manifest([commit]))
    store.shard_folder(STAGE, "ef" * 32).child("commit.json").create_bytes(commit.to_json())
    with pytest.raises(CorruptArtifact, match=f"the commit of {STAGE}, shard {KEY}"):
        store.read_commit(STAGE, "ef" * 32)
    store.manifest_file(STAGE, "e" * 64).create_bytes(example_manifest([commit]).to_json())
    with pytest.raises(CorruptArtifact, match=f"the manifest of {STAGE}"):
        store.read_manifest(STAGE, "e" * 64)


def test_a_manifest_whose_shards_are_gone_or_changed_is_refused(store: ArtifactStore) -> None:
    commit = commit_example(store, example_parts())
    with pytest.raises(MissingArtifact, match=r"commit\.json"):
        store.read_commits(example_manifest([commit], shard_keys=("cd" * 32,)))
    with pytest.raises(CorruptArtifact, match="in the manifest 0000"):
        store.read_commits(example_manifest([commit], digests=("0000",)))


@pytest.mark.parametrize("part_name", ["maps", "rows", "model", "report"])
def test_a_full_disk_leaves_no_commit_and_names_the_place(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, part_name: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full_disk:
        full_disk.setattr(os, "fsync", refuse)
        with pytest.raises(ReadOnlyStore, match=f"{STAGE}/shards/{KEY}/{part_name}(.|\n)*free some space"):
            commit_example(store, {part_name: example_parts()[part_name]})
    assert store.read_commit(STAGE, KEY) is None
    assert verify_commit(store, commit_example(store, example_parts())) == []


def test_every_byte_of_the_metadata_of_arrays_counts(store: ArtifactStore) -> None:
    commit = commit_example(store, {"maps": example_parts()["maps"]})
    for file in Path(store.part_url(commit, "maps")).rglob("zarr.json"):
        whole = file.read_bytes()
        for position in range(0, len(whole), 3):
            file.write_bytes(whole[:position] + bytes([whole[position] ^ 0x01]) + whole[position + 1 :])
            assert [problem.where for problem in verify_commit(store, commit)] == [str(file)], position
        # Other white space, and the order of keys, tell a reader nothing.
        file.write_bytes(json.dumps(json.loads(whole)).encode())
        assert verify_commit(store, commit) == []
        file.write_bytes(whole)


def test_arrays_written_before_their_metadata_had_digests_are_verified_by_their_values(store: ArtifactStore) -> None:
    commit = commit_example(store, {"maps": example_parts()["maps"]})
    part = commit.parts["maps"]
    older = {name: value for name, value in part.detail.items() if name != "metadata_digests"}
    earlier = dataclasses.replace(commit, parts={"maps": dataclasses.replace(part, detail=older)})
    assert verify_commit(store, earlier) == []
    (Path(store.part_url(commit, "maps")) / "maps" / "zarr.json").write_bytes(b"{}")
    assert len(verify_commit(store, earlier)) == 1
