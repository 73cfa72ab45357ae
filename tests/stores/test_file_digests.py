"""File digests are right whatever the side file remembers, and only doubtful files are read again."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from stores import file_digests
from stores.errors import MissingArtifact, StoreError
from stores.file_digests import FileDigests
from stores.location import Location


class Reader:
    """Counts the files that are really read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths: list[str] = []
        real = file_digests._hash_file

        def counted(path: str) -> tuple[tuple[int, int], int, str]:
            self.paths.append(path)
            return real(path)

        monkeypatch.setattr(file_digests, "_hash_file", counted)

    def take(self) -> list[str]:
        taken, self.paths = sorted(self.paths), []
        return taken


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(monkeypatch)


@pytest.fixture
def digests(tmp_path: Path) -> FileDigests:
    return FileDigests(Location.parse(str(tmp_path)).child("caches", "file_digests.parquet"))


def _write(path: Path, data: bytes, age_s: float = 60.0) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return str(path)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_only_new_and_changed_files_are_read(tmp_path: Path, digests: FileDigests, reader: Reader) -> None:
    one = _write(tmp_path / "images" / "ä b+.jpg", b"one")
    two = _write(tmp_path / "images" / "two.jpg", b"two")
    assert digests.digest_files([two, one]) == {two: _sha256(b"two"), one: _sha256(b"one")}
    assert reader.take() == sorted([one, two])
    assert digests.digest_files([one, two]) == {one: _sha256(b"one"), two: _sha256(b"two")}
    assert reader.take() == []
    _write(tmp_path / "images" / "two.jpg", b"TWO", age_s=50)
    three = _write(tmp_path / "images" / "three.jpg", b"three")
    found = digests.digest_files([one, two, three])
    assert found == {one: _sha256(b"one"), two: _sha256(b"TWO"), three: _sha256(b"three")}
    assert reader.take() == sorted([two, three])


def test_a_young_file_is_read_again_since_it_may_change_within_the_clock(
    tmp_path: Path, digests: FileDigests, reader: Reader
) -> None:
    young = _write(tmp_path / "young.jpg", b"aaa", age_s=0.5)
    status = os.stat(young)
    digests.digest_files([young])
    Path(young).write_bytes(b"bbb")
    os.utime(young, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert digests.digest_files([young]) == {young: _sha256(b"bbb")}
    assert reader.take() == [young, young]


def test_an_unchanged_state_is_trusted_unless_rehashing(tmp_path: Path, digests: FileDigests, reader: Reader) -> None:
    path = _write(tmp_path / "a.jpg", b"aaa")
    status = os.stat(path)
    digests.digest_files([path])
    Path(path).write_bytes(b"bbb")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert digests.digest_files([path]) == {path: _sha256(b"aaa")}
    assert digests.digest_files([path], rehash=True) == {path: _sha256(b"bbb")}
    assert digests.digest_files([path]) == {path: _sha256(b"bbb")}
    assert reader.take() == [path, path]


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "other"])
def test_a_damaged_side_file_is_discarded_and_made_again(
    tmp_path: Path, digests: FileDigests, reader: Reader, damage: str
) -> None:
    path = _write(tmp_path / "a.jpg", b"aaa")
    digests.digest_files([path])
    side_file = tmp_path / "caches" / "file_digests.parquet"
    whole = bytearray(side_file.read_bytes())
    if damage == "flip":
        whole[40:60] = bytes(20)
    contents = {"flip": bytes(whole), "truncate": bytes(whole[:-9]), "empty": b"", "other": b"PAR1 no table"}
    side_file.write_bytes(contents[damage])
    assert digests.digest_files([path]) == {path: _sha256(b"aaa")}
    assert digests.digest_files([path]) == {path: _sha256(b"aaa")}
    assert reader.take() == [path, path]


def test_a_side_file_that_cannot_be_written_costs_time_only(
    tmp_path: Path, digests: FileDigests, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _write(tmp_path / "a.jpg", b"aaa")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "makedirs", refuse)
    assert digests.digest_files([path]) == {path: _sha256(b"aaa")}


def test_a_missing_file_is_named_or_left_out(tmp_path: Path, digests: FileDigests) -> None:
    path = _write(tmp_path / "a.jpg", b"aaa")
    gone = str(tmp_path / "gone.jpg")
    with pytest.raises(MissingArtifact, match=r"gone\.jpg"):
        digests.digest_files([path, gone])
    assert digests.digest_files([gone, path], missing_ok=True) == {path: _sha256(b"aaa")}


def test_a_folder_among_the_files_is_refused_by_name(tmp_path: Path, digests: FileDigests) -> None:
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(StoreError, match=r"folder\.jpg"):
        digests.digest_files([str(tmp_path / "folder.jpg")])


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, digests: FileDigests, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _write(tmp_path / "a.jpg", b"aaa")
    real = os.fstat

    def grown(descriptor: int) -> os.stat_result:
        Path(path).write_bytes(Path(path).read_bytes() + b"!")
        return real(descriptor)

    monkeypatch.setattr(os, "fstat", grown)
    with pytest.raises(StoreError, match="changed while it was read"):
        digests.digest_files([path])


def test_what_was_read_before_an_interruption_is_remembered(
    tmp_path: Path, digests: FileDigests, reader: Reader
) -> None:
    paths = [_write(tmp_path / f"{number}.jpg", b"%d" % number) for number in range(5)]

    def interrupt(done: int, total: int) -> None:
        assert total == 5
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        digests.digest_files(paths, progress=interrupt)
    reader.take()
    assert digests.digest_files(paths) == {path: _sha256(Path(path).read_bytes()) for path in paths}
    assert reader.take() == paths[3:]


def test_relative_paths_and_names_that_are_no_text_work(
    tmp_path: Path, digests: FileDigests, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    absolute = _write(tmp_path / "a.jpg", b"aaa")
    assert digests.digest_files(["a.jpg"]) == {"a.jpg": _sha256(b"aaa")}
    assert digests.digest_files([absolute]) == {absolute: _sha256(b"aaa")}
    assert reader.take() == ["a.jpg"]
    strange = _write(tmp_path / os.fsdecode(b"\xff.jpg"), b"bbb")
    assert digests.digest_files([strange]) == {strange: _sha256(b"bbb")}
