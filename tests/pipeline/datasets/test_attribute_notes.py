"""Attributes that training images cannot tell apart are noted; only a dataset of nothing else is refused."""

import pytest

from pipeline.datasets.attribute_notes import (
    AttributeNote,
    attribute_notes,
    joined_by_commas,
    summary_of_notes,
)
from pipeline.datasets.records import DatasetIndex, ImageRecord
from pipeline.errors import BadDataset

NAMES = ("alive", "red", "rare", "warm", "big", "crimson")


def index_of(*images: tuple[str, tuple[str, ...]], names: tuple[str, ...] = NAMES) -> DatasetIndex:
    records = tuple(ImageRecord(f"{row}", None, split, "a", marks) for row, (split, marks) in enumerate(images))
    return DatasetIndex("folder", "mine", names, (-1,) * len(names), records)


MIXED = index_of(
    ("train", ("alive", "red", "warm", "crimson")),
    ("train", ("alive",)),
    ("train", ("alive", "big")),
    # What validation and test images have does not count.
    ("valid", ("rare", "warm")),
    ("test", ()),
)


def test_each_kind_is_noted_in_vocabulary_order() -> None:
    assert attribute_notes(MIXED) == (
        AttributeNote("alive", "constant"),
        AttributeNote("rare", "absent"),
        AttributeNote("warm", "identical", "red"),
        AttributeNote("crimson", "identical", "red"),
    )


def test_distinct_attributes_that_vary_have_no_notes() -> None:
    index = index_of(("train", ("a",)), ("train", ("b", "c")), ("train", ("c",)), names=("a", "b", "c"))
    assert attribute_notes(index) == ()


@pytest.mark.parametrize("marks", [(), NAMES])
def test_attributes_none_of_which_varies_are_refused(marks: tuple[str, ...]) -> None:
    with pytest.raises(BadDataset, match="6 attributes, each on all or on none of 2 training images"):
        attribute_notes(index_of(("train", marks), ("train", marks), ("test", ("red",))))


def test_the_summary_counts_and_names() -> None:
    assert summary_of_notes(attribute_notes(MIXED)) == (
        "1 on no training image (rare); 1 on every training image (alive); "
        "2 identical to another on the training images (warm, crimson)"
    )
    many = [AttributeNote(name, "absent") for name in "abcd"]
    assert summary_of_notes(many) == "4 on no training image (a, b, c, ...)"


def test_attributes_are_taken_for_lists_where_most_hold_commas() -> None:
    assert joined_by_commas(["red, large", "blue, small", "red"]) == "red, large"
    assert joined_by_commas(["red, large", "blue", "small"]) is None
    assert joined_by_commas([]) is None
