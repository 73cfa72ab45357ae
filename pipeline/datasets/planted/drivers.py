"""The kinds of planted similarity, `dataset.drivers`: what each depends on, and the coordinates it teaches.

A new kind is an entry here. Items, pixels and labels do not depend on it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.planted.continuous_similarity import (
    texture_attributes,
    texture_coordinates,
    unnamed_coordinates,
)
from pipeline.datasets.planted.items import Item
from pipeline.datasets.planted.nonlinear_similarity import (
    conjunction_attributes,
    conjunction_coordinates,
    saturated_attributes,
    saturated_coordinates,
)
from pipeline.datasets.planted.similarity import ALL_PARTS, COLOUR, MIXED, pattern_coordinates
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import FACTORS, value_attribute

Coordinates = NDArray[np.float64]


@dataclass(frozen=True)
class DriverKind:
    """A planted similarity.

    Attributes:
        attributes: that it depends on, in vocabulary order; none where no attribute names what it depends on.
        coordinates: returns float64 (item, coordinate), no row zero; the cosine of two rows is the similarity.
    """

    attributes: tuple[str, ...]
    coordinates: Callable[[PlantedSpec, Sequence[Item]], Coordinates]


def _of_items(
    coordinates: Callable[[Sequence[Item]], Coordinates],
) -> Callable[[PlantedSpec, Sequence[Item]], Coordinates]:
    """Return coordinates of the items alone, whatever photographs show them."""
    return lambda _spec, items: coordinates(items)


DRIVER_KINDS: Final[Mapping[str, DriverKind]] = MappingProxyType(
    {
        "mixed": DriverKind(MIXED.attributes, _of_items(MIXED.coordinates)),
        "colour": DriverKind(COLOUR.attributes, _of_items(COLOUR.coordinates)),
        "pattern": DriverKind(
            tuple(value_attribute("pattern", value) for value in FACTORS["pattern"]), _of_items(pattern_coordinates)
        ),
        "parts": DriverKind(ALL_PARTS.attributes, _of_items(ALL_PARTS.coordinates)),
        "conjunction": DriverKind(conjunction_attributes(), _of_items(conjunction_coordinates)),
        "saturated": DriverKind(saturated_attributes(), _of_items(saturated_coordinates)),
        "texture": DriverKind(texture_attributes(), texture_coordinates),
        "unnamed": DriverKind((), unnamed_coordinates),
    }
)


def driver_attributes(drivers: str) -> tuple[str, ...]:
    """Return the attributes that a kind of planted similarity depends on, in vocabulary order."""
    return DRIVER_KINDS[drivers].attributes


def similarity_targets(spec: PlantedSpec, items: Sequence[Item]) -> Coordinates:
    """Return float64 (item, coordinate), no row zero: the cosine of rows is what `spec.drivers` plants."""
    return DRIVER_KINDS[spec.drivers].coordinates(spec, items)
