"""Validation classes are drawn by their names; numbered lists of a release are read in any order."""

from pathlib import Path

import pytest

from pipeline.datasets.class_disjoint import ClassedImage, class_disjoint_records, validation_classes
from pipeline.datasets.named_images import check_named_images
from pipeline.datasets.numbered_lines import read_numbered
from pipeline.errors import BadDataset

NAMES = [f"class {number}" for number in range(100)]


def test_a_share_of_the_classes_is_held_out() -> None:
    assert len(validation_classes(NAMES, 0.1)) == 10
    assert validation_classes(reversed(NAMES), 0.1) == validation_classes(NAMES, 0.1)
    # Two at least, since the nearest of a single class is always right; two at least are left.
    assert len(validation_classes(NAMES[:10], 0.01)) == 2
    assert len(validation_classes(NAMES[:4], 0.5)) == 2


def test_the_draw_is_no_order_of_names_and_hardly_moves_when_a_class_is_added() -> None:
    held_out = validation_classes(NAMES, 0.1)
    assert held_out not in (frozenset(sorted(NAMES)[:10]), frozenset(sorted(NAMES)[-10:]))
    assert len(validation_classes([*NAMES, "another"], 0.1) - held_out) <= 1


def images(*classes: tuple[str, bool, int]) -> list[ClassedImage]:
    return [
        ClassedImage(f"{name} {number}", f"{name}/{number}.jpg", name, is_test)
        for name, is_test, count in classes
        for number in range(count)
    ]


TRAIN = [(name, False, 2) for name in NAMES[:5]]


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (images(*TRAIN, ("class 0", True, 2), ("class 9", True, 2)), "images of both for 1 classes: class 0"),
        (images(*TRAIN, ("class 8", True, 1), ("class 9", True, 2)), "a single image of 1 classes: class 8"),
        (images(*TRAIN, ("class 9", True, 2)), "5 training and 1 test classes"),
        (images(*TRAIN[:3], ("class 8", True, 2), ("class 9", True, 2)), "3 training and 2 test classes"),
        (
            [*images(*TRAIN, ("class 8", True, 2), ("class 9", True, 2)), *images(("class 9", True, 1))],
            "1 more than once: class 9 0",
        ),
    ],
)
def test_what_retrieval_cannot_be_measured_on_is_refused(listed: list[ClassedImage], message: str) -> None:
    with pytest.raises(BadDataset, match=message):
        class_disjoint_records(listed, 0.1, "the release")


def test_links_out_of_the_dataset_are_refused(tmp_path: Path) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    for folder in (root, other):
        folder.mkdir()
    (other / "a.jpg").touch()
    (root / "a.jpg").symlink_to(other / "a.jpg")
    with pytest.raises(BadDataset, match="leads to"):
        check_named_images(root, ["a.jpg"], "images.txt")
    check_named_images(root, ["a.jpg"], "images.txt", (other,))
    with pytest.raises(BadDataset, match=r"none for 1: b\.jpg"):
        check_named_images(root, ["b.jpg"], "images.txt")


@pytest.mark.parametrize("text", ["1 a\n1 b\n", "a 1\n", "1\n", ""])
def test_a_list_without_numbers_of_their_own_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text(text)
    with pytest.raises(BadDataset):
        read_numbered(path)


def test_names_may_hold_spaces_and_come_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("2 left eye\n1 back\n")
    assert read_numbered(path) == {2: "left eye", 1: "back"}
