"""The store's promises: what is committed comes back, and the first commit wins."""

import dataclasses
import secrets
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stores.artifacts import ArtifactStore
from stores.errors import MissingArtifact, SchemaMismatch, StoreError
from stores.maintenance import list_leftovers, verify_commit
from stores.manifests import Commit
from stores.parts import TablePart, digest_part
from stores.tables import table_from_rows
from tests.stores.shard_examples import KEY, PAIR, STAGE, commit_example, example_manifest, example_parts
from tests.table_schemas import SCHEMAS


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(str(tmp_path / "store"))


@pytest.mark.parametrize("root", ["local", "memory"])
def test_every_kind_of_part_comes_back_with_its_digest(tmp_path: Path, root: str) -> None:
    store = ArtifactStore(str(tmp_path) if root == "local" else f"memory://{secrets.token_hex(8)}")
    parts = example_parts()
    assert store.read_commit(STAGE, KEY) is None
    commit = commit_example(store, parts)
    assert store.read_commit(STAGE, KEY) == commit
    assert {name: record.digest for name, record in commit.parts.items()} == {
        name: digest_part(part) for name, part in parts.items()
    }
    arrays = store.read_part_arrays(commit, "maps")
    np.testing.assert_array_equal(arrays["maps"], np.ones((2, 3, 4), np.float16))
    assert set(store.read_part(commit, "maps", ["used"])) == {"used"}
    assert store.read_part_table(commit, "rows").to_pylist() == [PAIR]
    assert store.read_part(commit, "rows", ["row", "query"]).to_pylist() == [{"row": 0, "query": "q"}]
    tensors, metadata = store.read_part_tensors(commit, "model")
    np.testing.assert_array_equal(tensors["weight"], np.ones((3, 2), np.float32))
    assert metadata == {"network": "small"}
    assert store.read_part_file(commit, "report") == b"<html>1.0"
    assert verify_commit(store, commit) == []
    assert store.stages() == [STAGE]


def test_payloads_carry_their_digest_in_their_names(store: ArtifactStore) -> None:
    commit = commit_example(store, example_parts())
    endings = {"maps": ".zarr", "rows": ".parquet", "model": ".safetensors", "report": ".html"}
    for name, ending in endings.items():
        record = commit.parts[name]
        assert record.file.startswith(f"{name}-{record.digest[:16]}-")
        assert record.file.endswith(ending)
        assert Path(store.part_url(commit, name)).exists()
    assert commit.parts["rows"].detail["rows"] == 1
    assert set(commit.parts["rows"].detail["column_digests"]) == set(PAIR)
    assert commit.parts["maps"].detail["shapes"] == {"maps": [2, 3, 4], "used": [2]}


def test_the_first_commit_wins_even_with_other_bytes(store: ArtifactStore) -> None:
    first = commit_example(store, example_parts(1.0))
    second = commit_example(store, example_parts(2.0))
    assert second == first
    assert store.read_part_file(second, "report") == b"<html>1.0"
    assert list_leftovers(store, first) == []


def test_a_rival_that_commits_while_we_write_wins_and_our_payload_goes(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = ArtifactStore(store.root.url)
    real_read = store.read_commit
    calls: list[str] = []

    def late_look(stage: str, shard_key: str) -> Commit | None:
        found = real_read(stage, shard_key)
        if not calls:
            calls.append(shard_key)
            commit_example(rival, example_parts(5.0))
        return found

    monkeypatch.setattr(store, "read_commit", late_look)
    commit = commit_example(store, example_parts(1.0))
    assert store.read_part_file(commit, "report") == b"<html>5.0"
    assert verify_commit(store, commit) == []
    assert list_leftovers(store, commit) == []


def test_equal_values_give_equal_digests_in_another_store(store: ArtifactStore, tmp_path: Path) -> None:
    one, two = (
        commit_example(store, example_parts()),
        commit_example(ArtifactStore(str(tmp_path / "other")), example_parts()),
    )
    assert one.digest == two.digest
    assert one.parts["maps"].file != two.parts["maps"].file


def test_manifests_are_written_once_and_the_latest_is_found(store: ArtifactStore) -> None:
    commit = commit_example(store, example_parts())
    assert store.latest_manifest(STAGE) is None
    old = example_manifest([commit], created="2026-01-01T00:00:00+00:00")
    new = example_manifest([commit], fingerprint="0" * 64)
    assert store.write_manifest(new)
    assert store.write_manifest(old)
    assert not store.write_manifest(dataclasses.replace(old, seconds=9.0))
    assert store.read_manifest(STAGE, "f" * 64) == old
    assert store.read_manifest(STAGE, "1" * 64) is None
    assert store.latest_manifest(STAGE) == new
    assert store.fingerprints(STAGE) == ["0" * 64, "f" * 64]
    assert store.read_commits(new) == [commit]


def test_a_forgotten_result_is_made_again(store: ArtifactStore) -> None:
    commit = commit_example(store, example_parts())
    store.write_manifest(example_manifest([commit]))
    for _ in range(2):
        store.forget(STAGE, "f" * 64, [KEY])
        assert store.latest_manifest(STAGE) is None
        assert store.read_commit(STAGE, KEY) is None
    assert commit_example(store, example_parts()).digest == commit.digest


def test_a_part_of_another_name_or_kind_is_refused(store: ArtifactStore) -> None:
    commit = commit_example(store, example_parts())
    with pytest.raises(MissingArtifact, match="one of the parts maps, model, report, rows"):
        store.read_part_table(commit, "scores")
    with pytest.raises(SchemaMismatch, match="a part of kind 'table'"):
        store.read_part_table(commit, "maps")


@pytest.mark.parametrize("stage", ["../elsewhere", "", "a/b"])
def test_a_stage_name_that_leads_elsewhere_is_refused(store: ArtifactStore, stage: str) -> None:
    with pytest.raises(StoreError, match="plain file or folder names"):
        store.commit_shard(stage, KEY, "q", {}, {}, 0.0, {})


def test_a_table_that_does_not_fit_its_name_is_refused(store: ArtifactStore) -> None:
    with pytest.raises(SchemaMismatch, match="column 'pair_id'"):
        commit_example(
            store, {"rows": TablePart(SCHEMAS["pairs"], table_from_rows(SCHEMAS["map_rows"], [PAIR]).select(["query"]))}
        )
    assert store.read_commit(STAGE, KEY) is None


def test_importing_the_store_imports_neither_torch_nor_zarr() -> None:
    heavy = {"torch", "zarr", "pandas", "pipeline"}
    code = f"import sys, stores.artifacts; sys.exit(bool({heavy!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)
    assert run.returncode == 0
