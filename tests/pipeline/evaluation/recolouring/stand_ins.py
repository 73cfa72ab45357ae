"""Rendered stand-ins of catalogue photographs: a shaded item of one colour on white, with a part of another colour."""

import numpy as np

from pipeline.datasets.declaration import EditableColours
from pipeline.evaluation.recolouring.references import LabelledItem
from pipeline.randomness import keyed_rng

SIZE_PX = 40
PAINTS = {"colour:Red": (180, 30, 40), "colour:Blue": (40, 60, 170), "colour:Green": (40, 130, 60)}
EDITABLE = EditableColours("colour:", ("name:striped",), ("bags",))
# The item, its part, and a hole of ground in it.
ITEM, PART, HOLE = np.s_[8:34, 6:34], np.s_[12:18, 10:18], np.s_[22:30, 22:30]


def draw_item(colour: str, number: int, has_hole: bool = False) -> np.ndarray:
    """Return uint8 (y, x, 3): light falls from the left, the paint's shade differs from item to item."""
    rng = keyed_rng(colour, number)
    pixels = np.full((SIZE_PX, SIZE_PX, 3), 255, np.uint8)
    paint = np.array(PAINTS[colour]) + rng.integers(-18, 19, 3)
    light = np.linspace(1.15, 0.75, 28)[None, :, None] + rng.normal(0, 0.02, (26, 28, 1))
    pixels[ITEM] = np.clip(paint * light, 0, 255)
    pixels[PART] = (210, 200, 60)
    if has_hole:
        pixels[HOLE] = 255
    return pixels


def true_mask(has_hole: bool = False) -> np.ndarray:
    """Return bool (y, x), the item."""
    mask = np.zeros((SIZE_PX, SIZE_PX), bool)
    mask[ITEM] = True
    if has_hole:
        mask[HOLE] = False
    return mask


def training_items(per_colour: int = 15) -> list[LabelledItem]:
    """Return items of every paint."""
    return [
        LabelledItem(f"{colour}{number}", colour, draw_item(colour, number))
        for colour in PAINTS
        for number in range(per_colour)
    ]
