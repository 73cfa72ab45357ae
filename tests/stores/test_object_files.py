"""Files on S3: the first writer wins whatever the network does, and nothing is hidden by a cache."""

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import s3fs

from stores.errors import MissingArtifact, ReadOnlyStore, StoreError
from stores.file_digests import FileDigests
from stores.location import Location
from tests.object_server import ObjectServer, error_body, once, requests_for

SOURCE = Path(__file__).parents[2]


@pytest.fixture
def place(object_server: ObjectServer) -> Location:
    return Location.parse(object_server.root)


def test_created_bytes_come_back_and_the_first_creator_wins(place: Location) -> None:
    file = place.child("a", "b", "name with spaces + ü.bin")
    assert not file.exists()
    assert file.create_bytes(b"first")
    assert not file.create_bytes(b"second")
    assert not file.create_bytes(b"first")
    assert file.exists()
    assert place.child("a").exists()
    assert file.read_bytes() == b"first"
    assert place.child("a", "b").list_names() == ["name with spaces + ü.bin"]
    assert place.child("a").file_sizes_bytes() == {"b/name with spaces + ü.bin": 5}
    with pytest.raises(MissingArtifact, match="nothing-here"):
        place.child("nothing-here").read_bytes()
    assert place.child("nothing-here").list_names() == []
    assert place.child("nothing-here").file_sizes_bytes() == {}
    place.child("a").remove_tree()
    place.child("a").remove_tree()
    assert not file.exists()


def test_a_file_beyond_one_request_is_created_once_too(place: Location) -> None:
    data = bytes(101 * 2**20)
    assert place.child("large").create_bytes(data)
    assert not place.child("large").create_bytes(data[1:])
    assert place.child("large").file_sizes_bytes() == {"": len(data)}
    assert len(place.child("large").read_bytes()) == len(data)


def test_of_many_threads_exactly_one_creates_the_file(place: Location) -> None:
    file = place.child("commit.json")
    barrier = threading.Barrier(6)
    results: dict[int, bool] = {}

    def create(number: int) -> None:
        barrier.wait()
        results[number] = file.create_bytes(b"%d" % number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = (number for number, created in results.items() if created)
    assert file.read_bytes() == b"%d" % winner


def test_a_writer_whose_answer_was_lost_still_won(object_server: ObjectServer, place: Location) -> None:
    object_server.forget = requests_for("/ours")
    assert place.child("ours").create_bytes(b"ours")
    assert object_server.forget is None, "the answer was not lost"
    assert place.child("ours").read_bytes() == b"ours"
    # Told apart from a rival, even one with the same bytes.
    assert not place.child("ours").create_bytes(b"ours")


def test_a_conflict_of_two_conditional_writes_is_asked_again(object_server: ObjectServer, place: Location) -> None:
    object_server.refuse = (once(requests_for("/x")), 409, error_body("ConditionalRequestConflict"))
    assert place.child("x").create_bytes(b"1")
    # Some servers name no condition in their refusal.
    object_server.refuse = (requests_for("/x"), 412, error_body("PreconditionFailed"))
    assert not place.child("x").create_bytes(b"2")


def test_a_server_that_ignores_the_condition_is_refused(object_server: ObjectServer, place: Location) -> None:
    object_server.ignore_conditions = True
    with pytest.raises(StoreError, match="use a server with conditional writes") as caught:
        place.child("commit.json").create_bytes(b"1")
    assert caught.value.where == place.child("commit.json").url
    object_server.ignore_conditions = False
    assert place.child("next").create_bytes(b"1")


def test_the_server_is_tried_once_and_then_believed(object_server: ObjectServer, place: Location) -> None:
    for number in range(3):
        assert place.child(str(number)).create_bytes(b"1")
    assert [path.rpartition("/")[2] for method, path in object_server.requests if method == "PUT"] == list("0012")


def test_what_others_write_is_seen_at_once(place: Location) -> None:
    assert place.child("d").list_names() == []
    other = s3fs.S3FileSystem(skip_instance_cache=True)
    other.pipe_file(f"{place.path}/d/theirs", b"1")
    assert place.child("d").list_names() == ["theirs"]
    assert place.child("d", "theirs").exists()
    place.child("d", "theirs").replace_bytes(b"22")
    assert place.child("d").file_sizes_bytes() == {"theirs": 2}
    other.rm_file(f"{place.path}/d/theirs")
    assert not place.child("d", "theirs").exists()


def test_marks_of_empty_folders_are_no_files(place: Location) -> None:
    place.child("d", "x").create_bytes(b"1")
    place.filesystem.pipe_file(f"{place.path}/d/", b"")
    assert place.child("d").list_names() == ["x"]
    assert place.child("d").file_sizes_bytes() == {"x": 1}
    place.child("d").remove_tree()
    assert place.list_names() == []


def test_more_than_a_page_of_names_is_listed_and_removed(object_server: ObjectServer, place: Location) -> None:
    below = place.child("many")
    place.filesystem.pipe({f"{below.path}/{number:04}": b"1" for number in range(1001)})
    beside = place.child("many-more")
    beside.create_bytes(b"1")
    assert below.list_names() == [f"{number:04}" for number in range(1001)]
    assert len(below.file_sizes_bytes()) == 1001
    object_server.requests.clear()
    below.remove_tree()
    assert object_server.counts()["POST"] == 2  # S3 deletes a thousand at once
    assert below.list_names() == []
    assert beside.exists()


def test_a_file_that_the_server_keeps_is_no_silent_success(object_server: ObjectServer, place: Location) -> None:
    place.child("d", "x").create_bytes(b"1")
    kept = (
        "<DeleteResult><Error><Key>run/d/x</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>"
    )
    object_server.refuse = (lambda environ: "delete" in environ["QUERY_STRING"], 200, kept)
    with pytest.raises(ReadOnlyStore, match="run/d/x"):
        place.child("d").remove_tree()


@pytest.mark.parametrize("url", ["s3://bucket/run[1]", "s3://bucket/*", "simplecache::s3://bucket/run"])
def test_roots_that_fsspec_would_read_otherwise_are_refused(url: str) -> None:
    with pytest.raises(StoreError, match="remedy:"):
        Location.parse(url)


def test_a_place_reaches_another_process(place: Location) -> None:
    place.child("x").create_bytes(b"1")
    code = "import pickle, sys; place = pickle.load(sys.stdin.buffer); print(place.url, place.child('x').read_bytes())"
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=SOURCE, input=pickle.dumps(place), capture_output=True, check=True
    )
    assert child.stdout.decode().strip() == f"{place.url} b'1'"
    assert child.stderr == b""


def test_a_cache_of_file_digests_is_kept_there(place: Location, tmp_path: Path) -> None:
    file = tmp_path / "image"
    file.write_bytes(b"1")
    os.utime(file, (1e9, 1e9))
    read: list[int] = []
    for _ in range(2):
        FileDigests(place.child("file_digests.parquet")).digest_files(
            [str(file)], progress=lambda done, total: read.append(total)
        )
    assert read == [1]
