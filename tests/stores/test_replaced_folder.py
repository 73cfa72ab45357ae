"""A folder is replaced as a whole: what fails halfway leaves the old one, and nothing beside it."""

import errno
import os
from pathlib import Path

import pytest

from stores.errors import StoreError
from stores.location import Location
from stores.replaced_folder import replaced_folder


def names_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def write(place: Location, name: str) -> None:
    with replaced_folder(place) as folder:
        (folder / name).write_text(name)


def test_a_new_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    place = Location.parse(str(tmp_path / "store")).child("copy")
    write(place, "old")
    assert names_below(tmp_path / "store") == {"copy", "copy/old"}
    write(place, "new")
    assert names_below(tmp_path / "store") == {"copy", "copy/new"}


def test_a_failure_leaves_the_old_one(tmp_path: Path) -> None:
    place = Location.parse(str(tmp_path)).child("copy")
    write(place, "old")
    # No file of that name can be written.
    with pytest.raises(ValueError, match="null byte"):
        write(place, "ne\0w")
    assert names_below(tmp_path) == {"copy", "copy/old"}


@pytest.mark.parametrize("is_other_faster", [False, True])
def test_a_folder_that_cannot_be_moved_in_leaves_one_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_other_faster: bool
) -> None:
    place = Location.parse(str(tmp_path)).child("copy")
    write(place, "old")
    rename, renamed = os.rename, list[object]()

    def failing(old: object, new: object) -> None:
        renamed.append(new)
        if len(renamed) == 2:
            if is_other_faster:
                (tmp_path / "copy").mkdir()
                (tmp_path / "copy" / "other").touch()
            raise OSError(errno.ENOTEMPTY, "Directory not empty")
        rename(old, new)  # type: ignore[call-overload]

    monkeypatch.setattr("stores.replaced_folder.os.rename", failing)
    with pytest.raises(StoreError):
        write(place, "new")
    assert names_below(tmp_path) == {"copy", "copy/other" if is_other_faster else "copy/old"}


def test_a_kill_between_the_renames_is_mended_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Location.parse(str(tmp_path)).child("copy")
    write(place, "old")
    renames = iter([os.rename])

    def killed(old: object, new: object) -> None:
        rename = next(renames, None)
        if rename is None:
            raise KeyboardInterrupt
        rename(old, new)

    with monkeypatch.context() as patched:
        patched.setattr("stores.replaced_folder.os.rename", killed)
        with pytest.raises(KeyboardInterrupt):
            write(place, "new")
    assert not (tmp_path / "copy").exists()
    write(place, "new")
    assert (tmp_path / "copy" / "new").exists()
    # What is left has a name that `sane gc` collects.
    (left,) = set(os.listdir(tmp_path)) - {"copy"}
    assert left.startswith(".unfinished-")
    assert left not in Location.parse(str(tmp_path)).list_names()


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "copy").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="symbolic link"):
        write(Location.parse(str(tmp_path / "store")).child("copy"), "new")
    assert names_below(tmp_path / "elsewhere") == set()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError) as told:
        write(Location.parse(str(tmp_path / "file" / "copy")), "new")
    assert told.value.where == str(tmp_path / "file" / "copy")
