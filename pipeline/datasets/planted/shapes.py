"""Signed distances to flat shapes: negative inside, positive outside, in units of the image side.

Only sums, products and square roots are used: they are rounded alike on every machine, so that an item has
the same bytes everywhere. `x` is (1, x) and `y` is (y, 1); results are float32 (y, x).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.floating]
Point = tuple[float, float]


def disc_distance(x: Distances, y: Distances, centre: Point, radius: float) -> Distances:
    """Return distances to a disc."""
    x_squared = (x - centre[0]) ** 2
    y_squared = (y - centre[1]) ** 2
    distances: Distances = np.sqrt(x_squared + y_squared) - radius
    return distances


def ellipse_distance(x: Distances, y: Distances, centre: Point, radii: Point) -> Distances:
    """Return distances to an upright ellipse, right to first order: the implicit form over its slope."""
    x_squared = ((x - centre[0]) / radii[0]) ** 2
    y_squared = ((y - centre[1]) / radii[1]) ** 2
    level = np.sqrt(x_squared + y_squared)
    slope = np.sqrt(x_squared / radii[0] ** 2 + y_squared / radii[1] ** 2)
    # Both vanish at the centre, which must come out as deep inside.
    distances: Distances = (level - 1) * np.maximum(level, 1e-6) / np.maximum(slope, 1e-6)
    return distances


def box_distance(x: Distances, y: Distances, centre: Point, half_sizes: Point) -> Distances:
    """Return distances to an upright box (outside a corner: the larger of the two overshoots)."""
    distances: Distances = np.maximum(abs(x - centre[0]) - half_sizes[0], abs(y - centre[1]) - half_sizes[1])
    return distances


def polygon_distance(x: Distances, y: Distances, corners: Sequence[Point]) -> Distances:
    """Return distances to a convex polygon whose corners run clockwise as seen on the screen."""
    distances: Distances | None = None
    for (x_from, y_from), (x_to, y_to) in zip(corners, [*corners[1:], corners[0]], strict=True):
        length = math.sqrt((x_to - x_from) ** 2 + (y_to - y_from) ** 2)
        normal_x, normal_y = (y_to - y_from) / length, (x_from - x_to) / length
        edge = (x - x_from) * normal_x + (y - y_from) * normal_y
        distances = edge if distances is None else np.maximum(distances, edge, out=distances)
    if distances is None:
        return np.full(np.broadcast_shapes(x.shape, y.shape), np.inf, dtype=np.float32)
    return distances


def capsule_distance(x: Distances, y: Distances, start: Point, end: Point, radius: float) -> Distances:
    """Return distances to a thick line with round ends."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length_squared = along_x**2 + along_y**2
    position = ((x - start[0]) * along_x + (y - start[1]) * along_y) / length_squared
    position = np.clip(position, 0, 1)
    x_squared = (x - start[0] - along_x * position) ** 2
    y_squared = (y - start[1] - along_y * position) ** 2
    distances: Distances = np.sqrt(x_squared + y_squared) - radius
    return distances


def ring_distance(distances: Distances, half_width: float) -> Distances:
    """Return distances to a band along the outline of a shape, half of its width on either side."""
    return abs(distances) - half_width


def union(*shapes: Distances) -> Distances:
    """Return distances to what lies in any of the shapes."""
    joined = shapes[0]
    for shape in shapes[1:]:
        joined = np.minimum(joined, shape)
    return joined


def intersection(*shapes: Distances) -> Distances:
    """Return distances to what lies in all of the shapes."""
    common = shapes[0]
    for shape in shapes[1:]:
        common = np.maximum(common, shape)
    return common


def pixel_coverage(distances: Distances, px_per_unit: float) -> Distances:
    """Return the share of each pixel, 0 to 1, that a shape covers: a ramp one pixel wide on its outline."""
    coverage: Distances = np.clip(0.5 - distances * px_per_unit, 0, 1)
    return coverage
