"""The parts of items: where they lie on each type, and their outlines and fills.

The centres of two parts of one type are at least 0.28 apart in x or in y. At the smallest scale that is
still a quarter of the image, so that no cell of the 4 x 4 attribute grid holds two centres.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from pipeline.datasets.planted import palette
from pipeline.datasets.planted.palette import Colour
from pipeline.datasets.planted.shapes import (
    Distances,
    Point,
    box_distance,
    disc_distance,
    ellipse_distance,
    intersection,
    polygon_distance,
    ring_distance,
    union,
)

# A shape and its colour; later layers cover earlier ones.
Layer = tuple[Distances, Colour]

OUTLINE_WIDTH = 0.016

# In item coordinates, share of the image side.
PART_CENTRES: Final[Mapping[tuple[str, str], Point]] = MappingProxyType(
    {
        ("shirt", "collar"): (0.0, -0.285),
        ("shirt", "emblem"): (-0.145, 0.0),
        ("shirt", "pocket"): (0.145, 0.0),
        ("shirt", "buttons"): (0.0, 0.28),
        ("bag", "strap"): (0.0, -0.22),
        ("bag", "pompom"): (0.285, -0.12),
        ("bag", "pocket"): (-0.15, 0.19),
        ("bag", "emblem"): (0.15, 0.19),
        ("boot", "emblem"): (-0.16, -0.265),
        ("boot", "strap"): (-0.16, 0.02),
        ("boot", "buttons"): (0.125, 0.02),
        ("boot", "sole"): (0.015, 0.3),
        ("cap", "pompom"): (-0.09, -0.28),
        ("cap", "emblem"): (-0.09, 0.005),
        ("cap", "brim"): (0.25, 0.145),
        ("cap", "strap"): (-0.09, 0.29),
    }
)


def part_layers(item_type: str, part: str, x: Distances, y: Distances) -> tuple[Layer, ...]:
    """Return the layers of a part, bottom first: a dark outline around a fill that stands out from it."""
    centre_x, centre_y = PART_CENTRES[item_type, part]
    draw: dict[str, Callable[[Distances, Distances], tuple[Layer, ...]]] = {
        "collar": _collar_layers,
        "buttons": _buttons_layers,
        "strap": {"bag": _handle_layers, "boot": _ankle_strap_layers}.get(item_type, _chin_strap_layers),
        "emblem": _emblem_layers,
        "pocket": _pocket_layers,
        "sole": _sole_layers,
        "brim": _brim_layers,
        "pompom": _pompom_layers,
    }
    return draw[part](x - centre_x, y - centre_y)


def outlined(distances: Distances, fill: Colour, outline: Colour = palette.OUTLINE) -> tuple[Layer, Layer]:
    """Return a shape as two layers: its outline, widened outwards, and its fill."""
    return (distances - OUTLINE_WIDTH, outline), (distances, fill)


# Below, x and y are relative to the part's centre.


def _collar_layers(x: Distances, y: Distances) -> tuple[Layer, ...]:
    leaves = polygon_distance(x, y, [(-0.13, -0.05), (0.13, -0.05), (0.055, 0.075), (-0.055, 0.075)])
    opening = polygon_distance(x, y, [(-0.05, -0.06), (0.05, -0.06), (0.0, 0.055)])
    return *outlined(leaves, palette.WHITE), (opening, palette.OUTLINE)


def _buttons_layers(x: Distances, y: Distances) -> tuple[Layer, ...]:
    discs = union(
        disc_distance(x, y, (-0.052, 0.0), 0.04),
        disc_distance(x, y, (0.052, 0.0), 0.04),
    )
    return outlined(discs, palette.WHITE)


def _emblem_layers(x: Distances, y: Distances) -> tuple[Layer, ...]:
    disc = disc_distance(x, y, (0.0, 0.0), 0.076)
    diamond = polygon_distance(x, y, [(0.0, -0.045), (0.045, 0.0), (0.0, 0.045), (-0.045, 0.0)])
    return *outlined(disc, palette.MAGENTA), (diamond, palette.WHITE)


def _pocket_layers(x: Distances, y: Distances) -> tuple[Layer, ...]:
    corners = [(-0.08, -0.08), (0.08, -0.08), (0.08, 0.05), (0.0, 0.09), (-0.08, 0.05)]
    pouch = polygon_distance(x, y, corners)
    flap = intersection(pouch, y + 0.035)
    return *outlined(pouch, palette.CYAN), (flap, palette.CHARCOAL)


def _sole_layers(x: Distances, y: Distances) -> tuple[Layer, ...]:
    slab = box_distance(x, y, (0.0, 0.0), (0.325, 0.042))
    tread = intersection(slab, -(y - 0.008))
    return *outlined(slab, palette.CREAM), (tread, palette.CHARCOAL)


def _brim_layers(x: Distances, y: Distances) -> tuple[Layer, ...]:
    visor = polygon_distance(x, y, [(-0.085, -0.045), (0.04, -0.045), (0.09, 0.05), (-0.085, 0.05)])
    return *outlined(visor, palette.WHITE), (visor + 0.022, palette.CHARCOAL)


def _pompom_layers(x: Distances, y: Distances) -> tuple[Layer, ...]:
    ball = disc_distance(x, y, (0.0, 0.0), 0.062)
    return outlined(ball, palette.PINK)


def _handle_layers(x: Distances, y: Distances) -> tuple[Layer, ...]:
    # The upper half of an oval that ends on the bag.
    oval = ellipse_distance(x, y, (0.0, 0.17), (0.17, 0.25))
    return _leather_layers(oval, y - 0.17)


def _ankle_strap_layers(x: Distances, y: Distances) -> tuple[Layer, ...]:
    return _leather_layers(y, abs(x) - 0.16)


def _chin_strap_layers(x: Distances, y: Distances) -> tuple[Layer, ...]:
    # The lower half of an oval that starts at the cap's lower edge.
    oval = ellipse_distance(x, y, (0.0, -0.08), (0.16, 0.095))
    return _leather_layers(oval, -0.08 - y)


def _leather_layers(middle: Distances, limit: Distances) -> tuple[Layer, ...]:
    """Return a brown band along a line, cut off by a limit, with a light seam along its middle."""
    band = intersection(ring_distance(middle, 0.04), limit)
    seam = intersection(ring_distance(middle, 0.009), limit + 0.01)
    return *outlined(band, palette.BROWN), (seam, palette.WHITE)
