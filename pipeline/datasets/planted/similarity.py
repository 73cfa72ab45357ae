"""Planted similarities that are linear in the shared drivers, with weights that depend on the types of both items.

An item's coordinates are, for every driver, its value as one-hot times the weight that the item's type
gives the driver. The similarity of two items is the cosine of their coordinates: only drivers that both share
count, each by the product of its two weights, and any matrix of similarities is positive semi-definite.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.planted.items import Item
from pipeline.datasets.planted.vocabulary import FACTORS, PARTS, TYPES, part_attribute, value_attribute

Weights = Mapping[str, Mapping[str, float]]

# Another driver leads in every type, and the next is clearly weaker. Chosen by simulation so that over
# random similar pairs each of the six drivers is the best explanation about equally often.
DRIVER_WEIGHTS: Final[Weights] = MappingProxyType(
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
# Of two drivers each leads in two types, by different margins.
COLOUR_WEIGHTS: Final[Weights] = MappingProxyType(
    {
        "shirt": {"body_colour": 1.0, "trim_colour": 0.7},
        "bag": {"body_colour": 0.6, "trim_colour": 1.0},
        "boot": {"body_colour": 0.75, "trim_colour": 1.0},
        "cap": {"body_colour": 1.0, "trim_colour": 0.5},
    }
)
PART_WEIGHTS: Final[Weights] = MappingProxyType(
    {
        "shirt": {"pocket": 1.0, "collar": 0.8, "buttons": 0.6, "emblem": 0.4},
        "bag": {"strap": 1.0, "pompom": 0.8, "pocket": 0.6, "emblem": 0.4},
        "boot": {"buttons": 1.0, "emblem": 0.75, "strap": 0.6, "sole": 0.4},
        "cap": {"emblem": 1.0, "brim": 0.8, "strap": 0.6, "pompom": 0.45},
    }
)
# Items of one type with no part at all are alike by this alone: a row of zeros would be similar to nothing.
BARE_WEIGHT: Final = 0.25

DRIVER_FACTORS: Final[tuple[str, ...]] = ("body_colour", "pattern", "trim_colour")
DRIVER_PARTS: Final[tuple[str, ...]] = ("strap", "emblem", "pocket")
COLOUR_FACTORS: Final[tuple[str, ...]] = ("body_colour", "trim_colour")

# The pattern weighs 1 in every type and the type itself this much, so that an edit costs less in one than in another.
PATTERN_TYPE_WEIGHTS: Final[Mapping[str, float]] = MappingProxyType({"shirt": 0.3, "bag": 0.5, "boot": 0.7, "cap": 0.9})
# Checks hold the stripes' bands: the cosine of their coordinates is 0.6, that of any other two patterns 0.
_CHECKS_LIKE_STRIPES: Final = 0.6


@dataclass(frozen=True)
class LinearDrivers:
    """Drivers that count where both items share them, each by the product of its two weights.

    Attributes:
        factors: whose values are drivers.
        parts: that are drivers where the type can have them.
        weights: by item type and driver, above 0.
        type_weight: of the item's type, which is no attribute; 0: the type has no coordinate.
    """

    factors: tuple[str, ...]
    parts: tuple[str, ...]
    weights: Weights
    type_weight: float = 0.0

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that the similarity depends on, one per coordinate, in their order."""
        values = [value_attribute(factor, value) for factor in self.factors for value in FACTORS[factor]]
        return (*values, *(part_attribute(part) for part in self.parts))

    def coordinates(self, items: Sequence[Item]) -> NDArray[np.float64]:
        """Return float64 (item, coordinate), 0 or more, no row zero: one per attribute, then types if they count."""
        position = {attribute: column for column, attribute in enumerate(self.attributes)}
        targets_ic = np.zeros((len(items), len(position)))
        for row, item in enumerate(items):
            weights = self.weights[item.item_type]
            for factor in self.factors:
                attribute = value_attribute(factor, item.value_of(factor))
                targets_ic[row, position[attribute]] = weights[factor]
            for part in self.parts:
                if part in item.parts:
                    targets_ic[row, position[part_attribute(part)]] = weights[part]
        if not self.type_weight:
            return targets_ic
        return np.hstack([targets_ic, self.type_weight * types_one_hot(items)])


MIXED: Final = LinearDrivers(DRIVER_FACTORS, DRIVER_PARTS, DRIVER_WEIGHTS)
COLOUR: Final = LinearDrivers(COLOUR_FACTORS, (), COLOUR_WEIGHTS)
ALL_PARTS: Final = LinearDrivers((), PARTS, PART_WEIGHTS, BARE_WEIGHT)


def pattern_coordinates(items: Sequence[Item]) -> NDArray[np.float64]:
    """Return float64 (item, coordinate): patterns, of which checks are half way to stripes, and weighted types."""
    shared = _CHECKS_LIKE_STRIPES
    of_pattern = dict(zip(FACTORS["pattern"], np.eye(len(FACTORS["pattern"])), strict=True))
    of_pattern["checks"] = shared * of_pattern["stripes"] + np.sqrt(1 - shared**2) * of_pattern["checks"]
    patterns_ic = np.array([of_pattern[item.value_of("pattern")] for item in items])
    weights_i = np.array([PATTERN_TYPE_WEIGHTS[item.item_type] for item in items])
    return np.hstack([patterns_ic, weights_i[:, None] * types_one_hot(items)])


def types_one_hot(items: Sequence[Item]) -> NDArray[np.float64]:
    """Return float64 (item, type): 1 for the item's own type, else 0."""
    return np.array([[float(item.item_type == item_type) for item_type in TYPES] for item in items])
