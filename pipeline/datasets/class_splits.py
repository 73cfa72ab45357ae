"""Training, validation and test images drawn by the hashes of ids, with test classes of their own where that works."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.randomness import derive_seed

LEAST_CLASSES_TO_SET_ASIDE = 10
HELD_OUT_SHARE = 0.2
# Two each for training, validation and test, as a match needs two images.
LEAST_IMAGES_OF_THREE_SPLITS = 6


@dataclass(frozen=True)
class DrawnSplits:
    """Splits by image id, and whether the classes of test images are not among those of training images."""

    split_by_id: Mapping[str, str]
    are_test_classes_apart: bool


def draw_splits(label_by_id: Mapping[str, str], attributes_by_label: Mapping[str, Sequence[str]]) -> DrawnSplits:
    """Return a split for each image that has another one of its label.

    With ten classes or more a fifth of them is for test, those with the smallest hashes of which every attribute is on
    a training class, too: nothing could be learnt about others. Where fewer than two are, and with fewer
    classes, a fifth of each class is for test. A fifth of each training class is for validation. A class is split only
    as far as two images are left in each part.

    Args:
        label_by_id: class of each image.
        attributes_by_label: what the images of each class have.
    """
    ids_by_label: dict[str, list[str]] = defaultdict(list)
    for image_id, label in label_by_id.items():
        ids_by_label[label].append(image_id)
    ids_by_label = {label: ids for label, ids in ids_by_label.items() if len(ids) > 1}
    apart = _test_classes(list(ids_by_label), attributes_by_label)
    splits: dict[str, str] = {}
    for label, ids in ids_by_label.items():
        if label in apart:
            splits.update(dict.fromkeys(ids, "test"))
        else:
            splits.update(_split_class(ids, parts=("valid",) if apart else ("test", "valid")))
    return DrawnSplits(splits, bool(apart))


def _test_classes(labels: Sequence[str], attributes_by_label: Mapping[str, Sequence[str]]) -> set[str]:
    if len(labels) < LEAST_CLASSES_TO_SET_ASIDE:
        return set()
    left: dict[str, int] = defaultdict(int)
    for label in labels:
        for attribute in attributes_by_label[label]:
            left[attribute] += 1
    wanted = round(HELD_OUT_SHARE * len(labels))
    chosen: set[str] = set()
    for label in sorted(labels, key=lambda name: derive_seed("test class", name)):
        if len(chosen) < wanted and all(left[attribute] > 1 for attribute in attributes_by_label[label]):
            chosen.add(label)
            for attribute in attributes_by_label[label]:
                left[attribute] -= 1
    return chosen if len(chosen) > 1 else set()


def _split_class(ids: Sequence[str], parts: Sequence[str]) -> dict[str, str]:
    ordered = sorted(ids, key=lambda image_id: derive_seed("split", image_id))
    splits = dict.fromkeys(ids, "train")
    if len(ids) < LEAST_IMAGES_OF_THREE_SPLITS - 2 * (2 - len(parts)):
        return splits
    count = max(2, round(HELD_OUT_SHARE * len(ids)))
    for number, part in enumerate(parts):
        splits.update(dict.fromkeys(ordered[number * count : (number + 1) * count], part))
    return splits
