"""The settings of the planted dataset, checked when they are built."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.datasets.records import SPLITS
from pipeline.errors import BadSetting

# Item ids carry five digits, and ids must sort in item order.
MAX_ITEMS_PER_SPLIT = 100_000
SMALLEST_IMAGE_PX = 16
LARGEST_IMAGE_PX = 1024


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
        drivers: which attributes the planted similarity depends on; only "mixed".
        label_mode: how attribute labels are thinned; only "dense" (all of them are given).

    Raises:
        BadSetting: a value is out of range or names something that does not exist.
    """

    seed: int = 0
    train_items: int = 1600
    valid_items: int = 400
    test_items: int = 400
    image_size_px: int = 112
    distractor_correlation: float = 0.4
    drivers: str = "mixed"
    label_mode: str = "dense"

    def __post_init__(self) -> None:
        for split in SPLITS:
            _check_range(f"{split}_items", self.items_of_split(split), 0, MAX_ITEMS_PER_SPLIT)
        _check_range("image_size_px", self.image_size_px, SMALLEST_IMAGE_PX, LARGEST_IMAGE_PX)
        _check_range("distractor_correlation", self.distractor_correlation, 0, 1)
        _check_choice("drivers", self.drivers, "mixed")
        _check_choice("label_mode", self.label_mode, "dense")

    def items_of_split(self, split: str) -> int:
        """Return the number of items in "train", "valid" or "test"."""
        return {"train": self.train_items, "valid": self.valid_items, "test": self.test_items}[split]


def planted_spec(settings: Mapping[str, Any]) -> PlantedSpec:
    """Return the spec of items by the settings of [dataset] that change them.

    It has as many items as ids can number: an item does not depend on how many others there are.

    Args:
        settings: seed, image_size_px and distractor_correlation; others are left alone.

    Raises:
        BadSetting: a value is out of range.
    """
    return PlantedSpec(
        seed=settings["seed"],
        train_items=MAX_ITEMS_PER_SPLIT,
        valid_items=MAX_ITEMS_PER_SPLIT,
        test_items=MAX_ITEMS_PER_SPLIT,
        image_size_px=settings["image_size_px"],
        distractor_correlation=settings["distractor_correlation"],
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


def _check_choice(key: str, value: str, only_choice: str) -> None:
    if value != only_choice:
        raise BadSetting(
            expected=f'"{only_choice}", the only choice so far',
            found=repr(value),
            where=f"planted dataset, {key}",
            remedy=f'set {key} = "{only_choice}"',
        )
