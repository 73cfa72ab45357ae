"""A server that does not answer costs no more time than was allowed, and an error that says so."""

import logging
import pickle
import socket
import threading
from collections.abc import Iterator

import pytest
import s3fs

from stores.artifacts import ArtifactStore
from stores.errors import UnreachableStore
from stores.location import Location, with_request_timeout
from stores.object_requests import REQUEST_TIMEOUT_S, ObjectRequests
from stores.run_records import start_run
from stores.verification import TolerantStore, check_shard
from tests.object_server import ENVIRONMENT, ObjectServer


@pytest.fixture
def silent_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[socket.socket]]:
    """A server on 127.0.0.1 that accepts every connection and never answers; gives its connections."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{listener.getsockname()[1]}"}.items():
            monkeypatch.setenv(name, value)

        def accept() -> None:
            while True:
                try:
                    connections.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield connections
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    for connection in connections:
        connection.close()


def place_of_a_new_client(timeout_s: float) -> Location:
    client = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False, max_concurrency=1)
    # So that the time to load the client is not taken for the server's.
    client.connect()
    return Location(client, "bucket/run", request_timeout_s=timeout_s)


ACTIONS = {
    "read": lambda place: place.child("x").read_bytes(),
    "list": lambda place: place.list_names(),
    "sizes": lambda place: place.file_sizes_bytes(),
    "exists": lambda place: place.child("x").exists(),
    "create": lambda place: place.child("x").create_bytes(b"1"),
    "replace": lambda place: place.child("x").replace_bytes(b"1"),
    "remove": lambda place: place.child("x").remove_tree(),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_server_that_never_answers_is_given_up_with_all_that_can_be_done(
    silent_server: list[socket.socket], caplog: pytest.LogCaptureFixture, action: str
) -> None:
    place = place_of_a_new_client(0.3)
    with pytest.raises(UnreachableStore) as caught:
        ACTIONS[action](place)
    assert not caplog.records
    assert silent_server, "nobody asked"
    error = caught.value
    assert "within 0.3 s, all repetitions together" in error.expected
    assert error.where.startswith("s3://bucket/run")
    assert "store.request_timeout_seconds" in error.remedy


def test_a_long_wait_is_told_once_before_it_ends(
    silent_server: list[socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    requests = ObjectRequests(place_of_a_new_client(0.4).filesystem, timeout_s=0.4, notice_s=0.1)
    with caplog.at_level(logging.WARNING, "sane"), pytest.raises(UnreachableStore):
        requests.ask("cat_file", "bucket/run/x")
    assert silent_server
    told = [record.getMessage() for record in caplog.records if record.name == "sane"]
    assert told == ["no answer from the object store to s3://bucket/run/x for 0 s; giving up after 0 s in all"]


def test_looking_for_damage_ends_at_the_first_request_without_an_answer(silent_server: list[socket.socket]) -> None:
    store = TolerantStore(place_of_a_new_client(0.2))
    with pytest.raises(UnreachableStore):
        store.read_manifest("images", "f" * 64)
    with pytest.raises(UnreachableStore):
        check_shard(store, "images", "k", {})
    assert store.problems == {}
    assert silent_server


def test_a_run_ends_at_its_first_request_without_an_answer(silent_server: list[socket.socket]) -> None:
    with pytest.raises(UnreachableStore):
        start_run(place_of_a_new_client(0.3), "", "c.toml", 0)
    assert silent_server


def test_a_server_that_answers_is_not_hurried(object_server: ObjectServer, caplog: pytest.LogCaptureFixture) -> None:
    place = Location.parse(with_request_timeout(object_server.root, 30))
    assert place.child("x").create_bytes(b"1")
    assert place.child("x").read_bytes() == b"1"
    assert [record for record in caplog.records if record.name == "sane"] == []


def test_the_limit_is_part_of_the_address_and_goes_with_it_everywhere() -> None:
    usual = Location.parse("s3://bucket/run")
    assert (usual.request_timeout_s, usual.address) == (REQUEST_TIMEOUT_S, "s3://bucket/run")
    place = Location.parse(with_request_timeout("s3://bucket/run", 30))
    assert (place.url, place.path, place.request_timeout_s) == ("s3://bucket/run", "bucket/run", 30.0)
    assert place.filesystem is usual.filesystem
    for other in (
        place.child("x"),
        pickle.loads(pickle.dumps(place)),  # noqa: S301 - our own bytes
        Location.parse(place.address),
        ArtifactStore(place.address).root,
        ArtifactStore(place).shard_folder("images", "k"),
    ):
        assert other.request_timeout_s == 30.0
    assert with_request_timeout(place.address, 5) == "s3://bucket/run?request_timeout_seconds=5"


def test_the_address_of_a_local_store_is_its_path() -> None:
    assert Location.parse("/somewhere/store").address == "/somewhere/store"
