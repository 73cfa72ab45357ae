"""What cannot be read for want of permission or of memory is no damage, and no repair touches it."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import safetensors.numpy
import zarr

from stores import arrays, tables
from stores.artifacts import ArtifactStore
from stores.errors import CorruptArtifact, MissingArtifact, StoreError
from stores.location import Location
from stores.repair import repair_store
from stores.verification import ShardCheck, check_shard
from tests.stores.shard_examples import KEY, STAGE, commit_example, example_manifest, example_parts


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """A store with one shard and the manifest that lists it."""
    store = ArtifactStore(str(tmp_path / "store"))
    store.write_manifest(example_manifest([commit_example(store, example_parts())]))
    return store


def check(store: ArtifactStore) -> ShardCheck:
    return check_shard(store, STAGE, KEY, {})


def files(store: ArtifactStore) -> list[str]:
    return sorted(str(path) for path in Path(store.root.path).rglob("*"))


def refuse(monkeypatch: pytest.MonkeyPatch, ending: str, error: BaseException) -> None:
    """Let no file whose path ends so be read."""
    whole = Path.read_bytes

    def read(self: Path) -> bytes:
        if str(self).endswith(ending):
            raise error
        return whole(self)

    monkeypatch.setattr(Path, "read_bytes", read)


@pytest.mark.parametrize(
    "ending", ["maps/c/0/0/0", "used/c/0", "maps/zarr.json", ".zarr/zarr.json", ".parquet", ".safetensors", ".html"]
)
@pytest.mark.parametrize("reason", [errno.EACCES, errno.EIO, errno.EMFILE, errno.ENOMEM])
def test_a_file_that_may_not_be_read_is_reported_and_left_alone(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, ending: str, reason: int
) -> None:
    before = files(store)
    with monkeypatch.context() as refusing:
        refuse(refusing, ending, OSError(reason, os.strerror(reason)))
        problems = check(store).problems
        repair = repair_store(store, problems)
    assert problems
    assert not any(problem.is_repairable for problem in problems)
    assert all("could not be read" in problem.error.found for problem in problems)
    assert all(os.strerror(reason) in problem.error.found for problem in problems)
    assert (repair.manifests, repair.shards, repair.left) == ((), (), problems)
    assert files(store) == before
    assert check(store).problems == ()


SHORTAGES: dict[str, Any] = {
    "values": (arrays, "digest_array"),
    "rows": (tables, "digest_table"),
    "Parquet": (pq, "ParquetFile"),
    "tensors": (safetensors.numpy, "load"),
    "bytes": (Path, "read_bytes"),
    "commit": (Location, "file_sizes_bytes"),
}


NO_THREAD = RuntimeError("can't start new thread")
NO_ARROW_THREAD = OSError("Unknown error: Failed to launch worker thread: Resource temporarily unavailable")


@pytest.mark.parametrize(
    ("what", "error"),
    [*((what, MemoryError("12 GiB")) for what in SHORTAGES), ("values", NO_THREAD), ("Parquet", NO_ARROW_THREAD)],
)
def test_too_little_memory_is_reported_and_nothing_is_removed(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, what: str, error: Exception
) -> None:
    def run_short(*_: object, **__: object) -> None:
        raise error

    before = files(store)
    with monkeypatch.context() as short:
        short.setattr(*SHORTAGES[what], run_short)
        problems = check(store).problems
    assert problems
    assert not any(problem.is_repairable for problem in problems)
    assert all("memory" in problem.error.remedy for problem in problems)
    repair_store(store, problems)
    assert files(store) == before


class PanicException(BaseException):  # noqa: N818 - the name that safetensors gives it
    """Stands for what safetensors raises where a buffer is not to be had: no Exception."""


def test_a_panic_of_the_reader_of_tensors_is_no_damage_and_no_end(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def panic(data: bytes) -> None:
        raise PanicException("PyObject pointer is null")

    monkeypatch.setattr(safetensors.numpy, "load", panic)
    (problem,) = check(store).problems
    assert not problem.is_repairable
    assert "PyObject pointer is null" in problem.error.found


def test_an_interruption_of_the_reader_of_tensors_is_not_taken_for_anything_else(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(data: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(safetensors.numpy, "load", interrupt)
    with pytest.raises(KeyboardInterrupt):
        check(store)


def test_a_folder_that_may_not_be_listed_is_not_taken_for_an_empty_one(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = Path(store.part_url(store.require_commit(STAGE, KEY), "maps"))
    whole = os.scandir

    def refuse_chunks(path: str) -> Any:
        if str(path).rstrip("/") == str(group / "maps" / "c"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return whole(path)

    with monkeypatch.context() as refusing:
        refusing.setattr(os, "scandir", refuse_chunks)
        (problem,) = check(store).problems
        with pytest.raises(StoreError, match="could not be read"):
            store.root.child(STAGE).file_sizes_bytes()
    assert not problem.is_repairable
    assert "Permission denied" in problem.error.found


def test_a_place_that_may_not_be_asked_is_not_taken_for_an_absent_one(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_stat(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "stat", refuse_stat)
    with pytest.raises(StoreError, match="Permission denied"):
        store.stages()


@pytest.mark.parametrize("damage", ["flip", "truncate", "delete"])
@pytest.mark.parametrize("ending", ["maps/c/0/0/0", "maps/zarr.json", ".parquet", ".safetensors", ".html"])
def test_damage_is_still_repaired(store: ArtifactStore, ending: str, damage: str) -> None:
    file = next(path for path in Path(store.root.path).rglob("*") if str(path).endswith(ending))
    whole = file.read_bytes()
    if damage == "delete":
        file.unlink()
    else:
        flipped = whole[:5] + bytes([whole[5] ^ 0x20]) + whole[6:]
        file.write_bytes(flipped if damage == "flip" else whole[:-3])
    problems = check(store).problems
    assert all(isinstance(problem.error, CorruptArtifact | MissingArtifact) for problem in problems)
    assert repair_store(store, problems).shards == ((STAGE, KEY),)


@pytest.mark.parametrize(
    ("field", "forged"), [("shape", [2**20, 2**9, 2**4]), ("shape", [10**14, 3, 4]), ("data_type", "float64")]
)
def test_a_forged_shape_or_dtype_takes_no_memory(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, field: str, forged: object
) -> None:
    commit = store.require_commit(STAGE, KEY)
    store.read_part(commit, "maps")
    metadata = Path(store.part_url(commit, "maps")) / "maps" / "zarr.json"
    metadata.write_text(json.dumps({**json.loads(metadata.read_text()), field: forged}))

    def take_memory(*_: object) -> None:
        pytest.fail("memory was taken for values before their shape was known to be right")

    monkeypatch.setattr(zarr.Array, "__getitem__", take_memory)
    with pytest.raises(CorruptArtifact, match=r"in the record \(2, 3, 4\), float16") as caught:
        store.read_part(commit, "maps")
    assert caught.value.where == str(metadata)
