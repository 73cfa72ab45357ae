"""What planted items can look like: factors and their values, parts, and the types that can have them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# Every item has exactly one value of every factor.
FACTORS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "body_colour": ("red", "yellow", "green", "blue", "purple", "grey"),
        "pattern": ("plain", "stripes", "dots", "checks"),
        "trim_colour": ("black", "white", "orange", "lime"),
        "background": ("sand", "sky", "mint", "slate"),
    }
)

# A part is there or not.
PARTS: Final[tuple[str, ...]] = (
    "collar",
    "buttons",
    "strap",
    "emblem",
    "pocket",
    "sole",
    "brim",
    "pompom",
)

TYPES: Final[tuple[str, ...]] = ("shirt", "bag", "boot", "cap")

# In vocabulary order; a part that is not listed is impossible for the type.
PARTS_OF_TYPE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "shirt": ("collar", "buttons", "emblem", "pocket"),
        "bag": ("strap", "emblem", "pocket", "pompom"),
        "boot": ("buttons", "strap", "emblem", "sole"),
        "cap": ("strap", "emblem", "brim", "pompom"),
    }
)

_PART_PREFIX = "part"


def part_attribute(part: str) -> str:
    """Return the attribute name of a part, for example "part:pocket"."""
    return f"{_PART_PREFIX}:{part}"


def value_attribute(factor: str, value: str) -> str:
    """Return the attribute name of a factor's value, for example "body_colour:red"."""
    return f"{factor}:{value}"


def attribute_names() -> tuple[str, ...]:
    """Return all attribute names in the order of every attribute axis: factor values, then parts."""
    values = [value_attribute(factor, value) for factor, values in FACTORS.items() for value in values]
    return (*values, *(part_attribute(part) for part in PARTS))


def attribute_groups() -> tuple[int, ...]:
    """Return one integer per attribute: the factor's position for its values, -1 for parts."""
    values = [group for group, values in enumerate(FACTORS.values()) for _ in values]
    return (*values, *(-1 for _ in PARTS))
