"""How an image that is not square becomes square, and which part of it the square shows."""

from dataclasses import dataclass

CROP, PAD, STRETCH = "crop", "pad", "stretch"


@dataclass(frozen=True)
class CoveredBox:
    """The rectangle of an image that its square shows, in px of the image; with a border it is larger than the image.

    Attributes:
        left: of its left edge; below 0 where the square has a border.
        top: of its upper edge, likewise.
        width: between its edges.
        height: likewise.
    """

    left: float
    top: float
    width: float
    height: float


def covered_box(fit: str, width_px: int, height_px: int) -> CoveredBox:
    """Return what the square of an image shows of it.

    Args:
        fit: "crop" (the centred square), "pad" (all of it, with borders) or "stretch" (all of it, squeezed).
        width_px: of the upright image.
        height_px: likewise.
    """
    if fit == STRETCH:
        return CoveredBox(0.0, 0.0, float(width_px), float(height_px))
    side = float(min(width_px, height_px) if fit == CROP else max(width_px, height_px))
    return CoveredBox((width_px - side) / 2, (height_px - side) / 2, side, side)


def lost_by_cropping(width_px: int, height_px: int) -> float:
    """Return the share of an image's area that its centred square leaves out, 0 to 1."""
    box = covered_box(CROP, width_px, height_px)
    return 1 - box.width * box.height / (width_px * height_px)
