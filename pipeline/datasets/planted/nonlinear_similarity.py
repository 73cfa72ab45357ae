"""Planted similarities that are not linear in the attributes: drivers that need each other, or hide each other.

Coordinates as in `similarity`: the cosine of two rows is the planted similarity, so that every matrix of them is
positive semi-definite.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.planted.items import Item
from pipeline.datasets.planted.similarity import Weights
from pipeline.datasets.planted.vocabulary import FACTORS, PARTS, part_attribute, value_attribute

# Per type: body colour with pattern, trim colour with the emblem, and what counts alone as well. Alone one of each
# conjunction does, in every type another, so that the two edits that break a conjunction are no tie.
CONJUNCTION_WEIGHTS: Final[Weights] = MappingProxyType(
    {
        "shirt": {"body_colour&pattern": 1.0, "trim_colour&emblem": 0.8, "pattern": 0.6, "trim_colour": 0.4},
        "bag": {"body_colour&pattern": 0.8, "trim_colour&emblem": 1.0, "body_colour": 0.5, "emblem": 0.6},
        "boot": {"body_colour&pattern": 0.7, "trim_colour&emblem": 1.0, "pattern": 0.4, "trim_colour": 0.6},
        "cap": {"body_colour&pattern": 1.0, "trim_colour&emblem": 0.7, "body_colour": 0.6, "emblem": 0.4},
    }
)
_ALONE_FACTORS: Final = ("body_colour", "pattern", "trim_colour")

# A part of a group does what any other of it does, and a second one adds little: every type can have two or three
# of one group and one or two of the other.
PART_GROUPS: Final[tuple[tuple[str, ...], ...]] = (
    ("collar", "strap", "pocket", "pompom"),
    ("buttons", "emblem", "sole", "brim"),
)
PART_SIZES: Final[Mapping[str, float]] = MappingProxyType(
    {
        "collar": 0.7,
        "strap": 1.0,
        "pocket": 0.8,
        "pompom": 0.5,
        "buttons": 0.6,
        "emblem": 0.9,
        "sole": 0.7,
        "brim": 0.8,
    }
)
# One part of size 1 reaches 1 - exp(-2) = 0.86 of all that its group can add, two of them 0.98.
SATURATION_RATE: Final = 2.0
SATURATED_WEIGHTS: Final[Weights] = MappingProxyType(
    {
        "shirt": {"first_group": 0.9, "second_group": 0.6, "body_colour": 0.75},
        "bag": {"first_group": 0.7, "second_group": 0.9, "body_colour": 0.5},
        "boot": {"first_group": 0.9, "second_group": 0.5, "body_colour": 0.7},
        "cap": {"first_group": 0.6, "second_group": 0.8, "body_colour": 1.0},
    }
)


def conjunction_attributes() -> tuple[str, ...]:
    """Return the attributes that the conjunctions are made of."""
    values = [value_attribute(factor, value) for factor in _ALONE_FACTORS for value in FACTORS[factor]]
    return (*values, part_attribute("emblem"))


def conjunction_coordinates(items: Sequence[Item]) -> NDArray[np.float64]:
    """Return float64 (item, coordinate): most of what colours add is there only with pattern or emblem shared, too.

    One-hot over the joint values of body colour and pattern, and of trim colour where there is an emblem, each times
    its type's weight; then the same of single drivers, as far as they count alone.
    """
    colours, patterns, trims = (FACTORS[factor] for factor in _ALONE_FACTORS)
    rows = []
    for item in items:
        weights = CONJUNCTION_WEIGHTS[item.item_type]
        body, pattern, trim = (
            np.array([float(item.value_of(factor) == value) for value in FACTORS[factor]]) for factor in _ALONE_FACTORS
        )
        emblem = float("emblem" in item.parts)
        rows.append(
            np.concatenate(
                [
                    weights["body_colour&pattern"] * np.outer(body, pattern).ravel(),
                    weights["trim_colour&emblem"] * emblem * trim,
                    weights.get("body_colour", 0.0) * body,
                    weights.get("pattern", 0.0) * pattern,
                    weights.get("trim_colour", 0.0) * trim,
                    [weights.get("emblem", 0.0) * emblem],
                ]
            )
        )
    width = len(colours) * len(patterns) + len(trims) + len(colours) + len(patterns) + len(trims) + 1
    return np.array(rows).reshape(len(items), width)


def saturated_attributes() -> tuple[str, ...]:
    """Return the attributes that the saturated similarity depends on."""
    values = [value_attribute("body_colour", value) for value in FACTORS["body_colour"]]
    return (*values, *(part_attribute(part) for part in PARTS))


def saturated_coordinates(items: Sequence[Item]) -> NDArray[np.float64]:
    """Return float64 (item, coordinate): body colours, and for each group of parts a concave function of their sum.

    The function, 1 - exp(-rate * sum of sizes), is of an item's own parts: a part that is not the only one of its
    group hardly counts. No similarity that is concave in the number of shared values themselves is positive
    semi-definite: over two factors the eigenvalue of their interaction is k(2) - 2 k(1) + k(0), below 0 where k is
    concave, for k(n) the similarity of items that share n.
    """
    rows = []
    for item in items:
        weights = SATURATED_WEIGHTS[item.item_type]
        body = [weights["body_colour"] * (item.value_of("body_colour") == value) for value in FACTORS["body_colour"]]
        sums = [sum(PART_SIZES[part] for part in group if part in item.parts) for group in PART_GROUPS]
        grouped = [
            weights[name] * (1 - np.exp(-SATURATION_RATE * total))
            for name, total in zip(("first_group", "second_group"), sums, strict=True)
        ]
        rows.append([*body, *grouped])
    return np.array(rows).reshape(len(items), len(FACTORS["body_colour"]) + len(PART_GROUPS))
