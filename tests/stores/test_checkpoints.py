"""Checkpoints come back whole or not at all, whatever a kill or a fault did to the folder."""

import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from stores.artifacts import ArtifactStore
from stores.checkpoints import Checkpoint, CheckpointFolder, forget_checkpoints, shard_checkpoints
from stores.errors import CorruptArtifact, StoreError
from stores.location import Location

STAGE, KEY = "attribute_model.sane", "ab" * 32

CHILD = """
import os, signal, sys
from stores.location import Location
from tests.stores.test_checkpoints import KEY, STAGE, checkpoint
from stores.checkpoints import shard_checkpoints

root, moment = sys.argv[1:]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

folder = shard_checkpoints(Location.parse(root), STAGE, KEY)
folder.write(checkpoint(1))
folder.write(checkpoint(2))
if moment == "within_the_write":
    os.link = die
else:
    Location.remove_tree = die
folder.write(checkpoint(3))
"""


def checkpoint(epoch: int) -> Checkpoint:
    rng = np.random.default_rng(epoch)
    arrays = {"weights": rng.normal(size=(3, 4)).astype(np.float32), "step": np.array(epoch, np.int64)}
    return Checkpoint(epoch, arrays, f'{{"measure": {rng.normal()!r}}}')


@pytest.fixture(params=["local", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Location]:
    place = Location.parse(str(tmp_path) if request.param == "local" else f"memory://{uuid.uuid4().hex}")
    yield place
    place.remove_tree()


@pytest.fixture
def folder(root: Location) -> CheckpointFolder:
    return shard_checkpoints(root, STAGE, KEY)


def epochs_in(folder: CheckpointFolder) -> list[int]:
    return [int(name.split("-")[1]) for name in folder.folder.list_names()]


def file_of(folder: CheckpointFolder, epoch: int) -> Location:
    (name,) = [name for name in folder.folder.list_names() if name.startswith(f"epoch-{epoch:06d}-")]
    return folder.folder.child(name)


def overwrite(place: Location, data: bytes) -> None:
    place.remove_tree()
    assert place.create_bytes(data)


def assert_is(found: Checkpoint | None, epoch: int) -> None:
    assert found is not None
    wanted = checkpoint(epoch)
    assert (found.epoch, found.text) == (epoch, wanted.text)
    assert {name: array.tobytes() for name, array in found.tensors.items()} == {
        name: array.tobytes() for name, array in wanted.tensors.items()
    }


def test_the_newest_comes_back_and_two_are_kept(folder: CheckpointFolder) -> None:
    assert folder.read_newest() == (None, [])
    for epoch, kept in ((1, [1]), (2, [1, 2]), (5, [2, 5]), (1_000_000, [5, 1_000_000])):
        folder.write(checkpoint(epoch))
        assert sorted(epochs_in(folder)) == kept
        found, problems = folder.read_newest()
        assert_is(found, epoch)
        assert problems == []
    folder.remove()
    folder.remove()
    assert folder.read_newest() == (None, [])


@pytest.mark.parametrize("moment", ["within_the_write", "before_the_removal"])
def test_a_kill_leaves_a_folder_that_can_be_gone_on_from(tmp_path: Path, moment: str) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path), moment]
    child = subprocess.run(command, cwd=Path(__file__).parents[2], check=False, capture_output=True, text=True)
    assert child.returncode == -signal.SIGKILL, child.stderr
    folder = shard_checkpoints(Location.parse(str(tmp_path)), STAGE, KEY)
    written = 2 if moment == "within_the_write" else 3
    unfinished = set(folder.folder.list_names(include_unfinished=True)) - set(folder.folder.list_names())
    assert len(unfinished) == (moment == "within_the_write")
    found, problems = folder.read_newest()
    assert_is(found, written)
    assert problems == []
    assert epochs_in(folder) == list(range(1, written + 1))
    folder.write(checkpoint(4))
    assert epochs_in(folder) == [written, 4]
    folder.remove()
    assert not Path(folder.folder.path).exists()


@pytest.mark.parametrize("kept_bytes", [0, 7, 100, -1])
def test_a_truncated_newest_falls_back_to_the_one_before(folder: CheckpointFolder, kept_bytes: int) -> None:
    folder.write(checkpoint(1))
    folder.write(checkpoint(2))
    place = file_of(folder, 2)
    overwrite(place, place.read_bytes()[:kept_bytes])
    found, (problem,) = folder.read_newest()
    assert_is(found, 1)
    assert isinstance(problem, CorruptArtifact)
    assert problem.where == place.url


def test_any_flipped_byte_falls_back_to_the_one_before(folder: CheckpointFolder) -> None:
    folder.write(checkpoint(1))
    folder.write(checkpoint(2))
    place = file_of(folder, 2)
    whole = place.read_bytes()
    fell_back = 0
    for position in range(0, len(whole), 5):
        damaged = bytearray(whole)
        damaged[position] ^= 0x10
        overwrite(place, bytes(damaged))
        found, problems = folder.read_newest()
        # Only the padding behind the header may change without a change of content.
        assert_is(found, 1 if problems else 2)
        fell_back += len(problems)
    assert fell_back > len(whole) // 5 * 0.9


def test_a_damaged_epoch_is_written_again_beside_the_damage(folder: CheckpointFolder) -> None:
    folder.write(checkpoint(1))
    folder.write(checkpoint(2))
    overwrite(file_of(folder, 2), b"")
    folder.write(checkpoint(2))
    assert_is(folder.read_newest()[0], 2)
    folder.write(checkpoint(3))
    overwrite(file_of(folder, 3), b"")
    assert_is(folder.read_newest()[0], 2)
    folder.write(checkpoint(4))
    folder.write(checkpoint(5))
    assert epochs_in(folder) == [4, 5]


def test_none_is_left_when_all_are_damaged(folder: CheckpointFolder) -> None:
    folder.write(checkpoint(1))
    overwrite(file_of(folder, 1), b"\0" * 64)
    found, problems = folder.read_newest()
    assert found is None
    assert len(problems) == 1


def test_a_file_under_the_name_of_another_epoch_or_digest_is_refused(folder: CheckpointFolder) -> None:
    folder.write(checkpoint(1))
    folder.write(checkpoint(2))
    place = file_of(folder, 2)
    data, name = place.read_bytes(), place.path.rsplit("/", 1)[-1]
    _, epoch, digest, ending = name.split("-")
    for wrong in (f"epoch-000007-{digest}-{ending}", f"epoch-{epoch}-{'0' * 64}-{ending}"):
        overwrite(folder.folder.child(wrong), data)
        place.remove_tree()
        found, (problem,) = folder.read_newest()
        assert_is(found, 1)
        assert isinstance(problem, CorruptArtifact)
        folder.folder.child(wrong).remove_tree()
    # Names of another form are no checkpoints at all.
    overwrite(folder.folder.child(name + ".part"), data)
    found, problems = folder.read_newest()
    assert_is(found, 1)
    assert problems == []


def test_a_checkpoint_of_another_shard_is_refused(root: Location, folder: CheckpointFolder) -> None:
    other = shard_checkpoints(root, STAGE, "cd" * 32)
    other.write(checkpoint(3))
    theirs = file_of(other, 3)
    folder.write(checkpoint(1))
    overwrite(folder.folder.child(theirs.path.rsplit("/", 1)[-1]), theirs.read_bytes())
    found, (problem,) = folder.read_newest()
    assert_is(found, 1)
    assert "cd" * 32 in problem.found


def test_a_writer_that_came_later_does_not_remove_what_is_newer(folder: CheckpointFolder) -> None:
    for epoch in (3, 9, 4, 5):
        folder.write(checkpoint(epoch))
    assert epochs_in(folder) == [4, 5, 9]
    assert_is(folder.read_newest()[0], 9)


def test_checkpoints_are_no_result_and_go_with_their_shard(root: Location, folder: CheckpointFolder) -> None:
    store = ArtifactStore(root.url)
    folder.write(checkpoint(1))
    assert store.fingerprints(STAGE) == []
    assert store.stages() == []
    assert store.latest_manifest(STAGE) is None
    assert store.read_commit(STAGE, KEY) is None
    other = shard_checkpoints(root, STAGE, "cd" * 32)
    other.write(checkpoint(1))
    forget_checkpoints(root, STAGE, [KEY, "ef" * 32])
    forget_checkpoints(root, "no_such_stage", [KEY])
    assert epochs_in(folder) == []
    assert epochs_in(other) == [1]
    store.forget(STAGE, "0" * 64, ["cd" * 32])
    assert epochs_in(other) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / STAGE).write_text("a file stands where the stage's folder should be")
    with pytest.raises(StoreError, match=r"attribute_model\.sane"):
        shard_checkpoints(Location.parse(str(tmp_path)), STAGE, KEY).write(checkpoint(1))
