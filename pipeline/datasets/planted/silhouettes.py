"""The body of each item type and where its trim lies, in item coordinates (the item's middle is 0, 0)."""

from pipeline.datasets.planted.shapes import (
    Distances,
    box_distance,
    capsule_distance,
    ellipse_distance,
    intersection,
    polygon_distance,
    union,
)


def body_distance(item_type: str, x: Distances, y: Distances) -> Distances:
    """Return the signed distance (y, x) to the body of an item type, share of the image side."""
    return {"shirt": _shirt_body, "bag": _bag_body, "boot": _boot_body, "cap": _cap_body}[item_type](x, y)


def trim_distance(item_type: str, x: Distances, y: Distances) -> Distances:
    """Return the signed distance (y, x) to the trim's area; the trim is where it meets the body."""
    return {"shirt": _shirt_cuffs, "bag": _bag_top, "boot": _boot_toe_and_heel, "cap": _cap_band}[item_type](x, y)


def _shirt_body(x: Distances, y: Distances) -> Distances:
    torso = [(-0.14, -0.31), (0.14, -0.31), (0.25, -0.25), (0.25, 0.355), (-0.25, 0.355), (-0.25, -0.25)]
    # A shirt is its own mirror image: one sleeve serves both sides.
    sleeve = capsule_distance(abs(x), y, (0.16, -0.21), (0.275, -0.06), 0.085)
    return union(polygon_distance(x, y, torso), sleeve)


def _shirt_cuffs(x: Distances, y: Distances) -> Distances:
    # The outer ends of both sleeves, cut across the sleeve's direction.
    across = (abs(x) - 0.275) * 0.608 + (y + 0.06) * 0.794
    return intersection(-across - 0.045, 0.265 - abs(x))


def _bag_body(x: Distances, y: Distances) -> Distances:
    return polygon_distance(x, y, [(-0.25, -0.07), (0.25, -0.07), (0.32, 0.35), (-0.32, 0.35)])


def _bag_top(x: Distances, y: Distances) -> Distances:
    return box_distance(x, y, (0.0, -0.02), (0.4, 0.055))


def _boot_body(x: Distances, y: Distances) -> Distances:
    shaft = box_distance(x, y, (-0.16, -0.125), (0.15, 0.22))
    foot = [(-0.31, -0.1), (0.0, -0.12), (0.2, -0.06), (0.32, 0.06), (0.345, 0.25), (-0.31, 0.25)]
    return union(shaft, polygon_distance(x, y, foot))


def _boot_toe_and_heel(x: Distances, y: Distances) -> Distances:
    toe = box_distance(x, y, (0.34, 0.1), (0.105, 0.3))
    heel = box_distance(x, y, (-0.31, 0.2), (0.1, 0.09))
    return union(toe, heel)


def _cap_body(x: Distances, y: Distances) -> Distances:
    dome = ellipse_distance(x, y, (-0.09, 0.14), (0.26, 0.34))
    return intersection(dome, box_distance(x, y, (-0.09, -0.1), (0.4, 0.3)))


def _cap_band(x: Distances, y: Distances) -> Distances:
    return box_distance(x, y, (-0.09, 0.15), (0.4, 0.055))
