"""The edits of one item: to every other colour, and to other examples of its own, each verified."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.recolouring.colour_classifier import colour_histogram
from pipeline.evaluation.recolouring.colour_pixels import find_colour
from pipeline.evaluation.recolouring.colour_space import to_lab
from pipeline.evaluation.recolouring.reasons import SAME_COLOUR_EDITS, LeftOut
from pipeline.evaluation.recolouring.recolour import recolour
from pipeline.evaluation.recolouring.references import (
    ColourExample,
    ColourReferences,
    LabelledItem,
    covers,
    read_item,
)
from pipeline.randomness import keyed_rng


@dataclass(frozen=True)
class ColourEdit:
    """An item with its colour moved to that of an example.

    Attributes:
        colour: of the example.
        pixels_hwc: uint8 sRGB.
        is_recognised: the classifier takes the edited item for one of this colour: the edit took, or kept the colour.
    """

    colour: str
    pixels_hwc: npt.NDArray[np.uint8]
    is_recognised: bool


@dataclass(frozen=True)
class ItemEdits:
    """What can be measured of one item: at least one edit to its own colour is recognised.

    Attributes:
        others: an edit to each other colour, recognised or not.
        same: recognised edits to other examples of its own colour.
    """

    others: tuple[ColourEdit, ...]
    same: tuple[ColourEdit, ...]


def edit_item(item: LabelledItem, references: ColourReferences, seed: int) -> ItemEdits | LeftOut:
    """Return the edits of an item, or why it is left out.

    Args:
        item: with its one labelled colour.
        references: of the training items.
        seed: of clusters and of the examples that are drawn.
    """
    if item.colour not in references.centres:
        return LeftOut.RARE_COLOUR
    found = read_item(item.pixels_hwc, item.image_id, seed)
    if isinstance(found, LeftOut):
        return found
    pixels = find_colour(found, references.centres[item.colour])
    if not covers(pixels, found):
        return LeftOut.PATTERNED
    if recognised_colour(item.pixels_hwc, found.mask_hw, references) != item.colour:
        return LeftOut.NOT_RECOGNISED

    def edit(colour: str, example: ColourExample) -> ColourEdit:
        pixels_hwc = recolour(item.pixels_hwc, found.lab_hwc, pixels, example.statistics)
        return ColourEdit(colour, pixels_hwc, recognised_colour(pixels_hwc, found.mask_hw, references) == colour)

    own = [edit(item.colour, one) for one in _drawn(item, item.colour, references, seed, SAME_COLOUR_EDITS)]
    same = tuple(one for one in own if one.is_recognised)
    if not same:
        return LeftOut.NOT_KEPT
    others = tuple(
        edit(colour, _drawn(item, colour, references, seed, 1)[0])
        for colour in references.centres
        if colour != item.colour
    )
    return ItemEdits(others, same) if any(one.is_recognised for one in others) else LeftOut.NO_TARGET


def recognised_colour(
    pixels_hwc: npt.NDArray[np.uint8], mask_hw: npt.NDArray[np.bool_], references: ColourReferences
) -> str:
    """Return the colour that the classifier holds most probable for an item."""
    classifier = references.classifier
    probabilities_nc = classifier.probabilities(colour_histogram(to_lab(pixels_hwc), mask_hw)[None])
    return classifier.colours[int(probabilities_nc[0].argmax())]


def _drawn(item: LabelledItem, colour: str, references: ColourReferences, seed: int, count: int) -> list[ColourExample]:
    """Return different examples of a colour, drawn by seed and item; never the item itself."""
    examples = [one for one in references.examples[colour] if one.image_id != item.image_id]
    rng = keyed_rng(seed, item.image_id, colour, "colour example of an edit")
    order = rng.permutation(len(examples))[:count]
    return [examples[int(position)] for position in order]
