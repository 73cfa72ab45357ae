"""Labels and splits that unreadable files leave without a match, and equal files of two splits."""

from typing import Any

import pytest

from pipeline.datasets.image_checks import (
    SharedFile,
    check_matches_left,
    files_in_two_splits,
    labels_left_with_one,
)
from pipeline.errors import BadDataset


def row(image_id: str, split: str, label: str, sha256: str = "") -> dict[str, Any]:
    return {
        "image_id": image_id,
        "path": f"{image_id}.png",
        "split": split,
        "label": label,
        "sha256": sha256 or image_id,
    }


ROWS = [
    row("a1", "train", "a"), row("a2", "train", "a"), row("a3", "train", "a"),
    row("b1", "train", "b"), row("b2", "train", "b"),
    row("c1", "train", "c"),
    row("v1", "valid", "a"), row("v2", "valid", "a"), row("v3", "valid", "b"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("unreadable", "left"),
    [
        ((), []),
        (("a1.png",), []),
        (("b1.png",), ["b"]),
        (("b1.png", "b2.png"), []),
        (("a1.png", "a2.png", "b2.png"), ["a", "b"]),
        (("v1.png",), []),
    ],
)
def test_labels_that_keep_one_training_image_of_several(unreadable: tuple[str, ...], left: list[str]) -> None:
    assert labels_left_with_one(ROWS, unreadable) == left


def test_a_split_without_two_readable_images_of_a_label_is_refused() -> None:
    check_matches_left(ROWS, ["v3.png", "a1.png"], ["train", "valid"], "data")
    with pytest.raises(BadDataset, match="(?s)split 'valid'.*2 of 3 images readable") as error:
        check_matches_left(ROWS, ["v1.png"], ["train", "valid"], "data")
    assert error.value.where == "data"
    check_matches_left(ROWS, ["v1.png"], ["train"], "data")
    with pytest.raises(BadDataset, match="0 of 3 images readable"):
        check_matches_left(ROWS, ["v1.png", "v2.png", "v3.png"], ["valid"], "data")


def test_equal_files_of_two_splits_are_named() -> None:
    rows = [
        row("a", "train", "x", "1"),
        row("b", "train", "x", "1"),
        row("c", "valid", "x", "2"),
        row("d", "test", "x", "1"),
    ]
    assert files_in_two_splits(rows) == [SharedFile("d", "test", "a", "train")]
    assert files_in_two_splits(rows[:3]) == []
    # A release may list one file in several splits.
    assert files_in_two_splits([rows[0], {**rows[0], "split": "valid"}]) == []


def test_an_equal_file_is_found_beside_one_of_its_own_split() -> None:
    rows = [row("a", "train", "x", "1"), row("t1", "test", "x", "1"), row("t2", "test", "x", "1")]
    assert [one.image_id for one in files_in_two_splits(rows)] == ["t1", "t2"]
