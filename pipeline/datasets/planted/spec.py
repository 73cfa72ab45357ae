"""The settings of the planted dataset, checked when they are built."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from pipeline.datasets.records import SPLITS
from pipeline.errors import BadSetting

# Item ids carry five digits, and ids must sort in item order.
MAX_ITEMS_PER_SPLIT = 100_000
SMALLEST_IMAGE_PX = 16
LARGEST_IMAGE_PX = 1024
# How often distractors of training and validation items copy their drivers where labels are correlated, at least.
STRONG_CORRELATION: Final = 0.9
# With none of their labels left, images would teach nothing.
LARGEST_UNLABELLED_SHARE: Final = 0.9
MOST_CLASSES: Final = 1000
MOST_CAMERAS: Final = 16

Drivers = Literal["mixed", "colour", "pattern", "parts", "conjunction", "saturated", "texture", "unnamed"]
LabelMode = Literal["dense", "sparse", "class", "correlated"]


@dataclass(frozen=True)
class PlantedSpec:
    """What identifies a planted dataset; equal specs give equal items and equal pixels.

    Attributes:
        seed: key of every random draw.
        train_items: images of the training split.
        valid_items: images of the validation split.
        test_items: images of the test split, on which explanations are audited.
        image_size_px: height and width of the rendered images, 16 to 1024.
        distractor_correlation: probability, 0 to 1, that a distractor of a training or validation item
            copies its driver instead of being drawn independently; the test split ignores it.
        drivers: which planted similarity is taught, see `drivers.DRIVER_KINDS`; items and labels ignore it.
        label_mode: which labels are given. "dense": all. "sparse": positives are left out at random. "class": items
            are drawn near the vector of a class, and have its attributes for labels; distractors copy nothing.
            "correlated": all, and distractors copy their drivers with at least STRONG_CORRELATION.
        unlabelled_share: probability, 0 to 0.9, that a positive is left out where labels are sparse.
        classes: how many there are where labels are of classes.
        class_noise: probability, 0 to 1, that a factor or part of an item is drawn anew, whatever its class has.
        cameras: how many see each item, see `pipeline.datasets.planted.cameras`; 0 for none. Drivers, classes and
            correlations then play no part: an image matches those of its item.

    Raises:
        BadSetting: a value is out of range or names something that does not exist.
    """

    seed: int = 0
    train_items: int = 1600
    valid_items: int = 400
    test_items: int = 400
    image_size_px: int = 112
    distractor_correlation: float = 0.4
    drivers: Drivers = "mixed"
    label_mode: LabelMode = "dense"
    unlabelled_share: float = 0.3
    classes: int = 24
    class_noise: float = 0.1
    cameras: int = 0

    def __post_init__(self) -> None:
        for split in SPLITS:
            _check_range(f"{split}_items", self.items_of_split(split), 0, MAX_ITEMS_PER_SPLIT)
        _check_range("image_size_px", self.image_size_px, SMALLEST_IMAGE_PX, LARGEST_IMAGE_PX)
        _check_range("distractor_correlation", self.distractor_correlation, 0, 1)
        _check_choice("drivers", self.drivers, get_args(Drivers))
        _check_choice("label_mode", self.label_mode, get_args(LabelMode))
        _check_range("unlabelled_share", self.unlabelled_share, 0, LARGEST_UNLABELLED_SHARE)
        _check_range("classes", self.classes, 1, MOST_CLASSES)
        _check_range("class_noise", self.class_noise, 0, 1)
        if self.cameras:
            _check_range("cameras", self.cameras, 2, MOST_CAMERAS)
            _check_choice("label_mode, where items are seen by cameras", self.label_mode, ("dense", "sparse"))

    def items_of_split(self, split: str) -> int:
        """Return the number of items in "train", "valid" or "test"."""
        return {"train": self.train_items, "valid": self.valid_items, "test": self.test_items}[split]

    @property
    def copying_probability(self) -> float:
        """How often a distractor of a training or validation item copies its driver, 0 to 1."""
        if self.label_mode == "class":
            return 0.0
        least = STRONG_CORRELATION if self.label_mode == "correlated" else 0.0
        return max(least, self.distractor_correlation)


# The settings of [dataset] that identify an item and what is known of it; others say how many items there are.
OF_ITEMS: Final = (
    "seed",
    "image_size_px",
    "distractor_correlation",
    "drivers",
    "label_mode",
    "unlabelled_share",
    "classes",
    "class_noise",
)
# Likewise, where it is not 0; at 0 it is in no result's key.
CAMERAS: Final = "cameras"


def planted_spec(settings: Mapping[str, Any]) -> PlantedSpec:
    """Return the spec of items by the settings of [dataset] that change them.

    It has as many items as ids can number: an item does not depend on how many others there are.

    Args:
        settings: of [dataset]; those that are left out have their defaults, those of no item are left alone.

    Raises:
        BadSetting: a value is out of range.
    """
    return PlantedSpec(
        train_items=MAX_ITEMS_PER_SPLIT,
        valid_items=MAX_ITEMS_PER_SPLIT,
        test_items=MAX_ITEMS_PER_SPLIT,
        **{name: settings[name] for name in (*OF_ITEMS, CAMERAS) if name in settings},
    )


def _check_range(key: str, value: float, smallest: float, largest: float) -> None:
    # Written so that NaN is refused as well.
    if not smallest <= value <= largest:
        raise BadSetting(
            expected=f"a number from {smallest} to {largest}",
            found=repr(value),
            where=f"planted dataset, {key}",
            remedy=f"set {key} within that range",
        )


def _check_choice(key: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise BadSetting(
            expected=f"one of {', '.join(choices)}",
            found=repr(value),
            where=f"planted dataset, {key}",
            remedy=f"set {key} to one of them",
        )
