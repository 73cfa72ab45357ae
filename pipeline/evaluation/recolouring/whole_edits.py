"""Edits of a whole item that keep everything else: mirrored, without colour, on another ground.

Without colour an item has lost colour as a whole. Nothing that a label of an item names is changed by mirroring it or
by another ground, so no attribute can explain what these do to a score.
(Rendered items are labelled with their ground.)
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.recolouring.colour_space import to_lab, to_pixels
from pipeline.evaluation.recolouring.cut_item import CutItem
from pipeline.evaluation.recolouring.edit_kinds import NotEdited, WholeEdit
from pipeline.evaluation.recolouring.reasons import LeftOut
from pipeline.randomness import keyed_rng

# Pale and of little chroma, as a photographer's paper is: grey, blue, beige, green (CIELAB).
GROUNDS_LAB: Final = ((80.0, 0.0, 0.0), (84.0, -4.0, -14.0), (85.0, 3.0, 13.0), (85.0, -13.0, 7.0))
LEAST_GROUND_CHANGE: Final = 12.0
# Mean over the item. Twice what an eye just tells from grey; black and grey items stay below it.
LEAST_CHROMA: Final = 5.0


@dataclass(frozen=True)
class EditedItem:
    """An edit that was made: `pixels_hwc` are uint8 sRGB (y, x, 3)."""

    edit: WholeEdit
    pixels_hwc: npt.NDArray[np.uint8]


# What became of each edit of one item.
ItemEdits = dict[WholeEdit, EditedItem | NotEdited]


def edit_cut_item(
    item: CutItem | LeftOut, mirrored_hwc: npt.NDArray[np.uint8] | None, seed: int, *ids: str
) -> ItemEdits:
    """Return every edit of an item, or why it was not made.

    Args:
        item: cut from its ground, or why it was not.
        mirrored_hwc: the mirrored item where it is known better than from pixels; else None.
        seed: of the ground, drawn by seed and ids.
        ids: of the item.
    """
    if isinstance(item, LeftOut):
        return dict.fromkeys(WholeEdit, NotEdited(item.value))
    grey_hwc = without_colour(item)
    return {
        WholeEdit.GREYSCALE: NotEdited.NO_CHROMA if grey_hwc is None else EditedItem(WholeEdit.GREYSCALE, grey_hwc),
        WholeEdit.MIRRORED: EditedItem(
            WholeEdit.MIRRORED, mirrored_in_place(item) if mirrored_hwc is None else mirrored_hwc
        ),
        WholeEdit.BACKGROUND: EditedItem(
            WholeEdit.BACKGROUND, on_other_ground(item, np.array(_drawn_ground(item, seed, *ids)))
        ),
    }


def without_colour(item: CutItem) -> npt.NDArray[np.uint8] | None:
    """Return the item in greys of the same lightness, uint8 (y, x, 3); None where it has hardly any colour.

    Pixels of the ground stay bit for bit; at the edge only the item's part loses its colour.
    """
    lab_hwc = to_lab(item.pixels_hwc)
    inside_hw = item.share_hw > 0.5
    if float(np.hypot(lab_hwc[..., 1], lab_hwc[..., 2])[inside_hw].mean()) < LEAST_CHROMA:
        return None
    ground_ab = _ground_lab(item)[1:]
    grey_hwc = lab_hwc.copy()
    # What the item adds to the pixel's a and b beyond its part of the ground goes.
    grey_hwc[..., 1:] = (1 - item.share_hw[..., None]) * ground_ab
    return np.where((item.share_hw > 0)[..., None], to_pixels(grey_hwc), item.pixels_hwc)


def mirrored_in_place(item: CutItem) -> npt.NDArray[np.uint8]:
    """Return the image with the smallest rectangle that holds the item mirrored left to right, uint8 (y, x, 3)."""
    rows, columns = np.flatnonzero(item.share_hw.any(axis=1)), np.flatnonzero(item.share_hw.any(axis=0))
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    mirrored_hwc = item.pixels_hwc.copy()
    mirrored_hwc[window] = item.pixels_hwc[window][:, ::-1]
    return mirrored_hwc


def on_other_ground(item: CutItem, ground_lab: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Return the item on ground of another colour, uint8 (y, x, 3).

    The ground's mean moves to the colour given, its shadows and noise stay. Pixels that are all item stay bit for bit;
    at the edge only the ground's part changes.

    Args:
        item: cut from its ground.
        ground_lab: CIELAB (3,).
    """
    lab_hwc = to_lab(item.pixels_hwc)
    moved_hwc = lab_hwc + (1 - item.share_hw)[..., None] * (ground_lab - _ground_lab(item))
    return np.where((item.share_hw < 1)[..., None], to_pixels(moved_hwc), item.pixels_hwc)


def _ground_lab(item: CutItem) -> npt.NDArray[np.float64]:
    """Return the mean colour of the ground, CIELAB (3,); white where the item covers all."""
    ground_nc = to_lab(item.pixels_hwc[item.share_hw == 0])
    mean_c: npt.NDArray[np.float64] = ground_nc.mean(axis=0) if len(ground_nc) else np.array([100.0, 0.0, 0.0])
    return mean_c


def _drawn_ground(item: CutItem, seed: int, *ids: str) -> tuple[float, float, float]:
    """Return one of the grounds that differ from the item's own, by seed and ids."""
    own_c = _ground_lab(item)
    others = [one for one in GROUNDS_LAB if float(np.linalg.norm(np.array(one) - own_c)) >= LEAST_GROUND_CHANGE]
    return others[int(keyed_rng(seed, *ids, "ground of an edit").integers(len(others)))]
