"""How maps are judged without truth, and how many passes that takes. Imports no torch, so that plans can ask."""

from collections.abc import Sequence
from dataclasses import dataclass

# Deletion in tenths, nine at most: of an image without pixels nothing can be filled in.
TENTHS = 10
# Filled in and blank, at each tenth between the ends.
DELETED_IMAGES = 2 * (TENTHS - 1)
# The query as it is, and the blank image.
END_IMAGES = 2


@dataclass(frozen=True)
class Protocol:
    """How maps are judged.

    Attributes:
        seed: of all draws.
        canvas_rgb: the blank colour, 0..255.
        removals: held-out removals of a query.
    """

    seed: int
    canvas_rgb: Sequence[int]
    removals: int = 100


@dataclass(frozen=True)
class Noise:
    """What is added to a query.

    Attributes:
        seed: with the query's id it keys the draws.
        draws: noisy copies of a query.
        radius_levels: most that a colour value changes, of 255 levels.
    """

    seed: int
    draws: int = 3
    radius_levels: int = 5


def judging_passes(queries: int, rankings: int) -> int:
    """Return how many images pass to judge maps that rank the pixels of so many queries in so many ways altogether."""
    return (END_IMAGES + Protocol.removals) * queries + DELETED_IMAGES * rankings
