"""The patterns that cover a body: where the second colour lies, in item coordinates."""

import numpy as np

from pipeline.datasets.planted.shapes import Distances, intersection, union

STRIPE_PERIOD = 0.12
CHECK_PERIOD = 0.16
DOT_PERIOD = 0.18
DOT_RADIUS = 0.038


def pattern_distance(pattern: str, x: Distances, y: Distances) -> Distances | None:
    """Return the signed distance (y, x) to the pattern's ink, share of the image side; None if plain."""
    if pattern == "stripes":
        return np.broadcast_to(_band_distance(y, STRIPE_PERIOD), np.broadcast_shapes(x.shape, y.shape))
    if pattern == "dots":
        return _dot_distance(x, y)
    if pattern == "checks":
        columns, rows = _band_distance(x, CHECK_PERIOD), _band_distance(y, CHECK_PERIOD)
        # Ink where exactly one of column and row has it.
        return intersection(union(columns, rows), -intersection(columns, rows))
    return None


def _offset(position: Distances, period: float) -> Distances:
    # Signed distance to the nearest multiple of the period.
    return position - period * np.round(position / period)


def _band_distance(position: Distances, period: float) -> Distances:
    return abs(_offset(position, period)) - 0.25 * period


def _dot_distance(x: Distances, y: Distances) -> Distances:
    # Two square lattices, one in the gaps of the other.
    half = 0.5 * DOT_PERIOD
    even = _offset(x, DOT_PERIOD) ** 2 + _offset(y, DOT_PERIOD) ** 2
    odd = _offset(x - half, DOT_PERIOD) ** 2 + _offset(y - half, DOT_PERIOD) ** 2
    distances: Distances = np.sqrt(np.minimum(even, odd)) - DOT_RADIUS
    return distances
