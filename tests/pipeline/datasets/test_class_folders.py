"""Classes as sub-folders: which files count, what they are called, and what names of classes say."""

import os
from pathlib import Path

import pytest

from pipeline.datasets.class_folders import attributes_of_classes, list_class_folders, table_names


def write_empty(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")


def test_every_file_that_is_left_out_is_counted_with_its_reason(tmp_path: Path) -> None:
    write_empty(tmp_path, "cat/1.jpg", "cat/2.PNG", "dog/deep/3.tif", "cat/notes.txt", "cat/.4.jpg", "5.jpg")
    (tmp_path / "dog" / "6.jpg").symlink_to(tmp_path / "cat" / "1.jpg")
    (tmp_path / "bird").symlink_to(tmp_path / "cat")
    found = list_class_folders(tmp_path)
    assert [(image.path, image.folder) for image in found.images] == [
        ("cat/1.jpg", "cat"),
        ("cat/2.PNG", "cat"),
        ("dog/deep/3.tif", "dog/deep"),
    ]
    assert found.left_out == {
        "no image by their suffix": 1,
        "hidden": 1,
        "in no sub-folder, so of no class": 1,
        "links": 1,
        "links to folders": 1,
    }


def test_a_folder_that_cannot_be_listed_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_empty(tmp_path, "cat/1.jpg", "dog/2.jpg")
    scandir = os.scandir

    def refuse_dogs(path: str) -> object:
        if str(path).endswith("dog"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse_dogs)
    found = list_class_folders(tmp_path)
    assert [image.path for image in found.images] == ["cat/1.jpg"]
    assert found.left_out == {"folders that cannot be listed": 1}


def test_folders_named_after_splits_are_no_classes(tmp_path: Path) -> None:
    write_empty(tmp_path, "train/cat/1.jpg", "val/cat/2.jpg", "test/cat/3.jpg")
    found = list_class_folders(tmp_path).images
    assert {(image.path, image.folder, image.split) for image in found} == {
        ("train/cat/1.jpg", "cat", "train"),
        ("val/cat/2.jpg", "cat", "valid"),
        ("test/cat/3.jpg", "cat", "test"),
    }


@pytest.mark.parametrize("third", ["other/cat/3.jpg", "test/3.jpg"])
def test_one_other_folder_makes_all_of_them_classes(tmp_path: Path, third: str) -> None:
    write_empty(tmp_path, "train/cat/1.jpg", "val/cat/2.jpg", third)
    assert "train/cat" in {image.folder for image in list_class_folders(tmp_path).images}


def test_two_of_three_splits_are_merged(tmp_path: Path) -> None:
    write_empty(tmp_path, "train/cat/1.jpg", "test/cat/3.jpg")
    assert {(image.folder, image.split) for image in list_class_folders(tmp_path).images} == {("cat", None)}


def test_names_that_a_table_cannot_tell_apart_stay_distinct() -> None:
    texts = ["a\tb", "a_b", " a_b", "é", "e\u0301", "\n", 'say "x", [y]']
    names = table_names(texts)
    assert len(set(names.values())) == len(texts)
    assert names['say "x", [y]'] == 'say "x", [y]'
    assert all(name == name.strip() and name.isprintable() for name in names.values())


def test_words_of_classes_are_their_attributes() -> None:
    found = attributes_of_classes(["001.red_fox", "red-panda; small"])
    assert found == {"001.red_fox": ("fox", "red"), "red-panda; small": ("panda", "red", "small")}


def test_classes_of_the_same_words_have_their_whole_names() -> None:
    assert attributes_of_classes(["a_b", "b;a"]) == {"a_b": ("a_b",), "b;a": ("b_a",)}
