"""The colours of planted items, as red, green and blue from 0 to 1."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Colour = tuple[float, float, float]

OUTLINE: Final[Colour] = (0.13, 0.12, 0.15)

BODY: Final[Mapping[str, Colour]] = MappingProxyType(
    {
        "red": (0.80, 0.16, 0.18),
        "yellow": (0.93, 0.80, 0.18),
        "green": (0.18, 0.55, 0.24),
        "blue": (0.16, 0.32, 0.78),
        "purple": (0.52, 0.22, 0.66),
        "grey": (0.55, 0.56, 0.58),
    }
)

# The second colour of a patterned body: light on dark bodies, dark on light ones.
INK: Final[Mapping[str, Colour]] = MappingProxyType(
    {
        "red": (0.97, 0.90, 0.88),
        "yellow": (0.16, 0.13, 0.10),
        "green": (0.86, 0.97, 0.84),
        "blue": (0.85, 0.91, 0.98),
        "purple": (0.94, 0.88, 0.97),
        "grey": (0.12, 0.12, 0.14),
    }
)

TRIM: Final[Mapping[str, Colour]] = MappingProxyType(
    {
        "black": (0.07, 0.07, 0.08),
        "white": (0.95, 0.95, 0.93),
        "orange": (0.96, 0.48, 0.08),
        "lime": (0.68, 0.94, 0.10),
    }
)

# Any two differ in a channel that no light clips, so that a background edit changes every pixel it reaches.
BACKGROUND: Final[Mapping[str, Colour]] = MappingProxyType(
    {
        "sand": (0.85, 0.76, 0.58),
        "sky": (0.62, 0.76, 0.86),
        "mint": (0.64, 0.84, 0.68),
        "slate": (0.40, 0.42, 0.48),
    }
)

WHITE: Final[Colour] = (0.95, 0.95, 0.92)
CREAM: Final[Colour] = (0.94, 0.88, 0.72)
BROWN: Final[Colour] = (0.52, 0.26, 0.07)
CHARCOAL: Final[Colour] = (0.20, 0.20, 0.25)
MAGENTA: Final[Colour] = (0.92, 0.04, 0.55)
CYAN: Final[Colour] = (0.06, 0.84, 0.92)
PINK: Final[Colour] = (0.97, 0.62, 0.74)
