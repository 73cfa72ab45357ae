"""Files appear whole or not at all, exactly one of several creators wins, and refusals name the place."""

import errno
import os
import pickle
import secrets
import threading
from pathlib import Path

import pytest

from stores.errors import MissingArtifact, ReadOnlyStore, StoreError
from stores.location import Location


@pytest.fixture(params=["local", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    root = str(tmp_path) if request.param == "local" else f"memory://{secrets.token_hex(8)}"
    return Location.parse(root)


def test_created_bytes_come_back_and_the_first_creator_wins(place: Location) -> None:
    file = place.child("a", "b", "name with spaces + ü.bin")
    assert not file.exists()
    assert file.create_bytes(b"first")
    assert not file.create_bytes(b"second")
    assert file.exists()
    assert file.read_bytes() == b"first"
    assert place.child("a", "b").list_names() == ["name with spaces + ü.bin"]


def test_a_missing_file_is_reported_and_a_missing_folder_is_empty(place: Location) -> None:
    with pytest.raises(MissingArtifact, match="nothing-here"):
        place.child("nothing-here").read_bytes()
    assert place.child("nothing-here").list_names() == []
    assert place.child("nothing-here").file_sizes_bytes() == {}


def test_bytes_are_replaced_only_on_request(place: Location) -> None:
    file = place.child("cache")
    file.replace_bytes(b"old")
    file.replace_bytes(b"new")
    assert file.read_bytes() == b"new"


def test_sizes_and_names_are_listed_and_trees_removed(place: Location) -> None:
    place.child("d", "x").create_bytes(b"12")
    place.child("d", "e", "y").create_bytes(b"123")
    assert place.child("d").file_sizes_bytes() == {"x": 2, "e/y": 3}
    assert place.child("d").list_names() == ["e", "x"]
    place.child("d").remove_tree()
    place.child("d").remove_tree()
    assert not place.child("d", "x").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "/etc", "a/b", "a\\b", "nul\0"])
def test_names_that_lead_elsewhere_are_refused(place: Location, name: str) -> None:
    with pytest.raises(StoreError, match="plain file or folder names"):
        place.child("fine", name)


def test_the_url_leads_back_and_a_place_survives_pickling(place: Location) -> None:
    place.child("x").create_bytes(b"1")
    again = Location.parse(place.url)
    assert again.child("x").read_bytes() == b"1"
    assert again.url == place.url
    assert pickle.loads(pickle.dumps(place)).url == place.url  # noqa: S301 - our own bytes


def test_folders_are_local_whatever_they_are_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Location.parse("a::b").path == str(tmp_path / "a::b")
    assert Location.parse(f"file://{tmp_path}/x/").path == str(tmp_path / "x")
    assert Location.parse("~/x").path == os.path.expanduser("~/x")


@pytest.mark.parametrize("text", ["", "  ", "nonsense://x", "://x"])
def test_unusable_roots_are_refused(text: str) -> None:
    with pytest.raises(StoreError, match="remedy:"):
        Location.parse(text)


def test_of_many_threads_exactly_one_creates_the_file(tmp_path: Path) -> None:
    file = Location.parse(str(tmp_path)).child("deep", "commit.json")
    barrier = threading.Barrier(8)
    results: dict[int, bool] = {}

    def create(number: int) -> None:
        barrier.wait()
        results[number] = file.create_bytes(b"%d" % number * 100_000)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = (number for number, created in results.items() if created)
    assert file.read_bytes() == b"%d" % winner * 100_000
    assert os.listdir(tmp_path / "deep") == ["commit.json"]


def test_a_file_made_between_look_and_link_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Location.parse(str(tmp_path)).child("commit.json")
    link = os.link

    def rival_first(source: str, target: str) -> None:
        Path(target).write_bytes(b"rival")
        link(source, target)

    monkeypatch.setattr(os, "link", rival_first)
    assert not file.create_bytes(b"ours")
    assert file.read_bytes() == b"rival"
    assert os.listdir(tmp_path) == ["commit.json"]


def test_an_unfinished_file_of_a_killed_writer_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / ".unfinished-0123").write_bytes(b"half")
    place = Location.parse(str(tmp_path))
    assert place.list_names() == []
    assert place.list_names(include_unfinished=True) == [".unfinished-0123"]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EACCES, "write permission"),
        (errno.EROFS, "read-only"),
        (errno.ENOSPC, "free some space"),
        (errno.EPERM, "hard links"),
        (errno.ENOTSUP, "hard links"),
    ],
)
@pytest.mark.parametrize("call", ["makedirs", "link", "fsync"])
def test_a_place_that_refuses_writes_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str, call: str
) -> None:
    # Permissions are no barrier to root, so the system's refusal is imitated.
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(ReadOnlyStore, match=remedy) as caught:
        Location.parse(str(tmp_path)).child("x").create_bytes(b"1")
    assert caught.value.where == str(tmp_path / "x")
    assert os.listdir(tmp_path) == []


def test_a_file_where_a_folder_is_needed_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(ReadOnlyStore, match="store/x"):
        Location.parse(str(tmp_path / "store")).child("x", "y").create_bytes(b"1")


def test_an_input_output_error_is_explained_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Location.parse(str(tmp_path)).child("x")

    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(StoreError, match="Input/output error"):
        file.read_bytes()
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="finished shards are kept"):
        file.create_bytes(b"1")
