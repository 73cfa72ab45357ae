"""The AwA2 index from small fake releases: right, or refused with the file and the remedy."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.datasets.awa2 import build_awa2_index
from pipeline.errors import BadDataset
from tests.pipeline.datasets.awa2_release import ATTRIBUTES, write_release


def test_the_index_of_a_release(tmp_path: Path) -> None:
    index = build_awa2_index(write_release(tmp_path), validation_images=2)
    assert index.name == "awa2"
    assert index.root == str(tmp_path)
    assert index.attribute_names == ATTRIBUTES
    assert index.attribute_groups == (-1, -1, -1, -1)
    assert len(index.records) == 20
    ids = [record.image_id for record in index.records]
    assert ids == sorted(set(ids))
    record = next(record for record in index.records if record.image_id == "grizzly+bear_10001")
    assert record.path == "JPEGImages/grizzly+bear/grizzly+bear_10001.jpg"
    assert (record.split, record.label, record.similarity_target) == ("train", "grizzly+bear", None)
    assert {record.label for record in index.records} == {"antelope", "grizzly+bear", "giant+panda", "löwe"}


def test_attributes_are_looked_up_by_class_name(tmp_path: Path) -> None:
    records = build_awa2_index(write_release(tmp_path), 2).records
    found = {record.label: record.attributes for record in records}
    assert found == {
        "antelope": ("black", "big"),
        "grizzly+bear": ("white", "big"),
        "giant+panda": ("black", "white", "big"),
        "löwe": ("big",),
    }


def test_the_last_images_of_a_training_class_validate(tmp_path: Path) -> None:
    records = build_awa2_index(write_release(tmp_path), 2).records
    splits = {record.image_id: record.split for record in records}
    assert [splits[f"antelope_1000{number}"] for number in range(1, 6)] == ["train"] * 3 + ["valid"] * 2
    assert {splits[f"giant+panda_1000{number}"] for number in range(1, 6)} == {"test"}


def test_no_validation_images(tmp_path: Path) -> None:
    assert {record.split for record in build_awa2_index(write_release(tmp_path), 0).records} == {"train", "test"}


def test_twenty_validation_images_unless_told(tmp_path: Path) -> None:
    records = build_awa2_index(write_release(tmp_path, images=22)).records
    assert [record.split for record in records].count("valid") == 2 * 20
    assert [record.split for record in records].count("train") == 2 * 2


def test_an_added_image_moves_no_other_class(tmp_path: Path) -> None:
    root = write_release(tmp_path)
    before = {record.image_id: record for record in build_awa2_index(root, 2).records}
    (root / "JPEGImages" / "antelope" / "antelope_10000.jpg").touch()
    after = {record.image_id: record for record in build_awa2_index(root, 2).records}
    assert {name: after[name] for name in before} == before


def test_file_names_with_spaces_plus_and_unicode(tmp_path: Path) -> None:
    root = write_release(tmp_path)
    for name in ("my photo + 1.png", "größe.JPG"):
        (root / "JPEGImages" / "löwe" / name).touch()
    paths = {record.image_id: record.path for record in build_awa2_index(root, 2).records}
    assert paths["my photo + 1"] == "JPEGImages/löwe/my photo + 1.png"
    assert paths["größe"] == "JPEGImages/löwe/größe.JPG"


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / name).read_text(encoding="utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def removed(name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / name
        if path.is_dir():
            for entry in path.iterdir():
                entry.unlink()
            path.rmdir()
        else:
            path.unlink()

    return change


def emptied(name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / name).write_text("\n", encoding="utf-8")

    return change


def keep_images(class_name: str, count: int) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        for entry in sorted((root / "JPEGImages" / class_name).iterdir())[count:]:
            entry.unlink()

    return change


def duplicate_stem(root: Path) -> None:
    (root / "JPEGImages" / "löwe" / "antelope_10001.png").touch()


def link_outside(root: Path) -> None:
    outside = root.parent / "elsewhere.jpg"
    outside.touch()
    (root / "JPEGImages" / "löwe" / "link.jpg").symlink_to(outside)


def class_that_climbs(root: Path) -> None:
    replaced("classes.txt", "\tlion", "\t../../elsewhere")(root)
    replaced("testclasses.txt", "löwe", "../../elsewhere")(root)
    (root.parent / "elsewhere").mkdir()


LISTS = ["classes.txt", "predicates.txt", "predicate-matrix-binary.txt", "trainclasses.txt", "testclasses.txt"]
MATRIX = "predicate-matrix-binary.txt"
MISTAKES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    **{f"no {name}": (removed(name), name, "no such file") for name in LISTS},
    **{f"empty {name}": (emptied(name), name, "0 names|0 rows") for name in LISTS},
    "no class folder": (removed("JPEGImages/löwe"), "JPEGImages/löwe", "no such folder"),
    "row missing": (replaced(MATRIX, "1 0 1 0\n", ""), MATRIX, "4 rows of 4 values"),
    "column missing": (replaced(MATRIX, "1 0 1 0", "1 0 1"), MATRIX, "5 rows of 3 or 4 values"),
    "continuous matrix": (replaced(MATRIX, "1 0 1 0", "1 0 0.53 0"), MATRIX, "0.53"),
    "negative in matrix": (replaced(MATRIX, "1 0 1 0", "1 0 -1 0"), MATRIX, "-1"),
    "misnumbered class": (replaced("classes.txt", "     3\tlion", "     4\tlion"), "classes.txt, line 3", "4.tlion"),
    "class without number": (replaced("classes.txt", "     3\tlion", "lion"), "classes.txt, line 3", "lion"),
    "class with a space": (replaced("classes.txt", "\tlion", "\tsea lion"), "classes.txt, line 3", "sea lion"),
    "class twice": (replaced("classes.txt", "\tlion", "\tantelope"), "classes.txt", "5 names, 4 distinct"),
    "attribute twice": (replaced("predicates.txt", "\tbig", "\tblack"), "predicates.txt", "4 names, 3 distinct"),
    "unknown class": (replaced("testclasses.txt", "löwe", "unicorn"), "testclasses.txt", "unknown .'unicorn'"),
    "class listed twice": (
        replaced("trainclasses.txt", "antelope", "grizzly+bear"),
        "trainclasses.txt",
        "2 names, 1 distinct",
    ),
    "class in both lists": (replaced("testclasses.txt", "löwe", "antelope"), "trainclasses.txt", "antelope in both"),
    "class of one image": (keep_images("löwe", 1), "JPEGImages/löwe", "1 image "),
    "class of no image": (keep_images("löwe", 0), "JPEGImages/löwe", "0 images"),
    "too few to validate": (keep_images("antelope", 3), "JPEGImages/antelope", "3 images"),
    "duplicate stems": (duplicate_stem, "JPEGImages", "antelope_10001.jpg and .*antelope_10001.png"),
    "link outside": (link_outside, "", "link.jpg"),
    "class that climbs": (class_that_climbs, "", "elsewhere"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_refused_with_the_file_and_the_remedy(tmp_path: Path, mistake: str) -> None:
    change, where, found = MISTAKES[mistake]
    root = write_release(tmp_path / "release")
    build_awa2_index(root, 2)
    change(root)
    with pytest.raises(BadDataset) as error:
        build_awa2_index(root, 2)
    assert str(root / where) in error.value.where
    assert re.search(found, error.value.found)
    assert len(error.value.remedy) > 10


def test_two_images_are_enough_for_a_test_class(tmp_path: Path) -> None:
    root = write_release(tmp_path)
    keep_images("löwe", 2)(root)
    assert len(build_awa2_index(root, 2).records) == 17


def test_a_missing_root_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="(?s)no folder.*dataset.root"):
        build_awa2_index(tmp_path / "nowhere")
