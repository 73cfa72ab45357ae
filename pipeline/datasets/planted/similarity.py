"""The planted similarity: graded over its drivers, with weights that depend on the types of both items.

An item's coordinates are, for every driver, its value as one-hot times the weight that the item's type
gives the driver. The similarity of two items is the cosine of their coordinates: only drivers that both share
count, each by the product of its two weights, and any matrix of similarities is positive semi-definite.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.planted.items import Item
from pipeline.datasets.planted.vocabulary import FACTORS, part_attribute, value_attribute

# Another driver leads in every type, and the next is clearly weaker. Chosen by simulation so that over
# random similar pairs each of the six drivers is the best explanation about equally often.
DRIVER_WEIGHTS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "shirt": {"pocket": 1.0, "body_colour": 0.8, "pattern": 0.65, "trim_colour": 0.4, "emblem": 0.25},
        "bag": {
            "strap": 1.0,
            "pocket": 0.85,
            "body_colour": 0.7,
            "pattern": 0.55,
            "trim_colour": 0.4,
            "emblem": 0.25,
        },
        "boot": {"trim_colour": 1.0, "emblem": 0.85, "body_colour": 0.75, "pattern": 0.4, "strap": 0.25},
        "cap": {"emblem": 1.0, "pattern": 0.8, "strap": 0.7, "trim_colour": 0.55, "body_colour": 0.3},
    }
)

DRIVER_FACTORS: Final[tuple[str, ...]] = ("body_colour", "pattern", "trim_colour")
DRIVER_PARTS: Final[tuple[str, ...]] = ("strap", "emblem", "pocket")


def driver_attributes() -> tuple[str, ...]:
    """Return the attributes that the similarity depends on, one per coordinate, in their order."""
    values = [value_attribute(factor, value) for factor in DRIVER_FACTORS for value in FACTORS[factor]]
    return (*values, *(part_attribute(part) for part in DRIVER_PARTS))


def similarity_targets(items: Sequence[Item]) -> NDArray[np.float64]:
    """Return float64 (item, coordinate), 0 or more, no row zero: the cosine of rows is the similarity."""
    coordinates = {attribute: position for position, attribute in enumerate(driver_attributes())}
    targets_ic = np.zeros((len(items), len(coordinates)))
    for row, item in enumerate(items):
        weights = DRIVER_WEIGHTS[item.item_type]
        for factor in DRIVER_FACTORS:
            attribute = value_attribute(factor, item.value_of(factor))
            targets_ic[row, coordinates[attribute]] = weights[factor]
        for part in DRIVER_PARTS:
            if part in item.parts:
                targets_ic[row, coordinates[part_attribute(part)]] = weights[part]
    return targets_ic
