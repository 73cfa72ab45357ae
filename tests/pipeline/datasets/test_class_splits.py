"""Splits drawn by the hashes of ids."""

from collections import Counter

from pipeline.datasets.class_splits import LEAST_CLASSES_TO_SET_ASIDE, draw_splits


def images_of(n_classes: int, n_images: int) -> dict[str, str]:
    return {f"{label}/{number}": f"c{label}" for label in range(n_classes) for number in range(n_images)}


def shared(labels: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Every class has one of two attributes, so that any may be set aside."""
    return {label: (f"parity{int(label[1:]) % 2}",) for label in labels.values()}


def test_a_fifth_of_many_classes_is_for_test_alone() -> None:
    labels = images_of(20, 10)
    drawn = draw_splits(labels, shared(labels))
    assert drawn.are_test_classes_apart
    classes = {
        split: {labels[image] for image in labels if drawn.split_by_id[image] == split}
        for split in ("train", "valid", "test")
    }
    assert len(classes["test"]) == 4
    assert classes["train"] == classes["valid"]
    assert classes["train"].isdisjoint(classes["test"])


def test_classes_that_share_no_attribute_are_not_set_aside() -> None:
    labels = images_of(20, 10)
    drawn = draw_splits(labels, {label: (label,) for label in labels.values()})
    assert not drawn.are_test_classes_apart
    assert Counter(drawn.split_by_id.values()) == {"train": 120, "valid": 40, "test": 40}


def test_few_classes_are_split_by_image() -> None:
    labels = images_of(LEAST_CLASSES_TO_SET_ASIDE - 1, 10)
    assert not draw_splits(labels, shared(labels)).are_test_classes_apart


def test_every_part_of_a_class_has_two_images_or_none() -> None:
    labels = {f"{size}/{number}": f"c{size}" for size in range(1, 9) for number in range(size)}
    splits = draw_splits(labels, shared(labels)).split_by_id
    counts = Counter((labels[image], split) for image, split in splits.items())
    assert min(counts.values()) == 2
    assert set(labels) - set(splits) == {"1/0"}
    assert counts["c5", "test"] == 0
    assert counts["c6", "test"] == 2


def test_the_order_of_images_changes_nothing_and_a_new_class_no_other() -> None:
    labels = images_of(5, 10)
    first = draw_splits(labels, shared(labels)).split_by_id
    more = {**dict(reversed(labels.items())), **{f"new/{number}": "c9" for number in range(9)}}
    again = draw_splits(more, shared(more)).split_by_id
    assert {image: again[image] for image in labels} == first
