"""Shards on S3: digests as on a local disk, and one result whoever dies or comes second."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stores.artifacts import ArtifactStore
from stores.errors import CorruptArtifact, StoreError
from stores.maintenance import list_leftovers, verify_commit
from tests.object_server import ObjectServer, error_body, requests_for
from tests.stores.shard_examples import KEY, STAGE, commit_example, example_manifest, example_parts

SOURCE = Path(__file__).parents[2]


@pytest.fixture
def store(object_server: ObjectServer) -> ArtifactStore:
    return ArtifactStore(object_server.root)


def start_child(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_lost_answer_does_not_cost_a_shard_its_payloads(object_server: ObjectServer, store: ArtifactStore) -> None:
    object_server.forget = requests_for("/commit.json")
    commit = commit_example(store, example_parts())
    assert object_server.forget is None, "the answer was not lost"
    assert verify_commit(store, commit) == []
    assert store.read_commit(STAGE, KEY) == commit


def test_each_kind_of_part_comes_back_with_the_digests_of_a_local_store(store: ArtifactStore, tmp_path: Path) -> None:
    commit = commit_example(store, example_parts())
    local = commit_example(ArtifactStore(str(tmp_path)), example_parts())
    assert commit.digest == local.digest
    assert verify_commit(store, commit) == []
    again = ArtifactStore(store.root.url)
    assert again.read_commit(STAGE, KEY) == commit
    arrays = again.read_part_arrays(commit, "maps")
    np.testing.assert_array_equal(arrays["maps"], np.full((2, 3, 4), 1.0, np.float16))
    assert list(again.read_part_arrays(commit, "maps", ["used"])) == ["used"]
    assert again.part_url(commit, "report").startswith(store.root.url + "/")
    assert list_leftovers(store, commit) == []
    manifest = example_manifest([commit])
    assert store.write_manifest(manifest)
    assert not store.write_manifest(manifest)
    assert store.latest_manifest(STAGE) == manifest
    assert store.read_commits(manifest) == [commit]
    assert store.stages() == [STAGE]


def test_damage_is_told_from_a_connection_that_breaks(object_server: ObjectServer, store: ArtifactStore) -> None:
    commit = commit_example(store, example_parts())
    folder = store.shard_folder(STAGE, KEY).child(commit.part("maps").file)
    object_server.refuse = (requests_for("/c/0/0/0", "GET"), 403, error_body("AccessDenied"))
    with pytest.raises(StoreError, match="AccessDenied") as caught:
        store.read_part(commit, "maps")
    assert not isinstance(caught.value, CorruptArtifact)
    object_server.refuse = None
    chunk = folder.child("maps", "c", "0", "0", "0")
    data = bytearray(chunk.read_bytes())
    data[len(data) // 2] ^= 1
    chunk.replace_bytes(bytes(data))
    with pytest.raises(CorruptArtifact) as damaged:
        store.read_part(commit, "maps")
    assert damaged.value.where == chunk.url
    chunk.remove_tree()
    with pytest.raises(CorruptArtifact, match="a chunk is missing"):
        store.read_part(commit, "maps")


def test_a_shard_costs_no_more_requests_than_its_files_need(object_server: ObjectServer, store: ArtifactStore) -> None:
    commit_example(store, example_parts(), key="0" * 64)  # on which the server is tried
    object_server.requests.clear()
    commit_example(store, example_parts())
    # Five files of two arrays, three other payloads, and the commit; the look whether there is one already, and
    # the three files of metadata read back for their digests; the last look whether no cleaning took them.
    assert object_server.counts() == {"PUT": 9, "GET": 5}
    object_server.requests.clear()
    assert [commit is None for commit in store.read_commits_of(STAGE, ["0" * 64, "1" * 64, KEY])] == [
        False,
        True,
        False,
    ]
    assert object_server.counts() == {"GET": 3}


WRITER = """
import os, signal, sys, time
from pathlib import Path
from stores.artifacts import ArtifactStore
from stores.location import Location
from tests.stores.shard_examples import commit_example, example_parts

root, moment, value, meeting = sys.argv[1:]
create = Location.create_bytes

def create_and_act(self, data):
    is_commit = self.path.endswith("commit.json")
    if is_commit and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    if is_commit and moment == "together":
        Path(meeting, value).touch()
        while len(os.listdir(meeting)) < 2:
            time.sleep(0.005)
    created = create(self, data)
    if is_commit and moment == "after":
        os.kill(os.getpid(), signal.SIGKILL)
    if is_commit:
        print("won" if created else "lost")
    return created

Location.create_bytes = create_and_act
print(commit_example(ArtifactStore(root), example_parts(float(value))).digest)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_writer_killed_around_its_commit_leaves_all_or_nothing(
    store: ArtifactStore, tmp_path: Path, moment: str
) -> None:
    child = start_child(WRITER, store.root.url, moment, "1.0", str(tmp_path))
    _, errors = child.communicate(timeout=120)
    assert child.returncode == -signal.SIGKILL, errors
    kept = store.read_commit(STAGE, KEY)
    assert (kept is None) == (moment == "before")
    assert len(store.shard_folder(STAGE, KEY).list_names()) == (4 if kept is None else 5)
    commit = commit_example(store, example_parts())
    assert kept in (None, commit)
    assert commit.digest == commit_example(ArtifactStore(str(tmp_path)), example_parts()).digest
    assert verify_commit(store, commit) == []
    assert len(list_leftovers(store, commit)) == (4 if kept is None else 0)


def test_of_two_processes_committing_different_values_both_return_the_winners(
    store: ArtifactStore, tmp_path: Path
) -> None:
    children = [start_child(WRITER, store.root.url, "together", value, str(tmp_path)) for value in ("1.0", "2.0")]
    answers = []
    for child in children:
        output, errors = child.communicate(timeout=120)
        assert child.returncode == 0, errors
        answers.append(output.split())
    assert sorted(outcome for outcome, _ in answers) == ["lost", "won"]
    commit = store.require_commit(STAGE, KEY)
    assert [digest for _, digest in answers] == [commit.digest, commit.digest]
    assert verify_commit(store, commit) == []
    assert list_leftovers(store, commit) == []
    assert json.loads(store.read_part_file(commit, "report")[6:]) in (1.0, 2.0)
